//! `/data-manager/catalog-invitation-apps/:app`: an app's invitations, over all tenants.

use app::api::apps::App;
use leptos::prelude::*;

use super::apps::name_of;
use crate::{
    components::{ButtonKind, IconName, LinkButton, PageHead},
    page::use_title,
    pages::invitations::InvitationsPanel,
    routes::Page,
    tenant::Tenancy,
};

/// The list, with its filters in the address.
#[component]
pub fn ListPage(
    /// Whose.
    app: App,
) -> impl IntoView {
    // No tenant's: what stands in a line is done in the line's own.
    provide_context(expect_context::<Tenancy>().tenant(String::new()));
    use_title(move || name_of(app).to_owned());
    let actions = move || {
        view! {
            <LinkButton
                href=Page::AddInvitations(app).href()
                kind=ButtonKind::Primary
                icon=IconName::Plus
            >
                {format!("Add {}", name_of(app))}
            </LinkButton>
        }
    };
    view! {
        <PageHead title=name_of(app) actions>
            "One line per person, over all tenants, the newest first. Days are those of UTC unless a tenant is chosen."
        </PageHead>
        <InvitationsPanel app/>
    }
}
