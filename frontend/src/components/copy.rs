//! Copying to the clipboard.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen_futures::JsFuture;

use super::{
    button::{ButtonKind, ButtonSize, classes},
    icon::{Icon, IconName},
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Copied {
    Idle,
    Done,
    Failed,
}

/// A button that copies a text and says whether that worked.
#[component]
pub fn CopyButton(
    /// What is copied.
    #[prop(into)]
    text: Signal<String>,
    /// The button's words.
    #[prop(into, default = "Copy".to_owned())]
    label: String,
    /// How much it asks for attention.
    #[prop(optional)]
    kind: ButtonKind,
    /// Its height.
    #[prop(default = ButtonSize::Small)]
    size: ButtonSize,
) -> impl IntoView {
    let state = RwSignal::new(Copied::Idle);
    let copy = move |_| {
        let text = text.get_untracked();
        spawn_local(async move {
            let promise = window().navigator().clipboard().write_text(&text);
            let outcome = match JsFuture::from(promise).await {
                Ok(_) => Copied::Done,
                Err(_) => Copied::Failed,
            };
            // The button may be gone by now.
            state.try_set(outcome);
            set_timeout(
                move || {
                    state.try_set(Copied::Idle);
                },
                Duration::from_secs(2),
            );
        });
    };
    view! {
        <span class="copy">
            <button type="button" class=classes(kind, size) on:click=copy>
                {move || {
                    let name = if state.get() == Copied::Done {
                        IconName::Check
                    } else {
                        IconName::Copy
                    };
                    view! { <Icon name/> }
                }}
                <span class="btn__label">{label}</span>
            </button>
            <span class="copy__said" role="status">
                {move || match state.get() {
                    Copied::Idle => "",
                    Copied::Done => "Copied",
                    Copied::Failed => "Your browser did not allow it",
                }}
            </span>
        </span>
    }
}
