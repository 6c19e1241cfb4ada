//! Soon.
use leptos::prelude::*;
use crate::components::PageHead;
/// Soon.
#[component]
pub fn MailboxPage() -> impl IntoView { view! { <PageHead title="MailboxPage"/> } }
