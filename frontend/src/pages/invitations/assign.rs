//! Gives a blank invitation to a person whose address is known.

use app::{
    api::blanks::{AssignBlank, BlanksAssign},
    domain::id::BundleId,
};
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    components::{Button, ButtonKind, ButtonType, Dialog, DialogSize, TextInput},
    pages::sign_in::alert,
    session::use_session,
    tenant::use_tenant,
    text::{failure, field_error},
};

/// Where it is asked for. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Assigning {
    open: RwSignal<bool>,
    bundle: RwSignal<Option<BundleId>>,
}

impl Assigning {
    /// Nothing is asked for yet.
    pub fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            bundle: RwSignal::new(None),
        }
    }

    /// Opens the dialog.
    pub fn ask(self, bundle: BundleId) {
        self.bundle.set(Some(bundle));
        self.open.set(true);
    }
}

/// The dialog. Its content is made anew each time it opens.
#[component]
pub fn AssignDialog(
    /// Where it is asked for.
    assigning: Assigning,
) -> impl IntoView {
    let title = "Give this invitation to a person";
    view! {
        <Dialog open=assigning.open title size=DialogSize::Small>
            {move || assigning.bundle.get().map(|bundle| form(assigning, bundle))}
        </Dialog>
    }
}

fn form(assigning: Assigning, bundle: BundleId) -> AnyView {
    let (session, toasts) = (use_session(), crate::components::use_toasts());
    let tenant = StoredValue::new(use_tenant());
    let email = RwSignal::new(String::new());
    let first = RwSignal::new(String::new());
    let last = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let trouble = RwSignal::new(None::<String>);
    let wrong = RwSignal::new(None::<String>);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let input = AssignBlank {
            tenant: tenant.with_value(|tenant| tenant.slug.clone()),
            bundle,
            email: email.get_untracked().trim().to_owned(),
            first_name: first.get_untracked(),
            last_name: last.get_untracked(),
        };
        trouble.set(None);
        wrong.set(
            input
                .email
                .is_empty()
                .then(|| "Fill in an address.".to_owned()),
        );
        if input.email.is_empty() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let answer = session.call(BlanksAssign { input }).await;
            busy.try_set(false);
            match answer {
                Ok(line) => {
                    toasts.success(format!(
                        "It is {}’s now. The code works no more.",
                        line.email
                    ));
                    assigning.open.try_set(false);
                    if let Some(tenant) = tenant.try_get_value() {
                        tenant.changed();
                    }
                }
                Err(error) => match field_error(&error, "email") {
                    Some(text) => _ = wrong.try_set(Some(text)),
                    None => _ = trouble.try_set(Some(failure(&error))),
                },
            }
        });
    };
    view! {
        <form class="stack" novalidate=true on:submit=submit>
            <p>
                {if session.mail_configured() {
                    "A mail goes there, and the code stops working, also on a card that is printed."
                } else {
                    "No mail server is set up: copy the link afterwards and send it yourself. The code stops working, also on a card that is printed."
                }}
            </p>
            {move || trouble.get().map(alert)}
            <TextInput label="Email" value=email input_type="email" autocomplete="off" error=wrong/>
            <TextInput label="First name" value=first autocomplete="off" optional=true/>
            <TextInput label="Last name" value=last autocomplete="off" optional=true/>
            <div class="cluster cluster--end">
                <Button on:click=move |_| assigning.open.set(false)>"Cancel"</Button>
                <Button kind=ButtonKind::Primary button_type=ButtonType::Submit busy>
                    "Assign"
                </Button>
            </div>
        </form>
    }
    .into_any()
}
