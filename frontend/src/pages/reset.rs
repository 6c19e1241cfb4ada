//! `/reset#<token>`: where the link to choose a new password leads.

use app::api::{
    ApiError,
    accounts::{AccountReset, AccountResetCheck, ResetPassword},
    client,
};
use leptos::{ev, prelude::*, task::spawn_local};

use super::form::Form;
use crate::{
    components::{
        Button, ButtonKind, ButtonType, ErrorState, LinkButton, Logo, PasswordInput, Skeleton,
        use_toasts,
    },
    effects::effect_since,
    page::use_title,
    query::Load,
    router::use_router,
    routes::Page,
    session::{home_of, use_session},
    text::failure,
};

/// The link, and whether it is good. Cheap to copy.
#[derive(Clone, Copy)]
struct Link {
    token: StoredValue<String>,
    good: RwSignal<Load<()>>,
}

impl Link {
    fn ask(self) {
        self.good.set(Load::Waiting);
        let token = self.token.get_value();
        spawn_local(async move {
            let answer = client::call(AccountResetCheck {
                token: token.clone(),
            })
            .await;
            // Another link may have been opened meanwhile.
            if self.token.try_get_value().as_ref() == Some(&token) {
                self.good.set(match answer {
                    Ok(()) => Load::Ready(()),
                    Err(error) => Load::Failed(error),
                });
            }
        });
    }
}

/// The page of the link.
#[component]
pub fn ResetPage() -> impl IntoView {
    use_title(|| "Choose a new password".to_owned());
    let router = use_router();
    let link = Link {
        token: StoredValue::new(String::new()),
        good: RwSignal::new(Load::Waiting),
    };
    effect_since(move |last: Option<()>| {
        let token = router.hash().get();
        if !token.is_empty() {
            link.token.set_value(token);
            // Out of the address bar and the history, at once (S08).
            router.replace_quietly(&Page::Reset.path());
            link.ask();
        } else if last.is_none() {
            link.good.set(Load::Failed(ApiError::NotFound));
        }
    });
    view! {
        <main class="gate" id="content" tabindex="-1">
            <div class="gate__card">
                <Logo/>
                {move || card(link)}
            </div>
        </main>
    }
}

fn card(link: Link) -> AnyView {
    match link.good.get() {
        Load::Waiting => view! {
            <h1 class="visually-hidden">"Choose a new password"</h1>
            <Skeleton count=3/>
        }
        .into_any(),
        Load::Ready(()) => view! { <Choose link/> }.into_any(),
        Load::Failed(ApiError::NotFound) => gone(),
        Load::Failed(error) => view! {
            <h1 class="visually-hidden">"Choose a new password"</h1>
            <ErrorState
                title="The link could not be opened."
                message=failure(&error)
                on_retry=Callback::new(move |()| link.ask())
            />
        }
        .into_any(),
    }
}

/// One page for used, old and unknown links.
fn gone() -> AnyView {
    view! {
        <div>
            <h1 class="gate__title">"This link doesn’t work any more"</h1>
            <p class="gate__lead">
                "It may have been used, be older than 30 minutes, or be cut. If you only reloaded this page, open the link in the mail once more. Your password is as it was."
            </p>
        </div>
        <LinkButton kind=ButtonKind::Primary href=Page::Forgot.href()>"Ask for a new link"</LinkButton>
    }
    .into_any()
}

#[component]
fn Choose(link: Link) -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let password = RwSignal::new(String::new());
    let form = Form::new();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if !form.begin() {
            return;
        }
        let input = ResetPassword {
            token: link.token.get_value(),
            password: password.get_untracked(),
        };
        spawn_local(async move {
            let answer = client::call(AccountReset { input }).await;
            if matches!(answer, Err(ApiError::NotFound)) {
                link.good.try_set(Load::Failed(ApiError::NotFound));
                return;
            }
            if let Some(me) = form.end(answer) {
                let home = home_of(&me);
                toasts.success("Your new password is set. You are signed in.".to_owned());
                session.signed_in(me).await;
                session.replace(home);
            }
        });
    };
    view! {
        <div>
            <h1 class="gate__title">"Choose a new password"</h1>
            <p class="gate__lead">"You are signed out everywhere else when it is set."</p>
        </div>
        <form class="gate__form" novalidate=true on:submit=submit>
            {form.alert()}
            <PasswordInput
                label="New password"
                value=password
                autocomplete="new-password"
                hint=Some("At least 10 characters.".to_owned())
                error=form.at("password")
            />
            <Button kind=ButtonKind::Primary button_type=ButtonType::Submit busy=form.busy>
                "Set password"
            </Button>
        </form>
    }
}
