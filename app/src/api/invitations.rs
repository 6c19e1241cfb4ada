//! The admin's list of invitations: one line per person that unfolds.

use std::collections::BTreeMap;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

use super::ApiError;
#[cfg(feature = "ssr")]
use super::respond::{answer, caller, ports};
use crate::domain::{
    id::{BundleId, InvitationId},
    invitation::{DeliveryStatus, InvitationKind, InvitationStatus},
    role::Role,
    time::Timestamp,
};

/// Which bundles, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListInvitations {
    /// The tenant's slug.
    pub tenant: String,
    /// Part of an address or a name; empty: all.
    pub search: String,
    /// Only bundles of this status.
    pub status: Option<InvitationStatus>,
    /// Opaque keyset cursor, from the page before.
    pub after: Option<String>,
    /// 1–100; 0 means 50.
    pub limit: u32,
}

/// One person's invitations by one act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleLine {
    /// The bundle.
    pub bundle: BundleId,
    /// The address as typed.
    pub email: String,
    /// As invited; may be empty.
    pub name: String,
    /// The role on acceptance.
    pub role: Role,
    /// The leading status (`InvitationStatus::of_bundle`).
    pub status: InvitationStatus,
    /// False: switched off.
    pub active: bool,
    /// The newest mail's state; none where no mail was asked for.
    pub delivery: Option<DeliveryStatus>,
    /// When that mail was sent, or is to be.
    pub delivery_at: Option<Timestamp>,
    /// Why the mail did not go, in words.
    pub delivery_note: String,
    /// Who invited.
    pub invited_by: String,
    /// The import's file name, where a file made it.
    pub source: String,
    /// When.
    pub created_at: Timestamp,
    /// When the live ones expire.
    pub expires_at: Timestamp,
    /// What the person is invited to: the tenant first, then programs, courses.
    pub targets: Vec<TargetLine>,
}

/// One invitation of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetLine {
    /// The invitation.
    pub invitation: InvitationId,
    /// What kind.
    pub kind: InvitationKind,
    /// The tenant's name or the item's title.
    pub title: String,
    /// Its own status.
    pub status: InvitationStatus,
    /// Since when.
    pub status_changed_at: Timestamp,
}

/// A page of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationsPage {
    /// The lines.
    pub bundles: Vec<BundleLine>,
    /// Present where more follow.
    pub next: Option<String>,
}

/// Names a bundle of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleRef {
    /// The tenant's slug.
    pub tenant: String,
    /// The bundle.
    pub bundle: BundleId,
}

/// A page of the list.
#[server(name = InvitationsList, prefix = "/api", endpoint = "invitations/list", input = Json, output = Json)]
pub async fn list(input: ListInvitations) -> Result<InvitationsPage, ApiError> {
    answer(ports().invitations.list(&caller(), input).await)
}

/// People by status.
#[server(name = InvitationsCounts, prefix = "/api", endpoint = "invitations/counts", input = Json, output = Json)]
pub async fn counts(tenant: String) -> Result<BTreeMap<InvitationStatus, u64>, ApiError> {
    answer(ports().invitations.counts(&caller(), tenant).await)
}

/// Sends the mail anew; every older link dies.
#[server(name = InvitationsResend, prefix = "/api", endpoint = "invitations/resend", input = Json, output = Json)]
pub async fn resend(input: BundleRef) -> Result<BundleLine, ApiError> {
    answer(ports().invitations.resend(&caller(), input).await)
}

/// Takes the bundle's live invitations back; every link dies.
#[server(name = InvitationsRevoke, prefix = "/api", endpoint = "invitations/revoke", input = Json, output = Json)]
pub async fn revoke(input: BundleRef) -> Result<BundleLine, ApiError> {
    answer(ports().invitations.revoke(&caller(), input).await)
}
