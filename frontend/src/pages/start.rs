//! The origin's root: sends on, by who is signed in.

use leptos::prelude::*;

use crate::effects::effect;
use crate::{
    components::Skeleton,
    routes::Page,
    session::{home_of, use_session},
};

/// Leads to the person's home, or to the sign-in page.
#[component]
pub fn StartPage() -> impl IntoView {
    let session = use_session();
    effect(move || {
        let target = session
            .me()
            .map_or_else(|| Page::SignIn.href(), |me| home_of(&me));
        session.replace(target);
    });
    view! {
        <main class="gate">
            <Skeleton/>
        </main>
    }
}
