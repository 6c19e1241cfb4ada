//! The sheet and its problems as the grid sees them: every edit becomes one
//! operation of the sheet, and is checked before the grid draws again.

use std::{
    cell::{Cell, Ref, RefCell},
    rc::Rc,
};

use app::{
    bulk::{
        check::{self, Checker},
        clipboard::Target,
        cure,
        mapping::{ColumnUse, Field},
        operation::{self, Column, ColumnId, Operation, RowId},
        problem::{ColumnProblem, Problem, ProblemCode, Severity as Bad},
        rules::RuleContext,
        sheet::Sheet,
    },
    domain::{role::Role, time::CivilDate},
};

use crate::components::grid::{
    Applied, Area, Direction, GridEdit, GridSource, Heading, Mark, Place, Remark, Severity, group,
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
            document: RefCell::new(Document {
                sheet: Sheet::empty(),
                checker: Checker::new(context),
            }),
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
            let document = self.document.borrow();
            let code = match filter {
                Filter::Problems => None,
                Filter::Kind(code) => Some(code),
            };
            View {
                filter,
                rows: document.checker.rows_with(&document.sheet, code),
            }
        });
        *self.view.borrow_mut() = view;
    }

    /// What the page shows.
    pub fn facts(&self) -> Facts {
        let Document { sheet, checker } = &*self.document.borrow();
        let column_problems = check::column_problems(sheet);
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

    /// Applies an operation, as the dialogs do.
    pub fn operate(&self, operation: Operation) {
        self.perform(|document| Some(document.sheet.apply(operation)));
    }

    /// Changes the sheet and checks what that touched.
    fn perform(&self, run: impl FnOnce(&mut Document) -> Option<operation::Applied>) -> bool {
        if self.locked.get() {
            return false;
        }
        let applied = {
            let document = &mut *self.document.borrow_mut();
            let applied = run(document);
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

    fn columns_of(&self, area: Area) -> Vec<ColumnId> {
        area.columns()
            .filter_map(|column| self.column(column))
            .collect()
    }

    fn set_cells(&self, edits: Vec<(RowId, ColumnId, String)>) -> bool {
        self.perform(|document| Some(document.sheet.apply(Operation::SetCells { edits })))
    }

    fn paste(&self, area: Area, cells: &[Vec<String>]) -> bool {
        let shown = self.view.borrow().is_some();
        let target = Target {
            row: area.first.row,
            column: area.first.column,
            rows: area.height(),
            columns: area.width(),
        };
        if !shown {
            return self.perform(|document| {
                let operation = document.sheet.paste(target, cells);
                Some(document.sheet.apply(operation))
            });
        }
        // With only some rows in sight, neighbours on the screen get the block.
        let edits = cells
            .iter()
            .enumerate()
            .filter_map(|(offset, line)| Some((self.row_at(target.row + offset)?, line)))
            .flat_map(|(row, line)| {
                line.iter()
                    .enumerate()
                    .filter_map(move |(offset, text)| {
                        let column = self.column(target.column + offset)?;
                        Some((row, column, text.clone()))
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
        self.set_cells(edits)
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

    fn insert_row(&self, at: usize) -> (bool, Place) {
        let position = self.position(at);
        // A new row would not be among those with problems.
        self.set_filter(None);
        let done = self.perform(|document| {
            let at = position as u32;
            Some(document.sheet.apply(Operation::insert_blank_rows(at, 1)))
        });
        (done, Place::new(position, 0))
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
    fn cure(&self, at: Place, all: bool) -> bool {
        let operation = {
            let Document { sheet, checker } = &*self.document.borrow();
            let Some((row, column)) = self.row_at(at.row).zip(sheet.columns().get(at.column))
            else {
                return false;
            };
            let Some(problem) = worst(checker, row, column.id, at.column) else {
                return false;
            };
            if all {
                checker.cure_all(sheet, problem.code)
            } else {
                cure_here(sheet, problem, column)
            }
        };
        operation
            .is_some_and(|operation| self.perform(|document| Some(document.sheet.apply(operation))))
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

impl GridSource for Book {
    fn rows(&self) -> usize {
        match &*self.view.borrow() {
            Some(view) => view.rows.len(),
            None => self.document.borrow().sheet.rows(),
        }
    }

    fn columns(&self) -> usize {
        self.document.borrow().sheet.columns().len()
    }

    fn heading(&self, column: usize) -> Heading {
        self.document
            .borrow()
            .sheet
            .columns()
            .get(column)
            .map(heading)
            .unwrap_or_default()
    }

    fn column_key(&self, column: usize) -> u32 {
        self.column(column).map_or(u32::MAX, |id| id.0)
    }

    fn row_label(&self, row: usize) -> u32 {
        let position = self
            .row_at(row)
            .and_then(|id| self.document.borrow().sheet.position_of(id));
        position.map_or(0, |position| position as u32 + 1)
    }

    fn text(&self, at: Place, out: &mut String) {
        if let Some(row) = self.row_at(at.row) {
            let document = self.document.borrow();
            if let Some(column) = document.sheet.columns().get(at.column) {
                out.push_str(&document.sheet.cell_of(row, column));
            }
        }
    }

    fn mark(&self, at: Place) -> Mark {
        let Document { sheet, checker } = &*self.document.borrow();
        let Some((row, column)) = self.row_at(at.row).zip(sheet.columns().get(at.column)) else {
            return Mark::default();
        };
        Mark {
            severity: worst(checker, row, column.id, at.column)
                .map_or(Severity::None, |problem| severity(problem.severity())),
            changed: !row.is_added() && sheet.is_edited(row, column.id),
        }
    }

    fn remark(&self, at: Place) -> Option<Remark> {
        let Document { sheet, checker } = &*self.document.borrow();
        let row = self.row_at(at.row)?;
        let column = sheet.columns().get(at.column)?;
        let problem = worst(checker, row, column.id, at.column)?;
        let count = checker.count(problem.code);
        let (cure, cure_all) = cure_words(sheet, problem, column, count);
        Some(Remark {
            severity: severity(problem.severity()),
            title: problem.code.title().to_owned(),
            sentence: checker.message(sheet, problem),
            rows: count,
            cure,
            cure_all,
        })
    }

    fn next_problem(&self, from: Place, direction: Direction) -> Option<Place> {
        let Document { sheet, checker } = &*self.document.borrow();
        let columns = sheet.columns();
        if let Some(view) = &*self.view.borrow() {
            return next_in_view(&view.rows, from, direction, |row| {
                let mut places: Vec<usize> = checker
                    .problems_of(row)
                    .map(|problem| {
                        columns
                            .iter()
                            .position(|column| Some(column.id) == problem.column)
                            .unwrap_or(0)
                    })
                    .collect();
                places.sort_unstable();
                places.dedup();
                places
            });
        }
        let column = columns.get(from.column)?.id;
        let direction = match direction {
            Direction::Forward => check::Direction::Next,
            Direction::Backward => check::Direction::Previous,
        };
        // The first problem may stand at the very cell where a fresh grid begins.
        let (row, column) = checker.next_problem(sheet, Some((from.row, column)), direction)?;
        let column = columns.iter().position(|one| one.id == column)?;
        Some(Place::new(row, column))
    }

    fn apply(&self, edit: GridEdit) -> Applied {
        if self.locked.get() {
            return Applied {
                announce: "The rows are being submitted. Editing waits until that is done."
                    .to_owned(),
                select: None,
            };
        }
        let mut select = None;
        let (done, announce) = match edit {
            GridEdit::Set { at, text } => {
                let cell = self.row_at(at.row).zip(self.column(at.column));
                let done =
                    cell.is_some_and(|(row, column)| self.set_cells(vec![(row, column, text)]));
                (done, String::new())
            }
            GridEdit::Fill { area, text } => {
                let columns = self.columns_of(area);
                let edits = self
                    .rows_of(area)
                    .into_iter()
                    .flat_map(|row| columns.iter().map(move |column| (row, *column)))
                    .map(|(row, column)| (row, column, text.clone()))
                    .collect();
                (self.set_cells(edits), String::new())
            }
            GridEdit::Paste { area, cells } => {
                let done = self.paste(area, &cells);
                (done, format!("Pasted {} rows.", group(cells.len())))
            }
            GridEdit::InsertRow { at } => {
                let (done, place) = self.insert_row(at);
                select = Some(place);
                (done, "Row added.".to_owned())
            }
            GridEdit::DeleteRows { area } => {
                let rows = self.rows_of(area);
                let words = match rows.len() {
                    1 => "Row deleted.".to_owned(),
                    count => format!("{} rows deleted.", group(count)),
                };
                select = Some(area.first);
                let done = self
                    .perform(|document| Some(document.sheet.apply(Operation::DeleteRows { rows })));
                (done, words)
            }
            GridEdit::InsertColumn { at } => {
                let name = self.fresh_name();
                let words = format!("Column “{name}” added.");
                let done = self.perform(|document| {
                    Some(document.sheet.apply(Operation::AddColumn {
                        at: at as u32,
                        name,
                        used: ColumnUse::Metadata,
                    }))
                });
                (done, words)
            }
            GridEdit::MoveColumn { from, to } => {
                let done = self.column(from).is_some_and(|id| {
                    self.perform(|document| {
                        let to = to as u32;
                        Some(document.sheet.apply(Operation::MoveColumn { id, to }))
                    })
                });
                (done, format!("Column moved to place {}.", to + 1))
            }
            GridEdit::DeleteColumn { at } => {
                let done = self.column(at).is_some_and(|id| {
                    self.perform(|document| {
                        Some(document.sheet.apply(Operation::DeleteColumn { id }))
                    })
                });
                (done, "Column deleted.".to_owned())
            }
            GridEdit::Cure { at, all } => (self.cure(at, all), "Corrected.".to_owned()),
            GridEdit::Undo => {
                let name = self.step_name(false);
                let done = self.perform(|document| document.sheet.undo());
                (done, format!("Undone: {name}."))
            }
            GridEdit::Redo => {
                let name = self.step_name(true);
                let done = self.perform(|document| document.sheet.redo());
                (done, format!("Done again: {name}."))
            }
        };
        Applied {
            announce: if done { announce } else { String::new() },
            select: select.filter(|_| done),
        }
    }
}

/// The next problem among the rows that are shown, going round at the end.
fn next_in_view(
    rows: &[RowId],
    from: Place,
    direction: Direction,
    places: impl Fn(RowId) -> Vec<usize>,
) -> Option<Place> {
    let count = rows.len();
    (0..=count).find_map(|step| {
        let row = match direction {
            Direction::Forward => (from.row + step) % count.max(1),
            Direction::Backward => (from.row + count - step % count.max(1)) % count.max(1),
        };
        let mut found = places(*rows.get(row)?);
        if direction == Direction::Backward {
            found.reverse();
        }
        let beyond = |place: &usize| match direction {
            Direction::Forward => *place > from.column,
            Direction::Backward => *place < from.column,
        };
        let column = if step == 0 {
            found.into_iter().find(beyond)
        } else {
            found.first().copied()
        };
        column.map(|column| Place::new(row, column))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::bulk::sheet::SheetOptions;

    fn book(csv: &str) -> Rc<Book> {
        let sheet = Sheet::from_bytes(csv.as_bytes(), SheetOptions::default()).unwrap();
        let context = RuleContext {
            today: CivilDate {
                year: 2026,
                month: 11,
                day: 23,
            },
            max_role: Role::Admin,
        };
        let checker = Checker::full(&sheet, context);
        let book = Book::new();
        book.replace(Document { sheet, checker });
        book
    }

    fn text(book: &Book, row: usize, column: usize) -> String {
        let mut out = String::new();
        book.text(Place::new(row, column), &mut out);
        out
    }

    const FILE: &str = "E-Mail,Prénom\nada@x.test,Ada\nbad,Bob\ncy@x.test,Cy\n";

    #[test]
    fn headings_name_the_field_and_the_files_word() {
        let book = book(FILE);
        let heading = book.heading(0);
        assert_eq!(
            (heading.name.as_str(), heading.hint.as_str()),
            ("email", "E-Mail")
        );
        assert_eq!(book.row_label(2), 3);
        assert!(!book.is_dirty());
    }

    #[test]
    fn a_filter_shows_problems_and_edits_land_in_the_right_row() {
        let book = book(FILE);
        book.set_filter(Some(Filter::Problems));
        assert_eq!(book.rows(), 1);
        assert_eq!(text(&book, 0, 0), "bad");
        assert_eq!(book.row_label(0), 2);
        let at = Place::new(0, 0);
        book.apply(GridEdit::Set {
            at,
            text: "bob@x.test".to_owned(),
        });
        assert_eq!(book.mark(at).severity, Severity::None);
        assert!(book.mark(at).changed);
        book.set_filter(None);
        assert_eq!(text(&book, 1, 0), "bob@x.test");
        assert_eq!(book.facts().ready, 3);
        assert!(book.is_dirty());
    }

    #[test]
    fn f8_goes_round_with_and_without_a_filter() {
        let book = book(FILE);
        let problem = Some(Place::new(1, 0));
        assert_eq!(
            book.next_problem(Place::new(0, 0), Direction::Forward),
            problem
        );
        assert_eq!(
            book.next_problem(Place::new(2, 1), Direction::Forward),
            problem
        );
        assert_eq!(
            book.next_problem(Place::new(2, 1), Direction::Backward),
            problem
        );
        book.set_filter(Some(Filter::Problems));
        let shown = Some(Place::new(0, 0));
        assert_eq!(
            book.next_problem(Place::new(0, 1), Direction::Forward),
            shown
        );
        assert_eq!(
            book.next_problem(Place::new(0, 1), Direction::Backward),
            shown
        );
    }

    #[test]
    fn a_locked_book_keeps_its_cells() {
        let book = book(FILE);
        book.lock(true);
        let applied = book.apply(GridEdit::Undo);
        assert!(applied.announce.contains("submitted"));
        book.apply(GridEdit::Set {
            at: Place::new(0, 0),
            text: "x".to_owned(),
        });
        assert_eq!(text(&book, 0, 0), "ada@x.test");
    }

    #[test]
    fn a_cure_is_one_step() {
        let book = book("email\nada at x.test\nbob at x.test\nbob at x.test\n");
        let at = Place::new(0, 0);
        let remark = book.remark(at).unwrap();
        assert_eq!(remark.cure.as_deref(), Some("Change to ada@x.test"));
        assert_eq!(remark.cure_all.as_deref(), Some("Fix all 3"));
        book.apply(GridEdit::Cure { at, all: true });
        assert_eq!(text(&book, 1, 0), "bob@x.test");
        let twin = Place::new(2, 0);
        let remark = book.remark(twin).unwrap();
        assert_eq!(remark.cure.as_deref(), Some("Delete this row"));
        book.apply(GridEdit::Cure {
            at: twin,
            all: false,
        });
        assert_eq!(book.rows(), 2);
        book.apply(GridEdit::Undo);
        book.apply(GridEdit::Undo);
        assert_eq!(text(&book, 0, 0), "ada at x.test");
    }

    #[test]
    fn rows_are_added_where_the_person_is() {
        let book = book(FILE);
        let applied = book.apply(GridEdit::InsertRow { at: 2 });
        assert_eq!(applied.select, Some(Place::new(2, 0)));
        assert_eq!(book.rows(), 4);
        assert_eq!(text(&book, 3, 0), "cy@x.test");
        book.apply(GridEdit::Undo);
        assert_eq!(book.rows(), 3);
    }
}
