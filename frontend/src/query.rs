//! A fetch with its states: waiting, ready, failed. Late answers are dropped, a refetch
//! waits for the one under way, and keeps what is on the screen until its answer is there.
//!
//! All the work is done once for all answers, in [`Core`]; what knows an answer's
//! type is a thin shell around it.

use std::{any::Any, marker::PhantomData, sync::Arc};

use app::api::{
    ApiError,
    client::{self, Answer, Call, Request},
};
use leptos::{prelude::*, task::spawn_local};
use serde::de::DeserializeOwned;

use crate::{
    components::{ErrorState, Skeleton, SkeletonShape},
    effects::{effect, effect_since},
    session::Session,
    shared::{Derived, Shared},
    text::failure,
    turns::Turns,
};

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
pub struct Query<T> {
    core: Core,
    answer: PhantomData<fn() -> T>,
}

impl<T> Clone for Query<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Query<T> {}

/// A query that does not know its answer's type.
#[derive(Clone, Copy)]
struct Core {
    state: RwSignal<Load<Kept>>,
    wanted: RwSignal<u64>,
    turns: StoredValue<Turns>,
    read: fn(&str) -> Result<Value, ApiError>,
}

/// An answer of any type.
type Value = Arc<dyn Any + Send + Sync>;

/// An answer, and the text that it was read from: equal texts are equal answers.
#[derive(Clone)]
struct Kept {
    value: Value,
    text: Arc<str>,
}

impl<T: DeserializeOwned + Clone + Send + Sync + 'static> Query<T> {
    /// Fetches now and whenever what `ask` gives changes; a `None` asks for nothing. An
    /// ended session goes through the session's gate, which repeats the call or leaves.
    pub fn new<C: Call<Answer = T>>(
        session: Session,
        ask: impl Fn() -> Option<C> + 'static,
    ) -> Self {
        let query = Self::idle();
        query.core.start(
            Box::new(move || ask().as_ref().map(Request::of)),
            Box::new(move |request| Box::pin(session.send(request))),
        );
        query
    }

    /// The same for the one call that the session itself is made of.
    pub fn ungated<C: Call<Answer = T>>(call: C) -> Self {
        let query = Self::idle();
        let request = Request::of(&call);
        query.core.start(
            Box::new(move || Some(request.clone())),
            Box::new(|request| Box::pin(async move { request.send().await })),
        );
        query
    }

    fn idle() -> Self {
        Self {
            core: Core {
                state: RwSignal::new(Load::Waiting),
                wanted: RwSignal::new(0),
                turns: StoredValue::new(Turns::default()),
                read: |text| Ok(Arc::new(client::read::<T>(text)?)),
            },
            answer: PhantomData,
        }
    }

    /// Where it stands; tracked.
    pub fn load(self) -> Load<T> {
        match self.core.state.get() {
            Load::Waiting => Load::Waiting,
            Load::Ready(kept) => of(&kept.value).map_or(Load::Waiting, Load::Ready),
            Load::Failed(error) => Load::Failed(error),
        }
    }

    /// The answer, if there is one; tracked.
    pub fn ready(self) -> Option<T> {
        match self.core.state.get() {
            Load::Ready(kept) => of(&kept.value),
            Load::Waiting | Load::Failed(_) => None,
        }
    }

    /// Changes the answer in place, by what another call of the server said.
    pub fn patch(self, change: impl FnOnce(&mut T)) {
        if let Some(Load::Ready(kept)) = self.core.state.try_get_untracked()
            && let Some(mut value) = of::<T>(&kept.value)
        {
            change(&mut value);
            // What is under way was asked before that.
            self.core.turns.try_update_value(Turns::forget);
            self.core.state.try_set(Load::Ready(Kept {
                value: Arc::new(value),
                // No answer has an empty text: the next one is taken in.
                text: Arc::from(""),
            }));
        }
    }

    /// Asks again and keeps what is there until the answer comes.
    pub fn refetch(self) {
        self.core.refetch();
    }

    /// Asks again from nothing.
    pub fn retry(self) {
        self.core.retry();
    }

    /// Asks again, quietly, whenever `changes` moves on.
    pub fn follow(self, changes: Signal<u64>) -> Self {
        self.core.follow(changes);
        self
    }
}

/// A copy of the answer; a query holds no other type than its own.
fn of<T: Clone + 'static>(value: &Value) -> Option<T> {
    value.downcast_ref::<T>().cloned()
}

impl Core {
    fn start(
        self,
        ask: Box<dyn Fn() -> Option<Request>>,
        send: Box<dyn Fn(Request) -> Answer<String>>,
    ) {
        let turns = self.turns;
        let mut last = None;
        // This effect performs I/O; what it sets is the answer, not a copy of other signals.
        effect(move || {
            self.wanted.track();
            let asked = ask();
            let same = last == asked;
            if !same && last.is_some() || asked.is_none() {
                self.state.set(Load::Waiting);
            }
            last.clone_from(&asked);
            let turn = turns.try_update_value(|turns| match &asked {
                Some(_) if same => turns.begin_or_wait(),
                Some(_) => Some(turns.begin()),
                None => {
                    turns.forget();
                    None
                }
            });
            let (Some(request), Some(Some(turn))) = (asked, turn) else {
                return;
            };
            let answer = send(request);
            spawn_local(async move {
                let answer = answer.await;
                if let Some(Some(again)) = turns.try_update_value(|turns| turns.end(turn)) {
                    self.settle(answer);
                    if again {
                        self.refetch();
                    }
                }
            });
        });
    }

    /// Takes an answer in. A refetch that failed in passing leaves what is there.
    fn settle(self, answer: Result<String, ApiError>) {
        let Some(now) = self.state.try_get_untracked() else {
            return;
        };
        let answer = answer.and_then(|text| {
            let same = matches!(&now, Load::Ready(kept) if *kept.text == *text);
            if same {
                return Ok(None);
            }
            let value = (self.read)(&text)?;
            let text = Arc::from(text);
            Ok(Some(Kept { value, text }))
        });
        let next = match answer {
            Ok(Some(kept)) => Load::Ready(kept),
            Ok(None) => return,
            // An ended session is the gate's affair: the page under its dialog stays.
            Err(
                ApiError::Offline { .. }
                | ApiError::Unavailable
                | ApiError::TooMany { .. }
                | ApiError::SignInFirst,
            ) if matches!(now, Load::Ready(_)) => {
                return;
            }
            Err(error) if matches!(&now, Load::Failed(now) if *now == error) => return,
            Err(error) => Load::Failed(error),
        };
        self.state.try_set(next);
    }

    fn refetch(self) {
        self.wanted.try_update(|wanted| *wanted += 1);
    }

    fn retry(self) {
        self.state.try_set(Load::Waiting);
        self.refetch();
    }

    fn follow(self, changes: Signal<u64>) {
        effect_since(move |last: Option<u64>| {
            let now = changes.get();
            if last.is_some_and(|last| last != now) {
                self.refetch();
            }
            now
        });
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
    T: Clone + Send + Sync + 'static,
    V: Fn(T) -> AnyView + Send + 'static,
{
    let core = query.core;
    draw(
        core,
        Box::new(move || core.state.get()),
        what,
        shape,
        count,
        Box::new(move |value| of(value).map(&children)),
    )
}

/// The same for content that follows the query by itself: it is drawn when there is an
/// answer, and stays while answers change, with its focus and how far it is scrolled.
#[component]
pub fn Steady<T: 'static>(
    /// The query.
    query: Query<T>,
    /// What is loaded, for the failure's sentence.
    what: &'static str,
    /// The skeleton's shape.
    #[prop(optional)]
    shape: SkeletonShape,
    /// How many of it.
    #[prop(default = 4)]
    count: usize,
    /// The content.
    children: ChildrenFn,
) -> impl IntoView {
    let core = query.core;
    let phase = Derived::new(move || match core.state.get() {
        Load::Waiting => Load::Waiting,
        Load::Failed(error) => Load::Failed(error),
        Load::Ready(_) => Load::Ready(()),
    });
    let load = move || match &*phase.read() {
        Load::Waiting => Load::Waiting,
        Load::Failed(error) => Load::Failed(error.clone()),
        Load::Ready(()) => untrack(|| core.state.get()),
    };
    draw(
        core,
        Box::new(load),
        what,
        shape,
        count,
        Box::new(move |_| Some(children())),
    )
}

/// Draws an answer; `None` only for another type than the query's, which never comes.
type Children = Box<dyn Fn(&Value) -> Option<AnyView> + Send>;

fn draw(
    core: Core,
    load: Box<dyn Fn() -> Load<Kept> + Send>,
    what: &'static str,
    shape: SkeletonShape,
    count: usize,
    children: Children,
) -> AnyView {
    let draw = move || match load() {
        Load::Waiting => view! { <Skeleton shape count/> }.into_any(),
        Load::Failed(error) => {
            let retry = Callback::new(move |()| core.retry());
            view! {
                <ErrorState
                    title=format!("{what} could not be loaded.")
                    message=error.to_string()
                    on_retry=retry
                />
            }
            .into_any()
        }
        Load::Ready(kept) => children(&kept.value).unwrap_or_else(|| ().into_any()),
    };
    draw.into_any()
}

/// Why the newest load of a list failed, under the lines that are still shown.
pub fn trouble(failed: Shared<Option<ApiError>>) -> AnyView {
    let draw = move || {
        (*failed.read())
            .as_ref()
            .map(failure)
            .map(|text| view! { <p role="alert" class="card__foot">{text}</p> }.into_any())
    };
    draw.into_any()
}
