//! The file: the way in, the bar while it is read, and the card about it.

use app::bulk::template::{TEMPLATE_FILE_NAME, template_csv};
use leptos::prelude::*;

use super::{
    browser,
    desk::{Desk, Reading},
    reading, remote,
};
use crate::{
    ask::use_ask,
    components::{
        Button, ButtonKind, ButtonSize, EmptyArt, EmptyState, FileButton, Icon, IconButton,
        IconName, Progress, Segment, SplitBar, Switch, Tone, format_number,
    },
    text::count_of,
    when::when,
};

/// Saves the template.
pub fn download_template(desk: Desk) {
    if !browser::download(TEMPLATE_FILE_NAME, template_csv().as_bytes()) {
        desk.refused.set(Some(
            "The browser did not save the template. Allow downloads for this page and try again."
                .to_owned(),
        ));
    }
}

/// Before a file is there: what to do.
#[component]
pub fn Start(
    /// The page's state.
    desk: Desk,
) -> impl IntoView {
    let on_file = UnsyncCallback::new(move |file| reading::read(desk, file));
    let action = move || {
        view! {
            <FileButton accept=super::ACCEPT on_file kind=ButtonKind::Primary icon=IconName::File>
                "Choose a file"
            </FileButton>
            <Button icon=IconName::Table on:click=move |_| desk.start_empty()>
                "Start with an empty grid"
            </Button>
        }
    };
    view! {
        <div class="card">
            <EmptyState title="No list yet" art=EmptyArt::Sheet action>
                "Choose a CSV file, drop it on this page, or paste rows that you copied from a spreadsheet. You check and correct them here before anything is sent."
            </EmptyState>
        </div>
    }
}

/// While a file is read.
#[component]
pub fn ReadingBar(
    /// The page's state.
    desk: Desk,
) -> impl IntoView {
    let words = move |say: fn(&Reading) -> String| {
        Signal::derive(move || {
            desk.reading
                .read()
                .as_ref()
                .as_ref()
                .map(say)
                .unwrap_or_default()
        })
    };
    let label = words(|reading| format!("Reading {}", reading.name));
    let detail = words(|reading| format!("{} rows", format_number(reading.rows as u64)));
    let value = Signal::derive(move || {
        let reading = desk.reading.read();
        (*reading)
            .as_ref()
            .map(|reading| (reading.share * 1_000.0) as u64)
    });
    let on_cancel = Callback::new(move |()| reading::cancel(desk));
    when(
        move || desk.reading.read().is_some(),
        move || view! { <Progress label value detail on_cancel/> }.into_any(),
    )
}

/// What is on the desk, how much of it is ready, and the switch of the check.
#[component]
pub fn FileCard(
    /// The page's state.
    desk: Desk,
) -> impl IntoView {
    let name = move || {
        let file = desk.file.read();
        match &*file {
            Some(file) => file.name.clone(),
            None => (*desk.reading.read())
                .as_ref()
                .map_or_else(|| "New list".to_owned(), |reading| reading.name.clone()),
        }
    };
    let facts = move || {
        let facts = desk.facts.read();
        let read = match &*desk.file.read() {
            None => String::new(),
            Some(file) => {
                let hundredths = (file.seconds * 100.0).round() as u64;
                format!(
                    " · {}, {}{} · read in {}.{:02} s",
                    file.encoding,
                    file.delimiter,
                    file.header,
                    hundredths / 100,
                    hundredths % 100
                )
            }
        };
        format!(
            "{} · {}{read}",
            count_of(facts.rows as u64, "row", "rows"),
            count_of(facts.columns as u64, "column", "columns")
        )
    };
    let segments = move || {
        let facts = desk.facts.read();
        let bad = facts.checked.saturating_sub(facts.ready);
        vec![
            Segment {
                tone: Tone::Ok,
                amount: facts.ready as u64,
                label: format!("{} ready", format_number(facts.ready as u64)),
            },
            Segment {
                tone: Tone::Bad,
                amount: bad as u64,
                label: format!("{} with errors", format_number(bad as u64)),
            },
        ]
    };
    let ready = move || {
        let facts = desk.facts.read();
        format!(
            "{} of {} ready",
            format_number(facts.ready as u64),
            format_number(facts.rows as u64)
        )
    };
    let ask = use_ask();
    let options = move || {
        view! {
            <Button
                kind=ButtonKind::Quiet
                size=ButtonSize::Small
                on:click=move |_| desk.options.set(true)
            >
                "Reading options"
            </Button>
        }
        .into_any()
    };
    view! {
        <div class="file">
            <span class="file__icon">
                <Icon name=IconName::File/>
            </span>
            <div class="file__words">
                <div class="file__name" dir="auto">
                    {move || name()}
                </div>
                <div class="file__facts">{move || facts()}</div>
            </div>
            {when(move || desk.can_read_again(), options)}
            <div class="file__ready">
                {move || view! { <SplitBar segments=segments()/> }}
                <span>{move || ready()}</span>
            </div>
            <IconButton
                label="Remove this list"
                icon=IconName::Close
                disabled=Signal::derive(move || desk.submitting.read().is_some())
                on:click=move |_| super::dialogs::ask_to_close(desk, ask)
            />
        </div>
        <CheckSwitch desk/>
    }
}

/// The switch, what it sends, and where it stands.
#[component]
fn CheckSwitch(desk: Desk) -> impl IntoView {
    use super::desk::RemoteCheck;
    let asking = move || {
        matches!(*desk.remote.read(), RemoteCheck::Asking).then(|| {
            view! { <span class="check-line__asking">"Asking the server…"</span> }.into_any()
        })
    };
    let stopped = move || match &*desk.remote.read() {
        RemoteCheck::Stopped(why) => Some(
            view! { <p class="check-line__stopped">{format!("The check stopped. {why}")}</p> }
                .into_any(),
        ),
        RemoteCheck::Idle | RemoteCheck::Asking | RemoteCheck::Done => None,
    };
    let can_ask = move || {
        desk.check_on.get()
            && matches!(
                *desk.remote.read(),
                RemoteCheck::Stopped(_) | RemoteCheck::Done
            )
    };
    view! {
        <div class="check-line">
            <Switch
                checked=desk.check_on
                hint="Sends the distinct e-mail addresses and course and program keys, nothing else. The server answers whether they are members, invited or known here, and keeps nothing."
            >
                "Check addresses with the server"
            </Switch>
            {move || asking()}
            {when(
                can_ask,
                move || {
                    view! {
                        <span class="check-line__again">
                            <Button
                                kind=ButtonKind::Quiet
                                size=ButtonSize::Small
                                on:click=move |_| remote::again(desk)
                            >
                                "Check again"
                            </Button>
                        </span>
                    }
                        .into_any()
                },
            )}
            <div class="check-line__trouble" role="status">
                {move || stopped()}
            </div>
        </div>
    }
}
