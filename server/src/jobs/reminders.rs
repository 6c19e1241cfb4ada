//! Queues reminders by the tenants' schedules. Each is counted with its outbox entry, so
//! that neither a clock that jumps nor a mail server that is down makes more of them.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::services::{Desk, invitations::remind_due};

/// How often the job looks.
const EVERY: Duration = Duration::from_mins(1);
/// Bundles of one transaction; the writer is free in between.
const BATCH: u32 = 200;

/// Looks every minute until `shutdown`.
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
            more = match remind_due(&desk, BATCH).await {
                Ok(reminded) => reminded > 0,
                Err(error) => {
                    tracing::error!(%error, "reminders were not queued; it is tried again");
                    false
                }
            };
        }
    }
}
