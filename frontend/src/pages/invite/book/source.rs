//! What the grid reads from the book, and the edits it asks for.

use app::{
    bulk::{check, mapping::ColumnUse, operation::Operation},
    domain::import::RowOutcome,
};

use super::{Book, Change, Document, Paste, Submitted, heading, severity, worst};
use crate::{
    components::grid::{
        Applied, Direction, GridEdit, GridSource, Heading, Mark, Place, Remark, Severity,
    },
    text::count_of,
};

/// Why nothing changes while rows are on their way.
const LOCKED: &str = "The rows are being submitted. Editing waits until that is done.";
/// Why submitted rows stay as they are.
const SUBMITTED: &str = "These rows were submitted: they can be read, not changed.";

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
        // A row that was submitted has no position in the sheet any more.
        position.unwrap_or(row) as u32 + 1
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
        let Document { sheet, checker, .. } = &*self.document.borrow();
        let Some((row, column)) = self.row_at(at.row).zip(sheet.columns().get(at.column)) else {
            return Mark::default();
        };
        if at.column == 0
            && let Some(submitted) = self.submitted_at(at.row)
        {
            return Mark {
                severity: said(&submitted),
                changed: false,
            };
        }
        Mark {
            severity: worst(checker, row, column.id, at.column)
                .map_or(Severity::None, |problem| severity(problem.severity())),
            changed: !row.is_added() && sheet.is_edited(row, column.id),
        }
    }

    fn remark(&self, at: Place) -> Option<Remark> {
        if let Some(submitted) = self.submitted_at(at.row) {
            return (at.column == 0).then(|| Remark {
                severity: said(&submitted),
                title: outcome_title(submitted.outcome).to_owned(),
                sentence: submitted.message,
                rows: 0,
                cure: None,
                cure_all: None,
            });
        }
        let document = &*self.document.borrow();
        let Document { sheet, checker, .. } = document;
        let row = self.row_at(at.row)?;
        let column = sheet.columns().get(at.column)?;
        let problem = worst(checker, row, column.id, at.column)?;
        let words = self.cure_words(document, problem);
        Some(Remark {
            severity: severity(problem.severity()),
            title: problem.code.title().to_owned(),
            sentence: checker.message(sheet, problem),
            rows: checker.count(problem.code),
            cure: words.here,
            cure_all: words.all,
        })
    }

    fn next_problem(&self, from: Option<Place>, direction: Direction) -> Option<Place> {
        let Document { sheet, checker, .. } = &*self.document.borrow();
        let columns = sheet.columns();
        let from = from.and_then(|from| Some((from.row, columns.get(from.column)?.id)));
        let direction = match direction {
            Direction::Forward => check::Direction::Next,
            Direction::Backward => check::Direction::Previous,
        };
        let view = self.view.borrow();
        let rows = view.as_ref().map_or(sheet.row_ids(), |view| &view.rows);
        let (row, column) = checker.next_problem(sheet, rows, from, direction)?;
        let column = columns.iter().position(|one| one.id == column)?;
        Some(Place::new(row, column))
    }

    fn refusal(&self) -> Option<&'static str> {
        if self.locked.get() {
            Some(LOCKED)
        } else {
            self.shows_submitted().then_some(SUBMITTED)
        }
    }

    fn apply(&self, edit: GridEdit) -> Applied {
        if self.locked.get() {
            return Applied::refused(LOCKED);
        }
        if self.shows_submitted() {
            match edit {
                GridEdit::Set { .. }
                | GridEdit::Fill { .. }
                | GridEdit::Paste { .. }
                | GridEdit::DeleteRows { .. }
                | GridEdit::Cure { .. } => return Applied::refused(SUBMITTED),
                // What this does is to be seen.
                GridEdit::Undo | GridEdit::Redo => self.set_filter(None),
                _ => {}
            }
        }
        let mut select = None;
        let mut undone = None;
        let mut announce = String::new();
        let change = match edit {
            GridEdit::Set { at, text } => self
                .row_at(at.row)
                .zip(self.column(at.column))
                .map(|(row, column)| Change::Do(Operation::set_cell(row, column, text))),
            GridEdit::Fill { area, text } => Some(Change::Do(self.fill(area, &text))),
            GridEdit::Paste { area, cells } => {
                let paste = self.paste(area, &cells);
                announce = pasted(&paste);
                if paste.added > 0 {
                    // A new row would not be among those that are shown.
                    let first = self.position(area.first.row);
                    self.set_filter(None);
                    select = Some(Place::new(first, area.first.column));
                }
                Some(Change::Do(paste.operation))
            }
            GridEdit::InsertRow { at } => {
                let position = self.position(at);
                // A new row would not be among those with problems.
                self.set_filter(None);
                select = Some(Place::new(position, 0));
                "Row added.".clone_into(&mut announce);
                Some(Change::Do(Operation::insert_blank_rows(position as u32, 1)))
            }
            GridEdit::DeleteRows { area } => {
                let rows = self.rows_of(area);
                announce = format!("{} deleted.", count_of(rows.len() as u64, "row", "rows"));
                select = Some(area.first);
                Some(Change::Do(Operation::DeleteRows { rows }))
            }
            GridEdit::InsertColumn { at } => {
                let name = self.fresh_name();
                announce = format!("Column “{name}” added.");
                Some(Change::Do(Operation::AddColumn {
                    at: at as u32,
                    name,
                    used: ColumnUse::Metadata,
                }))
            }
            GridEdit::MoveColumn { from, to } => {
                announce = format!("Column moved to place {}.", to + 1);
                let to = to as u32;
                self.column(from)
                    .map(|id| Change::Do(Operation::MoveColumn { id, to }))
            }
            GridEdit::DeleteColumn { at } => {
                "Column deleted.".clone_into(&mut announce);
                self.column(at)
                    .map(|id| Change::Do(Operation::DeleteColumn { id }))
            }
            GridEdit::Cure { at, all } => {
                "Corrected.".clone_into(&mut announce);
                self.cure(at, all).map(Change::Do)
            }
            GridEdit::Undo => {
                announce = format!("Undone: {}.", self.step_name(false));
                undone = Some(true);
                Some(Change::Undo)
            }
            GridEdit::Redo => {
                announce = format!("Done again: {}.", self.step_name(true));
                undone = Some(false);
                Some(Change::Redo)
            }
        };
        let Some(applied) = change.and_then(|change| self.perform(change)) else {
            return Applied::default();
        };
        if let Some(undone) = undone {
            select = self.acted_at(&applied, undone);
        }
        Applied {
            announce,
            select,
            refused: None,
        }
    }
}

/// What a paste did, in words.
fn pasted(paste: &Paste) -> String {
    let rows = |count: usize| count_of(count as u64, "row", "rows");
    let mut words = format!("Pasted {}.", rows(paste.rows));
    if paste.added > 0 {
        words = format!("{words} {} added at the end.", rows(paste.added));
    }
    if paste.columns_left_out > 0 {
        let columns = count_of(paste.columns_left_out as u64, "column", "columns");
        words = format!("{words} {columns} had no room.");
    }
    words
}

/// How much there is to say about a row that was submitted.
fn said(submitted: &Submitted) -> Severity {
    if submitted.message.is_empty() {
        Severity::Info
    } else {
        Severity::Warning
    }
}

/// What became of a submitted row, as a title.
pub const fn outcome_title(outcome: RowOutcome) -> &'static str {
    match outcome {
        RowOutcome::Created => "Invited",
        RowOutcome::Updated => "Invitation extended",
        RowOutcome::AlreadyInvited => "Already invited",
        RowOutcome::AlreadyMember => "Already a member",
        RowOutcome::Forbidden
        | RowOutcome::Invalid
        | RowOutcome::Suppressed
        | RowOutcome::OverLimit
        | RowOutcome::DuplicateInFile => "Not submitted",
    }
}
