//! What the grid reads from the book, and the edits it asks for.

use app::bulk::{
    check,
    mapping::ColumnUse,
    operation::{Operation, RowId},
    order::sort_by_number,
};

use super::{Book, Document, cure_words, heading, severity, worst};
use crate::components::grid::{
    Applied, Direction, GridEdit, GridSource, Heading, Mark, Place, Remark, Severity, group,
};

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
                sort_by_number(&mut places, |place| *place as u32);
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
