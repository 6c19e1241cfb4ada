//! The own password.

use app::api::accounts::{AccountChangePassword, ChangePassword};
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    components::{Button, ButtonType, Card, PasswordInput, use_toasts},
    pages::form::Form,
    session::use_session,
};

/// The form of another password.
#[component]
pub fn PasswordCard() -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let current = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let form = Form::new();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if !form.begin() {
            return;
        }
        let input = ChangePassword {
            current: current.get_untracked(),
            password: password.get_untracked(),
        };
        spawn_local(async move {
            let answer = session.call(AccountChangePassword { input }).await;
            if form.end(answer).is_some() {
                current.set(String::new());
                password.set(String::new());
                toasts.success(
                    "Your password is changed. You are signed out everywhere else.".to_owned(),
                );
            }
        });
    };
    view! {
        <Card title="Password">
            <form class="stack" novalidate=true on:submit=submit>
                {form.alert()}
                <PasswordInput label="Current password" value=current error=form.at("current")/>
                <PasswordInput
                    label="New password"
                    value=password
                    name="new-password"
                    autocomplete="new-password"
                    hint=Some("At least 10 characters. Your other sessions end.".to_owned())
                    error=form.at("password")
                />
                <div class="cluster">
                    <Button button_type=ButtonType::Submit busy=form.busy>
                        "Change password"
                    </Button>
                </div>
            </form>
        </Card>
    }
}
