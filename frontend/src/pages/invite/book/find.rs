//! Finding and replacing among the rows that are shown.

use app::bulk::{find::Search, operation::Operation};

use super::{Book, Change, Document};
use crate::components::grid::Place;

impl Book {
    fn among<T>(&self, run: impl FnOnce(&Document, &[app::bulk::operation::RowId]) -> T) -> T {
        let document = self.document.borrow();
        match &*self.view.borrow() {
            Some(view) => run(&document, &view.rows),
            None => run(&document, document.sheet.row_ids()),
        }
    }

    /// Cells that hold a text.
    pub fn count_found(&self, search: &Search) -> usize {
        self.among(|document, rows| document.sheet.count_found(rows, search))
    }

    /// The next one from a place.
    pub fn find_next(&self, search: &Search, from: Place, backward: bool) -> Option<Place> {
        let from = (from.row, from.column);
        let found =
            self.among(|document, rows| document.sheet.find_next(rows, search, from, backward));
        found.map(|(row, column)| Place::new(row, column))
    }

    /// The text of a cell with what was looked for replaced.
    pub fn replaced_at(&self, search: &Search, at: Place, with: &str) -> Option<String> {
        let row = self.row_at(at.row)?;
        let document = self.document.borrow();
        let column = document.sheet.columns().get(at.column)?;
        if search.column.is_some_and(|only| only != column.id) {
            return None;
        }
        search.replaced(&document.sheet.cell_of(row, column), with)
    }

    /// Replaces it everywhere, as one step; how many cells changed.
    pub fn replace_all(&self, search: &Search, with: &str) -> usize {
        if self.shows_submitted() || self.locked.get() {
            return 0;
        }
        let found = self.among(|document, rows| document.sheet.replace_all(rows, search, with));
        let Some(replacement) = found else { return 0 };
        self.perform(Change::Do(replacement.operation));
        replacement.cells
    }

    /// Replaces it in one cell.
    pub fn replace_at(&self, search: &Search, at: Place, with: &str) -> bool {
        if self.shows_submitted() || self.locked.get() {
            return false;
        }
        let Some(text) = self.replaced_at(search, at, with) else {
            return false;
        };
        let target = self.row_at(at.row).zip(self.column(at.column));
        target.is_some_and(|(row, column)| {
            self.perform(Change::Do(Operation::set_cell(row, column, text)));
            true
        })
    }
}
