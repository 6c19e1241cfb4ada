//! The questions themselves, batch after batch.

use app::{
    api::{
        ApiError,
        imports::{CheckAnswer, CheckBatch, ImportsCheck},
    },
    bulk::remote::{Answers, Questions},
};
use leptos::{prelude::*, task::spawn_local};

use super::super::desk::{Desk, RemoteCheck};
use crate::text::failure;

/// Addresses, and keys of each kind, of one call.
const BATCH: usize = 1_000;

/// Asks until nothing is left to ask; one at a time.
pub fn begin(desk: Desk) {
    if !desk.is_there() || *desk.remote.read_untracked() == RemoteCheck::Asking {
        return;
    }
    spawn_local(async move {
        let mut asked = false;
        while let Some(questions) = next(desk) {
            if !asked {
                asked = true;
                desk.remote.set(RemoteCheck::Asking);
            }
            let answer = ask(desk, &questions).await;
            if !desk.is_there() || !desk.check_on.get_untracked() {
                return;
            }
            match answer {
                Ok(answer) => take(desk, &questions, &answer),
                Err(error) => {
                    desk.book().with_mut(|document| {
                        document.checker.ask_again(&document.sheet, &questions);
                    });
                    desk.remote.set(RemoteCheck::Stopped(failure(&error)));
                    return;
                }
            }
        }
        if asked {
            desk.remote.set(RemoteCheck::Done);
        }
    });
}

fn next(desk: Desk) -> Option<Questions> {
    let going = desk.is_there()
        && desk.check_on.get_untracked()
        && desk.open.get_untracked()
        && desk.reading.read_untracked().is_none()
        && desk.submitting.read_untracked().is_none();
    if !going {
        return None;
    }
    let questions = desk
        .book()
        .with_mut(|document| document.checker.questions(&document.sheet, BATCH));
    (!questions.is_empty()).then_some(questions)
}

async fn ask(desk: Desk, questions: &Questions) -> Result<CheckAnswer, ApiError> {
    let batch = CheckBatch {
        tenant: desk.slug.get_value(),
        emails: questions.emails.clone(),
        courses: questions.courses.clone(),
        programs: questions.programs.clone(),
    };
    desk.session.call(ImportsCheck { input: batch }).await
}

fn take(desk: Desk, questions: &Questions, answer: &CheckAnswer) {
    let news = desk.book().with_mut(|document| {
        document.checker.answer(
            &document.sheet,
            questions,
            Answers {
                members: &answer.members,
                invited: &answer.invited,
                unknown_courses: &answer.unknown_courses,
                unknown_programs: &answer.unknown_programs,
            },
        )
    });
    if news {
        desk.refresh();
    }
}
