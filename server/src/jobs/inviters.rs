//! Revokes what people had sent out who may invite no more (S24).

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::services::{Desk, people::revoke_gone};

/// How often the job looks.
const EVERY: Duration = Duration::from_secs(1);

/// Looks every second until `shutdown`; what a stop leaves is taken up at the next start.
pub async fn run(desk: Desk, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = every.tick() => {}
        }
        let mut more = true;
        while more && !shutdown.is_cancelled() {
            more = match revoke_gone(&desk).await {
                Ok(revoked) => revoked > 0,
                Err(error) => {
                    tracing::error!(%error, "inviters who are gone could not be looked for; it is tried again");
                    false
                }
            };
        }
    }
}
