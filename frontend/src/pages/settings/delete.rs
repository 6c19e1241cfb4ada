//! The end of the own account.

use app::api::accounts::AccountDelete;
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    components::{
        Button, ButtonKind, ButtonType, Card, Dialog, DialogSize, PasswordInput, use_toasts,
    },
    pages::form::Form,
    routes::Page,
    session::use_session,
};

/// **Delete account**: asks for the password, and says what goes and what stays.
#[component]
pub fn DeleteCard() -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <Card title="Delete account">
            <div class="stack">
                <p class="muted">
                    "Your name, address, username and password are removed for good, and invitations that wait for you are taken back."
                </p>
                <div class="cluster">
                    <Button kind=ButtonKind::Danger on:click=move |_| open.set(true)>
                        "Delete account"
                    </Button>
                </div>
            </div>
        </Card>
        <Dialog open title="Delete your account?" size=DialogSize::Small>
            <DeleteForm open/>
        </Dialog>
    }
}

#[component]
fn DeleteForm(open: RwSignal<bool>) -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let current = RwSignal::new(String::new());
    let form = Form::new();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if !form.begin() {
            return;
        }
        let current = current.get_untracked();
        spawn_local(async move {
            let answer = session.call(AccountDelete { current }).await;
            if form.end(answer).is_some() {
                open.try_set(false);
                toasts.success("Your account is deleted.".to_owned());
                session.replace(Page::SignIn.href());
                session.refresh();
            }
        });
    };
    view! {
        <form class="stack" novalidate=true on:submit=submit>
            {form.alert()}
            <p>
                "This cannot be undone. That there was an account stays in the record of who did what, without your name. Courses that you took are no longer yours."
            </p>
            <PasswordInput
                label="Your password"
                value=current
                error=form.at("current")
            />
            <div class="cluster">
                <Button on:click=move |_| open.set(false)>"Cancel"</Button>
                <Button kind=ButtonKind::Danger button_type=ButtonType::Submit busy=form.busy>
                    "Delete for good"
                </Button>
            </div>
        </form>
    }
}
