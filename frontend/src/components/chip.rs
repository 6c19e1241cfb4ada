//! Filter chips.

use app::domain::counts::COUNTED_OF_TENANT;
use leptos::prelude::*;

use super::{badge::Tone, field::unique_id, time::format_count};

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
    let most = if stops { COUNTED_OF_TENANT } else { u64::MAX };
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
                                {format_count(count, most)}
                            </span>
                        }
                    })
            }}
        </button>
    }
}
