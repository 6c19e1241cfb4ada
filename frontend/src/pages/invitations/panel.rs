//! The panel: filters, table, its empty and failed states, and what is done to its lines.

use app::api::apps::App;
use leptos::prelude::*;

use super::{
    acts::{Actions, Acts},
    bulk::{Bulk, BulkBar},
    columns::{Column, Shown},
    filters::{FilterBar, Filters},
    lines::Listing,
    row::InvitationRow,
    select::Selection,
};
use crate::{
    components::{
        Button, EmptyArt, EmptyState, ErrorState, LinkButton, MoreButton, Skeleton, SkeletonShape,
        ZoneNote,
    },
    effects::effect_since,
    keyed::keyed,
    page::use_announcer,
    pages::data_manager::name_of,
    pages::seats::SeatsLine,
    query::trouble,
    routes::Page,
    session::use_session,
    shared::Derived,
    tenant::use_tenant,
    text::{count_of, failure},
    when::{flag, when},
};

/// Lines of a page of the list, and of the panel under the grid.
const PAGE: usize = 50;
const COMPACT_PAGE: usize = 10;

/// The list with its filters, for the tenant in the context.
#[component]
pub fn InvitationsPanel(
    /// True under the review grid: fewer lines, and filters that stay out of the address.
    #[prop(optional)]
    compact: bool,
    /// The app whose list it is, over all tenants.
    #[prop(optional)]
    app: Option<App>,
) -> impl IntoView {
    let session = use_session();
    let tenant = use_tenant();
    let filters = if compact {
        Filters::in_memory()
    } else {
        Filters::in_address(app)
    };
    let page = if compact { COMPACT_PAGE } else { PAGE };
    let listing = Listing::new(
        session,
        tenant.slug.clone(),
        page,
        filters.now,
        tenant.changes(),
    );
    let actions = Actions::new();
    let selection = Selection::new(listing);
    let bulk = StoredValue::new(Bulk::new(actions, selection, filters));
    // What was chosen under one filter is not meant under another.
    effect_since(move |last: Option<()>| {
        listing.filter.read();
        if last.is_some() {
            selection.clear();
        }
    });
    announce(listing);

    let state = Derived::new(move || match &*listing.lines.read() {
        None if listing.failed.read().is_some() => State::Failed,
        None => State::Waiting,
        Some(lines) if lines.is_empty() && listing.next.with(Option::is_some) => State::Further,
        Some(lines) if lines.is_empty() => State::Empty,
        Some(_) => State::Lines,
    });
    let changes = tenant.changes();
    let slug = StoredValue::new(tenant.slug);
    let seats_of = Signal::derive(move || Some(slug.get_value()));
    view! {
        <div class="stack">
            {compact.then(|| view! { <SeatsLine slug=seats_of changes/> })}
            <FilterBar filters busy=listing.busy compact/>
            <div class="card" aria-busy=move || listing.busy.get().then_some("true")>
                {(!compact)
                    .then(|| {
                        let more = Signal::derive(move || listing.next.with(Option::is_some));
                        view! { <BulkBar bulk more/> }
                    })}
                {move || match *state.read() {
                    State::Waiting => {
                        view! { <Skeleton shape=SkeletonShape::Rows count=6/> }.into_any()
                    }
                    State::Failed => view! { <Failure listing/> }.into_any(),
                    State::Further => view! { <Further listing/> }.into_any(),
                    State::Empty => {
                        view! { <Nobody filters slug=slug.get_value() compact/> }.into_any()
                    }
                    State::Lines => {
                        let selection = (!compact).then_some(selection);
                        let shown = Shown::new(filters);
                        view! { <Table listing actions selection shown/> }.into_any()
                    }
                }}
            </div>
        </div>
        <Acts actions/>
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Failed,
    /// Nobody so far.
    Further,
    Empty,
    Lines,
}

/// Tells screen readers how many lines a new filter left.
fn announce(listing: Listing) {
    let announcer = use_announcer();
    effect_since(move |last: Option<bool>| {
        let busy = listing.busy.get();
        if last == Some(true) && !busy {
            let more = listing.next.with_untracked(Option::is_some);
            let people = count_of(listing.shown() as u64, "person", "people");
            announcer.say(if more {
                format!("{people} shown, more follow.")
            } else {
                format!("{people} shown.")
            });
        }
        busy
    });
}

#[component]
fn Failure(listing: Listing) -> impl IntoView {
    let message = move || {
        let error = listing.failed.read();
        (*error).as_ref().map(failure).unwrap_or_default()
    };
    view! {
        <ErrorState
            title="The invitations could not be loaded."
            message=Signal::derive(message)
            on_retry=Callback::new(move |()| listing.retry())
        />
    }
}

/// A search and most filters are asked of so many invitations at a time.
#[component]
fn Further(listing: Listing) -> impl IntoView {
    let action = move || {
        let on_more = Callback::new(move |()| listing.more());
        view! { <MoreButton busy=listing.more_busy on_more/> }
    };
    view! {
        <EmptyState title="Nobody matches so far." art=EmptyArt::Search action>
            "Not all invitations were looked at yet. Show more goes on with the next; a whole address finds a person at once."
        </EmptyState>
    }
}

#[component]
fn Nobody(filters: Filters, slug: String, compact: bool) -> impl IntoView {
    let unfiltered = flag(move || filters.is_empty());
    if let (true, Some(app)) = (untrack(|| unfiltered.get()), filters.app) {
        let action = move || {
            view! {
                <LinkButton href=Page::AddInvitations(app).href()>
                    {format!("Add {}", name_of(app))}
                </LinkButton>
            }
        };
        return view! {
            <EmptyState title="Nobody is invited yet." art=EmptyArt::Letter action>
                "Whoever is invited this way, by hand or by a tenant’s list, appears here."
            </EmptyState>
        }
        .into_any();
    }
    let upload = Page::Invite(slug).href();
    let draw = move || {
        if unfiltered.get() {
            let upload = upload.clone();
            let action = move || {
                // The pages with the compact panel have their own button for it.
                (!compact)
                    .then(|| view! { <LinkButton href=upload.clone()>"Upload a list"</LinkButton> })
            };
            view! {
                <EmptyState title="Nobody is invited yet." art=EmptyArt::Letter action>
                    "Upload a list of people, correct it and submit it: they appear here as Pending."
                </EmptyState>
            }
            .into_any()
        } else {
            let action = move || {
                view! {
                    <Button on:click=move |_| filters.clear()>
                        "Clear the filters"
                    </Button>
                }
            };
            view! {
                <EmptyState title="Nobody matches." art=EmptyArt::Search action>
                    "Try a part of the name or the address, or another status."
                </EmptyState>
            }
            .into_any()
        }
    };
    view! { {move || draw()} }.into_any()
}

#[component]
fn Table(
    listing: Listing,
    actions: Actions,
    selection: Option<Selection>,
    shown: Shown,
) -> impl IntoView {
    let lines = move || (*listing.lines.read()).clone().unwrap_or_default();
    let more = move || {
        let on_more = Callback::new(move |()| listing.more());
        view! { <MoreButton busy=listing.more_busy on_more/> }.into_any()
    };
    view! {
        <div
            class="table-frame"
            role="region"
            aria-label="Invitations"
            tabindex="0"
        >
            <table class="table table--cards">
                <thead>
                    <tr>
                        {selection.map(select_shown)}
                        <td></td>
                        <th scope="col">"Person"</th>
                        {shown.all.then(|| head(shown, Column::Tenant, "Tenant"))}
                        {head(shown, Column::To, "Invited to")}
                        <th scope="col">"Status"</th>
                        {head(shown, Column::Mail, "Mail")}
                        {head(shown, Column::By, "Invited by")}
                        {head(shown, Column::Created, "Created")}
                        {head(shown, Column::Expires, "Expires")}
                        <td></td>
                    </tr>
                </thead>
                <tbody>
                    {keyed(
                        lines,
                        |line| line.id.0.to_string(),
                        move |line| view! { <InvitationRow line actions selection shown/> }.into_any(),
                    )}
                </tbody>
            </table>
        </div>
        {trouble(listing.failed)}
        <ZoneNote/>
        {when(move || listing.next.with(Option::is_some), more)}
    }
}

fn head(shown: Shown, column: Column, words: &'static str) -> AnyView {
    view! {
        <th scope="col" hidden=move || shown.hides(column)>
            {words}
        </th>
    }
    .into_any()
}

/// The box in the table's head: all lines that are shown.
fn select_shown(selection: Selection) -> AnyView {
    let every = flag(move || selection.every());
    let some = flag(move || !every.get() && !selection.lines().is_empty());
    view! {
        <td class="cell--tight cell--tick">
            <input
                type="checkbox"
                class="tick"
                aria-label="Select all that are shown"
                prop:checked=move || every.get()
                prop:indeterminate=move || some.get()
                on:change:target=move |event| selection.set_shown(event.target().checked())
            />
        </td>
    }
    .into_any()
}
