//! Soon.
use leptos::prelude::*;
use crate::components::PageHead;
/// Soon.
#[component]
pub fn HomePage() -> impl IntoView { view! { <PageHead title="HomePage"/> } }
