//! The one thing to do with an invitation: register, sign in, accept, or sign out
//! because it is somebody else's.

use app::api::{
    ApiError, client,
    landing::{Landing, LandingAccept, LandingRegister, NextStep, Register},
    redeem::{RedeemRegister, RegisterByCode},
};
use leptos::{ev, prelude::*, task::spawn_local};

use super::Offer;
use crate::{
    components::{
        Button, ButtonKind, ButtonType, Notice, PasswordInput, TextInput, ToastStore, Tone,
        use_toasts,
    },
    pages::sign_in::{SignInForm, alert},
    routes::{MY_INVITATIONS, Page},
    session::use_session,
    text::{failure, field_error},
};

/// The shortest password that the server takes, in characters.
const SHORTEST_PASSWORD: usize = 10;

/// What comes next, as the server says.
#[component]
pub(super) fn Step(offer: Offer, landing: Landing) -> impl IntoView {
    match landing.next {
        NextStep::Register if landing.by_code => view! { <CodeStep offer landing/> }.into_any(),
        NextStep::Register => view! { <RegisterForm offer landing/> }.into_any(),
        NextStep::SignIn => view! { <SignInStep offer landing/> }.into_any(),
        NextStep::Accept => {
            view! { <AcceptStep offer by_code=landing.by_code redirect=landing.redirect/> }
                .into_any()
        }
        NextStep::Mismatch => view! { <MismatchStep offer landing/> }.into_any(),
    }
}

/// Says that it is done, and offers to go on where whoever invited wants the person to go.
fn go_on(toasts: ToastStore, said: String, redirect: String) {
    if redirect.is_empty() {
        toasts.success(said);
        return;
    }
    let go = Callback::new(move |()| {
        // Setting an address of this origin cannot fail.
        _ = window().location().assign(&redirect);
    });
    toasts.push(Tone::Ok, said, Some(("Continue".to_owned(), go)));
}

/// True where the link itself is at an end, or the session is not the one it was:
/// the page is drawn anew from what the server says.
fn ends_the_step(error: &ApiError) -> bool {
    matches!(error, ApiError::NotFound | ApiError::SignInFirst)
}

#[component]
fn RegisterForm(offer: Offer, landing: Landing) -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let by_code = landing.by_code;
    let email = RwSignal::new(String::new());
    let email_error = RwSignal::new(None::<String>);
    let first = RwSignal::new(landing.first_name);
    let last = RwSignal::new(landing.last_name);
    let password = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let trouble = RwSignal::new(None::<String>);
    let first_error = RwSignal::new(None::<String>);
    let last_error = RwSignal::new(None::<String>);
    let password_error = RwSignal::new(None::<String>);
    let tenant = StoredValue::new(landing.tenant);
    let redirect = StoredValue::new(landing.redirect);

    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let input = Register {
            first_name: first.get_untracked().trim().to_owned(),
            last_name: last.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
        };
        let address = email.get_untracked().trim().to_owned();
        let no_address = by_code && address.is_empty();
        email_error.set(no_address.then(|| "Fill in your email.".to_owned()));
        let no_name = input.first_name.is_empty();
        let short = input.password.chars().count() < SHORTEST_PASSWORD;
        first_error.set(no_name.then(|| "Fill in your first name.".to_owned()));
        last_error.set(None);
        password_error.set(short.then(|| format!("Take at least {SHORTEST_PASSWORD} characters.")));
        trouble.set(None);
        if no_address || no_name || short {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let answer = if by_code {
                let input = RegisterByCode {
                    email: address,
                    first_name: input.first_name,
                    last_name: input.last_name,
                    password: input.password,
                };
                client::call(RedeemRegister { input }).await
            } else {
                client::call(LandingRegister { input }).await
            };
            match answer {
                Ok(me) => {
                    let tenant = tenant.try_get_value().unwrap_or_default();
                    let said = format!("Welcome to {tenant}, {}.", me.name);
                    go_on(toasts, said, redirect.try_get_value().unwrap_or_default());
                    session.signed_in(me).await;
                    session.go(Page::Home.href());
                }
                Err(error) if ends_the_step(&error) => offer.ask(),
                Err(error) => {
                    busy.try_set(false);
                    let at_fields = [
                        ("email", email_error),
                        ("first_name", first_error),
                        ("last_name", last_error),
                        ("password", password_error),
                    ]
                    .map(|(field, shown)| {
                        let text = field_error(&error, field);
                        let found = text.is_some();
                        shown.try_set(text);
                        found
                    });
                    if !at_fields.contains(&true) {
                        trouble.try_set(Some(failure(&error)));
                    }
                }
            }
        });
    };
    view! {
        <form class="landing__form" novalidate=true on:submit=submit>
            <p class="landing__text">"Make your account to accept."</p>
            {move || trouble.get().map(alert)}
            {by_code
                .then(|| {
                    view! {
                        <TextInput
                            label="Email"
                            value=email
                            input_type="email"
                            name="email"
                            autocomplete="email"
                            error=email_error
                        />
                    }
                })}
            <TextInput
                label="First name"
                value=first
                name="given-name"
                autocomplete="given-name"
                error=first_error
            />
            <TextInput
                label="Last name"
                value=last
                name="family-name"
                autocomplete="family-name"
                optional=true
                error=last_error
            />
            <PasswordInput
                value=password
                autocomplete="new-password"
                hint=Some(format!("At least {SHORTEST_PASSWORD} characters."))
                error=password_error
            />
            <div class="landing__actions">
                <Button kind=ButtonKind::Primary button_type=ButtonType::Submit busy>
                    "Create account and accept"
                </Button>
            </div>
        </form>
        {(!by_code)
            .then(|| {
                view! {
                    <p class="landing__small">
                        {format!(
                            "Not your address? Ask {} to invite the right one.",
                            landing.inviter,
                        )}
                    </p>
                }
            })}
    }
}

/// With a code: a new account, or one's own.
#[component]
fn CodeStep(offer: Offer, landing: Landing) -> impl IntoView {
    let has_account = RwSignal::new(false);
    let email = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let landing = StoredValue::new(landing);
    view! {
        {move || {
            if has_account.get() {
                view! {
                    <p class="landing__text">"Sign in, then accept."</p>
                    <SignInForm email password on_done=move |_me| offer.ask()/>
                }
                    .into_any()
            } else {
                view! { <RegisterForm offer landing=landing.get_value()/> }.into_any()
            }
        }}
        <div class="landing__actions">
            <Button
                kind=ButtonKind::Quiet
                on:click=move |_| has_account.update(|has| *has = !*has)
            >
                {move || if has_account.get() { "Make a new account" } else { "I have an account" }}
            </Button>
        </div>
    }
}

#[component]
fn SignInStep(offer: Offer, landing: Landing) -> impl IntoView {
    let email = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    view! {
        <Notice>
            {format!(
                "There is an account for {}. Sign in with it, then accept.",
                landing.email_masked,
            )}
        </Notice>
        <SignInForm email password on_done=move |_me| offer.ask()/>
        <p class="landing__small">
            {format!("Not your address? Ask {} to invite the right one.", landing.inviter)}
        </p>
    }
}

#[component]
fn AcceptStep(offer: Offer, by_code: bool, redirect: String) -> impl IntoView {
    let redirect = StoredValue::new(redirect);
    let session = use_session();
    let toasts = use_toasts();
    let busy = RwSignal::new(false);
    let trouble = RwSignal::new(None::<String>);
    let leave = move |_| {
        trouble.set(None);
        spawn_local(async move {
            match session.sign_out(false).await {
                Ok(()) => offer.ask(),
                Err(error) => _ = trouble.try_set(Some(failure(&error))),
            }
        });
    };
    let me = Memo::new(move |_| session.me().map(|me| me.email));
    let accept = move |_| {
        busy.set(true);
        trouble.set(None);
        spawn_local(async move {
            match client::call(LandingAccept {}).await {
                Ok(()) => {
                    let said = "Accepted. You find it on this page.".to_owned();
                    go_on(toasts, said, redirect.try_get_value().unwrap_or_default());
                    // The new membership belongs into the profile menu.
                    session.refresh();
                    session.go(MY_INVITATIONS);
                }
                Err(error) if ends_the_step(&error) => offer.ask(),
                Err(error) => {
                    busy.try_set(false);
                    trouble.try_set(Some(failure(&error)));
                }
            }
        });
    };
    view! {
        {move || trouble.get().map(alert)}
        <div class="landing__actions">
            <Button kind=ButtonKind::Primary busy on:click=accept>
                "Accept"
            </Button>
            {by_code
                .then(|| {
                    view! {
                        <Button kind=ButtonKind::Quiet on:click=leave>
                            "Sign out and use another account"
                        </Button>
                    }
                })}
        </div>
        <p class="landing__small">
            {move || me.get().map(|email| format!("You are signed in as {email}. "))}
            "Accepting cannot be undone here."
        </p>
    }
}

#[component]
fn MismatchStep(offer: Offer, landing: Landing) -> impl IntoView {
    let session = use_session();
    let busy = RwSignal::new(false);
    let trouble = RwSignal::new(None::<String>);
    let who = Memo::new(move |_| {
        session.me().map_or_else(
            || "somebody else".to_owned(),
            |me| format!("{} ({})", me.name, me.email),
        )
    });
    let sign_out = move |_| {
        busy.set(true);
        trouble.set(None);
        spawn_local(async move {
            let answer = session.sign_out(false).await;
            busy.try_set(false);
            match answer {
                Ok(()) => offer.ask(),
                Err(error) => _ = trouble.try_set(Some(failure(&error))),
            }
        });
    };
    view! {
        {move || trouble.get().map(alert)}
        <Notice tone=Tone::Warn title="This invitation is for somebody else.">
            {move || {
                format!(
                    "You are signed in as {}, and it is for {}. It stays open. Sign out to go on as that person.",
                    who.get(),
                    landing.email_masked,
                )
            }}
        </Notice>
        <div class="landing__actions">
            <Button kind=ButtonKind::Primary busy on:click=sign_out>
                "Sign out"
            </Button>
        </div>
        <p class="landing__small">
            {format!("Not your address? Ask {} to invite the right one.", landing.inviter)}
        </p>
    }
}
