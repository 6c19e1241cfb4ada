//! Imports: the submitted grid and each row's outcome.

use std::collections::BTreeMap;

use app::{
    api::imports::{ImportLine, RowResult},
    domain::{
        id::{BundleId, ImportId, TenantId, UserId},
        import::{ImportState, RowOutcome, SubmitMode},
        time::Timestamp,
    },
};
use uuid::Uuid;

use super::{Arg, StorageError, Tx, insert_many};
use crate::args;

/// How many rows have which outcome.
pub type OutcomeCounts = BTreeMap<RowOutcome, u32>;

/// An import as stored.
#[derive(Clone, Debug)]
pub struct Import {
    /// The import.
    pub id: ImportId,
    /// Of which tenant.
    pub tenant: TenantId,
    /// Who submits it.
    pub user: UserId,
    /// Hex SHA-256 over the chunks' hashes, in order.
    pub content_hash: String,
    /// Rows announced.
    pub rows: u32,
    /// Names of the columns kept as metadata.
    pub metadata_columns: Vec<String>,
    /// Of the cells that have arrived.
    pub bytes: i64,
    /// What to do with the rows that fail.
    pub mode: SubmitMode,
    /// Where it stands.
    pub state: ImportState,
    /// Rows that have their outcome.
    pub processed: u32,
    /// Rows by outcome; adds up to `processed`.
    pub outcomes: OutcomeCounts,
    /// When the commit began; rules and expiries of every row count from here.
    pub committed_at: Option<Timestamp>,
    /// When rows last got their outcome.
    pub advanced_at: Option<Timestamp>,
    /// Times that a worker took it since it last came on.
    pub tries: u32,
    /// Why it failed; empty where it did not.
    pub failure: String,
    /// Rows that came and would make administrators.
    pub admins: u32,
    /// So many the submitter confirmed.
    pub admins_confirmed: u32,
}

/// What `begin` writes.
#[derive(Clone, Debug)]
pub struct NewImport {
    /// The new import's id.
    pub id: ImportId,
    /// Of which tenant.
    pub tenant: TenantId,
    /// Who submits it.
    pub user: UserId,
    /// Drawn by the browser.
    pub idempotency_key: String,
    /// Hex SHA-256 over the chunks' hashes, in order.
    pub content_hash: String,
    /// For the list of imports.
    pub file_name: String,
    /// Rows announced.
    pub rows: u32,
    /// Names of the columns kept as metadata.
    pub metadata_columns: Vec<String>,
    /// What to do with the rows that fail.
    pub mode: SubmitMode,
    /// Rows that make administrators, as the submitter confirmed.
    pub admins: u32,
    /// Now.
    pub at: Timestamp,
}

/// One row's outcome on its way into `import_rows`.
#[derive(Clone, Debug)]
pub struct NewOutcome {
    /// Order of submission, from 0.
    pub position: u32,
    /// The grid's row id.
    pub row: u32,
    /// The file's line.
    pub line: u32,
    /// What became of it.
    pub outcome: RowOutcome,
    /// The field at fault, or empty.
    pub field: String,
    /// A stable code, or empty.
    pub code: String,
    /// The sentence, or empty.
    pub message: String,
    /// The bundle that was created or already there.
    pub bundle: Option<BundleId>,
    /// JSON of a row that failed.
    pub draft: Option<String>,
}

#[derive(sqlx::FromRow)]
struct ImportRow {
    id: Uuid,
    tenant_id: Uuid,
    user_id: Uuid,
    content_hash: String,
    rows: i64,
    metadata_columns: String,
    bytes: i64,
    mode: String,
    state: String,
    processed: i64,
    outcomes: String,
    committed_at: Option<i64>,
    advanced_at: Option<i64>,
    tries: i64,
    failure: String,
    admins: i64,
    admins_confirmed: i64,
}

impl TryFrom<ImportRow> for Import {
    type Error = StorageError;

    fn try_from(row: ImportRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: ImportId(row.id),
            tenant: TenantId(row.tenant_id),
            user: UserId(row.user_id),
            content_hash: row.content_hash,
            rows: count("rows", row.rows)?,
            metadata_columns: serde_json::from_str(&row.metadata_columns)
                .map_err(|_| bad("metadata_columns", &row.metadata_columns))?,
            bytes: row.bytes,
            mode: mode(&row.mode)?,
            state: state(&row.state)?,
            processed: count("processed", row.processed)?,
            outcomes: counts(&row.outcomes)?,
            committed_at: row.committed_at.map(Timestamp),
            advanced_at: row.advanced_at.map(Timestamp),
            tries: count("tries", row.tries)?,
            failure: row.failure,
            admins: count("admins", row.admins)?,
            admins_confirmed: count("admins_confirmed", row.admins_confirmed)?,
        })
    }
}

fn bad(column: &'static str, value: &str) -> StorageError {
    StorageError::BadData {
        table: "imports",
        column,
        value: value.to_owned(),
    }
}

pub(super) fn count(column: &'static str, value: i64) -> Result<u32, StorageError> {
    u32::try_from(value).map_err(|_| bad(column, &value.to_string()))
}

fn mode(text: &str) -> Result<SubmitMode, StorageError> {
    match text {
        "all_or_nothing" => Ok(SubmitMode::AllOrNothing),
        "valid_now" => Ok(SubmitMode::ValidNow),
        other => Err(bad("mode", other)),
    }
}

const fn mode_word(mode: SubmitMode) -> &'static str {
    match mode {
        SubmitMode::AllOrNothing => "all_or_nothing",
        SubmitMode::ValidNow => "valid_now",
    }
}

fn state(text: &str) -> Result<ImportState, StorageError> {
    ImportState::parse(text).ok_or_else(|| bad("state", text))
}

fn counts(json: &str) -> Result<OutcomeCounts, StorageError> {
    serde_json::from_str(json).map_err(|_| bad("outcomes", json))
}

fn outcome(text: &str) -> Result<RowOutcome, StorageError> {
    RowOutcome::parse(text).ok_or_else(|| StorageError::BadData {
        table: "import_rows",
        column: "outcome",
        value: text.to_owned(),
    })
}

const OPEN: &str = "INSERT INTO imports (id, tenant_id, user_id, idempotency_key, content_hash,
        file_name, rows, metadata_columns, mode, state, created_at, admins_confirmed)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'receiving', $10, $11)
    ON CONFLICT (tenant_id, user_id, idempotency_key) DO NOTHING";
const DROP_OLD: &str = "DELETE FROM imports WHERE state = 'receiving' AND id IN (
    SELECT id FROM imports WHERE tenant_id = $1 AND user_id = $2 AND state = 'receiving'
    ORDER BY created_at DESC, id DESC LIMIT 1000 OFFSET 10)";
const DROP_ABANDONED: &str = "DELETE FROM imports WHERE state = 'receiving' AND created_at < $1";
const BY_KEY: &str =
    "SELECT id, tenant_id, user_id, content_hash, rows, metadata_columns, bytes, mode,
        state, processed, outcomes, committed_at, advanced_at, tries, failure, admins,
        admins_confirmed
    FROM imports WHERE tenant_id = $1 AND user_id = $2 AND idempotency_key = $3";
const BY_ID: &str =
    "SELECT id, tenant_id, user_id, content_hash, rows, metadata_columns, bytes, mode,
        state, processed, outcomes, committed_at, advanced_at, tries, failure, admins,
        admins_confirmed
    FROM imports WHERE tenant_id = $1 AND id = $2";
const START: &str = "UPDATE imports SET state = 'committing', committed_at = $3
    WHERE tenant_id = $1 AND id = $2 AND state = 'receiving'";
const HOLD: &str = "UPDATE imports SET lease_until = $3
    WHERE id = $1 AND state = 'committing' AND processed = $2";
const ADVANCE: &str = "UPDATE imports SET processed = $3, outcomes = $4, state = $5,
        lease_until = $6, advanced_at = $7, tries = 0
    WHERE id = $1 AND state = 'committing' AND processed = $2";
const DUE: &str =
    "SELECT id, tenant_id, user_id, content_hash, rows, metadata_columns, bytes, mode,
        state, processed, outcomes, committed_at, advanced_at, tries, failure, admins,
        admins_confirmed
    FROM imports WHERE state IN ('committing', 'undoing') AND lease_until <= $1
      AND EXISTS (SELECT 1 FROM tenants t WHERE t.id = imports.tenant_id
        AND t.disabled_at IS NULL)
    ORDER BY lease_until, id LIMIT 1";
const CLAIM: &str = "UPDATE imports SET lease_until = $3, tries = tries + 1
    WHERE id = $1 AND state IN ('committing', 'undoing') AND lease_until <= $2";
const RELEASE: &str = "UPDATE imports SET lease_until = 0, tries = 0
    WHERE id = $1 AND state IN ('committing', 'undoing')";
const RELEASE_ALL: &str = "UPDATE imports SET lease_until = 0
    WHERE state IN ('committing', 'undoing')";
const FAIL: &str = "UPDATE imports SET state = 'failed', failure = $2, lease_until = 0
    WHERE id = $1 AND state = 'committing'";
const AGAIN: &str = "UPDATE imports SET state = 'committing', failure = '', tries = 0,
        lease_until = 0
    WHERE tenant_id = $1 AND id = $2 AND state = 'failed'
      AND EXISTS (SELECT 1 FROM import_chunks WHERE import_id = $2)";
const ABANDON: &str = "DELETE FROM imports
    WHERE tenant_id = $1 AND id = $2 AND state = 'receiving'";
const OUTCOMES: &str = "SELECT row_id, outcome, field, code, message, bundle_id FROM import_rows
    WHERE import_id = $1 AND position >= $2 AND position < $3 ORDER BY position";
const NEWEST: &str = "SELECT i.id, i.file_name, u.first_name, u.last_name, i.created_at, i.state,
        i.rows, i.outcomes
    FROM imports i JOIN users u ON u.id = i.user_id
    WHERE i.tenant_id = $1 ORDER BY i.created_at DESC, i.id DESC LIMIT 100";

impl Tx {
    /// Opens an import; false where this user's key has one already. Keeps at most
    /// ten unfinished ones of a user in a tenant, so that given-up uploads do not pile up.
    pub async fn open_import(&mut self, import: &NewImport) -> Result<bool, StorageError> {
        let columns = serde_json::to_string(&import.metadata_columns)
            .map_err(|error| bad("metadata_columns", &error.to_string()))?;
        let opened = self
            .execute(
                OPEN,
                args![
                    import.id,
                    import.tenant,
                    import.user,
                    import.idempotency_key.as_str(),
                    import.content_hash.as_str(),
                    import.file_name.as_str(),
                    import.rows,
                    columns,
                    mode_word(import.mode),
                    import.at,
                    import.admins,
                ],
            )
            .await?
            == 1;
        if opened {
            self.execute(DROP_OLD, args![import.tenant, import.user])
                .await?;
        }
        Ok(opened)
    }

    /// Forgets uploads that were begun before `before` and never committed; how many.
    pub async fn drop_abandoned_imports(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        self.execute(DROP_ABANDONED, args![before]).await
    }

    /// The import that this user's key opened.
    pub async fn import_by_key(
        &mut self,
        tenant: TenantId,
        user: UserId,
        key: &str,
    ) -> Result<Option<Import>, StorageError> {
        self.optional::<ImportRow>(BY_KEY, args![tenant, user, key])
            .await?
            .map(Import::try_from)
            .transpose()
    }

    /// An import of this tenant.
    pub async fn import(
        &mut self,
        tenant: TenantId,
        import: ImportId,
    ) -> Result<Option<Import>, StorageError> {
        self.optional::<ImportRow>(BY_ID, args![tenant, import])
            .await?
            .map(Import::try_from)
            .transpose()
    }

    /// `receiving → committing`, once; false: somebody else did, or it is gone.
    pub async fn start_commit(
        &mut self,
        tenant: TenantId,
        import: ImportId,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        Ok(self.execute(START, args![tenant, import, at]).await? == 1)
    }

    /// Holds the import for this transaction, if it still stands where `before` has it;
    /// false where another worker was faster.
    pub async fn hold_import(
        &mut self,
        before: &Import,
        lease_until: Timestamp,
    ) -> Result<bool, StorageError> {
        let held = self
            .execute(HOLD, args![before.id, before.processed, lease_until])
            .await?;
        Ok(held == 1)
    }

    /// Moves `processed` from where `before` has it to `processed`, together with the
    /// counts; false where another worker was faster, whose work then stands.
    pub async fn advance_import(
        &mut self,
        before: &Import,
        processed: u32,
        outcomes: &OutcomeCounts,
        state: ImportState,
        lease_until: Timestamp,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let json = serde_json::to_string(outcomes).map_err(|error| StorageError::BadData {
            table: "imports",
            column: "outcomes",
            value: error.to_string(),
        })?;
        let moved = self
            .execute(
                ADVANCE,
                args![
                    before.id,
                    before.processed,
                    processed,
                    json,
                    state.as_str(),
                    lease_until,
                    at,
                ],
            )
            .await?;
        Ok(moved == 1)
    }

    /// Takes the lease on an import that waits for the job.
    pub async fn claim_import(
        &mut self,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Import>, StorageError> {
        let Some(row) = self.optional::<ImportRow>(DUE, args![now]).await? else {
            return Ok(None);
        };
        let claimed = self.execute(CLAIM, args![row.id, now, lease_until]).await? == 1;
        if claimed {
            Ok(Some(Import::try_from(row)?))
        } else {
            // Another server took it between the two statements.
            Err(StorageError::Retry)
        }
    }

    /// Gives the lease back.
    pub async fn release_import(&mut self, import: ImportId) -> Result<(), StorageError> {
        self.execute(RELEASE, args![import]).await?;
        Ok(())
    }

    /// `committing → failed`, with the reason; false where it came to another end.
    pub async fn fail_import(
        &mut self,
        import: ImportId,
        reason: &str,
    ) -> Result<bool, StorageError> {
        Ok(self.execute(FAIL, args![import, reason]).await? == 1)
    }

    /// `failed → committing`: it goes on where it stopped; false where it did not fail, or
    /// its rows are not kept any more.
    pub async fn retry_import(
        &mut self,
        tenant: TenantId,
        import: ImportId,
    ) -> Result<bool, StorageError> {
        Ok(self.execute(AGAIN, args![tenant, import]).await? == 1)
    }

    /// Forgets an upload that was never committed; false where there is none.
    pub async fn abandon_import(
        &mut self,
        tenant: TenantId,
        import: ImportId,
    ) -> Result<bool, StorageError> {
        Ok(self.execute(ABANDON, args![tenant, import]).await? == 1)
    }

    /// Gives every lease back; only where one server alone owns the database.
    pub async fn release_imports(&mut self) -> Result<(), StorageError> {
        self.execute(RELEASE_ALL, args![]).await?;
        Ok(())
    }

    /// Keeps the outcomes of rows.
    pub async fn insert_outcomes(
        &mut self,
        import: ImportId,
        rows: Vec<NewOutcome>,
    ) -> Result<(), StorageError> {
        let rows: Vec<Vec<Arg>> = rows
            .into_iter()
            .map(|row| {
                args![
                    import,
                    row.position,
                    row.row,
                    row.line,
                    row.outcome.as_str(),
                    row.field,
                    row.code,
                    row.message,
                    row.bundle,
                    row.draft,
                ]
            })
            .collect();
        insert_many(
            self,
            "INSERT INTO import_rows
             (import_id, position, row_id, line, outcome, field, code, message, bundle_id, draft)",
            10,
            "",
            rows,
        )
        .await?;
        Ok(())
    }

    /// The outcomes of the rows `from..from + limit`, in the order of submission.
    pub async fn outcomes(
        &mut self,
        import: ImportId,
        from: u32,
        limit: u32,
    ) -> Result<Vec<RowResult>, StorageError> {
        type Row = (i64, String, String, String, String, Option<Uuid>);
        self.all::<Row>(
            OUTCOMES,
            args![import, from, i64::from(from) + i64::from(limit)],
        )
        .await?
        .into_iter()
        .map(|(row, word, field, code, message, bundle)| {
            Ok(RowResult {
                row: count("row_id", row)?,
                outcome: outcome(&word)?,
                bundle: bundle.map(BundleId),
                field,
                code,
                message,
            })
        })
        .collect()
    }

    /// The tenant's newest imports, at most 100.
    pub async fn newest_imports(
        &mut self,
        tenant: TenantId,
    ) -> Result<Vec<ImportLine>, StorageError> {
        self.all::<NewestRow>(NEWEST, args![tenant])
            .await?
            .into_iter()
            .map(line)
            .collect()
    }
}

/// An import in the list.
pub(super) type NewestRow = (Uuid, String, String, String, i64, String, i64, String);

pub(super) fn line(row: NewestRow) -> Result<ImportLine, StorageError> {
    let (id, file_name, first, last, created_at, word, rows, json) = row;
    Ok(ImportLine {
        import: ImportId(id),
        file_name,
        submitted_by: format!("{first} {last}").trim().to_owned(),
        created_at: Timestamp(created_at),
        state: state(&word)?,
        rows: count("rows", rows)?,
        outcomes: counts(&json)?.into_iter().collect(),
    })
}
