//! The sheet and its problems as the grid sees them: every edit becomes one
//! operation of the sheet, and is checked before the grid draws again.

mod cures;
mod find;
mod source;

pub use cures::CureWords;
pub use source::outcome_title;

use cures::worst;
use std::{
    cell::{Cell, Ref, RefCell},
    rc::Rc,
};

use app::{
    bulk::{
        check::Checker,
        clipboard::{Paste, Target},
        journal::{self, Entry},
        mapping::ColumnUse,
        operation::{Applied, Column, ColumnId, Operation, RowId, Touched},
        problem::{ColumnProblem, ProblemCode, Severity as Bad},
        rules::RuleContext,
        sheet::Sheet,
    },
    domain::{import::RowOutcome, role::Role, time::CivilDate},
};

use leptos::web_sys;

use super::journal::Journal;
use crate::{
    components::grid::{Area, Heading, Place, Severity},
    text::count_of,
};

/// Rows that are checked within one event; more are checked a step at a time.
const CHECK_AT_ONCE: usize = 20_000;

/// Which rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Rows with any problem.
    Problems,
    /// Rows with a problem of this kind.
    Kind(ProblemCode),
    /// Rows that were submitted; they can be read, not changed.
    Submitted,
}

/// What the page around the grid shows of the sheet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Rows of the sheet.
    pub rows: usize,
    /// Rows that were checked.
    pub checked: usize,
    /// Columns of the sheet.
    pub columns: usize,
    /// Rows that can be submitted.
    pub ready: usize,
    /// Rows with any problem.
    pub problems: usize,
    /// Rows that were submitted from here and are no longer among [`Facts::rows`].
    pub submitted: usize,
    /// Each kind of problem and how many cells have it.
    pub kinds: Vec<(ProblemCode, usize)>,
    /// Problems of whole columns.
    pub column_problems: Vec<ColumnProblem>,
    /// There is a step to take back.
    pub can_undo: bool,
    /// There is a step to do again.
    pub can_redo: bool,
    /// Which rows are shown.
    pub filter: Option<Filter>,
    /// How many rows are shown.
    pub shown: usize,
    /// Grows with every change.
    pub revision: u64,
}

/// A document: the sheet and what is known about its problems.
pub struct Document {
    /// The cells.
    pub sheet: Sheet,
    /// The problems.
    pub checker: Checker,
    /// Rows that were taken out of the sheet, since they were submitted; oldest first.
    pub submitted: Vec<Submitted>,
    /// The step of the sheet with which all of it stands in a file; none for a list that
    /// stands in none.
    pub clean: Option<u32>,
    /// Where every step is written down.
    pub journal: Option<Rc<Journal>>,
    /// The file's bytes, where it came from one: they can be read in another manner.
    pub bytes: Option<web_sys::Blob>,
}

impl Document {
    /// A document as it was read, from which nothing was submitted yet.
    pub fn new(sheet: Sheet, checker: Checker) -> Self {
        Self {
            clean: Some(sheet.step()),
            sheet,
            checker,
            submitted: Vec::new(),
            journal: None,
            bytes: None,
        }
    }

    /// Does again what a journal says, on a list that was just read.
    pub fn replay(&mut self, entries: Vec<Entry>) {
        let rows = journal::replay(&mut self.sheet, entries);
        if !rows.is_empty() {
            self.clean = None;
        }
        let submitted = |(row, outcome, message)| Submitted {
            row,
            outcome,
            message,
        };
        self.submitted = rows.into_iter().map(submitted).collect();
    }

    /// True where all of it would be found again if the page was lost now.
    pub fn is_safe(&self) -> bool {
        self.journal
            .as_ref()
            .is_some_and(|journal| journal.is_safe())
    }

    /// True where work would be lost with it.
    pub fn is_dirty(&self) -> bool {
        self.sheet.rows() > 0 && self.clean != Some(self.sheet.step())
    }
}

/// A row that was submitted, and what became of it. Its cells stay in the sheet's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// The row.
    pub row: RowId,
    /// What became of it.
    pub outcome: RowOutcome,
    /// What the server had to say about it; mostly nothing.
    pub message: String,
}

/// A change of the sheet.
pub enum Change {
    /// This.
    Do(Operation),
    /// The last step back.
    Undo,
    /// The step that was undone last again.
    Redo,
}

impl Facts {
    /// How many rows a filter leaves; for a kind of problem, how many cells have it. `None`
    /// for a kind that does not occur.
    pub fn count_of(&self, filter: Option<Filter>) -> Option<usize> {
        match filter {
            None => Some(self.rows),
            Some(Filter::Problems) => Some(self.problems),
            Some(Filter::Submitted) => Some(self.submitted),
            Some(Filter::Kind(code)) => self
                .kinds
                .iter()
                .find(|(one, _)| *one == code)
                .map(|(_, count)| *count),
        }
    }
}

/// How many cells of a kind of problem have a cure, and for what this was counted: at which
/// revision, of which kind, among how many.
#[derive(Clone, Copy)]
struct Curable {
    of: (u64, ProblemCode, usize),
    count: usize,
}

struct View {
    filter: Filter,
    rows: Vec<RowId>,
}

/// The document on the desk. Shared by the grid and the page.
pub struct Book {
    document: RefCell<Document>,
    view: RefCell<Option<View>>,
    /// While a submit runs nothing changes.
    locked: Cell<bool>,
    /// The last count of cells that have a cure.
    cures: Cell<Option<Curable>>,
    changed: RefCell<Box<dyn Fn()>>,
}

impl Book {
    /// A book with an empty sheet; it is not shown before a document is opened.
    pub fn new() -> Rc<Self> {
        let context = RuleContext {
            today: CivilDate {
                year: 1970,
                month: 1,
                day: 1,
            },
            max_role: Role::Learner,
        };
        Rc::new(Self {
            document: RefCell::new(Document::new(Sheet::empty(), Checker::new(context))),
            view: RefCell::new(None),
            locked: Cell::new(false),
            cures: Cell::new(None),
            changed: RefCell::new(Box::new(|| ())),
        })
    }

    /// Runs after every change that came through the grid.
    pub fn on_change(&self, run: impl Fn() + 'static) {
        *self.changed.borrow_mut() = Box::new(run);
    }

    /// Puts another document on the desk; gives back the one that was there.
    pub fn replace(&self, document: Document) -> Document {
        *self.view.borrow_mut() = None;
        self.cures.set(None);
        self.document.replace(document)
    }

    /// The document, to read.
    pub fn document(&self) -> Ref<'_, Document> {
        self.document.borrow()
    }

    /// Changes the document; the caller refreshes grid and facts.
    pub fn with_mut<T>(&self, run: impl FnOnce(&mut Document) -> T) -> T {
        run(&mut self.document.borrow_mut())
    }

    /// True where something would be lost.
    pub fn is_dirty(&self) -> bool {
        self.document.borrow().is_dirty()
    }

    /// Holds every edit off, or lets them through again.
    pub fn lock(&self, locked: bool) {
        self.locked.set(locked);
    }

    /// Shows only some rows, or all.
    pub fn set_filter(&self, filter: Option<Filter>) {
        let view = filter.map(|filter| {
            let Document {
                sheet,
                checker,
                submitted,
                ..
            } = &*self.document.borrow();
            let rows = match filter {
                Filter::Problems => checker.rows_with(sheet, None),
                Filter::Kind(code) => checker.rows_with(sheet, Some(code)),
                Filter::Submitted => submitted.iter().map(|one| one.row).collect(),
            };
            View { filter, rows }
        });
        *self.view.borrow_mut() = view;
    }

    /// What the page shows.
    pub fn facts(&self) -> Facts {
        let Document {
            sheet,
            checker,
            submitted,
            ..
        } = &*self.document.borrow();
        let column_problems = app::bulk::columns::column_problems(sheet);
        let blocked = column_problems
            .iter()
            .any(|problem| problem.code == ProblemCode::EmailColumnMissing);
        let progress = checker.progress(sheet);
        let view = self.view.borrow();
        Facts {
            rows: sheet.rows(),
            checked: progress.checked,
            columns: sheet.columns().len(),
            ready: if blocked {
                0
            } else {
                progress.checked.saturating_sub(checker.rows_with_errors())
            },
            problems: checker.rows_with_problems(),
            submitted: submitted.len(),
            kinds: checker.counts(),
            column_problems,
            can_undo: sheet.can_undo(),
            can_redo: sheet.can_redo(),
            filter: view.as_ref().map(|view| view.filter),
            shown: view.as_ref().map_or(sheet.rows(), |view| view.rows.len()),
            revision: sheet.revision(),
        }
    }

    /// The row at a place on the screen.
    pub fn row_at(&self, row: usize) -> Option<RowId> {
        match &*self.view.borrow() {
            Some(view) => view.rows.get(row).copied(),
            None => self.document.borrow().sheet.row_at(row),
        }
    }

    /// What became of the row at a place on the screen, where the submitted ones are shown.
    fn submitted_at(&self, row: usize) -> Option<Submitted> {
        let view = self.view.borrow();
        view.as_ref()
            .filter(|view| view.filter == Filter::Submitted)?;
        self.document.borrow().submitted.get(row).cloned()
    }

    /// Whether the submitted rows are shown, which can be read only.
    fn shows_submitted(&self) -> bool {
        let view = self.view.borrow();
        view.as_ref()
            .is_some_and(|view| view.filter == Filter::Submitted)
    }

    /// Where a row of the sheet, from 0, is on the screen; all rows are shown if need be.
    pub fn show_row(&self, position: usize) -> usize {
        let id = self.document.borrow().sheet.row_at(position);
        let found = self
            .view
            .borrow()
            .as_ref()
            .map(|view| id.and_then(|id| view.rows.iter().position(|row| *row == id)));
        match found {
            None => position,
            Some(Some(shown)) => shown,
            Some(None) => {
                self.set_filter(None);
                position
            }
        }
    }

    /// Changes the sheet and checks what that touched; `None` where nothing was done.
    pub fn perform(&self, change: Change) -> Option<Applied> {
        if self.locked.get() {
            return None;
        }
        let applied = {
            let document = &mut *self.document.borrow_mut();
            if let Some(journal) = &document.journal {
                journal.record(&change);
            }
            let applied = match change {
                Change::Do(operation) => Some(document.sheet.apply(operation)),
                Change::Undo => document.sheet.undo(),
                Change::Redo => document.sheet.redo(),
            };
            if let Some(applied) = &applied {
                document.checker.recheck(&document.sheet, applied);
                // A long sheet goes on being checked when the browser has painted.
                if document.sheet.rows() <= CHECK_AT_ONCE {
                    document.checker.advance(&document.sheet, usize::MAX);
                }
            }
            applied
        };
        if applied.as_ref().is_some_and(|applied| applied.rows_changed)
            && let Some(view) = &mut *self.view.borrow_mut()
            && view.filter != Filter::Submitted
        {
            let document = self.document.borrow();
            view.rows
                .retain(|row| document.sheet.position_of(*row).is_some());
        }
        (self.changed.borrow())();
        applied
    }

    /// Where a step acted that was just undone (`true`) or done again, on the screen. Where
    /// some of it is out of sight, all rows are shown.
    fn acted_at(&self, applied: &Applied, undone: bool) -> Option<Place> {
        let Touched::Rows(touched) = &applied.touched else {
            return None;
        };
        let (position, column, hidden) = {
            let sheet = &self.document.borrow().sheet;
            let (position, column) = match sheet.first_cell_of_step(undone) {
                Some((position, id)) => (
                    position,
                    sheet.columns().iter().position(|column| column.id == id),
                ),
                None => (
                    touched
                        .iter()
                        .filter_map(|row| sheet.position_of(*row))
                        .min()?,
                    None,
                ),
            };
            let hidden = self.view.borrow().as_ref().is_some_and(|view| {
                let mut shown = vec![false; sheet.rows()];
                for at in view.rows.iter().filter_map(|row| sheet.position_of(*row)) {
                    shown[at] = true;
                }
                touched
                    .iter()
                    .filter_map(|row| sheet.position_of(*row))
                    .any(|at| !shown[at])
            });
            (position, column.unwrap_or(0), hidden)
        };
        if hidden {
            self.set_filter(None);
        }
        Some(Place::new(self.show_row(position), column))
    }

    fn column(&self, column: usize) -> Option<ColumnId> {
        self.document
            .borrow()
            .sheet
            .columns()
            .get(column)
            .map(|column| column.id)
    }

    fn rows_of(&self, area: Area) -> Vec<RowId> {
        area.rows().filter_map(|row| self.row_at(row)).collect()
    }

    fn paste(&self, area: Area, cells: &[Vec<String>]) -> Paste {
        let target = Target {
            row: area.first.row,
            column: area.first.column,
            rows: area.height(),
            columns: area.width(),
        };
        let sheet = &self.document.borrow().sheet;
        match &*self.view.borrow() {
            Some(view) => sheet.paste(&view.rows, target, cells),
            None => sheet.paste(sheet.row_ids(), target, cells),
        }
    }

    fn fill(&self, area: Area, text: &str) -> Operation {
        let sheet = &self.document.borrow().sheet;
        let rows = self.rows_of(area);
        let columns = area
            .columns()
            .filter_map(|at| Some((at, sheet.columns().get(at)?)));
        if text.is_empty() && rows.len() > CHECK_AT_ONCE && rows.len() == sheet.rows() {
            return emptied(columns);
        }
        let mut edits = Vec::new();
        for (_, column) in columns {
            for &row in &rows {
                if sheet.cell_of(row, column) != text {
                    edits.push((row, column.id, text.to_owned()));
                }
            }
        }
        Operation::SetCells { edits }
    }

    /// The position in the sheet that an insertion on the screen means.
    fn position(&self, at: usize) -> usize {
        let document = self.document.borrow();
        let of = |row: usize| {
            self.row_at(row)
                .and_then(|id| document.sheet.position_of(id))
        };
        of(at)
            .or_else(|| at.checked_sub(1).and_then(of).map(|before| before + 1))
            .unwrap_or(document.sheet.rows())
    }

    /// A header that no column has yet.
    fn fresh_name(&self) -> String {
        let document = self.document.borrow();
        let taken = |name: &str| {
            document
                .sheet
                .columns()
                .iter()
                .any(|column| column.name == name)
        };
        let count = document.sheet.columns().len();
        // Of one name more than there are columns, one is free.
        (count + 1..=2 * count + 1)
            .map(|number| format!("Column {number}"))
            .find(|name| !taken(name))
            .unwrap_or_default()
    }

    /// The name of the step that was done last, or would be done again.
    fn step_name(&self, undone: bool) -> String {
        let document = self.document.borrow();
        let mut steps = document.sheet.history();
        let found = if undone {
            steps.find(|step| !step.done).map(|step| step.label)
        } else {
            steps.filter(|step| step.done).last().map(|step| step.label)
        };
        found.unwrap_or_default().to_owned()
    }
}

/// Empties whole columns of a long sheet: empty ones take their places, which takes no edit
/// of a million cells.
fn emptied<'a>(columns: impl Iterator<Item = (usize, &'a Column)>) -> Operation {
    let mut operations = Vec::new();
    let mut count = 0;
    for (at, column) in columns {
        count += 1;
        operations.push(Operation::DeleteColumn { id: column.id });
        operations.push(Operation::AddColumn {
            at: at as u32,
            name: column.name.clone(),
            used: column.used,
        });
    }
    Operation::Batch {
        label: format!("Empty {}", count_of(count, "column", "columns")),
        operations,
    }
}

const fn severity(bad: Bad) -> Severity {
    match bad {
        Bad::Warning => Severity::Warning,
        Bad::Error => Severity::Error,
    }
}

/// What a column's heading says: the field it fills, with the file's own word beside it.
pub fn heading(column: &Column) -> Heading {
    let (name, hint) = match column.used {
        ColumnUse::Field(field) if column.name == field.name() => (field.name(), ""),
        ColumnUse::Field(field) => (field.name(), column.name.as_str()),
        ColumnUse::Metadata => (column.name.as_str(), "kept as metadata"),
        ColumnUse::Dropped => (column.name.as_str(), "not submitted"),
    };
    Heading {
        name: name.to_owned(),
        hint: hint.to_owned(),
    }
}

#[cfg(test)]
mod tests;
