//! The catalog invitation apps: invitations that a super-admin makes by hand.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

use super::ApiError;
#[cfg(feature = "ssr")]
use super::respond::{answer, caller, ports};
use crate::domain::{
    counts::Counts,
    id::{BundleId, CatalogItemId, UserId},
    import::RowOutcome,
    invitation::InvitationStatus,
    role::Role,
    time::{CivilDate, CivilTime, Timestamp},
};

/// A form, and the list of what it makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum App {
    /// To courses.
    Course,
    /// To programs.
    Program,
    /// To become a member of a tenant.
    Platform,
    /// Bound to an address that has no account yet.
    Placeholder,
}

impl App {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [
        Self::Course,
        Self::Program,
        Self::Platform,
        Self::Placeholder,
    ];

    /// As it stands in an address.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Course => "course",
            Self::Program => "program",
            Self::Platform => "platform",
            Self::Placeholder => "placeholder",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|app| app.word() == word)
    }
}

/// How many people stand where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppCounts {
    /// Which app.
    pub app: App,
    /// People by status, over all tenants; none is above [`COUNTED`](crate::domain::counts::COUNTED) + 1.
    pub people: Counts<InvitationStatus, u64>,
}

/// People and targets in one form, at most of each.
pub const MOST: usize = 20;

/// What a form says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateInvitations {
    /// Which form.
    pub app: App,
    /// The tenant's slug; empty: none was chosen.
    pub tenant: String,
    /// Chosen by the caller: the same key with the same content gives the stored answer.
    pub idempotency_key: String,
    /// People with an account, at most [`MOST`].
    pub users: Vec<UserId>,
    /// Somebody without one; empty: nobody.
    pub email: String,
    /// Invites to the tenant itself.
    pub platform: bool,
    /// Courses to invite to.
    pub courses: Vec<CatalogItemId>,
    /// Programs to invite to.
    pub programs: Vec<CatalogItemId>,
    /// Not switched off.
    pub active: bool,
    /// Whether a mail tells of it; else its link is copied.
    pub mail: bool,
    /// When that mail goes out, by the tenant's clocks; none: at once. Nobody can accept
    /// before.
    #[serde(default)]
    pub send_at: Option<CivilTime>,
    /// The role on acceptance.
    pub role: Role,
    /// The last day, in the tenant's zone; none: as the tenant has it.
    pub expires_on: Option<CivilDate>,
    /// The first day of what courses and programs give, in the tenant's zone.
    pub access_from: Option<CivilDate>,
    /// The last one.
    pub access_until: Option<CivilDate>,
    /// What the person reads in the mail; may be empty.
    pub note: String,
    /// Where it comes from, for those who read the list; may be empty.
    #[serde(default)]
    pub source: String,
    /// Where the person goes after accepting: a path of this site; empty: home.
    #[serde(default)]
    pub redirect: String,
    /// What is kept with it: a line each, `name: text`; may be empty.
    #[serde(default)]
    pub metadata: String,
}

/// How a mail will look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailPreview {
    /// Its subject.
    pub subject: String,
    /// As text; its link opens nothing.
    pub text: String,
}

/// What became of one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonMade {
    /// The outcome.
    pub outcome: RowOutcome,
    /// What there is to say; may be empty.
    pub message: String,
    /// What was made, or what is there already.
    pub bundle: Option<BundleId>,
    /// Invitations that were made.
    pub made: u32,
    /// When the mail of what was made goes out, where that is later.
    #[serde(default)]
    pub send_at: Option<Timestamp>,
}

/// What became of each person: the users in their order, or the address.
#[server(name = AppsCreate, prefix = "/api", endpoint = "apps/create", input = Json, output = Json)]
pub async fn create(input: CreateInvitations) -> Result<Vec<PersonMade>, ApiError> {
    answer(ports().apps.create(&caller(), input).await)
}

/// How the mail of what a form says will look, by the template that writes it; nothing is
/// made.
#[server(name = AppsPreview, prefix = "/api", endpoint = "apps/preview", input = Json, output = Json)]
pub async fn preview(input: CreateInvitations) -> Result<MailPreview, ApiError> {
    answer(ports().apps.preview(&caller(), input).await)
}

/// People by app and status, over all tenants.
#[server(name = AppsCounts, prefix = "/api", endpoint = "apps/counts", input = Json, output = Json)]
pub async fn counts() -> Result<Vec<AppCounts>, ApiError> {
    answer(ports().apps.counts(&caller()).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for app in App::ALL {
            assert_eq!(App::parse(app.word()), Some(app));
        }
        assert_eq!(App::parse("blank"), None);
    }
}
