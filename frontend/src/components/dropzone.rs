//! Choosing files, by button or by dropping them.

use leptos::{ev, html, prelude::*, web_sys};

use super::{
    button::{Button, ButtonKind, ButtonSize},
    icon::IconName,
};

fn first_file(list: Option<web_sys::FileList>) -> Option<web_sys::File> {
    list.and_then(|list| list.get(0))
}

/// A button that opens the browser's file chooser.
#[component]
pub fn FileButton(
    /// What the chooser offers first, e.g. `.csv,.tsv,.txt,text/csv`.
    #[prop(into)]
    accept: String,
    /// Gets the chosen file. The same file can be chosen again.
    #[prop(into)]
    on_file: UnsyncCallback<web_sys::File>,
    /// How much the button asks for attention.
    #[prop(optional)]
    kind: ButtonKind,
    /// Its height.
    #[prop(optional)]
    size: ButtonSize,
    /// Drawn before the words.
    #[prop(default = IconName::Upload)]
    icon: IconName,
    /// While true it shows that it works.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// The words.
    children: Children,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let choose = move |_| {
        if let Some(input) = input.get_untracked() {
            input.click();
        }
    };
    let chosen = move |_| {
        let Some(input) = input.get_untracked() else {
            return;
        };
        let file = first_file(input.files());
        // Else choosing the same file again would not be a change.
        input.set_value("");
        if let Some(file) = file {
            on_file.run(file);
        }
    };
    view! {
        <span class="file-button">
            <Button kind size icon busy on:click=choose>
                {children()}
            </Button>
            <input
                node_ref=input
                class="file-button__input"
                type="file"
                accept=accept
                hidden=true
                tabindex="-1"
                aria-hidden="true"
                on:change=chosen
            />
        </span>
    }
}

/// An area that takes a dropped file and lights up while one hovers over it. Put
/// a [`FileButton`] inside: dropping is never the only way.
#[component]
pub fn DropZone(
    /// Gets the dropped file.
    #[prop(into)]
    on_file: UnsyncCallback<web_sys::File>,
    /// What it holds, such as a whole page.
    children: Children,
) -> impl IntoView {
    // Entering a child fires before leaving its parent: count, don't toggle.
    let depth = RwSignal::new(0_i32);
    let has_files = |event: &ev::DragEvent| {
        event.data_transfer().is_some_and(|data| {
            data.types()
                .iter()
                .any(|kind| kind.as_string().as_deref() == Some("Files"))
        })
    };
    let over = move || depth.get() > 0;
    view! {
        <div
            class="dropzone"
            class:is-over=over
            on:dragenter=move |event| {
                if has_files(&event) {
                    event.prevent_default();
                    depth.update(|depth| *depth += 1);
                }
            }
            on:dragover=move |event| {
                if has_files(&event) {
                    event.prevent_default();
                }
            }
            on:dragleave=move |event| {
                if has_files(&event) {
                    depth.update(|depth| *depth = (*depth - 1).max(0));
                }
            }
            on:drop=move |event| {
                if has_files(&event) {
                    event.prevent_default();
                    depth.set(0);
                    if let Some(file) = first_file(event.data_transfer().and_then(|data| data.files())) {
                        on_file.run(file);
                    }
                }
            }
        >
            {children()}
        </div>
    }
}
