//! What an operation would do to the cells of a sheet, to be looked at before it is done.

use super::operation::{ColumnId, Operation, RowId};
use super::sheet::Sheet;
use crate::domain::email::{is_space, is_zero_width};

/// One thing that would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The row's number as the grid shows it.
    pub row: usize,
    /// The column's header; of a whole row the first cell that says something.
    pub column: String,
    /// The text now, with what is invisible made visible.
    pub before: String,
    /// The text then; `None` where the row would be deleted.
    pub after: Option<String>,
}

/// What would change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// The first of it, as much as was asked for.
    pub lines: Vec<Line>,
    /// Cells that would have another text.
    pub cells: usize,
    /// Rows that would be deleted.
    pub rows: usize,
}

/// Looks at new texts and deleted rows; other operations are passed over.
pub fn preview(sheet: &Sheet, operation: &Operation, lines_max: usize) -> Preview {
    let mut found = Preview::default();
    look(sheet, operation, lines_max, &mut found);
    found
}

fn look(sheet: &Sheet, operation: &Operation, lines_max: usize, found: &mut Preview) {
    match operation {
        Operation::SetCells { edits } => {
            found.cells += edits.len();
            for (row, column, text) in edits {
                if found.lines.len() >= lines_max {
                    break;
                }
                found
                    .lines
                    .extend(line(sheet, *row, *column, Some(text.as_str())));
            }
        }
        Operation::DeleteRows { rows } => {
            found.rows += rows.len();
            for row in rows {
                if found.lines.len() >= lines_max {
                    break;
                }
                let says = sheet
                    .columns()
                    .iter()
                    .find(|column| !sheet.cell_of(*row, column).is_empty())
                    .or(sheet.columns().first());
                if let Some(column) = says {
                    found.lines.extend(line(sheet, *row, column.id, None));
                }
            }
        }
        Operation::Batch { operations, .. } => {
            for operation in operations {
                look(sheet, operation, lines_max, found);
            }
        }
        _ => {}
    }
}

fn line(sheet: &Sheet, row: RowId, column: ColumnId, after: Option<&str>) -> Option<Line> {
    Some(Line {
        row: sheet.position_of(row)? + 1,
        column: sheet.column(column)?.name.clone(),
        before: visible(&sheet.cell(row, column)),
        after: after.map(visible),
    })
}

/// A text in which what nobody sees has a sign.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push('↵'),
            '\t' => out.push('⇥'),
            ' ' => out.push(' '),
            c if is_zero_width(c) => out.push_str("[invisible]"),
            c if is_space(c) => out.push('␣'),
            c if c.is_control() => out.push('�'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::check::Checker;
    use crate::bulk::check::tests::CONTEXT;
    use crate::bulk::cure::Way;
    use crate::bulk::problem::ProblemCode;
    use crate::bulk::sheet::SheetOptions;

    #[test]
    fn what_would_change_is_told_and_nothing_changes() {
        let text = "email,courses\na@x.test,c1\na@x.test,c2\nb\u{200b}@x.test,\nc\u{a0}c@x.test,\n";
        let sheet = Sheet::from_bytes(text.as_bytes(), SheetOptions::default()).unwrap();
        let checker = Checker::full(&sheet, CONTEXT);
        let of = |code, lines| {
            let operation = checker.cure_all(&sheet, code, Way::Usual).unwrap();
            preview(&sheet, &operation, lines)
        };
        let merged = of(ProblemCode::SplitRows, 9);
        let told = |row, column: &str, before: &str, after: Option<&str>| Line {
            row,
            column: column.to_owned(),
            before: before.to_owned(),
            after: after.map(str::to_owned),
        };
        assert_eq!(
            merged.lines,
            [
                told(1, "courses", "c1", Some("c1|c2")),
                told(2, "email", "a@x.test", None),
            ]
        );
        assert_eq!((merged.cells, merged.rows), (1, 1));
        assert_eq!(of(ProblemCode::SplitRows, 1).lines.len(), 1);
        let hidden = of(ProblemCode::EmailZeroWidth, 9);
        let line = told(3, "email", "b[invisible]@x.test", Some("b@x.test"));
        assert_eq!(hidden.lines, [line]);
        let space = of(ProblemCode::EmailInnerSpace, 9);
        let line = told(4, "email", "c␣c@x.test", Some("cc@x.test"));
        assert_eq!(space.lines, [line]);
        assert_eq!(sheet.to_csv(), text.replace('\n', "\r\n").as_bytes());
    }
}
