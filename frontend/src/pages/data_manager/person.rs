//! An account: made, changed.

use app::{
    api::users::{CreateUser, EditUser, UserCreate, UserDetail, UserEdit},
    domain::id::UserId,
};
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    components::{
        Button, ButtonKind, ButtonType, Dialog, Switch, TextInput, ToastStore, use_toasts,
    },
    pages::form::Form,
    routes::Page,
    session::{Session, use_session},
};

/// Where an account's page is.
pub fn page_of(user: UserId) -> String {
    Page::Manage(format!("users/{user}")).href()
}

/// What is edited. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Editing {
    session: Session,
    toasts: ToastStore,
    on_saved: Callback<()>,
    open: RwSignal<bool>,
    /// None where it is new.
    user: RwSignal<Option<UserId>>,
    first: RwSignal<String>,
    last: RwSignal<String>,
    email: RwSignal<String>,
    /// The address as it was shown.
    before: RwSignal<String>,
    username: RwSignal<String>,
    mail: RwSignal<bool>,
    form: Form,
}

impl Editing {
    /// Tells when something was saved.
    pub fn new(on_saved: Callback<()>) -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            session: use_session(),
            toasts: use_toasts(),
            on_saved,
            open: RwSignal::new(false),
            user: RwSignal::new(None),
            first: text(),
            last: text(),
            email: text(),
            before: text(),
            username: text(),
            mail: RwSignal::new(false),
            form: Form::new(),
        }
    }

    fn show(self, user: Option<UserId>, [first, last, email, username]: [&str; 4]) {
        self.form.clear();
        self.user.set(user);
        self.first.set(first.to_owned());
        self.last.set(last.to_owned());
        self.email.set(email.to_owned());
        self.before.set(email.to_owned());
        self.username.set(username.to_owned());
        self.mail.set(false);
        self.open.set(true);
    }

    /// Opens the dialog for a new one.
    pub fn create(self) {
        self.show(None, [""; 4]);
    }

    /// Opens the dialog for one that there is.
    pub fn edit(self, one: &UserDetail) {
        let words = [
            one.first_name.as_str(),
            &one.last_name,
            &one.line.email,
            &one.username,
        ];
        self.show(Some(one.line.user), words);
    }

    fn save(self) {
        if !self.form.begin() {
            return;
        }
        let (first_name, last_name) = (self.first.get_untracked(), self.last.get_untracked());
        let (email, username) = (self.email.get_untracked(), self.username.get_untracked());
        let mail = self.mail.get_untracked();
        let user = self.user.get_untracked();
        let email_before = self.before.get_untracked();
        spawn_local(async move {
            let said = email.trim().to_owned();
            let answer = if let Some(user) = user {
                let input = EditUser {
                    user,
                    first_name,
                    last_name,
                    email_before,
                    email,
                    username,
                };
                self.session.call(UserEdit { input }).await
            } else {
                let input = CreateUser {
                    first_name,
                    last_name,
                    email,
                    username,
                    mail,
                };
                self.session.call(UserCreate { input }).await.map(drop)
            };
            if self.form.end(answer).is_none() {
                return;
            }
            self.open.try_set(false);
            self.toasts.success(match (user, mail) {
                (Some(_), _) => format!("{said} is saved."),
                (None, true) => {
                    format!("{said} has an account; a link to choose a password is on its way.")
                }
                (None, false) => format!("{said} has an account; Forgot password? is the way in."),
            });
            self.on_saved.try_run(());
            // It may have been the own account.
            self.session.refresh();
        });
    }
}

/// The dialog.
#[component]
pub fn PersonDialog(
    /// What is edited.
    editing: Editing,
) -> impl IntoView {
    let title = Signal::derive(move || {
        if editing.user.get().is_some() {
            "Edit the user"
        } else {
            "Add a user"
        }
        .to_owned()
    });
    view! {
        <Dialog open=editing.open title>
            {move || form(editing)}
        </Dialog>
    }
}

fn form(editing: Editing) -> AnyView {
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        editing.save();
    };
    let form = editing.form;
    let is_new = editing.user.get_untracked().is_none();
    let sends = untrack(|| editing.session.mail_configured());
    let hint = (!is_new).then(|| {
        "Another address counts as the person’s own: you answer for it, and the old one is told."
            .to_owned()
    });
    view! {
        <form class="stack" novalidate=true on:submit=submit>
            {form.alert()}
            <TextInput
                label="Email"
                value=editing.email
                input_type="email"
                autocomplete="off"
                hint=hint
                error=form.at("email")
            />
            <TextInput
                label="First name"
                value=editing.first
                autocomplete="off"
                optional=true
                error=form.at("first_name")
            />
            <TextInput
                label="Last name"
                value=editing.last
                autocomplete="off"
                optional=true
                error=form.at("last_name")
            />
            <TextInput
                label="Username"
                value=editing.username
                autocomplete="off"
                optional=true
                error=form.at("username")
            />
            {(is_new && sends)
                .then(|| {
                    view! {
                        <Switch
                            checked=editing.mail
                            hint="Off: nothing is mailed, and the person gets in by Forgot password?"
                        >
                            "Mail a link to choose a password"
                        </Switch>
                    }
                })}
            <div class="cluster cluster--end">
                <Button on:click=move |_| editing.open.set(false)>"Cancel"</Button>
                <Button kind=ButtonKind::Primary button_type=ButtonType::Submit busy=form.busy>
                    "Save"
                </Button>
            </div>
        </form>
    }
    .into_any()
}
