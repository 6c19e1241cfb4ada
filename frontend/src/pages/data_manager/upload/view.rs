//! The parts of the page: the way in, the list in the grid, and the bar that submits it.

use app::bulk::table::{ROWS_MAX, Table};
use leptos::prelude::*;

use super::{ACCEPT, Desk, send::Sent};
use crate::{
    components::{
        Button, ButtonKind, ButtonSize, EmptyArt, EmptyState, FileButton, Icon, IconButton,
        IconName, Progress, Segment, SplitBar, Tone, format_number,
        grid::{Area, Direction, Grid, GridEdit, GridRequest},
    },
    text::count_of,
    when::flag,
};

/// Before a list is there: what to do.
pub fn start(desk: Desk) -> AnyView {
    let on_file = UnsyncCallback::new(move |file| desk.read(file));
    let columns = desk.what.template().columns;
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let action = move || {
        view! {
            <FileButton accept=ACCEPT on_file kind=ButtonKind::Primary icon=IconName::File>
                "Choose a file"
            </FileButton>
            <Button icon=IconName::Table on:click=move |_| desk.start_empty()>
                "Start with an empty grid"
            </Button>
        }
    };
    let text = format!(
        "Choose a CSV file with the columns {}, drop it on this page, or paste rows that you \
         copied from a spreadsheet: up to {} rows. You check and correct them here; nothing \
         leaves this browser before you submit.",
        names.join(", "),
        format_number(ROWS_MAX as u64),
    );
    view! {
        <div class="card">
            <EmptyState title="No list yet" art=EmptyArt::Sheet action>
                {text}
            </EmptyState>
        </div>
    }
    .into_any()
}

/// What the list is called, and how much of it is ready.
fn file(desk: Desk) -> AnyView {
    let facts = desk.list.facts();
    let remove = move |_| desk.put(String::new(), Table::new(desk.what.template()));
    let segments = move || {
        let facts = facts.get();
        let part = |tone, amount: usize, words| Segment {
            tone,
            amount: amount as u64,
            label: format!("{} {words}", format_number(amount as u64)),
        };
        vec![
            part(Tone::Ok, facts.ready(), "ready"),
            part(Tone::Bad, facts.problems, "with problems"),
        ]
    };
    let ready = move || {
        let facts = facts.get();
        format!(
            "{} of {} ready",
            format_number(facts.ready() as u64),
            format_number(facts.rows as u64)
        )
    };
    view! {
        <div class="file">
            <span class="file__icon">
                <Icon name=IconName::File/>
            </span>
            <div class="file__words">
                <div class="file__name" dir="auto">
                    {move || desk.name.get()}
                </div>
                <div class="file__facts">
                    {move || count_of(facts.get().rows as u64, "row", "rows")}
                </div>
            </div>
            <div class="file__ready">
                {move || view! { <SplitBar segments=segments()/> }}
                <span>{ready}</span>
            </div>
            <IconButton
                label="Remove this list"
                icon=IconName::Close
                disabled=Signal::derive(move || desk.sent.get().is_some())
                on:click=remove
            />
        </div>
    }
    .into_any()
}

/// The list in the grid.
pub fn review(desk: Desk) -> AnyView {
    let facts = desk.list.facts();
    let area = move || desk.grid.selection().area();
    let tool = move |words: &'static str,
                     icon: Option<IconName>,
                     possible: Signal<bool>,
                     run: fn(Desk, Area)| {
        let disabled = Signal::derive(move || desk.sent.get().is_some() || !possible.get());
        let press = move |_| run(desk, area());
        match icon {
            Some(icon) => view! {
                <Button kind=ButtonKind::Quiet size=ButtonSize::Small icon disabled on:click=press>
                    {words}
                </Button>
            }
            .into_any(),
            None => view! {
                <Button kind=ButtonKind::Quiet size=ButtonSize::Small disabled on:click=press>
                    {words}
                </Button>
            }
            .into_any(),
        }
    };
    let always = Signal::derive(|| true);
    let problems = flag(move || facts.get().problems > 0);
    let on_select = UnsyncCallback::new(|_| ());
    let on_request = UnsyncCallback::new(move |request| {
        if let GridRequest::Refused(why) = request {
            desk.toasts.error(why);
        }
    });
    view! {
        {file(desk)}
        <div class="review">
            <div class="grid-frame">
                <div class="toolbar" role="toolbar" aria-label="Edit the rows">
                    {tool(
                        "Undo",
                        Some(IconName::Undo),
                        Signal::derive(move || facts.get().can_undo),
                        |desk, _| desk.edit(GridEdit::Undo),
                    )}
                    {tool(
                        "Redo",
                        Some(IconName::Redo),
                        Signal::derive(move || facts.get().can_redo),
                        |desk, _| desk.edit(GridEdit::Redo),
                    )}
                    <span class="toolbar__line"></span>
                    {tool(
                        "Add row",
                        Some(IconName::Plus),
                        always,
                        |desk, area| desk.edit(GridEdit::InsertRow { at: area.last.row + 1 }),
                    )}
                    {tool(
                        "Delete row",
                        None,
                        always,
                        |desk, area| desk.edit(GridEdit::DeleteRows { area }),
                    )}
                    {tool(
                        "Next problem",
                        None,
                        problems.into(),
                        |desk, _| desk.grid.problem(Direction::Forward),
                    )}
                    {tool(
                        "Save as CSV",
                        Some(IconName::Download),
                        always,
                        |desk, _| {
                            desk.save(desk.what.template().file_name, &desk.list.to_csv());
                        },
                    )}
                </div>
                <Grid
                    source=desk.list.source()
                    handle=desk.grid
                    label="Review"
                    on_select
                    on_request
                />
            </div>
        </div>
    }
    .into_any()
}

/// How many rows are ready, or on their way, and the button that sends them.
pub fn footer(desk: Desk) -> AnyView {
    let facts = desk.list.facts();
    let busy = flag(move || desk.sent.get().is_some());
    let words = move || {
        let facts = facts.get();
        if facts.problems == 0 {
            return format!("{} ready.", count_of(facts.rows as u64, "row", "rows"));
        }
        format!(
            "{} with problems of {}: they stay here until they are right.",
            format_number(facts.problems as u64),
            count_of(facts.rows as u64, "row", "rows")
        )
    };
    let detail = Signal::derive(move || desk.sent.get().map(Sent::words).unwrap_or_default());
    let value = Signal::derive(move || {
        let sent = desk.sent.get().filter(|sent| sent.total > 0)?;
        Some((sent.done * 1_000 / sent.total) as u64)
    });
    let told = move || {
        if busy.get() {
            view! { <Progress label="Submitting" value detail/> }.into_any()
        } else {
            view! { <span>{words}</span> }.into_any()
        }
    };
    let spoken = move || {
        let sent = desk.sent.get();
        sent.map(|sent| format!("Submitting: {}.", sent.words()))
    };
    view! {
        <div class="actionbar" role="region" aria-label="Submit the rows">
            <div class="actionbar__words">{told}</div>
            <span class="visually-hidden" role="status">
                {spoken}
            </span>
            <Button
                kind=ButtonKind::Primary
                icon=IconName::Send
                busy
                disabled=Signal::derive(move || facts.get().ready() == 0)
                on:click=move |_| desk.send()
            >
                "Submit"
            </Button>
        </div>
    }
    .into_any()
}
