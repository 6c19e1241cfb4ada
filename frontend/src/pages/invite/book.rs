//! The sheet and its problems as the grid sees them: every edit becomes one
//! operation of the sheet, and is checked before the grid draws again.

mod source;

pub use source::outcome_title;

use std::{
    cell::{Cell, Ref, RefCell},
    rc::Rc,
};

use app::{
    bulk::{
        check::Checker,
        clipboard::Target,
        cure,
        mapping::{ColumnUse, Field},
        operation::{Column, ColumnId, Operation, RowId},
        problem::{ColumnProblem, Problem, ProblemCode, Severity as Bad},
        rules::RuleContext,
        sheet::Sheet,
    },
    domain::{import::RowOutcome, role::Role, time::CivilDate},
};

use crate::components::grid::{Area, Heading, Place, Severity, group};

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
    /// Rows that would make administrators.
    pub admins: usize,
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
}

impl Document {
    /// A document from which nothing was submitted yet.
    pub const fn new(sheet: Sheet, checker: Checker) -> Self {
        Self {
            sheet,
            checker,
            submitted: Vec::new(),
        }
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
    /// The revision that was saved by nobody but is the file's own.
    clean: Cell<u64>,
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
            clean: Cell::new(0),
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
        self.clean.set(document.sheet.revision());
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

    /// What is there now is what the file holds: leaving asks no more.
    pub fn set_clean(&self) {
        self.clean.set(self.document.borrow().sheet.revision());
    }

    /// True where something would be lost.
    pub fn is_dirty(&self) -> bool {
        self.document.borrow().sheet.revision() != self.clean.get()
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
            admins: checker.admins(),
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

    /// Whether the rows that are shown can be read only.
    pub fn is_read_only(&self) -> bool {
        let view = self.view.borrow();
        self.locked.get()
            || view
                .as_ref()
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

    /// Changes the sheet and checks what that touched; true where something was done.
    pub fn perform(&self, change: Change) -> bool {
        if self.locked.get() {
            return false;
        }
        let applied = {
            let document = &mut *self.document.borrow_mut();
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
        applied.is_some()
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

    fn paste(&self, area: Area, cells: &[Vec<String>]) -> Operation {
        let target = Target {
            row: area.first.row,
            column: area.first.column,
            rows: area.height(),
            columns: area.width(),
        };
        if self.view.borrow().is_none() {
            return self.document.borrow().sheet.paste(target, cells);
        }
        // With only some rows in sight, neighbours on the screen get the block.
        let mut edits = Vec::new();
        for (line, place) in cells.iter().zip(target.row..) {
            let Some(row) = self.row_at(place) else { break };
            for (text, place) in line.iter().zip(target.column..) {
                if let Some(column) = self.column(place) {
                    edits.push((row, column, text.clone()));
                }
            }
        }
        Operation::SetCells { edits }
    }

    fn fill(&self, area: Area, text: &str) -> Operation {
        let mut edits = Vec::new();
        for row in self.rows_of(area) {
            for column in area.columns() {
                if let Some(column) = self.column(column) {
                    edits.push((row, column, text.to_owned()));
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

    /// The cure of the worst problem of a cell, there or everywhere.
    fn cure(&self, at: Place, all: bool) -> Option<Operation> {
        let Document { sheet, checker, .. } = &*self.document.borrow();
        let row = self.row_at(at.row)?;
        let column = sheet.columns().get(at.column)?;
        let problem = worst(checker, row, column.id, at.column)?;
        if all {
            checker.cure_all(sheet, problem.code)
        } else {
            cure_here(sheet, problem, column)
        }
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

/// The worst problem of a cell; those of the row as a whole stand at its first cell.
fn worst(checker: &Checker, row: RowId, column: ColumnId, place: usize) -> Option<&Problem> {
    if !checker.has_problem(row) {
        return None;
    }
    checker
        .problems_of(row)
        .filter(|problem| match problem.column {
            Some(id) => id == column,
            None => place == 0,
        })
        .max_by_key(|problem| problem.severity())
}

/// The step that cures one problem where it stands.
fn cure_here(sheet: &Sheet, problem: &Problem, column: &Column) -> Option<Operation> {
    match problem.code {
        ProblemCode::DuplicateInFile | ProblemCode::RowEmpty => Some(Operation::DeleteRows {
            rows: vec![problem.row],
        }),
        code => {
            let id = problem.column?;
            let text = sheet.cell(problem.row, id);
            let cured = cure::cure(code, field_of(column), &text)?;
            Some(Operation::set_cell(problem.row, id, cured))
        }
    }
}

const fn field_of(column: &Column) -> Option<Field> {
    match column.used {
        ColumnUse::Field(field) => Some(field),
        ColumnUse::Metadata | ColumnUse::Dropped => None,
    }
}

/// The words of the cures' buttons: for the cell, and for all of its kind.
fn cure_words(
    sheet: &Sheet,
    problem: &Problem,
    column: &Column,
    count: usize,
) -> (Option<String>, Option<String>) {
    match problem.code {
        ProblemCode::DuplicateInFile | ProblemCode::RowEmpty => (
            Some("Delete this row".to_owned()),
            (count > 1).then(|| format!("Delete all {}", group(count))),
        ),
        ProblemCode::SplitRows => (None, Some("Merge rows".to_owned())),
        code => {
            let text = problem
                .column
                .map(|id| sheet.cell(problem.row, id))
                .unwrap_or_default();
            let cured = cure::cure(code, field_of(column), &text);
            let all = (cured.is_some() && count > 1).then(|| format!("Fix all {}", group(count)));
            (cured.map(|text| format!("Change to {text}")), all)
        }
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
