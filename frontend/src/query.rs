//! A fetch with its states: waiting, ready, failed. Late answers are dropped;
//! a quiet refetch keeps what is on the screen until the new answer is there.

use std::{pin::Pin, rc::Rc};

use app::api::ApiError;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{ErrorState, Skeleton, SkeletonShape},
    session::Session,
};

/// What a wire call gives, boxed: one type for all calls keeps the module small.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// Where a fetch stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Load<T> {
    /// The first answer is not there yet.
    Waiting,
    /// The newest answer.
    Ready(T),
    /// There is no answer, and why.
    Failed(ApiError),
}

/// A fetch that follows its key. Cheap to copy.
pub struct Query<T: Send + Sync + 'static> {
    state: RwSignal<Load<T>>,
    wanted: RwSignal<u64>,
}

impl<T: Send + Sync + 'static> Clone for Query<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Send + Sync + 'static> Copy for Query<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Query<T> {
    /// Fetches now and whenever `key` changes; a `None` asks for nothing. An ended
    /// session goes through the session's gate, which repeats the call or leaves.
    pub fn new<K: Clone + PartialEq + 'static>(
        session: Session,
        key: impl Fn() -> Option<K> + 'static,
        fetch: impl Fn(K) -> Answer<T> + 'static,
    ) -> Self {
        let fetch = Rc::new(fetch);
        Self::ungated(key, move |key| {
            let fetch = Rc::clone(&fetch);
            Box::pin(async move { session.call(move || fetch(key.clone())).await })
        })
    }

    /// The same for the one call that the session itself is made of.
    pub fn ungated<K: Clone + PartialEq + 'static>(
        key: impl Fn() -> Option<K> + 'static,
        fetch: impl Fn(K) -> Answer<T> + 'static,
    ) -> Self {
        let query = Self {
            state: RwSignal::new(Load::Waiting),
            wanted: RwSignal::new(0),
        };
        let turn = StoredValue::new(0_u64);
        // This effect performs I/O; what it sets is the answer, not a copy of other signals.
        Effect::new(move |last: Option<Option<K>>| {
            query.wanted.track();
            let key = key();
            let mine = turn
                .try_update_value(|turn| {
                    *turn += 1;
                    *turn
                })
                .unwrap_or_default();
            let Some(asked) = key.clone() else {
                query.state.set(Load::Waiting);
                return key;
            };
            if last.is_some_and(|last| last != key) {
                query.state.set(Load::Waiting);
            }
            let answer = fetch(asked);
            spawn_local(async move {
                let answer = answer.await;
                if turn.try_get_value() == Some(mine) {
                    query.settle(answer);
                }
            });
            key
        });
        query
    }

    /// Takes an answer in. A refetch that failed in passing leaves what is there.
    fn settle(self, answer: Result<T, ApiError>) {
        let Some(now) = self.state.try_get_untracked() else {
            return;
        };
        let next = match answer {
            Ok(value) => Load::Ready(value),
            Err(ApiError::Offline { .. } | ApiError::Unavailable | ApiError::TooMany { .. })
                if matches!(now, Load::Ready(_)) =>
            {
                return;
            }
            Err(error) => Load::Failed(error),
        };
        if next != now {
            self.state.try_set(next);
        }
    }

    /// Where it stands; tracked.
    pub fn load(self) -> Load<T> {
        self.state.get()
    }

    /// The answer, if there is one; tracked.
    pub fn ready(self) -> Option<T> {
        self.state.with(|load| match load {
            Load::Ready(value) => Some(value.clone()),
            Load::Waiting | Load::Failed(_) => None,
        })
    }

    /// Changes the answer in place, by what another call of the server said.
    pub fn patch(self, change: impl FnOnce(&mut T)) {
        self.state.try_update(|load| {
            if let Load::Ready(value) = load {
                change(value);
            }
        });
    }

    /// Asks again and keeps what is there until the answer comes.
    pub fn refetch(self) {
        self.wanted.try_update(|wanted| *wanted += 1);
    }

    /// Asks again from nothing.
    pub fn retry(self) {
        self.state.try_set(Load::Waiting);
        self.refetch();
    }

    /// Asks again, quietly, whenever `changes` moves on.
    pub fn follow(self, changes: Signal<u64>) -> Self {
        Effect::new(move |last: Option<u64>| {
            let now = changes.get();
            if last.is_some_and(|last| last != now) {
                self.refetch();
            }
            now
        });
        self
    }
}

/// Draws a query: a skeleton, a failure with **Try again**, or the answer.
#[component]
pub fn Loaded<T, V>(
    /// The query.
    query: Query<T>,
    /// What is loaded, for the failure's sentence, e.g. *The people*.
    what: &'static str,
    /// The skeleton's shape.
    #[prop(optional)]
    shape: SkeletonShape,
    /// How many of it.
    #[prop(default = 4)]
    count: usize,
    /// Draws the answer.
    children: V,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    V: Fn(T) -> AnyView + Send + 'static,
{
    move || match query.load() {
        Load::Waiting => view! { <Skeleton shape count/> }.into_any(),
        Load::Failed(error) => {
            let retry = Callback::new(move |()| query.retry());
            view! {
                <ErrorState
                    title=format!("{what} could not be loaded.")
                    message=error.to_string()
                    on_retry=retry
                />
            }
            .into_any()
        }
        Load::Ready(value) => children(value),
    }
}
