//! Who is signed in, and what happens when the session has ended.
//!
//! Every wire call of a page goes through [`Session::call`]. When it answers
//! *sign in first*, the gate either leads to the sign-in page and back, or, where a
//! page holds work that must not be lost ([`Session::hold`]), opens a sign-in
//! dialog over the page and repeats the call. The work is one person's: while a page
//! holds it, nobody else's session is used in its place ([`Person`]).

use app::{
    api::{
        ApiError,
        client::{self, Answer, Call, Request},
        session::{Current, CurrentSession, DemoInfo, Me, SignOutEverywhere, SignOutSession},
    },
    domain::{id::UserId, role::Role},
};
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::{
    effects::{effect, effect_since},
    pages::invite::Keep,
    query::{Load, Query},
    router::{Router, use_router},
    routes::{MY_INVITATIONS, Page, safe_next},
    shared::Derived,
};

/// The session of this page. Cheap to copy; take it with [`use_session`].
#[derive(Clone, Copy)]
pub struct Session {
    current: Query<Current>,
    person: Derived<Person>,
    gate: Gate,
    router: Router,
    keep: Keep,
}

/// Whom the pages are drawn for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Person {
    /// The signed-in user; while work is held, the one whose work it is.
    me: Option<Me>,
    /// True where the session is not theirs any more: it ended, or is somebody else's.
    astray: bool,
}

impl Person {
    /// After the server said who is signed in now.
    fn next(self, now: Option<Me>, held: bool) -> Self {
        match (self.me, now) {
            (Some(mine), now) if held && now.as_ref().map(|now| now.id) != Some(mine.id) => Self {
                me: Some(mine),
                astray: true,
            },
            (_, me) => Self { me, astray: false },
        }
    }
}

/// What holds calls back until somebody signed in again.
#[derive(Clone, Copy)]
struct Gate {
    holders: RwSignal<u32>,
    open: RwSignal<bool>,
    waiting: StoredValue<Vec<js_sys::Function>, LocalStorage>,
}

/// The session from the context.
pub fn use_session() -> Session {
    expect_context::<Session>()
}

impl Session {
    /// Makes the session and puts it into the context. Once, inside the router.
    pub fn provide() -> Self {
        let current = Query::ungated(CurrentSession {});
        let holders = RwSignal::new(0);
        let person = StoredValue::new(Person::default());
        let session = Self {
            current,
            person: Derived::new(move || {
                let held = holders.get() > 0;
                let now = current.ready().and_then(|current| current.me);
                let next = person.get_value().next(now, held);
                person.set_value(next.clone());
                next
            }),
            gate: Gate {
                holders,
                open: RwSignal::new(false),
                waiting: StoredValue::new_local(Vec::new()),
            },
            router: use_router(),
            keep: Keep::provide(),
        };
        provide_context(session);
        session.follow_other_tabs();
        session
    }

    /// What is shown belongs to one person: when another tab signed out, or signed
    /// somebody else in, it does not stay on the screen.
    fn follow_other_tabs(self) {
        effect_since(move |last: Option<Option<UserId>>| {
            let person = self.person.read();
            let now = person.me.as_ref().map(|me| me.id);
            match (last.flatten(), now) {
                _ if person.astray => self.gate.open.set(true),
                (Some(_), None) => self.leave_for_sign_in(),
                (Some(last), Some(now)) if last != now && !on_page_for_nobody() => {
                    // It only fails where there is no page to reload.
                    _ = window().location().reload();
                }
                _ => {}
            }
            now
        });
    }

    /// What the server said about this session; tracked.
    pub fn load(self) -> Load<Current> {
        self.current.load()
    }

    /// The signed-in user; while work is held, the one whose work it is. Tracked.
    pub fn me(self) -> Option<Me> {
        self.person.read().me.clone()
    }

    /// Set on a demo server; tracked.
    pub fn demo(self) -> Option<DemoInfo> {
        self.current.ready().and_then(|current| current.demo)
    }

    /// False where no mail goes out, because no mail server is named; tracked.
    pub fn mail_configured(self) -> bool {
        self.current
            .ready()
            .is_none_or(|current| current.mail_configured)
    }

    /// The server's version, once it is known; tracked.
    pub fn version(self) -> Option<String> {
        self.current.ready().map(|current| current.version)
    }

    /// Takes in who signed in just now, as the server said, and asks for the rest.
    /// False where a page holds the work of somebody else: then they are signed out
    /// again.
    pub async fn signed_in(self, me: Me) -> bool {
        let holder = untrack(|| self.me()).filter(|_| self.held());
        if holder.is_some_and(|holder| holder.id != me.id) {
            // If it fails, the page still sends nothing in that person's name.
            _ = client::call(SignOutSession {}).await;
            return false;
        }
        self.current.patch(|current| current.me = Some(me));
        self.refresh();
        true
    }

    /// Asks the server again who is signed in.
    pub fn refresh(self) {
        self.current.refetch();
    }

    /// Asks again after the first answer failed.
    pub fn retry(self) {
        self.current.retry();
    }

    /// The lists that outlive their page.
    pub const fn keep(self) -> Keep {
        self.keep
    }

    /// Goes to a page of ours.
    pub fn go(self, path: impl AsRef<str>) {
        self.router.go(path.as_ref());
    }

    /// Goes to a page of ours in place of this one.
    pub fn replace(self, path: impl AsRef<str>) {
        self.router.replace(path.as_ref());
    }

    /// Runs a wire call. An ended session is handled here, and the error still
    /// returned where the call was given up.
    pub fn call<C: Call>(self, call: C) -> Answer<C::Answer> {
        client::answer(Box::pin(self.send(Request::of(&call))))
    }

    /// The same without the call's types.
    pub async fn send(self, request: Request) -> Result<String, ApiError> {
        loop {
            // What is held is not sent in somebody else's name either.
            let answer = if untrack(|| self.person.read()).astray {
                Err(ApiError::SignInFirst)
            } else {
                request.send().await
            };
            match answer {
                Err(ApiError::SignInFirst) => {
                    if !self.signed_in_again().await {
                        return Err(ApiError::SignInFirst);
                    }
                }
                answer => return answer,
            }
        }
    }

    fn held(self) -> bool {
        self.gate.holders.get_untracked() > 0
    }

    /// While `held` is true, an ended session opens a dialog over this page instead
    /// of leaving it. Ends with the component that calls it.
    pub fn hold(self, held: Signal<bool>) {
        let counted = StoredValue::new(false);
        let count = move |on: bool| {
            if counted.try_get_value() != Some(on) {
                counted.try_set_value(on);
                self.gate.holders.try_update(|holders| {
                    *holders = if on {
                        *holders + 1
                    } else {
                        holders.saturating_sub(1)
                    };
                });
            }
        };
        effect(move || count(held.get()));
        on_cleanup(move || count(false));
    }

    /// The dialog's switch.
    pub fn dialog(self) -> RwSignal<bool> {
        self.gate.open
    }

    /// Lets the calls that wait go on (`true`: signed in again) or fail.
    pub fn release(self, again: bool) {
        let waiting = self.gate.waiting.try_update_value(std::mem::take);
        for resolve in waiting.into_iter().flatten() {
            // A promise's own resolve function never throws.
            _ = resolve.call1(&JsValue::UNDEFINED, &JsValue::from_bool(again));
        }
        self.gate.open.set(false);
    }

    async fn signed_in_again(self) -> bool {
        if !self.held() {
            self.leave_for_sign_in();
            return false;
        }
        let promise = js_sys::Promise::new(&mut |resolve, _| {
            self.gate
                .waiting
                .try_update_value(|waiting| waiting.push(resolve));
        });
        self.gate.open.set(true);
        JsFuture::from(promise)
            .await
            .is_ok_and(|again| again.as_bool() == Some(true))
    }

    /// Goes to the sign-in page, which leads back here. Does nothing on pages that
    /// need nobody.
    pub fn leave_for_sign_in(self) {
        if on_page_for_nobody() {
            return;
        }
        let location = window().location();
        let path = location.pathname().unwrap_or_default();
        let search = location.search().unwrap_or_default();
        self.current.patch(|current| current.me = None);
        self.replace(sign_in_href(&format!("{path}{search}")));
    }

    /// Ends the session, here or everywhere, and shows the sign-in page; asks first where
    /// work would be lost.
    pub async fn sign_out(self, everywhere: bool) -> Result<(), ApiError> {
        if !self.keep.may_end().await {
            return Ok(());
        }
        let answer = if everywhere {
            client::call(SignOutEverywhere {}).await
        } else {
            client::call(SignOutSession {}).await
        };
        match answer {
            // Whoever has no session any more is signed out.
            Ok(()) | Err(ApiError::SignInFirst) => {
                self.keep.clear(untrack(|| self.me()).map(|me| me.id)).await;
                // The landing page goes on with the invitation, for somebody else. Elsewhere
                // the address changes first: nothing then leads back to this page.
                if !on_page_for_nobody() {
                    self.go(Page::SignIn.href());
                }
                // Whoever leaves on purpose lets go of the work.
                self.gate.holders.set(0);
                self.current.patch(|current| current.me = None);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether this page is one that needs nobody to be signed in.
fn on_page_for_nobody() -> bool {
    let path = window().location().pathname().unwrap_or_default();
    Page::parse(&path).is_some_and(|page| page.stands_alone())
}

/// The sign-in page's address that leads back to `next`.
pub fn sign_in_href(next: &str) -> String {
    match safe_next(next) {
        Some(next) => {
            let next: String = js_sys::encode_uri_component(&next).into();
            format!("{}?next={next}", Page::SignIn.path())
        }
        None => Page::SignIn.href(),
    }
}

/// Where a person starts: super-admins at the Data Manager, tenant admins at their
/// first tenant, everybody else at home.
pub fn home_of(me: &Me) -> String {
    if me.super_admin {
        return Page::DataManager.href();
    }
    me.memberships
        .iter()
        .find(|membership| membership.role == Role::Admin)
        .map_or_else(
            || Page::Home.href(),
            |membership| Page::Management(membership.slug.clone()).href(),
        )
}

/// Where the profile menu's entry of a tenant leads.
pub fn tenant_href(slug: &str, role: Role) -> String {
    if role == Role::Admin {
        Page::Management(slug.to_owned()).href()
    } else {
        MY_INVITATIONS.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: u8) -> Me {
        let id = format!("00000000-0000-7000-8000-0000000000{number:02}");
        Me {
            id: id.parse().expect("an id"),
            name: format!("Person {number}"),
            email: format!("{number}@example.test"),
            super_admin: false,
            email_verified: true,
            memberships: Vec::new(),
        }
    }

    fn signed_in(number: u8) -> Person {
        Person::default().next(Some(user(number)), false)
    }

    #[test]
    fn held_work_stays_with_whose_it_is() {
        let ended = signed_in(1).next(None, true);
        assert_eq!((ended.me.clone(), ended.astray), (Some(user(1)), true));
        let other = ended.next(Some(user(2)), true);
        assert_eq!((other.me.clone(), other.astray), (Some(user(1)), true));
        assert_eq!(other.clone().next(Some(user(1)), true), signed_in(1));
        // Once the page is gone, so is the claim on it.
        assert_eq!(other.next(None, false), Person::default());
    }

    #[test]
    fn without_work_the_session_is_what_the_server_says() {
        assert_eq!(signed_in(1).next(None, false), Person::default());
        assert_eq!(signed_in(1).next(Some(user(2)), false), signed_in(2));
        let mut renamed = user(1);
        renamed.name = "Another name".to_owned();
        let person = signed_in(1).next(Some(renamed.clone()), true);
        assert_eq!((person.me, person.astray), (Some(renamed), false));
    }
}
