//! `/t/:slug/management/imports`: the submitted files and what became of them.

mod detail;
mod files;
mod undo;

pub use detail::{ImportPage, ImportPageProps};
pub use undo::UndoSoon;

use app::{
    api::imports::{ImportLine, ImportsList},
    domain::import::{ImportState, RowOutcome},
};
use leptos::prelude::*;

use crate::{
    components::{
        Badge, ButtonKind, DateStyle, DateText, EmptyArt, EmptyState, IconName, LinkButton,
        PageHead, Segment, SkeletonShape, SplitBar, format_number,
    },
    keyed::keyed,
    page::use_title,
    query::{Query, Steady},
    routes::Page,
    session::use_session,
    tenant::use_tenant,
    text::{count_of, import_words, outcome_words},
    when::flag,
};

/// The tenant's imports, newest first.
#[component]
pub fn ImportsPage() -> impl IntoView {
    let tenant = use_tenant();
    let slug = tenant.slug.clone();
    let imports = Query::new(use_session(), move || {
        Some(ImportsList {
            tenant: slug.clone(),
        })
    })
    .follow(tenant.changes());
    let upload = Page::Invite(tenant.slug.clone()).href();
    let empty = upload.clone();
    let shown = tenant.slug.clone();
    let none = flag(move || imports.ready().is_none_or(|lines| lines.is_empty()));
    use_title(move || format!("Imports · {}", tenant.name()));
    let actions = move || {
        view! {
            <LinkButton href=upload.clone() kind=ButtonKind::Primary icon=IconName::Upload>
                "Upload a list"
            </LinkButton>
        }
    };
    view! {
        <PageHead title="Imports" actions>
            "The newest 100 files that were submitted, and what became of their rows."
        </PageHead>
        <div class="card">
            <Steady query=imports what="The imports" shape=SkeletonShape::Rows>
                {
                    let (empty, slug) = (empty.clone(), shown.clone());
                    move || {
                        if none.get() {
                            nothing(empty.clone())
                        } else {
                            table(slug.clone(), imports)
                        }
                    }
                }
            </Steady>
        </div>
    }
}

fn nothing(upload: String) -> AnyView {
    let action = move || view! { <LinkButton href=upload.clone()>"Upload a list"</LinkButton> };
    view! {
        <EmptyState title="Nothing was submitted yet." art=EmptyArt::Sheet action>
            "Upload a CSV file, correct it, and submit it: it is listed here with what became of its rows."
        </EmptyState>
    }
    .into_any()
}

fn table(slug: String, imports: Query<Vec<ImportLine>>) -> AnyView {
    view! {
        <div class="table-frame" role="region" aria-label="Imports" tabindex="0">
            <table class="table table--cards">
                <thead>
                    <tr>
                        <th scope="col">"File"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Rows"</th>
                        <th scope="col">"Outcome"</th>
                        <th scope="col">"Submitted by"</th>
                        <th scope="col">"When"</th>
                    </tr>
                </thead>
                <tbody>
                    {keyed(
                        move || imports.ready().unwrap_or_default(),
                        // A line that changed is another one: nothing in it takes the focus.
                        |line| {
                            let done: u32 = line.outcomes.values().sum();
                            format!("{} {} {done}", line.import, line.state.as_str())
                        },
                        move |line| row(&slug, line),
                    )}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(slug: &str, line: ImportLine) -> AnyView {
    let page = Page::Import(slug.to_owned(), line.import.to_string()).href();
    let (state, tone) = import_words(line.state);
    let (outcomes, told) = told(&line);
    let name = if line.file_name.is_empty() {
        "Without a file".to_owned()
    } else {
        line.file_name
    };
    view! {
        <tr>
            <td class="cell--lead">
                <a class="table__title" href=page>
                    {name}
                </a>
            </td>
            <td data-label="State">
                <Badge tone label=state/>
            </td>
            <td data-label="Rows" class="num">
                {format_number(u64::from(line.rows))}
            </td>
            <td data-label="Outcome">
                {(!outcomes.is_empty()).then(|| view! { <SplitBar segments=outcomes/> })}
                <span class="table__sub">{told}</span>
            </td>
            <td data-label="Submitted by">{line.submitted_by}</td>
            <td data-label="When">
                <DateText at=line.created_at.0 style=DateStyle::Minute/>
            </td>
        </tr>
    }
    .into_any()
}

/// What became of its rows: as a bar, and in words.
fn told(line: &ImportLine) -> (Vec<Segment>, String) {
    let outcomes: Vec<_> = RowOutcome::ALL
        .into_iter()
        .filter_map(|outcome| {
            let amount = u64::from(line.outcomes.of(outcome));
            let (words, tone) = outcome_words(outcome);
            (amount > 0).then(|| Segment {
                tone,
                amount,
                label: format!("{} {words}", format_number(amount)),
            })
        })
        .collect();
    let words = outcomes
        .iter()
        .map(|segment| segment.label.clone())
        .collect::<Vec<_>>()
        .join(", ");
    let told = match line.state {
        ImportState::Receiving => {
            "Not finished: the upload was broken off or is still under way.".to_owned()
        }
        ImportState::Committing => {
            let done: u32 = line.outcomes.values().sum();
            format!("{} done so far.", count_of(u64::from(done), "row", "rows"))
        }
        ImportState::Rejected => format!("Nothing was created: {words}."),
        ImportState::Done => words,
        ImportState::Failed => format!("Stopped after {words}."),
        ImportState::Undoing => "What it made is being taken back.".to_owned(),
        ImportState::Undone => format!("Taken back. It had been: {words}."),
    };
    (outcomes, told)
}
