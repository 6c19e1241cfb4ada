//! The list on the desk outlives the page that it stands on: the file's bytes once, then
//! every step as it happens, in the browser's own database. After a reload, a crash or a
//! killed tab the list is built again from them: cells, columns, history and place.
//!
//! One journal for each list, named by person, tenant and the list's own mark. The page
//! that writes it holds a lock of that name, so that no other tab takes it for left behind.

pub mod restore;
mod store;

use std::{cell::RefCell, rc::Rc, time::Duration};

use app::{
    bulk::{
        journal::{self, SubmittedRow},
        sheet::Sheet,
    },
    domain::id::UserId,
};
use js_sys::{Date, Function, Object, Promise, Reflect, Uint8Array};
use leptos::{prelude::*, task::spawn_local, web_sys};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

use super::{
    book::Change,
    browser::{self, breathe},
    reading::Manner,
    submit::Attempt,
};
use crate::{
    components::{ToastStore, grid::Place},
    live::{request_lock, web_locks},
};

/// The place is written this long after it changed.
const PLACE_AFTER: Duration = Duration::from_millis(800);

/// What a list began with.
#[derive(Clone)]
pub enum Origin {
    /// A file.
    File(web_sys::Blob),
    /// Text that was pasted.
    Text(String),
    /// The template's columns and one empty row.
    Nothing,
}

/// What is said about a list beside its bytes.
#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    name: String,
    /// What was read, whatever was edited by then: steps are done again only on the same.
    rows: u32,
    bytes: u64,
    /// What was chosen about how it is read.
    #[serde(default)]
    manner: [String; 3],
}

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about one writer"
)]
struct State {
    /// Steps that are not written yet.
    pending: Vec<u8>,
    /// The number of the next part.
    next: u32,
    /// The list's bytes are written.
    started: bool,
    /// A writer is at work.
    running: bool,
    /// It could not be written: there is no journal any more.
    broken: bool,
    /// The list belongs to somebody who may come back for it.
    left: bool,
    /// Where the person is, once that is to be written.
    place: Option<String>,
    /// Gives the lock back.
    release: Option<Function>,
}

/// The journal of one list; with the list it is forgotten.
pub struct Journal {
    prefix: String,
    toasts: ToastStore,
    state: RefCell<State>,
}

fn scope(user: UserId, slug: &str) -> String {
    format!("{user}|{slug}|")
}

impl Journal {
    /// A journal in which nothing is written before [`Journal::start`].
    pub fn new(user: UserId, slug: &str, toasts: ToastStore) -> Rc<Self> {
        let mark = browser::random_key().unwrap_or_default();
        let prefix = format!("{}{:015}-{mark}|", scope(user, slug), Date::now());
        Self::at(prefix, toasts, State::default())
    }

    fn at(prefix: String, toasts: ToastStore, state: State) -> Rc<Self> {
        Rc::new(Self {
            prefix,
            toasts,
            state: RefCell::new(state),
        })
    }

    /// Writes what the list began with, and from then on every step.
    pub fn start(self: &Rc<Self>, origin: Origin, name: &str, manner: Manner, sheet: &Sheet) {
        let head = serde_json::to_string(&Head {
            version: journal::VERSION,
            name: name.to_owned(),
            rows: sheet.source().rows(),
            bytes: sheet.source().bytes().len() as u64,
            manner: manner.to_words(),
        });
        let Ok(head) = head else { return };
        let bytes = match origin {
            Origin::File(blob) => blob.into(),
            Origin::Text(text) => JsValue::from_str(&text),
            Origin::Nothing => JsValue::NULL,
        };
        let this = self.clone();
        spawn_local(async move {
            let lock = claim(&this.prefix).await;
            this.state.borrow_mut().release = lock.flatten();
            let values = [this.named("f", bytes), this.named("h", head.into())];
            if store::write(&values).await.is_some() {
                this.state.borrow_mut().started = true;
                this.flush();
            } else {
                this.give_up();
            }
        });
    }

    fn named(&self, name: &str, value: JsValue) -> (String, JsValue) {
        (format!("{}{name}", self.prefix), value)
    }

    /// Once, and softly: what is in memory is as safe as it was.
    fn give_up(&self) {
        let state = &mut *self.state.borrow_mut();
        if !std::mem::replace(&mut state.broken, true) {
            state.pending = Vec::new();
            self.toasts.info(
                "This browser has no room left to keep the list in case the page is lost. Everything is still here: submit before you close it.",
            );
        }
    }

    /// Writes a change down.
    pub fn record(self: &Rc<Self>, change: &Change) {
        let write = |out: &mut Vec<u8>| match change {
            Change::Do(operation) => journal::write_do(out, operation),
            Change::Undo => journal::write_undo(out),
            Change::Redo => journal::write_redo(out),
        };
        self.append(&write);
    }

    /// Writes down which rows were submitted.
    pub fn record_submitted(self: &Rc<Self>, rows: &[SubmittedRow]) {
        self.append(&|out| journal::write_submitted(out, rows));
    }

    fn append(self: &Rc<Self>, write: &dyn Fn(&mut Vec<u8>)) {
        {
            let state = &mut *self.state.borrow_mut();
            if state.broken {
                return;
            }
            write(&mut state.pending);
        }
        self.flush();
    }

    /// Writes what waits, after the browser has painted.
    fn flush(self: &Rc<Self>) {
        {
            let state = &mut *self.state.borrow_mut();
            if state.running || state.broken || !state.started || state.pending.is_empty() {
                return;
            }
            state.running = true;
        }
        let this = self.clone();
        spawn_local(async move {
            loop {
                breathe().await;
                let (number, part) = {
                    let state = &mut *this.state.borrow_mut();
                    if state.pending.is_empty() {
                        state.running = false;
                        return;
                    }
                    state.next += 1;
                    (state.next, std::mem::take(&mut state.pending))
                };
                let bytes = Uint8Array::from(part.as_slice()).into();
                let part = this.named(&format!("o{number:08}"), bytes);
                let changed = this.named("t", Date::now().into());
                if store::write(&[part, changed]).await.is_none() {
                    this.give_up();
                    this.state.borrow_mut().running = false;
                    return;
                }
            }
        });
    }

    /// True while everything that was done is written down, or about to be.
    pub fn is_safe(&self) -> bool {
        let state = self.state.borrow();
        state.started && !state.broken && !state.running && state.pending.is_empty()
    }

    /// Writes down where the person is, some time after it last changed.
    pub fn keep_place(self: &Rc<Self>, place: Place, check_on: bool) {
        let words = format!("{} {} {}", place.row, place.column, u8::from(check_on));
        let waits = self.state.borrow_mut().place.replace(words).is_some();
        if waits {
            return;
        }
        let this = Rc::downgrade(self);
        set_timeout(
            move || {
                let Some(this) = this.upgrade() else { return };
                let words = this.state.borrow_mut().place.take();
                let started = this.state.borrow().started;
                if let Some(words) = words.filter(|_| started) {
                    spawn_local(async move {
                        // The place is not worth a word.
                        _ = store::write(&[this.named("p", words.into())]).await;
                    });
                }
            },
            PLACE_AFTER,
        );
    }

    /// Writes down under which key the rows are submitted, so that a submit that was cut
    /// off is found again.
    pub async fn keep_attempt(&self, attempt: &Attempt) {
        if let Ok(words) = serde_json::to_string(attempt) {
            // Without it the rows are submitted as another import, and nobody is invited twice.
            _ = store::write(&[self.named("a", words.into())]).await;
        }
    }

    /// Another list took the place of this one, or gave it back.
    pub fn set_replaced(self: &Rc<Self>, replaced: bool) {
        let this = self.clone();
        spawn_local(async move {
            if this.state.borrow().started {
                _ = store::write(&[this.named("r", replaced.into())]).await;
            }
        });
    }

    /// The list goes from this page, and is kept for its owner.
    pub fn leave(&self) {
        self.state.borrow_mut().left = true;
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        let (release, left) = (state.release.take(), state.left);
        let prefix = std::mem::take(&mut self.prefix);
        spawn_local(async move {
            if !left {
                _ = store::remove(&prefix).await;
            }
            give_back(release.as_ref());
        });
    }
}

fn give_back(release: Option<&Function>) {
    if let Some(release) = release {
        // A promise's own resolve function never throws.
        _ = release.call0(&JsValue::UNDEFINED);
    }
}

/// Takes the lock of a journal: `None` where another tab has it, `Some(None)` where the
/// browser knows no locks.
async fn claim(name: &str) -> Option<Option<Function>> {
    let Some(locks) = web_locks() else {
        return Some(None);
    };
    let name = format!("beckon-journal:{name}");
    let granted = Promise::new(&mut |answer, _| {
        let lead = Closure::once_into_js(move |lock: JsValue| -> Promise {
            Promise::new(&mut |release, _| {
                let given = if lock.is_null() {
                    give_back(Some(&release));
                    JsValue::NULL
                } else {
                    release.into()
                };
                _ = answer.call1(&JsValue::UNDEFINED, &given);
            })
        });
        let options = Object::new();
        // Setting a property of a plain object cannot fail.
        _ = Reflect::set(&options, &JsValue::from_str("ifAvailable"), &JsValue::TRUE);
        request_lock(&locks, &name, &options, &lead);
    });
    let given = JsFuture::from(granted).await.ok()?;
    given.dyn_into::<Function>().ok().map(Some)
}

/// Forgets every list of a person in this browser. Whoever goes on to another page waits
/// for it: what is under way is dropped with the page.
pub async fn forget(user: UserId) {
    _ = store::remove(&format!("{user}|")).await;
}
