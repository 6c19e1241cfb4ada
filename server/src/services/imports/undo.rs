//! Taking an import back, trying one again, and forgetting one that never came to a commit.

use std::time::Duration;

use app::{
    api::{
        ApiError,
        imports::{ImportStatus, UndoAnswer},
    },
    domain::{
        actor::{Actor, Job as SystemJob},
        id::{ImportId, TenantId},
        import::ImportState,
    },
    ports::Caller,
};
use tokio_util::sync::CancellationToken;

use super::{
    super::desk::{Desk, refuse},
    status_of,
};
use crate::storage::{AuditEvent, Import, StorageError, audit_actor};

/// People whose invitations are taken back in one transaction.
const SLICE: u32 = 1_000;
/// A slice takes well under a second; after a kill another worker waits this long.
const LEASE_SECONDS: i64 = 20;
/// Between two slices others get the database.
const GIVE_WAY: Duration = Duration::from_millis(5);

/// Takes back what the import made and nobody accepted: all of it for up to a thousand
/// people, the first thousand of a longer one, and the job goes on with the rest.
pub async fn undo(desk: &Desk, caller: &Caller, import: &Import) -> Result<UndoAnswer, ApiError> {
    if matches!(import.state, ImportState::Receiving | ImportState::Rejected) {
        return Err(ApiError::conflict(
            "nothing_to_undo",
            "Nobody was invited by this import, so there is nothing to take back.",
        ));
    }
    let now = desk.now();
    let (tenant, id) = (import.tenant, import.id);
    let actor = audit_actor(&caller.actor);
    let answer = desk
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let lease = now.plus_seconds(LEASE_SECONDS);
                let mut revoked = 0;
                if tx.start_undo(tenant, id, lease).await? {
                    tx.record(vec![event(tenant, id, "import.undone", actor, now)])
                        .await?;
                    let done = tx.undo_slice(id, SLICE, actor, lease, now).await?;
                    revoked = done.map_or(0, |(revoked, _)| revoked);
                    tx.release_import(id).await?;
                    tx.announce(tenant, now).await?;
                }
                let Some(state) = tx.import_state(tenant, id).await? else {
                    return Ok(None);
                };
                let kept = tx.accepted_of_import(id).await?;
                Ok(Some(UndoAnswer {
                    state,
                    revoked,
                    kept,
                }))
            })
        })
        .await
        .map_err(refuse)?;
    desk.wake.notify_waiters();
    answer.ok_or(ApiError::NotFound)
}

/// The rest of an undo, a slice at a time; the job's part.
pub async fn work(
    desk: &Desk,
    import: &Import,
    shutdown: &CancellationToken,
) -> Result<(), StorageError> {
    let (tenant, id) = (import.tenant, import.id);
    let actor = audit_actor(&Actor::System(SystemJob::Import));
    loop {
        let now = desk.now();
        let done = desk
            .storage
            .write(move |tx| {
                Box::pin(async move {
                    let lease = now.plus_seconds(LEASE_SECONDS);
                    let done = tx.undo_slice(id, SLICE, actor, lease, now).await?;
                    tx.announce(tenant, now).await?;
                    Ok(done)
                })
            })
            .await?;
        if done.is_none_or(|(_, all)| all) {
            return Ok(());
        }
        if shutdown.is_cancelled() {
            return desk
                .storage
                .write(move |tx| Box::pin(async move { tx.release_import(id).await }))
                .await;
        }
        tokio::time::sleep(GIVE_WAY).await;
    }
}

/// Lets an import that failed go on; one that did not is answered as it stands.
pub async fn retry(
    desk: &Desk,
    caller: &Caller,
    import: &Import,
) -> Result<ImportStatus, ApiError> {
    let now = desk.now();
    let (tenant, id) = (import.tenant, import.id);
    let actor = audit_actor(&caller.actor);
    let status = desk
        .storage
        .write(move |tx| {
            Box::pin(async move {
                if tx.retry_import(tenant, id).await? {
                    tx.record(vec![event(tenant, id, "import.retried", actor, now)])
                        .await?;
                    tx.announce(tenant, now).await?;
                }
                match tx.import(tenant, id).await? {
                    Some(import) => status_of(tx, &import).await.map(Some),
                    None => Ok(None),
                }
            })
        })
        .await
        .map_err(refuse)?;
    desk.wake.notify_waiters();
    let status = status.ok_or(ApiError::NotFound)?;
    if status.state == ImportState::Failed {
        return Err(ApiError::conflict(
            "rows_forgotten",
            "The rows of this import are not kept any more: they are forgotten 30 days after it was begun. Upload the list again; nobody is invited twice.",
        ));
    }
    Ok(status)
}

/// Forgets an upload that was never committed.
pub async fn abandon(desk: &Desk, caller: &Caller, import: &Import) -> Result<(), ApiError> {
    let now = desk.now();
    let (tenant, id) = (import.tenant, import.id);
    let actor = audit_actor(&caller.actor);
    let gone = desk
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let gone = tx.abandon_import(tenant, id).await?;
                if gone {
                    tx.record(vec![event(tenant, id, "import.abandoned", actor, now)])
                        .await?;
                    tx.announce(tenant, now).await?;
                }
                Ok(gone)
            })
        })
        .await
        .map_err(refuse)?;
    if gone {
        Ok(())
    } else {
        Err(ApiError::conflict(
            "import_committed",
            "This import was submitted by now. Undo it to take back what it made.",
        ))
    }
}

fn event(
    tenant: TenantId,
    import: ImportId,
    action: &'static str,
    (actor_id, actor): (Option<uuid::Uuid>, &'static str),
    at: app::domain::time::Timestamp,
) -> AuditEvent {
    AuditEvent {
        tenant: Some(tenant),
        actor_id,
        actor,
        action,
        subject: "import",
        subject_id: import.0,
        at,
    }
}
