//! Large imports: 5,000 rows at a time, each slice a transaction of its own that also
//! moves `imports.processed` on. Whoever holds the lease goes on where that stands.

use std::{ops::Range, sync::Arc, time::Duration};

use app::domain::{
    actor::{Actor, Job as SystemJob},
    import::ImportState,
    time::Timestamp,
};
use tokio_util::sync::CancellationToken;

use super::{
    super::desk::Desk,
    chunks::{self, blocking, payloads},
    commit::{finish, job_of},
    rows::{Row, Rules},
    seen::Seen,
    slice::{self, Job},
    undo,
};
use crate::{
    failpoint::{Point, hit},
    storage::{AuditEvent, Import, StorageError, Tenant, audit_actor},
};

/// A slice takes well under a second; after a kill another worker waits this long.
const LEASE_SECONDS: i64 = 20;
/// Between two slices others get the database.
const GIVE_WAY: Duration = Duration::from_millis(5);
/// An upload that was never committed is forgotten after a day.
const ABANDONED_SECONDS: i64 = 86_400;
/// The cells of rows that failed, and the rows of failed imports, are forgotten after 30 days.
const DRAFTS_SECONDS: i64 = 30 * 86_400;
/// An import that was taken up so often without coming on fails.
const TRIES_MAX: u32 = 5;

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundEnd {
    /// Nothing waits.
    Idle,
    /// An import was worked on; there may be more.
    Worked,
}

/// Takes one import that waits and works on it until it is done or `shutdown` is called.
///
/// # Errors
/// Storage failures. The import keeps its place, and is taken again when its lease ends.
pub async fn run_round(
    desk: &Desk,
    shutdown: &CancellationToken,
) -> Result<RoundEnd, StorageError> {
    let now = desk.now();
    let claimed = desk
        .storage
        .write(move |tx| {
            Box::pin(async move { tx.claim_import(now, now.plus_seconds(LEASE_SECONDS)).await })
        })
        .await?;
    let Some(import) = claimed else {
        return Ok(RoundEnd::Idle);
    };
    let id = import.tenant;
    let tenant = desk
        .storage
        .read(move |tx| Box::pin(async move { tx.tenant_by_id(id).await }))
        .await?;
    // A disabled tenant's import waits until it is enabled again.
    let Some(tenant) = tenant else {
        return Ok(RoundEnd::Worked);
    };
    if import.state == ImportState::Undoing {
        undo::work(desk, &import, shutdown).await?;
        return Ok(RoundEnd::Worked);
    }
    if import.tries >= TRIES_MAX {
        fail(desk, &import, STUCK).await?;
        return Ok(RoundEnd::Worked);
    }
    let before = import.clone();
    match work(desk, tenant, import, shutdown).await {
        // What is broken stays broken: no second look makes it whole.
        Err(error @ StorageError::BadData { .. }) => {
            tracing::error!(import = %before.id.0, %error, "an import failed");
            fail(desk, &before, BROKEN).await?;
            Ok(RoundEnd::Worked)
        }
        done => done.map(|()| RoundEnd::Worked),
    }
}

/// Said of an import whose job was taken up again and again and never came on.
const STUCK: &str = "The server could not go on with this import, however often it tried. \
    What was invited before stays. Try again later, or undo it.";
/// Said of an import whose stored rows cannot be read.
const BROKEN: &str = "The rows that are left could not be read. What was invited before stays. \
    Upload those that are missing again, or undo the import.";

/// Brings an import that cannot go on to an end.
async fn fail(desk: &Desk, import: &Import, reason: &'static str) -> Result<(), StorageError> {
    let now = desk.now();
    let (tenant, id) = (import.tenant, import.id);
    let (actor_id, actor) = audit_actor(&Actor::System(SystemJob::Import));
    desk.storage
        .write(move |tx| {
            Box::pin(async move {
                if tx.fail_import(id, reason).await? {
                    tx.record(vec![AuditEvent {
                        tenant: Some(tenant),
                        actor_id,
                        actor,
                        action: "import.failed",
                        subject: "import",
                        subject_id: id.0,
                        at: now,
                    }])
                    .await?;
                    tx.announce(tenant, now).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Gives back leases that a killed server left behind, where no other server can hold one.
pub async fn take_over(desk: &Desk) -> Result<(), StorageError> {
    if desk.storage.is_postgres() {
        return Ok(());
    }
    desk.storage
        .write(|tx| Box::pin(async move { tx.release_imports().await }))
        .await
}

/// Forgets uploads that were given up.
pub async fn sweep(desk: &Desk) -> Result<(), StorageError> {
    let before = desk.now().plus_seconds(-ABANDONED_SECONDS);
    let dropped = desk
        .storage
        .write(move |tx| Box::pin(async move { tx.drop_abandoned_imports(before).await }))
        .await?;
    let before = desk.now().plus_seconds(-DRAFTS_SECONDS);
    desk.storage
        .write(move |tx| {
            Box::pin(async move {
                tx.forget_chunks(before).await?;
                tx.forget_drafts(before).await
            })
        })
        .await?;
    if dropped > 0 {
        tracing::info!(dropped, "forgot uploads that were never committed");
    }
    Ok(())
}

async fn work(
    desk: &Desk,
    tenant: Tenant,
    mut import: Import,
    shutdown: &CancellationToken,
) -> Result<(), StorageError> {
    // Rules and default expiry count from the commit, whenever a slice gets its turn.
    let rules = Arc::new(Rules::new(
        &tenant,
        import.metadata_columns.clone(),
        import.committed_at.unwrap_or_else(|| desk.now()),
    ));
    let slices = chunks::slices(&import, &chunks::stored(desk, &import).await?);
    let seen = Arc::new(note_all(desk, &import, &slices).await?);
    let (_, actor) = audit_actor(&Actor::System(SystemJob::Import));
    let job = Arc::new(job_of(desk, tenant, &import, actor));
    tracing::info!(import = %import.id.0, from = import.processed, rows = import.rows, "import goes on");
    while import.state == ImportState::Committing {
        if shutdown.is_cancelled() {
            let id = import.id;
            return desk
                .storage
                .write(move |tx| Box::pin(async move { tx.release_import(id).await }))
                .await;
        }
        let rows = match slices.iter().find(|slice| slice.start == import.processed) {
            Some(slice) => read_slice(desk, &import, slice.clone(), &rules, &seen).await?,
            None => Vec::new(),
        };
        match commit_slice(desk, &job, import, rows).await? {
            Some(after) => {
                hit(Point::SliceCommitted);
                import = after;
            }
            // Another server has the lease now, and the work.
            None => return Ok(()),
        }
        desk.wake.notify_waiters();
        tokio::time::sleep(GIVE_WAY).await;
    }
    Ok(())
}

/// Which addresses the whole import has; read again after a restart, so that the same
/// rows are repeats then.
async fn note_all(
    desk: &Desk,
    import: &Import,
    slices: &[Range<u32>],
) -> Result<Seen, StorageError> {
    let mut seen = Seen::default();
    for slice in slices {
        let payloads = payloads(desk, import, slice.clone()).await?;
        seen = blocking(move || {
            chunks::read(&payloads, |position, drafts| seen.note(drafts, position))?;
            Ok(seen)
        })
        .await?;
    }
    Ok(seen)
}

async fn read_slice(
    desk: &Desk,
    import: &Import,
    slice: Range<u32>,
    rules: &Arc<Rules>,
    seen: &Arc<Seen>,
) -> Result<Vec<Row>, StorageError> {
    let payloads = payloads(desk, import, slice).await?;
    let (rules, seen) = (rules.clone(), seen.clone());
    blocking(move || {
        let mut rows = Vec::new();
        chunks::read(&payloads, |position, drafts| {
            rows.extend(rules.read(drafts, position, &seen));
        })?;
        Ok(rows)
    })
    .await
}

/// Commits one slice; the import as it stands then, or `None` where it is no longer ours.
async fn commit_slice(
    desk: &Desk,
    job: &Arc<Job>,
    before: Import,
    rows: Vec<Row>,
) -> Result<Option<Import>, StorageError> {
    if rows.is_empty() {
        return Err(StorageError::BadData {
            table: "import_chunks",
            column: "position",
            value: format!("none from row {} on", before.processed),
        });
    }
    let now = desk.now();
    let (job, before, rows) = (job.clone(), Arc::new(before), Arc::new(rows));
    desk.storage
        .write(move |tx| {
            let (job, before, rows) = (job.clone(), before.clone(), rows.clone());
            Box::pin(async move {
                let lease_until: Timestamp = now.plus_seconds(LEASE_SECONDS);
                if !tx.hold_import(&before, lease_until).await? {
                    return Ok(None);
                }
                let done = slice::run(tx, &job, &rows, now).await?;
                let mut after = Import::clone(&before);
                slice::add(&mut after.outcomes, &done.counts);
                after.processed += u32::try_from(rows.len()).unwrap_or(u32::MAX);
                let moved = if after.processed >= after.rows {
                    after.state = ImportState::Done;
                    finish(tx, &job, &before, &after.outcomes, after.state, now).await?
                } else {
                    tx.advance_import(
                        &before,
                        after.processed,
                        &after.outcomes,
                        after.state,
                        lease_until,
                        now,
                    )
                    .await?
                };
                tx.announce(before.tenant, now).await?;
                hit(Point::SliceWritten);
                Ok(moved.then_some(after))
            })
        })
        .await
}
