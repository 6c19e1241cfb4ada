//! Confirming an address by a mailed code: a card of the settings and of the home.

use app::api::accounts::{AccountConfirm, AccountSendCode};
use leptos::{ev, prelude::*, task::spawn_local};

use super::form::Form;
use crate::{
    components::{Button, ButtonKind, ButtonType, Card, Notice, TextInput, Tone, use_toasts},
    session::use_session,
};

/// Asks for the code that was mailed to `address`, and has another one mailed.
#[component]
pub fn CodeForm(
    /// Where the code went.
    address: String,
    /// Runs when the address is confirmed.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let code = RwSignal::new(String::new());
    let form = Form::new();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let typed = code.get_untracked();
        if typed.chars().filter(char::is_ascii_digit).count() != 8 {
            form.wrong("code", "The code has eight digits.");
            return;
        }
        if !form.begin() {
            return;
        }
        spawn_local(async move {
            let answer = session.call(AccountConfirm { code: typed }).await;
            if form.end(answer).is_some() {
                toasts.success("Your address is confirmed.".to_owned());
                session.refresh();
                on_done.try_run(());
            }
        });
    };
    view! {
        <form class="stack" novalidate=true on:submit=submit>
            {form.alert()}
            <p>
                {format!("A code of eight digits was mailed to {address}. It is good for 30 minutes.")}
            </p>
            <TextInput
                label="Code"
                value=code
                name="code"
                autocomplete="one-time-code"
                error=form.at("code")
            />
            <div class="cluster">
                <Button kind=ButtonKind::Primary button_type=ButtonType::Submit busy=form.busy>
                    "Confirm"
                </Button>
            </div>
        </form>
    }
}

/// **Confirm your address**, for whoever has not: until then the account sees only what
/// its own link offered.
#[component]
pub fn ConfirmAddress(
    /// True where a code is on its way already.
    #[prop(optional)]
    sent: bool,
    /// Runs when the address is confirmed.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let address = Memo::new(move |_| session.me().map(|me| me.email).unwrap_or_default());
    let mailed = RwSignal::new(sent);
    let form = Form::new();
    let mail_code = move |_| {
        if !form.begin() {
            return;
        }
        spawn_local(async move {
            let answer = session.call(AccountSendCode {}).await;
            if form.end(answer).is_some() {
                toasts.success("The code is on its way.".to_owned());
                mailed.try_set(true);
            }
        });
    };
    let body = move || {
        if mailed.get() {
            view! { <CodeForm address=address.get_untracked() on_done/> }.into_any()
        } else if session.mail_configured() {
            view! {
                <p>
                    {move || {
                        format!(
                            "{} is not confirmed yet: you see only what your own link offers. Have a code mailed to it to see everything that is addressed to you.",
                            address.get(),
                        )
                    }}
                </p>
            }
            .into_any()
        } else {
            view! {
                <Notice tone=Tone::Warn title="No mail server is set up.">
                    "No code can be mailed. Ask the people who run this site: a super-admin can confirm your address. Until then you see only what your own link offers."
                </Notice>
            }
            .into_any()
        }
    };
    view! {
        <Card title="Confirm your address">
            <div class="stack">
                {form.alert()} {body}
                {move || {
                    session
                        .mail_configured()
                        .then(|| {
                            view! {
                                <div class="cluster">
                                    <Button busy=form.busy on:click=mail_code>
                                        {move || {
                                            if mailed.get() { "Mail another code" } else { "Mail me a code" }
                                        }}
                                    </Button>
                                </div>
                            }
                        })
                }}
            </div>
        </Card>
    }
}
