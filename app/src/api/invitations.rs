//! The admin's list of invitations: one line per person that unfolds.

use std::collections::BTreeMap;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

use super::ApiError;
#[cfg(feature = "ssr")]
use super::respond::{answer, caller, ports};
use crate::domain::{
    counts::Counts,
    id::{BundleId, CatalogItemId, ImportId, InvitationId, UserId},
    invitation::{DeliveryStatus, InvitationKind, InvitationStatus},
    role::Role,
    time::{CivilDate, Timestamp},
};

/// Which bundles: everything that is named must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InvitationFilter {
    /// Part of an address or a name; empty: all.
    pub search: String,
    /// Only bundles of this status.
    pub status: Option<InvitationStatus>,
    /// Only bundles whose newest mail stands so.
    pub delivery: Option<DeliveryStatus>,
    /// Only those that offer this role.
    pub role: Option<Role>,
    /// Only those with an invitation of this kind.
    pub kind: Option<InvitationKind>,
    /// Only this inviter's.
    pub inviter: Option<UserId>,
    /// Only those that this import made.
    pub import: Option<ImportId>,
    /// Only those with an invitation to this course or program.
    pub target: Option<CatalogItemId>,
    /// Only those from this source; empty: any.
    pub source: String,
    /// Only those that are switched on, or off.
    pub active: Option<bool>,
    /// Only those with an invitation that was made for an address without an account, or
    /// for nobody yet; in a tenant's own list, only the latter (S29).
    pub placeholder: bool,
    /// In a list over all tenants, only this tenant's; its slug.
    pub tenant: String,
    /// Only those made on this day of the tenant's zone or later; over all tenants, of UTC.
    pub from: Option<CivilDate>,
    /// Only those made on this day or earlier.
    pub to: Option<CivilDate>,
}

impl InvitationFilter {
    /// Whether blank placeholders that nobody has used are left out: thousands of them stand
    /// in their batch, and would bury the people in a list. They are shown where their status,
    /// their source or placeholders are asked for.
    pub fn leaves_out_nobody(&self) -> bool {
        self.status.is_none() && !self.placeholder && self.source.is_empty()
    }
}

/// Rows that one call looks at where a filter has no index of its own: fewer lines than
/// were asked for may come, and the list goes on after them.
pub const LOOKED_AT: u32 = 5_000;

/// What a list is ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    /// When it was made.
    #[default]
    Created,
    /// When it expires.
    Expires,
    /// When its leading status changed.
    Changed,
    /// The invitee's folded name and address.
    Invitee,
}

/// Which bundles, in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListInvitations {
    /// The tenant's slug; empty: all tenants (super-admins).
    pub tenant: String,
    /// Which.
    pub filter: InvitationFilter,
    /// In which order.
    pub sort: SortBy,
    /// Times begin with the latest and names with A; true turns that round.
    pub reversed: bool,
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
    /// Its tenant's slug.
    pub tenant: String,
    /// Its tenant's name.
    pub tenant_name: String,
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
    /// When it goes out, where it is scheduled.
    pub send_at: Option<Timestamp>,
    /// Reminders so far.
    pub reminders: u8,
    /// Who invited.
    pub invited_by: String,
    /// Where it comes from: in the words of who made it, else the import's file name.
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
    /// Why, where somebody or something ended it for a reason; may be empty.
    pub reason: String,
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

/// Everything about one bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundlePage {
    /// What the list shows of it.
    pub line: BundleLine,
    /// Labels on acceptance, separated by `|`.
    pub group: String,
    /// The person's id in another system; may be empty.
    pub external_id: String,
    /// What the admin wrote to the person; may be empty.
    pub note: String,
    /// The import that made it.
    pub import: Option<ImportId>,
    /// Where the person goes after accepting, on this origin; may be empty.
    pub redirect: String,
    /// What is kept with it, by name.
    pub metadata: Vec<(String, String)>,
    /// The one before it, where it was made anew.
    pub previous: Option<BundleId>,
    /// The one that was made anew after it.
    pub next: Option<BundleId>,
    /// Whether its inviter may no longer invite: its links are neutral until somebody
    /// resends it (S24).
    pub orphaned: bool,
    /// Whether the caller may copy a link (S26).
    pub may_copy: bool,
    /// What happened, oldest first.
    pub timeline: Vec<Happened>,
}

/// One line of a bundle's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Event,
    /// The mail's state by now, where it is about one.
    pub delivery: Option<DeliveryStatus>,
    /// Who did it; empty: nobody, or the server.
    pub who: String,
    /// About which targets, where not about all; or why; may be empty.
    pub note: String,
}

/// What can happen to a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It was made, or gained targets.
    Invited,
    /// A mail stands in the outbox.
    MailQueued,
    /// A mail came to where it is by now.
    Mail,
    /// It goes out then.
    Scheduled,
    /// What was scheduled went out.
    Sent,
    /// The mail went out anew.
    Resent,
    /// It was switched off.
    Deactivated,
    /// It was switched on again.
    Activated,
    /// A reminder went into the outbox.
    Reminded,
    /// It ends later.
    Extended,
    /// An admin took a link.
    LinkCopied,
    /// A blank one was given to a person.
    Assigned,
    /// A redemption code was shown, downloaded or printed.
    CodeRevealed,
    /// Somebody else answers for it.
    TakenOver,
    /// It was made anew after its end.
    Reinvited,
    /// The person said yes.
    Accepted,
    /// The person said no.
    Declined,
    /// Its time ran out.
    Expired,
    /// It was taken back.
    Revoked,
    /// The person asked never to be invited again.
    Suppressed,
}

/// Names a bundle of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendBundle {
    /// The tenant's slug.
    pub tenant: String,
    /// The bundle.
    pub bundle: BundleId,
    /// Its new last day, in the tenant's zone.
    pub until: CivilDate,
}

/// A link that is shown once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopiedLink {
    /// The whole address.
    pub link: String,
    /// Until when it works.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for CopiedLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CopiedLink(redacted)")
    }
}

/// Somebody who invited in a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inviter {
    /// The account.
    pub user: UserId,
    /// On the screen.
    pub name: String,
}

/// How many bundles a filter leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matching {
    /// All of them.
    pub all: u64,
    /// Those that are live.
    pub live: u64,
    /// There may be more: so many were not counted to the end.
    pub more: bool,
}

/// What the things are called that a filter names by their ids; empty: it names none, or
/// one that the caller does not see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterNames {
    /// The tenant.
    pub tenant: String,
    /// The course or program.
    pub target: String,
    /// The inviter.
    pub inviter: String,
}

/// Which bundles an act in bulk is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// These, at most [`BULK_BATCH`].
    These(Vec<BundleId>),
    /// The next [`BULK_BATCH`] that a filter leaves, newest first.
    Matching {
        /// The filter.
        filter: InvitationFilter,
        /// Those before this one, from the answer before.
        before: Option<BundleId>,
    },
}

/// What is done to many bundles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkAct {
    /// Send each one's mail anew.
    Resend,
    /// Move each one's end to this day.
    Extend(CivilDate),
    /// Remind each person.
    Remind,
    /// Switch each one on again.
    Activate,
    /// Switch each one off.
    Deactivate,
    /// Take each one back.
    Revoke,
}

/// Bundles that one call deals with.
pub const BULK_BATCH: usize = 100;

/// One batch of an act in bulk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkBatch {
    /// The tenant's slug; empty: all tenants (super-admins).
    pub tenant: String,
    /// Chosen by the caller for this batch: the same key with the same content gives the
    /// stored answer and does nothing again.
    pub idempotency_key: String,
    /// What is done.
    pub act: BulkAct,
    /// To which.
    pub which: Which,
}

/// What became of one bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkOutcome {
    /// It is done.
    Done,
    /// It was at an end already.
    NotLive,
    /// It is switched off.
    SwitchedOff,
    /// It is on, or off, already.
    AlreadySo,
    /// The person was reminded as often as may be.
    RemindedEnough,
    /// There is no mail that arrived to remind of.
    NothingToRemindOf,
    /// Its mail goes out later.
    Scheduled,
    /// Its last mail was queued less than a minute ago.
    TooSoon,
    /// A quota of mails is used up.
    OverQuota,
    /// It ends on that day or later already.
    EndsLater,
    /// The person asked never to be invited.
    Suppressed,
    /// There is no such invitation here.
    Missing,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkDone {
    /// How many of each kind; they add up to the batch.
    pub outcomes: Counts<BulkOutcome, u32>,
    /// Where the next batch begins; none: there is none.
    pub next: Option<BundleId>,
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

/// Sends the mail anew, and every older link dies; what is scheduled goes out now.
#[server(name = InvitationsResend, prefix = "/api", endpoint = "invitations/resend", input = Json, output = Json)]
pub async fn resend(input: BundleRef) -> Result<BundleLine, ApiError> {
    answer(ports().invitations.resend(&caller(), input).await)
}

/// Takes the bundle's live invitations back; every link dies.
#[server(name = InvitationsRevoke, prefix = "/api", endpoint = "invitations/revoke", input = Json, output = Json)]
pub async fn revoke(input: BundleRef) -> Result<BundleLine, ApiError> {
    answer(ports().invitations.revoke(&caller(), input).await)
}

/// Mails a reminder with a link of its own; older links live on. Three times at most.
#[server(name = InvitationsRemind, prefix = "/api", endpoint = "invitations/remind", input = Json, output = Json)]
pub async fn remind(input: BundleRef) -> Result<BundleLine, ApiError> {
    answer(ports().invitations.remind(&caller(), input).await)
}

/// Makes what was declined, revoked or ran out anew, linked to the one before; the answer
/// is the new one.
#[server(name = InvitationsReinvite, prefix = "/api", endpoint = "invitations/reinvite", input = Json, output = Json)]
pub async fn reinvite(input: BundleRef) -> Result<BundleLine, ApiError> {
    answer(ports().invitations.reinvite(&caller(), input).await)
}

/// Switches what is live on again: a mail that was held goes out.
#[server(name = InvitationsActivate, prefix = "/api", endpoint = "invitations/activate", input = Json, output = Json)]
pub async fn activate(input: BundleRef) -> Result<BundleLine, ApiError> {
    answer(ports().invitations.activate(&caller(), input).await)
}

/// Switches what is live off: no mail, nobody accepts it, its time runs on.
#[server(name = InvitationsDeactivate, prefix = "/api", endpoint = "invitations/deactivate", input = Json, output = Json)]
pub async fn deactivate(input: BundleRef) -> Result<BundleLine, ApiError> {
    answer(ports().invitations.deactivate(&caller(), input).await)
}

/// One bundle with its timeline.
#[server(name = InvitationsShow, prefix = "/api", endpoint = "invitations/show", input = Json, output = Json)]
pub async fn show(input: BundleRef) -> Result<BundlePage, ApiError> {
    answer(ports().invitations.show(&caller(), input).await)
}

/// Moves the end of what is live to a later day.
#[server(name = InvitationsExtend, prefix = "/api", endpoint = "invitations/extend", input = Json, output = Json)]
pub async fn extend(input: ExtendBundle) -> Result<BundleLine, ApiError> {
    answer(ports().invitations.extend(&caller(), input).await)
}

/// Makes a link for the clipboard; it is shown this once (S26).
#[server(name = InvitationsCopyLink, prefix = "/api", endpoint = "invitations/copy_link", input = Json, output = Json)]
pub async fn copy_link(input: BundleRef) -> Result<CopiedLink, ApiError> {
    answer(ports().invitations.copy_link(&caller(), input).await)
}

/// Who invited in this tenant, by name.
#[server(name = InvitationsInviters, prefix = "/api", endpoint = "invitations/inviters", input = Json, output = Json)]
pub async fn inviters(tenant: String) -> Result<Vec<Inviter>, ApiError> {
    answer(ports().invitations.inviters(&caller(), tenant).await)
}

/// How many a filter leaves.
#[server(name = InvitationsMatching, prefix = "/api", endpoint = "invitations/matching", input = Json, output = Json)]
pub async fn matching(tenant: String, filter: InvitationFilter) -> Result<Matching, ApiError> {
    answer(
        ports()
            .invitations
            .matching(&caller(), tenant, filter)
            .await,
    )
}

/// What the things are called that a filter names.
#[server(name = InvitationsNamed, prefix = "/api", endpoint = "invitations/named", input = Json, output = Json)]
pub async fn named(tenant: String, filter: InvitationFilter) -> Result<FilterNames, ApiError> {
    answer(ports().invitations.named(&caller(), tenant, filter).await)
}

/// One batch of an act in bulk.
#[server(name = InvitationsBulk, prefix = "/api", endpoint = "invitations/bulk", input = Json, output = Json)]
pub async fn bulk(input: BulkBatch) -> Result<BulkDone, ApiError> {
    answer(ports().invitations.bulk(&caller(), input).await)
}
