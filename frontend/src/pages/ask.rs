//! Asking before something that cannot be taken back.

use std::{pin::Pin, sync::Arc};

use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{ButtonKind, ConfirmDialog},
    shared::Shared,
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
    pub text: String,
    /// Does it; the dialog closes when it is done.
    pub act: Arc<dyn Fn() -> Doing + Send + Sync>,
}

/// Something that is being done.
pub type Doing = Pin<Box<dyn Future<Output = ()>>>;

/// Where questions are put. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Asking {
    question: Shared<Option<Question>>,
    /// The dialog whose button is the main one of the page.
    plain: RwSignal<bool>,
    /// The dialog whose button destroys something.
    danger: RwSignal<bool>,
}

impl Asking {
    /// Nothing is asked yet.
    pub fn new() -> Self {
        Self {
            question: Shared::new(None),
            plain: RwSignal::new(false),
            danger: RwSignal::new(false),
        }
    }

    /// Opens the dialog. The question stays for its closing words.
    pub fn ask(self, question: Question) {
        let open = if question.kind == ButtonKind::Danger {
            self.danger
        } else {
            self.plain
        };
        self.question.set(Some(question));
        open.set(true);
    }

    fn of<T: Default>(self, part: impl Fn(&Question) -> T) -> T {
        let question = self.question.read();
        (*question).as_ref().map(part).unwrap_or_default()
    }
}

/// The dialogs: a button's colour is fixed when it is made, so that there is one for each.
/// Once for each [`Asking`].
#[component]
pub fn Ask(
    /// Where the questions are put.
    asking: Asking,
) -> impl IntoView {
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
            asking.plain.try_set(false);
            asking.danger.try_set(false);
        });
    });
    let title = Signal::derive(move || asking.of(|asked| asked.title.clone()));
    let confirm = Signal::derive(move || asking.of(|asked| asked.word.to_owned()));
    let dialog = move |kind: ButtonKind, open: RwSignal<bool>| {
        view! {
            <ConfirmDialog open title confirm kind busy on_confirm>
                <p>{move || asking.of(|asked| asked.text.clone())}</p>
            </ConfirmDialog>
        }
        .into_any()
    };
    view! {
        {dialog(ButtonKind::Primary, asking.plain)}
        {dialog(ButtonKind::Danger, asking.danger)}
    }
}
