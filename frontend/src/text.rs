//! The domain's words as they stand on the screen.

use app::{
    api::ApiError,
    domain::{
        import::{ImportState, RowOutcome},
        invitation::{DeliveryStatus, InvitationKind, InvitationStatus},
        role::Role,
    },
};

use crate::components::{Status, Tone, format_number};

/// The badge of an invitation's status.
pub const fn status_badge(status: InvitationStatus) -> Status {
    match status {
        InvitationStatus::Unassigned => Status::Unassigned,
        InvitationStatus::Scheduled => Status::Scheduled,
        InvitationStatus::Pending => Status::Pending,
        InvitationStatus::Accepted => Status::Accepted,
        InvitationStatus::Declined => Status::Declined,
        InvitationStatus::Expired => Status::Expired,
        InvitationStatus::Revoked => Status::Revoked,
    }
}

/// The badge of a mail's state.
pub const fn delivery_badge(delivery: DeliveryStatus) -> Status {
    match delivery {
        DeliveryStatus::Queued => Status::Queued,
        DeliveryStatus::Sending => Status::Sending,
        DeliveryStatus::Sent => Status::Sent,
        DeliveryStatus::Deferred => Status::Deferred,
        DeliveryStatus::Bounced => Status::Bounced,
        DeliveryStatus::Complained => Status::Complained,
        DeliveryStatus::Suppressed => Status::Suppressed,
        DeliveryStatus::Unknown => Status::Unknown,
        DeliveryStatus::Dead => Status::Dead,
    }
}

/// What somebody is invited to, in a word.
pub const fn kind_word(kind: InvitationKind) -> &'static str {
    match kind {
        InvitationKind::Platform => "Platform",
        InvitationKind::Course => "Course",
        InvitationKind::Program => "Program",
    }
}

/// A role as it stands in a list.
pub const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Learner => "Learner",
        Role::Instructor => "Instructor",
        Role::Admin => "Admin",
    }
}

/// A row's outcome in a few words, and what its colour says.
pub const fn outcome_words(outcome: RowOutcome) -> (&'static str, Tone) {
    match outcome {
        RowOutcome::Forbidden => ("not allowed", Tone::Bad),
        RowOutcome::Invalid => ("with problems", Tone::Bad),
        RowOutcome::Suppressed => ("asked not to be invited", Tone::Warn),
        RowOutcome::OverLimit => ("over the limit", Tone::Bad),
        RowOutcome::DuplicateInFile => ("twice in the file", Tone::Warn),
        RowOutcome::Created => ("created", Tone::Ok),
        RowOutcome::Updated => ("updated", Tone::Ok),
        RowOutcome::AlreadyInvited => ("already invited", Tone::Neutral),
        RowOutcome::AlreadyMember => ("already members", Tone::Neutral),
    }
}

/// Where an import stands, and what its colour says.
pub const fn import_words(state: ImportState) -> (&'static str, Tone) {
    match state {
        ImportState::Receiving => ("Receiving", Tone::Info),
        ImportState::Committing => ("Working", Tone::Info),
        ImportState::Done => ("Done", Tone::Ok),
        ImportState::Rejected => ("Rejected", Tone::Bad),
        ImportState::Failed => ("Failed", Tone::Bad),
        ImportState::Undoing => ("Being undone", Tone::Warn),
        ImportState::Undone => ("Undone", Tone::Neutral),
    }
}

/// `1 person`, `2,000 people`.
pub fn count_of(number: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        format_number(number),
        if number == 1 { one } else { many }
    )
}

/// A failed action as one sentence; says how long to wait in words.
pub fn failure(error: &ApiError) -> String {
    match error {
        ApiError::TooMany { retry_after } => {
            format!(
                "Too many tries. Wait {}, then try again.",
                wait(*retry_after)
            )
        }
        other => other.to_string(),
    }
}

/// Seconds as `40 seconds` or `3 minutes`, rounded up.
fn wait(seconds: u64) -> String {
    if seconds <= 90 {
        count_of(seconds.max(1), "second", "seconds")
    } else {
        count_of(seconds.div_ceil(60), "minute", "minutes")
    }
}

/// The sentence at one field of a form, if the server found one.
pub fn field_error(error: &ApiError, field: &str) -> Option<String> {
    match error {
        ApiError::Invalid { fields, .. } => fields
            .iter()
            .find(|one| one.field == field)
            .map(|one| one.message.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_told_in_the_unit_that_reads_best() {
        let told = |retry_after| failure(&ApiError::TooMany { retry_after });
        assert_eq!(told(0), "Too many tries. Wait 1 second, then try again.");
        assert_eq!(told(45), "Too many tries. Wait 45 seconds, then try again.");
        assert_eq!(told(91), "Too many tries. Wait 2 minutes, then try again.");
        assert_eq!(
            told(900),
            "Too many tries. Wait 15 minutes, then try again."
        );
    }

    #[test]
    fn a_field_gets_its_own_sentence() {
        let error = ApiError::field("password", "Too short.");
        assert_eq!(
            field_error(&error, "password").as_deref(),
            Some("Too short.")
        );
        assert_eq!(field_error(&error, "email"), None);
        assert_eq!(field_error(&ApiError::NotFound, "email"), None);
    }
}
