//! No such page, or nothing that this person may see; the two read alike.

use leptos::prelude::*;

use crate::{
    components::{ButtonKind, EmptyArt, EmptyState, LinkButton, PageHead},
    page::use_title,
};

/// Says so, and leads back.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    use_title(|| "Not found".to_owned());
    let action = || {
        view! {
            <LinkButton href="/" kind=ButtonKind::Primary>
                "Go to the start"
            </LinkButton>
        }
    };
    view! {
        <PageHead title="There is nothing here"/>
        <div class="not-found">
            <EmptyState
                title="This page does not exist, you cannot see it, or its tenant is disabled."
                art=EmptyArt::Signpost
                action
            >
                "Check the address, or ask whoever gave it to you."
            </EmptyState>
        </div>
    }
}
