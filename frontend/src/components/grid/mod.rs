//! The review grid: a sheet of any length, drawn by hand over a small pool of
//! elements. It reads a [`GridSource`] and knows neither sheet nor api.

mod clipboard;
mod column_menu;
mod dom;
mod editor;
mod engine;
mod events;
mod head;
mod keys;
mod paint;
mod popover;
mod selection;
mod source;
mod viewport;

use std::rc::Rc;

use leptos::{html, prelude::*};

use engine::{Engine, Notice};
use events::Wiring;

use crate::{chunks, shared::Shared};

pub use column_menu::{ColumnAction, ColumnMenu, OpenMenu};
pub use selection::{Area, Place, Selection};
pub use source::{Applied, Direction, GridEdit, GridSource, Heading, Mark, Remark, Severity};

/// What the page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridRequest {
    /// A row's number to go to.
    GoTo,
    /// Find and replace.
    Find,
    /// A column's new name.
    Rename(usize),
    /// A column's meaning.
    Map(usize),
    /// Say why nothing was changed.
    Refused(&'static str),
}

/// A grid that stands in the page, with what listens for it.
type Standing = (Rc<Engine>, Option<Wiring>);

type Source = StoredValue<Rc<dyn GridSource>, LocalStorage>;

/// The page's hold on its grid. Cheap to copy; does nothing while no grid stands.
#[derive(Clone, Copy)]
pub struct GridHandle {
    engine: StoredValue<Option<Standing>, LocalStorage>,
}

impl GridHandle {
    /// A hold on nothing yet.
    pub fn new() -> Self {
        Self {
            engine: StoredValue::new_local(None),
        }
    }

    fn engine(self) -> Option<Rc<Engine>> {
        self.engine
            .try_with_value(|engine| engine.as_ref().map(|(engine, _)| engine.clone()))
            .flatten()
    }

    fn with(self, run: impl FnOnce(&Engine)) {
        if let Some(engine) = self.engine() {
            run(&engine);
        }
    }

    /// Reads the source anew, after a change that did not come through the grid.
    pub fn refresh(self) {
        self.with(Engine::refresh);
    }

    /// Another sheet stands in the source: its start is shown, in widths that suit it.
    pub fn reset(self) {
        self.with(Engine::reset);
    }

    /// Applies an edit as if the grid had asked for it.
    pub fn apply(self, edit: GridEdit) {
        self.with(|engine| {
            engine.commit();
            engine.apply(edit);
        });
    }

    /// The selection, or the first cell while no grid stands.
    pub fn selection(self) -> Selection {
        self.engine()
            .map(|engine| engine.selection())
            .unwrap_or_default()
    }

    /// Goes to a cell with the focus.
    pub fn jump(self, place: Place) {
        self.with(|engine| engine.jump(place));
    }

    /// Goes to a cell; the focus stays where it is.
    pub fn show(self, place: Place) {
        self.with(|engine| engine.show(place));
    }

    /// Goes to the next or the previous problem.
    pub fn problem(self, direction: Direction) {
        self.with(|engine| engine.problem(direction));
    }

    /// Goes to the first problem.
    pub fn first_problem(self) {
        self.with(|engine| engine.problem_from(None, Direction::Forward));
    }

    /// Gives the keyboard to the grid.
    pub fn focus(self) {
        self.with(Engine::focus);
    }

    /// Keeps what is being typed.
    pub fn commit(self) {
        self.with(|engine| {
            engine.commit();
        });
    }

    /// Says something to screen readers.
    pub fn announce(self, words: &str) {
        self.with(|engine| engine.announce(words));
    }
}

/// The grid. Give it a source and keep the handle.
#[component]
pub fn Grid(
    /// What it shows.
    source: Source,
    /// The page's hold on it.
    handle: GridHandle,
    /// Its accessible name.
    label: &'static str,
    /// Follows the selection.
    #[prop(into)]
    on_select: UnsyncCallback<Selection>,
    /// What the grid cannot do by itself.
    #[prop(into)]
    on_request: UnsyncCallback<GridRequest>,
) -> impl IntoView {
    let root = NodeRef::<html::Div>::new();
    let menu = Shared::new(None::<OpenMenu>);

    root.on_load(move |element| {
        let notify = Box::new(move |notice| match notice {
            Notice::Selected(selection) => on_select.run(selection),
            Notice::GoTo => on_request.run(GridRequest::GoTo),
            Notice::Find => on_request.run(GridRequest::Find),
            Notice::Rename(column) => on_request.run(GridRequest::Rename(column)),
            Notice::Refused(why) => on_request.run(GridRequest::Refused(why)),
            Notice::ColumnMenu { column, x, y } => {
                let columns = source.with_value(|source| source.columns());
                menu.set(Some(OpenMenu {
                    column,
                    columns,
                    x,
                    y,
                }));
            }
        });
        let engine = Engine::new(&element, "review", source.get_value(), notify);
        let wiring = events::wire(&engine);
        handle.engine.set_value(Some((engine, wiring)));
        handle.refresh();
    });
    on_cleanup(move || handle.engine.try_set_value(None).map_or((), drop));

    let on_action = UnsyncCallback::new(move |(column, action)| match action {
        ColumnAction::Rename => on_request.run(GridRequest::Rename(column)),
        ColumnAction::Map => on_request.run(GridRequest::Map(column)),
        ColumnAction::InsertLeft => handle.apply(GridEdit::InsertColumn { at: column }),
        ColumnAction::InsertRight => handle.apply(GridEdit::InsertColumn { at: column + 1 }),
        ColumnAction::MoveLeft => handle.apply(GridEdit::MoveColumn {
            from: column,
            to: column.saturating_sub(1),
        }),
        ColumnAction::MoveRight => handle.apply(GridEdit::MoveColumn {
            from: column,
            to: column + 1,
        }),
        ColumnAction::Delete => handle.apply(GridEdit::DeleteColumn { at: column }),
    });
    let on_close = UnsyncCallback::new(move |()| handle.focus());

    view! {
        <div class="grid-shell">
            <div
                node_ref=root
                class="grid"
                role="grid"
                aria-label=label
                aria-multiselectable="true"
                aria-describedby="review-hint"
            ></div>
            {chunks::column_menu(menu, on_action, on_close)}
        </div>
        <p class="grid__hint" id="review-hint">
            "Esc, then Tab leaves the grid. F8: next problem."
        </p>
    }
}
