//! Every address of the front end, typed: links are made from here and read
//! back here, so that a path is spelled in one place.

use std::borrow::Cow;

use app::api::apps::App;

const APPS: &str = "/data-manager/catalog-invitation-apps";

/// A page with what its address carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// Sends on, by session.
    Root,
    /// Sign in; with where to go afterwards.
    SignIn,
    /// Asks for a link to choose a new password.
    Forgot,
    /// Where that link leads.
    Reset,
    /// A tenant's start page.
    Management(String),
    /// Upload, review, submit.
    Invite(String),
    /// The list of invitations.
    Invitations(String),
    /// One of them.
    Invitation(String, String),
    /// The list of imports.
    Imports(String),
    /// One import.
    Import(String, String),
    /// Blank invitations and their codes.
    Placeholders(String),
    /// The members.
    People(String),
    /// The tenant's courses and programs.
    Catalog(String),
    /// What the tenant's admins decide.
    TenantSettings(String),
    /// Who did what in the tenant.
    TenantAudit(String),
    /// Every tenant (super-admins).
    DataManager,
    /// Who did what anywhere (super-admins).
    Audit,
    /// Another page of the Data Manager, which knows by itself what the rest of its address
    /// says (super-admins).
    Manage(String),
    /// The catalog invitation apps (super-admins).
    InvitationApps,
    /// One app's invitations.
    AppInvitations(App),
    /// One app's form.
    AddInvitations(App),
    /// Where a mailed link leads.
    Landing,
    /// Where a code is typed, or followed.
    Redeem,
    /// Where a mail leads whose reader wants no more of them.
    Never,
    /// My invitations, my courses.
    Home,
    /// My account.
    Settings,
    /// The demo's mailbox.
    Mailbox,
    /// One mail of it.
    Mail(String),
}

impl Page {
    /// The path, without query or fragment.
    #[must_use]
    pub fn path(&self) -> Cow<'static, str> {
        match self {
            Self::Root => "/".into(),
            Self::SignIn => "/sign-in".into(),
            Self::Forgot => "/forgot".into(),
            Self::Reset => "/reset".into(),
            Self::Management(slug) => format!("/t/{slug}/management").into(),
            Self::Invite(slug) => format!("/t/{slug}/management/invite").into(),
            Self::Invitations(slug) => format!("/t/{slug}/management/invitations").into(),
            Self::Invitation(slug, id) => format!("/t/{slug}/management/invitations/{id}").into(),
            Self::Imports(slug) => format!("/t/{slug}/management/imports").into(),
            Self::Import(slug, id) => format!("/t/{slug}/management/imports/{id}").into(),
            Self::Placeholders(slug) => format!("/t/{slug}/management/placeholders").into(),
            Self::People(slug) => format!("/t/{slug}/management/people").into(),
            Self::Catalog(slug) => format!("/t/{slug}/management/catalog").into(),
            Self::TenantSettings(slug) => format!("/t/{slug}/management/settings").into(),
            Self::TenantAudit(slug) => format!("/t/{slug}/management/audit").into(),
            Self::DataManager => "/data-manager".into(),
            Self::Audit => "/data-manager/audit".into(),
            Self::Manage(rest) => format!("/data-manager/{rest}").into(),
            Self::InvitationApps => APPS.into(),
            Self::AppInvitations(app) => format!("{APPS}/{}", app.word()).into(),
            Self::AddInvitations(app) => format!("{APPS}/{}/add", app.word()).into(),
            Self::Landing => "/i".into(),
            Self::Redeem => "/redeem".into(),
            Self::Never => "/never".into(),
            Self::Home => "/home".into(),
            Self::Settings => "/settings".into(),
            Self::Mailbox => "/demo/mailbox".into(),
            Self::Mail(id) => format!("/demo/mailbox/{id}").into(),
        }
    }

    /// The path as an owned string, for `href`.
    #[must_use]
    pub fn href(&self) -> String {
        self.path().into_owned()
    }

    /// Which page a path names; `None` for no page at all.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        let page = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (None, ..) => Self::Root,
            (Some("sign-in"), None, ..) => Self::SignIn,
            (Some("forgot"), None, ..) => Self::Forgot,
            (Some("reset"), None, ..) => Self::Reset,
            (Some("data-manager"), None, ..) => Self::DataManager,
            (Some("data-manager"), Some("audit"), None, _) => Self::Audit,
            (Some("data-manager"), Some("catalog-invitation-apps"), None, _) => {
                Self::InvitationApps
            }
            (Some("data-manager"), Some("catalog-invitation-apps"), Some(app), add) => {
                let app = App::parse(app)?;
                match add {
                    None => Self::AppInvitations(app),
                    Some("add") => Self::AddInvitations(app),
                    Some(_) => return None,
                }
            }
            (Some("data-manager"), Some(_), ..) => {
                return Some(Self::Manage(
                    path.strip_prefix("/data-manager/")?.to_owned(),
                ));
            }
            (Some("i"), None, ..) => Self::Landing,
            (Some("redeem"), None, ..) => Self::Redeem,
            (Some("never"), None, ..) => Self::Never,
            (Some("home"), None, ..) => Self::Home,
            (Some("settings"), None, ..) => Self::Settings,
            (Some("demo"), Some("mailbox"), None, _) => Self::Mailbox,
            (Some("demo"), Some("mailbox"), Some(id), None) => Self::Mail(id.to_owned()),
            (Some("t"), Some(slug), Some("management"), rest) => {
                let slug = slug.to_owned();
                match rest {
                    None => Self::Management(slug),
                    Some("invite") => Self::Invite(slug),
                    Some("invitations") => match parts.next() {
                        Some(id) => Self::Invitation(slug, id.to_owned()),
                        None => Self::Invitations(slug),
                    },
                    Some("imports") => match parts.next() {
                        Some(id) => Self::Import(slug, id.to_owned()),
                        None => Self::Imports(slug),
                    },
                    Some("placeholders") => Self::Placeholders(slug),
                    Some("people") => Self::People(slug),
                    Some("catalog") => Self::Catalog(slug),
                    Some("settings") => Self::TenantSettings(slug),
                    Some("audit") => Self::TenantAudit(slug),
                    Some(_) => return None,
                }
            }
            _ => return None,
        };
        parts.next().is_none().then_some(page)
    }

    /// The tenant whose pages these are.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        match self {
            Self::Management(slug)
            | Self::Invite(slug)
            | Self::Invitations(slug)
            | Self::Invitation(slug, _)
            | Self::Imports(slug)
            | Self::Import(slug, _)
            | Self::Placeholders(slug)
            | Self::People(slug)
            | Self::Catalog(slug)
            | Self::TenantSettings(slug)
            | Self::TenantAudit(slug) => Some(slug),
            _ => None,
        }
    }

    /// The page without what it reads from the address itself: going from one mail
    /// to the next stays on the same screen.
    #[must_use]
    pub fn screen(self) -> Self {
        match self {
            Self::Mail(_) => Self::Mailbox,
            other => other,
        }
    }

    /// True where the page stands alone, without the frame of signed-in pages.
    #[must_use]
    pub const fn stands_alone(&self) -> bool {
        matches!(
            self,
            Self::Root
                | Self::SignIn
                | Self::Forgot
                | Self::Reset
                | Self::Landing
                | Self::Redeem
                | Self::Never
        )
    }
}

/// Where *My invitations* stands on the learner's home.
pub const MY_INVITATIONS: &str = "/home#invitations";

/// Where to go after signing in, as an address that surely stays here: a path
/// of one of our own pages, never another origin (S49).
#[must_use]
pub fn safe_next(next: &str) -> Option<String> {
    let path = next.split(['?', '#']).next().unwrap_or_default();
    let plain = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.chars().any(char::is_control);
    match Page::parse(path) {
        Some(Page::SignIn | Page::Forgot | Page::Reset | Page::Root) | None => None,
        Some(_) => plain.then(|| next.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_reads_back() {
        let acme = || "acme".to_owned();
        for page in [
            Page::Root,
            Page::SignIn,
            Page::Forgot,
            Page::Reset,
            Page::Management(acme()),
            Page::Invite(acme()),
            Page::Invitations(acme()),
            Page::Invitation(acme(), "i1".to_owned()),
            Page::Imports(acme()),
            Page::Import(acme(), "i1".to_owned()),
            Page::People(acme()),
            Page::Catalog(acme()),
            Page::TenantSettings(acme()),
            Page::TenantAudit(acme()),
            Page::DataManager,
            Page::Audit,
            Page::Manage("catalog".to_owned()),
            Page::Manage("users/u1".to_owned()),
            Page::InvitationApps,
            Page::AppInvitations(App::Course),
            Page::AddInvitations(App::Course),
            Page::AddInvitations(App::Placeholder),
            Page::Placeholders(acme()),
            Page::Landing,
            Page::Redeem,
            Page::Never,
            Page::Home,
            Page::Settings,
            Page::Mailbox,
            Page::Mail("m1".to_owned()),
        ] {
            assert_eq!(Page::parse(&page.path()), Some(page));
        }
        assert_eq!(Page::parse("/t/acme/management/people/x"), None);
        assert_eq!(Page::parse("/t/acme"), None);
        assert_eq!(Page::parse("/nowhere"), None);
    }

    #[test]
    fn s49_next_stays_on_the_origin() {
        assert_eq!(safe_next("/home").as_deref(), Some("/home"));
        assert_eq!(
            safe_next("/t/acme/management/invitations?status=pending").as_deref(),
            Some("/t/acme/management/invitations?status=pending")
        );
        for bad in [
            "",
            "home",
            "//evil.test/home",
            "/\\evil.test/home",
            "\\/home",
            "https://evil.test/home",
            "javascript:alert(1)",
            "/home\n",
            "/\t/evil.test",
            "/sign-in?next=/sign-in",
            "/nowhere",
            "///home",
        ] {
            assert_eq!(safe_next(bad), None, "{bad:?}");
        }
    }
}
