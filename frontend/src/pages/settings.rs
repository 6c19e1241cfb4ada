//! `/settings`: the own account, the colours, the own sessions.

use app::api::session::Me;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{
        Button, ButtonKind, Card, ConfirmDialog, Notice, PageHead, ThemeSwitch, Tone, use_toasts,
    },
    page::use_title,
    session::use_session,
    text::{failure, role_word},
};

/// The signed-in person's settings.
#[component]
pub fn SettingsPage() -> impl IntoView {
    use_title(|| "Settings".to_owned());
    let session = use_session();
    let me = Memo::new(move |_| session.me());
    // This page asks the server for nothing by itself; without a session it leads on.
    if me.with_untracked(Option::is_none) {
        session.leave_for_sign_in();
    }
    view! {
        <PageHead title="Settings"/>
        <div class="stack stack--wide narrow">
            {move || me.get().map(profile)}
            <Card title="Colours">
                <ThemeSwitch/>
            </Card>
            <Sessions/>
        </div>
    }
}

fn profile(me: Me) -> AnyView {
    let tenants = me
        .memberships
        .into_iter()
        .map(|membership| {
            view! {
                <dt>{membership.name}</dt>
                <dd>{role_word(membership.role)}</dd>
            }
        })
        .collect_view();
    view! {
        <Card title="Profile">
            <div class="stack">
                <dl class="facts">
                    <dt>"Name"</dt>
                    <dd>{me.name}</dd>
                    <dt>"Email"</dt>
                    <dd>{me.email}</dd>
                    {me
                        .super_admin
                        .then(|| {
                            view! {
                                <dt>"Platform"</dt>
                                <dd>"Super-admin"</dd>
                            }
                        })}
                    {tenants}
                </dl>
                {(!me.email_verified)
                    .then(|| {
                        view! {
                            <Notice tone=Tone::Warn>
                                "This address is not confirmed yet: you see only what your own link offers."
                            </Notice>
                        }
                    })}
            </div>
        </Card>
    }
    .into_any()
}

#[component]
fn Sessions() -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let open = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let sign_out = Callback::new(move |()| {
        busy.set(true);
        spawn_local(async move {
            let answer = session.sign_out(true).await;
            busy.try_set(false);
            open.try_set(false);
            if let Err(error) = answer {
                toasts.error(failure(&error));
            }
        });
    });
    view! {
        <Card title="Sessions">
            <div class="stack">
                <p class="muted">
                    "Ends your session in every browser, this one included. Do this when a device is lost."
                </p>
                <div class="cluster">
                    <Button kind=ButtonKind::Danger on:click=move |_| open.set(true)>
                        "Sign out everywhere"
                    </Button>
                </div>
            </div>
        </Card>
        <ConfirmDialog
            open
            title="Sign out everywhere?"
            confirm="Sign out"
            busy
            on_confirm=sign_out
        >
            <p>"You will have to sign in again in every browser."</p>
        </ConfirmDialog>
    }
}
