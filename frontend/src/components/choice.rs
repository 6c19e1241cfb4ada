//! Fields that choose: a list, a switch.

use leptos::prelude::*;

use super::{
    field::{Field, FieldIds, unique_id},
    icon::{Icon, IconName},
};

/// One line of a [`Select`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectOption {
    /// What the signal holds when it is chosen.
    pub value: String,
    /// What is read.
    pub label: String,
}

impl SelectOption {
    /// A line with this value and these words.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
        }
    }
}

/// A native list to choose one from, with label, hint and error.
#[component]
pub fn Select(
    /// Its accessible name.
    #[prop(into)]
    label: Signal<String>,
    /// The chosen value; follows and sets the list.
    value: RwSignal<String>,
    /// What there is to choose from.
    options: Vec<SelectOption>,
    /// Shown in grey below.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// Shown in red below; sets `aria-invalid`.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// While true it cannot be used.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// An id of your own.
    #[prop(optional, into)]
    id: Option<String>,
) -> impl IntoView {
    let ids = FieldIds::new(id);
    let for_control = ids.clone();
    view! {
        <Field ids=ids.clone() label hint error>
            <div class="select">
            <select
                class="input input--select"
                id=ids.control.clone()
                disabled=disabled
                on:change:target=move |event| value.set(event.target().value())
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=move || {
                    for_control.described_by(hint.with(Option::is_some), error.with(Option::is_some))
                }
            >
                {options
                    .into_iter()
                    .map(|option| {
                        let own = option.value.clone();
                        view! {
                            <option
                                value=option.value
                                prop:selected=move || value.with(|value| *value == own)
                            >
                                {option.label}
                            </option>
                        }.into_any()
                    })
                    .collect_view()}
            </select>
            <Icon name=IconName::ChevronDown/>
            </div>
        </Field>
    }
}

/// A switch with its words beside it: takes effect at once, unlike a tick box.
#[component]
pub fn Switch(
    /// Whether it is on; follows and sets the switch.
    checked: RwSignal<bool>,
    /// Shown in grey below the words.
    #[prop(optional, into)]
    hint: Option<String>,
    /// While true it cannot be used.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// The words: its accessible name.
    children: Children,
) -> impl IntoView {
    let id = unique_id("switch");
    let hint_id = format!("{id}-hint");
    let described_by = hint.as_ref().map(|_| hint_id.clone());
    view! {
        <div class="check check--switch">
            <input
                class="switch"
                id=id.clone()
                type="checkbox"
                role="switch"
                disabled=disabled
                prop:checked=move || checked.get()
                on:change:target=move |event| checked.set(event.target().checked())
                aria-describedby=described_by
            />
            <label class="check__label" for=id>
                {children()}
            </label>
            {hint.map(|hint| view! { <p class="check__hint" id=hint_id>{hint}</p> })}
        </div>
    }
}
