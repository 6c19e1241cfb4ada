//! What the server implements. Every method takes the caller first; an
//! implementation authorises in its first line.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use async_trait::async_trait;

use crate::{
    api::{
        ApiError,
        accounts::{ChangeEmail, ChangePassword, Profile, Rename, ResetPassword},
        apps::{AppCounts, CreateInvitations, MailPreview, PersonMade},
        audit::{AuditPage, ListAudit},
        blanks::{
            AssignBlank, BatchMark, BatchPage, BatchRef, BatchesPage, BlanksMade, CodesPage,
            CreateBlanks, RestRevoked, RevealedCode,
        },
        catalog::{
            CatalogDetail, CatalogPage, CatalogRef, CreateItem, EditItem, EverywherePage,
            FoundItem, ListCatalog, ListEverywhere,
        },
        demo::{MailView, MailsPage},
        imports::{
            BeginImport, CheckAnswer, CheckBatch, FailedPage, ImportChunk, ImportDetail,
            ImportLine, ImportRef, ImportStatus, OutcomesRequest, RowResult, RowsPage, RowsRequest,
            UndoAnswer,
        },
        invitations::{
            BulkBatch, BulkDone, BundleLine, BundlePage, BundleRef, CopiedLink, ExtendBundle,
            FilterNames, InvitationFilter, InvitationsPage, Inviter, ListInvitations, Matching,
        },
        landing::{Landing, NeverAgain, NeverInvite, Register},
        mine::MyHome,
        people::{ListPeople, MemberRef, MemberTies, PeoplePage, RemoveMember, SetGroup, SetRole},
        redeem::RegisterByCode,
        session::{Current, Me, SignIn},
        tenants::{
            ChangeSettings, CreateTenant, EditTenant, FoundTenant, ListTenants, SeatsTaken,
            SetSeats, TenantOverview, TenantSettings, TenantsPage,
        },
        users::{CreateUser, EditUser, FoundUser, ListUsers, UserDetail, UsersPage},
    },
    bulk::table::RowDone,
    domain::{
        actor::Actor,
        id::{CatalogItemId, InvitationId, TenantId, UserId},
        invitation::{InvitationKind, InvitationStatus},
    },
};

/// Who asks, from where, with which cookies.
#[derive(Clone)]
pub struct Caller {
    /// Resolved from the session cookie.
    pub actor: Actor,
    /// The peer, or what a trusted proxy says; keys the throttles.
    pub peer: IpAddr,
    /// The landing cookie's value, not yet checked.
    pub landing: Option<LandingCookie>,
    /// The `User-Agent`, cut to 200 characters.
    pub user_agent: String,
}

/// The landing cookie's value; it cannot print.
#[derive(Clone)]
pub struct LandingCookie(pub String);

impl std::fmt::Debug for LandingCookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LandingCookie(redacted)")
    }
}

/// `Set-Cookie` header values to send with an answer.
pub type Cookies = Vec<String>;

/// Every port, in one place.
pub struct Ports {
    /// Sign in, who am I, sign out.
    pub sessions: Arc<dyn Sessions>,
    /// The own account.
    pub accounts: Arc<dyn Accounts>,
    /// Everybody's accounts.
    pub users: Arc<dyn Users>,
    /// Tenants.
    pub tenants: Arc<dyn Tenants>,
    /// Members.
    pub people: Arc<dyn People>,
    /// Courses and programs.
    pub catalog: Arc<dyn Catalog>,
    /// Imports.
    pub imports: Arc<dyn Imports>,
    /// The admin's invitations.
    pub invitations: Arc<dyn Invitations>,
    /// Invitations that a super-admin makes by hand.
    pub apps: Arc<dyn Apps>,
    /// Blank invitations and their codes.
    pub blanks: Arc<dyn Blanks>,
    /// The way in by a code.
    pub redeem: Arc<dyn Redeem>,
    /// Who did what.
    pub audit: Arc<dyn Audit>,
    /// The invitee's link.
    pub landing: Arc<dyn LandingPort>,
    /// The learner's home.
    pub mine: Arc<dyn Mine>,
    /// The demo's mailbox.
    pub demo: Arc<dyn Demo>,
}

/// See [`crate::api::session`].
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Who is signed in here.
    async fn current(&self, caller: &Caller) -> Result<Current, ApiError>;
    /// A new session.
    async fn sign_in(&self, caller: &Caller, input: SignIn) -> Result<(Me, Cookies), ApiError>;
    /// Ends this session, or all of the user's.
    async fn sign_out(&self, caller: &Caller, everywhere: bool) -> Result<Cookies, ApiError>;
}

/// See [`crate::api::accounts`].
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Mails a link to choose a new password.
    async fn forgot(&self, caller: &Caller, email: String) -> Result<(), ApiError>;
    /// Whether a link is good.
    async fn reset_check(&self, caller: &Caller, token: String) -> Result<(), ApiError>;
    /// A new password by a link, and a new session.
    async fn reset(&self, caller: &Caller, input: ResetPassword)
    -> Result<(Me, Cookies), ApiError>;
    /// The own account.
    async fn profile(&self, caller: &Caller) -> Result<Profile, ApiError>;
    /// Changes the names.
    async fn rename(&self, caller: &Caller, input: Rename) -> Result<(), ApiError>;
    /// Changes the password.
    async fn change_password(&self, caller: &Caller, input: ChangePassword)
    -> Result<(), ApiError>;
    /// Mails a code to the new address.
    async fn change_email(&self, caller: &Caller, input: ChangeEmail) -> Result<(), ApiError>;
    /// Mails a code to the own address.
    async fn send_code(&self, caller: &Caller) -> Result<(), ApiError>;
    /// Confirms an address by its code.
    async fn confirm(&self, caller: &Caller, code: String) -> Result<(), ApiError>;
    /// Deletes the own account.
    async fn delete(&self, caller: &Caller, current: String) -> Result<Cookies, ApiError>;
}

/// See [`crate::api::users`].
#[async_trait]
pub trait Users: Send + Sync {
    /// Who has these words.
    async fn find(&self, caller: &Caller, search: String) -> Result<Vec<FoundUser>, ApiError>;
    /// A page of accounts.
    async fn list(&self, caller: &Caller, input: ListUsers) -> Result<UsersPage, ApiError>;
    /// One account.
    async fn show(&self, caller: &Caller, user: UserId) -> Result<UserDetail, ApiError>;
    /// Makes one.
    async fn create(&self, caller: &Caller, input: CreateUser) -> Result<UserId, ApiError>;
    /// Makes one of each row.
    async fn upload(
        &self,
        caller: &Caller,
        rows: Vec<Vec<String>>,
    ) -> Result<Vec<RowDone>, ApiError>;
    /// Changes one.
    async fn edit(&self, caller: &Caller, input: EditUser) -> Result<(), ApiError>;
    /// Says that the address is the person's.
    async fn vouch(&self, caller: &Caller, user: UserId) -> Result<(), ApiError>;
    /// Ends sessions and links.
    async fn deactivate(&self, caller: &Caller, user: UserId) -> Result<(), ApiError>;
    /// Lets the account in again.
    async fn reactivate(&self, caller: &Caller, user: UserId) -> Result<(), ApiError>;
    /// Takes the person out of the account.
    async fn delete(&self, caller: &Caller, user: UserId) -> Result<(), ApiError>;
}

/// See [`crate::api::tenants`].
#[async_trait]
pub trait Tenants: Send + Sync {
    /// One tenant's start page.
    async fn overview(&self, caller: &Caller, slug: String) -> Result<TenantOverview, ApiError>;
    /// Those that have these words.
    async fn find(&self, caller: &Caller, search: String) -> Result<Vec<FoundTenant>, ApiError>;
    /// A page of all tenants.
    async fn list(&self, caller: &Caller, input: ListTenants) -> Result<TenantsPage, ApiError>;
    /// Makes one.
    async fn create(&self, caller: &Caller, input: CreateTenant) -> Result<(), ApiError>;
    /// Changes one.
    async fn edit(&self, caller: &Caller, input: EditTenant) -> Result<(), ApiError>;
    /// Shuts one.
    async fn disable(&self, caller: &Caller, tenant: TenantId) -> Result<(), ApiError>;
    /// Opens one again.
    async fn enable(&self, caller: &Caller, tenant: TenantId) -> Result<(), ApiError>;
    /// A tenant's seats.
    async fn seats(&self, caller: &Caller, slug: String) -> Result<Option<SeatsTaken>, ApiError>;
    /// Sets their number.
    async fn set_seats(&self, caller: &Caller, input: SetSeats) -> Result<(), ApiError>;
    /// A tenant's settings.
    async fn settings(&self, caller: &Caller, slug: String) -> Result<TenantSettings, ApiError>;
    /// Changes them.
    async fn change_settings(&self, caller: &Caller, input: ChangeSettings)
    -> Result<(), ApiError>;
}

/// See [`crate::api::people`].
#[async_trait]
pub trait People: Send + Sync {
    /// A page of members.
    async fn list(&self, caller: &Caller, input: ListPeople) -> Result<PeoplePage, ApiError>;
    /// What hangs on a member.
    async fn ties(&self, caller: &Caller, input: MemberRef) -> Result<MemberTies, ApiError>;
    /// Another role.
    async fn set_role(&self, caller: &Caller, input: SetRole) -> Result<(), ApiError>;
    /// Other labels.
    async fn set_group(&self, caller: &Caller, input: SetGroup) -> Result<(), ApiError>;
    /// Ends a membership.
    async fn remove(&self, caller: &Caller, input: RemoveMember) -> Result<(), ApiError>;
}

/// See [`crate::api::catalog`].
#[async_trait]
pub trait Catalog: Send + Sync {
    /// Any tenant's items that have these words.
    async fn find(
        &self,
        caller: &Caller,
        search: String,
        kind: InvitationKind,
    ) -> Result<Vec<FoundItem>, ApiError>;
    /// A page of items.
    async fn list(&self, caller: &Caller, input: ListCatalog) -> Result<CatalogPage, ApiError>;
    /// A page of all items.
    async fn everywhere(
        &self,
        caller: &Caller,
        input: ListEverywhere,
    ) -> Result<EverywherePage, ApiError>;
    /// One item.
    async fn show(&self, caller: &Caller, input: CatalogRef) -> Result<CatalogDetail, ApiError>;
    /// Makes one.
    async fn create(&self, caller: &Caller, input: CreateItem) -> Result<CatalogItemId, ApiError>;
    /// Makes one of each row.
    async fn upload(
        &self,
        caller: &Caller,
        rows: Vec<Vec<String>>,
    ) -> Result<Vec<RowDone>, ApiError>;
    /// Changes one.
    async fn edit(&self, caller: &Caller, input: EditItem) -> Result<(), ApiError>;
    /// Archives one.
    async fn archive(&self, caller: &Caller, input: CatalogRef) -> Result<u64, ApiError>;
}

/// See [`crate::api::imports`].
#[async_trait]
pub trait Imports: Send + Sync {
    /// What is known about these addresses and keys.
    async fn check(&self, caller: &Caller, input: CheckBatch) -> Result<CheckAnswer, ApiError>;
    /// Opens an import.
    async fn begin(&self, caller: &Caller, input: BeginImport) -> Result<ImportStatus, ApiError>;
    /// Stores a chunk.
    async fn chunk(&self, caller: &Caller, input: ImportChunk) -> Result<(), ApiError>;
    /// Commits.
    async fn commit(&self, caller: &Caller, input: ImportRef) -> Result<ImportStatus, ApiError>;
    /// Where it stands.
    async fn status(&self, caller: &Caller, input: ImportRef) -> Result<ImportStatus, ApiError>;
    /// What became of the rows.
    async fn outcomes(
        &self,
        caller: &Caller,
        input: OutcomesRequest,
    ) -> Result<Vec<RowResult>, ApiError>;
    /// The newest imports.
    async fn list(&self, caller: &Caller, slug: String) -> Result<Vec<ImportLine>, ApiError>;
    /// One import.
    async fn show(&self, caller: &Caller, input: ImportRef) -> Result<ImportDetail, ApiError>;
    /// A page of its rows.
    async fn rows(&self, caller: &Caller, input: RowsRequest) -> Result<RowsPage, ApiError>;
    /// The rows that failed.
    async fn failed(&self, caller: &Caller, input: RowsRequest) -> Result<FailedPage, ApiError>;
    /// Takes back what it made.
    async fn undo(&self, caller: &Caller, input: ImportRef) -> Result<UndoAnswer, ApiError>;
    /// Tries one that failed again.
    async fn retry(&self, caller: &Caller, input: ImportRef) -> Result<ImportStatus, ApiError>;
    /// Forgets one that was never committed.
    async fn abandon(&self, caller: &Caller, input: ImportRef) -> Result<(), ApiError>;
}

/// See [`crate::api::invitations`].
#[async_trait]
pub trait Invitations: Send + Sync {
    /// A page of bundles.
    async fn list(
        &self,
        caller: &Caller,
        input: ListInvitations,
    ) -> Result<InvitationsPage, ApiError>;
    /// People by status.
    async fn counts(
        &self,
        caller: &Caller,
        slug: String,
    ) -> Result<BTreeMap<InvitationStatus, u64>, ApiError>;
    /// Sends the mail anew.
    async fn resend(&self, caller: &Caller, input: BundleRef) -> Result<BundleLine, ApiError>;
    /// Takes the live ones back.
    async fn revoke(&self, caller: &Caller, input: BundleRef) -> Result<BundleLine, ApiError>;
    /// One bundle with its timeline.
    async fn show(&self, caller: &Caller, input: BundleRef) -> Result<BundlePage, ApiError>;
    /// Mails a reminder.
    async fn remind(&self, caller: &Caller, input: BundleRef) -> Result<BundleLine, ApiError>;
    /// Makes what came to an end anew.
    async fn reinvite(&self, caller: &Caller, input: BundleRef) -> Result<BundleLine, ApiError>;
    /// Switches what is live on again.
    async fn activate(&self, caller: &Caller, input: BundleRef) -> Result<BundleLine, ApiError>;
    /// Switches it off.
    async fn deactivate(&self, caller: &Caller, input: BundleRef) -> Result<BundleLine, ApiError>;
    /// Moves the end of what is live.
    async fn extend(&self, caller: &Caller, input: ExtendBundle) -> Result<BundleLine, ApiError>;
    /// Makes a link for the clipboard.
    async fn copy_link(&self, caller: &Caller, input: BundleRef) -> Result<CopiedLink, ApiError>;
    /// Who invited here.
    async fn inviters(&self, caller: &Caller, slug: String) -> Result<Vec<Inviter>, ApiError>;
    /// How many a filter leaves.
    async fn matching(
        &self,
        caller: &Caller,
        slug: String,
        filter: InvitationFilter,
    ) -> Result<Matching, ApiError>;
    /// What the things are called that a filter names.
    async fn named(
        &self,
        caller: &Caller,
        slug: String,
        filter: InvitationFilter,
    ) -> Result<FilterNames, ApiError>;
    /// One batch of an act in bulk.
    async fn bulk(&self, caller: &Caller, input: BulkBatch) -> Result<BulkDone, ApiError>;
}

/// See [`crate::api::apps`].
#[async_trait]
pub trait Apps: Send + Sync {
    /// How the mail will look.
    async fn preview(
        &self,
        caller: &Caller,
        input: CreateInvitations,
    ) -> Result<MailPreview, ApiError>;
    /// What became of each person.
    async fn create(
        &self,
        caller: &Caller,
        input: CreateInvitations,
    ) -> Result<Vec<PersonMade>, ApiError>;
    /// People by app and status.
    async fn counts(&self, caller: &Caller) -> Result<Vec<AppCounts>, ApiError>;
}

/// See [`crate::api::blanks`].
#[async_trait]
pub trait Blanks: Send + Sync {
    /// Makes many.
    async fn create(&self, caller: &Caller, input: CreateBlanks) -> Result<BlanksMade, ApiError>;
    /// A tenant's batches, after a place in their list.
    async fn list(
        &self,
        caller: &Caller,
        slug: String,
        after: Option<BatchMark>,
    ) -> Result<BatchesPage, ApiError>;
    /// One batch.
    async fn show(&self, caller: &Caller, input: BatchRef) -> Result<BatchPage, ApiError>;
    /// One code.
    async fn code(&self, caller: &Caller, input: BundleRef) -> Result<RevealedCode, ApiError>;
    /// A page of codes.
    async fn codes(&self, caller: &Caller, input: BatchRef) -> Result<CodesPage, ApiError>;
    /// Gives one to a person.
    async fn assign(&self, caller: &Caller, input: AssignBlank) -> Result<BundleLine, ApiError>;
    /// Takes some of the rest back.
    async fn revoke_rest(&self, caller: &Caller, input: BatchRef) -> Result<RestRevoked, ApiError>;
}

/// See [`crate::api::redeem`].
#[async_trait]
pub trait Redeem: Send + Sync {
    /// Exchanges a code for the cookie.
    async fn open(&self, caller: &Caller, code: String) -> Result<(Landing, Cookies), ApiError>;
    /// Registers and accepts.
    async fn register(
        &self,
        caller: &Caller,
        input: RegisterByCode,
    ) -> Result<(Me, Cookies), ApiError>;
}

/// See [`crate::api::audit`].
#[async_trait]
pub trait Audit: Send + Sync {
    /// A page of the record.
    async fn list(&self, caller: &Caller, input: ListAudit) -> Result<AuditPage, ApiError>;
}

/// See [`crate::api::landing`].
#[async_trait]
pub trait LandingPort: Send + Sync {
    /// Exchanges a token for the cookie.
    async fn open(&self, caller: &Caller, token: String) -> Result<(Landing, Cookies), ApiError>;
    /// What the cookie's bundle offers.
    async fn show(&self, caller: &Caller) -> Result<Landing, ApiError>;
    /// Registers and accepts.
    async fn register(&self, caller: &Caller, input: Register) -> Result<(Me, Cookies), ApiError>;
    /// Accepts as the signed-in invitee.
    async fn accept(&self, caller: &Caller) -> Result<Cookies, ApiError>;
    /// Never to be invited again.
    async fn never(&self, caller: &Caller, input: NeverInvite) -> Result<NeverAgain, ApiError>;
}

/// See [`crate::api::mine`].
#[async_trait]
pub trait Mine: Send + Sync {
    /// The home page.
    async fn home(&self, caller: &Caller) -> Result<MyHome, ApiError>;
    /// Accepts one.
    async fn accept(&self, caller: &Caller, invitation: InvitationId) -> Result<(), ApiError>;
    /// Declines one, from ten seconds on.
    async fn decline(&self, caller: &Caller, invitation: InvitationId) -> Result<(), ApiError>;
    /// Takes that back.
    async fn undo_decline(&self, caller: &Caller, invitation: InvitationId)
    -> Result<(), ApiError>;
}

/// See [`crate::api::demo`].
#[async_trait]
pub trait Demo: Send + Sync {
    /// A page of mails, newest first, older than `after`.
    async fn mails(
        &self,
        caller: &Caller,
        search: String,
        after: Option<String>,
    ) -> Result<MailsPage, ApiError>;
    /// One mail.
    async fn mail(&self, caller: &Caller, id: String) -> Result<MailView, ApiError>;
}
