//! Soon.
use leptos::prelude::*;
use crate::components::PageHead;
/// Soon.
#[component]
pub fn SettingsPage() -> impl IntoView { view! { <PageHead title="SettingsPage"/> } }
