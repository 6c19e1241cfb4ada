//! The tenant whose management pages are open.

use app::api::tenants::{TenantOverview, TenantOverviewFn};
use leptos::prelude::*;

use crate::{live, query::Query, router::use_router, routes::Page, session::Session};

/// The tenant of a management page. Take it with [`use_tenant`].
#[derive(Clone)]
pub struct Tenant {
    /// In addresses and calls.
    pub slug: String,
    /// The start page's figures; they follow the changes.
    pub overview: Query<TenantOverview>,
    changes: RwSignal<u64>,
}

impl Tenant {
    /// Grows when something of the tenant changed on the server.
    pub fn changes(&self) -> Signal<u64> {
        self.changes.into()
    }

    /// Everything that follows the changes asks again, quietly: after an own change.
    pub fn changed(&self) {
        self.changes.try_update(|changes| *changes += 1);
    }

    /// On the screen; the slug until the name is there. Tracked.
    pub fn name(&self) -> String {
        self.overview
            .ready()
            .map_or_else(|| self.slug.clone(), |overview| overview.name)
    }
}

/// The tenant from the context of a management page.
pub fn use_tenant() -> Tenant {
    expect_context::<Tenant>()
}

/// What stays while one goes from page to page of one tenant.
#[derive(Clone, Copy)]
pub struct Tenancy {
    overview: Query<TenantOverview>,
    changes: RwSignal<u64>,
}

impl Tenancy {
    /// Makes it and puts it into the context. Once, inside the router.
    pub fn provide(session: Session) -> Self {
        let path = use_router().path();
        let slug = Memo::new(move |_| {
            Page::parse(&path.get()).and_then(|page| page.tenant().map(str::to_owned))
        });
        let signed_in = Memo::new(move |_| session.me().is_some());
        let heard = Memo::new(move |_| slug.get().filter(|_| signed_in.get()));
        let changes = live::changes_of(heard);
        let overview = Query::new(session, move || {
            slug.get().map(|tenant| TenantOverviewFn { tenant })
        })
        .follow(changes.into());
        let tenancy = Self { overview, changes };
        provide_context(tenancy);
        tenancy
    }

    /// The tenant with that slug, for its pages.
    pub fn tenant(self, slug: String) -> Tenant {
        Tenant {
            slug,
            overview: self.overview,
            changes: self.changes,
        }
    }
}
