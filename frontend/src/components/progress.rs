//! How far a long task is, and how a whole splits.

use leptos::prelude::*;

use super::{
    badge::Tone,
    button::{Button, ButtonKind, ButtonSize},
    field::unique_id,
};

/// A long task with its name, what it is at, and a way out.
#[component]
pub fn Progress(
    /// What is being done: the bar's accessible name.
    #[prop(into)]
    label: Signal<String>,
    /// From 0 to 1,000; `None` while nobody knows.
    #[prop(optional, into)]
    value: Signal<Option<u64>>,
    /// Where it is at, in words, e.g. *4,000 of 12,408 rows*.
    #[prop(optional, into)]
    detail: Signal<String>,
    /// Shows **Cancel** and runs when it is used.
    #[prop(optional, into)]
    on_cancel: Option<Callback<()>>,
) -> impl IntoView {
    let id = unique_id("progress");
    let labelled_by = id.clone();
    view! {
        <div class="progress">
            <div class="progress__words">
                <span class="progress__label" id=id>
                    {move || label.get()}
                </span>
                <span class="progress__detail num">{move || detail.get()}</span>
            </div>
            <progress
                class="progress__bar"
                max="1000"
                value=move || value.get().map(|value| value.to_string())
                aria-labelledby=labelled_by
            ></progress>
            {on_cancel
                .map(|cancel| {
                    view! {
                        <Button
                            kind=ButtonKind::Quiet
                            size=ButtonSize::Small
                            on:click=move |_| cancel.run(())
                        >
                            "Cancel"
                        </Button>
                    }
                })}
        </div>
    }
}

/// One part of a [`SplitBar`].
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// What the colour says.
    pub tone: Tone,
    /// Its share, in any unit.
    pub amount: u64,
    /// Its words, e.g. *12,031 ready*.
    pub label: String,
}

/// A thin bar split by amounts: ready and not ready, or a funnel of statuses. Its
/// segments' labels are its accessible name.
#[component]
pub fn SplitBar(
    /// The parts, from the left.
    segments: Vec<Segment>,
) -> impl IntoView {
    let name = segments
        .iter()
        .map(|segment| segment.label.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    view! {
        <div class="split" role="img" aria-label=name>
            {segments
                .into_iter()
                .filter(|segment| segment.amount > 0)
                .map(|segment| {
                    view! {
                        <span
                            class=format!("split__part {}", segment.tone.class())
                            style:flex-grow=segment.amount.to_string()
                        ></span>
                    }.into_any()
                })
                .collect_view()}
        </div>
    }
}
