//! What the fields of the forms find: people, courses, programs, tenants.

use app::{
    api::{
        catalog::{CatalogFind, FoundItem},
        tenants::{FoundTenant, TenantsFind},
        users::{FoundUser, UsersFind},
    },
    domain::invitation::InvitationKind,
};
use leptos::prelude::*;

use crate::{components::Choice, query::Query, session::Session, typing::rested};

/// What a field knows: what is typed, found and picked. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Field {
    /// What is typed.
    pub typed: RwSignal<String>,
    /// What is found for it.
    pub found: Signal<Option<Vec<Choice>>>,
    /// What is picked.
    pub picked: RwSignal<Vec<Choice>>,
}

impl Field {
    /// Nothing is typed or picked.
    pub fn clear(self) {
        self.typed.set(String::new());
        self.picked.set(Vec::new());
    }

    /// The first value that is picked, as a signal.
    pub fn first(self) -> Signal<Option<String>> {
        Memo::new(move |_| {
            self.picked
                .with(|picked| picked.first().map(|one| one.value.clone()))
        })
        .into()
    }

    /// The values that are picked.
    pub fn values(self) -> Vec<String> {
        self.picked
            .with_untracked(|picked| picked.iter().map(|one| one.value.clone()).collect())
    }

    /// What is picked, in words.
    pub fn words(self) -> String {
        self.picked.with(|picked| {
            let labels: Vec<&str> = picked.iter().map(|one| one.label.as_str()).collect();
            labels.join(", ")
        })
    }
}

/// A field that finds people with an account.
pub fn users(session: Session) -> Field {
    let typed = RwSignal::new(String::new());
    let search = rested(typed);
    let query = Query::new(session, move || {
        let search = search.get();
        (!search.is_empty()).then_some(UsersFind { search })
    });
    let found = move || {
        (!search.with(String::is_empty))
            .then(|| query.ready())
            .flatten()
    };
    Field {
        typed,
        found: Signal::derive(move || found().map(|all| all.into_iter().map(person).collect())),
        picked: RwSignal::new(Vec::new()),
    }
}

/// A field that finds courses or programs of any tenant.
pub fn items(session: Session, kind: InvitationKind) -> Field {
    let typed = RwSignal::new(String::new());
    let search = rested(typed);
    let query = Query::new(session, move || {
        let search = search.get();
        (!search.is_empty()).then_some(CatalogFind { search, kind })
    });
    let found = move || {
        (!search.with(String::is_empty))
            .then(|| query.ready())
            .flatten()
    };
    Field {
        typed,
        found: Signal::derive(move || found().map(|all| all.into_iter().map(item).collect())),
        picked: RwSignal::new(Vec::new()),
    }
}

/// A field that finds tenants; the first ones before anything is typed.
pub fn tenants(session: Session) -> Field {
    let typed = RwSignal::new(String::new());
    let picked = RwSignal::new(Vec::new());
    let search = rested(typed);
    let query = Query::new(session, move || {
        Some(TenantsFind {
            search: search.get(),
        })
    });
    Field {
        typed,
        found: Signal::derive(move || {
            query
                .ready()
                .map(|all: Vec<FoundTenant>| all.into_iter().map(tenant).collect())
        }),
        picked,
    }
}

fn person(one: FoundUser) -> Choice {
    Choice {
        value: one.user.to_string(),
        note: if one.username.is_empty() {
            one.email
        } else {
            format!("{} · {}", one.email, one.username)
        },
        label: one.name,
        follows: one.tenants.into_iter().map(|t| (t.slug, t.name)).collect(),
    }
}

fn item(one: FoundItem) -> Choice {
    let owner = one.tenant.as_ref().map_or("shared by all", |t| &t.name);
    Choice {
        value: one.item.to_string(),
        note: format!("{} · {owner}", one.key),
        label: one.title,
        follows: one.tenant.into_iter().map(|t| (t.slug, t.name)).collect(),
    }
}

/// A tenant as a choice.
pub fn tenant(one: FoundTenant) -> Choice {
    Choice {
        value: one.slug,
        label: one.name,
        note: String::new(),
        follows: Vec::new(),
    }
}
