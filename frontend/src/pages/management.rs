//! Soon.
use leptos::prelude::*;
use crate::components::PageHead;
/// Soon.
#[component]
pub fn ManagementPage() -> impl IntoView { view! { <PageHead title="ManagementPage"/> } }
