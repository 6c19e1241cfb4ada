//! `/t/:slug/management/placeholders`: batches of blank invitations; with `?source=…` one of
//! them, its codes and its cards.

mod batch;
mod cards;
mod codes;
mod further;

use std::sync::Arc;

use app::{
    api::blanks::{BatchLine, BatchMark, BatchesPage, BlanksList},
    domain::counts::COUNTED,
};
use leptos::prelude::*;

use self::further::Further;
use crate::{
    components::{
        DateStyle, DateText, EmptyArt, EmptyState, MoreButton, PageHead, SkeletonShape, ZoneNote,
        format_count, format_number, use_toasts,
    },
    keyed::keyed,
    page::use_title,
    query::{Query, Steady},
    router::use_router,
    routes::Page,
    session::use_session,
    tenant::use_tenant,
    when::flag,
};

/// The address of a batch.
pub fn batch_href(slug: &str, source: &str) -> String {
    let source: String = js_sys::encode_uri_component(source).into();
    let page = Page::Placeholders(slug.to_owned()).href();
    format!("{page}?source={source}")
}

/// The batches, or one of them.
#[component]
pub fn PlaceholdersPage() -> impl IntoView {
    let router = use_router();
    let source = Memo::new(move |_| router.param("source").filter(|text| !text.is_empty()));
    move || match source.get() {
        Some(source) => batch::batch(source),
        None => batches(),
    }
}

fn batches() -> AnyView {
    let tenant = use_tenant();
    let session = use_session();
    let slug = tenant.slug.clone();
    let all = Query::new(session, move || {
        Some(BlanksList {
            tenant: slug.clone(),
            after: None,
        })
    })
    .follow(tenant.changes());
    let slug = tenant.slug.clone();
    let further = Further::new(
        use_toasts(),
        tenant.changes(),
        move || all.ready().and_then(|page| page.next),
        Arc::new(move |after| {
            let tenant = slug.clone();
            Box::pin(async move {
                let after = Some(after);
                let page = session.call(BlanksList { tenant, after }).await?;
                Ok((page.batches, page.next))
            })
        }),
    );
    let none = flag(move || all.ready().is_none_or(|page| page.batches.is_empty()));
    let slug = tenant.slug.clone();
    let list = Page::Invitations(slug.clone()).href();
    use_title(move || format!("Placeholders · {}", tenant.name()));
    view! {
        <PageHead title="Placeholders">
            "Invitations that are nobody’s yet, handed out by codes. " <a href=list>"All invitations"</a>
        </PageHead>
        <div class="card">
            <Steady query=all what="The batches" shape=SkeletonShape::Rows>
                {
                    let slug = slug.clone();
                    move || if none.get() { nothing() } else { table(slug.clone(), all, further) }
                }
            </Steady>
        </div>
        <ZoneNote/>
    }
    .into_any()
}

fn nothing() -> AnyView {
    view! {
        <EmptyState title="No codes were made yet." art=EmptyArt::Sheet>
            "Whoever runs the platform makes them in the Data Manager, under Placeholder Invitations."
        </EmptyState>
    }
    .into_any()
}

fn table(slug: String, all: Query<BatchesPage>, further: Further<BatchLine, BatchMark>) -> AnyView {
    let lines = move || {
        let mut lines = all.ready().map(|page| page.batches).unwrap_or_default();
        lines.extend(further.lines());
        lines
    };
    let more = move || {
        let first = all.ready().and_then(|page| page.next);
        further.next(first).map(|after| {
            let on_more = move |()| further.show_more(after.clone());
            view! { <MoreButton busy=further.busy on_more/> }
        })
    };
    view! {
        <div class="table-frame" role="region" aria-label="Batches" tabindex="0">
            <table class="table table--cards">
                <thead>
                    <tr>
                        <th scope="col">"Source"</th>
                        <th scope="col">"Made"</th>
                        <th scope="col">"Not used yet"</th>
                        <th scope="col">"When"</th>
                    </tr>
                </thead>
                <tbody>
                    {keyed(
                        lines,
                        |line| format!("{} {} {}", line.source, line.made, line.unassigned),
                        move |line| row(&slug, line),
                    )}
                </tbody>
            </table>
        </div>
        {more}
    }
    .into_any()
}

fn row(slug: &str, line: BatchLine) -> AnyView {
    let href = batch_href(slug, &line.source);
    view! {
        <tr>
            <td class="cell--lead">
                <a class="table__title" href=href>
                    {line.source}
                </a>
            </td>
            <td data-label="Made" class="num">{format_number(line.made)}</td>
            <td data-label="Not used yet" class="num">{format_count(line.unassigned, COUNTED)}</td>
            <td data-label="When">
                <DateText at=line.created_at.0 style=DateStyle::Minute/>
            </td>
        </tr>
    }
    .into_any()
}
