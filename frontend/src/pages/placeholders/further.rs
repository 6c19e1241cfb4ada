//! What follows the first page of a list: fetched by **Show more**, and fetched again,
//! quietly, when something changes, so that no line tells what is no longer so.

use std::sync::Arc;

use app::api::{ApiError, client::Answer};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::ToastStore, effects::effect_since, shared::Shared, text::failure, turns::Turns,
};

/// Lines, and where the next page begins.
pub type Part<L, M> = (Vec<L>, Option<M>);

/// Fetches the page that begins after a place.
type Ask<L, M> = Arc<dyn Fn(M) -> Answer<Part<L, M>> + Send + Sync>;

/// Lines that are fetched again when something changes, at most; those after them fold up.
const KEPT: usize = 1_000;

/// The further pages of a list. Cheap to copy.
pub struct Further<L: 'static, M: 'static> {
    /// The lines, and where the next page begins; `None`: no further page was asked for.
    shown: Shared<Option<Part<L, M>>>,
    turns: StoredValue<Turns>,
    /// A page is on its way.
    pub busy: RwSignal<bool>,
    toasts: ToastStore,
    ask: StoredValue<Ask<L, M>>,
}

impl<L, M> Clone for Further<L, M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<L, M> Copy for Further<L, M> {}

impl<L, M> Further<L, M>
where
    L: Clone + Send + Sync + 'static,
    M: Clone + PartialEq + Send + Sync + 'static,
{
    /// Follows `changes` and `first`, where the first page ends.
    pub fn new(
        toasts: ToastStore,
        changes: Signal<u64>,
        first: impl Fn() -> Option<M> + 'static,
        ask: Ask<L, M>,
    ) -> Self {
        let further = Self {
            shown: Shared::new(None),
            turns: StoredValue::new(Turns::default()),
            busy: RwSignal::new(false),
            toasts,
            ask: StoredValue::new(ask),
        };
        effect_since(move |last: Option<()>| {
            changes.track();
            let first = first();
            if last.is_some() {
                further.refresh(first);
            }
        });
        further
    }

    /// The lines after the first page; tracked.
    pub fn lines(self) -> Vec<L> {
        match &*self.shown.read() {
            Some((lines, _)) => lines.clone(),
            None => Vec::new(),
        }
    }

    /// Where the next page begins, if the first page ends at `first`; tracked.
    pub fn next(self, first: Option<M>) -> Option<M> {
        match &*self.shown.read() {
            Some((_, next)) => next.clone(),
            None => first,
        }
    }

    /// Fetches the page after a place.
    pub fn show_more(self, after: M) {
        self.fetch(Some(after), 1, true);
    }

    fn refresh(self, first: Option<M>) {
        let Some(shown) = self.shown.try_read_untracked() else {
            return;
        };
        if let Some((lines, _)) = &*shown {
            self.fetch(first, lines.len().min(KEPT), false);
        }
    }

    /// At least `count` lines after a place, in addition to what is shown or instead of it.
    fn fetch(self, mut after: Option<M>, count: usize, adds: bool) {
        // Whichever comes later knows more.
        let turn = self.turns.try_update_value(Turns::begin);
        let (Some(turn), Some(ask)) = (turn, self.ask.try_get_value()) else {
            return;
        };
        self.busy.set(adds);
        spawn_local(async move {
            let mut lines = Vec::new();
            let mut answer = Ok(());
            while lines.len() < count
                && let Some(from) = after.take()
            {
                match ask(from).await {
                    Ok((more, next)) => {
                        lines.extend(more);
                        after = next;
                    }
                    Err(error) => answer = Err(error),
                }
            }
            if let Some(Some(_)) = self.turns.try_update_value(|turns| turns.end(turn)) {
                self.busy.try_set(false);
                self.take(answer, lines, after, adds);
            }
        });
    }

    fn take(self, answer: Result<(), ApiError>, lines: Vec<L>, next: Option<M>, adds: bool) {
        match answer {
            Ok(()) => {
                let mut all = if adds {
                    untrack(|| self.lines())
                } else {
                    Vec::new()
                };
                all.extend(lines);
                self.shown.set(Some((all, next)));
            }
            // What was there stays; a change in passing is asked for again by the next one.
            Err(error) if adds => self.toasts.error(failure(&error)),
            Err(_) => {}
        }
    }
}
