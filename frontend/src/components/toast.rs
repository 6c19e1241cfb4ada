//! Short messages at the lower edge that say what just happened.

use std::time::Duration;

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};

use crate::keyed::keyed;

use super::{
    badge::Tone,
    button::{ButtonKind, ButtonSize, IconButton, classes},
    icon::{Icon, IconName},
};

/// How long a message stays. Errors, and what offers to do something, stay until closed.
const STAY: Duration = Duration::from_secs(7);
/// More than this many at once push the oldest out.
const MOST: usize = 4;

/// What a message offers to do: a button's words, e.g. **Undo**, and what it runs.
pub type ToastAction = (String, Callback<()>);

#[derive(Clone)]
struct Toast {
    id: u32,
    tone: Tone,
    text: String,
    action: Option<ToastAction>,
}

impl Toast {
    fn stays(&self) -> bool {
        self.tone == Tone::Bad || self.action.is_some()
    }
}

/// Where messages are put. Copy it into handlers.
#[derive(Clone, Copy)]
pub struct ToastStore {
    toasts: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl ToastStore {
    fn new() -> Self {
        Self {
            toasts: RwSignal::new(Vec::new()),
            next: StoredValue::new(0),
        }
    }

    /// Something was done.
    pub fn success(self, text: impl Into<String>) {
        self.push(Tone::Ok, text, None);
    }

    /// Something is worth knowing.
    pub fn info(self, text: impl Into<String>) {
        self.push(Tone::Info, text, None);
    }

    /// Something failed: what happened, what was kept, what to do. It stays.
    pub fn error(self, text: impl Into<String>) {
        self.push(Tone::Bad, text, None);
    }

    /// Something was done and can be taken back.
    pub fn undo(self, text: impl Into<String>, on_undo: impl Into<Callback<()>>) {
        self.push(Tone::Ok, text, Some(("Undo".to_owned(), on_undo.into())));
    }

    /// Any message.
    pub fn push(self, tone: Tone, text: impl Into<String>, action: Option<ToastAction>) {
        let id = self.next.try_update_value(|next| {
            *next += 1;
            *next
        });
        let toast = Toast {
            id: id.unwrap_or_default(),
            tone,
            text: text.into(),
            action,
        };
        self.toasts.update(|toasts| {
            toasts.push(toast);
            if toasts.len() > MOST {
                // The newest is the last to go.
                let passing = toasts.iter().position(|toast| !toast.stays());
                toasts.remove(passing.filter(|at| at + 1 < toasts.len()).unwrap_or(0));
            }
        });
    }

    /// Takes every message away, e.g. at sign-out.
    pub fn clear(self) {
        self.toasts.update(Vec::clear);
    }

    fn dismiss(self, id: u32) {
        // A timer may fire after the whole page is gone.
        _ = self
            .toasts
            .try_update(|toasts| toasts.retain(|toast| toast.id != id));
    }
}

/// Makes the store and puts it into the context. Once, in the root component.
pub fn provide_toasts() -> ToastStore {
    let store = ToastStore::new();
    provide_context(store);
    store
}

/// The store of [`provide_toasts`]. Outside of it, messages go nowhere.
pub fn use_toasts() -> ToastStore {
    use_context::<ToastStore>().unwrap_or_else(ToastStore::new)
}

/// Where the messages appear. Once, in the root component, beside the pages: the
/// two live regions have to stand before their first message does.
#[component]
pub fn Toasts() -> impl IntoView {
    let store = use_toasts();
    let lines = move |urgent: bool| {
        let of = move || {
            let mut toasts = store.toasts.get();
            toasts.retain(|toast| (toast.tone == Tone::Bad) == urgent);
            toasts
        };
        keyed(
            of,
            |toast| toast.id.to_string(),
            move |toast| view! { <ToastView toast store/> }.into_any(),
        )
    };
    view! {
        <div class="toasts">
            <div class="toasts__region" role="status" aria-live="polite">
                {lines(false)}
            </div>
            <div class="toasts__region" role="alert">
                {lines(true)}
            </div>
        </div>
    }
}

#[component]
fn ToastView(toast: Toast, store: ToastStore) -> impl IntoView {
    let id = toast.id;
    let stays = toast.stays();
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(Some(handle)) = timer.try_update_value(Option::take) {
            handle.clear();
        }
    };
    let start = move || {
        stop();
        if !stays {
            timer.set_value(set_timeout_with_handle(move || store.dismiss(id), STAY).ok());
        }
    };
    start();
    on_cleanup(stop);
    let icon = match toast.tone {
        Tone::Ok => IconName::CheckCircle,
        Tone::Bad => IconName::Error,
        Tone::Warn => IconName::Alert,
        Tone::Neutral | Tone::Info | Tone::Accent => IconName::Info,
    };
    let small = classes(ButtonKind::Quiet, ButtonSize::Small);
    let action = toast.action.map(|(words, run)| {
        let press = move |_| {
            store.dismiss(id);
            run.run(());
        };
        view! {
            <button type="button" class=small on:click=press>
                {words}
            </button>
        }
    });
    view! {
        <div
            class=format!("toast {}", toast.tone.class())
            on:pointerenter=move |_| stop()
            on:pointerleave=move |_| start()
            on:focusin=move |_| stop()
            on:focusout=move |_| start()
        >
            <Icon name=icon/>
            <p class="toast__text">{toast.text}</p>
            {action}
            <IconButton
                label="Close this message"
                icon=IconName::Close
                size=ButtonSize::Small
                on:click=move |_| store.dismiss(id)
            />
        </div>
    }
}
