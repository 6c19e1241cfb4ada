//! The row rules: one pure function that the browser runs on the sheet and the server
//! runs on what was submitted.
//!
//! Of a cell's text only ASCII spaces at its ends are left off silently, and around the
//! `|` of keys and labels; words of roles match in any ASCII case. Everything else is
//! taken exactly or is a problem.

use super::date;
use super::draft::RowDraft;
use super::limits::{
    CELL_BYTES_MAX, KEYS_MAX, METADATA_BYTES_MAX, METADATA_MAX, NAME_CHARS_MAX, NOTE_CHARS_MAX,
};
use super::mapping::Field;
use super::problem::{FieldProblem, ProblemCode, Severity};
use super::source::has_control;
use crate::domain::email::{EmailAddress, EmailRef, hash_lowercase, is_space, is_zero_width};
use crate::domain::email_cure::domain_suggestion;
use crate::domain::role::Role;
use crate::domain::time::CivilDate;
use std::borrow::Cow;

/// What the rules need to know beyond the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleContext {
    /// Today in the tenant's zone, as the server says.
    pub today: CivilDate,
    /// The highest role that the submitter may give.
    pub max_role: Role,
}

/// The ten fields of a row, as typed.
#[derive(Clone, Debug, Default)]
pub struct RowFields<'a> {
    pub(super) cells: [Cow<'a, str>; Field::COUNT],
    /// It is known that no cell holds a control character.
    pub(super) plain: bool,
    /// It is known that every cell is ASCII.
    pub(super) ascii: bool,
}

impl RowFields<'_> {
    /// A field's text, as typed.
    pub fn get(&self, field: Field) -> &str {
        &self.cells[field.index()]
    }

    /// A field's text without the spaces at its ends.
    pub fn trimmed(&self, field: Field) -> &str {
        trim(&self.cells[field.index()])
    }
}

impl<'a> From<&'a RowDraft> for RowFields<'a> {
    fn from(draft: &'a RowDraft) -> Self {
        Self {
            cells: [
                &draft.email,
                &draft.first_name,
                &draft.last_name,
                &draft.role,
                &draft.group,
                &draft.courses,
                &draft.programs,
                &draft.expires_on,
                &draft.external_id,
                &draft.note,
            ]
            .map(|text| Cow::Borrowed(text.as_str())),
            plain: false,
            ascii: false,
        }
    }
}

/// Leaves off ASCII spaces at both ends.
#[inline]
pub(super) fn trim(text: &str) -> &str {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&b' ') && bytes.last() != Some(&b' ') {
        return text;
    }
    text.trim_matches(' ')
}

/// The keys or labels of a cell as they stand, in order; one may come again.
pub(super) fn keys(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('|').map(trim).filter(|key| !key.is_empty())
}

/// The keys or labels of a cell, each once, in order. This takes the square of their
/// number: where the rules have not yet seen the cell, ask [`few_keys`].
pub fn split_keys(cell: &str) -> Vec<&str> {
    let mut distinct = Vec::new();
    for key in keys(cell) {
        if !distinct.contains(&key) {
            distinct.push(key);
        }
    }
    distinct
}

/// Like [`split_keys`], of a cell of any length; `None` where there are so many keys that
/// they are a problem anyway, and finding each one once would take long.
pub fn few_keys(cell: &str) -> Option<Vec<&str>> {
    keys_up_to(cell, 2 * KEYS_MAX)
}

/// Like [`split_keys`]; `None` where there are more than so many, with one that comes again
/// counted each time.
pub(super) fn keys_up_to(cell: &str, most: usize) -> Option<Vec<&str>> {
    if keys(cell).nth(most).is_some() {
        return None;
    }
    Some(split_keys(cell))
}

/// What the rules found out about a row beside its problems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowFacts {
    /// The hash of the canonical address, where the address is valid.
    pub email_hash: Option<u64>,
    /// The row would make an administrator.
    pub makes_admin: bool,
}

/// Checks one row. Problems are added in the order of the fields.
pub fn check_row(
    row: &RowFields<'_>,
    context: &RuleContext,
    problems: &mut Vec<FieldProblem>,
) -> RowFacts {
    let mut facts = RowFacts::default();
    let mut add = |field, code| {
        problems.push(FieldProblem {
            field: Some(field),
            code,
        });
    };
    let email = row.get(Field::Email);
    match EmailRef::parse(email) {
        Ok(email) => {
            facts.email_hash = Some(email.identity_hash());
            if domain_suggestion(email.typed_domain()).is_some() {
                add(Field::Email, ProblemCode::EmailDomainTypo);
            }
        }
        Err(problem) => {
            let code = ProblemCode::from(problem);
            if code == ProblemCode::EmailMissing
                && row.cells.iter().all(|cell| trim(cell).is_empty())
            {
                problems.push(FieldProblem {
                    field: None,
                    code: ProblemCode::RowEmpty,
                });
                return facts;
            }
            // A NUL has a code of its own in every field.
            let nul = email.as_bytes().contains(&0);
            add(Field::Email, if nul { ProblemCode::Nul } else { code });
        }
    }
    for field in [Field::FirstName, Field::LastName] {
        let text = row.trimmed(field);
        if !text.is_empty() {
            check_line(field, text, row.plain, &mut add);
            if damaged_number(text) {
                add(field, ProblemCode::ExcelDamage);
            }
            if !row.ascii && has_invisible(text) {
                add(field, ProblemCode::InvisibleCharacter);
            }
            if row.trimmed(other_name(field)).is_empty() && last_first(text).is_some() {
                add(field, ProblemCode::NameOrder);
            }
        }
    }
    let role = row.trimmed(Field::Role);
    if !role.is_empty() {
        match Role::parse(role) {
            Some(role) if role > context.max_role => add(Field::Role, ProblemCode::RoleTooHigh),
            Some(role) => facts.makes_admin = role == Role::Admin,
            None if role.as_bytes().contains(&0) => add(Field::Role, ProblemCode::Nul),
            None => add(Field::Role, ProblemCode::RoleUnknown),
        }
    }
    for field in [Field::Group, Field::Courses, Field::Programs] {
        let text = row.trimmed(field);
        if !text.is_empty() {
            check_list(field, text, row.plain, &mut add);
            if !row.ascii && has_invisible(text) {
                add(field, ProblemCode::InvisibleCharacter);
            }
        }
    }
    check_expiry(row.trimmed(Field::ExpiresOn), *context, &mut add);
    let external_id = row.trimmed(Field::ExternalId);
    if !external_id.is_empty() {
        check_line(Field::ExternalId, external_id, row.plain, &mut add);
        if damaged_number(external_id) || damaged_date(external_id) {
            add(Field::ExternalId, ProblemCode::ExcelDamage);
        }
        if !row.ascii && has_invisible(external_id) {
            add(Field::ExternalId, ProblemCode::InvisibleCharacter);
        }
    }
    let note = row.trimmed(Field::Note);
    if !note.is_empty() {
        check_note(note, row.plain, &mut add);
    }
    facts
}

/// The other one of the two names.
pub(super) const fn other_name(field: Field) -> Field {
    match field {
        Field::FirstName => Field::LastName,
        _ => Field::FirstName,
    }
}

/// The last and the first name of a text such as `Lovelace, Ada`; `None` where it is none,
/// or what follows the comma belongs behind a name.
pub(super) fn last_first(text: &str) -> Option<(&str, &str)> {
    const BEHIND: [&str; 10] = [
        "jr", "sr", "ii", "iii", "iv", "phd", "md", "dds", "esq", "mba",
    ];
    let (last, first) = text.split_once(',')?;
    let (last, first) = (last.trim(), first.trim());
    let behind = first.replace('.', "");
    let is_name = |name: &str| name.chars().any(char::is_alphabetic);
    let found = !first.contains(',')
        && is_name(last)
        && is_name(first)
        && !BEHIND.iter().any(|word| word.eq_ignore_ascii_case(&behind));
    found.then_some((last, first))
}

/// A character that nobody sees and that makes a text another one. Joiners count only
/// between letters of ASCII: other scripts need them.
pub(super) const fn is_invisible(c: char, joins: bool) -> bool {
    match c {
        '\u{200c}' | '\u{200d}' => !joins,
        // Variation selectors belong to the sign before them.
        '\u{fe00}'..='\u{fe0f}' => false,
        _ => is_zero_width(c),
    }
}

/// Whether a text holds an invisible character, or a space other than the usual one.
pub(super) fn has_invisible(text: &str) -> bool {
    // The first bytes of all of them; accents of European letters have others.
    let may = |byte: &u8| matches!(byte, 0xc2 | 0xcd | 0xd8 | 0xe1 | 0xe2 | 0xef);
    if !text.as_bytes().iter().any(may) {
        return false;
    }
    let joins = joins(text);
    text.chars()
        .any(|c| is_invisible(c, joins) || (c != ' ' && is_space(c)))
}

/// Whether a text is of a script in which letters are joined or kept apart by characters
/// without a shape, or holds signs that are.
pub(super) fn joins(text: &str) -> bool {
    text.chars()
        .any(|c| c >= '\u{590}' && !is_zero_width(c) && !is_space(c))
}

/// A text of one line: a name or an id.
fn check_line(field: Field, text: &str, plain: bool, add: &mut impl FnMut(Field, ProblemCode)) {
    match controls(text, plain) {
        Controls::None => {}
        Controls::Nul => add(field, ProblemCode::Nul),
        Controls::Some => add(field, ProblemCode::ControlCharacter),
    }
    if text.len() > CELL_BYTES_MAX {
        add(field, ProblemCode::CellTooLong);
    } else if text.len() > NAME_CHARS_MAX && text.chars().count() > NAME_CHARS_MAX {
        add(field, ProblemCode::NameTooLong);
    }
}

/// A cell of several keys or labels.
fn check_list(field: Field, text: &str, plain: bool, add: &mut impl FnMut(Field, ProblemCode)) {
    match controls(text, plain) {
        Controls::None => {}
        Controls::Nul => add(field, ProblemCode::Nul),
        Controls::Some => add(field, ProblemCode::ControlCharacter),
    }
    if text.len() > CELL_BYTES_MAX {
        add(field, ProblemCode::CellTooLong);
        return;
    }
    let mut count = 0;
    for key in keys(text) {
        count += 1;
        if key.len() > NAME_CHARS_MAX && key.chars().count() > NAME_CHARS_MAX {
            add(field, ProblemCode::NameTooLong);
            break;
        }
        if damaged_number(key) || damaged_date(key) {
            add(field, ProblemCode::ExcelDamage);
            break;
        }
    }
    if count > KEYS_MAX {
        add(field, ProblemCode::TooManyKeys);
    }
}

fn check_expiry(text: &str, context: RuleContext, add: &mut impl FnMut(Field, ProblemCode)) {
    if text.is_empty() {
        return;
    }
    let code = match date::parse_iso(text) {
        None if text.as_bytes().contains(&0) => ProblemCode::Nul,
        None => ProblemCode::ExpiresInvalid,
        Some(day) if day < context.today => ProblemCode::ExpiresPast,
        Some(day) if day > date::a_year_later(context.today) => ProblemCode::ExpiresTooFar,
        Some(_) => return,
    };
    add(Field::ExpiresOn, code);
}

/// A note may have lines and tabs.
fn check_note(text: &str, plain: bool, add: &mut impl FnMut(Field, ProblemCode)) {
    if !plain
        && text
            .bytes()
            .any(|b| b < b' ' && !matches!(b, b'\n' | b'\r' | b'\t'))
    {
        let nul = text.as_bytes().contains(&0);
        add(
            Field::Note,
            if nul {
                ProblemCode::Nul
            } else {
                ProblemCode::ControlCharacter
            },
        );
    }
    if text.len() > CELL_BYTES_MAX {
        add(Field::Note, ProblemCode::CellTooLong);
    } else if text.len() > NOTE_CHARS_MAX && text.chars().count() > NOTE_CHARS_MAX {
        add(Field::Note, ProblemCode::NameTooLong);
    }
}

/// What is wrong with a metadata value.
pub fn check_metadata(text: &str) -> Option<ProblemCode> {
    if text.len() > METADATA_BYTES_MAX {
        Some(ProblemCode::CellTooLong)
    } else if text.as_bytes().contains(&0) {
        Some(ProblemCode::Nul)
    } else {
        None
    }
}

enum Controls {
    None,
    Some,
    Nul,
}

#[inline]
fn controls(text: &str, plain: bool) -> Controls {
    if plain || !has_control(text.as_bytes()) {
        return Controls::None;
    }
    if text.as_bytes().contains(&0) {
        Controls::Nul
    } else {
        Controls::Some
    }
}

/// `1.23E+11`, `########`, `#NAME?`: what spreadsheets leave of long numbers and formulas.
fn damaged_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'#') => {
            (bytes.len() >= 3 && bytes.iter().all(|b| *b == b'#'))
                || matches!(
                    text,
                    "#NAME?" | "#REF!" | "#VALUE!" | "#N/A" | "#DIV/0!" | "#NUM!"
                )
        }
        Some(b'0'..=b'9') if bytes.len() >= 5 => {
            let Some(e) = bytes.iter().position(|b| matches!(b, b'E' | b'e')) else {
                return false;
            };
            let (number, exponent) = (&bytes[..e], &bytes[e + 1..]);
            number
                .iter()
                .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
                && exponent.len() >= 2
                && exponent[0] == b'+'
                && exponent[1..].iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// `01-Mar`, `Mar-01`: what spreadsheets make of `1-3` and the like.
fn damaged_date(text: &str) -> bool {
    const MONTHS: [&str; 16] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mai",
        "okt", "dez", "mrz",
    ];
    // Nearly every text is longer, so that is asked first.
    if text.len() > 7 {
        return false;
    }
    let Some((a, b)) = text.split_once('-') else {
        return false;
    };
    let month = |t: &str| MONTHS.iter().any(|m| m.eq_ignore_ascii_case(t));
    let digits = |t: &str| (1..=2).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
    (digits(a) && month(b)) || (month(a) && digits(b))
}

/// A row that may be submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidRow {
    /// The grid's row id.
    pub row: u32,
    /// The line in the file, 0 for an added row.
    pub line: u32,
    /// The address.
    pub email: EmailAddress,
    /// First name; may be empty.
    pub first_name: String,
    /// Last name; may be empty.
    pub last_name: String,
    /// The role; learner where the cell is empty.
    pub role: Role,
    /// Labels, each once.
    pub labels: Vec<String>,
    /// Course keys, each once, as written.
    pub courses: Vec<String>,
    /// Program keys, each once, as written.
    pub programs: Vec<String>,
    /// The last day, where one is given.
    pub expires_on: Option<CivilDate>,
    /// The person's id elsewhere; may be empty.
    pub external_id: String,
    /// The note; may be empty.
    pub note: String,
    /// Other columns, by name.
    pub metadata: Vec<(String, String)>,
}

/// A hash of what a row asks for: the same for the same sets of keys, in any order.
pub(super) fn targets_hash(courses: &str, programs: &str) -> u64 {
    let sum = |cell: &str, salt: u64| {
        let Some(keys) = few_keys(cell) else {
            return hash_lowercase(cell.as_bytes());
        };
        keys.into_iter().fold(0_u64, |sum, key| {
            // Keys are exact, so the case is put back into the hash.
            let case = key.bytes().fold(salt, |c, b| {
                c.rotate_left(1) ^ u64::from(b.is_ascii_uppercase())
            });
            sum.wrapping_add(
                (hash_lowercase(key.as_bytes()) ^ case).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            )
        })
    };
    sum(courses, 1)
        .wrapping_mul(31)
        .wrapping_add(sum(programs, 2))
}

/// Reads a submitted row by the same rules as the grid. Warnings do not stop it.
/// `columns` are the names of the columns kept as metadata.
pub fn parse_draft(
    draft: &RowDraft,
    columns: &[String],
    context: &RuleContext,
) -> Result<ValidRow, Vec<FieldProblem>> {
    let fields = RowFields::from(draft);
    let mut problems = Vec::new();
    check_row(&fields, context, &mut problems);
    let metadata: Vec<(&String, &String)> = columns
        .iter()
        .zip(&draft.metadata)
        .filter(|(_, text)| !text.is_empty())
        .collect();
    if metadata.len() > METADATA_MAX || draft.metadata.len() > columns.len() {
        problems.push(FieldProblem {
            field: None,
            code: ProblemCode::TooMuchMetadata,
        });
    }
    for &(name, text) in &metadata {
        if let Some(code) = check_metadata(text).or_else(|| check_metadata(name)) {
            problems.push(FieldProblem { field: None, code });
        }
    }
    problems.retain(|problem| problem.code.severity() == Severity::Error);
    if !problems.is_empty() {
        return Err(problems);
    }
    let refused = |field, code| {
        vec![FieldProblem {
            field: Some(field),
            code,
        }]
    };
    let owned = |field| fields.trimmed(field).to_owned();
    let keys = |field| {
        split_keys(fields.get(field))
            .into_iter()
            .map(str::to_owned)
            .collect()
    };
    let role = match fields.trimmed(Field::Role) {
        "" => Role::Learner,
        word => Role::parse(word).ok_or_else(|| refused(Field::Role, ProblemCode::RoleUnknown))?,
    };
    Ok(ValidRow {
        row: draft.row,
        line: draft.line,
        email: EmailAddress::parse(&draft.email)
            .map_err(|problem| refused(Field::Email, problem.into()))?,
        first_name: owned(Field::FirstName),
        last_name: owned(Field::LastName),
        role,
        labels: keys(Field::Group),
        courses: keys(Field::Courses),
        programs: keys(Field::Programs),
        expires_on: date::parse_iso(fields.trimmed(Field::ExpiresOn)),
        external_id: owned(Field::ExternalId),
        note: owned(Field::Note),
        metadata: metadata
            .into_iter()
            .map(|(name, text)| (name.clone(), text.clone()))
            .collect(),
    })
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
