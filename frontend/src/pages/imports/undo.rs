//! Taking an import back: what is asked, what is said, and the one click while its mails
//! are still held.

use std::time::Duration;

use app::{
    api::imports::{ImportDetail, ImportRef, ImportsShow, ImportsUndo, UndoAnswer},
    domain::{id::ImportId, import::ImportState, invitation::InvitationStatus},
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    ask::{Ask, Question},
    components::{Button, IconName, LinkButton, ToastStore, use_toasts},
    query::Query,
    routes::Page,
    session::Session,
    tenant::use_tenant,
    text::{count_of, failure},
    when::{flag, when},
};

/// Invitations of it that nobody answered yet.
fn live(detail: &ImportDetail) -> u32 {
    InvitationStatus::ALL
        .iter()
        .filter(|status| status.is_live())
        .map(|status| detail.invitations.of(*status))
        .sum()
}

/// Whether there is something to take back.
pub fn possible(detail: &ImportDetail) -> bool {
    match detail.line.state {
        ImportState::Done | ImportState::Failed => live(detail) > 0,
        ImportState::Committing => true,
        ImportState::Receiving
        | ImportState::Rejected
        | ImportState::Undoing
        | ImportState::Undone => false,
    }
}

/// What an undo would do, and cannot do.
fn question(detail: &ImportDetail) -> String {
    let waiting = u64::from(live(detail));
    let mut words = format!(
        "{} that nobody accepted yet {} taken back.",
        count_of(waiting, "invitation", "invitations"),
        if waiting == 1 { "is" } else { "are" }
    );
    words.push_str(if detail.held > 0 {
        " Mails that are still held are never sent."
    } else {
        " Mails have gone out: whoever opens their link is told that it works no longer."
    });
    let accepted = u64::from(detail.invitations.of(InvitationStatus::Accepted));
    if accepted > 0 {
        words.push(' ');
        words.push_str(&count_of(accepted, "invitation was", "invitations were"));
        words.push_str(" accepted before and ");
        words.push_str(if accepted == 1 { "stays." } else { "stay." });
    }
    words.push_str(" This cannot be taken back itself: upload the list again to invite anew.");
    words
}

/// What an undo did.
fn done_words(answer: &UndoAnswer) -> String {
    let taken = count_of(
        u64::from(answer.revoked),
        "invitation was taken back",
        "invitations were taken back",
    );
    let more = if answer.state == ImportState::Undoing {
        ", and the rest follows. No mail of it is sent any more."
    } else {
        "."
    };
    let kept = match answer.kept {
        0 => String::new(),
        kept => format!(
            " {} and stay: they are listed under Accepted.",
            count_of(
                u64::from(kept),
                "was accepted before",
                "were accepted before"
            )
        ),
    };
    format!("{taken}{more}{kept}")
}

/// How many of the invitations still wait, in words; none where nobody was invited.
pub fn left_words(detail: &ImportDetail) -> Option<String> {
    let of = |status| u64::from(detail.invitations.of(status));
    let waiting = u64::from(live(detail));
    let accepted = of(InvitationStatus::Accepted);
    let revoked = of(InvitationStatus::Revoked);
    if waiting + accepted + revoked == 0 {
        return None;
    }
    Some(format!(
        "Of its invitations, counted by target: {waiting} pending, {accepted} accepted, {revoked} revoked."
    ))
}

/// Takes it back; says what that did.
async fn run(session: Session, toasts: ToastStore, input: ImportRef) -> bool {
    match session.call(ImportsUndo { input }).await {
        Ok(answer) => {
            toasts.success(done_words(&answer));
            true
        }
        Err(error) => {
            toasts.error(format!("The import was not undone. {}", failure(&error)));
            false
        }
    }
}

/// Asks, and takes it back.
pub fn ask(
    ask: Ask,
    toasts: ToastStore,
    session: Session,
    input: ImportRef,
    detail: Query<ImportDetail>,
) {
    let Some(now) = untrack(|| detail.ready()) else {
        return;
    };
    spawn_local(async move {
        let question = Question {
            title: "Undo this import?",
            yes: "Undo import",
            sentence: question(&now),
        };
        if ask.ask(question).await && run(session, toasts, input).await {
            detail.refetch();
        }
    });
}

/// While the mails of an import are held: one click that takes it back, with the seconds
/// that are left. Afterwards, the way to its page.
#[component]
pub fn UndoSoon(
    /// The import.
    import: ImportId,
    /// Calls go through it.
    session: Session,
    /// Runs when it was taken back.
    #[prop(into)]
    on_undone: Callback<()>,
) -> impl IntoView {
    let slug = use_tenant().slug;
    let page = Page::Import(slug.clone(), import.to_string()).href();
    let reference = StoredValue::new(ImportRef {
        tenant: slug,
        import,
    });
    let left = RwSignal::new(0_u32);
    let busy = RwSignal::new(false);
    let toasts = use_toasts();
    let tick = set_interval_with_handle(
        move || {
            if left.try_get_untracked().is_some_and(|left| left > 0) {
                left.update(|left| *left -= 1);
            }
        },
        Duration::from_secs(1),
    );
    on_cleanup(move || {
        if let Ok(tick) = tick {
            tick.clear();
        }
    });
    spawn_local(async move {
        let input = reference.get_value();
        if let Ok(detail) = session.call(ImportsShow { input }).await {
            let held = if possible(&detail) { detail.held } else { 0 };
            left.try_set(held);
        }
    });
    let press = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let done = run(session, toasts, reference.get_value()).await;
            busy.try_set(false);
            if done {
                left.try_set(0);
                // What was drawn beside the button may be gone.
                on_undone.try_run(());
            }
        });
    };
    let held = flag(move || left.get() > 0);
    let soon = move || {
        view! {
            <Button icon=IconName::Undo busy on:click=press>
                "Undo import"
                <span aria-hidden="true">{move || format!(" · {} s", left.get())}</span>
            </Button>
        }
        .into_any()
    };
    view! {
        {when(move || held.get(), soon)}
        <LinkButton href=page>"See the import"</LinkButton>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::{
        api::imports::ImportLine,
        domain::{counts::Counts, time::Timestamp},
    };

    fn detail(pending: u32, accepted: u32, held: u32) -> ImportDetail {
        ImportDetail {
            line: ImportLine {
                import: "0193a4b8-7c6d-7e8f-9a0b-1c2d3e4f5061"
                    .parse()
                    .expect("an id"),
                file_name: "people.csv".to_owned(),
                submitted_by: "Ada".to_owned(),
                created_at: Timestamp(0),
                state: ImportState::Done,
                rows: 3,
                outcomes: Counts::default(),
            },
            processed: 3,
            failure: String::new(),
            invitations: Counts::from_iter([
                (InvitationStatus::Pending, pending),
                (InvitationStatus::Accepted, accepted),
            ]),
            held,
            own: true,
        }
    }

    #[test]
    fn the_question_is_honest() {
        let words = question(&detail(2, 1, 48));
        assert!(words.starts_with("2 invitations that nobody accepted yet are taken back."));
        assert!(words.contains("never sent"));
        assert!(words.contains("1 invitation was accepted before and stays."));
        let late = question(&detail(1, 0, 0));
        assert!(late.contains("Mails have gone out") && !late.contains("accepted before"));
        assert!(!possible(&detail(0, 3, 48)) && possible(&detail(1, 0, 0)));
    }

    #[test]
    fn what_was_done_is_counted() {
        let mut answer = UndoAnswer {
            state: ImportState::Undone,
            revoked: 1,
            kept: 2,
        };
        assert_eq!(
            done_words(&answer),
            "1 invitation was taken back. 2 were accepted before and stay: they are listed under Accepted."
        );
        answer.state = ImportState::Undoing;
        assert!(done_words(&answer).contains("the rest follows"));
    }
}
