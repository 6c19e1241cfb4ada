//! Work that nobody waits for: one file per job, each idempotent, each safe to kill.

pub mod account_mails;
pub mod declines;
pub mod expiry;
pub mod imports;
pub mod inviters;
pub mod outbox;
pub mod reminders;
pub mod schedule;
pub mod words;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{services::Desk, storage::StorageError};

/// Asks `batch` for work every `period`, the first time at once, and again at once while
/// there was some, until `shutdown`. What fails is logged as `failed` and tried again.
async fn repeat<F>(
    desk: Desk,
    period: Duration,
    shutdown: CancellationToken,
    failed: &'static str,
    batch: impl Fn(Desk) -> F,
) where
    F: Future<Output = Result<usize, StorageError>>,
{
    let mut every = tokio::time::interval(period);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = every.tick() => {}
        }
        let mut more = true;
        while more && !shutdown.is_cancelled() {
            more = match batch(desk.clone()).await {
                Ok(done) => done > 0,
                Err(error) => {
                    tracing::error!(%error, "{failed}; it is tried again");
                    false
                }
            };
        }
    }
}
