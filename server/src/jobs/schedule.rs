//! Sends what is scheduled, at its time; after downtime what came due meanwhile.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::repeat;
use crate::services::{Desk, invitations::send_due};

/// How often the job looks.
const EVERY: Duration = Duration::from_secs(5);
/// Bundles that one look takes; the writer is free in between.
const BATCH: u32 = 200;

/// Looks every five seconds until `shutdown`. Several servers may: each bundle is sent by
/// the one whose update finds it scheduled.
pub async fn run(desk: Desk, shutdown: CancellationToken) {
    let failed = "what is scheduled was not sent";
    repeat(desk, EVERY, shutdown, failed, |desk| async move {
        send_due(&desk, BATCH).await
    })
    .await;
}
