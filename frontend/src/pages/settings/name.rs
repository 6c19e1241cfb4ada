//! The own name and username.

use app::api::accounts::{AccountRename, Profile, Rename};
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    components::{Button, ButtonKind, ButtonType, Card, TextInput, use_toasts},
    pages::form::Form,
    session::use_session,
};

/// The form of the names.
#[component]
pub fn NameCard(
    /// What they are now.
    profile: Profile,
) -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let first = RwSignal::new(profile.first_name);
    let last = RwSignal::new(profile.last_name);
    let username = RwSignal::new(profile.username);
    let form = Form::new();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if !form.begin() {
            return;
        }
        let input = Rename {
            first_name: first.get_untracked(),
            last_name: last.get_untracked(),
            username: username.get_untracked(),
        };
        spawn_local(async move {
            let answer = session.call(AccountRename { input }).await;
            if form.end(answer).is_some() {
                toasts.success("Your name is saved.".to_owned());
                session.refresh();
            }
        });
    };
    view! {
        <Card title="Name">
            <form class="stack" novalidate=true on:submit=submit>
                {form.alert()}
                <TextInput
                    label="First name"
                    value=first
                    name="given-name"
                    autocomplete="given-name"
                    error=form.at("first_name")
                />
                <TextInput
                    label="Last name"
                    value=last
                    name="family-name"
                    autocomplete="family-name"
                    optional=true
                    error=form.at("last_name")
                />
                <TextInput
                    label="Username"
                    value=username
                    name="nickname"
                    autocomplete="nickname"
                    optional=true
                    hint=Some("People may find you by it.".to_owned())
                    error=form.at("username")
                />
                <div class="cluster">
                    <Button kind=ButtonKind::Primary button_type=ButtonType::Submit busy=form.busy>
                        "Save name"
                    </Button>
                </div>
            </form>
        </Card>
    }
}
