//! Cures: the text that was probably meant, offered at a cell and for all cells with the
//! same problem, as one step that can be undone.

use super::check::Checker;
use super::date;
use super::mapping::Field;
use super::operation::{ColumnId, Operation, RowId};
use super::order::sort_by_number;
use super::problem::ProblemCode;
use super::rules::split_keys;
use super::sheet::Sheet;
use crate::domain::email::{char_is_control, is_zero_width};
use crate::domain::email_cure;
use crate::domain::role::Role;

/// The text that cures a cell; `None` where nothing is clear enough to offer.
pub fn cure(code: ProblemCode, field: Option<Field>, text: &str) -> Option<String> {
    let cured = match code {
        ProblemCode::EmailInvalid
        | ProblemCode::EmailAtSpelled
        | ProblemCode::EmailInnerSpace
        | ProblemCode::EmailZeroWidth
        | ProblemCode::EmailFullWidth
        | ProblemCode::EmailLetterForm
        | ProblemCode::EmailDisplayName
        | ProblemCode::EmailDomainTypo => email_cure::cure(text)?,
        ProblemCode::ControlCharacter | ProblemCode::Nul => clean(text, field),
        ProblemCode::ExpiresInvalid => date::to_iso(date::guess(text)?),
        ProblemCode::RoleUnknown => role(text)?.as_str().to_owned(),
        _ => return None,
    };
    (cured != text).then_some(cured)
}

impl Checker {
    /// The texts that cure the cells with a problem, for a preview: row, column, new text.
    pub fn cures(&self, sheet: &Sheet, code: ProblemCode) -> Vec<(RowId, ColumnId, String)> {
        let map = sheet.field_map();
        self.rows_with(sheet, Some(code))
            .into_iter()
            .flat_map(|row| self.problems_of(row).copied())
            .filter(|problem| problem.code == code)
            .filter_map(|problem| {
                let column = problem.column?;
                let text = sheet.cell(problem.row, column);
                Some((problem.row, column, cure(code, map.field(column), &text)?))
            })
            .collect()
    }

    /// The one step that cures every row with a problem: new texts, duplicates and empty
    /// rows deleted, rows of one person merged. `None` where there is nothing to offer.
    pub fn cure_all(&self, sheet: &Sheet, code: ProblemCode) -> Option<Operation> {
        let operations = match code {
            ProblemCode::DuplicateInFile | ProblemCode::RowEmpty => {
                let rows = self.rows_with(sheet, Some(code));
                if rows.is_empty() {
                    return None;
                }
                vec![Operation::DeleteRows { rows }]
            }
            ProblemCode::SplitRows => self.merge_rows(sheet)?,
            _ => {
                let edits = self.cures(sheet, code);
                if edits.is_empty() {
                    return None;
                }
                vec![Operation::SetCells { edits }]
            }
        };
        Some(Operation::Batch {
            label: format!("Cure “{}”", code.title()),
            operations,
        })
    }

    /// Gathers the courses and programs of one person's rows in the first of them.
    fn merge_rows(&self, sheet: &Sheet) -> Option<Vec<Operation>> {
        let map = sheet.field_map();
        // Each row to gather from, after the first row of its person.
        let mut split: Vec<(RowId, RowId)> = Vec::new();
        for row in self.rows_with(sheet, Some(ProblemCode::SplitRows)) {
            let problem = self
                .problems_of(row)
                .find(|p| p.code == ProblemCode::SplitRows);
            if let Some(first) = problem.and_then(|problem| problem.other) {
                split.push((first, row));
            }
        }
        sort_by_number(&mut split, |(first, _)| first.0);
        let mut edits = Vec::new();
        let mut rows = Vec::new();
        for person in split.chunk_by(|a, b| a.0 == b.0) {
            let first = person[0].0;
            let others = person.iter().map(|(_, row)| *row);
            for field in [Field::Courses, Field::Programs] {
                let Some(column) = map.column(field) else {
                    continue;
                };
                let cells: Vec<_> = std::iter::once(first)
                    .chain(others.clone())
                    .map(|row| sheet.field(row, field, &map))
                    .collect();
                let mut keys: Vec<&str> = Vec::new();
                for key in cells.iter().flat_map(|cell| split_keys(cell)) {
                    if !keys.contains(&key) {
                        keys.push(key);
                    }
                }
                if keys != split_keys(&cells[0]) {
                    edits.push((first, column, keys.join("|")));
                }
            }
            rows.extend(others);
        }
        (!rows.is_empty()).then(|| {
            vec![
                Operation::SetCells { edits },
                Operation::DeleteRows { rows },
            ]
        })
    }
}

/// Line breaks and tabs become spaces, other control and invisible characters go.
fn clean(text: &str, field: Option<Field>) -> String {
    let keeps_lines = field == Some(Field::Note);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' if keeps_lines => out.push(c),
            '\n' | '\r' | '\t' => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c if char_is_control(c) || is_zero_width(c) => {}
            c => out.push(c),
        }
    }
    out.trim_matches(' ').to_owned()
}

/// Usual words for the roles, folded.
const ROLE_WORDS: [(Role, &str); 3] = [
    (
        Role::Learner,
        "learner student learners students participant pupil user member teilnehmer schuler \
         lernende etudiant apprenant estudiante alumno",
    ),
    (
        Role::Instructor,
        "instructor teacher trainer tutor lecturer coach professor lehrer dozent enseignant \
         formateur profesor instructors",
    ),
    (
        Role::Admin,
        "admin administrator manager admins administrateur administrador",
    ),
];

/// The role that a usual word for it means.
fn role(text: &str) -> Option<Role> {
    let folded = super::mapping::fold(text);
    ROLE_WORDS
        .iter()
        .find(|(_, words)| words.split(' ').any(|word| word == folded))
        .map(|(role, _)| *role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cures() {
        let date = cure(
            ProblemCode::ExpiresInvalid,
            Some(Field::ExpiresOn),
            "31.12.2026",
        );
        assert_eq!(date.as_deref(), Some("2026-12-31"));
        assert_eq!(cure(ProblemCode::ExpiresInvalid, None, "01-Mar"), None);
        let role = cure(ProblemCode::RoleUnknown, Some(Field::Role), " Teacher");
        assert_eq!(role.as_deref(), Some("instructor"));
        let name = cure(
            ProblemCode::ControlCharacter,
            Some(Field::FirstName),
            "Ada\r\nMaria\u{7}",
        );
        assert_eq!(name.as_deref(), Some("Ada Maria"));
        assert_eq!(cure(ProblemCode::DuplicateInFile, None, "x"), None);
    }

    #[test]
    fn one_step_cures_all_rows_with_a_problem() {
        use crate::bulk::check::tests::CONTEXT;
        let text = "email,courses\na@x.test,c1\na@x.test,c2|c1\nb at x.test,\na@x.test,c3\na@x.test,c1\n,\n";
        let mut sheet =
            Sheet::from_bytes(text.as_bytes(), crate::bulk::sheet::SheetOptions::default())
                .unwrap();
        let mut checker = Checker::full(&sheet, CONTEXT);
        for code in [
            ProblemCode::DuplicateInFile,
            ProblemCode::SplitRows,
            ProblemCode::EmailAtSpelled,
            ProblemCode::RowEmpty,
        ] {
            let operation = checker.cure_all(&sheet, code).unwrap();
            let applied = sheet.apply(operation);
            checker.recheck(&sheet, &applied);
            assert_eq!(checker.cure_all(&sheet, code), None);
        }
        assert_eq!(checker.rows_with_problems(), 0);
        assert_eq!(
            sheet.to_csv(),
            b"email,courses\r\na@x.test,c1|c2|c3\r\nb@x.test,\r\n"
        );
        for _ in 0..4 {
            let applied = sheet.undo().unwrap();
            checker.recheck(&sheet, &applied);
        }
        assert_eq!(checker.counts(), Checker::full(&sheet, CONTEXT).counts());
    }
}
