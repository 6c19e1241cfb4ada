//! Fields that take typed text.

use leptos::{ev, html, prelude::*};

use super::{
    field::{Field, FieldIds, unique_id},
    icon::{Icon, IconName},
};

/// One line of text with label, hint and error.
#[component]
pub fn TextInput(
    /// Its accessible name.
    #[prop(into)]
    label: Signal<String>,
    /// What is typed; follows and sets the field.
    value: RwSignal<String>,
    /// Shown in grey below.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// Shown in red below; sets `aria-invalid`.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// `text`, `email`, `date`, `number` …
    #[prop(default = "text")]
    input_type: &'static str,
    /// The form's name for it; helps password managers.
    #[prop(optional)]
    name: Option<&'static str>,
    /// `username`, `name`, `off` …
    #[prop(optional)]
    autocomplete: Option<&'static str>,
    /// An example, never the label.
    #[prop(optional)]
    placeholder: Option<&'static str>,
    /// Says *optional* after the label.
    #[prop(optional)]
    optional: bool,
    /// Sets `required`; say what is missing yourself, forms are `novalidate`.
    #[prop(optional)]
    required: bool,
    /// While true it cannot be used.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// The id of a `datalist` with what may be meant.
    #[prop(optional)]
    list: Option<&'static str>,
    /// An id of your own, to focus it after a failed submit.
    #[prop(optional, into)]
    id: Option<String>,
    /// The element itself, to focus or select it.
    #[prop(optional)]
    node_ref: NodeRef<html::Input>,
) -> impl IntoView {
    let ids = FieldIds::new(id);
    let for_control = ids.clone();
    view! {
        <Field ids=ids.clone() label hint error optional>
            <input
                node_ref=node_ref
                class="input"
                id=ids.control.clone()
                type=input_type
                name=name
                autocomplete=autocomplete
                placeholder=placeholder
                list=list
                required=required
                disabled=disabled
                prop:value=move || value.get()
                on:input:target=move |event| value.set(event.target().value())
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=move || {
                    for_control.described_by(hint.with(Option::is_some), error.with(Option::is_some))
                }
            />
        </Field>
    }
}

/// A password with a button that shows it.
#[component]
pub fn PasswordInput(
    /// Its accessible name.
    #[prop(into, default = Signal::stored("Password".to_owned()))]
    label: Signal<String>,
    /// What is typed; follows and sets the field.
    value: RwSignal<String>,
    /// Shown in grey below.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// Shown in red below; sets `aria-invalid`.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// `current-password` at sign-in, `new-password` where one is chosen.
    #[prop(default = "current-password")]
    autocomplete: &'static str,
    /// The form's name for it.
    #[prop(default = "password")]
    name: &'static str,
    /// An id of your own.
    #[prop(optional, into)]
    id: Option<String>,
) -> impl IntoView {
    let ids = FieldIds::new(id);
    let for_control = ids.clone();
    let for_toggle = ids.control.clone();
    let shown = RwSignal::new(false);
    let action = move || if shown.get() { "Hide" } else { "Show" };
    view! {
        <Field ids=ids.clone() label hint error>
            <div class="input-group">
                <input
                    class="input"
                    id=ids.control.clone()
                    type=move || if shown.get() { "text" } else { "password" }
                    name=name
                    autocomplete=autocomplete
                    autocapitalize="off"
                    spellcheck="false"
                    prop:value=move || value.get()
                    on:input:target=move |event| value.set(event.target().value())
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    aria-describedby=move || {
                        for_control
                            .described_by(hint.with(Option::is_some), error.with(Option::is_some))
                    }
                />
                // Named without the field's label: tests and people look for one "Password".
                <button
                    type="button"
                    class="input-group__button"
                    aria-pressed=move || shown.get().to_string()
                    aria-controls=for_toggle
                    aria-label="Show what is typed"
                    title=action
                    on:click=move |_| shown.update(|shown| *shown = !*shown)
                >
                    {move || {
                        let name = if shown.get() { IconName::EyeOff } else { IconName::Eye };
                        view! { <Icon name/> }
                    }}
                </button>
            </div>
        </Field>
    }
}

/// A search field: magnifying glass, clearing button, Esc clears.
#[component]
pub fn SearchField(
    /// Its accessible name; not shown.
    #[prop(into)]
    label: Signal<String>,
    /// What is typed; follows and sets the field.
    value: RwSignal<String>,
    /// What can be searched for, e.g. *Name or e-mail*.
    #[prop(optional, into)]
    placeholder: Option<String>,
    /// Shows a spinner in place of the glass.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// The element itself, to focus it.
    #[prop(optional)]
    node_ref: NodeRef<html::Input>,
) -> impl IntoView {
    let id = unique_id("search");
    let clear = move || {
        value.set(String::new());
        if let Some(input) = node_ref.get_untracked() {
            // Focus can only fail on a detached element, where nobody minds.
            _ = input.focus();
        }
    };
    let on_key = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && !value.with_untracked(String::is_empty) {
            event.prevent_default();
            event.stop_propagation();
            clear();
        }
    };
    view! {
        <div class="search">
            <label class="visually-hidden" for=id.clone()>
                {move || label.get()}
            </label>
            {move || {
                if busy.get() {
                    view! { <super::feedback::Spinner/> }.into_any()
                } else {
                    view! { <Icon name=IconName::Search/> }.into_any()
                }
            }}
            <input
                node_ref=node_ref
                class="input search__input"
                id=id
                type="search"
                autocomplete="off"
                spellcheck="false"
                placeholder=placeholder
                prop:value=move || value.get()
                on:input:target=move |event| value.set(event.target().value())
                on:keydown=on_key
            />
            <Show when=move || !value.with(String::is_empty)>
                <button
                    type="button"
                    class="search__clear"
                    aria-label="Clear the search"
                    on:click=move |_| clear()
                >
                    <Icon name=IconName::Close/>
                </button>
            </Show>
        </div>
    }
}
