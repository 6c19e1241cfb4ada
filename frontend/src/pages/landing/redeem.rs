//! `/redeem` and `/redeem#<code>`: a code is typed from a card, or followed from its QR code.

use app::{
    api::{ApiError, client, landing::LandingShow, redeem::RedeemOpen},
    domain::code::RedemptionCode,
};
use leptos::{ev, prelude::*, task::spawn_local};

use super::{Offer, offered};
use crate::{
    components::{Button, ButtonKind, ButtonType, Logo, TextInput},
    effects::effect_since,
    page::use_title,
    pages::sign_in::alert,
    query::Load,
    router::use_router,
    routes::Page,
    text::failure,
};

/// Said of every code that opens nothing, whatever the reason.
const GONE: &str = "This code opens nothing, or nothing any more. It may have been used, taken \
                    back, or run out. Compare it with the card, or ask whoever handed it out.";

/// What is typed, and what became of it. Cheap to copy.
#[derive(Clone, Copy)]
struct Entry {
    offer: Offer,
    code: RwSignal<String>,
    busy: RwSignal<bool>,
    error: RwSignal<Option<String>>,
    trouble: RwSignal<Option<String>>,
}

impl Entry {
    /// Tests the check, then exchanges the code for the cookie.
    fn open(self) {
        if self.busy.get_untracked() {
            return;
        }
        self.trouble.set(None);
        let code = match self.code.with_untracked(|text| RedemptionCode::parse(text)) {
            Ok(code) => code.reveal().to_owned(),
            Err(problem) => {
                self.error.set(Some(problem.message()));
                return;
            }
        };
        self.error.set(None);
        self.busy.set(true);
        spawn_local(async move {
            let answer = client::call(RedeemOpen { code }).await;
            self.busy.try_set(false);
            match answer {
                Ok(landing) => {
                    // From here on the cookie carries it.
                    self.code.try_set(String::new());
                    self.offer.load.try_set(Load::Ready(landing));
                }
                Err(ApiError::NotFound) => _ = self.trouble.try_set(Some(GONE.to_owned())),
                Err(error) => _ = self.trouble.try_set(Some(failure(&error))),
            }
        });
    }

    /// A browser that opened a code before goes on with it, after a reload or a sign-in.
    fn go_on(self) {
        spawn_local(async move {
            let answer = client::call(LandingShow {}).await;
            let none = matches!(self.offer.load.try_get_untracked(), Some(Load::Waiting));
            if none {
                self.offer.load.try_set(match answer {
                    Ok(landing) if landing.by_code => Load::Ready(landing),
                    _ => Load::Failed(ApiError::NotFound),
                });
            }
        });
    }
}

/// The page of codes.
#[component]
pub fn RedeemPage() -> impl IntoView {
    use_title(|| "Redeem a code".to_owned());
    let router = use_router();
    let entry = Entry {
        offer: Offer::new(),
        code: RwSignal::new(String::new()),
        busy: RwSignal::new(false),
        error: RwSignal::new(None),
        trouble: RwSignal::new(None),
    };
    effect_since(move |last: Option<()>| {
        let code = router.hash().get();
        if !code.is_empty() {
            // Out of the address bar and the history, at once (S08).
            router.replace_quietly(&Page::Redeem.path());
            entry.code.set(code);
            entry.offer.failed(ApiError::NotFound);
            entry.open();
        } else if last.is_none() {
            entry.go_on();
        }
    });
    view! {
        <div class="landing">
            <header class="landing__top">
                <Logo/>
            </header>
            <main class="landing__main" id="content" tabindex="-1">
                <div class="landing__card">
                    {move || match entry.offer.load.get() {
                        Load::Ready(landing) => offered(entry.offer, landing),
                        // A code that ends while it is looked at leads back to the field.
                        Load::Waiting | Load::Failed(_) => form(entry),
                    }}
                </div>
            </main>
        </div>
    }
}

fn form(entry: Entry) -> AnyView {
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        entry.open();
    };
    view! {
        <h1 class="landing__title">"Redeem a code"</h1>
        <p class="landing__text">
            "Type the code from your card: 16 letters and figures. Capitals, spaces and hyphens do not matter."
        </p>
        <form class="landing__form" novalidate=true on:submit=submit>
            {move || entry.trouble.get().map(alert)}
            <TextInput
                label="Code"
                id="code"
                value=entry.code
                autocomplete="off"
                placeholder="AB12-CD34-EF56-GH78"
                error=entry.error
            />
            <div class="landing__actions">
                <Button
                    kind=ButtonKind::Primary
                    button_type=ButtonType::Submit
                    busy=entry.busy
                >
                    "Continue"
                </Button>
            </div>
        </form>
    }
    .into_any()
}
