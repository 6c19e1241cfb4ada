//! Commits large imports in the background.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::services::{
    Desk,
    imports::{RoundEnd, run_round, sweep, take_over},
};

/// Without a wake-up (another server took the commit) work is found this much later.
const POLL: Duration = Duration::from_secs(2);
const HOUR: i64 = 3_600;

/// Works on imports until `shutdown` is called; then gives its lease back and ends.
pub async fn run(desk: Desk, shutdown: CancellationToken) {
    if let Err(error) = take_over(&desk).await {
        tracing::error!(%error, "leases of imports could not be given back");
    }
    let mut sweep_at = desk.now();
    while !shutdown.is_cancelled() {
        // Listens before it looks, so that no wake-up between the two is lost.
        let woken = desk.wake.notified();
        tokio::pin!(woken);
        woken.as_mut().enable();

        if desk.now() >= sweep_at {
            sweep_at = desk.now().plus_seconds(HOUR);
            if let Err(error) = sweep(&desk).await {
                tracing::warn!(%error, "abandoned uploads could not be forgotten");
            }
        }
        match run_round(&desk, &shutdown).await {
            Ok(RoundEnd::Worked) => continue,
            Ok(RoundEnd::Idle) => {}
            // The import keeps its place until its lease ends; the next one has its turn.
            Err(error) => tracing::error!(%error, "an import could not go on"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = woken => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}
