//! The record's filter, in the page's address, and the fields that set it.

use app::{
    api::{
        audit::AuditFilter,
        people::{ListPeople, PeopleList, PeoplePage},
    },
    bulk::date::{parse_iso, to_iso},
};
use leptos::prelude::*;

use super::{record::Record, words::ACTS};
use crate::{
    components::{Choice, Combobox, Select, SelectOption, TextInput},
    effects::{effect, effect_since},
    pages::data_manager::pick::{self, Field},
    query::Query,
    router::use_router,
    session::Session,
    shared::Derived,
    typing::rested,
};

/// The filter and how to change it. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Filters {
    /// The filter now.
    pub now: Derived<AuditFilter>,
    set: Callback<AuditFilter>,
}

impl Filters {
    /// Kept in the page's address.
    pub fn in_address() -> Self {
        let router = use_router();
        let now = Derived::new(move || {
            let word = |name: &str| router.param(name).unwrap_or_default();
            AuditFilter {
                who: word("who").parse().ok(),
                action: word("act"),
                subject: word("id"),
                from: parse_iso(&word("from")),
                to: parse_iso(&word("until")),
            }
        });
        let set = Callback::new(move |filter: AuditFilter| {
            let text = |text: &str| {
                (!text.is_empty()).then(|| String::from(js_sys::encode_uri_component(text)))
            };
            let parts: Vec<String> = [
                ("who", filter.who.map(|one| one.to_string())),
                ("act", text(&filter.action)),
                ("id", text(&filter.subject)),
                ("from", filter.from.map(to_iso)),
                ("until", filter.to.map(to_iso)),
            ]
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", value?)))
            .collect();
            let path = router.path().get_untracked();
            let sign = if parts.is_empty() { "" } else { "?" };
            router.replace_quietly(&format!("{path}{sign}{}", parts.join("&")));
        });
        Self { now, set }
    }

    fn change(self, change: impl FnOnce(&mut AuditFilter)) {
        let mut filter = (*untrack(|| self.now.read())).clone();
        change(&mut filter);
        self.set.run(filter);
    }
}

type Reads = fn(&AuditFilter) -> String;
type Writes = fn(&mut AuditFilter, &str);

/// A field that follows the filter and sets it.
fn bound(filters: Filters, get: Reads, set: Writes) -> RwSignal<String> {
    let field = RwSignal::new(untrack(|| get(&filters.now.read())));
    let asked = rested(field);
    effect(move || {
        let now = get(&filters.now.read());
        if untrack(|| asked.get()) != now {
            field.set(now);
        }
    });
    effect_since(move |last: Option<()>| {
        let wanted = asked.get();
        if last.is_some() && untrack(|| get(&filters.now.read())) != wanted {
            filters.change(|filter| set(filter, &wanted));
        }
    });
    field
}

/// The fields.
pub fn bar(filters: Filters, record: Record) -> AnyView {
    let act = bound(
        filters,
        |filter| filter.action.clone(),
        |filter, value| value.clone_into(&mut filter.action),
    );
    let subject = bound(
        filters,
        |filter| filter.subject.clone(),
        |filter, value| value.clone_into(&mut filter.subject),
    );
    let from = bound(
        filters,
        |filter| filter.from.map(to_iso).unwrap_or_default(),
        |filter, value| filter.from = parse_iso(value),
    );
    let until = bound(
        filters,
        |filter| filter.to.map(to_iso).unwrap_or_default(),
        |filter, value| filter.to = parse_iso(value),
    );
    let acts = std::iter::once(("", "Anything"))
        .chain(ACTS)
        .map(|(value, label)| SelectOption::new(value, label))
        .collect();
    let who = who(filters, record);
    view! {
        <div class="filters">
            <div class="filters__more" role="group" aria-label="Filter">
                <Select label="What" value=act options=acts/>
                <Combobox
                    label="Who"
                    id="audit-who"
                    typed=who.typed
                    picked=who.picked
                    found=who.found
                    most=1
                    placeholder="Anybody"
                />
                <TextInput label="From" value=from input_type="date"/>
                <TextInput label="Until" value=until input_type="date"/>
                <TextInput
                    label="Id"
                    value=subject
                    hint="Of an invitation, an account, an import …"
                />
            </div>
        </div>
    }
    .into_any()
}

/// An account whose name is not known here.
fn unnamed(id: &str) -> String {
    format!("The account {id}")
}

/// Who did it: an account, or one of the tenant's members.
fn who(filters: Filters, record: Record) -> Field {
    let slug = record.slug();
    let field = if slug.is_empty() {
        pick::users(record.session)
    } else {
        members(record.session, slug)
    };
    let picked = move || field.values().pop().unwrap_or_default();
    let asked = move || {
        filters
            .now
            .read()
            .who
            .map(|one| one.to_string())
            .unwrap_or_default()
    };
    effect(move || {
        let now = asked();
        // Everything that is left is theirs: the first line says the name. Where nothing is
        // left, or nothing came, the filter is there to be seen and cleared all the same.
        let lines = record.lines.read();
        let failed = record.failed.read().is_some();
        let name = match &*lines {
            Some(lines) => Some(
                lines
                    .first()
                    .map_or_else(|| unnamed(&now), |one| one.who.clone()),
            ),
            None => failed.then(|| unnamed(&now)),
        };
        if now == untrack(picked) {
            return;
        }
        if now.is_empty() {
            field.clear();
        } else if let Some(label) = name {
            field.typed.set(label.clone());
            field.picked.set(vec![Choice {
                value: now,
                label,
                note: String::new(),
                follows: Vec::new(),
            }]);
        }
    });
    effect_since(move |last: Option<()>| {
        field.picked.track();
        let wanted = picked();
        if last.is_some() && untrack(asked) != wanted {
            filters.change(|filter| filter.who = wanted.parse().ok());
        }
    });
    field
}

/// A field that finds a tenant's members.
fn members(session: Session, slug: String) -> Field {
    let typed = RwSignal::new(String::new());
    let search = rested(typed);
    let query = Query::new(session, move || {
        let search = search.get();
        (!search.is_empty()).then(|| PeopleList {
            input: ListPeople {
                tenant: slug.clone(),
                search,
                after: None,
            },
        })
    });
    let found = move || {
        (!search.with(String::is_empty))
            .then(|| query.ready())
            .flatten()
    };
    Field {
        typed,
        found: Signal::derive(move || {
            found().map(|page: PeoplePage| {
                let people = page.people.into_iter();
                people
                    .map(|one| Choice {
                        value: one.user.to_string(),
                        label: one.name,
                        note: one.email,
                        follows: Vec::new(),
                    })
                    .collect()
            })
        }),
        picked: RwSignal::new(Vec::new()),
    }
}
