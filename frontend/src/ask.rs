//! One question at a time, in a dialog of its own beside the pages, so that whoever asks
//! may be gone when it is answered.

use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::{components::ConfirmDialog, effects::effect, shared::Shared};

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The question.
    pub title: &'static str,
    /// The words on the button that says yes.
    pub yes: &'static str,
    /// What happens then.
    pub sentence: String,
}

/// Where questions are put. Copy it into handlers.
#[derive(Clone, Copy)]
pub struct Ask {
    open: RwSignal<bool>,
    question: Shared<Question>,
    waiting: StoredValue<Option<js_sys::Function>, LocalStorage>,
}

impl Ask {
    /// Makes it and puts it into the context. Once, in the root component.
    pub fn provide() -> Self {
        let ask = Self {
            open: RwSignal::new(false),
            question: Shared::new(Question::default()),
            waiting: StoredValue::new_local(None),
        };
        provide_context(ask);
        ask
    }

    /// Asks; `false` also where the dialog was closed, or another question came.
    pub async fn ask(self, question: Question) -> bool {
        self.answer(false);
        let promise = js_sys::Promise::new(&mut |resolve, _| {
            self.waiting.try_set_value(Some(resolve));
        });
        self.question.set(question);
        self.open.set(true);
        JsFuture::from(promise)
            .await
            .is_ok_and(|yes| yes.as_bool() == Some(true))
    }

    fn answer(self, yes: bool) {
        if let Some(Some(resolve)) = self.waiting.try_update_value(Option::take) {
            // A promise's own resolve function never throws.
            _ = resolve.call1(&JsValue::UNDEFINED, &JsValue::from_bool(yes));
        }
    }
}

/// The place of [`Ask::provide`].
pub fn use_ask() -> Ask {
    expect_context::<Ask>()
}

/// The dialog. Once, in the root component.
#[component]
pub fn Asked() -> impl IntoView {
    let ask = use_ask();
    effect(move || {
        if !ask.open.get() {
            ask.answer(false);
        }
    });
    let on_confirm = Callback::new(move |()| {
        ask.answer(true);
        ask.open.set(false);
    });
    view! {
        <ConfirmDialog
            open=ask.open
            title=Signal::derive(move || ask.question.read().title.to_owned())
            confirm=Signal::derive(move || ask.question.read().yes.to_owned())
            on_confirm
        >
            <p>{move || ask.question.read().sentence.clone()}</p>
        </ConfirmDialog>
    }
}
