//! Which lines are selected: some of those that are shown, or all that match.

use app::{api::invitations::Matching, domain::id::BundleId};
use leptos::{ev, prelude::*};

use super::lines::{Line, Listing};
use crate::shared::{Derived, Shared};

/// The selection. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Selection {
    listing: Listing,
    chosen: Shared<Vec<BundleId>>,
    /// Set where all that match are selected, shown or not.
    pub all: RwSignal<Option<Matching>>,
    /// Where a range begins.
    anchor: StoredValue<Option<BundleId>>,
}

impl Selection {
    /// Nothing is selected; what is no longer shown, is not either.
    pub fn new(listing: Listing) -> Self {
        Self {
            listing,
            chosen: Shared::new(Vec::new()),
            all: RwSignal::new(None),
            anchor: StoredValue::new(None),
        }
    }

    /// Whether a line is; tracked.
    pub fn has(self, bundle: BundleId) -> bool {
        self.all.with(Option::is_some) || self.chosen.read().contains(&bundle)
    }

    /// The selected lines that are shown, newest first; tracked.
    pub fn lines(self) -> Vec<Line> {
        let chosen = self.chosen.read();
        let lines = self.listing.lines.read();
        (*lines)
            .iter()
            .flatten()
            .filter(|line| chosen.contains(&line.id))
            .cloned()
            .collect()
    }

    /// Whether every line that is shown is; tracked.
    pub fn every(self) -> bool {
        let lines = self.listing.lines.read();
        let mut shown = (*lines).iter().flatten().peekable();
        shown.peek().is_some() && shown.all(|line| self.has(line.id))
    }

    /// How many are selected; tracked.
    pub fn count(self) -> Derived<u64> {
        Derived::new(move || match self.all.get() {
            Some(all) => all.all,
            None => self.lines().len() as u64,
        })
    }

    /// Selects every line that is shown, or none.
    pub fn set_shown(self, on: bool) {
        self.all.set(None);
        let lines = self.listing.lines.read_untracked();
        let ids = (*lines).iter().flatten().map(|line| line.id);
        self.chosen.set(if on { ids.collect() } else { Vec::new() });
    }

    /// Nothing is selected.
    pub fn clear(self) {
        self.set_shown(false);
    }

    /// A click on a line's box: with Shift it takes those between, too.
    pub fn click(self, bundle: BundleId, event: &ev::MouseEvent) {
        let on = event_target_checked(event);
        let lines = self.listing.lines.read_untracked();
        let ids: Vec<BundleId> = (*lines).iter().flatten().map(|line| line.id).collect();
        let mut chosen: Vec<BundleId> = if self.all.with_untracked(Option::is_some) {
            self.all.set(None);
            ids.clone()
        } else {
            (*self.chosen.read_untracked()).clone()
        };
        let place = |wanted| ids.iter().position(|id| Some(*id) == wanted);
        let here = place(Some(bundle));
        let from = place(self.anchor.get_value().filter(|_| event.shift_key())).or(here);
        if let (Some(from), Some(here)) = (from, here) {
            let range = &ids[from.min(here)..=from.max(here)];
            chosen.retain(|id| !range.contains(id));
            if on {
                chosen.extend_from_slice(range);
            }
        }
        self.anchor.set_value(Some(bundle));
        self.chosen.set(chosen);
    }
}
