//! The rows of an import as its page shows them, and those that failed as they were sent.

use app::{
    api::imports::{FailedRow, ImportLine, ImportRow, ImportRows},
    bulk::draft::RowDraft,
    domain::{
        id::{ImportId, TenantId},
        import::RowOutcome,
        invitation::InvitationStatus,
        time::Timestamp,
    },
};

use super::{
    StorageError, Tx,
    imports::{NewestRow, line},
    invitations::status_of,
};
use crate::args;

#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    line: i64,
    outcome: String,
    message: String,
    draft: Option<String>,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    status: Option<String>,
}

#[derive(sqlx::FromRow)]
struct FailedRowRow {
    position: i64,
    outcome: String,
    message: String,
    draft: String,
}

macro_rules! rows {
    ($condition:literal) => {
        concat!(
            "SELECT r.position, r.line, r.outcome, r.message, r.draft, b.email_typed AS email,
                b.first_name, b.last_name, b.status
             FROM import_rows r LEFT JOIN bundles b ON b.id = r.bundle_id
             WHERE r.import_id = $1 AND r.position > $2",
            $condition,
            " ORDER BY r.position LIMIT $3"
        )
    };
}

const ALL: &str = rows!("");
const FAILED: &str = rows!(
    " AND r.outcome IN ('forbidden', 'invalid', 'suppressed', 'over_limit', 'duplicate_in_file')"
);
const ACCEPTED: &str = rows!(
    " AND EXISTS (SELECT 1 FROM invitations i WHERE i.bundle_id = r.bundle_id
        AND i.import_id = r.import_id AND i.status = 'accepted')"
);
const DRAFTS: &str = "SELECT position, outcome, message, draft FROM import_rows
    WHERE import_id = $1 AND position > $2 AND draft IS NOT NULL ORDER BY position LIMIT $3";
const ONE: &str = "SELECT i.id, i.file_name, u.first_name, u.last_name, i.created_at, i.state,
        i.rows, i.outcomes
    FROM imports i JOIN users u ON u.id = i.user_id
    WHERE i.tenant_id = $1 AND i.id = $2";
const BY_STATUS: &str = "SELECT i.status, CAST(COUNT(*) AS BIGINT) AS n FROM invitations i
    WHERE i.import_id = $1 AND i.bundle_id IN
        (SELECT bundle_id FROM import_rows
         WHERE import_id = $1 AND outcome IN ('created', 'updated'))
    GROUP BY i.status";
const FORGET_DRAFTS: &str = "UPDATE import_rows SET draft = NULL
    WHERE draft IS NOT NULL AND import_id IN
        (SELECT id FROM imports WHERE created_at < $1 AND state <> 'committing')";

fn bad(column: &'static str, value: String) -> StorageError {
    StorageError::BadData {
        table: "import_rows",
        column,
        value,
    }
}

fn place(column: &'static str, value: i64) -> Result<u32, StorageError> {
    u32::try_from(value).map_err(|_| bad(column, value.to_string()))
}

fn outcome_of(text: String) -> Result<RowOutcome, StorageError> {
    RowOutcome::parse(&text).ok_or_else(|| bad("outcome", text))
}

fn draft_of(json: &str) -> Option<RowDraft> {
    serde_json::from_str(json).ok()
}

/// A cursor: before the first where there is none.
fn after(position: Option<u32>) -> i64 {
    position.map_or(-1, i64::from)
}

impl Tx {
    /// Rows of an import after a position, in order.
    pub async fn rows_of_import(
        &mut self,
        import: ImportId,
        only: ImportRows,
        position: Option<u32>,
        limit: u32,
    ) -> Result<Vec<ImportRow>, StorageError> {
        let sql = match only {
            ImportRows::All => ALL,
            ImportRows::Failed => FAILED,
            ImportRows::Accepted => ACCEPTED,
        };
        self.all::<Row>(sql, args![import, after(position), limit])
            .await?
            .into_iter()
            .map(|row| {
                let draft = row.draft.as_deref().and_then(draft_of).unwrap_or_default();
                let email = row.email.unwrap_or(draft.email);
                let first = row.first_name.unwrap_or(draft.first_name);
                let last = row.last_name.unwrap_or(draft.last_name);
                Ok(ImportRow {
                    position: place("position", row.position)?,
                    line: place("line", row.line)?,
                    email,
                    name: format!("{first} {last}").trim().to_owned(),
                    outcome: outcome_of(row.outcome)?,
                    message: row.message,
                    status: row.status.map(status_of).transpose()?,
                })
            })
            .collect()
    }

    /// Rows that failed after a position, as they were sent.
    pub async fn failed_rows(
        &mut self,
        import: ImportId,
        position: Option<u32>,
        limit: u32,
    ) -> Result<Vec<FailedRow>, StorageError> {
        self.all::<FailedRowRow>(DRAFTS, args![import, after(position), limit])
            .await?
            .into_iter()
            .map(|row| {
                Ok(FailedRow {
                    position: place("position", row.position)?,
                    // The text has addresses.
                    draft: draft_of(&row.draft).ok_or_else(|| bad("draft", String::new()))?,
                    outcome: outcome_of(row.outcome)?,
                    message: row.message,
                })
            })
            .collect()
    }

    /// An import as the list shows it.
    pub async fn import_line(
        &mut self,
        tenant: TenantId,
        import: ImportId,
    ) -> Result<Option<ImportLine>, StorageError> {
        self.optional::<NewestRow>(ONE, args![tenant, import])
            .await?
            .map(line)
            .transpose()
    }

    /// The invitations that an import made, by status.
    pub async fn invitations_of_import(
        &mut self,
        import: ImportId,
    ) -> Result<Vec<(InvitationStatus, u32)>, StorageError> {
        self.all::<(String, i64)>(BY_STATUS, args![import])
            .await?
            .into_iter()
            .map(|(status, n)| Ok((status_of(status)?, u32::try_from(n).unwrap_or(u32::MAX))))
            .collect()
    }

    /// Forgets the cells of rows that failed in imports of before `before`; how many.
    pub async fn forget_drafts(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        self.execute(FORGET_DRAFTS, args![before]).await
    }
}
