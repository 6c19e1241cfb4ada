//! Writes refusals down that can no longer be taken back.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::repeat;
use crate::{services::Desk, storage::StorageError};

/// How often the job looks.
const EVERY: Duration = Duration::from_secs(1);
/// Refusals of one transaction; the writer is free in between.
const BATCH: u32 = 200;

/// Looks every second until `shutdown`.
pub async fn run(desk: Desk, shutdown: CancellationToken) {
    let failed = "refusals could not be written down";
    repeat(desk, EVERY, shutdown, failed, |desk| async move {
        commit_batch(&desk).await
    })
    .await;
}

/// Writes one batch down; how many refusals.
pub async fn commit_batch(desk: &Desk) -> Result<usize, StorageError> {
    let now = desk.now();
    // The writer is asked for only where there is something to write.
    let due = desk
        .storage
        .read(move |tx| Box::pin(tx.due_declines(now, BATCH)))
        .await?;
    if due.is_empty() {
        return Ok(0);
    }
    desk.storage
        .write_apart(&due, "refusals were not written down", |tx, due| {
            Box::pin(async move { tx.commit_declines(&due, now).await })
        })
        .await
}
