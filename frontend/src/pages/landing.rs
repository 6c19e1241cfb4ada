//! Soon.
use leptos::prelude::*;
use crate::components::PageHead;
/// Soon.
#[component]
pub fn LandingPage() -> impl IntoView { view! { <PageHead title="LandingPage"/> } }
