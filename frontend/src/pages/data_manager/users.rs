//! Everybody with an account: search, make, vouch, deactivate, delete.

use std::sync::Arc;

use app::api::users::{
    ListUsers, UserDeactivate, UserDelete, UserLine, UserReactivate, UserVouch, UsersList,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    paged::Paged,
    person::{Editing, PersonDialog, page_of},
    upload::What,
};
use crate::{
    components::{
        Avatar, Badge, Button, ButtonKind, ButtonSize, EmptyArt, EmptyState, IconName, LinkButton,
        SearchField, ToastStore, Tone, use_toasts,
    },
    effects::effect,
    keyed::keyed,
    pages::ask::{Ask, Asking, Question},
    session::{Session, use_session},
    text::failure,
    typing::rested,
};

/// What is shown, page after page. Cheap to copy.
#[derive(Clone, Copy)]
struct Accounts {
    session: Session,
    toasts: ToastStore,
    asking: Asking,
    search: RwSignal<String>,
    paged: Paged<UserLine>,
}

/// What a super-admin can do about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Vouch,
    Deactivate,
    Reactivate,
    Delete,
}

impl Accounts {
    /// Asks for the first page, or for the one after what is shown.
    fn load(self, after: Option<String>) {
        let Some(search) = self.search.try_get_untracked() else {
            // The page is gone.
            return;
        };
        let turn = self.paged.begin(after.as_ref());
        spawn_local(async move {
            let input = ListUsers { search, after };
            let answer = self.session.call(UsersList { input }).await;
            self.paged
                .take(turn, answer.map(|page| (page.users, page.next)));
        });
    }

    /// Asks first: what it means stands in the question.
    fn ask(self, act: Act, line: &UserLine) {
        let (word, text) = match act {
            Act::Vouch => (
                "Vouch",
                "You say that this address is the person's own: the account then sees \
                 everything that is addressed to it. Your name stays in the record. This \
                 cannot be undone.",
            ),
            Act::Deactivate => (
                "Deactivate",
                "Every session of the account ends, nobody can sign in with it, and links \
                 to it lead nowhere. You can reactivate it.",
            ),
            Act::Reactivate => (
                "Reactivate",
                "The person can sign in again, and links that are still good work again.",
            ),
            Act::Delete => (
                "Delete",
                "Name, address, username and password are removed for good. Invitations that \
                 wait for the person, and those that the person sent out and nobody accepted \
                 yet, are revoked. Only an id without a name stays in the record of who \
                 did what. This cannot be undone.",
            ),
        };
        let kind = if matches!(act, Act::Deactivate | Act::Delete) {
            ButtonKind::Danger
        } else {
            ButtonKind::Primary
        };
        let line = line.clone();
        self.asking.ask(Question {
            title: format!("{word} {}?", line.name),
            word,
            kind,
            text: text.to_owned(),
            act: Arc::new(move || Box::pin(self.act(act, line.clone()))),
        });
    }

    async fn act(self, act: Act, line: UserLine) {
        let user = line.user;
        let done = match act {
            Act::Vouch => self.session.call(UserVouch { user }).await,
            Act::Deactivate => self.session.call(UserDeactivate { user }).await,
            Act::Reactivate => self.session.call(UserReactivate { user }).await,
            Act::Delete => self.session.call(UserDelete { user }).await,
        };
        if let Err(error) = done {
            self.toasts.error(failure(&error));
            return;
        }
        let said = match act {
            Act::Vouch => "is confirmed",
            Act::Deactivate => "is deactivated",
            Act::Reactivate => "is active again",
            Act::Delete => "is deleted",
        };
        self.toasts.success(format!("{} {said}.", line.name));
        // The page may be gone by now.
        let Some(lines) = self.paged.lines.try_read_untracked() else {
            self.session.refresh();
            return;
        };
        let mut lines = (*lines).clone().unwrap_or_default();
        if act == Act::Delete {
            lines.retain(|one| one.user != user);
        }
        for one in lines.iter_mut().filter(|one| one.user == user) {
            match act {
                Act::Vouch => one.email_verified = true,
                Act::Deactivate => one.deactivated = true,
                Act::Reactivate => one.deactivated = false,
                Act::Delete => {}
            }
        }
        self.paged.lines.set(Some(lines));
        // It may have been the own account.
        self.session.refresh();
    }
}

/// The list of accounts.
#[component]
pub fn Users() -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let search = rested(typed);
    let accounts = Accounts {
        session: use_session(),
        toasts: use_toasts(),
        asking: Asking::new(),
        search,
        paged: Paged::new(),
    };
    effect(move || {
        search.track();
        accounts.load(None);
    });
    let editing = Editing::new(Callback::new(move |()| accounts.load(None)));
    let nothing = || {
        view! {
            <EmptyState title="Nobody matches." art=EmptyArt::Search>
                "Try a part of the name or the address."
            </EmptyState>
        }
        .into_any()
    };
    let load = Callback::new(move |after| accounts.load(after));
    view! {
        <div class="stack">
            <h2 id="users">"Users"</h2>
            <div class="filters">
                <SearchField
                    label="Search users"
                    value=typed
                    placeholder="Name or email"
                    busy=accounts.paged.busy
                />
                <Button
                    kind=ButtonKind::Primary
                    icon=IconName::Plus
                    on:click=move |_| editing.create()
                >
                    "Add user"
                </Button>
                <LinkButton href=What::Users.href() icon=IconName::Upload>
                    "Upload CSV"
                </LinkButton>
            </div>
            {accounts.paged.card("The users", load, nothing, move || table(accounts))}
        </div>
        <PersonDialog editing/>
        <Ask asking=accounts.asking/>
    }
}

fn table(accounts: Accounts) -> AnyView {
    view! {
        <div class="table-frame" role="region" aria-label="Users" tabindex="0">
            <table class="table table--cards">
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Actions"</th>
                    </tr>
                </thead>
                <tbody>
                    {keyed(
                        move || (*accounts.paged.lines.read()).clone().unwrap_or_default(),
                        |line| {
                            format!(
                                "{} {} {} {} {} {} {}",
                                line.user,
                                line.email_verified,
                                line.deactivated,
                                line.super_admin,
                                line.without_password,
                                line.email,
                                line.name,
                            )
                        },
                        move |line| row(accounts, line),
                    )}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(accounts: Accounts, line: UserLine) -> AnyView {
    let name = line.name.clone();
    let name_id = format!("user-{}", line.user);
    let kept = StoredValue::new(line.clone());
    let described = StoredValue::new(name_id.clone());
    let button = move |act: Act, word: &'static str| {
        view! {
            <Button
                size=ButtonSize::Small
                attr:aria-describedby=described.get_value()
                on:click=move |_| accounts.ask(act, &kept.get_value())
            >
                {word}
            </Button>
        }
        .into_any()
    };
    let states = states(&line);
    let vouch = !line.email_verified && !line.deactivated;
    view! {
        <tr>
            <td class="cell--lead">
                <div class="person">
                    <Avatar name=name/>
                    <div class="person__words">
                        <a class="person__name" id=name_id href=page_of(line.user)>
                            {line.name}
                        </a>
                        <div class="person__mail">{line.email}</div>
                    </div>
                </div>
            </td>
            <td data-label="State">
                <div class="cluster">
                    {states}
                </div>
            </td>
            <td data-label="Actions">
                <div class="cluster">
                    {vouch.then(|| button(Act::Vouch, "Vouch"))}
                    {if line.deactivated {
                        button(Act::Reactivate, "Reactivate")
                    } else {
                        button(Act::Deactivate, "Deactivate")
                    }}
                    {button(Act::Delete, "Delete")}
                </div>
            </td>
        </tr>
    }
    .into_any()
}

/// How an account stands, in badges.
pub fn states(line: &UserLine) -> AnyView {
    let mut states = Vec::new();
    if line.super_admin {
        states.push((Tone::Accent, "Super-admin"));
    }
    if line.deactivated {
        states.push((Tone::Bad, "Deactivated"));
    }
    if !line.email_verified {
        states.push((Tone::Warn, "Not confirmed"));
    }
    if line.without_password {
        states.push((Tone::Neutral, "No password yet"));
    }
    if states.is_empty() {
        states.push((Tone::Ok, "Active"));
    }
    states
        .into_iter()
        .map(|(tone, label)| view! { <Badge tone label/> })
        .collect_view()
        .into_any()
}
