//! What surrounds an input: label, hint, error, and the ids that tie them.

use std::cell::Cell;

use leptos::prelude::*;

use super::icon::{Icon, IconName};

thread_local! {
    static NEXT_ID: Cell<u32> = const { Cell::new(0) };
}

/// An id no other element on the page has, such as `field-12`.
pub fn unique_id(prefix: &str) -> String {
    let number = NEXT_ID.with(|next| {
        let number = next.get().wrapping_add(1);
        next.set(number);
        number
    });
    format!("{prefix}-{number}")
}

/// The ids a control needs so that its label, hint and error are read with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldIds {
    /// For the control's `id`.
    pub control: String,
    /// The hint's element.
    pub hint: String,
    /// The error's element.
    pub error: String,
}

impl FieldIds {
    /// Fresh ids, or those derived from an id the page chose.
    pub fn new(id: Option<String>) -> Self {
        let control = id.unwrap_or_else(|| unique_id("field"));
        Self {
            hint: format!("{control}-hint"),
            error: format!("{control}-error"),
            control,
        }
    }

    /// The control's `aria-describedby`: what is shown, in reading order.
    pub fn described_by(&self, has_hint: bool, has_error: bool) -> Option<String> {
        match (has_error, has_hint) {
            (true, true) => Some(format!("{} {}", self.error, self.hint)),
            (true, false) => Some(self.error.clone()),
            (false, true) => Some(self.hint.clone()),
            (false, false) => None,
        }
    }
}

/// Label above, control, then the error and the hint below. The inputs of this
/// folder use it; take it yourself for a control of your own, with the same `ids`.
#[component]
pub fn Field(
    /// Ids shared with the control.
    ids: FieldIds,
    /// The control's accessible name.
    #[prop(into)]
    label: Signal<String>,
    /// Shown in grey below.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// Shown in red below, announced when it appears.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Says *optional* after the label, outside of the name.
    #[prop(optional)]
    optional: bool,
    /// The control.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="field" class:has-error=move || error.with(Option::is_some)>
            <div class="field__head">
                <label class="field__label" for=ids.control.clone()>
                    {move || label.get()}
                </label>
                {optional.then(|| view! { <span class="field__optional">"optional"</span> })}
            </div>
            {children()}
            <div class="field__error" id=ids.error.clone() aria-live="polite">
                {move || {
                    error
                        .get()
                        .map(|error| {
                            view! {
                                <Icon name=IconName::Error/>
                                <span>{error}</span>
                            }
                        })
                }}
            </div>
            {move || {
                let id = ids.hint.clone();
                hint.get().map(|hint| view! { <p class="field__hint" id=id>{hint}</p> })
            }}
        </div>
    }
}
