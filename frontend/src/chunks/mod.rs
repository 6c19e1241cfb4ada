//! Parts of the program that are loaded when they are needed (ADR 0009).
//!
//! A release is cut by `xtask/pack/chunks.mjs` as `frontend/chunks.json` says: what the
//! grid's page and the sign-in need comes first, the lists and the learner's pages each
//! in a module of their own. A development build is one module, in which every chunk is
//! there from the start.
//!
//! The functions in the modules below are the only way into a chunk, and they are
//! called here alone: what they draw may not run before its chunk is there, and no type
//! that names a chunk may reach code that runs before.

mod learner;
mod office;
mod work;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use app::{
    bulk::{operation::Operation, problem::Problem},
    domain::id::{ImportId, UserId},
};
use js_sys::{Function, Promise, Reflect};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::{
    components::{
        ErrorState, Skeleton, SkeletonShape,
        grid::{ColumnAction, OpenMenu},
    },
    pages::invite::{CureWords, Desk, Document, submit::Order},
    routes::Page,
    session::Session,
    shared::Shared,
};

/// After the first page: by then nobody waits for the network.
const QUIET: Duration = Duration::from_millis(1500);

/// A part that is loaded on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// The pages of those who manage, but for the grid's.
    Office,
    /// What a mailed link opens, and the learner's home.
    Learner,
    /// What the grid's page needs after its first rows: the check against the server, the
    /// submit, dialogs, the journal's way back.
    Work,
}

impl Chunk {
    const ALL: [Self; 3] = [Self::Office, Self::Learner, Self::Work];

    /// As `frontend/chunks.json` names it.
    const fn name(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Learner => "learner",
            Self::Work => "work",
        }
    }

    /// The chunk that draws a page; `None`: it came with the first module.
    #[must_use]
    pub const fn of(page: &Page) -> Option<Self> {
        match page {
            Page::Root | Page::SignIn | Page::Invite(_) => None,
            Page::Landing
            | Page::Redeem
            | Page::Never
            | Page::Home
            | Page::Forgot
            | Page::Reset => Some(Self::Learner),
            _ => Some(Self::Office),
        }
    }

    /// Whether its functions may be called, for code that waits for nothing. Tests on the
    /// host are never cut.
    fn is_there(self) -> bool {
        cfg!(not(target_arch = "wasm32")) || THERE[self as usize].load(Ordering::Relaxed)
    }

    fn came(self) {
        THERE[self as usize].store(true, Ordering::Relaxed);
    }
}

/// Which chunks are there.
static THERE: [AtomicBool; Chunk::ALL.len()] = [const { AtomicBool::new(false) }; Chunk::ALL.len()];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Ready,
    Failed,
}

/// Which chunks are there. Take it with [`use_chunks`].
#[derive(Clone, Copy)]
pub struct Chunks([RwSignal<Option<State>>; Chunk::ALL.len()]);

impl Chunks {
    /// Puts it into the context, and loads every chunk once nothing else is going on: a
    /// page that stays open for days must not miss a part when a new version has come.
    pub fn provide() -> Self {
        let chunks = Self(Chunk::ALL.map(|_| RwSignal::new(None)));
        provide_context(chunks);
        let all = move || {
            for chunk in Chunk::ALL {
                chunks.load(chunk);
            }
        };
        set_timeout(all, QUIET);
        chunks
    }

    /// True once what draws `page` is there. Tracked.
    pub fn has(self, page: Option<&Page>) -> bool {
        page.and_then(Chunk::of)
            .is_none_or(|chunk| self.state(chunk).get() == Some(State::Ready))
    }

    fn state(self, chunk: Chunk) -> RwSignal<Option<State>> {
        self.0[chunk as usize]
    }

    /// Loads a chunk that is not there and not on its way.
    fn load(self, chunk: Chunk) {
        let state = self.state(chunk);
        if matches!(state.get_untracked(), Some(State::Waiting | State::Ready)) {
            return;
        }
        let Some(loading) = loading(chunk) else {
            chunk.came();
            state.set(Some(State::Ready));
            return;
        };
        state.set(Some(State::Waiting));
        spawn_local(async move {
            let came = JsFuture::from(loading).await.is_ok();
            if came {
                chunk.came();
            }
            state.try_set(Some(if came { State::Ready } else { State::Failed }));
        });
    }
}

/// The chunks from the context.
pub fn use_chunks() -> Chunks {
    expect_context::<Chunks>()
}

/// What the packed page's own script answers (`pack.mjs`); `None` in a development build.
fn loading(chunk: Chunk) -> Option<Promise> {
    let load = Reflect::get(&js_sys::global(), &JsValue::from_str("beckonChunk"))
        .ok()?
        .dyn_into::<Function>()
        .ok()?;
    load.call1(&JsValue::NULL, &JsValue::from_str(chunk.name()))
        .ok()?
        .dyn_into::<Promise>()
        .ok()
}

/// A page that a chunk draws, as soon as the chunk is there.
pub fn page(chunk: Chunk, page: Page) -> AnyView {
    match chunk {
        Chunk::Office => later(chunk, Box::new(move || office::draw(&page))),
        Chunk::Learner => later(chunk, Box::new(move || learner::draw(&page))),
        // It draws no page.
        Chunk::Work => ().into_any(),
    }
}

/// The list of invitations, as it stands under the grid.
pub fn invitations_panel() -> AnyView {
    #[expect(
        clippy::redundant_closure,
        reason = "the type of the function itself would name the chunk where it is not there yet"
    )]
    later(Chunk::Office, Box::new(|| office::invitations_panel()))
}

/// The way to take an import back, while that is one click.
pub fn undo_soon(import: ImportId, session: Session, on_undone: Callback<()>) -> AnyView {
    quietly(
        Chunk::Office,
        Box::new(move || office::undo_soon(import, session, on_undone)),
    )
}

/// Runs a submit; `missed` where the part that does it cannot be had.
pub fn submit(desk: Desk, order: Order, missed: impl FnOnce() + 'static) {
    soon(
        Chunk::Work,
        Box::new(move || work::submit(desk, order)),
        Box::new(missed),
    );
}

/// Asks the server about the list; `missed` as for [`submit`].
pub fn ask_server(desk: Desk, missed: impl FnOnce() + 'static) {
    soon(
        Chunk::Work,
        Box::new(move || work::ask_server(desk)),
        Box::new(missed),
    );
}

/// Puts the list on the empty desk that a lost page left behind, if there is one.
pub fn restore(desk: Desk, user: UserId) {
    soon(
        Chunk::Work,
        Box::new(move || work::restore(desk, user)),
        // The list stays in the journal for the next time.
        Box::new(|| {}),
    );
}

/// What became of the last submit.
pub fn outcome(desk: Desk) -> AnyView {
    quietly(Chunk::Work, Box::new(move || work::outcome(desk)))
}

/// The bar to find and replace; see [`crate::pages::invite::find::FindBar`].
pub fn find_bar(desk: Desk, asked: RwSignal<u32>) -> AnyView {
    quietly(Chunk::Work, Box::new(move || work::find_bar(desk, asked)))
}

/// What the buttons against a problem say; nothing before the part is there that knows.
pub fn cure_words(document: &Document, problem: &Problem, curable: Option<usize>) -> CureWords {
    if Chunk::Work.is_there() {
        work::cure_words(document, problem, curable)
    } else {
        CureWords::default()
    }
}

/// The step that cures a problem, or all of its kind; see [`cure_words`].
pub fn cure_step(document: &Document, problem: &Problem, all: bool) -> Option<Operation> {
    if Chunk::Work.is_there() {
        work::cure_step(document, problem, all)
    } else {
        None
    }
}

/// The menu of a column; see [`crate::components::grid::ColumnMenu`].
pub fn column_menu(
    menu: Shared<Option<OpenMenu>>,
    on_action: UnsyncCallback<(usize, ColumnAction)>,
    on_close: UnsyncCallback<()>,
) -> AnyView {
    quietly(
        Chunk::Work,
        Box::new(move || work::column_menu(menu, on_action, on_close)),
    )
}

/// The dialogs of the grid.
pub fn grid_dialogs(desk: Desk) -> AnyView {
    quietly(Chunk::Work, Box::new(move || work::grid_dialogs(desk)))
}

/// Runs `task`, which is a chunk's, as soon as the chunk is there.
fn soon(chunk: Chunk, task: Box<dyn FnOnce()>, missed: Box<dyn FnOnce()>) {
    let Some(loading) = loading(chunk) else {
        task();
        return;
    };
    spawn_local(async move {
        if JsFuture::from(loading).await.is_ok() {
            task();
        } else {
            missed();
        }
    });
}

/// Like [`later`], with nothing where the skeleton would be.
fn quietly(chunk: Chunk, draw: Box<dyn Fn() -> AnyView + Send>) -> AnyView {
    drawn(chunk, draw, || ().into_any())
}

/// Draws what `draw` makes of a chunk as soon as the chunk is there; a skeleton until
/// then, and a way to try again if it cannot be had.
fn later(chunk: Chunk, draw: Box<dyn Fn() -> AnyView + Send>) -> AnyView {
    drawn(chunk, draw, || {
        view! { <Skeleton shape=SkeletonShape::Rows/> }.into_any()
    })
}

fn drawn(
    chunk: Chunk,
    draw: Box<dyn Fn() -> AnyView + Send>,
    meanwhile: fn() -> AnyView,
) -> AnyView {
    let chunks = use_chunks();
    chunks.load(chunk);
    let state = chunks.state(chunk);
    (move || match state.get() {
        Some(State::Ready) => untrack(&draw),
        Some(State::Failed) => missing(chunks, chunk),
        Some(State::Waiting) | None => meanwhile(),
    })
    .into_any()
}

fn missing(chunks: Chunks, chunk: Chunk) -> AnyView {
    view! {
        <ErrorState
            title="This part of Beckon could not be loaded."
            message="Nothing is lost. Check the connection and try again; if that does not help, Beckon may have a newer version: reload the page."
            on_retry=Callback::new(move |()| chunks.load(chunk))
        />
    }
    .into_any()
}
