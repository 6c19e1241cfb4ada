//! The list of invitations: its page, the panel that the Invite page shows too, and the
//! page of one invitation.

mod acts;
mod address;
mod assign;
mod bulk;
mod columns;
mod extend;
mod filters;
mod found;
mod lines;
mod more;
mod one;
mod panel;
mod row;
mod select;

use leptos::prelude::*;

pub use one::InvitationPage;
pub use panel::InvitationsPanel;

use crate::{
    components::{ButtonKind, IconName, LinkButton, PageHead},
    page::use_title,
    routes::Page,
    tenant::use_tenant,
};

/// `/t/:slug/management/invitations?q=…&status=…`
#[component]
pub fn InvitationsPage() -> impl IntoView {
    let tenant = use_tenant();
    let upload = Page::Invite(tenant.slug.clone()).href();
    let codes = Page::Placeholders(tenant.slug.clone()).href();
    use_title(move || format!("Invitations · {}", tenant.name()));
    let actions = move || {
        view! {
            <LinkButton href=upload.clone() kind=ButtonKind::Primary icon=IconName::Upload>
                "Upload a list"
            </LinkButton>
        }
    };
    view! {
        <PageHead title="Invitations" actions>
            "One line per person. It changes by itself when somebody accepts. "
            <a href=codes>"Placeholders"</a>
        </PageHead>
        <InvitationsPanel/>
    }
}
