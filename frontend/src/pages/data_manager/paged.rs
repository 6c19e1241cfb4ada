//! A list that is shown page after page, and asked for anew when its filter changes.

use app::api::ApiError;
use leptos::prelude::*;

use crate::{
    components::{ErrorState, MoreButton, Skeleton, SkeletonShape},
    query::trouble,
    shared::Shared,
    text::failure,
    when::{flag, when},
};

/// The lines so far. Cheap to copy.
pub struct Paged<T> {
    /// `None` until there is an answer to this filter.
    pub lines: Shared<Option<Vec<T>>>,
    next: RwSignal<Option<String>>,
    failed: Shared<Option<ApiError>>,
    /// True while a page is under way.
    pub busy: RwSignal<bool>,
    turn: StoredValue<u64>,
}

impl<T> Clone for Paged<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Paged<T> {}

/// Which call an answer belongs to.
#[derive(Clone, Copy)]
pub struct Turn {
    turn: Option<u64>,
    more: bool,
}

impl<T: Clone + Send + Sync + 'static> Paged<T> {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self {
            lines: Shared::new(None),
            next: RwSignal::new(None),
            failed: Shared::new(None),
            busy: RwSignal::new(false),
            turn: StoredValue::new(0),
        }
    }

    /// A page is asked for: the first one, or the one after what is shown.
    pub fn begin(self, after: Option<&String>) -> Turn {
        let turn = self.turn.try_update_value(|turn| {
            *turn += 1;
            *turn
        });
        self.busy.try_set(true);
        Turn {
            turn,
            more: after.is_some(),
        }
    }

    /// Takes an answer in, unless a newer call was made meanwhile, or the page is gone.
    pub fn take(self, turn: Turn, answer: Result<(Vec<T>, Option<String>), ApiError>) {
        if turn.turn.is_none() || self.turn.try_get_value() != turn.turn {
            return;
        }
        self.busy.set(false);
        match answer {
            Ok((mut lines, next)) => {
                self.failed.set(None);
                self.next.set(next);
                if turn.more
                    && let Some(before) = &*self.lines.read_untracked()
                {
                    lines.splice(0..0, before.iter().cloned());
                }
                self.lines.set(Some(lines));
            }
            Err(error) => {
                // What was shown belongs to another filter.
                if !turn.more {
                    self.lines.set(None);
                    self.next.set(None);
                }
                self.failed.set(Some(error));
            }
        }
    }

    /// How many lines there are.
    fn count(self) -> Option<usize> {
        (*self.lines.read()).as_ref().map(Vec::len)
    }

    /// The card with the lines, or what stands in their place. `load` asks for a page.
    pub fn card(
        self,
        what: &'static str,
        load: Callback<Option<String>>,
        nothing: fn() -> AnyView,
        table: impl Fn() -> AnyView + Send + Sync + 'static,
    ) -> AnyView {
        card(
            Around {
                what,
                there: flag(move || self.count().is_some()),
                some: flag(move || self.count().is_some_and(|count| count > 0)),
                next: self.next,
                failed: self.failed,
                busy: self.busy,
                load,
            },
            nothing,
            Box::new(table),
        )
    }
}

/// What stands around the lines, whatever they are.
#[derive(Clone, Copy)]
struct Around {
    what: &'static str,
    /// Whether lines have come, and whether there are any.
    there: Memo<bool>,
    some: Memo<bool>,
    next: RwSignal<Option<String>>,
    failed: Shared<Option<ApiError>>,
    busy: RwSignal<bool>,
    load: Callback<Option<String>>,
}

fn card(
    around: Around,
    nothing: fn() -> AnyView,
    table: Box<dyn Fn() -> AnyView + Send + Sync>,
) -> AnyView {
    let Around {
        what,
        there,
        some,
        next,
        failed,
        busy,
        load,
    } = around;
    let broken = move || !there.get() && failed.read().is_some();
    let waits = move || !there.get() && failed.read().is_none();
    let none = move || there.get() && !some.get();
    let error = move || {
        let message = move || {
            let error = failed.read();
            (*error).as_ref().map(failure).unwrap_or_default()
        };
        view! {
            <ErrorState
                title=format!("{what} could not be loaded.")
                message=Signal::derive(message)
                on_retry=Callback::new(move |()| load.run(None))
            />
        }
        .into_any()
    };
    let more = move || {
        let on_more = Callback::new(move |()| load.run(next.get_untracked()));
        view! { <MoreButton busy on_more/> }.into_any()
    };
    view! {
        <div class="card" aria-busy=move || busy.get().then_some("true")>
            {when(
                waits,
                || view! { <Skeleton shape=SkeletonShape::Rows count=4/> }.into_any(),
            )}
            {when(broken, error)}
            {when(none, nothing)}
            {when(move || some.get(), table)}
            {when(move || there.get(), move || trouble(failed))}
            {when(move || next.with(Option::is_some), more)}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_answer_is_dropped_and_a_failure_shows_nothing_of_another_filter() {
        let owner = Owner::new();
        owner.set();
        let paged = Paged::new();
        let next = || Some("next".to_owned());
        let late = paged.begin(None);
        let first = paged.begin(None);
        paged.take(late, Ok((vec![9], None)));
        assert_eq!(paged.count(), None);
        paged.take(first, Ok((vec![1], next())));
        let more = paged.begin(next().as_ref());
        paged.take(more, Ok((vec![2], next())));
        assert_eq!(*paged.lines.read_untracked(), Some(vec![1, 2]));
        // Showing more failed: what there is stays, and can be gone on with.
        let more = paged.begin(next().as_ref());
        paged.take(more, Err(ApiError::Unavailable));
        assert_eq!(
            (paged.count(), paged.next.get_untracked()),
            (Some(2), next())
        );
        let filter = paged.begin(None);
        paged.take(filter, Err(ApiError::Unavailable));
        assert_eq!((paged.count(), paged.next.get_untracked()), (None, None));
        assert!(paged.failed.read_untracked().is_some() && !paged.busy.get_untracked());
    }
}
