//! The CSV's way to the server: check, begin, chunks, commit, outcomes.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

use super::ApiError;
#[cfg(feature = "ssr")]
use super::respond::{answer, caller, ports};
use crate::{
    bulk::draft::RowDraft,
    domain::{
        counts::Counts,
        id::{BundleId, ImportId},
        import::{ImportState, RowOutcome, SubmitMode},
        invitation::InvitationStatus,
        time::Timestamp,
    },
};

/// A batch of the check: distinct addresses and keys only; nothing is kept or logged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckBatch {
    /// The tenant's slug.
    pub tenant: String,
    /// Canonical addresses, at most 1,000.
    pub emails: Vec<String>,
    /// Course keys as written, at most 1,000.
    pub courses: Vec<String>,
    /// Program keys as written, at most 1,000.
    pub programs: Vec<String>,
}

/// The check's answer: only about this tenant's members and live invitations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckAnswer {
    /// Of the addresses: already members here.
    pub members: Vec<String>,
    /// Of the addresses: have a live invitation here.
    pub invited: Vec<String>,
    /// Of the course keys: unknown or archived.
    pub unknown_courses: Vec<String>,
    /// Of the program keys: unknown or archived.
    pub unknown_programs: Vec<String>,
}

/// Opens an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeginImport {
    /// The tenant's slug.
    pub tenant: String,
    /// Made by the server for an earlier page or any 16–64 characters that the browser drew:
    /// the same key with the same content gets the same stored answer, with other content 409.
    pub idempotency_key: String,
    /// The file's name, for the list of imports.
    pub file_name: String,
    /// Rows that will come.
    pub rows: u32,
    /// Names of the columns kept as metadata, once for all rows; 16 KB together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metadata_columns: Vec<String>,
    /// Hex SHA-256 over the chunks' hashes, in order.
    pub content_hash: String,
    /// What to do with the rows that fail; above 10,000 rows only `ValidNow`.
    pub mode: SubmitMode,
    /// How many rows the person confirmed that make administrators; more are refused.
    #[serde(default)]
    pub admins: u32,
}

/// Some of the rows; sending them again is harmless. Chunks may come in any order and
/// have any number of rows up to 1,000, but together each row once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportChunk {
    /// The tenant's slug.
    pub tenant: String,
    /// From `begin`.
    pub import: ImportId,
    /// Place of its first row among all rows of the import, from 0.
    pub position: u32,
    /// Hex SHA-256 of `serde_json::to_vec(&rows)`.
    pub hash: String,
    /// 1 to 1,000; of 4 MB as JSON at most.
    pub rows: Vec<RowDraft>,
}

/// Names an import of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRef {
    /// The tenant's slug.
    pub tenant: String,
    /// The import.
    pub import: ImportId,
}

/// Where an import stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportStatus {
    /// The import.
    pub import: ImportId,
    /// Where it stands.
    pub state: ImportState,
    /// Rows announced.
    pub rows: u32,
    /// Positions of the chunks stored so far (contiguous or not); a resumed submit skips
    /// these.
    pub received_chunks: Vec<u32>,
    /// Rows that have their outcome.
    pub processed: u32,
    /// Rows by outcome; adds up to `processed`.
    pub outcomes: Counts<RowOutcome, u32>,
    /// Why it failed, as a sentence; empty where it did not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub failure: String,
}

/// A page of outcomes, in the order of the rows as submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomesRequest {
    /// The tenant's slug.
    pub tenant: String,
    /// The import.
    pub import: ImportId,
    /// Index of the first row, from 0.
    pub from: u32,
    /// At most 10,000.
    pub limit: u32,
}

/// What became of one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowResult {
    /// The grid's row id, as sent.
    pub row: u32,
    /// What became of it.
    pub outcome: RowOutcome,
    /// The bundle that was created or already there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<BundleId>,
    /// The field at fault (the template's column name), where there is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// A stable code (`docs/problems.md`), where there is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// The sentence, where there is something to say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// An import in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportLine {
    /// The import.
    pub import: ImportId,
    /// The file's name.
    pub file_name: String,
    /// Who.
    pub submitted_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: ImportState,
    /// Rows announced.
    pub rows: u32,
    /// Rows by outcome.
    pub outcomes: Counts<RowOutcome, u32>,
}

/// An import by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportDetail {
    /// As in the list.
    pub line: ImportLine,
    /// Rows that have their outcome.
    pub processed: u32,
    /// Why it failed, as a sentence; empty where it did not.
    pub failure: String,
    /// The invitations that it made, by what became of them.
    pub invitations: Counts<InvitationStatus, u32>,
    /// Seconds for which its mails are still held; 0 where they may have gone out.
    pub held: u32,
    /// The caller began it.
    pub own: bool,
}

/// Which rows of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportRows {
    /// All.
    #[default]
    All,
    /// Those that were not invited for a reason.
    Failed,
    /// Those whose person accepted what the import invited to.
    Accepted,
}

/// A page of an import's rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsRequest {
    /// The tenant's slug.
    pub tenant: String,
    /// The import.
    pub import: ImportId,
    /// Which.
    pub only: ImportRows,
    /// The position of the last row of the page before; none for the first page.
    pub after: Option<u32>,
    /// At most 1,000.
    pub limit: u32,
}

/// A row of an import, as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    /// Place in the order of submission, from 0.
    pub position: u32,
    /// The file's line; 0 for one that was added.
    pub line: u32,
    /// The address, where it is still known.
    pub email: String,
    /// First and last name; may be empty.
    pub name: String,
    /// What became of the row.
    pub outcome: RowOutcome,
    /// The sentence, where there is something to say.
    pub message: String,
    /// How its person's invitation stands now, where there is one.
    pub status: Option<InvitationStatus>,
}

/// Some rows, and whether there are more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsPage {
    /// The rows.
    pub rows: Vec<ImportRow>,
    /// More follow.
    pub more: bool,
}

/// A row that was not invited, as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedRow {
    /// Place in the order of submission, from 0.
    pub position: u32,
    /// Its cells; kept for 30 days.
    pub draft: RowDraft,
    /// What became of it.
    pub outcome: RowOutcome,
    /// Why.
    pub message: String,
}

/// Some rows that failed, and whether there are more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedPage {
    /// Names of the columns kept as metadata.
    pub metadata_columns: Vec<String>,
    /// The rows.
    pub rows: Vec<FailedRow>,
    /// More follow.
    pub more: bool,
}

/// What an undo did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoAnswer {
    /// `Undone`, or `Undoing` where the job goes on with a long list.
    pub state: ImportState,
    /// Invitations that were taken back by this call.
    pub revoked: u32,
    /// Invitations that were accepted before, and stay.
    pub kept: u32,
}

/// Asks about distinct addresses and keys.
#[server(name = ImportsCheck, prefix = "/api", endpoint = "imports/check", input = Json, output = Json)]
pub async fn check(input: CheckBatch) -> Result<CheckAnswer, ApiError> {
    answer(ports().imports.check(&caller(), input).await)
}

/// Opens an import, or answers with the one that this key opened before.
#[server(name = ImportsBegin, prefix = "/api", endpoint = "imports/begin", input = Json, output = Json)]
pub async fn begin(input: BeginImport) -> Result<ImportStatus, ApiError> {
    answer(ports().imports.begin(&caller(), input).await)
}

/// Stores a chunk.
#[server(name = ImportsChunk, prefix = "/api", endpoint = "imports/chunk", input = Json, output = Json)]
pub async fn chunk(input: ImportChunk) -> Result<(), ApiError> {
    answer(ports().imports.chunk(&caller(), input).await)
}

/// Commits: up to 10,000 rows and 16 MB before the answer, and all or nothing; more by
/// the job (poll `status`).
#[server(name = ImportsCommit, prefix = "/api", endpoint = "imports/commit", input = Json, output = Json)]
pub async fn commit(input: ImportRef) -> Result<ImportStatus, ApiError> {
    answer(ports().imports.commit(&caller(), input).await)
}

/// Where the import stands.
#[server(name = ImportsStatus, prefix = "/api", endpoint = "imports/status", input = Json, output = Json)]
pub async fn status(input: ImportRef) -> Result<ImportStatus, ApiError> {
    answer(ports().imports.status(&caller(), input).await)
}

/// What became of the rows.
#[server(name = ImportsOutcomes, prefix = "/api", endpoint = "imports/outcomes", input = Json, output = Json)]
pub async fn outcomes(input: OutcomesRequest) -> Result<Vec<RowResult>, ApiError> {
    answer(ports().imports.outcomes(&caller(), input).await)
}

/// The tenant's newest imports, at most 100.
#[server(name = ImportsList, prefix = "/api", endpoint = "imports/list", input = Json, output = Json)]
pub async fn list(tenant: String) -> Result<Vec<ImportLine>, ApiError> {
    answer(ports().imports.list(&caller(), tenant).await)
}

/// One import.
#[server(name = ImportsShow, prefix = "/api", endpoint = "imports/show", input = Json, output = Json)]
pub async fn show(input: ImportRef) -> Result<ImportDetail, ApiError> {
    answer(ports().imports.show(&caller(), input).await)
}

/// A page of its rows.
#[server(name = ImportsRows, prefix = "/api", endpoint = "imports/rows", input = Json, output = Json)]
pub async fn rows(input: RowsRequest) -> Result<RowsPage, ApiError> {
    answer(ports().imports.rows(&caller(), input).await)
}

/// A page of the rows that failed, as they were sent; `only` does not matter.
#[server(name = ImportsFailed, prefix = "/api", endpoint = "imports/failed", input = Json, output = Json)]
pub async fn failed(input: RowsRequest) -> Result<FailedPage, ApiError> {
    answer(ports().imports.failed(&caller(), input).await)
}

/// Takes back what an import made and nobody accepted. A second time it changes nothing.
#[server(name = ImportsUndo, prefix = "/api", endpoint = "imports/undo", input = Json, output = Json)]
pub async fn undo(input: ImportRef) -> Result<UndoAnswer, ApiError> {
    answer(ports().imports.undo(&caller(), input).await)
}

/// Lets an import that failed go on where it stopped.
#[server(name = ImportsRetry, prefix = "/api", endpoint = "imports/retry", input = Json, output = Json)]
pub async fn retry(input: ImportRef) -> Result<ImportStatus, ApiError> {
    answer(ports().imports.retry(&caller(), input).await)
}

/// Forgets an upload that was never committed.
#[server(name = ImportsAbandon, prefix = "/api", endpoint = "imports/abandon", input = Json, output = Json)]
pub async fn abandon(input: ImportRef) -> Result<(), ApiError> {
    answer(ports().imports.abandon(&caller(), input).await)
}
