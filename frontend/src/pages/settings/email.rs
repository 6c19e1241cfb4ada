//! The own address: another one counts once a code that was mailed to it is typed.

use app::api::accounts::{AccountChangeEmail, ChangeEmail, Profile};
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    components::{Button, ButtonType, Card, PasswordInput, TextInput},
    pages::{confirm::CodeForm, form::Form},
    query::Query,
    session::use_session,
};

/// The form of another address, then that of its code.
#[component]
pub fn EmailCard(
    /// What it is now, and what waits for its code.
    profile: Profile,
    /// Asked again when it changed.
    settings: Query<Profile>,
) -> impl IntoView {
    let session = use_session();
    let first = profile.email.clone();
    let now = move || {
        settings
            .ready()
            .map_or_else(|| first.clone(), |now| now.email)
    };
    let pending = profile.code_for.filter(|other| *other != profile.email);
    let waiting = RwSignal::new(pending);
    let email = RwSignal::new(String::new());
    let current = RwSignal::new(String::new());
    let form = Form::new();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let typed = email.get_untracked().trim().to_owned();
        if typed.is_empty() {
            form.wrong("email", "Fill in the new email.");
            return;
        }
        if !form.begin() {
            return;
        }
        let input = ChangeEmail {
            email: typed.clone(),
            current: current.get_untracked(),
        };
        spawn_local(async move {
            let answer = session.call(AccountChangeEmail { input }).await;
            if form.end(answer).is_some() {
                waiting.try_set(Some(typed));
            }
        });
    };
    let confirmed = move || {
        waiting.set(None);
        email.set(String::new());
        current.set(String::new());
        settings.refetch();
    };
    let ask = move || {
        view! {
            <form class="stack" novalidate=true on:submit=submit>
                {form.alert()}
                <TextInput
                    label="New email"
                    value=email
                    input_type="email"
                    name="email"
                    autocomplete="email"
                    hint=Some(
                        "We mail a code to it. Your old address is told when it changed.".to_owned(),
                    )
                    error=form.at("email")
                />
                <PasswordInput
                    label="Password for this change"
                    value=current
                    error=form.at("current")
                />
                <div class="cluster">
                    <Button button_type=ButtonType::Submit busy=form.busy>
                        "Change email"
                    </Button>
                </div>
            </form>
        }
        .into_any()
    };
    let body = move || match waiting.get() {
        None => ask(),
        Some(address) => view! {
            <div class="stack">
                <CodeForm address on_done=move |()| confirmed()/>
                <div class="cluster">
                    <Button on:click=move |_| waiting.set(None)>"Use another address"</Button>
                </div>
            </div>
        }
        .into_any(),
    };
    view! {
        <Card title="Email">
            <div class="stack">
                <dl class="facts">
                    <dt>"Now"</dt>
                    <dd>{now}</dd>
                </dl>
                {body}
            </div>
        </Card>
    }
}
