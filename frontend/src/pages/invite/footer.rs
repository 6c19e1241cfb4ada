//! The bar at the lower edge: how many rows are ready, what happens to the rest,
//! **Submit**, and how far it is.

use app::{
    bulk::{
        limits::{ROWS_AT_ONCE, ROWS_MAX},
        problem::Severity,
    },
    domain::import::SubmitMode,
};
use leptos::prelude::*;

use super::{
    book::Facts,
    desk::Desk,
    results,
    submit::{self, ready_rows},
};
use crate::{
    components::{
        Button, ButtonKind, ConfirmDialog, IconName, Progress, Select, SelectOption, format_number,
    },
    text::count_of,
    when::{flag, when},
};

/// Why the rows cannot be submitted now; `None` where they can.
fn hindrance(facts: &Facts, reading: bool, mode: SubmitMode) -> Option<String> {
    let bad = facts.rows.saturating_sub(facts.ready);
    if reading {
        Some("The file is still being read.".to_owned())
    } else if facts.rows == 0 {
        let words = if facts.submitted > 0 {
            "Every row was submitted. Choose another file to go on."
        } else {
            "There are no rows yet."
        };
        Some(words.to_owned())
    } else if facts.rows > ROWS_MAX as usize {
        Some(format!(
            "A list can have {} rows: delete {}, or submit them as another list.",
            format_number(u64::from(ROWS_MAX)),
            format_number((facts.rows - ROWS_MAX as usize) as u64)
        ))
    } else if facts.checked < facts.rows {
        Some("The rows are still being checked.".to_owned())
    } else if let Some(problem) = facts
        .column_problems
        .iter()
        .find(|problem| problem.code.severity() == Severity::Error)
    {
        Some(problem.message.clone())
    } else if facts.ready == 0 {
        Some("No row is ready: correct the problems first.".to_owned())
    } else if mode == SubmitMode::AllOrNothing && bad > 0 {
        Some(format!(
            "{} to be corrected first, since you chose to submit all rows or none.",
            if bad == 1 {
                "1 row has".to_owned()
            } else {
                format!("{} rows have", format_number(bad as u64))
            }
        ))
    } else {
        None
    }
}

/// The bar; only while a list is open.
#[component]
pub fn Footer(
    /// The page's state.
    desk: Desk,
) -> impl IntoView {
    let mode = RwSignal::new("valid_now".to_owned());
    let wanted = move || {
        // A long list goes in by the job, row by row.
        if mode.read().as_str() == "all_or_nothing" && few_rows(desk) {
            SubmitMode::AllOrNothing
        } else {
            SubmitMode::ValidNow
        }
    };
    let hindered =
        Memo::new(move |_| hindrance(&desk.facts.read(), desk.reading.read().is_some(), wanted()));
    let busy = flag(move || desk.submitting.read().is_some());
    let asking = RwSignal::new(false);
    let admins = RwSignal::new(0_u64);

    let go = Callback::new(move |()| {
        asking.set(false);
        submit::submit(desk, untrack(wanted));
    });
    let press = move |_| {
        if busy.get_untracked() {
            return;
        }
        // What is being typed counts.
        desk.grid.commit();
        if let Some(why) = hindered.get_untracked() {
            desk.grid.announce(&why);
            return;
        }
        let (_, makes_admins) = ready_rows(&desk.book().document());
        if makes_admins > 0 {
            admins.set(makes_admins as u64);
            asking.set(true);
        } else {
            go.run(());
        }
    };
    let title = Signal::derive(move || {
        format!(
            "Make {}?",
            count_of(
                admins.get(),
                "person an administrator",
                "people administrators"
            )
        )
    });
    let modes = move || {
        vec![
            SelectOption::new("valid_now", "Submit the rows that are ready"),
            SelectOption::new("all_or_nothing", "Submit all rows or none"),
        ]
    };
    let sentence = move || {
        if busy.get() {
            view! { <Sending desk/> }.into_any()
        } else {
            view! {
                <div class="actionbar__words">
                    <Words desk hindered/>
                </div>
            }
            .into_any()
        }
    };
    let choice = move || {
        view! { <Select label="If rows have problems" value=mode options=modes()/> }.into_any()
    };
    let some_fail = move || {
        let facts = desk.facts.read();
        !busy.get() && facts.rows > facts.ready
    };
    let save_problems = move || {
        view! {
            <Button
                kind=ButtonKind::Quiet
                icon=IconName::Download
                on:click=move |_| results::download_failed(desk)
            >
                "Download problems"
            </Button>
        }
        .into_any()
    };
    let bar = move || {
        view! {
            <div class="actionbar" role="region" aria-label="Submit the rows">
                {move || sentence()}
                {when(move || !busy.get() && few_rows(desk), choice)}
                {when(some_fail, save_problems)}
                <Button
                    kind=ButtonKind::Primary
                    icon=IconName::Send
                    busy
                    disabled=Signal::derive(move || hindered.read().is_some() && !busy.get())
                    attr:aria-describedby="submit-words"
                    on:click=press
                >
                    "Submit"
                    <span aria-hidden="true">
                        {move || {
                            let ready = desk.facts.read().ready as u64;
                            format!(" {}", count_of(ready, "invitation", "invitations"))
                        }}
                    </span>
                </Button>
            </div>
        }
        .into_any()
    };
    view! {
        {when(move || desk.open.get(), bar)}
        <ConfirmDialog
            open=asking
            title
            confirm="Submit"
            kind=ButtonKind::Primary
            on_confirm=go
        >
            <p>
                {move || {
                    format!(
                        "{} the role admin. Administrators of this tenant invite people, see everybody here and change its settings.",
                        if admins.get() == 1 {
                            "1 row has".to_owned()
                        } else {
                            format!("{} rows have", format_number(admins.get()))
                        },
                    )
                }}
            </p>
        </ConfirmDialog>
    }
}

/// Whether the rows can go in all at once; tracked.
fn few_rows(desk: Desk) -> bool {
    desk.facts.read().rows <= ROWS_AT_ONCE as usize
}

#[component]
fn Words(desk: Desk, hindered: Memo<Option<String>>) -> impl IntoView {
    let ready = move || {
        let facts = desk.facts.read();
        if facts.rows == 0 {
            return String::new();
        }
        format!(
            "{} of {} rows are ready.",
            format_number(facts.ready as u64),
            format_number(facts.rows as u64)
        )
    };
    let rest = move || {
        hindered.get().unwrap_or_else(|| {
            let facts = desk.facts.read();
            match facts.rows.saturating_sub(facts.ready) {
                0 => String::new(),
                1 => "1 stays here until it is right.".to_owned(),
                bad => format!(
                    "{} stay here until they are right.",
                    format_number(bad as u64)
                ),
            }
        })
    };
    view! {
        <strong class="num">{move || ready()}</strong>
        " "
        <span
            class="actionbar__hint"
            class:is-hindered=move || hindered.read().is_some()
            id="submit-words"
        >
            {move || rest()}
        </span>
    }
}

#[component]
fn Sending(desk: Desk) -> impl IntoView {
    let of = move |say: fn(&submit::Progress) -> String| {
        Signal::derive(move || {
            let progress = desk.submitting.read();
            (*progress).as_ref().map(say).unwrap_or_default()
        })
    };
    let label = of(|progress| progress.phase.words().to_owned());
    let detail = of(|progress| {
        if progress.waiting.is_empty() {
            format!(
                "{} of {} rows",
                format_number(u64::from(progress.done)),
                format_number(u64::from(progress.total))
            )
        } else {
            progress.waiting.clone()
        }
    });
    let value = Signal::derive(move || {
        let progress = desk.submitting.read();
        (*progress)
            .as_ref()
            .filter(|progress| progress.total > 0)
            .map(|progress| u64::from(progress.done) * 1_000 / u64::from(progress.total))
    });
    let can_cancel = flag(move || {
        let progress = desk.submitting.read();
        (*progress)
            .as_ref()
            .is_some_and(|progress| progress.phase.can_cancel())
    });
    let waiting = of(|progress| progress.waiting.clone());
    view! {
        <div class="actionbar__words">
            {move || {
                if can_cancel.get() {
                    let on_cancel = Callback::new(move |()| submit::cancel(desk));
                    view! { <Progress label value detail on_cancel/> }.into_any()
                } else {
                    view! { <Progress label value detail/> }.into_any()
                }
            }}
            <span class="visually-hidden" aria-live="polite">
                {waiting}
            </span>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(rows: usize, ready: usize) -> Facts {
        Facts {
            rows,
            ready,
            checked: rows,
            ..Facts::default()
        }
    }

    #[test]
    fn what_hinders_is_said() {
        let now = SubmitMode::ValidNow;
        assert_eq!(hindrance(&facts(5, 5), false, now), None);
        assert_eq!(hindrance(&facts(5, 3), false, now), None);
        assert!(hindrance(&facts(5, 0), false, now).is_some());
        assert!(hindrance(&facts(0, 0), false, now).is_some());
        assert_eq!(hindrance(&facts(100_000, 100_000), false, now), None);
        let why = hindrance(&facts(100_003, 100_003), false, now);
        assert!(why.is_some_and(|why| why.contains("100,000 rows: delete 3,")));
        assert!(hindrance(&facts(5, 5), true, now).is_some());
        let all = SubmitMode::AllOrNothing;
        assert_eq!(hindrance(&facts(5, 5), false, all), None);
        let why = hindrance(&facts(5, 4), false, all);
        assert!(why.is_some_and(|why| why.starts_with("1 row has")));
    }
}
