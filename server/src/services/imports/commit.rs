//! Commit: up to 10,000 rows in one transaction before the answer; more by the job.

use std::sync::Arc;

use app::{
    api::{ApiError, imports::ImportStatus},
    bulk::limits::ROWS_AT_ONCE,
    domain::{
        id::{ImportId, TenantId},
        import::{ImportState, SubmitMode},
        time::Timestamp,
    },
};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::{
    super::desk::{Desk, refuse},
    chunks::{self, Broken},
    rows::{Row, Rules},
    seen::Seen,
    slice::{self, Job},
    status_of,
    submit::hex,
};
use crate::{
    failpoint::{Point, hit},
    storage::{AuditEvent, Import, OutcomeCounts, StorageError, Tenant, Tx},
};

/// Commits an import that the caller began. Two at once: one runs, the other waits for
/// it and gets its answer. Once begun it goes on also where the caller went away.
pub async fn commit(desk: &Desk, tenant: Tenant, import: Import) -> Result<ImportStatus, ApiError> {
    if import.state == ImportState::Receiving {
        complete(desk, &import).await?;
        let desk = desk.clone();
        let task = tokio::spawn(async move {
            if is_small(&import) {
                at_once(&desk, tenant, import).await
            } else {
                hand_over(&desk, import).await
            }
        });
        // It panicked, and what it wrote was rolled back (S55).
        return task.await.map_err(|_| ApiError::Unavailable)?;
    }
    stored(desk, &import).await
}

/// The answer as it stands in the database.
async fn stored(desk: &Desk, import: &Import) -> Result<ImportStatus, ApiError> {
    let (tenant, id) = (import.tenant, import.id);
    desk.storage
        .read(move |tx| Box::pin(async move { status_now(tx, tenant, id).await }))
        .await
        .map_err(refuse)?
        .ok_or(ApiError::NotFound)
}

/// `None` where the import was given up and swept away meanwhile.
async fn status_now(
    tx: &mut Tx,
    tenant: TenantId,
    import: ImportId,
) -> Result<Option<ImportStatus>, StorageError> {
    match tx.import(tenant, import).await? {
        Some(import) => status_of(tx, &import).await.map(Some),
        None => Ok(None),
    }
}

/// Refuses unless every chunk is there and together they are what `begin` announced.
/// Chunks are never changed once stored, so that this holds from here on.
async fn complete(desk: &Desk, import: &Import) -> Result<(), ApiError> {
    let there = chunks::stored(desk, import).await.map_err(refuse)?;
    // Read after its chunks: each of them has counted its administrators by now.
    let (tenant, id) = (import.tenant, import.id);
    let import = &desk
        .storage
        .read(move |tx| Box::pin(tx.import(tenant, id)))
        .await
        .map_err(refuse)?
        .ok_or(ApiError::NotFound)?;
    if import.admins > import.admins_confirmed {
        return Err(ApiError::conflict(
            "admins_not_confirmed",
            format!(
                "These rows would make {} administrators, and {} were confirmed. Nobody was \
                 invited: submit again and confirm the number.",
                import.admins, import.admins_confirmed
            ),
        ));
    }
    let refused = match chunks::whole(&there, import.rows) {
        Ok(()) => {
            let mut hash = Sha256::new();
            for chunk in &there {
                hash.update(chunk.hash.as_bytes());
            }
            if hex(&hash.finalize()) == import.content_hash {
                return Ok(());
            }
            other_content()
        }
        Err(Broken::Overlap) => other_content(),
        Err(Broken::MissingFrom(position)) => ApiError::conflict(
            "chunks_missing",
            format!(
                "Not all rows have arrived: those from row {} on are missing. Send them, then \
                 commit again.",
                u64::from(position) + 1
            ),
        ),
    };
    // Another commit may have finished, and swept the chunks, since the import was read.
    if stored(desk, import).await?.state == ImportState::Receiving {
        Err(refused)
    } else {
        Ok(())
    }
}

fn other_content() -> ApiError {
    ApiError::conflict(
        "content_changed",
        "The rows that arrived are not those that were announced. Submit again.",
    )
}

/// What the slices of an import need to know.
pub fn job_of(desk: &Desk, tenant: Tenant, import: &Import, actor: &'static str) -> Job {
    Job {
        import: Some(import.id),
        user: import.user,
        mode: import.mode,
        mail: desk.settings.sends_mail(),
        public_url: desk.settings.public_url.clone(),
        key: desk.key.clone(),
        tenant,
        actor,
    }
}

/// Megabytes of rows that commits may have in memory together: an import waits for the
/// others anyway.
const MEMORY: u32 = 64;
static IN_MEMORY: Semaphore = Semaphore::const_new(MEMORY as usize);
/// Larger ones are left to the job, which never has more than a slice in memory.
const AT_ONCE_BYTES: i64 = 16 << 20;

/// What the rows take in memory, about.
fn bytes_of(import: &Import) -> i64 {
    import.bytes + chunks::names_bytes(import, import.rows)
}

/// Whether the rows are committed before the answer. All or nothing is one transaction
/// whatever its size, which `begin` and the limit of its bytes keep in bounds.
fn is_small(import: &Import) -> bool {
    import.rows <= ROWS_AT_ONCE
        && (import.mode == SubmitMode::AllOrNothing || bytes_of(import) <= AT_ONCE_BYTES)
}

async fn at_once(desk: &Desk, tenant: Tenant, import: Import) -> Result<ImportStatus, ApiError> {
    let megabytes = u32::try_from(bytes_of(&import) >> 20).unwrap_or(u32::MAX);
    let _permit = IN_MEMORY
        .acquire_many(megabytes.clamp(1, MEMORY))
        .await
        .map_err(|_| ApiError::Unavailable)?;
    let now = desk.now();
    let rows = read_all(desk, &tenant, &import, now)
        .await
        .map_err(refuse)?;
    let job = Arc::new(job_of(desk, tenant, &import, "user"));
    let import = Arc::new(import);
    let rows = Arc::new(rows);
    let status = desk
        .storage
        .write(move |tx| {
            let (job, import, rows) = (job.clone(), import.clone(), rows.clone());
            Box::pin(async move {
                // On PostgreSQL a second commit waits here for the first one's end.
                if tx.start_commit(import.tenant, import.id, now).await? {
                    if rows.len() != import.rows as usize {
                        return Err(StorageError::BadData {
                            table: "import_chunks",
                            column: "rows",
                            value: format!("{} of {} rows", rows.len(), import.rows),
                        });
                    }
                    let done = slice::run(tx, &job, &rows, now).await?;
                    let state = if done.rejected {
                        ImportState::Rejected
                    } else {
                        ImportState::Done
                    };
                    finish(tx, &job, &import, &done.counts, state, now).await?;
                    tx.announce(import.tenant, now).await?;
                    hit(Point::SubmitWritten);
                }
                status_now(tx, import.tenant, import.id).await
            })
        })
        .await
        .map_err(refuse)?;
    hit(Point::SubmitCommitted);
    desk.wake.notify_waiters();
    status.ok_or(ApiError::NotFound)
}

/// The import has all its outcomes: the state says so, and the chunks go.
pub async fn finish(
    tx: &mut Tx,
    job: &Job,
    before: &Import,
    counts: &OutcomeCounts,
    state: ImportState,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let moved = tx
        .advance_import(before, before.rows, counts, state, Timestamp(0), now)
        .await?;
    if moved {
        tx.drop_chunks(before.id).await?;
        tx.record(vec![AuditEvent {
            tenant: Some(before.tenant),
            actor_id: Some(before.user.0),
            actor: job.actor,
            action: if state == ImportState::Rejected {
                "import.rejected"
            } else {
                "import.done"
            },
            subject: "import",
            subject_id: before.id.0,
            at: now,
        }])
        .await?;
    }
    Ok(moved)
}

async fn read_all(
    desk: &Desk,
    tenant: &Tenant,
    import: &Import,
    now: Timestamp,
) -> Result<Vec<Row>, StorageError> {
    let payloads = chunks::payloads(desk, import, 0..import.rows).await?;
    let rules = Rules::new(tenant, import.metadata_columns.clone(), now);
    chunks::blocking(move || {
        let mut seen = Seen::default();
        chunks::read(&payloads, |position, drafts| seen.note(drafts, position))?;
        let mut rows = Vec::new();
        chunks::read(&payloads, |position, drafts| {
            rows.extend(rules.read(drafts, position, &seen));
        })?;
        Ok(rows)
    })
    .await
}

/// Leaves the import to the job.
async fn hand_over(desk: &Desk, import: Import) -> Result<ImportStatus, ApiError> {
    let now = desk.now();
    let (tenant, id) = (import.tenant, import.id);
    let status = desk
        .storage
        .write(move |tx| {
            Box::pin(async move {
                if tx.start_commit(tenant, id, now).await? {
                    tx.announce(tenant, now).await?;
                }
                status_now(tx, tenant, id).await
            })
        })
        .await
        .map_err(refuse)?;
    desk.wake.notify_waiters();
    status.ok_or(ApiError::NotFound)
}
