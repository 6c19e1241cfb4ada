//! `/forgot`: asks for a link to choose a new password.

use app::api::{accounts::AccountForgot, client};
use leptos::{ev, prelude::*, task::spawn_local};

use super::form::Form;
use crate::{
    components::{Button, ButtonKind, ButtonType, LinkButton, Logo, Notice, TextInput, Tone},
    page::use_title,
    routes::Page,
    session::use_session,
};

/// The page of the forgotten password.
#[component]
pub fn ForgotPage() -> impl IntoView {
    use_title(|| "Forgot password?".to_owned());
    let session = use_session();
    let email = RwSignal::new(String::new());
    let sent_to = RwSignal::new(None::<String>);
    let form = Form::new();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let typed = email.get_untracked().trim().to_owned();
        if typed.is_empty() {
            form.wrong("email", "Fill in your email.");
            return;
        }
        if !form.begin() {
            return;
        }
        spawn_local(async move {
            let answer = client::call(AccountForgot {
                email: typed.clone(),
            })
            .await;
            if form.end(answer).is_some() {
                sent_to.try_set(Some(typed));
            }
        });
    };
    let ask = move || {
        view! {
            <form class="gate__form" novalidate=true on:submit=submit>
                {form.alert()}
                <TextInput
                    label="Email"
                    value=email
                    input_type="email"
                    name="email"
                    autocomplete="username"
                    error=form.at("email")
                />
                <Button kind=ButtonKind::Primary button_type=ButtonType::Submit busy=form.busy>
                    "Mail me a link"
                </Button>
            </form>
        }
        .into_any()
    };
    let body = move || {
        match (sent_to.get(), session.mail_configured()) {
        (Some(address), _) => view! {
            <div role="status">
                <Notice tone=Tone::Ok title="Look into your mail.">
                    {format!(
                        "If there is an account for {address}, a link to choose a new password is on its way. It works for 30 minutes.",
                    )}
                </Notice>
            </div>
        }
        .into_any(),
        (None, true) => ask(),
        (None, false) => view! {
            <Notice tone=Tone::Warn title="No mail server is set up.">
                "Nothing can be mailed from here. Ask the people who run this site, or whoever invited you, for help with your password."
            </Notice>
        }
        .into_any(),
    }
    };
    view! {
        <main class="gate" id="content" tabindex="-1">
            <div class="gate__card">
                <div class="gate__head">
                    <Logo/>
                    <div>
                        <h1 class="gate__title">"Forgot password?"</h1>
                        <p class="gate__lead">
                            "Say which address is yours: you get a link to choose a new password. So do you if you never had one."
                        </p>
                    </div>
                </div>
                {body}
                <LinkButton href=Page::SignIn.href()>"Back to sign-in"</LinkButton>
            </div>
        </main>
    }
}
