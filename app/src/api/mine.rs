//! The learner's home: my invitations, my courses.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

use super::ApiError;
#[cfg(feature = "ssr")]
use super::respond::{answer, caller, ports};
use crate::domain::{
    id::{CatalogItemId, InvitationId, TenantId},
    invitation::{InvitationKind, InvitationStatus},
    time::Timestamp,
};

/// One of my invitations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyInvitation {
    /// The invitation.
    pub invitation: InvitationId,
    /// Who offers.
    pub tenant: String,
    /// What kind.
    pub kind: InvitationKind,
    /// The tenant's name or the item's title.
    pub title: String,
    /// Who invites.
    pub inviter: String,
    /// Where it stands.
    pub status: InvitationStatus,
    /// Since when.
    pub status_changed_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// Declined, and for so many seconds more that can be taken back.
    pub undo_seconds: Option<u64>,
}

/// Where a window of access stands, by the server's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// It has not begun.
    Later,
    /// Now.
    Open,
    /// It has ended.
    Over,
}

/// One of my courses or programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyCourse {
    /// The item.
    pub item: CatalogItemId,
    /// `Course` or `Program`.
    pub kind: InvitationKind,
    /// Its title.
    pub title: String,
    /// Whose: two may have the same name.
    pub tenant_id: TenantId,
    /// Its name.
    pub tenant: String,
    /// Since when.
    pub enrolled_at: Timestamp,
    /// From when it can be used; none: from the beginning.
    pub starts_at: Option<Timestamp>,
    /// Until when; none: without end.
    pub ends_at: Option<Timestamp>,
    /// Whether that is now.
    pub access: Access,
    /// Titles of a program's courses, in their order.
    pub courses: Vec<String>,
}

/// Everything on the learner's home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyHome {
    /// Pending first, then the newest 50 others.
    pub invitations: Vec<MyInvitation>,
    /// By the tenant's name, then by title.
    pub courses: Vec<MyCourse>,
    /// The same.
    pub programs: Vec<MyCourse>,
}

/// The learner's home.
#[server(name = MineHome, prefix = "/api", endpoint = "mine/home", input = Json, output = Json)]
pub async fn home() -> Result<MyHome, ApiError> {
    answer(ports().mine.home(&caller()).await)
}

/// Accepts one of my pending invitations.
#[server(name = MineAccept, prefix = "/api", endpoint = "mine/accept", input = Json, output = Json)]
pub async fn accept(invitation: InvitationId) -> Result<(), ApiError> {
    answer(ports().mine.accept(&caller(), invitation).await)
}

/// Declines one of my pending invitations; for ten seconds that can be taken back.
#[server(name = MineDecline, prefix = "/api", endpoint = "mine/decline", input = Json, output = Json)]
pub async fn decline(invitation: InvitationId) -> Result<(), ApiError> {
    answer(ports().mine.decline(&caller(), invitation).await)
}

/// Takes a refusal back that does not count yet.
#[server(name = MineUndoDecline, prefix = "/api", endpoint = "mine/undo_decline", input = Json, output = Json)]
pub async fn undo_decline(invitation: InvitationId) -> Result<(), ApiError> {
    answer(ports().mine.undo_decline(&caller(), invitation).await)
}
