//! Who is signed in, and what happens when the session has ended.
//!
//! Every wire call of a page goes through [`Session::call`]. When it answers
//! *sign in first*, the gate either leads to the sign-in page and back, or, where a
//! page holds work that must not be lost ([`Session::hold`]), opens a sign-in
//! dialog over the page and repeats the call.

use app::{
    api::{
        ApiError,
        client::{self, Answer, Call, Request},
        session::{Current, CurrentSession, DemoInfo, Me, SignOutEverywhere, SignOutSession},
    },
    domain::role::Role,
};
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::{
    effects::effect,
    pages::invite::Keep,
    query::{Load, Query},
    router::{Router, use_router},
    routes::{MY_INVITATIONS, Page, safe_next},
};

/// The session of this page. Cheap to copy; take it with [`use_session`].
#[derive(Clone, Copy)]
pub struct Session {
    current: Query<Current>,
    gate: Gate,
    router: Router,
    keep: Keep,
}

/// What holds calls back until somebody signed in again.
#[derive(Clone, Copy)]
struct Gate {
    holders: StoredValue<u32>,
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
        let session = Self {
            current: Query::ungated(CurrentSession {}),
            gate: Gate {
                holders: StoredValue::new(0),
                open: RwSignal::new(false),
                waiting: StoredValue::new_local(Vec::new()),
            },
            router: use_router(),
            keep: Keep::provide(),
        };
        provide_context(session);
        session
    }

    /// What the server said about this session; tracked.
    pub fn load(self) -> Load<Current> {
        self.current.load()
    }

    /// The signed-in user; tracked.
    pub fn me(self) -> Option<Me> {
        self.current.ready().and_then(|current| current.me)
    }

    /// Set on a demo server; tracked.
    pub fn demo(self) -> Option<DemoInfo> {
        self.current.ready().and_then(|current| current.demo)
    }

    /// False where there is no mail server, and links must be copied; tracked.
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
    pub fn signed_in(self, me: Me) {
        self.current.patch(|current| current.me = Some(me));
        self.refresh();
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
            match request.send().await {
                Err(ApiError::SignInFirst) => {
                    if !self.signed_in_again().await {
                        return Err(ApiError::SignInFirst);
                    }
                }
                answer => return answer,
            }
        }
    }

    /// While `held` is true, an ended session opens a dialog over this page instead
    /// of leaving it. Ends with the component that calls it.
    pub fn hold(self, held: Signal<bool>) {
        let counted = StoredValue::new(false);
        let count = move |on: bool| {
            if counted.try_get_value() != Some(on) {
                counted.try_set_value(on);
                self.gate.holders.try_update_value(|holders| {
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
        if self.gate.holders.try_get_value().unwrap_or_default() == 0 {
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
        let location = window().location();
        let path = location.pathname().unwrap_or_default();
        if Page::parse(&path).is_some_and(|page| page.stands_alone()) {
            return;
        }
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
                self.keep.clear();
                self.current.patch(|current| current.me = None);
                let here = window().location().pathname().unwrap_or_default();
                // The landing page goes on with the invitation, for somebody else.
                if !Page::parse(&here).is_some_and(|page| page.stands_alone()) {
                    self.go(Page::SignIn.href());
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
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
