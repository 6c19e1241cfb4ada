//! The check against the server: distinct addresses and catalog keys, in batches,
//! a moment after the last change, and only while the switch is on.

use app::{
    api::{
        ApiError,
        imports::{CheckAnswer, CheckBatch, ImportsCheck},
    },
    bulk::remote::{Answers, Questions},
};
use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*, task::spawn_local};
use std::time::Duration;

use super::desk::{Desk, RemoteCheck};
use crate::effects::effect;
use crate::text::failure;

/// Addresses, and keys of each kind, of one call.
const BATCH: usize = 1_000;
/// How long to wait after the last change.
const PAUSE: Duration = Duration::from_millis(700);

/// Asks whenever the sheet has changed and rested for a moment.
pub fn follow(desk: Desk) {
    let timer = StoredValue::new(None::<TimeoutHandle>);
    effect(move || {
        let facts = desk.facts.read();
        let wanted = desk.check_on.get()
            && desk.open.get()
            && facts.rows > 0
            && facts.checked == facts.rows
            && desk.reading.read().is_none()
            && desk.submitting.read().is_none();
        if let Some(Some(handle)) = timer.try_update_value(Option::take) {
            handle.clear();
        }
        if wanted {
            let handle = set_timeout_with_handle(move || begin(desk), PAUSE).ok();
            timer.set_value(handle);
        }
    });
    // Without the check nothing of it stays.
    effect(move || {
        if !desk.check_on.get() {
            desk.remote.set(RemoteCheck::Idle);
            forget(desk);
        }
    });
    on_cleanup(move || {
        if let Some(Some(handle)) = timer.try_update_value(Option::take) {
            handle.clear();
        }
    });
}

/// Lifts what the server said.
fn forget(desk: Desk) {
    let said = desk.book().with_mut(|document| {
        let said = document.checker.has_answers();
        if said {
            document.checker.forget_answers();
        }
        said
    });
    if said {
        desk.refresh();
    }
}

/// Asks again: on where it stopped, or everything where it came to its end.
pub fn again(desk: Desk) {
    if matches!(*desk.remote.read_untracked(), RemoteCheck::Stopped(_)) {
        begin(desk);
    } else {
        // What changes with that is asked about in a moment.
        desk.remote.set(RemoteCheck::Idle);
        forget(desk);
    }
}

fn begin(desk: Desk) {
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
