//! The filters that are not needed every day, and the order: in a panel that unfolds.

use app::{
    api::{
        imports::{ImportLine, ImportsList},
        invitations::{InvitationsInviters, Inviter},
    },
    bulk::date::{parse_iso, to_iso},
    domain::{
        invitation::{DeliveryStatus, InvitationKind},
        role::Role,
    },
};
use leptos::prelude::*;

use super::{
    address::{active_word, read_sort, sort_word},
    filters::{Filters, asked_by},
    found::found_fields,
    lines::Filter,
};
use crate::{
    components::{Button, ButtonSize, IconName, Select, SelectOption, TextInput},
    effects::{effect, effect_since},
    query::Query,
    session::use_session,
    tenant::use_tenant,
    text::{delivery_badge, kind_word, role_word},
    when::when,
};

/// A field of the panel that follows the filter and sets it.
fn bound(
    filters: Filters,
    get: fn(&Filter) -> String,
    set: fn(&mut Filter, &str),
) -> RwSignal<String> {
    let field = RwSignal::new(untrack(|| get(&filters.now.read())));
    effect(move || {
        let now = get(&filters.now.read());
        if field.with_untracked(|field| *field != now) {
            field.set(now);
        }
    });
    effect_since(move |last: Option<()>| {
        let wanted = field.get();
        if last.is_some() && untrack(|| get(&filters.now.read())) != wanted {
            filters.change(|filter| set(filter, &wanted));
        }
    });
    field
}

fn word(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn options(any: &str, words: impl IntoIterator<Item = (String, String)>) -> Vec<SelectOption> {
    let mut options = vec![SelectOption::new("", any)];
    options.extend(
        words
            .into_iter()
            .map(|(value, label)| SelectOption::new(value, label)),
    );
    options
}

/// True where the panel has something to show.
fn is_used(filters: Filters) -> bool {
    let filter = &*filters.now.read();
    let asked = &filter.asked;
    asked.kind != asked_by(filters.app).kind
        || asked.delivery.is_some()
        || asked.role.is_some()
        || asked.inviter.is_some()
        || asked.import.is_some()
        || asked.from.is_some()
        || asked.to.is_some()
        || asked.target.is_some()
        || asked.active.is_some()
        || !asked.source.is_empty()
        || !asked.tenant.is_empty()
        || sort_word(filter) != "created"
}

/// The button, and what it unfolds.
#[component]
pub fn MoreFilters(
    /// What it shows and sets.
    filters: Filters,
) -> impl IntoView {
    let open = RwSignal::new(untrack(|| is_used(filters)));
    view! {
        <Button
            size=ButtonSize::Small
            icon=IconName::List
            attr:aria-expanded=move || open.get().to_string()
            on:click=move |_| open.update(|open| *open = !*open)
        >
            "Filter and sort"
        </Button>
        {when(move || open.get(), move || panel(filters))}
    }
}

fn panel(filters: Filters) -> AnyView {
    let mail = bound(
        filters,
        |filter| word(filter.asked.delivery.map(DeliveryStatus::as_str)),
        |filter, value| filter.asked.delivery = DeliveryStatus::parse(value),
    );
    let role = bound(
        filters,
        |filter| word(filter.asked.role.map(Role::as_str)),
        |filter, value| filter.asked.role = Role::parse(value),
    );
    let kind = bound(
        filters,
        |filter| word(filter.asked.kind.map(InvitationKind::as_str)),
        |filter, value| filter.asked.kind = InvitationKind::parse(value),
    );
    let from = bound(
        filters,
        |filter| filter.asked.from.map(to_iso).unwrap_or_default(),
        |filter, value| filter.asked.from = parse_iso(value),
    );
    let until = bound(
        filters,
        |filter| filter.asked.to.map(to_iso).unwrap_or_default(),
        |filter, value| filter.asked.to = parse_iso(value),
    );
    let source = bound(
        filters,
        |filter| filter.asked.source.clone(),
        |filter, value| value.clone_into(&mut filter.asked.source),
    );
    let active = bound(
        filters,
        |filter| word(filter.asked.active.map(active_word)),
        |filter, value| {
            filter.asked.active = (!value.is_empty()).then(|| value == active_word(true));
        },
    );
    let sort = bound(filters, sort_word, |filter, value| {
        (filter.sort, filter.reversed) = read_sort(value);
    });
    let mails = DeliveryStatus::ALL.iter().map(|one| {
        let label = delivery_badge(*one).label().to_owned();
        (one.as_str().to_owned(), label)
    });
    let roles = Role::ALL.map(|one| (one.as_str().to_owned(), role_word(one).to_owned()));
    let kinds = InvitationKind::ALL
        .iter()
        .map(|one| (one.as_str().to_owned(), kind_word(*one).to_owned()));
    let sorts = [
        ("created", "Newest first"),
        ("-created", "Oldest first"),
        ("changed", "Status changed last"),
        ("-changed", "Status changed first"),
        ("-expires", "Expires soonest"),
        ("expires", "Expires latest"),
        ("invitee", "Invitee A–Z"),
        ("-invitee", "Invitee Z–A"),
    ]
    .map(|(value, label)| SelectOption::new(value, label))
    .to_vec();
    view! {
        <div class="filters__more" role="group" aria-label="Filter and sort">
            <Select label="Sort" value=sort options=sorts/>
            <Select label="Mail" value=mail options=options("Any", mails)/>
            <Select label="Role" value=role options=options("Any", roles)/>
            {asked_by(filters.app)
                .kind
                .is_none()
                .then(|| {
                    view! {
                        <Select
                            label="Invited to"
                            value=kind
                            options=options("Anything", kinds)
                        />
                    }
                })}
            <Select
                label="Active"
                value=active
                options=options(
                    "Any",
                    [
                        (active_word(true).to_owned(), "Active".to_owned()),
                        (active_word(false).to_owned(), "Inactive".to_owned()),
                    ],
                )
            />
            {found_fields(filters)}
            {filters.app.is_none().then(|| of_tenant(filters))}
            <TextInput label="Source" value=source hint="The whole of it, as it was written."/>
            <TextInput label="Created from" value=from input_type="date"/>
            <TextInput label="Created until" value=until input_type="date"/>
        </div>
    }
    .into_any()
}

/// Who invited in the tenant, and its lists.
fn of_tenant(filters: Filters) -> AnyView {
    let (session, tenant) = (use_session(), use_tenant());
    let slug = tenant.slug.clone();
    let inviters = Query::new(session, move || {
        Some(InvitationsInviters {
            tenant: slug.clone(),
        })
    });
    let slug = tenant.slug;
    let imports = Query::new(session, move || {
        Some(ImportsList {
            tenant: slug.clone(),
        })
    });
    view! {
        {move || inviters.ready().map(|found| inviter(filters, found))}
        {move || imports.ready().map(|found| import(filters, found))}
    }
    .into_any()
}

fn inviter(filters: Filters, found: Vec<Inviter>) -> AnyView {
    let value = bound(
        filters,
        |filter| {
            let inviter = filter.asked.inviter;
            inviter.map(|one| one.to_string()).unwrap_or_default()
        },
        |filter, value| filter.asked.inviter = value.parse().ok(),
    );
    let words = found
        .into_iter()
        .map(|one| (one.user.to_string(), one.name));
    view! { <Select label="Invited by" value options=options("Anybody", words)/> }.into_any()
}

fn import(filters: Filters, found: Vec<ImportLine>) -> AnyView {
    let value = bound(
        filters,
        |filter| {
            let import = filter.asked.import;
            import.map(|one| one.to_string()).unwrap_or_default()
        },
        |filter, value| filter.asked.import = value.parse().ok(),
    );
    let words = found
        .into_iter()
        .map(|one| (one.import.to_string(), one.file_name));
    view! { <Select label="List" value options=options("Any", words)/> }.into_any()
}
