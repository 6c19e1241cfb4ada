//! What the list shows: lines that keep their identity while their content
//! changes, loaded page by page, refreshed without a jump.

use app::{
    api::{
        ApiError,
        invitations::{BundleLine, InvitationsList, InvitationsPage, ListInvitations},
    },
    domain::{id::BundleId, invitation::InvitationStatus},
};
use leptos::{prelude::*, task::spawn_local};
use std::sync::Arc;

use crate::effects::effect_since;
use crate::session::Session;
use crate::shared::{Derived, Shared};

/// The server's largest page.
const LARGEST_PAGE: usize = 100;

/// Which lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Part of an address or a name; empty: all.
    pub search: String,
    /// Only this status.
    pub status: Option<InvitationStatus>,
}

impl Filter {
    /// True where nothing is filtered out.
    pub fn is_empty(&self) -> bool {
        self.search.is_empty() && self.status.is_none()
    }
}

/// One line. A refetch changes what it holds, never which element it is.
#[derive(Clone)]
pub struct Line {
    /// Its identity.
    pub id: BundleId,
    /// What it shows.
    pub data: ArcRwSignal<BundleLine>,
    /// Whether its targets are shown.
    pub open: ArcRwSignal<bool>,
}

impl Line {
    fn new(data: BundleLine) -> Self {
        Self {
            id: data.bundle,
            data: ArcRwSignal::new(data),
            open: ArcRwSignal::new(false),
        }
    }

    /// Takes new content in; an equal one wakes nobody.
    pub fn take(&self, data: BundleLine) {
        if self.data.with_untracked(|now| *now != data) {
            self.data.set(data);
        }
    }
}

/// What a load is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    /// The filter is new.
    Fresh,
    /// Something changed on the server.
    Quiet,
    /// **Show more**.
    More,
}

/// The list's state. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Listing {
    session: Session,
    tenant: StoredValue<String>,
    filter: Derived<Filter>,
    page: usize,
    /// The lines, newest first; `None` until the first answer.
    pub lines: Shared<Option<Vec<Line>>>,
    /// Where the next page begins.
    pub next: RwSignal<Option<String>>,
    /// Why the last load failed.
    pub failed: Shared<Option<ApiError>>,
    /// True while the lines of a new filter are under way.
    pub busy: RwSignal<bool>,
    /// True while more lines are under way.
    pub more_busy: RwSignal<bool>,
    wanted: StoredValue<usize>,
    turn: StoredValue<u64>,
}

impl Listing {
    /// A list that follows `filter` and, quietly, `changes`.
    pub fn new(
        session: Session,
        tenant: String,
        page: usize,
        filter: Derived<Filter>,
        changes: Signal<u64>,
    ) -> Self {
        let listing = Self {
            session,
            tenant: StoredValue::new(tenant),
            filter,
            page,
            lines: Shared::new(None),
            next: RwSignal::new(None),
            failed: Shared::new(None),
            busy: RwSignal::new(true),
            more_busy: RwSignal::new(false),
            wanted: StoredValue::new(page),
            turn: StoredValue::new(0),
        };
        effect_since(move |last: Option<(Arc<Filter>, u64)>| {
            let now = (filter.read(), changes.get());
            match last {
                Some(last) if last.0 == now.0 => {
                    if last.1 != now.1 {
                        listing.load(Load::Quiet);
                    }
                }
                _ => listing.load(Load::Fresh),
            }
            now
        });
        listing
    }

    /// How many lines are shown now.
    pub fn shown(self) -> usize {
        (*self.lines.read_untracked()).as_ref().map_or(0, Vec::len)
    }

    /// Loads the first page again, from nothing.
    pub fn retry(self) {
        self.load(Load::Fresh);
    }

    /// Loads the next page.
    pub fn more(self) {
        if !self.more_busy.get_untracked() {
            self.load(Load::More);
        }
    }

    fn load(self, load: Load) {
        let mine = self.turn.try_update_value(|turn| {
            *turn += 1;
            *turn
        });
        let shown = self.shown();
        let (from, count) = match load {
            Load::Fresh => {
                self.busy.set(true);
                self.wanted.set_value(self.page);
                (None, self.page)
            }
            Load::Quiet => (None, self.wanted.get_value().max(shown)),
            Load::More => {
                self.more_busy.set(true);
                self.wanted.set_value(shown + self.page);
                (self.next.get_untracked(), self.page)
            }
        };
        spawn_local(async move {
            let answer = self.fetch(from, count).await;
            if self.turn.try_get_value() == mine && mine.is_some() {
                self.take(load, answer);
            }
        });
    }

    /// `count` lines from a cursor on, in as many pages as it takes.
    async fn fetch(
        self,
        mut after: Option<String>,
        count: usize,
    ) -> Result<InvitationsPage, ApiError> {
        let filter = untrack(|| self.filter.read());
        let tenant = self.tenant.get_value();
        let mut all = InvitationsPage::default();
        loop {
            let limit = (count - all.bundles.len()).min(LARGEST_PAGE);
            let input = ListInvitations {
                tenant: tenant.clone(),
                search: filter.search.clone(),
                status: filter.status,
                after: after.take(),
                limit: limit as u32,
            };
            let page = self.session.call(InvitationsList { input }).await?;
            all.bundles.extend(page.bundles);
            all.next = page.next;
            if all.bundles.len() >= count || all.next.is_none() {
                return Ok(all);
            }
            after.clone_from(&all.next);
        }
    }

    fn take(self, load: Load, answer: Result<InvitationsPage, ApiError>) {
        self.busy.set(false);
        self.more_busy.set(false);
        let page = match answer {
            Ok(page) => page,
            // What is shown stays true enough until the next change.
            Err(_) if load == Load::Quiet && self.lines.read_untracked().is_some() => return,
            Err(error) => {
                self.failed.set(Some(error));
                return;
            }
        };
        self.failed.set(None);
        self.next.set(page.next);
        let before = self.lines.read_untracked();
        let known = before.as_deref().unwrap_or_default();
        let arrived = reconcile(known, page.bundles);
        let lines = if load == Load::More {
            let mut lines = known.to_vec();
            for line in arrived {
                if known.iter().all(|one| one.id != line.id) {
                    lines.push(line);
                }
            }
            lines
        } else {
            arrived
        };
        let ids = |lines: &[Line]| lines.iter().map(|line| line.id).collect::<Vec<_>>();
        if before.is_none() || ids(known) != ids(&lines) {
            self.lines.set(Some(lines));
        }
    }
}

/// Lines for the bundles that arrived: those already known keep their element.
fn reconcile(known: &[Line], arrived: Vec<BundleLine>) -> Vec<Line> {
    arrived
        .into_iter()
        .map(
            |data| match known.iter().find(|line| line.id == data.bundle) {
                Some(line) => {
                    line.take(data);
                    line.clone()
                }
                None => Line::new(data),
            },
        )
        .collect()
}
