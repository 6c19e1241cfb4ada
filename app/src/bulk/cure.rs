//! Cures: the text that was probably meant, offered at a cell and for all cells with the
//! same problem, as one step that can be undone.

use std::borrow::Cow;

use super::check::Checker;
use super::date::{self, Order};
use super::limits::KEYS_MAX;
use super::mapping::Field;
use super::operation::{ColumnId, Operation, RowId};
use super::order::sort_by_number;
use super::problem::{Problem, ProblemCode};
use super::rules::{few_keys, is_invisible, joins, last_first, other_name};
use super::sheet::{FieldMap, Sheet};
use crate::domain::email::{char_is_control, is_space, is_zero_width};
use crate::domain::email_cure;
use crate::domain::role::Role;

/// A cell and its new text.
pub type Edit = (RowId, ColumnId, String);

/// How a kind of problem is cured, where there is more than one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Only what is clear; of duplicates the first row stays.
    #[default]
    Usual,
    /// Of duplicates the last row stays.
    KeepLast,
    /// Dates have the day first where that is not clear.
    DayFirst,
    /// Dates have the month first where that is not clear.
    MonthFirst,
}

impl Way {
    const fn order(self) -> Option<Order> {
        match self {
            Self::DayFirst => Some(Order::DayFirst),
            Self::MonthFirst => Some(Order::MonthFirst),
            Self::Usual | Self::KeepLast => None,
        }
    }
}

/// The text that cures a cell; `None` where nothing is clear enough to offer.
pub fn cure(code: ProblemCode, field: Option<Field>, text: &str, way: Way) -> Option<String> {
    let cured = match code {
        ProblemCode::EmailInvalid
        | ProblemCode::EmailAtSpelled
        | ProblemCode::EmailInnerSpace
        | ProblemCode::EmailZeroWidth
        | ProblemCode::EmailFullWidth
        | ProblemCode::EmailLetterForm
        | ProblemCode::EmailDisplayName
        | ProblemCode::EmailDomainTypo => email_cure::cure(text)?,
        ProblemCode::InvisibleCharacter => without_invisible(text),
        ProblemCode::ControlCharacter | ProblemCode::Nul => clean(text, field),
        ProblemCode::ExpiresInvalid => date::to_iso(date::guess(text, way.order())?),
        ProblemCode::RoleUnknown => role(text)?.as_str().to_owned(),
        _ => return None,
    };
    (cured != text).then_some(cured)
}

/// The new texts that cure one problem; none where nothing is clear enough to offer.
pub fn edits(sheet: &Sheet, map: &FieldMap, problem: &Problem, way: Way) -> Vec<Edit> {
    let Some(column) = problem.column else {
        return Vec::new();
    };
    let row = problem.row;
    let text = sheet.cell(row, column);
    let field = map.field(column);
    if problem.code != ProblemCode::NameOrder {
        return cure(problem.code, field, &text, way)
            .map(|cured| vec![(row, column, cured)])
            .unwrap_or_default();
    }
    let Some(((last, first), field)) = last_first(&text).zip(field) else {
        return Vec::new();
    };
    let (last, first) = (last.to_owned(), first.to_owned());
    let Some(other) = map.column(other_name(field)) else {
        // There is one column for both names.
        return vec![(row, column, format!("{first} {last}"))];
    };
    match field {
        Field::FirstName => vec![(row, column, first), (row, other, last)],
        _ => vec![(row, other, first), (row, column, last)],
    }
}

impl Checker {
    /// The new texts that cure the cells with a problem, one list for each that has some.
    pub fn cures(&self, sheet: &Sheet, code: ProblemCode, way: Way) -> Vec<Vec<Edit>> {
        let map = sheet.field_map();
        self.rows_with(sheet, Some(code))
            .into_iter()
            .flat_map(|row| self.problems_of(row).copied())
            .filter(|problem| problem.code == code)
            .map(|problem| edits(sheet, &map, &problem, way))
            .filter(|edits| !edits.is_empty())
            .collect()
    }

    /// The one step that cures every row with a problem: new texts, duplicates and empty
    /// rows deleted, rows of one person merged. `None` where there is nothing to offer.
    pub fn cure_all(&self, sheet: &Sheet, code: ProblemCode, way: Way) -> Option<Operation> {
        let operations = match code {
            ProblemCode::DuplicateInFile | ProblemCode::RowEmpty => {
                let rows = if way == Way::KeepLast {
                    self.all_but_the_last(sheet, code)
                } else {
                    self.rows_with(sheet, Some(code))
                };
                if rows.is_empty() {
                    return None;
                }
                vec![Operation::DeleteRows { rows }]
            }
            ProblemCode::SplitRows => self.merge_rows(sheet)?,
            _ => {
                let edits: Vec<Edit> = self.cures(sheet, code, way).into_iter().flatten().collect();
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

    /// Rows with a problem about an earlier one, each after that, in the sheet's order.
    fn pairs(&self, sheet: &Sheet, code: ProblemCode) -> Vec<(RowId, RowId)> {
        let mut pairs = Vec::new();
        for row in self.rows_with(sheet, Some(code)) {
            let problem = self.problems_of(row).find(|p| p.code == code);
            if let Some(first) = problem.and_then(|problem| problem.other) {
                pairs.push((first, row));
            }
        }
        sort_by_number(&mut pairs, |(first, _)| first.0);
        pairs
    }

    /// Of rows that are the same, all but the last of each.
    fn all_but_the_last(&self, sheet: &Sheet, code: ProblemCode) -> Vec<RowId> {
        self.pairs(sheet, code)
            .chunk_by(|a, b| a.0 == b.0)
            .flat_map(|same| {
                let others = same.iter().map(|(_, row)| *row);
                std::iter::once(same[0].0).chain(others).take(same.len())
            })
            .collect()
    }

    /// Gathers the courses and programs of one person's rows in the first of them. Who has
    /// more than a cell may hold is passed over.
    fn merge_rows(&self, sheet: &Sheet) -> Option<Vec<Operation>> {
        let map = sheet.field_map();
        let mut edits = Vec::new();
        let mut rows = Vec::new();
        let split = self.pairs(sheet, ProblemCode::SplitRows);
        'people: for person in split.chunk_by(|a, b| a.0 == b.0) {
            let first = person[0].0;
            let others = person.iter().map(|(_, row)| *row);
            let mut gathered = Vec::new();
            for field in [Field::Courses, Field::Programs] {
                let Some(column) = map.column(field) else {
                    continue;
                };
                let cells: Vec<_> = std::iter::once(first)
                    .chain(others.clone())
                    .map(|row| sheet.field(row, field, &map))
                    .collect();
                let Some(keys) = keys_of(&cells) else {
                    continue 'people;
                };
                // What stands in the first cell is what comes first: more keys, other keys.
                if Some(keys.len()) != few_keys(&cells[0]).map(|own| own.len()) {
                    gathered.push((first, column, keys.join("|")));
                }
            }
            edits.extend(gathered);
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

/// The keys of several cells, each once; `None` where they are more than a cell may hold.
fn keys_of<'a>(cells: &'a [Cow<'_, str>]) -> Option<Vec<&'a str>> {
    let mut keys: Vec<&str> = Vec::new();
    for cell in cells {
        for key in few_keys(cell)? {
            if keys.contains(&key) {
                continue;
            }
            if keys.len() == KEYS_MAX {
                return None;
            }
            keys.push(key);
        }
    }
    Some(keys)
}

/// Unusual spaces become the usual one, invisible characters go.
fn without_invisible(text: &str) -> String {
    let joins = joins(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_space(c) {
            out.push(' ');
        } else if !is_invisible(c, joins) {
            out.push(c);
        }
    }
    out.trim_matches(' ').to_owned()
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
#[path = "cure_tests.rs"]
mod tests;
