//! The work outlives its page: a list that is on the desk when somebody goes elsewhere is
//! kept, per person and tenant, and stands there again when they come back. Only what would
//! end it asks first: leaving while rows are on their way, and signing out.

use std::rc::Rc;

use app::domain::id::UserId;
use leptos::{ev, prelude::*, task::spawn_local};

use super::{
    book::Document,
    desk::Desk,
    journal,
    reading::FileFacts,
    submit::{self, Attempt},
};
use crate::{
    ask::{Ask, Question, use_ask},
    chunks,
    router::{Router, use_router},
};

/// A list without its page.
pub struct Kept {
    slug: String,
    user: UserId,
    /// The list.
    pub document: Document,
    /// The file that it came from.
    pub file: Option<FileFacts>,
    /// The key of a submit that did not come through, or whose end nobody saw.
    pub attempt: Option<Attempt>,
    /// The check against the server is on.
    pub check_on: bool,
}

impl Kept {
    /// A list that was found in this browser.
    pub const fn found(
        slug: String,
        user: UserId,
        document: Document,
        file: Option<FileFacts>,
        attempt: Option<Attempt>,
        check_on: bool,
    ) -> Self {
        Self {
            slug,
            user,
            document,
            file,
            attempt,
            check_on,
        }
    }
}

struct State {
    lists: Vec<Kept>,
    desk: Option<Desk>,
    ask: Ask,
    router: Router,
}

/// The lists that are kept, and the desk that is open. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Keep {
    state: StoredValue<State, LocalStorage>,
}

impl Keep {
    /// Makes it, and listens for whoever leaves. Once, inside the router.
    pub fn provide() -> Self {
        let router = use_router();
        let keep = Self {
            state: StoredValue::new_local(State {
                lists: Vec::new(),
                desk: None,
                ask: use_ask(),
                router,
            }),
        };
        router.guard(Rc::new(move |address| keep.holds(address)));
        let leaving = window_event_listener(ev::beforeunload, move |event| {
            if keep.would_lose() {
                event.prevent_default();
                // Older browsers ask only if this is set; what it says is not shown.
                event.set_return_value("The rows are not submitted yet.");
            }
        });
        on_cleanup(move || leaving.remove());
        keep
    }

    /// A desk was opened for somebody: what was kept of it is put there. When its page
    /// goes, the list is kept.
    pub fn open(self, desk: Desk, user: UserId) {
        let slug = desk.slug.get_value();
        let kept = self.state.try_update_value(|state| {
            // Whoever signed in now has no business with anybody else's list.
            state.lists.retain(|kept| {
                if kept.user != user
                    && let Some(journal) = &kept.document.journal
                {
                    journal.leave();
                }
                kept.user == user
            });
            let at = state.lists.iter().position(|kept| kept.slug == slug)?;
            Some(state.lists.remove(at))
        });
        match kept {
            Some(Some(kept)) => desk.restore(kept),
            _ => chunks::restore(desk, user),
        }
        self.state.try_update_value(|state| state.desk = Some(desk));
        on_cleanup(move || {
            let Some((document, file)) = desk.take_away() else {
                return;
            };
            let kept = Kept {
                slug: slug.clone(),
                user,
                document,
                file,
                attempt: desk.attempt.try_get_value().flatten(),
                check_on: desk.check_on.try_get_untracked().unwrap_or_default(),
            };
            self.state.try_update_value(|state| state.lists.push(kept));
        });
    }

    /// The desk, where its page is open.
    fn desk(self) -> Option<Desk> {
        self.state
            .try_with_value(|state| state.desk)
            .flatten()
            .filter(|desk| desk.is_there())
    }

    /// Something would be lost with this window, which the journals do not hold.
    fn would_lose(self) -> bool {
        let open = self.desk().is_some_and(|desk| {
            desk.grid.commit();
            let book = desk.book();
            let document = book.document();
            desk.is_busy()
                || desk.open.get_untracked() && document.is_dirty() && !document.is_safe()
        });
        let kept = self.state.try_with_value(|state| {
            let lost = |kept: &Kept| kept.document.is_dirty() && !kept.document.is_safe();
            state.lists.iter().any(lost)
        });
        open || kept == Some(true)
    }

    /// Something would be lost when the session ends.
    fn has_work(self) -> bool {
        let open = self.desk().is_some_and(|desk| {
            desk.grid.commit();
            desk.is_busy() || desk.open.get_untracked() && desk.book().is_dirty()
        });
        let kept = self
            .state
            .try_with_value(|state| state.lists.iter().any(|kept| kept.document.is_dirty()));
        open || kept == Some(true)
    }

    /// Holds a step to another page back while rows are on their way.
    fn holds(self, address: &str) -> bool {
        let Some(desk) = self.desk() else {
            return false;
        };
        // What is half typed belongs to the list that is kept.
        desk.grid.commit();
        if !desk.is_busy() {
            return false;
        }
        let address = address.to_owned();
        let sentence = if desk.can_cancel() {
            "The rows are being submitted. If you leave, nobody is invited; the list is kept here."
        } else {
            "The invitations are being made, and that goes on without this page. The list is kept here: submit it again to see what became of it. Nobody is invited twice."
        };
        let question = Question {
            title: "Leave while the rows are submitted?",
            yes: "Leave",
            sentence: sentence.to_owned(),
        };
        spawn_local(async move {
            if self.asks(question).await {
                self.let_go();
                if let Some(router) = self.state.try_with_value(|state| state.router) {
                    router.go(&address);
                }
            }
        });
        true
    }

    /// Whether the session may end: asks where work would be lost.
    pub async fn may_end(self) -> bool {
        if !self.has_work() {
            return true;
        }
        let question = Question {
            title: "Sign out?",
            yes: "Sign out",
            sentence:
                "There is a list with rows that were not submitted. It is lost when you sign out."
                    .to_owned(),
        };
        self.asks(question).await
    }

    async fn asks(self, question: Question) -> bool {
        match self.state.try_with_value(|state| state.ask) {
            Some(ask) => ask.ask(question).await,
            None => false,
        }
    }

    /// The open desk has no say any more; a submit that can be stopped is.
    fn let_go(self) {
        if let Some(desk) = self.desk() {
            submit::cancel(desk);
        }
        self.state.try_update_value(|state| state.desk = None);
    }

    /// A person signed out: nothing is kept, of other tabs neither.
    pub async fn clear(self, user: Option<UserId>) {
        if let Some(desk) = self.desk() {
            self.let_go();
            desk.close();
        }
        self.state.try_update_value(|state| state.lists.clear());
        if let Some(user) = user {
            journal::forget(user).await;
        }
    }
}
