//! `/data-manager/audit` and `/t/:slug/management/audit`: who did what to what, and when.

mod export;
mod filters;
mod record;
mod words;

use leptos::prelude::*;

use self::{filters::Filters, record::Record};
use crate::{
    components::{
        Button, DateStyle, DateText, EmptyArt, EmptyState, ErrorState, IconName, MoreButton,
        PageHead, Skeleton, SkeletonShape, ZoneNote,
    },
    keyed::keyed,
    page::use_title,
    query::trouble,
    routes::Page,
    session::use_session,
    text::failure,
    when::{flag, when},
};
use app::api::audit::AuditLine;

/// The record of one tenant, or of all.
#[component]
pub fn AuditPage(
    /// The tenant's slug; empty: all tenants.
    slug: String,
) -> impl IntoView {
    use_title(|| "Audit".to_owned());
    let over_all = slug.is_empty();
    let filters = Filters::in_address();
    let record = Record::new(use_session(), slug, filters);
    let exporting = RwSignal::new(false);
    let actions = move || {
        view! {
            <Button
                icon=IconName::Download
                busy=exporting
                on:click=move |_| export::save(record, exporting)
            >
                "Export CSV"
            </Button>
        }
    };
    let count = move || (*record.lines.read()).as_ref().map(Vec::len);
    let waits = flag(move || count().is_none() && record.failed.read().is_none());
    let broken = flag(move || count().is_none() && record.failed.read().is_some());
    let shown = flag(move || count().is_some());
    let nobody = flag(move || count() == Some(0));
    let some = flag(move || count().is_some_and(|count| count > 0));
    let more = move || {
        let on_more = Callback::new(move |()| record.more());
        view! { <MoreButton busy=record.busy on_more/> }.into_any()
    };
    view! {
        <PageHead title="Audit" actions>
            "Who did what, to what, and when. Nothing here can be changed; names are those of now."
        </PageHead>
        <div class="stack">
            {filters::bar(filters, record)}
            <div class="card" aria-busy=move || record.busy.get().then_some("true")>
                {when(
                    move || waits.get(),
                    || view! { <Skeleton shape=SkeletonShape::Rows count=6/> }.into_any(),
                )}
                {when(move || broken.get(), move || error(record))}
                {when(move || nobody.get(), move || nothing(record))}
                {when(move || some.get(), move || table(record, over_all))}
                {when(move || shown.get(), move || trouble(record.failed))}
                {when(move || record.next.with(Option::is_some), more)}
            </div>
        </div>
    }
}

fn error(record: Record) -> AnyView {
    let message = move || {
        let error = record.failed.read();
        (*error).as_ref().map(failure).unwrap_or_default()
    };
    view! {
        <ErrorState
            title="The record could not be loaded."
            message=Signal::derive(message)
            on_retry=Callback::new(move |()| record.retry())
        />
    }
    .into_any()
}

fn nothing(record: Record) -> AnyView {
    // Showing more may find the end.
    let further = flag(move || record.next.with(Option::is_some));
    let title = Signal::derive(move || {
        if further.get() {
            "Nothing matches so far."
        } else {
            "Nothing matches."
        }
        .to_owned()
    });
    let words = move || {
        if further.get() {
            "Not the whole record was looked at yet. Show more goes on with what is older."
        } else {
            "Try other days, or fewer filters."
        }
    };
    view! {
        <EmptyState title art=EmptyArt::Search>
            {words}
        </EmptyState>
    }
    .into_any()
}

fn table(record: Record, over_all: bool) -> AnyView {
    view! {
        <div class="table-frame" role="region" aria-label="Record" tabindex="0">
            <table class="table table--cards">
                <thead>
                    <tr>
                        <th scope="col">"What"</th>
                        <th scope="col">"About"</th>
                        <th scope="col">"Who"</th>
                        {over_all.then(|| view! { <th scope="col">"Tenant"</th> })}
                        <th scope="col">"When"</th>
                    </tr>
                </thead>
                <tbody>
                    {keyed(
                        move || (*record.lines.read()).clone().unwrap_or_default(),
                        |line| line.id.clone(),
                        move |line| row(line, over_all),
                    )}
                </tbody>
            </table>
        </div>
        <ZoneNote/>
    }
    .into_any()
}

fn row(line: AuditLine, over_all: bool) -> AnyView {
    let about = if line.about.is_empty() {
        words::subject(&line.subject).to_owned()
    } else {
        line.about.clone()
    };
    let page = match (line.bundle, line.subject.as_str()) {
        _ if line.tenant.is_empty() => None,
        (Some(bundle), _) => Some(Page::Invitation(line.tenant.clone(), bundle.to_string())),
        (None, "import") => Some(Page::Import(line.tenant.clone(), line.subject_id.clone())),
        _ => None,
    };
    view! {
        <tr>
            <td class="cell--lead" title=line.action.clone()>
                {words::act(&line.action).map_or_else(|| line.action.clone(), str::to_owned)}
            </td>
            <td data-label="About" title=format!("{} {}", line.subject, line.subject_id)>
                {match page {
                    Some(page) => view! { <a href=page.href()>{about}</a> }.into_any(),
                    None => about.into_any(),
                }}
            </td>
            <td data-label="Who">{line.who}</td>
            {over_all.then(|| view! { <td data-label="Tenant">{line.tenant_name}</td> })}
            <td data-label="When">
                <span class="moment">
                    <DateText at=line.at.0 style=DateStyle::Minute/>
                </span>
            </td>
        </tr>
    }
    .into_any()
}
