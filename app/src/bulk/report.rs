//! Every problem of a file that was read and checked, by its place in the file: what a
//! report outside the grid says.

use super::check::Checker;
use super::columns::column_problems;
use super::mapping::ColumnUse;
use super::operation::{ColumnId, RowId};
use super::problem::ProblemCode;
use super::sheet::Sheet;
use super::source::SourceProblemKind;
use serde::Serialize;

/// A problem at a place of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Located {
    /// The physical line where the record starts, from 1.
    pub line: u32,
    /// The field in its record, from 1; 0 for the record as a whole.
    pub column: u32,
    /// What is wrong.
    pub code: ProblemCode,
    /// What is wrong and what to do.
    pub message: String,
}

/// The problems of a sheet that was read to its end and not edited, and that the checker
/// has checked: those of the header, then the rows' in the file's order, each by column.
pub fn located<'a>(sheet: &'a Sheet, checker: &'a Checker) -> impl Iterator<Item = Located> + 'a {
    let rows = sheet.row_ids().iter().copied();
    of_header(sheet).into_iter().chain(
        rows.filter(|&row| checker.has_problem(row))
            .flat_map(|row| of_row(sheet, checker, row)),
    )
}

/// Problems of columns stand at the header's line, or the first row's where there is none.
fn of_header(sheet: &Sheet) -> Vec<Located> {
    let source = sheet.source();
    let line = source.line(sheet.header_row().unwrap_or(0)).unwrap_or(1);
    let mut found = Vec::new();
    for problem in column_problems(sheet) {
        found.push(Located {
            line,
            column: place(sheet, problem.column),
            code: problem.code,
            message: problem.message,
        });
    }
    let Some(header) = sheet.header_row() else {
        return found;
    };
    for problem in source.problems_of(header) {
        let code = match problem.kind {
            SourceProblemKind::UnclosedQuote => ProblemCode::UnclosedQuote,
            SourceProblemKind::StrayQuote => ProblemCode::StrayQuote,
            SourceProblemKind::BadUtf8 => ProblemCode::BadUtf8,
            SourceProblemKind::Nul => ProblemCode::Nul,
        };
        let text = source.text(header, problem.field).unwrap_or_default();
        found.push(Located {
            line,
            column: problem.field + 1,
            code,
            message: code.message(&text),
        });
    }
    for column in sheet.columns() {
        let Some(field) = column.source.filter(|_| column.used != ColumnUse::Dropped) else {
            continue;
        };
        let name = source.raw(header, field).unwrap_or_default();
        let blank = |raw: &[u8]| raw.iter().all(|b| matches!(b, b' ' | b'"'));
        // A delimiter at each line's end makes an empty column, which is none.
        let used = |row: &RowId| source.raw(row.0, field).is_some_and(|raw| !blank(raw));
        if blank(name) && sheet.row_ids().iter().any(used) {
            let code = ProblemCode::HeaderEmpty;
            found.push(Located {
                line,
                column: field + 1,
                code,
                message: code.message(""),
            });
        }
    }
    by_column(found)
}

fn of_row(sheet: &Sheet, checker: &Checker, row: RowId) -> Vec<Located> {
    let line = sheet.line_of(row).unwrap_or(0);
    let found = checker
        .problems_of(row)
        .map(|problem| Located {
            line,
            column: place(sheet, problem.column),
            code: problem.code,
            message: checker.message_by_line(sheet, problem),
        })
        .collect();
    by_column(found)
}

/// A column's place in the file, from 1; 0 for none.
fn place(sheet: &Sheet, column: Option<ColumnId>) -> u32 {
    column
        .and_then(|id| sheet.column(id)?.source)
        .map_or(0, |field| field + 1)
}

fn by_column(mut found: Vec<Located>) -> Vec<Located> {
    found.sort_by_key(|problem| problem.column);
    found
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
