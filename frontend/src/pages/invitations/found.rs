//! Filters whose value is found while one types: a tenant, a course or program, a person.

use app::{
    api::{
        apps::App,
        catalog::{CatalogLine, CatalogList, CatalogPage, ListCatalog},
        invitations::{FilterNames, InvitationFilter, InvitationsNamed},
    },
    domain::invitation::InvitationKind,
};
use leptos::prelude::*;

use super::{filters::Filters, lines::Filter};
use crate::{
    components::{Choice, Combobox},
    effects::{effect, effect_since},
    pages::data_manager::pick::{self, Field},
    query::Query,
    session::{Session, use_session},
    shared::Derived,
    tenant::use_tenant,
    typing::rested,
};

/// A field that a part of the filter is picked in.
#[derive(Clone, Copy)]
struct Part {
    field: Field,
    get: fn(&Filter) -> String,
    set: fn(&mut Filter, &str),
    name: fn(&FilterNames) -> String,
}

/// The fields of a list.
pub fn found_fields(filters: Filters) -> AnyView {
    let session = use_session();
    let slug = use_tenant().slug;
    let named = {
        let slug = slug.clone();
        // Ids alone: what is searched for has no name to ask for.
        let ids = Derived::new(move || {
            let asked = &filters.now.read().asked;
            InvitationFilter {
                tenant: asked.tenant.clone(),
                target: asked.target,
                inviter: asked.inviter.filter(|_| filters.app.is_some()),
                ..InvitationFilter::default()
            }
        });
        Query::new(session, move || {
            let filter = (*ids.read()).clone();
            (filter != InvitationFilter::default()).then(|| InvitationsNamed {
                tenant: slug.clone(),
                filter,
            })
        })
    };
    let target = |field: Field| Part {
        field,
        get: |filter| {
            filter
                .asked
                .target
                .map(|one| one.to_string())
                .unwrap_or_default()
        },
        set: |filter, value| filter.asked.target = value.parse().ok(),
        name: |names| names.target.clone(),
    };
    let mut fields = Vec::new();
    match filters.app {
        None => {
            let part = target(own_items(session, slug));
            fields.push(field_view(
                filters,
                named,
                part,
                "filter-target",
                "Course or program",
            ));
        }
        Some(App::Course) => {
            let part = target(pick::items(session, InvitationKind::Course));
            fields.push(field_view(filters, named, part, "filter-target", "Course"));
        }
        Some(App::Program) => {
            let part = target(pick::items(session, InvitationKind::Program));
            fields.push(field_view(filters, named, part, "filter-target", "Program"));
        }
        Some(App::Platform | App::Placeholder) => {}
    }
    if filters.app.is_some() {
        let tenant = Part {
            field: pick::tenants(session),
            get: |filter| filter.asked.tenant.clone(),
            set: |filter, value| value.clone_into(&mut filter.asked.tenant),
            name: |names| names.tenant.clone(),
        };
        let inviter = Part {
            field: pick::users(session),
            get: |filter| {
                filter
                    .asked
                    .inviter
                    .map(|one| one.to_string())
                    .unwrap_or_default()
            },
            set: |filter, value| filter.asked.inviter = value.parse().ok(),
            name: |names| names.inviter.clone(),
        };
        fields.push(field_view(
            filters,
            named,
            tenant,
            "filter-tenant",
            "Tenant",
        ));
        fields.push(field_view(
            filters,
            named,
            inviter,
            "filter-inviter",
            "Invited by",
        ));
    }
    fields.into_any()
}

/// The field, which follows the filter and sets it.
fn field_view(
    filters: Filters,
    named: Query<FilterNames>,
    part: Part,
    id: &'static str,
    label: &'static str,
) -> AnyView {
    let field = part.field;
    let picked = move || field.values().pop().unwrap_or_default();
    effect(move || {
        let now = (part.get)(&filters.now.read());
        let name = named
            .ready()
            .map(|names| (part.name)(&names))
            .unwrap_or_default();
        if now == untrack(picked) {
            return;
        }
        if now.is_empty() {
            field.clear();
        } else if !name.is_empty() {
            field.typed.set(name.clone());
            field.picked.set(vec![Choice {
                value: now,
                label: name,
                note: String::new(),
                follows: Vec::new(),
            }]);
        }
    });
    effect_since(move |last: Option<()>| {
        field.picked.track();
        let wanted = picked();
        if last.is_some() && untrack(|| (part.get)(&filters.now.read())) != wanted {
            filters.change(|filter| (part.set)(filter, &wanted));
        }
    });
    view! {
        <Combobox
            label
            id
            typed=field.typed
            picked=field.picked
            found=field.found
            most=1
            placeholder="Any"
        />
    }
    .into_any()
}

/// A field that finds the tenant's own and the shared courses and programs.
fn own_items(session: Session, slug: String) -> Field {
    let typed = RwSignal::new(String::new());
    let search = rested(typed);
    let query = Query::new(session, move || {
        let search = search.get();
        (!search.is_empty()).then(|| CatalogList {
            input: ListCatalog {
                tenant: slug.clone(),
                search,
                ..ListCatalog::default()
            },
        })
    });
    let found = move || {
        (!search.with(String::is_empty))
            .then(|| query.ready())
            .flatten()
    };
    let choice = |one: CatalogLine| Choice {
        value: one.item.to_string(),
        label: one.title,
        note: one.key,
        follows: Vec::new(),
    };
    Field {
        typed,
        found: Signal::derive(move || {
            found().map(|page: CatalogPage| page.items.into_iter().map(choice).collect())
        }),
        picked: RwSignal::new(Vec::new()),
    }
}
