//! Filter chips.

use leptos::prelude::*;

use super::{
    badge::Tone,
    field::unique_id,
    time::{format_count, format_number},
};

/// A filter that is on or off. Its count is its description, not part of its name.
#[component]
pub fn Chip(
    /// Whether the filter is on (`aria-pressed`). Change it in `on:click`.
    #[prop(into)]
    pressed: Signal<bool>,
    /// How many entries it would leave.
    #[prop(optional, into)]
    count: Signal<Option<u64>>,
    /// Whether the count stops where counts of a tenant stop: `10,000+`.
    #[prop(optional)]
    stops: bool,
    /// The colour it takes when pressed.
    #[prop(default = Tone::Accent)]
    tone: Tone,
    /// The words: its accessible name.
    children: Children,
) -> impl IntoView {
    let shown = if stops { format_count } else { format_number };
    let id = unique_id("count");
    let describes = id.clone();
    view! {
        <button
            type="button"
            class=format!("chip {}", tone.class())
            aria-pressed=move || pressed.get().to_string()
            aria-describedby=move || count.get().map(|_| describes.clone())
        >
            <span>{children()}</span>
            {move || {
                let id = id.clone();
                count
                    .get()
                    .map(|count| {
                        view! {
                            <span class="chip__count" id=id aria-hidden="true">
                                {shown(count)}
                            </span>
                        }
                    })
            }}
        </button>
    }
}
