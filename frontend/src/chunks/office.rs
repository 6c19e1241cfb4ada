//! The way into the pages of those who manage.

use leptos::prelude::*;

use crate::{pages, routes::Page};

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
        Page::People(_) => pages::people::PeoplePage().into_any(),
        Page::Catalog(_) => pages::catalog::CatalogPage().into_any(),
        Page::TenantSettings(_) => pages::tenant_settings::TenantSettingsPage().into_any(),
        Page::DataManager => pages::data_manager::DataManagerPage().into_any(),
        Page::InvitationApps => pages::data_manager::AppsPage().into_any(),
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

/// The dialog about how a file is read.
#[inline(never)]
pub fn reading_options(desk: pages::invite::Desk) -> AnyView {
    view! { <pages::invite::ReadingOptions desk/> }.into_any()
}

/// The dialog that cures problems.
#[inline(never)]
pub fn fix_problems(desk: pages::invite::Desk) -> AnyView {
    view! { <pages::invite::FixProblems desk/> }.into_any()
}
