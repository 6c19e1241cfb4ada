//! Expiry: a committed, audited transition within a minute of its time. And invitations
//! whose key came too late: see [`rekey_late`].

use std::time::Duration;

use app::domain::{
    actor::{Actor, Job},
    time::Timestamp,
};
use tokio_util::sync::CancellationToken;

use crate::{
    failpoint::{Point, hit},
    services::Desk,
    storage::{StorageError, audit_actor},
};

/// How often the job looks.
const EVERY: Duration = Duration::from_secs(20);
/// Invitations whose bundles one transaction expires; the writer is free in between.
const BATCH: u32 = 500;

/// Late keys are looked for among invitations made in this many seconds: longer than the
/// transaction that made one can take …
const LATE_SECONDS: i64 = 900;
/// … and among all of them at the start and once in so many rounds, which is a day: a
/// clock may have jumped.
const ALL_EVERY: u32 = 4_320;
/// Accounts that one round re-keys.
const LATE_BATCH: u32 = 500;

/// Looks every 20 seconds, the first time at once (it catches up after downtime),
/// until `shutdown`.
pub async fn run(desk: Desk, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in (0..ALL_EVERY).cycle() {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = every.tick() => {}
        }
        if let Err(error) = expire_all(&desk, &shutdown).await {
            tracing::error!(%error, "expiring invitations failed; it is tried again");
        }
        let since = if round == 0 {
            Timestamp(0)
        } else {
            desk.now().plus_seconds(-LATE_SECONDS)
        };
        if let Err(error) = rekey_late(&desk, since).await {
            tracing::error!(%error, "late keys could not be looked for; it is tried again");
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
    let expired = desk
        .storage
        .write(move |tx| {
            Box::pin(async move {
                tx.forget_landings(now).await?;
                let expired = tx.expire_due(BATCH, actor, now).await?;
                hit(Point::ExpiryWritten);
                Ok(expired)
            })
        })
        .await?;
    hit(Point::ExpiryCommitted);
    Ok(expired)
}

/// Gives invitations made since `since`, that stand under the address of an account whose
/// mailbox is proved, to the account; how many accounts. On PostgreSQL an invitation and
/// the proof may be written side by side, each unseen by the other (I2); once both are
/// committed they are seen here.
pub async fn rekey_late(desk: &Desk, since: Timestamp) -> Result<usize, StorageError> {
    let late = desk
        .storage
        .read(move |tx| Box::pin(tx.late_keys(since, LATE_BATCH)))
        .await?;
    let now = desk.now();
    let mut rekeyed = 0;
    for one in late {
        let user = one.user;
        // One at a time: what fails for one must not keep the others.
        let done = desk
            .storage
            .write(move |tx| {
                let one = one.clone();
                Box::pin(async move { tx.rekey_late(&one, now).await })
            })
            .await;
        match done {
            Ok(()) => rekeyed += 1,
            Err(error) => {
                tracing::warn!(%error, user = %user, "a late key was not changed; it is tried again");
            }
        }
    }
    Ok(rekeyed)
}
