//! The way into the pages of those who manage.

use app::domain::id::ImportId;
use leptos::prelude::*;

use crate::{pages, routes::Page, session::Session};

/// Draws one of them.
#[inline(never)]
pub fn draw(page: &Page) -> AnyView {
    match page {
        Page::Management(_) => pages::management::ManagementPage().into_any(),
        Page::Invitations(_) => pages::invitations::InvitationsPage().into_any(),
        Page::Invitation(..) => pages::invitations::InvitationPage().into_any(),
        Page::Imports(_) => pages::imports::ImportsPage().into_any(),
        Page::Import(_, id) => {
            pages::imports::ImportPage(pages::imports::ImportPageProps { id: id.clone() })
                .into_any()
        }
        Page::Placeholders(_) => pages::placeholders::PlaceholdersPage().into_any(),
        Page::People(_) => pages::people::PeoplePage().into_any(),
        Page::Catalog(_) => pages::catalog::CatalogPage().into_any(),
        Page::TenantSettings(_) => pages::tenant_settings::TenantSettingsPage().into_any(),
        Page::Audit => pages::audit::AuditPage(pages::audit::AuditPageProps {
            slug: String::new(),
        })
        .into_any(),
        Page::TenantAudit(slug) => {
            pages::audit::AuditPage(pages::audit::AuditPageProps { slug: slug.clone() }).into_any()
        }
        Page::DataManager => pages::data_manager::DataManagerPage().into_any(),
        Page::Manage(rest) => pages::data_manager::draw(rest),
        Page::InvitationApps => pages::data_manager::AppsPage().into_any(),
        Page::AppInvitations(app) => {
            pages::data_manager::ListPage(pages::data_manager::ListPageProps { app: *app })
                .into_any()
        }
        Page::AddInvitations(app) => {
            pages::data_manager::AddPage(pages::data_manager::AddPageProps { app: *app }).into_any()
        }
        Page::Settings => pages::settings::SettingsPage().into_any(),
        Page::Mailbox | Page::Mail(_) => pages::mailbox::MailboxPage().into_any(),
        // `Chunk::of` sends no other here.
        _ => pages::not_found::NotFoundPage().into_any(),
    }
}

/// The list of invitations, as it stands under the grid.
#[inline(never)]
pub fn invitations_panel() -> AnyView {
    view! { <pages::invitations::InvitationsPanel compact=true/> }.into_any()
}

/// The way to take an import back, while that is one click.
#[inline(never)]
pub fn undo_soon(import: ImportId, session: Session, on_undone: Callback<()>) -> AnyView {
    view! { <pages::imports::UndoSoon import session on_undone/> }.into_any()
}
