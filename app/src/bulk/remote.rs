//! What the server says about addresses and catalog keys: which ones to ask about, each
//! once, and what the answers mean for the rows.

use super::check::Checker;
use super::limits::{CELL_BYTES_MAX, KEYS_MAX, NAME_CHARS_MAX};
use super::mapping::Field;
use super::operation::RowId;
use super::order::sort_by_number;
use super::problem::{FieldProblem, ProblemCode};
use super::rules::{RowFields, few_keys};
use super::sheet::{QuickMap, Sheet};
use crate::domain::email::{canonical_email, char_is_control};
use std::collections::VecDeque;

/// What is known about an address in this tenant, or about a key of its catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// It was asked about; no answer yet.
    Asked,
    /// Nothing is wrong: an address of nobody here, a key of the catalog.
    Fine,
    /// The address of a member.
    Member,
    /// An address with a live invitation.
    Invited,
    /// A key that is not in the catalog.
    Missing,
}

/// What to ask the server about: distinct values that were not asked about before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// Canonical addresses.
    pub emails: Vec<String>,
    /// Course keys.
    pub courses: Vec<String>,
    /// Program keys.
    pub programs: Vec<String>,
}

impl Questions {
    /// Whether there is nothing to ask.
    pub fn is_empty(&self) -> bool {
        self.emails.is_empty() && self.courses.is_empty() && self.programs.is_empty()
    }
}

/// The server's answer to [`Questions`]: what is not listed is free, or known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answers<'a> {
    /// Of the addresses: members.
    pub members: &'a [String],
    /// Of the addresses: with a live invitation.
    pub invited: &'a [String],
    /// Of the course keys: unknown.
    pub unknown_courses: &'a [String],
    /// Of the program keys: unknown.
    pub unknown_programs: &'a [String],
}

#[derive(Clone, Debug, Default)]
pub(super) struct Remote {
    emails: QuickMap<String, Known>,
    courses: QuickMap<String, Known>,
    programs: QuickMap<String, Known>,
    /// Rows whose address or keys may not have been asked about.
    pub(super) to_ask: VecDeque<RowId>,
}

impl Remote {
    pub(super) fn is_empty(&self) -> bool {
        self.emails.is_empty() && self.courses.is_empty() && self.programs.is_empty()
    }

    pub(super) fn is_unknown(&self, code: ProblemCode, key: &str) -> bool {
        let keys = if code == ProblemCode::CourseUnknown {
            &self.courses
        } else {
            &self.programs
        };
        keys.get(key) == Some(&Known::Missing)
    }

    pub(super) fn check(&self, row: &RowFields<'_>, problems: &mut Vec<FieldProblem>) {
        let mut add = |field, code| {
            problems.push(FieldProblem {
                field: Some(field),
                code,
            });
        };
        let state = canonical_email(row.get(Field::Email))
            .ok()
            .and_then(|e| self.emails.get(&*e));
        match state {
            Some(Known::Member) => add(Field::Email, ProblemCode::AlreadyMember),
            Some(Known::Invited) => add(Field::Email, ProblemCode::AlreadyInvited),
            _ => {}
        }
        for (field, keys, code) in [
            (Field::Courses, &self.courses, ProblemCode::CourseUnknown),
            (Field::Programs, &self.programs, ProblemCode::ProgramUnknown),
        ] {
            let cell = row.get(field);
            if !cell.is_empty()
                && keys_to_ask(cell)
                    .into_iter()
                    .any(|k| keys.get(k) == Some(&Known::Missing))
            {
                add(field, code);
            }
        }
    }
}

impl Checker {
    /// The next batch to ask the server about, with at most so many addresses and as many
    /// keys of each kind. What it names counts as asked: if the call fails, give it back
    /// to [`Checker::ask_again`].
    pub fn questions(&mut self, sheet: &Sheet, limit: usize) -> Questions {
        let map = sheet.field_map();
        let mut out = Questions::default();
        let remote = &mut self.remote;
        while out.emails.len() < limit
            && out.courses.len() < limit
            && out.programs.len() < limit
            && let Some(row) = remote.to_ask.pop_front()
        {
            if sheet.position_of(row).is_none() {
                continue;
            }
            let email = sheet.field(row, Field::Email, &map);
            if let Ok(canonical) = canonical_email(&email)
                && !remote.emails.contains_key(&*canonical)
            {
                out.emails.push(canonical.clone().into_owned());
                remote.emails.insert(canonical.into_owned(), Known::Asked);
            }
            let mut left_over = false;
            for (field, known, asked) in [
                (Field::Courses, &mut remote.courses, &mut out.courses),
                (Field::Programs, &mut remote.programs, &mut out.programs),
            ] {
                for key in keys_to_ask(&sheet.field(row, field, &map)) {
                    if known.contains_key(key) {
                        continue;
                    }
                    if asked.len() >= limit {
                        left_over = true;
                        break;
                    }
                    known.insert(key.to_owned(), Known::Asked);
                    asked.push(key.to_owned());
                }
            }
            if left_over {
                remote.to_ask.push_front(row);
            }
        }
        out
    }

    /// Takes in an answer. Returns whether any row's problems may have changed.
    pub fn answer(&mut self, sheet: &Sheet, questions: &Questions, answers: Answers<'_>) -> bool {
        let mut rows = Vec::new();
        for email in &questions.emails {
            self.remote.emails.insert(email.clone(), Known::Fine);
        }
        for (emails, state) in [
            (answers.invited, Known::Invited),
            (answers.members, Known::Member),
        ] {
            for email in emails {
                self.remote.emails.insert(email.clone(), state);
                rows.extend(self.rows_of(email));
            }
        }
        let mut news = false;
        for (known, asked, unknown) in [
            (
                &mut self.remote.courses,
                &questions.courses,
                answers.unknown_courses,
            ),
            (
                &mut self.remote.programs,
                &questions.programs,
                answers.unknown_programs,
            ),
        ] {
            for key in asked {
                known.insert(key.clone(), Known::Fine);
            }
            for key in unknown {
                known.insert(key.clone(), Known::Missing);
            }
            news |= !unknown.is_empty();
        }
        if news {
            rows.extend(self.rows_with_unknown_keys(sheet));
        }
        sort_by_number(&mut rows, |row| row.0);
        rows.dedup();
        self.check_rows(sheet, &rows);
        !rows.is_empty()
    }

    /// Puts questions back that got no answer.
    pub fn ask_again(&mut self, sheet: &Sheet, questions: &Questions) {
        for email in &questions.emails {
            self.remote.emails.remove(email);
        }
        for key in &questions.courses {
            self.remote.courses.remove(key);
        }
        for key in &questions.programs {
            self.remote.programs.remove(key);
        }
        self.remote.to_ask = sheet.row_ids().iter().copied().collect();
    }

    /// Whether the server has said something, or was asked.
    pub fn has_answers(&self) -> bool {
        !self.remote.is_empty()
    }

    /// Forgets what the server said, as after a submit. Every row is to be checked anew by
    /// [`Checker::advance`], and the next questions ask anew.
    pub fn forget_answers(&mut self) {
        self.remote = Remote::default();
        self.restart();
    }

    /// Rows that name a key which is not in the catalog.
    fn rows_with_unknown_keys(&self, sheet: &Sheet) -> Vec<RowId> {
        let map = sheet.field_map();
        let names = |row: RowId, field: Field, known: &QuickMap<String, Known>| {
            keys_to_ask(&sheet.field(row, field, &map))
                .into_iter()
                .any(|key| known.get(key) == Some(&Known::Missing))
        };
        sheet
            .row_ids()
            .iter()
            .copied()
            .filter(|&row| {
                names(row, Field::Courses, &self.remote.courses)
                    || names(row, Field::Programs, &self.remote.programs)
            })
            .collect()
    }
}

/// The keys of a cell that the server can be asked about. A cell with more than it may hold
/// is a problem by itself, and so is a key that no catalog can have: one of them would have
/// the whole batch refused.
pub(super) fn keys_to_ask(cell: &str) -> Vec<&str> {
    if cell.is_empty() || cell.len() > CELL_BYTES_MAX {
        return Vec::new();
    }
    let mut keys = few_keys(cell).unwrap_or_default();
    keys.retain(|key| key.chars().count() <= NAME_CHARS_MAX && !key.chars().any(char_is_control));
    if keys.len() > KEYS_MAX {
        keys.clear();
    }
    keys
}
