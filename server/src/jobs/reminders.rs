//! Queues reminders by the tenants' schedules. Each is counted with its outbox entry, so
//! that neither a clock that jumps nor a mail server that is down makes more of them.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::repeat;
use crate::services::{Desk, invitations::remind_due};

/// How often the job looks.
const EVERY: Duration = Duration::from_mins(1);
/// Bundles of one transaction; the writer is free in between.
const BATCH: u32 = 200;

/// Looks every minute until `shutdown`.
pub async fn run(desk: Desk, shutdown: CancellationToken) {
    let failed = "reminders were not queued";
    repeat(desk, EVERY, shutdown, failed, |desk| async move {
        remind_due(&desk, BATCH).await
    })
    .await;
}
