//! Search and status: where they are kept, and the bar that sets them.

use app::domain::invitation::InvitationStatus;
use leptos::prelude::*;

use super::lines::Filter;
use crate::effects::effect;
use crate::keyed::keyed;
use crate::{
    components::{Chip, SearchField, Tone},
    router::use_router,
    shared::{Derived, Shared},
    tenant::use_tenant,
    text::status_badge,
    typing::when_rested,
};

/// The statuses with a chip of their own, in this order; others get one while they count.
const ALWAYS: [InvitationStatus; 5] = [
    InvitationStatus::Pending,
    InvitationStatus::Accepted,
    InvitationStatus::Declined,
    InvitationStatus::Expired,
    InvitationStatus::Revoked,
];

/// The filter and how to change it.
#[derive(Clone, Copy)]
pub struct Filters {
    /// The filter now.
    pub now: Derived<Filter>,
    set: Callback<Filter>,
}

impl Filters {
    /// Kept in the page's address, so that a reload and a link keep it.
    pub fn in_address() -> Self {
        let router = use_router();
        let now = Derived::new(move || Filter {
            search: router.param("q").unwrap_or_default(),
            status: router
                .param("status")
                .and_then(|word| InvitationStatus::parse(&word)),
        });
        let set = Callback::new(move |filter: Filter| {
            let path = router.path().get_untracked();
            router.replace_quietly(&format!("{path}{}", address_query(&filter)));
        });
        Self { now, set }
    }

    /// Kept in the component only.
    pub fn in_memory() -> Self {
        let kept = Shared::new(Filter::default());
        Self {
            now: Derived::new(move || (*kept.read()).clone()),
            set: Callback::new(move |filter| kept.set(filter)),
        }
    }

    /// Changes the filter.
    pub fn set(self, filter: Filter) {
        self.set.run(filter);
    }

    /// Changes the status only.
    pub fn set_status(self, status: Option<InvitationStatus>) {
        let search = untrack(|| self.now.read()).search.clone();
        self.set(Filter { search, status });
    }

    /// Changes the search only.
    pub fn set_search(self, search: String) {
        let status = untrack(|| self.now.read()).status;
        self.set(Filter { search, status });
    }
}

fn address_query(filter: &Filter) -> String {
    let mut parts = Vec::new();
    if !filter.search.is_empty() {
        let search: String = js_sys::encode_uri_component(&filter.search).into();
        parts.push(format!("q={search}"));
    }
    if let Some(status) = filter.status {
        parts.push(format!("status={}", status.as_str()));
    }
    if parts.is_empty() {
        String::new()
    } else {
        format!("?{}", parts.join("&"))
    }
}

/// Search field and status chips with their counts.
#[component]
pub fn FilterBar(
    /// What it shows and sets.
    filters: Filters,
    /// True while the answer to it is under way.
    #[prop(into)]
    busy: Signal<bool>,
) -> impl IntoView {
    let overview = use_tenant().overview;
    let counts = Derived::new(move || overview.ready().map(|overview| overview.people_by_status));
    // All of them where no status is given.
    let count_of = move |status: Option<InvitationStatus>| {
        let counts = counts.read();
        (*counts).as_ref().map(|counts| match status {
            Some(status) => counts.of(status),
            None => counts.values().sum(),
        })
    };
    let text = debounced(filters);
    let shown = move || {
        let wanted = filters.now.read().status;
        let mut shown = ALWAYS.to_vec();
        for &status in InvitationStatus::ALL {
            let occurs = count_of(Some(status)).is_some_and(|count| count > 0);
            if !ALWAYS.contains(&status) && (occurs || wanted == Some(status)) {
                shown.push(status);
            }
        }
        shown
    };
    let chip = move |status: Option<InvitationStatus>, tone: Tone, words: &'static str| {
        let press = move |_| {
            let on = untrack(|| filters.now.read()).status == status;
            filters.set_status(status.filter(|_| !on));
        };
        view! {
            <Chip
                pressed=Signal::derive(move || filters.now.read().status == status)
                count=Signal::derive(move || count_of(status))
                tone
                on:click=press
            >
                {words}
            </Chip>
        }
        .into_any()
    };
    let status_chip = move |status: InvitationStatus| {
        let badge = status_badge(status);
        chip(Some(status), badge.tone(), badge.label())
    };
    view! {
        <div class="filters">
            <SearchField label="Search" value=text placeholder="Name or email" busy/>
            <div class="chips" role="group" aria-label="Status">
                {chip(None, Tone::Accent, "All")}
                {keyed(shown, |status| status.as_str().to_owned(), status_chip)}
            </div>
        </div>
    }
}

/// The field's text: sets the search when the typing rests, and follows it when the
/// address changes by other means.
fn debounced(filters: Filters) -> RwSignal<String> {
    let start = untrack(|| filters.now.read()).search.clone();
    let own = StoredValue::new(start.clone());
    let text = RwSignal::new(start);
    when_rested(text, move |typed| {
        if own.try_with_value(|own| *own != typed) == Some(true) {
            own.set_value(typed.clone());
            filters.set_search(typed);
        }
    });
    // A link to the same page without a query clears the field too; what this field
    // asked for itself never comes back over what is being typed.
    effect(move || {
        let search = filters.now.read().search.clone();
        if own.with_value(|own| *own != search) {
            own.set_value(search.clone());
            text.set(search);
        }
    });
    text
}
