//! Problems of whole columns: they hold a submit back, no single row is at fault.

use super::{
    limits::METADATA_MAX,
    mapping::{ColumnUse, Field},
    problem::{ColumnProblem, ProblemCode},
    sheet::Sheet,
};

/// Problems of the columns as a whole.
pub fn column_problems(sheet: &Sheet) -> Vec<ColumnProblem> {
    let map = sheet.field_map();
    let mut problems = Vec::new();
    if map.column(Field::Email).is_none() {
        let code = ProblemCode::EmailColumnMissing;
        problems.push(ColumnProblem { column: None, code });
    }
    let mut metadata = 0;
    for column in sheet.columns() {
        match column.used {
            ColumnUse::Field(field) if map.column(field) != Some(column.id) => {
                let code = ProblemCode::ColumnDuplicate;
                problems.push(ColumnProblem {
                    column: Some(column.id),
                    code,
                });
            }
            ColumnUse::Metadata => {
                metadata += 1;
                if metadata > METADATA_MAX {
                    let code = ProblemCode::TooMuchMetadata;
                    problems.push(ColumnProblem {
                        column: Some(column.id),
                        code,
                    });
                }
            }
            ColumnUse::Field(_) | ColumnUse::Dropped => {}
        }
    }
    problems
}
