//! `/t/:slug/management/imports/:id`: one import, what became of its rows, its files, and
//! the ways out of it.

use app::{
    api::imports::{
        ImportDetail, ImportRef, ImportRow, ImportRows, ImportsAbandon, ImportsRetry, ImportsRows,
        ImportsShow, RowsPage, RowsRequest,
    },
    domain::{
        id::ImportId,
        import::{ImportState, RowOutcome},
    },
};
use leptos::{prelude::*, task::spawn_local};

use super::{files, told, undo};
use crate::{
    ask::{Question, use_ask},
    components::{
        Badge, Button, ButtonKind, Chip, DateStyle, DateText, IconName, Notice, PageHead,
        SkeletonShape, SplitBar, StatusBadge, Tone, format_number, use_toasts,
    },
    effects::effect,
    keyed::keyed,
    page::use_title,
    pages::not_found::NotFoundPage,
    query::{Query, Steady},
    routes::Page,
    session::{Session, use_session},
    tenant::use_tenant,
    text::{count_of, failure, import_words, outcome_words, status_badge},
    when::{flag, when},
};

/// Rows of a page.
const PAGE: u32 = 100;

/// What the parts of the page share. Cheap to copy.
#[derive(Clone, Copy)]
struct Desk {
    session: Session,
    reference: StoredValue<ImportRef>,
    detail: Query<ImportDetail>,
}

impl Desk {
    fn reference(self) -> ImportRef {
        self.reference.get_value()
    }
}

/// One import.
#[component]
pub fn ImportPage(
    /// From the address.
    id: String,
) -> impl IntoView {
    match id.parse::<ImportId>() {
        Ok(import) => view! { <Import import/> }.into_any(),
        Err(_) => NotFoundPage().into_any(),
    }
}

#[component]
fn Import(import: ImportId) -> impl IntoView {
    let tenant = use_tenant();
    let reference = ImportRef {
        tenant: tenant.slug.clone(),
        import,
    };
    let asked = reference.clone();
    let detail = Query::new(use_session(), move || {
        Some(ImportsShow {
            input: asked.clone(),
        })
    })
    .follow(tenant.changes());
    let desk = Desk {
        session: use_session(),
        reference: StoredValue::new(reference),
        detail,
    };
    use_title(move || format!("{} · Imports", name(detail)));
    let actions = move || view! { <Actions desk/> };
    view! {
        <PageHead title=Signal::derive(move || name(detail)) actions>
            {move || about(detail)}
        </PageHead>
        <Steady query=detail what="The import" shape=SkeletonShape::Rows>
            <Standing desk/>
            <Rows desk/>
        </Steady>
    }
}

fn name(detail: Query<ImportDetail>) -> String {
    detail
        .ready()
        .map(|detail| detail.line.file_name)
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "Import".to_owned())
}

fn about(detail: Query<ImportDetail>) -> AnyView {
    let Some(ImportDetail { line, .. }) = detail.ready() else {
        return "What became of its rows.".into_any();
    };
    view! {
        {count_of(u64::from(line.rows), "row", "rows")}
        " · "
        {line.submitted_by}
        " · "
        <DateText at=line.created_at.0 style=DateStyle::Minute/>
    }
    .into_any()
}

/// Files, and taking it back.
#[component]
fn Actions(desk: Desk) -> impl IntoView {
    let can_undo = flag(move || {
        desk.detail
            .ready()
            .is_some_and(|detail| undo::possible(&detail))
    });
    let has_rows = flag(move || {
        desk.detail
            .ready()
            .is_some_and(|detail| detail.processed > 0)
    });
    let has_failed = flag(move || {
        desk.detail
            .ready()
            .is_some_and(|detail| failed(&detail) > 0)
    });
    let toasts = use_toasts();
    let save = move |only_failed: bool| {
        spawn_local(async move {
            let file = untrack(|| name(desk.detail));
            let saved = if only_failed {
                files::save_failed(desk.session, desk.reference(), &file).await
            } else {
                files::save_outcomes(desk.session, desk.reference(), &file).await
            };
            if let Err(error) = saved {
                toasts.error(format!("The file was not saved. {}", failure(&error)));
            }
        });
    };
    view! {
        {when(
            move || has_rows.get(),
            move || {
                view! {
                    <Button icon=IconName::Download on:click=move |_| save(false)>
                        "Download outcomes"
                    </Button>
                }
                    .into_any()
            },
        )}
        {when(
            move || has_failed.get(),
            move || {
                view! {
                    <Button icon=IconName::Download on:click=move |_| save(true)>
                        "Download the rows that failed"
                    </Button>
                }
                    .into_any()
            },
        )}
        {when(
            move || can_undo.get(),
            move || {
                let ask = use_ask();
                let press = move |_| undo::ask(ask, toasts, desk.session, desk.reference(), desk.detail);
                view! {
                    <Button kind=ButtonKind::Danger icon=IconName::Undo on:click=press>
                        "Undo import"
                    </Button>
                }
                    .into_any()
            },
        )}
    }
}

fn failed(detail: &ImportDetail) -> u32 {
    RowOutcome::ALL
        .into_iter()
        .filter(|outcome| outcome.failed())
        .map(|outcome| detail.line.outcomes.of(outcome))
        .sum()
}

/// How it stands, in a card; where it stopped, with the way on.
#[component]
fn Standing(desk: Desk) -> impl IntoView {
    let draw = move || {
        desk.detail.ready().map(|detail| {
            let (state, tone) = import_words(detail.line.state);
            let (segments, words) = told(&detail.line);
            view! {
                <div class="card"><div class="card__body stack">
                    <p>
                        <Badge tone label=state/>
                        " "
                        {words}
                    </p>
                    {(!segments.is_empty()).then(|| view! { <SplitBar segments/> })}
                    {undo::left_words(&detail).map(|words| view! { <p>{words}</p> })}
                </div></div>
            }
            .into_any()
        })
    };
    view! {
        {move || draw()}
        {move || stopped(desk)}
    }
}

/// What is said of an import that waits for somebody.
fn stopped(desk: Desk) -> Option<AnyView> {
    let detail = desk.detail.ready()?;
    match detail.line.state {
        ImportState::Failed => {
            let action = move || {
                view! {
                    <Button on:click=move |_| act(desk, Act::Retry)>"Try again"</Button>
                }
            };
            Some(
                view! {
                    <Notice tone=Tone::Bad title="The import stopped." action>
                        {detail.failure}
                    </Notice>
                }
                .into_any(),
            )
        }
        ImportState::Receiving => {
            let action = move || {
                view! {
                    <Button on:click=move |_| act(desk, Act::Abandon)>"Abandon"</Button>
                }
            };
            Some(
                view! {
                    <Notice tone=Tone::Warn title="It was never submitted." action>
                        "The upload was broken off or is still under way: nobody was invited. It is forgotten after a day."
                    </Notice>
                }
                .into_any(),
            )
        }
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Retry,
    Abandon,
}

fn act(desk: Desk, act: Act) {
    let (toasts, ask) = (use_toasts(), use_ask());
    // Taken now: the question may outlive the page.
    let input = desk.reference();
    spawn_local(async move {
        let question = Question {
            title: "Abandon this upload?",
            yes: "Abandon",
            sentence: "The rows that arrived are forgotten. Nobody was invited by it.".to_owned(),
        };
        if act == Act::Abandon && !ask.ask(question).await {
            return;
        }
        let slug = input.tenant.clone();
        let done = match act {
            Act::Retry => desk.session.call(ImportsRetry { input }).await.map(drop),
            Act::Abandon => desk.session.call(ImportsAbandon { input }).await,
        };
        match done {
            Ok(()) if act == Act::Abandon => {
                toasts.success("The upload is forgotten.");
                desk.session.go(Page::Imports(slug).href());
            }
            Ok(()) => desk.detail.refetch(),
            Err(error) => toasts.error(failure(&error)),
        }
    });
}

/// The rows, a page at a time.
#[component]
fn Rows(desk: Desk) -> impl IntoView {
    let only = RwSignal::new(ImportRows::All);
    // Where each page up to this one begins.
    let starts = RwSignal::new(vec![None::<u32>]);
    let tenant = use_tenant();
    let rows = Query::new(desk.session, move || {
        let ImportRef { tenant, import } = desk.reference();
        Some(ImportsRows {
            input: RowsRequest {
                tenant,
                import,
                only: only.get(),
                after: starts.read().last().copied().flatten(),
                limit: PAGE,
            },
        })
    })
    .follow(tenant.changes());
    let choose = move |wanted: ImportRows| {
        starts.set(vec![None]);
        only.set(wanted);
    };
    let chip = move |wanted: ImportRows, tone: Tone, words: &'static str| {
        let pressed = Signal::derive(move || only.get() == wanted);
        view! {
            <Chip pressed tone on:click=move |_| choose(wanted)>
                {words}
            </Chip>
        }
        .into_any()
    };
    let next = move |_| {
        let last =
            untrack(|| rows.ready()).and_then(|page| page.rows.last().map(|row| row.position));
        if last.is_some() {
            starts.update(|starts| starts.push(last));
        }
    };
    let back = move |_| {
        starts.update(|starts| {
            if starts.len() > 1 {
                starts.pop();
            }
        });
    };
    let first = flag(move || starts.read().len() < 2);
    // Stays while the next page is on its way, so that the buttons and the focus do.
    let more = RwSignal::new(false);
    effect(move || {
        if let Some(page) = rows.ready() {
            more.set(page.more);
        }
    });
    let last = flag(move || !more.get());
    let none = flag(move || rows.ready().is_some_and(|page| page.rows.is_empty()));
    let turning = flag(move || !(first.get() && last.get()));
    view! {
        <section class="stack" aria-labelledby="import-rows">
            <h2 id="import-rows">"Rows"</h2>
            <div class="chips" role="group" aria-label="Which rows are shown">
                {chip(ImportRows::All, Tone::Accent, "All rows")}
                {chip(ImportRows::Failed, Tone::Bad, "Failed")}
                {chip(ImportRows::Accepted, Tone::Ok, "Accepted")}
            </div>
            <div class="card">
                <Steady query=rows what="The rows" shape=SkeletonShape::Rows>
                    {move || if none.get() { nothing() } else { table(rows) }}
                </Steady>
            </div>
            {when(
                move || turning.get(),
                move || {
                    view! {
                        <nav class="cluster" aria-label="Pages of rows">
                            <Button disabled=Signal::derive(move || first.get()) on:click=back>
                                "Previous page"
                            </Button>
                            <Button disabled=Signal::derive(move || last.get()) on:click=next>
                                "Next page"
                            </Button>
                        </nav>
                    }
                        .into_any()
                },
            )}
        </section>
    }
}

fn nothing() -> AnyView {
    view! {
        <div class="empty">
            <p>"There are no such rows."</p>
        </div>
    }
    .into_any()
}

fn table(rows: Query<RowsPage>) -> AnyView {
    view! {
        <div class="table-frame" role="region" aria-label="Rows of the import" tabindex="0">
            <table class="table table--cards">
                <thead>
                    <tr>
                        <th scope="col">"Line"</th>
                        <th scope="col">"Person"</th>
                        <th scope="col">"Outcome"</th>
                        <th scope="col">"Invitation now"</th>
                        <th scope="col">"Details"</th>
                    </tr>
                </thead>
                <tbody>
                    {keyed(
                        move || rows.ready().map(|page| page.rows).unwrap_or_default(),
                        |row| {
                            format!(
                                "{} {}",
                                row.position,
                                row.status.map_or("", |status| status.as_str()),
                            )
                        },
                        line,
                    )}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

/// An outcome as its badge says it of one row.
fn label(outcome: RowOutcome, words: &str) -> String {
    if outcome == RowOutcome::AlreadyMember {
        return "Already a member".to_owned();
    }
    let mut rest = words.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    first.chain(rest).collect()
}

fn line(row: ImportRow) -> AnyView {
    let (words, tone) = outcome_words(row.outcome);
    let words = label(row.outcome, words);
    let number = if row.line == 0 {
        "added".to_owned()
    } else {
        format_number(u64::from(row.line))
    };
    let (title, sub) = if row.email.is_empty() {
        ("—".to_owned(), String::new())
    } else {
        (row.email, row.name)
    };
    view! {
        <tr>
            <td data-label="Line" class="num">
                {number}
            </td>
            <td class="cell--lead">
                <span class="table__title">{title}</span>
                <span class="table__sub">{sub}</span>
            </td>
            <td data-label="Outcome">
                <Badge tone label=words/>
            </td>
            <td data-label="Invitation now">
                {row
                    .status
                    .map(|status| view! { <StatusBadge status=status_badge(status)/> }.into_any())}
            </td>
            <td data-label="Details">{row.message}</td>
        </tr>
    }
    .into_any()
}
