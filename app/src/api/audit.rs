//! The record of who did what to what: read, never written, from here.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

use super::ApiError;
#[cfg(feature = "ssr")]
use super::respond::{answer, caller, ports};
use crate::domain::{
    id::{BundleId, UserId},
    time::{CivilDate, Timestamp},
};

/// Which events: everything that is named must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditFilter {
    /// Only what this account did.
    pub who: Option<UserId>,
    /// Only such acts, as `invitation.revoked`; empty: any.
    pub action: String,
    /// Only what was done to this: the id of an invitation, an account, an import …
    pub subject: String,
    /// Only on this day of the tenant's zone or later; over all tenants, of UTC.
    pub from: Option<CivilDate>,
    /// Only on this day or earlier.
    pub to: Option<CivilDate>,
}

/// Which events, page by page, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListAudit {
    /// The tenant's slug; empty: all tenants, and what belongs to none (super-admins).
    pub tenant: String,
    /// Which.
    pub filter: AuditFilter,
    /// Opaque, from the page before.
    pub after: Option<String>,
    /// 1–500; 0 means 50.
    pub limit: u32,
}

/// One event. Its names are those of now, as far as the caller may see them; the record
/// itself has ids alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// The event's id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Who: a name, a job, or that it was nobody who is named here.
    pub who: String,
    /// What, as `invitation.revoked`.
    pub action: String,
    /// To what kind of thing, as `invitation`.
    pub subject: String,
    /// The thing's id.
    pub subject_id: String,
    /// What the thing is called; empty: it is gone, or not the caller's to see.
    pub about: String,
    /// The bundle whose page shows it, if one does.
    pub bundle: Option<BundleId>,
    /// The tenant's slug and name; empty: none.
    pub tenant: String,
    /// Its name.
    pub tenant_name: String,
}

/// A page of events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The events; a filter may leave few or none of those that one call looks at.
    pub lines: Vec<AuditLine>,
    /// Present where more follow.
    pub next: Option<String>,
}

/// A page of the record.
#[server(name = AuditList, prefix = "/api", endpoint = "audit/list", input = Json, output = Json)]
pub async fn list(input: ListAudit) -> Result<AuditPage, ApiError> {
    answer(ports().audit.list(&caller(), input).await)
}
