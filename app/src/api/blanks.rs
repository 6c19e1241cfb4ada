//! Blank placeholders: invitations for people nobody knows yet, each with a redemption
//! code. Those that share a source are a batch.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

#[cfg(feature = "ssr")]
use super::respond::{answer, caller, ports};
use super::{
    ApiError,
    invitations::{BundleLine, BundleRef},
};
use crate::domain::{
    counts::Counts,
    id::{BundleId, CatalogItemId},
    invitation::InvitationStatus,
    role::Role,
    time::{CivilDate, Timestamp},
};

/// Blank invitations of one form, at most.
pub const MOST_BLANKS: u32 = 10_000;
/// Codes that one call reveals, at most.
pub const CODES_PAGE: u32 = 500;
/// Characters of a source, at most.
pub const LONGEST_SOURCE: usize = 100;

/// What the form of blank ones says (super-admins).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateBlanks {
    /// The tenant's slug; empty: none was chosen.
    pub tenant: String,
    /// Chosen by the caller: the same key with the same content gives the stored answer.
    pub idempotency_key: String,
    /// How many: 1 to [`MOST_BLANKS`].
    pub count: u32,
    /// What they are found by, such as “Open day 2026”; required.
    pub source: String,
    /// Invites to the tenant itself.
    pub platform: bool,
    /// Courses to invite to.
    pub courses: Vec<CatalogItemId>,
    /// Programs to invite to.
    pub programs: Vec<CatalogItemId>,
    /// Not switched off.
    pub active: bool,
    /// The role on acceptance.
    pub role: Role,
    /// The last day, in the tenant's zone; none: as the tenant has it.
    pub expires_on: Option<CivilDate>,
    /// The first day of what courses and programs give, in the tenant's zone.
    pub access_from: Option<CivilDate>,
    /// The last one.
    pub access_until: Option<CivilDate>,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlanksMade {
    /// What they are found by.
    pub source: String,
    /// How many.
    pub made: u32,
}

/// A batch in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchLine {
    /// What its invitations share.
    pub source: String,
    /// How many were made.
    pub made: u64,
    /// How many are nobody's yet; counted to [`COUNTED`](crate::domain::counts::COUNTED) + 1 and no further.
    pub unassigned: u64,
    /// When the first was made.
    pub created_at: Timestamp,
}

/// Batches, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchesPage {
    /// A page of them.
    pub batches: Vec<BatchLine>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<BatchMark>,
}

/// A place in the list of batches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchMark {
    /// When the last of the page was first made; opaque.
    pub made: String,
    /// Its source.
    pub source: String,
}

/// Names a batch, and where a page of it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRef {
    /// The tenant's slug.
    pub tenant: String,
    /// What its invitations share.
    pub source: String,
    /// After this one; none: from the first.
    pub after: Option<BundleId>,
}

/// A batch, with a page of its invitations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPage {
    /// How many stand where.
    pub by_status: Counts<InvitationStatus, u64>,
    /// When the first was made.
    pub first_at: Timestamp,
    /// When the last was made.
    pub last_at: Timestamp,
    /// Who made them, by name.
    pub made_by: String,
    /// Whether the caller may see codes (S26).
    pub may_reveal: bool,
    /// In the order of making.
    pub lines: Vec<BlankLine>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<BundleId>,
}

/// One invitation of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlankLine {
    /// The bundle.
    pub bundle: BundleId,
    /// Where it stands.
    pub status: InvitationStatus,
    /// Switched on.
    pub active: bool,
    /// Whose it is now; empty: nobody's.
    pub who: String,
    /// When the status changed.
    pub changed_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A code, shown to somebody who may see it; that it was is written down.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevealedCode {
    /// Of which invitation.
    pub bundle: BundleId,
    /// In groups of four.
    pub code: String,
    /// Opens it.
    pub link: String,
    /// The tenant's name.
    pub tenant: String,
    /// What it is for.
    pub titles: Vec<String>,
    /// Its last day, in the tenant's zone.
    pub last_day: Option<CivilDate>,
    /// Until when.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for RevealedCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RevealedCode(redacted)")
    }
}

/// Some of a batch's codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodesPage {
    /// Those that are good now, in the order of making.
    pub codes: Vec<RevealedCode>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<BundleId>,
}

/// Gives a blank invitation to somebody whose address is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignBlank {
    /// The tenant's slug.
    pub tenant: String,
    /// The invitation.
    pub bundle: BundleId,
    /// The person's address.
    pub email: String,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
}

/// How far taking the rest of a batch back has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestRevoked {
    /// Taken back by this call.
    pub revoked: u32,
    /// There may be more: call again.
    pub more: bool,
}

/// Makes blank invitations, all or none (super-admins).
#[server(name = BlanksCreate, prefix = "/api", endpoint = "blanks/create", input = Json, output = Json)]
pub async fn create(input: CreateBlanks) -> Result<BlanksMade, ApiError> {
    answer(ports().blanks.create(&caller(), input).await)
}

/// A tenant's batches, the newest first, a page at a time.
#[server(name = BlanksList, prefix = "/api", endpoint = "blanks/list", input = Json, output = Json)]
pub async fn list(tenant: String, after: Option<BatchMark>) -> Result<BatchesPage, ApiError> {
    answer(ports().blanks.list(&caller(), tenant, after).await)
}

/// One batch.
#[server(name = BlanksShow, prefix = "/api", endpoint = "blanks/show", input = Json, output = Json)]
pub async fn show(input: BatchRef) -> Result<BatchPage, ApiError> {
    answer(ports().blanks.show(&caller(), input).await)
}

/// The code of one invitation that is nobody's yet; written down (S26).
#[server(name = BlanksCode, prefix = "/api", endpoint = "blanks/code", input = Json, output = Json)]
pub async fn code(input: BundleRef) -> Result<RevealedCode, ApiError> {
    answer(ports().blanks.code(&caller(), input).await)
}

/// At most [`CODES_PAGE`] codes of a batch; each is written down (S26).
#[server(name = BlanksCodes, prefix = "/api", endpoint = "blanks/codes", input = Json, output = Json)]
pub async fn codes(input: BatchRef) -> Result<CodesPage, ApiError> {
    answer(ports().blanks.codes(&caller(), input).await)
}

/// Binds one to an address: its code dies, and a mail goes there.
#[server(name = BlanksAssign, prefix = "/api", endpoint = "blanks/assign", input = Json, output = Json)]
pub async fn assign(input: AssignBlank) -> Result<BundleLine, ApiError> {
    answer(ports().blanks.assign(&caller(), input).await)
}

/// Takes back what is nobody's yet, some of it a call.
#[server(name = BlanksRevoke, prefix = "/api", endpoint = "blanks/revoke_rest", input = Json, output = Json)]
pub async fn revoke_rest(input: BatchRef) -> Result<RestRevoked, ApiError> {
    answer(ports().blanks.revoke_rest(&caller(), input).await)
}
