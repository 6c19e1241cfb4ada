//! What stands around a page: the bare frame of sign-in and landing, the frame of
//! a person's pages, and a tenant's frame with its navigation.

use app::api::ApiError;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{
        AppShell, Breadcrumbs, ButtonKind, Crumb, DemoBanner, IconName, LinkButton, MenuItem,
        MenuSeparator, NavItem, NavMatch, ProfileMenu, SideNav, use_toasts,
    },
    pages::not_found::NotFoundPage,
    query::Load,
    routes::Page,
    session::{Session, tenant_href, use_session},
    tenant::Tenancy,
    text::failure,
};

/// Nothing but the demo's line: the page brings its own `main`.
#[component]
pub fn AloneFrame(
    /// The page.
    content: ViewFn,
) -> impl IntoView {
    view! {
        <div class="app">
            <Banner/>
            {move || content.run()}
        </div>
    }
}

/// Top bar and content.
#[component]
pub fn PlainFrame(
    /// Which page; `None` where there is none.
    page: Memo<Option<Page>>,
    /// The page.
    content: ViewFn,
) -> impl IntoView {
    let crumbs = move || vec![Crumb::here(name_of(page.get().as_ref()))];
    let breadcrumbs = move || move || view! { <Breadcrumbs crumbs=crumbs()/> };
    view! {
        <AppShell
            breadcrumbs
            profile=|| view! { <Profile/> }
            banner=|| view! { <Banner/> }
        >
            {move || content.run()}
        </AppShell>
    }
}

/// Top bar, a tenant's navigation, and content. A tenant that is foreign or missing
/// gets the page that says so.
#[component]
pub fn TenantFrame(
    /// The tenant's slug.
    slug: String,
    /// Which page.
    page: Memo<Option<Page>>,
    /// The page.
    content: ViewFn,
) -> impl IntoView {
    let tenant = expect_context::<Tenancy>().tenant(slug.clone());
    provide_context(tenant.clone());

    let name = {
        let tenant = tenant.clone();
        Memo::new(move |_| tenant.name())
    };
    let start = Page::Management(slug.clone()).href();
    let crumbs = move || {
        let page = page.get();
        vec![
            Crumb::link(name.get(), start.clone()),
            Crumb::here(name_of(page.as_ref())),
        ]
    };
    let overview = tenant.overview;
    let missing = Memo::new(move |_| matches!(overview.load(), Load::Failed(ApiError::NotFound)));
    let breadcrumbs = move || {
        let crumbs = crumbs.clone();
        move || view! { <Breadcrumbs crumbs=crumbs()/> }
    };
    view! {
        <AppShell
            breadcrumbs
            profile=|| view! { <Profile/> }
            banner=|| view! { <Banner/> }
            side=move || view! { <TenantNav slug=slug.clone()/> }
        >
            {move || {
                if missing.get() { NotFoundPage().into_any() } else { content.run().into_any() }
            }}
        </AppShell>
    }
}

/// The last breadcrumb.
const fn name_of(page: Option<&Page>) -> &'static str {
    match page {
        Some(Page::Management(_)) => "Management",
        Some(Page::Invite(_)) => "Invite",
        Some(Page::Invitations(_) | Page::AppInvitations(_)) => "Invitations",
        Some(Page::Invitation(..)) => "Invitation",
        Some(Page::Imports(_) | Page::Import(..)) => "Imports",
        Some(Page::Placeholders(_)) => "Placeholders",
        Some(Page::People(_)) => "People",
        Some(Page::Catalog(_)) => "Catalog",
        Some(Page::TenantSettings(_)) => "Tenant settings",
        Some(Page::TenantAudit(_) | Page::Audit) => "Audit",
        Some(Page::DataManager | Page::Manage(_)) => "Data Manager",
        Some(Page::InvitationApps) => "Catalog Invitation Apps",
        Some(Page::AddInvitations(_)) => "Add invitations",
        Some(Page::Home) => "Home",
        Some(Page::Settings) => "Settings",
        Some(Page::Mailbox | Page::Mail(_)) => "Demo mailbox",
        Some(
            Page::Root
            | Page::SignIn
            | Page::Forgot
            | Page::Reset
            | Page::Landing
            | Page::Redeem
            | Page::Never,
        ) => "Beckon",
        None => "Not found",
    }
}

/// The line across every page of a demo.
#[component]
fn Banner() -> impl IntoView {
    let session = use_session();
    let demo = Memo::new(move |_| session.demo().is_some());
    move || {
        demo.get().then(|| {
            view! {
                <DemoBanner>
                    <a href=Page::Mailbox.href()>"Demo mailbox"</a>
                </DemoBanner>
            }
        })
    }
}

#[component]
fn TenantNav(slug: String) -> impl IntoView {
    let overview = expect_context::<Tenancy>().tenant(slug.clone()).overview;
    let invitations = Signal::derive(move || {
        overview
            .ready()
            .map(|overview| app::api::tenants::invited(&overview.people_by_status))
    });
    let imports = Signal::derive(move || overview.ready().map(|overview| overview.imports));
    let members = Signal::derive(move || overview.ready().map(|overview| overview.members));
    view! {
        <SideNav>
            <NavItem
                href=Page::Management(slug.clone()).href()
                matches=NavMatch::Exact
                heading=true
            >
                "Management"
            </NavItem>
            <NavItem href=Page::Invite(slug.clone()).href() icon=IconName::Invite>
                "Invite"
            </NavItem>
            <NavItem
                href=Page::Invitations(slug.clone()).href()
                icon=IconName::List
                count=invitations
            >
                "Invitations"
            </NavItem>
            <NavItem href=Page::Imports(slug.clone()).href() icon=IconName::Import count=imports>
                "Imports"
            </NavItem>
            <NavItem
                href=Page::People(slug.clone()).href()
                icon=IconName::People
                count=members
            >
                "People"
            </NavItem>
            <NavItem href=Page::Catalog(slug.clone()).href() icon=IconName::Book>
                "Catalog"
            </NavItem>
            <NavItem href=Page::TenantSettings(slug.clone()).href() icon=IconName::Settings>
                "Tenant settings"
            </NavItem>
            <NavItem href=Page::TenantAudit(slug).href() icon=IconName::File>
                "Audit"
            </NavItem>
        </SideNav>
    }
}

/// The profile menu, or the way to sign in.
#[component]
fn Profile() -> impl IntoView {
    let session = use_session();
    let me = Memo::new(move |_| session.me());
    move || match me.get() {
        None => view! {
            <LinkButton href=Page::SignIn.href() kind=ButtonKind::Default>
                "Sign in"
            </LinkButton>
        }
        .into_any(),
        // The entries are made inside of the menu: that is how they find it to close it.
        Some(me) => view! {
            <ProfileMenu name=me.name>
                {me
                    .memberships
                    .into_iter()
                    .map(|membership| {
                        let href = tenant_href(&membership.slug, membership.role);
                        view! {
                            <MenuItem href icon=IconName::Building>
                                {membership.name}
                            </MenuItem>
                        }
                    })
                    .collect_view()}
                {me
                    .super_admin
                    .then(|| {
                        view! {
                            <MenuItem href=Page::DataManager.href() icon=IconName::Database>
                                "Data Manager"
                            </MenuItem>
                        }
                    })}
                <MenuSeparator/>
                <MenuItem href=Page::Settings.href() icon=IconName::Settings>
                    "Settings"
                </MenuItem>
                <MenuItem icon=IconName::SignOut on_select=sign_out(session)>
                    "Sign out"
                </MenuItem>
            </ProfileMenu>
        }
        .into_any(),
    }
}

fn sign_out(session: Session) -> Callback<()> {
    let toasts = use_toasts();
    Callback::new(move |()| {
        spawn_local(async move {
            match session.sign_out(false).await {
                Ok(()) => toasts.clear(),
                Err(error) => toasts.error(failure(&error)),
            }
        });
    })
}
