//! Buttons and links that look like buttons.

use leptos::{ev, prelude::*};

use super::{
    feedback::Spinner,
    icon::{Icon, IconName},
};

/// How much a button asks for attention. One primary per view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// The one thing to do here.
    Primary,
    /// Everything else.
    #[default]
    Default,
    /// In toolbars and rows, where borders would be noise.
    Quiet,
    /// Destroys something.
    Danger,
}

/// Heights: 28 and 34 pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonSize {
    Small,
    #[default]
    Medium,
}

/// What the browser does with it inside a form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonType {
    #[default]
    Button,
    Submit,
}

pub(super) fn classes(kind: ButtonKind, size: ButtonSize) -> String {
    let kind = match kind {
        ButtonKind::Primary => " btn--primary",
        ButtonKind::Default => "",
        ButtonKind::Quiet => " btn--quiet",
        ButtonKind::Danger => " btn--danger",
    };
    let size = match size {
        ButtonSize::Small => " btn--sm",
        ButtonSize::Medium => "",
    };
    format!("btn{kind}{size}")
}

/// A button. Give it `on:click=…`; the children are its accessible name.
#[component]
pub fn Button(
    /// How much it asks for attention.
    #[prop(optional)]
    kind: ButtonKind,
    /// Its height.
    #[prop(optional)]
    size: ButtonSize,
    /// `ButtonType::Submit` in a form; the default does nothing by itself.
    #[prop(optional)]
    button_type: ButtonType,
    /// Drawn before the words.
    #[prop(optional)]
    icon: Option<IconName>,
    /// While true it shows a spinner, keeps its focus and swallows clicks.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// While true it cannot be used or focused.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// The words.
    children: Children,
) -> impl IntoView {
    let html_type = match button_type {
        ButtonType::Button => "button",
        ButtonType::Submit => "submit",
    };
    // Registered before a caller's `on:click`, so that stopping here keeps it away.
    let swallow = move |event: ev::MouseEvent| {
        if busy.get_untracked() {
            event.prevent_default();
            event.stop_immediate_propagation();
        }
    };
    view! {
        <button
            type=html_type
            class=classes(kind, size)
            class:is-busy=busy
            disabled=disabled
            aria-disabled=move || busy.get().then_some("true")
            aria-busy=move || busy.get().then_some("true")
            on:click=swallow
        >
            {move || {
                if busy.get() {
                    view! { <Spinner/> }.into_any()
                } else {
                    icon.map(|name| view! { <Icon name/> }).into_any()
                }
            }}
            <span class="btn__label">{children()}</span>
        </button>
    }
}

/// A square button with an icon only; `label` is its name and its tooltip.
#[component]
pub fn IconButton(
    /// Its accessible name.
    #[prop(into)]
    label: Signal<String>,
    /// What is drawn.
    icon: IconName,
    /// How much it asks for attention.
    #[prop(default = ButtonKind::Quiet)]
    kind: ButtonKind,
    /// Its height and width.
    #[prop(optional)]
    size: ButtonSize,
    /// While true it cannot be used or focused.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class=format!("{} btn--icon", classes(kind, size))
            aria-label=move || label.get()
            title=move || label.get()
            disabled=disabled
        >
            <Icon name=icon/>
        </button>
    }
}

/// A link that looks like a button: for going somewhere, never for doing.
#[component]
pub fn LinkButton(
    /// Where it leads.
    #[prop(into)]
    href: Signal<String>,
    /// How much it asks for attention.
    #[prop(optional)]
    kind: ButtonKind,
    /// Its height.
    #[prop(optional)]
    size: ButtonSize,
    /// Drawn before the words.
    #[prop(optional)]
    icon: Option<IconName>,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <a class=classes(kind, size) href=move || href.get()>
            {icon.map(|name| view! { <Icon name/> })}
            <span class="btn__label">{children()}</span>
        </a>
    }
}
