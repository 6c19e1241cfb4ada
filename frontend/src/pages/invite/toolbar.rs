//! Above the grid: kinds of problems, what is wrong with columns, and the tools.

use app::bulk::problem::{ColumnProblem, ProblemCode, Severity};
use leptos::prelude::*;

use crate::{
    keyed::keyed,
    when::{flag, when},
};

use super::{
    book::{Facts, Filter},
    desk::Desk,
};
use crate::components::{
    Button, ButtonKind, ButtonSize, Chip, IconName, Notice, Tone, format_number,
    grid::{Area, Direction, GridEdit, GridRequest, Place},
};

/// One chip per kind of problem; pressing one shows only those rows.
#[component]
pub fn Chips(
    /// The page's state.
    desk: Desk,
) -> impl IntoView {
    let press = move |wanted: Option<Filter>| {
        let now = desk.facts.read_untracked().filter;
        desk.filter(if now == wanted { None } else { wanted });
        desk.grid.jump(Place::default());
        if !matches!(wanted, None | Some(Filter::Submitted)) && now != wanted {
            desk.grid.first_problem();
        }
    };
    let chip = move |wanted: Option<Filter>, tone: Tone, words: &'static str| {
        let pressed = Signal::derive(move || desk.facts.read().filter == wanted);
        let count =
            Signal::derive(move || desk.facts.read().count_of(wanted).map(|count| count as u64));
        view! {
            <Chip pressed count tone on:click=move |_| press(wanted)>
                {words}
            </Chip>
        }
        .into_any()
    };
    let kinds = move || desk.facts.read().kinds.clone();
    let submitted = flag(move || desk.facts.read().submitted > 0);
    let kind = move |(code, _): (ProblemCode, usize)| {
        let tone = match code.severity() {
            Severity::Error => Tone::Bad,
            Severity::Warning => Tone::Warn,
        };
        chip(Some(Filter::Kind(code)), tone, code.title())
    };
    view! {
        <div class="chips" role="group" aria-label="Which rows are shown">
            {chip(None, Tone::Accent, "All rows")}
            {chip(Some(Filter::Problems), Tone::Bad, "Problems")}
            {keyed(kinds, |(code, _)| code.code().to_owned(), kind)}
            {when(
                move || submitted.get(),
                move || chip(Some(Filter::Submitted), Tone::Ok, "Submitted"),
            )}
            <span class="next-problem">
                <Button
                    kind=ButtonKind::Quiet
                    size=ButtonSize::Small
                    disabled=Signal::derive(move || desk.facts.read().problems == 0)
                    on:click=move |_| desk.grid.problem(Direction::Forward)
                >
                    "Next problem"
                </Button>
                <kbd aria-hidden="true">"F8"</kbd>
            </span>
        </div>
    }
}

/// What is wrong with whole columns, each with the way to put it right.
#[component]
pub fn ColumnNotices(
    /// The page's state.
    desk: Desk,
) -> impl IntoView {
    let problems = move || desk.facts.read().column_problems.clone();
    let action = move || {
        view! {
            <Button size=ButtonSize::Small on:click=move |_| desk.map_columns(None)>
                "Choose columns"
            </Button>
        }
    };
    let notice = move |problem: ColumnProblem| {
        view! {
            <Notice tone=Tone::Warn title=problem.code.title() action>
                {problem.message}
            </Notice>
        }
        .into_any()
    };
    let key = |problem: &ColumnProblem| {
        let column = problem.column.map_or(0, |id| id.0 + 1);
        format!("{column} {}", problem.message)
    };
    keyed(problems, key, notice)
}

/// The tools over the grid.
#[component]
pub fn Toolbar(
    /// The page's state.
    desk: Desk,
) -> impl IntoView {
    let busy = flag(move || desk.submitting.read().is_some());
    let place = move || {
        let facts = desk.facts.read();
        if facts.shown == 0 {
            return "No rows".to_owned();
        }
        let row = desk.place.read().active.row.min(facts.shown - 1) + 1;
        format!(
            "Row {} of {}",
            format_number(row as u64),
            format_number(facts.shown as u64)
        )
    };
    let area = move || desk.grid.selection().area();
    let tool = move |label: &'static str,
                     icon: Option<IconName>,
                     possible: fn(&Facts) -> bool,
                     run: fn(Desk, Area)| {
        let disabled = Signal::derive(move || busy.get() || !possible(&desk.facts.read()));
        let body = move |_| {
            run(desk, area());
            desk.grid.focus();
        };
        match icon {
            Some(icon) => view! {
                <Button kind=ButtonKind::Quiet size=ButtonSize::Small icon disabled on:click=body>
                    {label}
                </Button>
            }
            .into_any(),
            None => view! {
                <Button kind=ButtonKind::Quiet size=ButtonSize::Small disabled on:click=body>
                    {label}
                </Button>
            }
            .into_any(),
        }
    };
    view! {
        <div class="toolbar" role="toolbar" aria-label="Edit the rows">
            {tool(
                "Undo",
                Some(IconName::Undo),
                |facts| facts.can_undo,
                |desk, _| desk.edit(GridEdit::Undo),
            )}
            {tool(
                "Redo",
                Some(IconName::Redo),
                |facts| facts.can_redo,
                |desk, _| desk.edit(GridEdit::Redo),
            )}
            <span class="toolbar__line"></span>
            {tool(
                "Add row",
                Some(IconName::Plus),
                |_| true,
                |desk, area| {
                    let none = desk.facts.read_untracked().shown == 0;
                    desk.edit(GridEdit::InsertRow {
                        at: if none { 0 } else { area.last.row + 1 },
                    });
                },
            )}
            {tool(
                "Delete row",
                None,
                |facts| facts.shown > 0,
                |desk, area| desk.edit(GridEdit::DeleteRows { area }),
            )}
            {tool(
                "Add column",
                Some(IconName::Plus),
                |_| true,
                |desk, area| {
                    desk.edit(GridEdit::InsertColumn {
                        at: area.last.column + 1,
                    });
                },
            )}
            <Button
                kind=ButtonKind::Quiet
                size=ButtonSize::Small
                icon=IconName::Columns
                disabled=busy
                on:click=move |_| desk.map_columns(None)
            >
                "Map columns"
            </Button>
            <Button
                kind=ButtonKind::Quiet
                size=ButtonSize::Small
                icon=IconName::Search
                on:click=move |_| desk.request.set(Some(GridRequest::Find))
            >
                "Find and replace"
            </Button>
            <Button
                kind=ButtonKind::Quiet
                size=ButtonSize::Small
                disabled=Signal::derive(move || desk.facts.read().problems == 0)
                on:click=move |_| desk.fixing.set(true)
            >
                "Suggested fixes"
            </Button>
            <span class="toolbar__note">
                <span>{move || place()}</span>
                <Button
                    kind=ButtonKind::Quiet
                    size=ButtonSize::Small
                    on:click=move |_| desk.request.set(Some(GridRequest::GoTo))
                >
                    "Go to row"
                </Button>
            </span>
        </div>
    }
}
