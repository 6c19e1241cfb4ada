//! The root: contexts, routes, and what stands beside every page.

use leptos::{ev, prelude::*};

use crate::effects::effect_since;
use crate::{
    ask::{Ask, Asked},
    chunks::{self, Chunk, Chunks},
    components::{ErrorState, Toasts, Tone, clear_boot_screen, provide_toasts, use_toasts},
    frame::{AloneFrame, PlainFrame, TenantFrame},
    page::{Announcements, Announcer, focus_after_navigation},
    pages,
    query::Load,
    router::{Router, use_router},
    routes::Page,
    session::Session,
    tenant::Tenancy,
};

/// Everything.
#[component]
pub fn App() -> impl IntoView {
    provide_toasts();
    Announcer::provide();
    Router::provide();
    Ask::provide();
    Chunks::provide();
    view! {
        <Root/>
        <Toasts/>
        <Announcements/>
    }
}

/// How far the first question (who is signed in?) is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Asking,
    Failed,
    Known,
}

#[component]
fn Root() -> impl IntoView {
    let session = Session::provide();
    Tenancy::provide(session);
    focus_after_navigation();
    keep_up(session);
    let phase = Memo::new(move |_| match session.load() {
        Load::Waiting => Phase::Asking,
        Load::Failed(_) => Phase::Failed,
        Load::Ready(_) => Phase::Known,
    });
    view! {
        {move || match phase.get() {
            // The page's own skeleton, from index.html, is still there.
            Phase::Asking => ().into_any(),
            Phase::Failed => {
                clear_boot_screen();
                view! { <Unreachable session/> }.into_any()
            }
            Phase::Known => {
                clear_boot_screen();
                view! { <Pages/> }.into_any()
            }
        }}
        <pages::sign_in::SignInDialog/>
        <Asked/>
    }
}

/// Asks again who is signed in when the page is seen again (another tab may have
/// signed out), and says when the server has a newer version than this page.
fn keep_up(session: Session) {
    let toasts = use_toasts();
    let seen = window_event_listener(ev::visibilitychange, move |_| {
        if !document().hidden() {
            session.refresh();
        }
    });
    on_cleanup(move || seen.remove());
    let version = Memo::new(move |_| session.version());
    effect_since(move |last: Option<Option<String>>| {
        let now = version.get();
        if let Some(Some(last)) = last {
            if now.as_ref().is_some_and(|now| *now != last) {
                let reload = Callback::new(|()| {
                    // It only fails where there is no page to reload.
                    _ = window().location().reload();
                });
                toasts.push(
                    Tone::Info,
                    "There is a new version of Beckon. Reload when it suits you.",
                    Some(("Reload".to_owned(), reload)),
                );
            }
            return now.or(Some(last));
        }
        now
    });
}

#[component]
fn Unreachable(session: Session) -> impl IntoView {
    let message = move || match session.load() {
        Load::Failed(error) => error.to_string(),
        Load::Waiting | Load::Ready(_) => String::new(),
    };
    let retry = Callback::new(move |()| session.retry());
    let content = ViewFn::from(move || {
        view! {
            <main class="gate">
                <ErrorState
                    title="Beckon could not start."
                    message=Signal::derive(message)
                    on_retry=retry
                />
            </main>
        }
    });
    view! { <AloneFrame content/> }
}

/// Which frame a page stands in; going between pages of one frame keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum FrameKind {
    Alone,
    Plain,
    Tenant(String),
}

impl FrameKind {
    fn of(page: Option<&Page>) -> Self {
        match page {
            Some(page) if page.stands_alone() => Self::Alone,
            Some(page) => page
                .tenant()
                .map_or(Self::Plain, |slug| Self::Tenant(slug.to_owned())),
            None => Self::Plain,
        }
    }
}

#[component]
fn Pages() -> impl IntoView {
    let path = use_router().path();
    let page = Memo::new(move |_| Page::parse(&path.get()).map(Page::screen));
    let kind = Memo::new(move |_| FrameKind::of(page.get().as_ref()));

    move || {
        let kind = kind.get();
        let mine = kind.clone();
        // While one frame gives way to another, the old one shows nothing new.
        let shown = Memo::new(move |_| {
            let page = page.get();
            (FrameKind::of(page.as_ref()) == mine).then_some(page)
        });
        let content = ViewFn::from(move || match shown.get() {
            Some(page) => draw(page),
            None => ().into_any(),
        });
        match kind {
            FrameKind::Alone => view! { <AloneFrame content/> }.into_any(),
            FrameKind::Plain => view! { <PlainFrame page content/> }.into_any(),
            FrameKind::Tenant(slug) => view! { <TenantFrame slug page content/> }.into_any(),
        }
    }
}

fn draw(page: Option<Page>) -> AnyView {
    match page {
        Some(Page::Root) => pages::start::StartPage().into_any(),
        Some(Page::SignIn) => pages::sign_in::SignInPage().into_any(),
        Some(Page::Invite(_)) => pages::invite::InvitePage().into_any(),
        Some(page) => match Chunk::of(&page) {
            Some(chunk) => chunks::page(chunk, page),
            None => pages::not_found::NotFoundPage().into_any(),
        },
        None => pages::not_found::NotFoundPage().into_any(),
    }
}
