//! The worst problem of a cell, and what is offered against it.

use app::bulk::{
    check::Checker,
    cure::{self, Way},
    operation::{ColumnId, Operation, RowId},
    problem::{Problem, ProblemCode},
    sheet::Sheet,
};

use super::{Book, Curable, Document};
use crate::components::{format_number, grid::Place};

impl Book {
    /// The cure of the worst problem of a cell, there or everywhere.
    pub(super) fn cure(&self, at: Place, all: bool) -> Option<Operation> {
        let Document { sheet, checker, .. } = &*self.document.borrow();
        let row = self.row_at(at.row)?;
        let column = sheet.columns().get(at.column)?;
        let problem = worst(checker, row, column.id, at.column)?;
        if all {
            checker.cure_all(sheet, problem.code, Way::Usual)
        } else {
            cure_here(sheet, problem)
        }
    }

    /// Cells with a kind of problem for which it is clear what was meant.
    pub(super) fn curable(&self, sheet: &Sheet, checker: &Checker, code: ProblemCode) -> usize {
        let now = (sheet.revision(), code, checker.count(code));
        if let Some(Curable { of, count }) = self.cures.get()
            && of == now
        {
            return count;
        }
        let count = checker.cures(sheet, code, Way::Usual).len();
        self.cures.set(Some(Curable { of: now, count }));
        count
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

/// The step that cures one problem where it stands.
fn cure_here(sheet: &Sheet, problem: &Problem) -> Option<Operation> {
    match problem.code {
        ProblemCode::DuplicateInFile | ProblemCode::RowEmpty => Some(Operation::DeleteRows {
            rows: vec![problem.row],
        }),
        _ => {
            let edits = cure::edits(sheet, &sheet.field_map(), problem, Way::Usual);
            (!edits.is_empty()).then_some(Operation::SetCells { edits })
        }
    }
}

/// The words of the cures' buttons: for the cell, and for all of its kind. `curable` counts
/// those for which it is clear what was meant.
pub(super) fn cure_words(
    sheet: &Sheet,
    problem: &Problem,
    count: usize,
    curable: impl FnOnce() -> usize,
) -> (Option<String>, Option<String>) {
    let all = |verb: &str, count: usize| {
        (count > 1).then(|| format!("{verb} all {}", format_number(count as u64)))
    };
    match problem.code {
        ProblemCode::DuplicateInFile | ProblemCode::RowEmpty => {
            (Some("Delete this row".to_owned()), all("Delete", count))
        }
        ProblemCode::SplitRows => {
            let merge = all("Merge", count).unwrap_or_else(|| "Merge rows".to_owned());
            (None, Some(merge))
        }
        _ => {
            let edits = cure::edits(sheet, &sheet.field_map(), problem, Way::Usual);
            let mut texts = edits.iter().map(|(.., text)| text.as_str());
            let Some(mut cured) = texts.next().map(str::to_owned) else {
                return (None, None);
            };
            for text in texts {
                cured.push_str(" | ");
                cured.push_str(text);
            }
            (Some(format!("Change to {cured}")), all("Fix", curable()))
        }
    }
}
