//! Sends what is scheduled, at its time; after downtime what came due meanwhile.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::services::{Desk, invitations::send_due};

/// How often the job looks.
const EVERY: Duration = Duration::from_secs(5);
/// Bundles that one look takes; the writer is free in between.
const BATCH: u32 = 200;

/// Looks every five seconds until `shutdown`. Several servers may: each bundle is sent by
/// the one whose update finds it scheduled.
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
            more = match send_due(&desk, BATCH).await {
                Ok(sent) => sent > 0,
                Err(error) => {
                    tracing::error!(%error, "what is scheduled was not sent; it is tried again");
                    false
                }
            };
        }
    }
}
