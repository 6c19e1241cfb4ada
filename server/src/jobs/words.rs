//! Keeps the words that people and catalog items are found by (ADR 0010): whoever changes
//! a text changes nothing else, and this finds it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::repeat;
use crate::{
    services::Desk,
    storage::{StorageError, Words},
};

/// How often the job looks.
const EVERY: Duration = Duration::from_secs(1);
/// Texts of one transaction; the writer is free in between.
const BATCH: u32 = 200;

/// Looks every second until `shutdown`.
pub async fn run(desk: Desk, shutdown: CancellationToken) {
    let failed = "words to search for could not be kept";
    repeat(desk, EVERY, shutdown, failed, |desk| async move {
        keep_batch(&desk).await
    })
    .await;
}

/// Keeps the words of one batch; how many texts there were.
pub async fn keep_batch(desk: &Desk) -> Result<usize, StorageError> {
    // The writer is asked for only where there is something to write.
    let unfound = desk
        .storage
        .read(move |tx| Box::pin(tx.anything_unfound()))
        .await?;
    if !unfound {
        return Ok(0);
    }
    desk.storage
        .write(move |tx| {
            Box::pin(async move {
                let users = tx.keep_words(Words::Users, BATCH).await?;
                Ok(users + tx.keep_words(Words::Catalog, BATCH).await?)
            })
        })
        .await
}
