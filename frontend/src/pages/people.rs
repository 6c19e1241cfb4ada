//! Soon.
use leptos::prelude::*;
use crate::components::PageHead;
/// Soon.
#[component]
pub fn PeoplePage() -> impl IntoView { view! { <PageHead title="PeoplePage"/> } }
