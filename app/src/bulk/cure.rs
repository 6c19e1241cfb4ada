//! Cures: the text that was probably meant, offered at a cell and for all cells with the
//! same problem, as one step that can be undone.

use super::date;
use super::mapping::Field;
use super::problem::ProblemCode;
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

/// The role that a usual word for it means.
fn role(text: &str) -> Option<Role> {
    let folded = super::mapping::fold(text);
    Some(match folded.as_str() {
        "learner" | "student" | "learners" | "students" | "participant" | "pupil" | "user"
        | "member" | "teilnehmer" | "schuler" | "lernende" | "etudiant" | "apprenant"
        | "estudiante" | "alumno" => Role::Learner,
        "instructor" | "teacher" | "trainer" | "tutor" | "lecturer" | "coach" | "professor"
        | "lehrer" | "dozent" | "enseignant" | "formateur" | "profesor" | "instructors" => {
            Role::Instructor
        }
        "admin" | "administrator" | "manager" | "admins" | "administrateur" | "administrador" => {
            Role::Admin
        }
        _ => return None,
    })
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
}
