//! Soon.
use leptos::prelude::*;
use crate::components::PageHead;
/// Soon.
#[component]
pub fn ImportsPage() -> impl IntoView { view! { <PageHead title="ImportsPage"/> } }
