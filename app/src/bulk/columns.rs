//! Problems of whole columns: no single row is at fault. Errors hold a submit back.

use super::{
    header::{is_reserved, known_look_alike, looks_like},
    limits::METADATA_MAX,
    mapping::{ColumnUse, Field, Reason},
    operation::Column,
    problem::{ColumnProblem, ProblemCode},
    sheet::Sheet,
};

/// Problems of the columns as a whole, in the columns' order; each names its column.
pub fn column_problems(sheet: &Sheet) -> Vec<ColumnProblem> {
    let map = sheet.field_map();
    let mut problems = Vec::new();
    if map.column(Field::Email).is_none() {
        let code = ProblemCode::EmailColumnMissing;
        problems.push(ColumnProblem {
            column: None,
            code,
            message: code.message(""),
        });
    }
    let of_file = sheet.source().rows();
    if sheet
        .header_row()
        .is_some_and(|header| header + 1 == of_file)
        && sheet.rows() == 0
        && sheet.is_finished()
    {
        let code = ProblemCode::NoRows;
        problems.push(ColumnProblem {
            column: None,
            code,
            message: code.message(""),
        });
    }
    let mut metadata = 0;
    for (place, column) in sheet.columns().iter().enumerate() {
        let mut add = |code: ProblemCode, more: &str| {
            let mut message = code.message(&column.name);
            message.push_str(more);
            problems.push(ColumnProblem {
                column: Some(column.id),
                code,
                message,
            });
        };
        match column.used {
            ColumnUse::Field(field) => {
                if let Some(first) = sheet.column_for(field)
                    && first.id != column.id
                {
                    let more = format!(" ({} is filled by “{}”.)", field.label(), first.name);
                    add(ProblemCode::ColumnDuplicate, &more);
                }
            }
            ColumnUse::Metadata => {
                metadata += 1;
                if metadata == METADATA_MAX + 1 {
                    add(ProblemCode::TooMuchMetadata, "");
                }
                let earlier = &sheet.columns()[..place];
                if earlier.iter().any(|other| is_twin(other, column)) {
                    add(ProblemCode::HeaderRepeated, "");
                }
                if is_reserved(&column.name) {
                    add(ProblemCode::HeaderReserved, "");
                }
            }
            ColumnUse::Dropped => continue,
        }
        // What an admin chose is not taken for something by its looks.
        if column.reason == Reason::Chosen {
            continue;
        }
        let meant = known_look_alike(&column.name).or_else(|| {
            let plain = looks_like(&column.name);
            let seems = plain.as_deref().unwrap_or(&column.name);
            // Fields that are filled twice were told already.
            let free = plain.is_some() || column.used == ColumnUse::Metadata;
            let twin = |other: &&Column| {
                other.name.eq_ignore_ascii_case(seems) && other.name != column.name
            };
            let found = sheet.columns()[..place].iter().find(twin).filter(|_| free);
            found.map(|other| other.name.clone())
        });
        if let Some(meant) = meant {
            let more = format!(" (It looks like “{meant}”.)");
            add(ProblemCode::HeaderLookAlike, &more);
        }
    }
    problems
}

/// Two columns that would be kept under one name.
fn is_twin(a: &Column, b: &Column) -> bool {
    a.used == ColumnUse::Metadata && a.name == b.name
}
