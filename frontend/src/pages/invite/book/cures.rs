//! The worst problem of a cell, and what is offered against it.

use app::bulk::{
    check::Checker,
    operation::{ColumnId, Operation, RowId},
    problem::Problem,
};

use super::{Book, Curable, Document};
use crate::{chunks, components::grid::Place};

/// The words of the cures' buttons; none where there is no cure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CureWords {
    /// For the cell.
    pub here: Option<String>,
    /// For all of its kind.
    pub all: Option<String>,
    /// For how many of its kind it is clear what was meant, where that was counted.
    pub curable: Option<usize>,
}

impl Book {
    /// The cure of the worst problem of a cell, there or everywhere.
    pub(super) fn cure(&self, at: Place, all: bool) -> Option<Operation> {
        let document = &*self.document.borrow();
        let row = self.row_at(at.row)?;
        let column = document.sheet.columns().get(at.column)?;
        let problem = worst(&document.checker, row, column.id, at.column)?;
        chunks::cure_step(document, problem, all)
    }

    /// What the buttons against a problem say.
    pub(super) fn cure_words(&self, document: &Document, problem: &Problem) -> CureWords {
        let of = (
            document.sheet.revision(),
            problem.code,
            document.checker.count(problem.code),
        );
        let counted = self
            .cures
            .get()
            .filter(|counted| counted.of == of)
            .map(|counted| counted.count);
        let words = chunks::cure_words(document, problem, counted);
        if let Some(count) = words.curable {
            self.cures.set(Some(Curable { of, count }));
        }
        words
    }
}

/// The worst problem of a cell; those of the row as a whole stand at its first cell.
pub(super) fn worst(
    checker: &Checker,
    row: RowId,
    column: ColumnId,
    place: usize,
) -> Option<&Problem> {
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
