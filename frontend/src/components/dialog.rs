//! Dialogs over the page, by the browser's own `<dialog>`: it keeps the focus in,
//! makes the page inert and gives the focus back.

use leptos::{ev, html, prelude::*, tachys::dom::event_target, web_sys};

use super::{
    button::{Button, ButtonKind, IconButton},
    field::unique_id,
    focus,
    icon::IconName,
};
use crate::effects::effect;

/// Widths: 420, 560 and 860 pixels at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DialogSize {
    Small,
    #[default]
    Medium,
    Large,
}

/// Where the focus goes, the first that exists: what asks for it, the first field,
/// the first button at the end. The cross at the top would be first by position.
const FIRST: [&str; 4] = [
    "[autofocus]",
    "[data-first] select",
    ".dialog__body :is(input, select, textarea):not(:disabled)",
    ".dialog__foot button",
];

fn show(dialog: &web_sys::HtmlDialogElement) {
    // It fails only on an element outside the document, which cannot be seen.
    if dialog.show_modal().is_err() {
        return;
    }
    let first = FIRST
        .iter()
        .find_map(|selector| focus::matching(dialog, selector).into_iter().next());
    if let Some(first) = first {
        focus::focus(&first);
    }
}

/// A dialog. Its content is made anew each time it opens.
#[component]
pub fn Dialog(
    /// Whether it is open; closing it any way sets this to false.
    open: RwSignal<bool>,
    /// Its accessible name, shown as its heading.
    #[prop(into)]
    title: Signal<String>,
    /// Its width.
    #[prop(optional)]
    size: DialogSize,
    /// False keeps it open on Esc and on a click beside it, and hides the cross:
    /// for a sign-in that has to happen, or work that must not be lost.
    #[prop(default = true)]
    dismissable: bool,
    /// Runs after it closed, however that happened.
    #[prop(optional, into)]
    on_close: Option<Callback<()>>,
    /// Buttons at its end, the main one last.
    #[prop(optional, into)]
    footer: ViewFn,
    /// Its content.
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let title_id = unique_id("dialog");
    let labelled_by = title_id.clone();

    effect(move || {
        let wanted = open.get();
        let Some(dialog) = node.get() else { return };
        if wanted && !dialog.open() {
            // A frame later the content stands and can take the focus.
            request_animation_frame(move || {
                if open.try_get_untracked() == Some(true) {
                    show(&dialog);
                }
            });
        } else if !wanted && dialog.open() {
            dialog.close();
        }
    });
    let on_cancel = move |event: ev::Event| {
        if !dismissable {
            event.prevent_default();
        }
    };
    let on_closed = move |_| {
        if open.get_untracked() {
            open.set(false);
        }
        if let Some(on_close) = on_close {
            on_close.run(());
        }
    };
    // Only the backdrop has the dialog itself as its target: the panel fills it.
    let on_backdrop = move |event: &ev::MouseEvent| {
        let target: web_sys::Node = event_target(event);
        node.get_untracked()
            .is_some_and(|dialog| dialog.is_same_node(Some(&target)))
    };
    // Text that is selected in a field may end its drag there, which is no click on it.
    let pressed = StoredValue::new(false);
    let on_press = move |event: ev::PointerEvent| pressed.set_value(on_backdrop(&event));
    let on_click = move |event: ev::MouseEvent| {
        if dismissable && pressed.get_value() && on_backdrop(&event) {
            open.set(false);
        }
    };
    let size = match size {
        DialogSize::Small => "dialog dialog--sm",
        DialogSize::Medium => "dialog",
        DialogSize::Large => "dialog dialog--lg",
    };
    view! {
        <dialog
            node_ref=node
            class=size
            aria-labelledby=labelled_by
            on:cancel=on_cancel
            on:close=on_closed
            on:pointerdown=on_press
            on:click=on_click
        >
            <Show when=move || open.get()>
                <div class="dialog__panel">
                    <header class="dialog__head">
                        <h2 class="dialog__title" id=title_id.clone()>
                            {move || title.get()}
                        </h2>
                        {dismissable
                            .then(|| {
                                view! {
                                    <IconButton
                                        label="Close"
                                        icon=IconName::Close
                                        on:click=move |_| open.set(false)
                                    />
                                }
                            })}
                    </header>
                    <div class="dialog__body">{children()}</div>
                    <footer class="dialog__foot">{footer.run()}</footer>
                </div>
            </Show>
        </dialog>
    }
}

/// Asks before something that cannot be undone, and says so.
#[component]
pub fn ConfirmDialog(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// The question, e.g. *Revoke this invitation?*
    #[prop(into)]
    title: Signal<String>,
    /// The words on the button that does it, e.g. *Revoke*.
    #[prop(into)]
    confirm: Signal<String>,
    /// `Danger` by default; `Primary` where nothing is destroyed.
    #[prop(default = ButtonKind::Danger)]
    kind: ButtonKind,
    /// While true the button shows that it works, and stays.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Does it. Close the dialog (`open.set(false)`) when it is done.
    #[prop(into)]
    on_confirm: Callback<()>,
    /// What happens then, in a sentence.
    children: ChildrenFn,
) -> impl IntoView {
    let footer = move || {
        view! {
            <Button on:click=move |_| open.set(false)>"Cancel"</Button>
            <Button kind busy on:click=move |_| on_confirm.run(())>
                {move || confirm.get()}
            </Button>
        }
    };
    view! {
        <Dialog open title size=DialogSize::Small footer>
            {children()}
        </Dialog>
    }
}
