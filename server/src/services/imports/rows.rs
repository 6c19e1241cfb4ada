//! The submitted rows, read by the same rules as in the browser (`app::bulk::rules`).

use app::{
    bulk::{
        draft::RowDraft,
        mapping::Field,
        problem::{FieldProblem, ProblemCode},
        rules::{RowFields, RuleContext, ValidRow, parse_draft},
    },
    domain::{
        invitation::InvitationKind,
        role::Role,
        time::{CivilDate, Timestamp},
    },
};
use jiff::{civil::Date, tz::TimeZone};

use super::{
    decide::Target,
    seen::{Repeat, Seen},
};
use crate::storage::{Tenant, fold};

/// What there is to say about a row; empty where nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// The template's column name, or empty.
    pub field: String,
    /// A stable code, or empty.
    pub code: String,
    /// The sentence, or empty.
    pub message: String,
}

impl Fault {
    /// Says `message`.
    pub fn new(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            code: code.to_owned(),
            message: message.into(),
        }
    }

    fn of(problem: FieldProblem, draft: &RowDraft) -> Self {
        let text = problem.field.map_or_else(String::new, |field| {
            RowFields::from(draft).get(field).to_owned()
        });
        Self::new(
            problem.field.map_or("", Field::name),
            problem.code.code(),
            problem.code.message(&text),
        )
    }

    fn about_email(code: ProblemCode) -> Self {
        Self::new(Field::Email.name(), code.code(), code.message(""))
    }

    /// An earlier row has the same address and asks for the same.
    pub fn duplicate() -> Self {
        Self::about_email(ProblemCode::DuplicateInFile)
    }

    /// An earlier row has the same address and asks for something else.
    pub fn split_rows() -> Self {
        Self::about_email(ProblemCode::SplitRows)
    }

    /// The external id is another member's, or an earlier row's.
    pub fn id_taken() -> Self {
        let code = ProblemCode::ExternalIdTaken;
        Self::new(Field::ExternalId.name(), code.code(), code.message(""))
    }

    /// A key that is not in the tenant's catalog, or archived, or another tenant's (S25).
    pub fn unknown_key(kind: InvitationKind, key: &str) -> Self {
        let (field, code) = match kind {
            InvitationKind::Program => (Field::Programs, ProblemCode::ProgramUnknown),
            InvitationKind::Course | InvitationKind::Platform => {
                (Field::Courses, ProblemCode::CourseUnknown)
            }
        };
        Self::new(
            field.name(),
            code.code(),
            format!("“{key}” is not in your catalog: check its spelling or remove it."),
        )
    }
}

/// A row that breaks no rule.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Its cells.
    pub row: ValidRow,
    /// The file names a role; learner is not just the default.
    pub role_given: bool,
    /// When its invitations end.
    pub expires_at: Timestamp,
    /// Folded name and address.
    pub search_text: String,
    /// The columns kept as metadata, as a JSON object.
    pub metadata: String,
    /// What a form says beyond the cells.
    pub by_hand: Option<ByHand>,
}

/// What a form says of a person beyond what a file's row does.
#[derive(Clone, Debug)]
pub struct ByHand {
    /// Exactly these, in a bundle of their own; a row also invites to the tenant.
    pub targets: Vec<Target>,
    /// Not switched off.
    pub active: bool,
    /// A mail is sent; else the link is copied.
    pub mail: bool,
    /// When it goes out; `None`: at once.
    pub send_at: Option<Timestamp>,
    /// Where it comes from; may be empty.
    pub source: String,
    /// Where its person goes after accepting; may be empty.
    pub redirect: String,
    /// When what courses and programs give begins.
    pub starts_at: Option<Timestamp>,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
}

impl Wish {
    /// Whether a mail is queued for what it makes. What is scheduled gets one at its time.
    pub fn is_mailed(&self) -> bool {
        self.by_hand
            .as_ref()
            .is_none_or(|by| by.mail && by.active && by.send_at.is_none())
    }

    /// When what it makes goes out, where that is later.
    pub fn send_at(&self) -> Option<Timestamp> {
        self.by_hand.as_ref().and_then(|by| by.send_at)
    }

    /// The canonical address.
    pub fn email(&self) -> &str {
        self.row.email.canonical()
    }
}

/// A submitted row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Order of submission, from 0.
    pub position: u32,
    /// The grid's row id.
    pub id: u32,
    /// The file's line.
    pub line: u32,
    /// The role it asks for, where that is one.
    pub role: Option<Role>,
    /// Whether an earlier row has the same address.
    pub repeat: Repeat,
    /// An earlier row of another address has the same external id.
    pub id_taken: bool,
    /// What it asks for, or the first rule that it breaks.
    pub wish: Result<Wish, Fault>,
    /// Its cells as JSON, kept where it fails.
    pub draft: Option<String>,
}

/// What the rules need to know beyond the rows.
#[derive(Clone, Debug)]
pub struct Rules {
    context: RuleContext,
    columns: Vec<String>,
    zone: TimeZone,
    default_expiry: Timestamp,
}

impl Rules {
    /// The rules of `tenant` for an import that was committed at `at`; `columns` are the
    /// names of those kept as metadata.
    pub fn new(tenant: &Tenant, columns: Vec<String>, at: Timestamp) -> Self {
        let zone = TimeZone::get(&tenant.time_zone).unwrap_or_else(|error| {
            tracing::warn!(zone = %tenant.time_zone, %error, "unknown time zone, UTC is used");
            TimeZone::UTC
        });
        Self {
            context: RuleContext {
                today: day_of(at, &zone),
                // The ceiling is judged apart, as it outranks every other problem.
                max_role: Role::Admin,
            },
            columns,
            default_expiry: at.plus_days(tenant.default_expiry_days),
            zone,
        }
    }

    /// Reads rows whose first has `position`.
    pub fn read(&self, drafts: &[RowDraft], position: u32, seen: &Seen) -> Vec<Row> {
        (position..)
            .zip(drafts)
            .map(|(position, draft)| Row {
                position,
                id: draft.row,
                line: draft.line,
                role: Role::parse(draft.role.trim_matches(' ')),
                repeat: seen.repeat(position, draft),
                id_taken: seen.id_taken(draft),
                wish: self.wish(draft),
                draft: serde_json::to_string(draft).ok(),
            })
            .collect()
    }

    fn wish(&self, draft: &RowDraft) -> Result<Wish, Fault> {
        let row = parse_draft(draft, &self.columns, &self.context).map_err(|problems| {
            problems.first().map_or_else(
                || Fault::new("", ProblemCode::NotAllowed.code(), ""),
                |problem| Fault::of(*problem, draft),
            )
        })?;
        Ok(Wish {
            role_given: !draft.role.trim_matches(' ').is_empty(),
            expires_at: row
                .expires_on
                .and_then(|day| end_of_day(day, &self.zone))
                .unwrap_or(self.default_expiry),
            search_text: fold(&format!(
                "{} {} {}",
                row.first_name,
                row.last_name,
                row.email.as_typed()
            )),
            metadata: metadata(&row.metadata),
            by_hand: None,
            row,
        })
    }
}

fn metadata(columns: &[(String, String)]) -> String {
    if columns.is_empty() {
        return "{}".to_owned();
    }
    let object: serde_json::Map<String, serde_json::Value> = columns
        .iter()
        .map(|(name, text)| (name.clone(), text.as_str().into()))
        .collect();
    serde_json::Value::Object(object).to_string()
}

/// What day it is in the zone.
fn day_of(at: Timestamp, zone: &TimeZone) -> CivilDate {
    let date = jiff::Timestamp::from_millisecond(at.0)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_zoned_datetime(zone.clone())
        .date();
    CivilDate {
        year: date.year(),
        month: date.month().unsigned_abs(),
        day: date.day().unsigned_abs(),
    }
}

/// The last millisecond of that day in the zone, whatever its clocks do on it.
fn end_of_day(day: CivilDate, zone: &TimeZone) -> Option<Timestamp> {
    let date = Date::new(
        day.year,
        i8::try_from(day.month).ok()?,
        i8::try_from(day.day).ok()?,
    )
    .ok()?;
    let next = date.tomorrow().ok()?.to_zoned_datetime(zone.clone()).ok()?;
    Some(Timestamp(next.timestamp().as_millisecond() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_by_the_zones_own_clock() {
        let day = |year, month, day| CivilDate { year, month, day };
        let end = |date, zone: &str| {
            let end = end_of_day(date, &TimeZone::get(zone).unwrap()).unwrap();
            jiff::Timestamp::from_millisecond(end.0)
                .unwrap()
                .to_string()
        };
        assert_eq!(end(day(2026, 12, 31), "UTC"), "2026-12-31T23:59:59.999Z");
        assert_eq!(
            end(day(2026, 12, 31), "Asia/Kathmandu"),
            "2026-12-31T18:14:59.999Z"
        );
        // 23 hours: the clocks go forward on this day.
        assert_eq!(
            end(day(2027, 3, 28), "Europe/Berlin"),
            "2027-03-28T21:59:59.999Z"
        );
        assert_eq!(
            end(day(2027, 3, 27), "Europe/Berlin"),
            "2027-03-27T22:59:59.999Z"
        );
    }
}
