//! Commit: up to 10,000 rows in one transaction before the answer; more by the job.

use std::{collections::HashSet, sync::Arc};

use app::{
    api::{ApiError, imports::ImportStatus},
    bulk::{
        draft::RowDraft,
        limits::{CHUNK_ROWS, ROWS_AT_ONCE},
    },
    domain::{
        id::{ImportId, TenantId},
        import::ImportState,
        time::Timestamp,
    },
};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::{
    super::desk::{Desk, refuse},
    rows::{Row, Rules, Seen},
    slice::{self, Job},
    status_of,
    submit::{chunks_of, conflict, hex},
};
use crate::storage::{AuditEvent, Import, OutcomeCounts, StorageError, Tenant, Tx};

/// Commits an import that the caller began. Two at once: one runs, the other waits for
/// it and gets its answer. Once begun it goes on also where the caller went away.
pub async fn commit(desk: &Desk, tenant: Tenant, import: Import) -> Result<ImportStatus, ApiError> {
    if import.state == ImportState::Receiving {
        complete(desk, &import).await?;
        let desk = desk.clone();
        let task = tokio::spawn(async move {
            if import.rows <= ROWS_AT_ONCE {
                at_once(&desk, tenant, import).await
            } else {
                hand_over(&desk, import).await
            }
        });
        return task.await.map_err(|_| ApiError::Internal)?;
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
    let id = import.id;
    let hashes = desk
        .storage
        .read(move |tx| Box::pin(async move { tx.chunk_hashes(id).await }))
        .await
        .map_err(refuse)?;
    let there: HashSet<u32> = hashes.iter().map(|(number, _)| *number).collect();
    let missing: Vec<u32> = (0..chunks_of(import.rows))
        .filter(|number| !there.contains(number))
        .collect();
    if !missing.is_empty() {
        // Another commit may have finished, and swept the chunks, since the import was read.
        if stored(desk, import).await?.state != ImportState::Receiving {
            return Ok(());
        }
        let named: Vec<String> = missing.iter().take(20).map(u32::to_string).collect();
        let more = if missing.len() > named.len() {
            ", …"
        } else {
            ""
        };
        return Err(conflict(
            "chunks_missing",
            format!(
                "Not all rows have arrived: chunks {}{more} are missing. Send them, then commit again.",
                named.join(", ")
            ),
        ));
    }
    let mut hash = Sha256::new();
    for (_, chunk) in &hashes {
        hash.update(chunk.as_bytes());
    }
    if hex(&hash.finalize()) == import.content_hash {
        Ok(())
    } else {
        Err(conflict(
            "content_changed",
            "The rows that arrived are not those that were announced. Submit again.",
        ))
    }
}

/// What the slices of an import need to know.
pub fn job_of(desk: &Desk, tenant: Tenant, import: &Import, actor: &'static str) -> Job {
    Job {
        import: import.id,
        user: import.user,
        mode: import.mode,
        mail: desk.settings.mail_configured || desk.settings.demo,
        public_url: desk.settings.public_url.clone(),
        tenant,
        actor,
    }
}

/// One chunk's rows.
pub fn drafts(payload: &str) -> Result<Vec<RowDraft>, StorageError> {
    serde_json::from_str(payload).map_err(|error| StorageError::BadData {
        table: "import_chunks",
        column: "payload",
        // The position alone: the text has addresses.
        value: format!("{:?} at byte {}", error.classify(), error.column()),
    })
}

/// Position of a chunk's first row.
pub const fn first_position(chunk: u32) -> u32 {
    chunk * CHUNK_ROWS
}

/// Reads rows off the threads that serve others.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> Result<T, StorageError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| StorageError::Unavailable(error.to_string()))?
}

/// Two imports in memory at a time; each may have 40 MB, and waits for the others anyway.
static IN_MEMORY: Semaphore = Semaphore::const_new(2);

async fn at_once(desk: &Desk, tenant: Tenant, import: Import) -> Result<ImportStatus, ApiError> {
    let _permit = IN_MEMORY
        .acquire()
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
                }
                status_now(tx, import.tenant, import.id).await
            })
        })
        .await
        .map_err(refuse)?;
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
        .advance_import(before, before.rows, counts, state, Timestamp(0))
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
    let (id, chunks) = (import.id, chunks_of(import.rows));
    let payloads = desk
        .storage
        .read(move |tx| Box::pin(async move { tx.chunk_payloads(id, 0, chunks).await }))
        .await?;
    let rules = Rules::new(tenant, now);
    blocking(move || {
        let chunks = payloads
            .iter()
            .map(|(number, payload)| Ok((first_position(*number), drafts(payload)?)))
            .collect::<Result<Vec<_>, StorageError>>()?;
        let mut seen = Seen::default();
        for (position, drafts) in &chunks {
            seen.note(drafts, *position);
        }
        Ok(chunks
            .iter()
            .flat_map(|(position, drafts)| rules.read(drafts, *position, &seen))
            .collect())
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
