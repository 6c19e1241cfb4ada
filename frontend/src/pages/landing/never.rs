//! `/never`: asks never to be invited again, by the mail's link or from the landing page.

use app::api::{
    ApiError, client,
    landing::{LandingNever, NeverAgain, NeverInvite},
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{Button, ButtonKind, Logo, Switch},
    effects::effect,
    page::use_title,
    pages::sign_in::alert,
    router::use_router,
    routes::Page,
    shared::Shared,
    text::failure,
};

/// What is shown.
#[derive(Clone)]
enum Phase {
    Asking,
    Done(NeverAgain),
    /// The link proves no mailbox.
    Gone,
}

/// The page. Nothing happens until its button is used (S09).
#[component]
pub fn NeverPage() -> impl IntoView {
    use_title(|| "Never invite me again".to_owned());
    let router = use_router();
    let token = StoredValue::new(None::<String>);
    effect(move || {
        let found = router.hash().get();
        if !found.is_empty() {
            token.set_value(Some(found));
            // Out of the address bar and the history, at once (S08).
            router.replace_quietly(&Page::Never.path());
        }
    });
    let phase = Shared::new(Phase::Asking);
    let everywhere = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let trouble = RwSignal::new(None::<String>);
    let confirm = move |_| {
        busy.set(true);
        trouble.set(None);
        let input = NeverInvite {
            token: token.get_value(),
            everywhere: everywhere.get_untracked(),
        };
        spawn_local(async move {
            let answer = client::call(LandingNever { input }).await;
            busy.try_set(false);
            if phase.try_read_untracked().is_none() {
                return;
            }
            match answer {
                Ok(again) => phase.set(Phase::Done(again)),
                Err(ApiError::NotFound) => phase.set(Phase::Gone),
                Err(error) => trouble.set(Some(failure(&error))),
            }
        });
    };
    let asking = move || {
        view! {
            <h1 class="landing__title">"Never be invited again?"</h1>
            <p class="landing__text">
                "The organisation that invited you will not be able to invite your address any more, and what waits for you there is declined. An account that you have stays as it is."
            </p>
            {move || trouble.get().map(alert)}
            <Switch
                checked=everywhere
                hint="No organisation that uses this platform will be able to invite you."
            >
                "By nobody here"
            </Switch>
            <div class="landing__actions">
                <Button kind=ButtonKind::Danger busy on:click=confirm>
                    "Never invite me again"
                </Button>
            </div>
            <p class="landing__small">"This cannot be undone here."</p>
        }
        .into_any()
    };
    let draw = move || {
        match &*phase.read() {
        Phase::Asking => asking(),
        Phase::Done(again) => done(again, untrack(|| everywhere.get())),
        Phase::Gone => view! {
            <h1 class="landing__title">"This link doesn’t work any more"</h1>
            <p class="landing__text">
                "Nothing was changed. Use the link in a newer mail: only a link that was mailed to you shows that the address is yours."
            </p>
        }
        .into_any(),
    }
    };
    view! {
        <div class="landing">
            <header class="landing__top">
                <Logo/>
            </header>
            <main class="landing__main" id="content" tabindex="-1">
                <div class="landing__card" aria-live="polite">
                    {draw}
                </div>
            </main>
        </div>
    }
}

fn done(again: &NeverAgain, everywhere: bool) -> AnyView {
    let who = if everywhere {
        "Nobody here".to_owned()
    } else {
        again.tenant.clone()
    };
    view! {
        <h1 class="landing__title">"Done"</h1>
        <p class="landing__text">
            {format!(
                "{who} can{} invite {}, and what waited for you is declined. You can close this page.",
                if everywhere { "" } else { " no longer" },
                again.email_masked,
            )}
        </p>
    }
    .into_any()
}
