//! The list of invitations: its page, and the panel that the Invite page shows too.

use leptos::prelude::*;

use crate::components::PageHead;

/// The list with its filters, for the tenant in the context.
#[component]
pub fn InvitationsPanel(
    /// True under the review grid: fewer lines, filters not in the address.
    #[prop(optional)]
    compact: bool,
) -> impl IntoView {
    let _ = compact;
}

/// `/t/:slug/management/invitations`
#[component]
pub fn InvitationsPage() -> impl IntoView {
    view! { <PageHead title="Invitations"/> <InvitationsPanel/> }
}
