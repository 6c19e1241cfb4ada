//! What became of the submitted rows: in the grid, in numbers, and as a file.

use app::{
    api::imports::{ImportStatus, RowResult},
    bulk::{
        escape::{OUTCOME_COLUMN, PROBLEMS_COLUMN, file_name},
        mapping::Field,
        operation::{Operation, RowId},
        problem::{FieldProblem, ProblemCode},
    },
    domain::{
        counts::Counts,
        id::ImportId,
        import::{ImportState, RowOutcome},
    },
};
use leptos::prelude::*;

use super::{
    book::{Document, Submitted, outcome_title},
    browser::{self, mark_painted},
    desk::Desk,
};

/// What became of a submit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The import, where there is one to take back.
    pub import: Option<ImportId>,
    /// Nothing was created, since some rows fail.
    pub rejected: bool,
    /// Rows by outcome; those that only wait for others to be corrected are not counted.
    pub outcomes: Counts<RowOutcome, u32>,
    /// Rows that came through and of which the server has something to say: the file
    /// names another role than the member has, say.
    pub remarks: u32,
    /// Rows that are still in the grid.
    pub left: usize,
}

impl Summary {
    /// Counts what became of each row.
    fn of(rejected: bool, results: &[RowResult], left: usize) -> Self {
        let mut outcomes = Counts::default();
        let mut remarks = 0;
        for result in results.iter().filter(|result| result.code != HELD_BACK) {
            outcomes.add(result.outcome);
            remarks += u32::from(!result.outcome.failed() && !result.message.is_empty());
        }
        Self {
            import: None,
            rejected,
            outcomes,
            remarks,
            left,
        }
    }
}

/// The code of a row that is right and waits for others, since all or nothing was chosen.
const HELD_BACK: &str = "held_back";

/// The problem that stands at a row that failed; none where the row only waits for others.
fn problem_of(result: &RowResult) -> Option<FieldProblem> {
    let code = ProblemCode::parse(&result.code).or(match result.outcome {
        RowOutcome::Suppressed => Some(ProblemCode::Suppressed),
        RowOutcome::OverLimit => Some(ProblemCode::OverLimit),
        RowOutcome::DuplicateInFile => Some(ProblemCode::DuplicateInFile),
        // A code that this page does not know yet, such as a newer server's.
        _ if result.code == HELD_BACK => None,
        _ => Some(ProblemCode::NotAllowed),
    })?;
    Some(FieldProblem {
        field: Some(Field::parse(&result.field).unwrap_or(Field::Email)),
        code,
    })
}

/// Takes rows that came through out of the sheet and keeps what became of them; says at
/// the others why they stay.
pub fn show(desk: Desk, status: &ImportStatus, results: Vec<RowResult>) {
    let rejected = status.state == ImportState::Rejected;
    let book = desk.book();
    book.set_filter(None);
    let left = book.with_mut(
        |Document {
             sheet,
             checker,
             submitted,
             clean,
             journal,
             ..
         }| {
            if !rejected {
                let done = results
                    .iter()
                    .filter(|result| !result.outcome.failed())
                    .map(|result| RowId(result.row))
                    .collect();
                let applied = sheet.apply(Operation::DeleteRows { rows: done });
                // What was sent out cannot be taken back by undoing a step.
                sheet.forget_history();
                checker.recheck(sheet, &applied);
                // What is left of the list stands in no file.
                *clean = None;
            }
            let failed = results.iter().filter(|result| result.outcome.failed());
            checker.set_outcomes(
                failed
                    .filter_map(|result| Some((RowId(result.row), problem_of(result)?)))
                    .collect(),
            );
            // Whoever was invited just now is known to be invited from now on.
            checker.forget_answers();
            let left = sheet.rows();
            desk.summary.set(Some(Summary {
                import: (!rejected).then_some(status.import),
                ..Summary::of(rejected, &results, left)
            }));
            if left == 0 {
                // Every row came through: there is nothing to find again.
                *journal = None;
            } else if let Some(journal) = journal.as_ref().filter(|_| !rejected) {
                let done = results.iter().filter(|result| !result.outcome.failed());
                let done: Vec<_> = done
                    .map(|result| (RowId(result.row), result.outcome, result.message.clone()))
                    .collect();
                journal.record_submitted(&done);
            }
            submitted.extend(results.into_iter().filter_map(|result| {
                (!result.outcome.failed()).then_some(Submitted {
                    row: RowId(result.row),
                    outcome: result.outcome,
                    message: result.message,
                })
            }));
            left
        },
    );
    desk.attempt.set_value(None);
    if left == 0 {
        desk.open.set(false);
    }
    desk.place
        .set(crate::components::grid::Selection::default());
    desk.grid.reset();
    desk.changed();
    mark_painted("beckon:outcomes-shown");
}

/// Saves the rows that cannot be submitted, or failed when they were, with their reasons;
/// the file can be uploaded as it is.
pub fn download_failed(desk: Desk) {
    desk.grid.commit();
    let text = {
        let book = desk.book();
        let document = book.document();
        document.checker.errors_csv(&document.sheet)
    };
    browser::download(&file_name("failed", &name_of(desk)), &text);
}

fn name_of(desk: Desk) -> String {
    let file = desk.file.read_untracked();
    (*file)
        .as_ref()
        .map(|file| file.name.clone())
        .unwrap_or_default()
}

/// Saves every row of this list with what became of it; the file can be uploaded as it
/// is, since nobody is invited twice.
pub fn download_outcomes(desk: Desk) {
    desk.grid.commit();
    let book = desk.book();
    let text = {
        let Document {
            sheet,
            checker,
            submitted,
            ..
        } = &*book.document();
        let rows = submitted.iter().map(|one| one.row);
        let rows = rows.chain(sheet.row_ids().iter().copied());
        // They are asked for in this very order.
        let mut done = submitted.iter();
        sheet.to_spreadsheet_csv(rows, &[OUTCOME_COLUMN, PROBLEMS_COLUMN], |row| {
            if let Some(one) = done.next() {
                return vec![outcome_title(one.outcome).to_owned(), one.message.clone()];
            }
            vec!["Not submitted".to_owned(), checker.reasons(sheet, row)]
        })
    };
    browser::download(&file_name("outcomes", &name_of(desk)), &text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_row_has_its_reason_at_its_cell() {
        let mut result = RowResult {
            row: 3,
            outcome: RowOutcome::Suppressed,
            bundle: None,
            field: String::new(),
            code: String::new(),
            message: String::new(),
        };
        let at = |field, code| {
            Some(FieldProblem {
                field: Some(field),
                code,
            })
        };
        assert_eq!(
            problem_of(&result),
            at(Field::Email, ProblemCode::Suppressed)
        );
        result.code = "role_too_high".to_owned();
        result.field = "role".to_owned();
        assert_eq!(
            problem_of(&result),
            at(Field::Role, ProblemCode::RoleTooHigh)
        );
        // A row that only waits for others has nothing to be corrected.
        result.outcome = RowOutcome::Invalid;
        result.field.clear();
        result.code = HELD_BACK.to_owned();
        assert_eq!(problem_of(&result), None);
        result.code = "of_a_newer_server".to_owned();
        assert_eq!(
            problem_of(&result),
            at(Field::Email, ProblemCode::NotAllowed)
        );
    }
}
