//! What became of the last submit, as one sentence of counts.

use app::domain::import::RowOutcome;
use leptos::{html, prelude::*};

use super::{
    desk::Desk,
    results::{self, Summary},
};
use crate::{
    chunks,
    components::{Button, ButtonKind, IconName, Notice, Tone, format_number},
    effects::effect,
};

/// The summary's words: people who were invited, who were there, and what stays.
fn words(summary: &Summary) -> String {
    let failed: u32 = summary
        .outcomes
        .iter()
        .filter(|(outcome, _)| outcome.failed())
        .map(|(_, count)| count)
        .sum();
    if summary.rejected {
        return format!(
            "Nobody was invited, since {} to be corrected first. The reasons stand at the cells.",
            rows(failed, "row has", "rows have")
        );
    }
    let mut parts = Vec::new();
    for (outcome, one, many) in [
        (RowOutcome::Created, "invited", "invited"),
        (RowOutcome::Updated, "updated", "updated"),
        (
            RowOutcome::AlreadyInvited,
            "already invited",
            "already invited",
        ),
        (
            RowOutcome::AlreadyMember,
            "already a member",
            "already members",
        ),
    ] {
        let count = summary.outcomes.of(outcome);
        if count > 0 {
            parts.push(rows(count, one, many));
        }
    }
    if parts.is_empty() {
        parts.push("0 invited".to_owned());
    }
    let left = summary.left as u32;
    if left > 0 {
        parts.push(rows(left, "stays here", "stay here"));
    }
    parts.join(" · ")
}

/// What else there is to know and to do.
fn more_words(summary: &Summary) -> String {
    let mut sentences = Vec::new();
    if summary.remarks > 0 {
        sentences.push(format!(
            "{} another role or name than is known here; nothing of that was changed. The downloaded outcomes say which.",
            rows(summary.remarks, "row has", "rows have")
        ));
    }
    if !summary.rejected && summary.left > 0 {
        sentences.push("Correct the rows that stay and submit again.".to_owned());
    }
    sentences.join(" ")
}

fn rows(count: u32, one: &str, many: &str) -> String {
    let words = if count == 1 { one } else { many };
    format!("{} {words}", format_number(u64::from(count)))
}

/// The card.
#[component]
pub fn Outcome(
    /// The page's state.
    desk: Desk,
) -> impl IntoView {
    let card = NodeRef::<html::Div>::new();
    // Whoever submitted is told at once, wherever the page was scrolled to.
    effect(move || {
        if desk.summary.read().is_some() {
            request_animation_frame(move || {
                if let Some(card) = card.try_get_untracked().flatten() {
                    // It can only fail on an element that cannot take the focus.
                    _ = card.focus();
                }
            });
        }
    });
    let draw = move || {
        let summary = desk.summary.read();
        (*summary).as_ref().map(|summary| {
            let tone = if summary.rejected || summary.left > 0 {
                Tone::Warn
            } else {
                Tone::Ok
            };
            let more = more_words(summary);
            let rejected = summary.rejected;
            let (import, left) = (summary.import, summary.left);
            let none_left = left == 0;
            view! {
                <div class="outcome-card" role="status" tabindex="-1" node_ref=card>
                    <Notice
                        tone
                        title=words(summary)
                        action=move || {
                            view! {
                                {(!rejected)
                                    .then(|| {
                                        view! {
                                            <Button
                                                icon=IconName::Download
                                                on:click=move |_| results::download_outcomes(desk)
                                            >
                                                "Download outcomes"
                                            </Button>
                                        }
                                            .into_any()
                                    })}
                                {import
                                    .map(|import| {
                                        chunks::undo_soon(
                                            import,
                                            desk.session,
                                            Callback::new(move |()| desk.summary.set(None)),
                                        )
                                    })}
                                {(left > 0 && !rejected)
                                    .then(|| {
                                        view! {
                                            <Button
                                                icon=IconName::Download
                                                on:click=move |_| results::download_failed(desk)
                                            >
                                                "Download the rows that failed"
                                            </Button>
                                        }
                                            .into_any()
                                    })}
                                {none_left
                                    .then(|| {
                                        view! {
                                            <Button on:click=move |_| desk.show_submitted()>
                                                "Show the rows"
                                            </Button>
                                        }
                                            .into_any()
                                    })}
                                <Button
                                    kind=ButtonKind::Quiet
                                    on:click=move |_| desk.summary.set(None)
                                >
                                    "Close"
                                </Button>
                            }
                        }
                    >
                        {more}
                    </Notice>
                </div>
            }
            .into_any()
        })
    };
    view! { {move || draw()} }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::domain::counts::Counts;

    #[test]
    fn the_sentence_counts_people() {
        let mut summary = Summary {
            import: None,
            rejected: false,
            outcomes: Counts::from_iter([
                (RowOutcome::Created, 1_200),
                (RowOutcome::AlreadyMember, 14),
                (RowOutcome::Invalid, 7),
            ]),
            remarks: 2,
            left: 7,
        };
        assert_eq!(
            more_words(&summary),
            "2 rows have another role or name than is known here; nothing of that was changed. The downloaded outcomes say which. Correct the rows that stay and submit again."
        );
        assert_eq!(
            words(&summary),
            "1,200 invited · 14 already members · 7 stay here"
        );
        summary.rejected = true;
        assert!(words(&summary).starts_with("Nobody was invited, since 7 rows have"));
        let nobody = Summary::default();
        assert_eq!(words(&nobody), "0 invited");
    }
}
