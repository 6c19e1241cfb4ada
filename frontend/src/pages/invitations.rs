//! Soon.
use leptos::prelude::*;
use crate::components::PageHead;
/// Soon.
#[component]
pub fn InvitationsPage() -> impl IntoView { view! { <PageHead title="InvitationsPage"/> } }
