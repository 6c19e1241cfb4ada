//! What became of the rows that were sent last: in numbers, row by row, and as a file.

use app::bulk::table::{RowDone, TableOutcome, Template, outcomes_csv};
use leptos::{html, prelude::*};

use crate::{
    components::{Button, ButtonKind, ButtonSize, IconName, Notice, Tone, format_number},
    effects::effect,
    shared::Shared,
    text::count_of,
};

/// Lines that are shown at first, and more at each press.
const LINES: usize = 50;

/// What became of a list.
#[derive(Default)]
pub struct Outcomes {
    /// The rows as they stood.
    pub rows: Vec<Vec<String>>,
    /// What became of each; none: it was not sent.
    pub done: Vec<Option<RowDone>>,
}

impl Outcomes {
    fn count(&self, outcome: TableOutcome) -> u64 {
        let done = self.done.iter().flatten();
        done.filter(|one| one.outcome == outcome).count() as u64
    }

    /// All of it, as a file.
    pub fn to_csv(&self, template: &Template) -> Vec<u8> {
        outcomes_csv(template, &self.rows, &self.done)
    }

    /// What there is to say of single rows: the number in the list that was sent, and why.
    fn lines(&self) -> Vec<String> {
        (1_u64..)
            .zip(&self.done)
            .filter_map(|(row, done)| Some((row, done.as_ref()?)))
            .filter(|(_, one)| !one.message.is_empty())
            .map(|(row, one)| format!("Row {}: {}", format_number(row), one.message))
            .collect()
    }

    /// Numbers, in a sentence for each.
    fn words(&self) -> (Tone, String) {
        let (made, there) = (
            self.count(TableOutcome::Created),
            self.count(TableOutcome::Exists),
        );
        let (twice, wrong) = (
            self.count(TableOutcome::DuplicateInFile),
            self.count(TableOutcome::Invalid),
        );
        let unsent = self.done.iter().filter(|one| one.is_none()).count() as u64;
        let mut words = vec![format!("{} made.", count_of(made, "row is", "rows are"))];
        if there > 0 {
            words.push(format!(
                "{} there already and stayed unchanged.",
                count_of(there, "is", "are")
            ));
        }
        if twice > 0 {
            words.push(format!(
                "{} an earlier row: change or delete what stays here.",
                count_of(twice, "row repeats", "rows repeat")
            ));
        }
        if wrong > 0 {
            words.push(format!(
                "{} with a problem: correct it and submit again.",
                count_of(wrong, "row stays here", "rows stay here")
            ));
        }
        if unsent > 0 {
            words.push(format!(
                "{} not sent and still here.",
                count_of(unsent, "row was", "rows were")
            ));
        }
        let tone = if twice + wrong + unsent == 0 {
            Tone::Ok
        } else {
            Tone::Warn
        };
        (tone, words.join(" "))
    }
}

/// The card; it takes the focus when it comes.
#[component]
pub fn OutcomeCard(
    /// What became of the rows.
    outcomes: Shared<Option<Outcomes>>,
    /// Saves all of it.
    on_save: Callback<()>,
) -> impl IntoView {
    let card = NodeRef::<html::Div>::new();
    effect(move || {
        if outcomes.read().is_some() {
            request_animation_frame(move || {
                if let Some(card) = card.try_get_untracked().flatten() {
                    // It can only fail on an element that cannot take the focus.
                    _ = card.focus();
                }
            });
        }
    });
    let draw = move || {
        let outcomes_now = outcomes.read();
        (*outcomes_now).as_ref().map(|now| {
            let (tone, words) = now.words();
            let lines = now.lines();
            let action = move || {
                view! {
                    <Button icon=IconName::Download on:click=move |_| on_save.run(())>
                        "Download outcomes"
                    </Button>
                    <Button kind=ButtonKind::Quiet on:click=move |_| outcomes.set(None)>
                        "Close"
                    </Button>
                }
            };
            view! {
                <div class="outcome-card" tabindex="-1" role="status" node_ref=card>
                    <Notice tone title=words action>
                        {details(lines)}
                    </Notice>
                </div>
            }
            .into_any()
        })
    };
    view! { {move || draw()} }
}

/// What there is to say of single rows, some at a time.
fn details(lines: Vec<String>) -> Option<AnyView> {
    if lines.is_empty() {
        return None;
    }
    let count = lines.len();
    let shown = RwSignal::new(LINES);
    let items = move || {
        let some = lines.iter().take(shown.get()).cloned();
        some.map(|line| view! { <li>{line}</li> }.into_any())
            .collect_view()
            .into_any()
    };
    let more = move || {
        (shown.get() < count).then(|| {
            view! {
                <Button
                    size=ButtonSize::Small
                    on:click=move |_| shown.update(|shown| *shown += LINES)
                >
                    "Show more"
                </Button>
            }
            .into_any()
        })
    };
    Some(
        view! {
            <details class="stack">
                <summary>"Row by row, as in the list you sent"</summary>
                <ul>{items}</ul>
                {more}
            </details>
        }
        .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_the_sentence_and_no_line_is_left_out() {
        let one = |outcome, message: &str| {
            Some(RowDone {
                outcome,
                column: 0,
                message: message.to_owned(),
            })
        };
        let mut done = vec![
            one(TableOutcome::Created, ""),
            one(TableOutcome::DuplicateInFile, "The same as in row 1."),
            None,
        ];
        done.extend((0..60).map(|_| one(TableOutcome::Exists, "Known as Ada.")));
        let now = Outcomes {
            rows: Vec::new(),
            done,
        };
        assert_eq!(
            now.words().1,
            "1 row is made. 60 are there already and stayed unchanged. 1 row repeats an earlier \
             row: change or delete what stays here. 1 row was not sent and still here."
        );
        let lines = now.lines();
        assert_eq!(lines.len(), 61);
        assert_eq!(lines[0], "Row 2: The same as in row 1.");
    }
}
