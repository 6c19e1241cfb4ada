//! Signing in: the page, the form that others embed, and the dialog that opens
//! over a page whose session has ended.

use app::api::{
    client,
    session::{DemoInfo, Me, SignIn, SignInSession},
};
use leptos::{ev, prelude::*, task::spawn_local};

use crate::effects::effect;
use crate::{
    components::{
        Avatar, Button, ButtonKind, ButtonType, Dialog, DialogSize, Logo, Notice, PasswordInput,
        TextInput, Tone,
    },
    page::use_title,
    router::use_router,
    routes::{Page, safe_next},
    session::{home_of, use_session},
    text::failure,
};

/// Said where the page under the dialog holds another person's work.
const SOMEBODY_ELSE: &str =
    "That is somebody else's account, who is signed out again. What is on this page is not theirs.";

/// E-mail and password. On success the session knows it before `on_done` runs.
#[component]
pub fn SignInForm(
    /// What is typed as the address; preset it to help.
    email: RwSignal<String>,
    /// What is typed as the password.
    password: RwSignal<String>,
    /// True where only this address may sign in.
    #[prop(optional)]
    locked: bool,
    /// Runs with who signed in.
    #[prop(into)]
    on_done: Callback<Me>,
) -> impl IntoView {
    let session = use_session();
    let busy = RwSignal::new(false);
    let trouble = RwSignal::new(None::<String>);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let input = SignIn {
            email: email.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
        };
        if input.email.is_empty() || input.password.is_empty() {
            trouble.set(Some("Fill in your email and your password.".to_owned()));
            return;
        }
        busy.set(true);
        trouble.set(None);
        spawn_local(async move {
            let answer = client::call(SignInSession { input }).await;
            busy.try_set(false);
            match answer {
                Ok(me) => {
                    if session.signed_in(me.clone()).await {
                        on_done.try_run(me);
                    } else {
                        trouble.try_set(Some(SOMEBODY_ELSE.to_owned()));
                    }
                }
                Err(error) => {
                    trouble.try_set(Some(failure(&error)));
                }
            }
        });
    };
    view! {
        <form class="gate__form" novalidate=true on:submit=submit>
            {move || trouble.get().map(alert)}
            <TextInput
                label="Email"
                value=email
                input_type="email"
                name="email"
                autocomplete="username"
                disabled=locked
            />
            <PasswordInput value=password/>
            <Button kind=ButtonKind::Primary button_type=ButtonType::Submit busy>
                "Sign in"
            </Button>
            {(!locked)
                .then(|| {
                    view! {
                        <a class="gate__link" href=Page::Forgot.href()>
                            "Forgot password?"
                        </a>
                    }
                })}
        </form>
    }
}

/// A sentence above a form, read out when it appears.
pub fn alert(text: String) -> AnyView {
    view! {
        <div role="alert">
            <Notice tone=Tone::Bad>{text}</Notice>
        </div>
    }
    .into_any()
}

/// `/sign-in?next=…`
#[component]
pub fn SignInPage() -> impl IntoView {
    use_title(|| "Sign in".to_owned());
    let session = use_session();
    let router = use_router();
    let email = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());

    // Whoever is signed in, now or already, goes on to where they wanted to be.
    effect(move || {
        if let Some(me) = session.me() {
            let next = untrack(|| router.param("next"));
            let target = next
                .as_deref()
                .and_then(safe_next)
                .unwrap_or_else(|| home_of(&me));
            session.replace(target);
        }
    });
    let returning = move || router.param("next").is_some();
    let demo = Memo::new(move |_| session.demo());
    view! {
        <main class="gate" id="content" tabindex="-1">
            <div class="gate__card">
                <div class="gate__head">
                    <Logo/>
                    <div>
                        <h1 class="gate__title">"Sign in"</h1>
                        <p class="gate__lead">
                            {move || {
                                if returning() {
                                    "Sign in to go on to the page that you asked for."
                                } else {
                                    "Welcome back."
                                }
                            }}
                        </p>
                    </div>
                </div>
                <SignInForm email password on_done=|_me| ()/>
            </div>
            {move || {
                demo.get().map(|demo| view! { <DemoAccounts demo email password/> })
            }}
            <p class="gate__foot">
                "No account? You get one with an invitation: open the link in its mail."
            </p>
        </main>
    }
}

/// The demo's accounts; a click fills the form.
#[component]
fn DemoAccounts(
    demo: DemoInfo,
    email: RwSignal<String>,
    password: RwSignal<String>,
) -> impl IntoView {
    let shown = demo.password.clone();
    view! {
        <section class="accounts" aria-labelledby="demo-accounts">
            <h2 class="accounts__title" id="demo-accounts">
                "Demo accounts"
            </h2>
            <p class="accounts__note">
                "A click fills the form. Every password is " <code>{shown}</code> "."
            </p>
            {demo
                .accounts
                .into_iter()
                .map(|(address, what)| {
                    let fill_address = address.clone();
                    let fill_password = demo.password.clone();
                    view! {
                        <button
                            type="button"
                            class="account"
                            on:click=move |_| {
                                email.set(fill_address.clone());
                                password.set(fill_password.clone());
                            }
                        >
                            <Avatar name=address.clone()/>
                            <span class="account__words">
                                <span class="account__mail">{address}</span>
                                <span class="account__role">{what}</span>
                            </span>
                        </button>
                    }.into_any()
                })
                .collect_view()}
        </section>
    }
}

/// Opens over a page that holds work when its session has ended; for the same
/// person only. Closing it fails the calls that wait, and leaves the page as it is.
#[component]
pub fn SignInDialog() -> impl IntoView {
    let session = use_session();
    let close = Callback::new(move |()| session.release(false));
    let person = Memo::new(move |_| session.me().map(|me| (me.name, me.email)));
    view! {
        <Dialog
            open=session.dialog()
            title="Your session has ended"
            size=DialogSize::Small
            on_close=close
        >
            {move || {
                let (name, address) = person.get().unwrap_or_default();
                let email = RwSignal::new(address);
                let password = RwSignal::new(String::new());
                view! {
                    <p>
                        {format!("Sign in again as {name} to go on. Nothing on this page is lost.")}
                    </p>
                    <SignInForm
                        email
                        password
                        locked=true
                        on_done=move |_me| session.release(true)
                    />
                }
            }}
        </Dialog>
    }
}
