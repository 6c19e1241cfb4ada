//! Asking before something that cannot be taken back.

use std::{pin::Pin, sync::Arc};

use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{ButtonKind, ConfirmDialog},
    shared::{Derived, Shared},
};

/// What is asked, and what is done about it.
#[derive(Clone)]
pub struct Question {
    /// The question itself.
    pub title: String,
    /// On the button that does it.
    pub word: &'static str,
    /// That button's colour.
    pub kind: ButtonKind,
    /// What follows, in a sentence or two.
    pub text: &'static str,
    /// Does it; the dialog closes when it is done.
    pub act: Arc<dyn Fn() -> Doing + Send + Sync>,
}

/// Something that is being done.
pub type Doing = Pin<Box<dyn Future<Output = ()>>>;

/// Where questions are put. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Asking {
    question: Shared<Option<Question>>,
    open: RwSignal<bool>,
}

impl Asking {
    /// Nothing is asked yet.
    pub fn new() -> Self {
        Self {
            question: Shared::new(None),
            open: RwSignal::new(false),
        }
    }

    /// Opens the dialog. The question stays for its closing words.
    pub fn ask(self, question: Question) {
        self.question.set(Some(question));
        self.open.set(true);
    }

    fn of<T: Default>(self, part: impl Fn(&Question) -> T) -> T {
        let question = self.question.read();
        (*question).as_ref().map(part).unwrap_or_default()
    }
}

/// The dialog. Once for each [`Asking`].
#[component]
pub fn Ask(
    /// Where the questions are put.
    asking: Asking,
) -> impl IntoView {
    let open = asking.open;
    let busy = RwSignal::new(false);
    let on_confirm = Callback::new(move |()| {
        let question = asking.question.read_untracked();
        let Some(question) = &*question else {
            return;
        };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let doing = (question.act)();
        spawn_local(async move {
            doing.await;
            busy.try_set(false);
            open.try_set(false);
        });
    });
    let title = Signal::derive(move || asking.of(|asked| asked.title.clone()));
    let confirm = Signal::derive(move || asking.of(|asked| asked.word.to_owned()));
    let kind = Derived::new(move || asking.of(|asked| Some(asked.kind)));
    // The button's colour is fixed when it is made: one dialog for each.
    let draw = move || {
        (*kind.read()).map(|kind| {
            view! {
                <ConfirmDialog open title confirm kind busy on_confirm>
                    <p>{move || asking.of(|asked| asked.text)}</p>
                </ConfirmDialog>
            }
            .into_any()
        })
    };
    view! { {move || draw()} }
}
