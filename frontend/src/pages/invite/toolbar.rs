//! Above the grid: kinds of problems, what is wrong with columns, and the tools.

use app::bulk::problem::ProblemCode;
use leptos::prelude::*;

use crate::keyed::keyed;

use super::{book::Filter, desk::Desk};
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
    let filter = Memo::new(move |_| desk.facts.read().filter);
    let kinds = Memo::new(move |_| {
        desk.facts
            .read()
            .kinds
            .iter()
            .map(|(code, _)| *code)
            .collect::<Vec<_>>()
    });
    let rows = Signal::derive(move || Some(desk.facts.read().rows as u64));
    let problems = Signal::derive(move || Some(desk.facts.read().problems as u64));
    let press = move |wanted: Option<Filter>| {
        let now = filter.get_untracked();
        desk.filter(if now == wanted { None } else { wanted });
        desk.grid.jump(Place::default());
        if wanted.is_some() && now != wanted {
            desk.grid.problem(Direction::Forward);
        }
    };
    let kind = move |code: ProblemCode| {
        let count = Signal::derive(move || {
            desk.facts
                .read()
                .kinds
                .iter()
                .find(|(one, _)| *one == code)
                .map(|(_, count)| *count as u64)
        });
        let pressed = Signal::derive(move || filter.get() == Some(Filter::Kind(code)));
        let tone = match code.severity() {
            app::bulk::problem::Severity::Error => Tone::Bad,
            app::bulk::problem::Severity::Warning => Tone::Warn,
        };
        view! {
            <Chip pressed count tone on:click=move |_| press(Some(Filter::Kind(code)))>
                {code.title()}
            </Chip>
        }
        .into_any()
    };
    view! {
        <div class="chips" role="group" aria-label="Which rows are shown">
            <Chip
                pressed=Signal::derive(move || filter.get().is_none())
                count=rows
                on:click=move |_| press(None)
            >
                "All rows"
            </Chip>
            <Chip
                pressed=Signal::derive(move || filter.get() == Some(Filter::Problems))
                count=problems
                tone=Tone::Bad
                on:click=move |_| press(Some(Filter::Problems))
            >
                "Problems"
            </Chip>
            {keyed(move || kinds.get(), |code| code.code().to_owned(), kind)}
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
    let codes = Memo::new(move |_| {
        let mut codes: Vec<ProblemCode> = desk
            .facts
            .read()
            .column_problems
            .iter()
            .map(|problem| problem.code)
            .collect();
        codes.dedup();
        codes
    });
    let action = move || {
        view! {
            <Button size=ButtonSize::Small on:click=move |_| desk.mapping.set(true)>
                "Choose columns"
            </Button>
        }
    };
    let notice = move |code: ProblemCode| {
        view! {
            <Notice tone=Tone::Warn title=code.title() action>
                {code.message("")}
            </Notice>
        }
        .into_any()
    };
    keyed(move || codes.get(), |code| code.code().to_owned(), notice)
}

/// The tools over the grid.
#[component]
pub fn Toolbar(
    /// The page's state.
    desk: Desk,
) -> impl IntoView {
    let busy = Memo::new(move |_| desk.submitting.read().is_some());
    let can_undo = Memo::new(move |_| desk.facts.read().can_undo && !busy.get());
    let can_redo = Memo::new(move |_| desk.facts.read().can_redo && !busy.get());
    let has_rows = Memo::new(move |_| desk.facts.read().shown > 0 && !busy.get());
    let place = move || {
        let facts = desk.facts.read();
        if facts.shown == 0 {
            return "No rows".to_owned();
        }
        let row = desk.place.get().active.row.min(facts.shown - 1) + 1;
        format!(
            "Row {} of {}",
            format_number(row as u64),
            format_number(facts.shown as u64)
        )
    };
    let area = move || desk.grid.selection().area();
    let tool = move |label: &'static str,
                     icon: Option<IconName>,
                     enabled: Memo<bool>,
                     run: fn(Desk, Area)| {
        let disabled = Signal::derive(move || !enabled.get());
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
    let free = Memo::new(move |_| !busy.get());
    view! {
        <div class="toolbar" role="toolbar" aria-label="Edit the rows">
            {tool("Undo", Some(IconName::Undo), can_undo, |desk, _| desk.edit(GridEdit::Undo))}
            {tool("Redo", Some(IconName::Redo), can_redo, |desk, _| desk.edit(GridEdit::Redo))}
            <span class="toolbar__line"></span>
            {tool(
                "Add row",
                Some(IconName::Plus),
                free,
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
                has_rows,
                |desk, area| desk.edit(GridEdit::DeleteRows { area }),
            )}
            {tool(
                "Add column",
                Some(IconName::Plus),
                free,
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
                on:click=move |_| desk.mapping.set(true)
            >
                "Map columns"
            </Button>
            <span class="toolbar__note">
                <span>{place}</span>
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
