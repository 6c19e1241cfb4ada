//! Expiry: a committed, audited transition within a minute of its time.

use std::time::Duration;

use app::domain::actor::{Actor, Job};
use tokio_util::sync::CancellationToken;

use crate::{
    services::Desk,
    storage::{StorageError, audit_actor},
};

/// How often the job looks.
const EVERY: Duration = Duration::from_secs(20);
/// Invitations whose bundles one transaction expires; the writer is free in between.
const BATCH: u32 = 500;

/// Looks every 20 seconds, the first time at once (it catches up after downtime),
/// until `shutdown`.
pub async fn run(desk: Desk, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = every.tick() => {}
        }
        if let Err(error) = expire_all(&desk, &shutdown).await {
            tracing::error!(%error, "expiring invitations failed; it is tried again");
        }
    }
}

/// Expires everything that is due; how many invitations.
async fn expire_all(desk: &Desk, shutdown: &CancellationToken) -> Result<usize, StorageError> {
    let mut expired = 0;
    while !shutdown.is_cancelled() {
        let batch = expire_batch(desk).await?;
        if batch == 0 {
            break;
        }
        expired += batch;
    }
    if expired > 0 {
        tracing::info!(expired, "invitations expired");
    }
    Ok(expired)
}

/// Expires one batch of what is due by the desk's clock; how many invitations. Old
/// landings go along.
pub async fn expire_batch(desk: &Desk) -> Result<usize, StorageError> {
    let now = desk.now();
    // The writer is asked for only where there is something to write.
    let due = desk
        .storage
        .read(move |tx| Box::pin(tx.anything_to_expire(now)))
        .await?;
    if !due {
        return Ok(0);
    }
    let actor = audit_actor(&Actor::System(Job::Expiry));
    desk.storage
        .write(move |tx| {
            Box::pin(async move {
                tx.forget_landings(now).await?;
                tx.expire_due(BATCH, actor, now).await
            })
        })
        .await
}
