//! Revokes what people had sent out who may invite no more (S24).

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::repeat;
use crate::services::{Desk, people::revoke_gone};

/// How often the job looks.
const EVERY: Duration = Duration::from_secs(1);

/// Looks every second until `shutdown`; what a stop leaves is taken up at the next start.
pub async fn run(desk: Desk, shutdown: CancellationToken) {
    let failed = "inviters who are gone could not be looked for";
    repeat(desk, EVERY, shutdown, failed, |desk| async move {
        revoke_gone(&desk).await
    })
    .await;
}
