//! `/settings`: the own account, the colours, the own sessions.

mod delete;
mod email;
mod name;
mod password;

use app::api::{
    accounts::{AccountProfile, Profile},
    session::Me,
};
use leptos::{prelude::*, task::spawn_local};

use self::{delete::DeleteCard, email::EmailCard, name::NameCard, password::PasswordCard};
use super::confirm::ConfirmAddress;
use crate::{
    components::{
        Button, ButtonKind, Card, ConfirmDialog, PageHead, SkeletonShape, ThemeSwitch, use_toasts,
    },
    page::use_title,
    query::{Query, Steady},
    session::use_session,
    text::{failure, role_word},
    when::{flag, when},
};

/// The signed-in person's settings.
#[component]
pub fn SettingsPage() -> impl IntoView {
    use_title(|| "Settings".to_owned());
    let session = use_session();
    let me = Memo::new(move |_| session.me());
    let settings = Query::new(session, || Some(AccountProfile {}));
    view! {
        <PageHead title="Settings"/>
        <div class="stack stack--wide narrow">
            {move || me.get().map(facts)}
            // It stays while answers change: what is typed meanwhile is kept.
            <Steady query=settings what="Your account" shape=SkeletonShape::Cards count=2>
                {account(settings)}
            </Steady>
            <PasswordCard/>
            <Card title="Colours">
                <ThemeSwitch/>
            </Card>
            <Sessions/>
            <DeleteCard/>
        </div>
    }
}

/// What can be changed about the account.
fn account(settings: Query<Profile>) -> AnyView {
    let Some(profile) = untrack(|| settings.ready()) else {
        return ().into_any();
    };
    let sent = profile.code_for.as_ref() == Some(&profile.email);
    let unproved = flag(move || settings.ready().is_some_and(|now| !now.email_verified));
    view! {
        <div class="stack stack--wide">
            {when(
                move || unproved.get(),
                move || {
                    view! { <ConfirmAddress sent on_done=move |()| settings.refetch()/> }.into_any()
                },
            )}
            <NameCard profile=profile.clone()/>
            <EmailCard profile settings/>
        </div>
    }
    .into_any()
}

fn facts(me: Me) -> AnyView {
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
