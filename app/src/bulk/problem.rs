//! What can be wrong with a row, a cell or a column: stable codes, short titles, and
//! sentences that say what to do.

use super::mapping::Field;
use super::operation::{ColumnId, RowId};
use crate::domain::email::EmailProblem;
use serde::{Deserialize, Serialize};

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth a look; the row can be submitted.
    Warning,
    /// The row cannot be submitted as it is.
    Error,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $severity:ident, $title:literal;)*) => {
        /// What is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ProblemCode {
            $($(#[doc = $doc])* $name,)*
        }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
            /// How many codes there are.
            pub const COUNT: usize = Self::ALL.len();

            /// The stable name on the wire and in files.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// A few words, for chips and lists.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// How bad it is.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// Every cell is empty.
    RowEmpty = "row_empty", Error, "Row is empty";
    /// No address.
    EmailMissing = "email_missing", Error, "E-mail missing";
    /// Not an address, for a reason that has no code of its own.
    EmailInvalid = "email_invalid", Error, "E-mail not valid";
    /// ` at ` instead of `@`.
    EmailAtSpelled = "email_at_spelled", Error, "“at” instead of @";
    /// A space inside the address.
    EmailInnerSpace = "email_inner_space", Error, "Space in e-mail";
    /// An invisible character in the address.
    EmailZeroWidth = "email_zero_width", Error, "Invisible character in e-mail";
    /// Full-width characters in the address.
    EmailFullWidth = "email_full_width", Error, "Full-width e-mail";
    /// A combining mark or look-alike letter in the address.
    EmailLetterForm = "email_letter_form", Error, "Unusual letter in e-mail";
    /// A name around the address.
    EmailDisplayName = "email_display_name", Error, "Name around e-mail";
    /// Several addresses in one cell.
    EmailSeveral = "email_several", Error, "Several e-mails";
    /// A domain that is likely mistyped.
    EmailDomainTypo = "email_domain_typo", Warning, "E-mail domain mistyped?";
    /// An earlier row has the same address and the same targets.
    DuplicateInFile = "duplicate_in_file", Error, "Duplicate in file";
    /// An earlier row has the same address and other targets.
    SplitRows = "split_rows", Error, "Person on several rows";
    /// Not one of the roles.
    RoleUnknown = "role_unknown", Error, "Role not known";
    /// A role above the submitter's own.
    RoleTooHigh = "role_too_high", Error, "Role above yours";
    /// No such course.
    CourseUnknown = "course_unknown", Error, "Course not known";
    /// No such program.
    ProgramUnknown = "program_unknown", Error, "Program not known";
    /// More keys or labels in a cell than may be.
    TooManyKeys = "too_many_keys", Error, "Too many keys";
    /// Not an ISO date.
    ExpiresInvalid = "expires_invalid", Error, "Date not valid";
    /// A day that is over.
    ExpiresPast = "expires_past", Error, "Date is past";
    /// Over a year ahead.
    ExpiresTooFar = "expires_too_far", Error, "Date too far ahead";
    /// A name, label or id is too long.
    NameTooLong = "name_too_long", Error, "Text too long";
    /// A cell holds more than may be stored.
    CellTooLong = "cell_too_long", Error, "Cell too long";
    /// An invisible character or a space of an unusual kind in a name, a key or an id.
    InvisibleCharacter = "invisible_character", Warning, "Invisible character";
    /// `Last, First` in one cell, and nothing in the other.
    NameOrder = "name_order", Warning, "Last name before first?";
    /// A tab, a line break or another control character where a line is expected.
    ControlCharacter = "control_character", Error, "Control character";
    /// A NUL.
    Nul = "nul", Error, "NUL character";
    /// Bytes that are not UTF-8.
    BadUtf8 = "bad_utf8", Error, "Unreadable characters";
    /// More cells than columns, or fewer.
    RaggedRow = "ragged_row", Warning, "Row has another length";
    /// A quote inside a cell without quotes.
    StrayQuote = "stray_quote", Warning, "Stray quote";
    /// A quote that is never closed.
    UnclosedQuote = "unclosed_quote", Warning, "Quote not closed";
    /// What a spreadsheet makes of numbers and dates.
    ExcelDamage = "excel_damage", Warning, "Changed by a spreadsheet?";
    /// More metadata columns than may be.
    TooMuchMetadata = "too_much_metadata", Error, "Too many extra columns";
    /// Two columns for one field.
    ColumnDuplicate = "column_duplicate", Error, "Column twice";
    /// Two extra columns of one name.
    HeaderRepeated = "header_repeated", Error, "Header twice";
    /// A header in characters that look like those of another name.
    HeaderLookAlike = "header_look_alike", Warning, "Header looks like another";
    /// A header that names what only Beckon decides.
    HeaderReserved = "header_reserved", Warning, "Column sets nothing";
    /// Cells under an empty header.
    HeaderEmpty = "header_empty", Warning, "Column without a header";
    /// A header and nothing below it.
    NoRows = "no_rows", Error, "No rows";
    /// No column for the address.
    EmailColumnMissing = "email_column_missing", Error, "No e-mail column";
    /// The person is a member already.
    AlreadyMember = "already_member", Warning, "Already a member";
    /// The person has a live invitation.
    AlreadyInvited = "already_invited", Warning, "Already invited";
    /// The person asked not to be invited.
    Suppressed = "suppressed", Error, "Asked not to be invited";
    /// Over the seats or a quota.
    OverLimit = "over_limit", Error, "Over the limit";
    /// The external id is another person's.
    ExternalIdTaken = "external_id_taken", Error, "External id taken";
    /// The submitter may not do this.
    NotAllowed = "not_allowed", Error, "Not allowed";
}

impl ProblemCode {
    /// The code of a stable name.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.code() == code)
    }

    /// What is wrong and what to do, as a sentence about the cell's text.
    pub fn message(self, text: &str) -> String {
        let text = text.trim_matches(' ');
        let sentence = match self {
            Self::RowEmpty => "This row is empty: fill it in or delete it.",
            Self::EmailMissing => EmailProblem::Missing.message(),
            Self::EmailInvalid => {
                return crate::domain::email::EmailRef::parse(text)
                    .err()
                    .map_or(
                        "This is not a valid e-mail address: correct it.",
                        EmailProblem::message,
                    )
                    .to_owned();
            }
            Self::EmailAtSpelled => EmailProblem::AtSpelled.message(),
            Self::EmailInnerSpace => EmailProblem::InnerSpace.message(),
            Self::EmailZeroWidth => EmailProblem::ZeroWidth.message(),
            Self::EmailFullWidth => EmailProblem::FullWidth.message(),
            Self::EmailLetterForm => EmailProblem::LetterForm.message(),
            Self::EmailDisplayName => EmailProblem::DisplayName.message(),
            Self::EmailSeveral => EmailProblem::SeveralAddresses.message(),
            Self::EmailDomainTypo => {
                let meant = text
                    .rsplit_once('@')
                    .and_then(|(_, domain)| crate::domain::email_cure::domain_suggestion(domain));
                return match meant {
                    Some(meant) => {
                        format!("Did you mean {meant}? Correct it, or leave it if it is right.")
                    }
                    None => "The domain looks mistyped: check it.".to_owned(),
                };
            }
            Self::DuplicateInFile => {
                "The same address with the same courses and programs stands in an earlier row: delete one of them."
            }
            Self::SplitRows => {
                "The same address stands in an earlier row with other courses or programs: merge the rows."
            }
            Self::RoleUnknown => {
                return format!(
                    "“{}” is not a role: write learner, instructor or admin, or leave it empty for learner.",
                    shorten(text)
                );
            }
            Self::RoleTooHigh => "This role is above your own: choose one up to your own.",
            Self::CourseUnknown => {
                "A course key here is not in your catalog: check its spelling or remove it."
            }
            Self::ProgramUnknown => {
                "A program key here is not in your catalog: check its spelling or remove it."
            }
            Self::TooManyKeys => "There are more than 50 keys in this cell: use fewer.",
            Self::ExpiresInvalid => "Write the date as YYYY-MM-DD, for example 2027-03-31.",
            Self::ExpiresPast => {
                "This date is past: choose today or later, or leave it empty for 30 days."
            }
            Self::ExpiresTooFar => "This date is over a year ahead: choose an earlier one.",
            Self::NameTooLong => {
                "This text is too long: shorten it to 120 characters, a note to 2,000."
            }
            Self::CellTooLong => "This cell holds more than can be stored: shorten it.",
            Self::InvisibleCharacter => {
                "There is an invisible character or an unusual space in this cell: remove it, since nothing with it is found by its name."
            }
            Self::NameOrder => {
                "This looks like “Last, First” in one cell: give each name its own, or leave it if it is right."
            }
            Self::ControlCharacter => {
                "There is a line break, a tab or a control character in this cell: remove it."
            }
            Self::Nul => "There is a NUL character in this cell: remove it.",
            Self::BadUtf8 => {
                "Some characters could not be read: read the file in another encoding, or retype them."
            }
            Self::RaggedRow => {
                "This row has more or fewer cells than the header: check that each cell stands in its column."
            }
            Self::StrayQuote => {
                "There is a quote inside this cell: it was kept as it stands. Check the text."
            }
            Self::UnclosedQuote => {
                "A quote opens here and never closes: it was kept as a letter. Check this row and the next."
            }
            Self::ExcelDamage => {
                "A spreadsheet has probably changed this value: check it against your list."
            }
            Self::TooMuchMetadata => "There are more than 50 extra columns: drop some.",
            Self::ColumnDuplicate => {
                return format!(
                    "“{}” fills a field that another column fills already: map one of them to something else or drop it.",
                    shorten(text)
                );
            }
            Self::HeaderRepeated => {
                return format!(
                    "“{}” stands over another column as well: rename one of them or drop it, since only one can be kept under this name.",
                    shorten(text)
                );
            }
            Self::HeaderLookAlike => {
                return format!(
                    "“{}” looks like another name and is not the same: retype it in plain letters, or rename it.",
                    shorten(text)
                );
            }
            Self::HeaderReserved => {
                return format!(
                    "“{}” sets nothing, since Beckon decides it by itself: the column is kept as extra information. Drop it if nobody needs it.",
                    shorten(text)
                );
            }
            Self::HeaderEmpty => {
                "There are cells in this column and no header above them: give it one or drop it."
            }
            Self::NoRows => "There is a header and no row below it: add a row for each person.",
            Self::EmailColumnMissing => {
                "No column is mapped to E-mail: choose which one holds the addresses."
            }
            Self::AlreadyMember => {
                "This person is a member already: only courses and programs that are new get an invitation."
            }
            Self::AlreadyInvited => {
                "This person has an invitation already: only courses and programs that are new are added."
            }
            Self::Suppressed => "This person asked not to be invited: remove the row.",
            Self::OverLimit => "Your limit is reached: remove rows, or ask for more seats.",
            Self::ExternalIdTaken => {
                "Another person has this external id, here or in an earlier row: correct or clear it."
            }
            Self::NotAllowed => "You may not do this: remove the row, or ask an administrator.",
        };
        sentence.to_owned()
    }
}

impl From<EmailProblem> for ProblemCode {
    fn from(problem: EmailProblem) -> Self {
        match problem {
            EmailProblem::Missing => Self::EmailMissing,
            EmailProblem::AtSpelled => Self::EmailAtSpelled,
            EmailProblem::InnerSpace => Self::EmailInnerSpace,
            EmailProblem::ZeroWidth => Self::EmailZeroWidth,
            EmailProblem::FullWidth => Self::EmailFullWidth,
            EmailProblem::LetterForm => Self::EmailLetterForm,
            EmailProblem::DisplayName => Self::EmailDisplayName,
            EmailProblem::SeveralAddresses => Self::EmailSeveral,
            EmailProblem::Control
            | EmailProblem::AtMissing
            | EmailProblem::AtTwice
            | EmailProblem::LocalInvalid
            | EmailProblem::DomainInvalid
            | EmailProblem::DomainWithoutDot
            | EmailProblem::TooLong => Self::EmailInvalid,
        }
    }
}

/// The start of a text, for a sentence.
fn shorten(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(39).collect();
    out.push('…');
    out
}

/// A problem of a row as the row rules see it: by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// The field at fault; `None` for the row as a whole, or its metadata.
    pub field: Option<Field>,
    /// What is wrong.
    pub code: ProblemCode,
}

/// A problem at a place of the sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The row.
    pub row: RowId,
    /// The column; `None` for the row as a whole.
    pub column: Option<ColumnId>,
    /// What is wrong.
    pub code: ProblemCode,
    /// The earlier row, where the problem is about two.
    pub other: Option<RowId>,
}

impl Problem {
    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// A problem of a column as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnProblem {
    /// The column; `None` where one is missing.
    pub column: Option<ColumnId>,
    /// What is wrong.
    pub code: ProblemCode,
    /// What is wrong and what to do, with the column's name.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_stable_names() {
        for &code in ProblemCode::ALL {
            assert_eq!(ProblemCode::parse(code.code()), Some(code));
            assert_eq!(
                serde_json::to_string(&code).unwrap(),
                format!("\"{}\"", code.code())
            );
            let message = code.message("x");
            assert!(
                message.ends_with(['.', '?']) && message.len() > 20,
                "{message}"
            );
            assert!(code.title().chars().count() <= 32, "{}", code.title());
        }
    }
}
