//! What each command does: moving, editing, the clipboard, problems.

use app::bulk::clipboard::parse_clipboard;
use leptos::web_sys::Node;

use super::{Engine, Notice, Reveal};
use crate::components::grid::{
    dom,
    keys::Command,
    selection::{Area, Place, Selection},
    source::{Direction, GridEdit},
};

impl Engine {
    /// Says something to screen readers.
    pub fn announce(&self, words: &str) {
        if !words.is_empty() {
            self.nodes.live.set_text_content(Some(words));
        }
    }

    /// Gives the keyboard to the grid.
    pub fn focus(&self) {
        self.editor.borrow().focus();
    }

    /// Applies an edit and shows what became of it.
    pub fn apply(&self, edit: GridEdit) {
        let applied = self.source.apply(edit);
        self.refresh();
        self.announce(&applied.announce);
        if let Some(why) = applied.refused {
            (self.notify)(Notice::Refused(why));
        }
        match applied.select {
            Some(place) => self.select(Selection::at(place), Reveal::Nearest),
            None => (self.notify)(Notice::Selected(self.selection())),
        }
    }

    /// Keeps what is being typed; true where something was being typed.
    pub fn commit(&self) -> bool {
        let (was_editing, text) = {
            let mut editor = self.editor.borrow_mut();
            (editor.is_editing(), editor.finish())
        };
        if let Some(text) = text {
            let at = self.selection().active;
            self.apply(GridEdit::Set { at, text });
        }
        was_editing
    }

    fn text_at(&self, at: Place) -> String {
        let mut text = String::new();
        self.source.text(at, &mut text);
        text
    }

    /// Starts editing the active cell.
    pub fn begin_edit(&self, replace: bool) {
        let active = self.selection().active;
        if self.source.rows() == 0 || self.source.columns() == 0 {
            return;
        }
        if let Some(why) = self.source.refusal() {
            // What was typed into the waiting text box goes.
            self.editor.borrow_mut().rest();
            self.announce(why);
            (self.notify)(Notice::Refused(why));
            return;
        }
        let text = self.text_at(active);
        let painter = self.painter.borrow();
        if let Some((cell, _)) = painter.cell(active) {
            self.editor.borrow_mut().begin(cell, text, replace);
        }
        drop(painter);
        // What is being typed is not wrong yet.
        self.popover.borrow_mut().hide();
    }

    /// Whether the key before was Esc.
    pub fn escaped(&self) -> bool {
        self.state.borrow().escaped
    }

    /// Brings the active cell into sight before something is typed into it.
    pub fn reveal_active(&self) {
        let selection = self.selection();
        let in_sight = {
            let state = self.state.borrow();
            let row = selection.active.row;
            state.rows.reveal(row).to_bits() == state.rows.top.to_bits()
        };
        if !in_sight {
            // What is selected stays so: what is typed may be for all of it.
            self.select(Selection::at(selection.active), Reveal::Nearest);
            self.select(selection, Reveal::Stay);
        }
    }

    /// Does what a key means.
    pub fn run(&self, command: Command) {
        let bounds = self.bounds();
        let selection = self.selection();
        self.state.borrow_mut().escaped = command == Command::Escape;
        match command {
            Command::Move(step) => self.select(selection.moved(step, bounds), Reveal::Nearest),
            Command::Extend(step) => self.select(selection.extended(step, bounds), Reveal::Nearest),
            Command::CommitAndMove(step) => {
                self.commit();
                self.select(self.selection().moved(step, self.bounds()), Reveal::Nearest);
            }
            Command::FillRange => {
                let typed = self.editor.borrow_mut().take();
                let text = typed.unwrap_or_else(|| self.text_at(selection.active));
                let area = selection.area();
                self.apply(GridEdit::Fill { area, text });
            }
            Command::CancelEdit => {
                self.editor.borrow_mut().rest();
                self.paint();
            }
            Command::Escape => {
                self.dismissed.set(Some(selection.active));
                self.select(Selection::at(selection.active), Reveal::Stay);
            }
            Command::Leave => {}
            Command::BeginEdit => {
                self.reveal_active();
                self.begin_edit(false);
            }
            Command::Newline => self.editor.borrow().newline(),
            Command::Clear => {
                let area = selection.area();
                let text = String::new();
                self.apply(GridEdit::Fill { area, text });
            }
            Command::ClearAndEdit => {
                self.reveal_active();
                self.begin_edit(true);
            }
            Command::SelectRows => self.select(selection.whole_rows(bounds), Reveal::Stay),
            Command::SelectColumns => {
                let area = selection.area();
                let last = Place::new(bounds.rows.saturating_sub(1), area.last.column);
                let first = Place::new(0, area.first.column);
                self.select(Selection::spanning(first, last), Reveal::Stay);
            }
            Command::SelectAll => self.select(Selection::all(bounds), Reveal::Stay),
            Command::GoTo => (self.notify)(Notice::GoTo),
            Command::Find => (self.notify)(Notice::Find),
            Command::Undo => self.apply(GridEdit::Undo),
            Command::Redo => self.apply(GridEdit::Redo),
            Command::NextProblem => self.problem(Direction::Forward),
            Command::PreviousProblem => self.problem(Direction::Backward),
            Command::Cure { all } => self.cure(all),
            Command::FillDown | Command::FillRight => self.fill(command),
            Command::InsertRow => self.apply(GridEdit::InsertRow {
                at: selection.area().last.row + 1,
            }),
            Command::DeleteRows => self.apply(GridEdit::DeleteRows {
                area: selection.area(),
            }),
            Command::ColumnMenu => self.open_menu(selection.active.column),
        }
    }

    fn fill(&self, command: Command) {
        let area = self.selection().area();
        // A single row or column takes what stands before it.
        let Place {
            row: top,
            column: left,
        } = area.first;
        let above = top.saturating_sub(usize::from(area.height() == 1));
        let before = left.saturating_sub(usize::from(area.width() == 1));
        let cells = self.texts(area, |place| {
            if command == Command::FillDown {
                Place::new(above, place.column)
            } else {
                Place::new(place.row, before)
            }
        });
        self.apply(GridEdit::Paste { area, cells });
    }

    /// Shows how far a drag of the handle fills.
    pub fn show_fill(&self, from: Area, to: Place, reveal: Reveal) {
        let Area { first, last } = from.filled_to(to);
        // The end that moves is the one that is kept in sight.
        let selection = if first == from.first {
            Selection::spanning(first, last)
        } else {
            Selection::spanning(last, first)
        };
        if selection != self.selection() {
            self.select(selection, reveal);
        }
    }

    /// Fills the range that is shown with what an area of it holds, laid over it again and
    /// again.
    pub fn fill_from(&self, from: Area) {
        let area = self.selection().area();
        if area == from || !area.contains(from.first) || !area.contains(from.last) {
            return;
        }
        self.apply(GridEdit::Paste {
            area,
            cells: self.texts(area, |place| from.repeated_at(place)),
        });
    }

    /// For each cell of an area the text of another one.
    fn texts(&self, area: Area, from: impl Fn(Place) -> Place) -> Vec<Vec<String>> {
        area.rows()
            .map(|row| {
                area.columns()
                    .map(|column| self.text_at(from(Place::new(row, column))))
                    .collect()
            })
            .collect()
    }

    /// Goes to the next cell with a problem and takes the focus there.
    pub fn problem(&self, direction: Direction) {
        // Where nobody has gone anywhere yet, the first cell may be the first problem.
        let from = self.selection().active;
        self.problem_from(self.started.get().then_some(from), direction);
    }

    /// The same from a cell, or from nowhere.
    pub fn problem_from(&self, from: Option<Place>, direction: Direction) {
        self.commit();
        self.dismissed.set(None);
        match self.source.next_problem(from, direction) {
            Some(place) => self.jump(place),
            None => self.announce("There are no problems."),
        }
    }

    /// Goes to a cell, wherever it is, with the focus.
    pub fn jump(&self, place: Place) {
        self.select(Selection::at(place), Reveal::Centre);
        self.focus();
    }

    /// Goes to a cell and leaves the focus where it is.
    pub fn show(&self, place: Place) {
        self.select(Selection::at(place), Reveal::Centre);
    }

    /// Asks for a column's menu.
    pub fn open_menu(&self, column: usize) {
        let rect = self
            .head
            .borrow()
            .menu_button(column)
            .map(|button| button.get_bounding_client_rect());
        if let Some(rect) = rect {
            (self.notify)(Notice::ColumnMenu {
                column,
                x: rect.left(),
                y: rect.bottom(),
            });
        }
    }

    /// Asks for a column's new name.
    pub fn rename(&self, column: usize) {
        (self.notify)(Notice::Rename(column));
    }

    /// The range as text for the clipboard.
    pub fn cells(&self) -> Vec<Vec<String>> {
        self.texts(self.selection().area(), |place| place)
    }

    /// Puts text from the clipboard at the range.
    pub fn paste(&self, text: &str) {
        let area = self.selection().area();
        let cells = parse_clipboard(text);
        if !cells.is_empty() {
            self.apply(GridEdit::Paste { area, cells });
        }
    }

    /// Empties the range, as one step.
    pub fn clear(&self) {
        self.run(Command::Clear);
    }

    /// The cure of the remark on the active cell.
    pub fn cure(&self, all: bool) {
        self.commit();
        let at = self.selection().active;
        self.apply(GridEdit::Cure { at, all });
        self.focus();
    }

    /// The text box got or lost the focus; `inside` says it went to another part of the grid.
    pub fn on_focus_change(&self, inside: bool) {
        if self.moving.get() {
            return;
        }
        if !inside {
            self.commit();
            self.state.borrow_mut().escaped = false;
        }
        self.paint();
    }

    /// True where the node is part of the grid.
    pub fn owns(&self, node: &Node) -> bool {
        self.nodes
            .root
            .parent_element()
            .is_some_and(|shell| shell.contains(Some(node)))
    }

    /// Scrolls the page where the active cell lies outside of the window or behind
    /// one of the page's bars. The grid does not know the bars, so it looks.
    pub(super) fn uncover(&self) {
        let document = dom::document();
        if !self.editor.borrow().has_focus() {
            return;
        }
        let painter = self.painter.borrow();
        let Some((cell, _)) = painter.cell(self.selection().active) else {
            return;
        };
        let rect = cell.get_bounding_client_rect();
        let middle = f64::midpoint(rect.top(), rect.bottom());
        let seen = document
            .element_from_point(rect.left() as f32 + 6.0, middle as f32)
            .is_some_and(|element| self.owns(&element));
        if !seen {
            let window = leptos::prelude::window();
            let height = window
                .inner_height()
                .ok()
                .and_then(|height| height.as_f64())
                .unwrap_or(0.0);
            window.scroll_by_with_x_and_y(0.0, middle - height / 2.0);
        }
    }
}
