//! What the list shows: lines that keep their identity while their content
//! changes, loaded page by page, refreshed without a jump.

use app::{
    api::{
        ApiError,
        invitations::{
            BundleLine, InvitationFilter, InvitationsList, InvitationsPage, ListInvitations, SortBy,
        },
    },
    domain::id::BundleId,
};
use leptos::{prelude::*, task::spawn_local};
use std::sync::Arc;

use super::columns::Columns;
use crate::effects::effect_since;
use crate::session::Session;
use crate::shared::{Derived, Shared};
use crate::turns::Turns;

/// The server's largest page.
const LARGEST_PAGE: usize = 100;
/// Calls that one load makes for a filter that leaves little: the server looks at so many
/// invitations a call.
const CALLS: usize = 8;

/// Which lines, in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// What must hold.
    pub asked: InvitationFilter,
    /// What they are ordered by.
    pub sort: SortBy,
    /// The other way round.
    pub reversed: bool,
    /// Columns that are not shown.
    pub hidden: Columns,
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
    /// Without the columns, which change no line.
    pub filter: Derived<Filter>,
    page: usize,
    /// The lines, in their order; `None` until the first answer, and where the lines of
    /// another filter would say something false.
    pub lines: Shared<Option<Vec<Line>>>,
    /// Where the next page begins.
    pub next: RwSignal<Option<String>>,
    /// Why the last load failed.
    pub failed: Shared<Option<ApiError>>,
    /// True while the lines of a new filter are under way.
    pub busy: RwSignal<bool>,
    /// True while more lines are under way.
    pub more_busy: RwSignal<bool>,
    /// How many lines are to be shown.
    wanted: StoredValue<usize>,
    /// Calls that brought what is shown.
    calls: StoredValue<usize>,
    /// Which filter the lines belong to.
    of: StoredValue<Option<Arc<Filter>>>,
    turns: StoredValue<Turns>,
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
        // Which columns are shown changes no line.
        let filter = Derived::new(move || Filter {
            hidden: Columns::default(),
            ..(*filter.read()).clone()
        });
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
            calls: StoredValue::new(0),
            of: StoredValue::new(None),
            turns: StoredValue::new(Turns::default()),
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
        let shown = self.shown();
        match load {
            Load::Fresh => {
                self.busy.set(true);
                self.more_busy.set(false);
                self.failed.set(None);
                self.wanted.set_value(self.page);
                if shown == 0 {
                    // That nobody matched the old filter says nothing of this one.
                    self.lines.set(None);
                }
            }
            Load::Quiet => {}
            Load::More => {
                self.more_busy.set(true);
                self.wanted.set_value(shown + self.page);
            }
        }
        let turn = self.turns.try_update_value(|turns| match load {
            Load::Fresh => Some(turns.begin()),
            // A refetch brings what **Show more** waits for, too.
            Load::Quiet | Load::More => turns.begin_or_wait(),
        });
        let Some(Some(turn)) = turn else {
            return;
        };
        let (from, count) = match load {
            Load::Fresh => (None, self.page),
            Load::Quiet => (None, self.wanted.get_value().max(shown)),
            Load::More => (self.next.get_untracked(), self.page),
        };
        let before = match load {
            Load::Fresh => 0,
            Load::Quiet | Load::More => self.calls.get_value(),
        };
        let most = match load {
            Load::Quiet => before.max(CALLS),
            Load::Fresh | Load::More => CALLS,
        };
        let filter = untrack(|| self.filter.read());
        spawn_local(async move {
            let (answer, calls) = self.fetch(&filter, from, count, most).await;
            if let Some(Some(again)) = self.turns.try_update_value(|turns| turns.end(turn)) {
                self.calls.set_value(match load {
                    Load::More => before + calls,
                    Load::Fresh | Load::Quiet => calls,
                });
                self.take(load, filter, answer, again);
                if again {
                    self.load(Load::Quiet);
                }
            }
        });
    }

    /// `count` lines from a cursor on, in as many pages as it takes and `most` calls; and
    /// how many calls it took.
    async fn fetch(
        self,
        filter: &Filter,
        mut after: Option<String>,
        count: usize,
        most: usize,
    ) -> (Result<InvitationsPage, ApiError>, usize) {
        let tenant = self.tenant.get_value();
        let mut all = InvitationsPage::default();
        let mut calls = 0;
        loop {
            calls += 1;
            let limit = (count - all.bundles.len()).min(LARGEST_PAGE);
            let input = ListInvitations {
                tenant: tenant.clone(),
                filter: filter.asked.clone(),
                sort: filter.sort,
                reversed: filter.reversed,
                after: after.take(),
                limit: limit as u32,
            };
            let page = match self.session.call(InvitationsList { input }).await {
                Ok(page) => page,
                Err(error) => return (Err(error), calls),
            };
            all.bundles.extend(page.bundles);
            all.next = page.next;
            if all.bundles.len() >= count || all.next.is_none() || calls >= most {
                return (Ok(all), calls);
            }
            after.clone_from(&all.next);
        }
    }

    fn take(
        self,
        load: Load,
        filter: Arc<Filter>,
        answer: Result<InvitationsPage, ApiError>,
        again: bool,
    ) {
        self.busy.set(false);
        let more = self.more_busy.get_untracked();
        let page = match answer {
            Ok(page) => page,
            Err(error) => {
                let same = self.of.get_value().is_some_and(|of| of == filter);
                self.wanted.set_value(self.shown().max(self.page));
                self.more_busy.set(false);
                // What is shown stays true enough until the next change.
                if !same || load != Load::Quiet || more {
                    self.failed.set(Some(error));
                }
                if !same {
                    self.lines.set(None);
                }
                return;
            }
        };
        self.of.set_value(Some(filter));
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
        // Unless **Show more** waits for the refetch that follows.
        if !again {
            self.more_busy.set(false);
            // A filter that leaves little: what is shown is what there is so far.
            self.wanted.set_value(lines.len().max(self.page));
        }
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
