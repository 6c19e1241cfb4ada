//! `/i#<token>`: where a mailed link leads. Who invites to what, and one thing to do.

mod never;
mod redeem;
mod steps;

use app::{
    api::{
        ApiError, client,
        landing::{Landing, LandingOpen, LandingShow, LandingTarget},
    },
    domain::invitation::InvitationKind,
};
use leptos::{prelude::*, task::spawn_local};

use self::steps::Step;
pub use self::{never::NeverPage, redeem::RedeemPage};
use crate::effects::effect_since;
use crate::{
    components::{Avatar, DateText, ErrorState, Icon, IconName, LinkButton, Logo, Skeleton},
    page::use_title,
    query::Load,
    router::use_router,
    routes::Page,
    text::{failure, kind_word},
};

/// The invitation behind the link, asked anew after every step. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Offer {
    load: RwSignal<Load<Landing>>,
    token: StoredValue<Option<String>>,
    turn: StoredValue<u64>,
}

impl Offer {
    fn new() -> Self {
        Self {
            load: RwSignal::new(Load::Waiting),
            token: StoredValue::new(None),
            turn: StoredValue::new(0),
        }
    }

    /// Exchanges the token for the cookie, or asks what the cookie offers.
    pub(super) fn ask(self) {
        let mine = self.turn.try_update_value(|turn| {
            *turn += 1;
            *turn
        });
        spawn_local(async move {
            let token = self.token.try_get_value().flatten();
            let answer = match token {
                Some(token) => client::call(LandingOpen { token }).await,
                None => client::call(LandingShow {}).await,
            };
            if mine.is_none() || self.turn.try_get_value() != mine {
                return;
            }
            match answer {
                Ok(landing) => {
                    // From here on the cookie carries it; the token is good for once.
                    self.token.set_value(None);
                    self.load.set(Load::Ready(landing));
                }
                Err(error) => self.failed(error),
            }
        });
    }

    /// Shows why it ended; every reason of the link itself reads the same.
    pub(super) fn failed(self, error: ApiError) {
        self.load.try_set(Load::Failed(error));
    }
}

/// The page of the link.
#[component]
pub fn LandingPage() -> impl IntoView {
    let offer = Offer::new();
    let router = use_router();
    // Another link may be opened while this page is there; the first one counts too.
    effect_since(move |last: Option<()>| {
        let token = router.hash().get();
        if !token.is_empty() {
            offer.token.set_value(Some(token));
            // Out of the address bar and the history, at once (S08).
            router.replace_quietly(&Page::Landing.path());
            offer.load.set(Load::Waiting);
            offer.ask();
        } else if last.is_none() {
            offer.ask();
        }
    });
    use_title(move || {
        offer.load.with(|load| match load {
            Load::Ready(landing) => format!("Invitation to {}", landing.tenant),
            Load::Waiting | Load::Failed(_) => "Invitation".to_owned(),
        })
    });
    view! {
        <div class="landing">
            <header class="landing__top">
                <Logo/>
            </header>
            <main class="landing__main" id="content" tabindex="-1">
                <div class="landing__card">{move || card(offer)}</div>
            </main>
        </div>
    }
}

fn card(offer: Offer) -> AnyView {
    match offer.load.get() {
        Load::Waiting => view! {
            <h1 class="visually-hidden">"Your invitation"</h1>
            <Skeleton count=5/>
        }
        .into_any(),
        Load::Ready(landing) => offered(offer, landing),
        Load::Failed(
            error @ (ApiError::Offline { .. }
            | ApiError::Unavailable
            | ApiError::Internal
            | ApiError::TooMany { .. }),
        ) => view! {
            <h1 class="visually-hidden">"Your invitation"</h1>
            <ErrorState
                title="Your invitation could not be opened."
                message=failure(&error)
                on_retry=Callback::new(move |()| {
                    offer.load.set(Load::Waiting);
                    offer.ask();
                })
            />
        }
        .into_any(),
        Load::Failed(_) => gone(),
    }
}

/// One page for unknown, expired, revoked and used links.
fn gone() -> AnyView {
    view! {
        <h1 class="landing__title">"This link doesn’t work any more"</h1>
        <p class="landing__text">
            "It may have been used already, taken back, or replaced by a newer one. Look for a newer mail, or ask the person who invited you."
        </p>
        <div class="landing__actions">
            <LinkButton href="/">"I have an account"</LinkButton>
        </div>
    }
    .into_any()
}

fn offered(offer: Offer, landing: Landing) -> AnyView {
    let targets = landing.targets.iter().cloned().map(target).collect_view();
    let mailed = landing.mailed;
    view! {
        <div class="landing__from">
            <Avatar name=landing.inviter.clone()/>
            <span>
                <strong>{landing.inviter.clone()}</strong>
                " invites you"
            </span>
        </div>
        <div class="stack">
            <h1 class="landing__title">{format!("You are invited to {}", landing.tenant)}</h1>
            <p class="landing__text">
                {(!landing.by_code)
                    .then(|| {
                        view! {
                            "For "
                            <strong>{landing.email_masked.clone()}</strong>
                            ", until "
                        }
                    })}
                {landing.by_code.then_some("For whoever has the code, until ")}
                <DateText at=landing.expires_at.0/> "."
            </p>
        </div>
        <ul class="landing__targets">{targets}</ul>
        <Step offer landing/>
        {mailed
            .then(|| {
                view! {
                    <p class="landing__small">
                        <a href=Page::Never.href()>"Never invite me again"</a>
                    </p>
                }
            })}
    }
    .into_any()
}

fn target(target: LandingTarget) -> AnyView {
    let icon = match target.kind {
        InvitationKind::Platform => IconName::Building,
        InvitationKind::Course => IconName::Book,
        InvitationKind::Program => IconName::Program,
    };
    let kind = match target.kind {
        InvitationKind::Platform => "Membership",
        kind => kind_word(kind),
    };
    view! {
        <li class="landing__target">
            <span class="landing__target-icon">
                <Icon name=icon/>
            </span>
            <span>
                <span class="landing__target-kind">{kind}</span>
                <span class="landing__target-name">{target.title}</span>
            </span>
        </li>
    }
    .into_any()
}
