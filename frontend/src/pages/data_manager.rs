//! Soon.
use leptos::prelude::*;
use crate::components::PageHead;
/// Soon.
#[component]
pub fn DataManagerPage() -> impl IntoView { view! { <PageHead title="DataManagerPage"/> } }
