//! The filter: where it is kept, and the bar that sets search and status.

use app::{
    api::{apps::App, invitations::InvitationFilter, tenants::invited},
    domain::invitation::{InvitationKind, InvitationStatus},
};
use leptos::prelude::*;

use super::{address, columns::ColumnChoice, lines::Filter, more::MoreFilters};
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
    /// The app whose list it is, over all tenants; none: a tenant's own list.
    pub app: Option<App>,
    set: Callback<Filter>,
}

/// What an app's list asks for before anything is chosen.
pub fn asked_by(app: Option<App>) -> InvitationFilter {
    let mut asked = InvitationFilter::default();
    match app {
        Some(App::Course) => asked.kind = Some(InvitationKind::Course),
        Some(App::Program) => asked.kind = Some(InvitationKind::Program),
        Some(App::Platform) => asked.kind = Some(InvitationKind::Platform),
        Some(App::Placeholder) => asked.placeholder = true,
        None => {}
    }
    asked
}

impl Filters {
    /// Kept in the page's address, so that a reload and a link keep it.
    pub fn in_address(app: Option<App>) -> Self {
        let router = use_router();
        let now = Derived::new(move || {
            let mut filter = address::read(&|name| router.param(name));
            let fixed = asked_by(app);
            filter.asked.placeholder = fixed.placeholder;
            filter.asked.kind = fixed.kind.or(filter.asked.kind);
            if app.is_none() {
                filter.asked.tenant.clear();
            }
            filter
        });
        let set = Callback::new(move |mut filter: Filter| {
            // What the page's path says needs no word in its query.
            if asked_by(app).kind.is_some() {
                filter.asked.kind = None;
            }
            let path = router.path().get_untracked();
            router.replace_quietly(&format!("{path}{}", address::query(&filter)));
        });
        Self { now, app, set }
    }

    /// Kept in the component only.
    pub fn in_memory() -> Self {
        let kept = Shared::new(Filter::default());
        Self {
            now: Derived::new(move || (*kept.read()).clone()),
            app: None,
            set: Callback::new(move |filter| kept.set(filter)),
        }
    }

    /// True where nothing is filtered out; tracked.
    pub fn is_empty(self) -> bool {
        self.now.read().asked == asked_by(self.app)
    }

    /// Filters nothing out any more.
    pub fn clear(self) {
        self.change(|filter| filter.asked = asked_by(self.app));
    }

    /// Changes the filter.
    pub fn set(self, filter: Filter) {
        self.set.run(filter);
    }

    /// Changes a part of it.
    pub fn change(self, change: impl FnOnce(&mut Filter)) {
        let mut filter = (*untrack(|| self.now.read())).clone();
        change(&mut filter);
        self.set(filter);
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
    /// True where search and status are enough.
    compact: bool,
) -> impl IntoView {
    let overview = use_tenant().overview;
    let counts = Derived::new(move || overview.ready().map(|overview| overview.people_by_status));
    // All people where no status is given.
    let count_of = move |status: Option<InvitationStatus>| {
        let counts = counts.read();
        (*counts).as_ref().map(|counts| match status {
            Some(status) => counts.of(status),
            None => invited(counts),
        })
    };
    let text = debounced(filters);
    let shown = move || {
        let wanted = filters.now.read().asked.status;
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
            let on = untrack(|| filters.now.read()).asked.status == status;
            filters.change(|filter| filter.asked.status = status.filter(|_| !on));
        };
        view! {
            <Chip
                pressed=Signal::derive(move || filters.now.read().asked.status == status)
                count=Signal::derive(move || count_of(status))
                stops=true
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
            {(!compact)
                .then(|| {
                    view! {
                        <MoreFilters filters/>
                        <ColumnChoice filters/>
                    }
                })}
        </div>
    }
}

/// The field's text: sets the search when the typing rests, and follows it when the
/// address changes by other means.
fn debounced(filters: Filters) -> RwSignal<String> {
    let start = untrack(|| filters.now.read()).asked.search.clone();
    let own = StoredValue::new(start.clone());
    let text = RwSignal::new(start);
    when_rested(text, move |typed| {
        if own.try_with_value(|own| *own != typed) == Some(true) {
            own.set_value(typed.clone());
            filters.change(|filter| filter.asked.search = typed);
        }
    });
    // A link to the same page without a query clears the field too; what this field
    // asked for itself never comes back over what is being typed.
    effect(move || {
        let search = filters.now.read().asked.search.clone();
        if own.with_value(|own| *own != search) {
            own.set_value(search.clone());
            text.set(search);
        }
    });
    text
}
