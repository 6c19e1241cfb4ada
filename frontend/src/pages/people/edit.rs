//! A member's role and labels, and the end of a membership.

use app::{
    api::{
        ApiError,
        people::{
            MemberRef, MemberTies, Pendings, PeopleRemove, PeopleSetGroup, PeopleSetRole,
            PeopleTies, PersonLine, RemoveMember, SetGroup, SetRole,
        },
    },
    domain::role::Role,
};
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    components::{
        Button, ButtonKind, ButtonType, ConfirmDialog, Dialog, Select, SelectOption, TextInput,
        ToastStore, use_toasts,
    },
    pages::sign_in::alert,
    session::{Session, use_session},
    shared::Shared,
    tenant::{Tenant, use_tenant},
    text::{count_of, failure, field_error, role_word},
    when::{flag, when},
};

/// Who is edited. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Editing {
    session: Session,
    toasts: ToastStore,
    tenant: StoredValue<Tenant>,
    open: RwSignal<bool>,
    removing: RwSignal<bool>,
    busy: RwSignal<bool>,
    person: Shared<Option<PersonLine>>,
    /// What hangs on the membership; `None` until it is known.
    ties: RwSignal<Option<MemberTies>>,
    role: RwSignal<String>,
    group: RwSignal<String>,
    /// `take_over` or `revoke`.
    pendings: RwSignal<String>,
    trouble: RwSignal<Option<String>>,
    group_error: RwSignal<Option<String>>,
}

impl Editing {
    /// For the tenant in the context.
    pub fn new() -> Self {
        Self {
            session: use_session(),
            toasts: use_toasts(),
            tenant: StoredValue::new(use_tenant()),
            open: RwSignal::new(false),
            removing: RwSignal::new(false),
            busy: RwSignal::new(false),
            person: Shared::new(None),
            ties: RwSignal::new(None),
            role: RwSignal::new(String::new()),
            group: RwSignal::new(String::new()),
            pendings: RwSignal::new(String::new()),
            trouble: RwSignal::new(None),
            group_error: RwSignal::new(None),
        }
    }

    /// Opens the dialog for a member.
    pub fn edit(self, person: PersonLine) {
        self.role.set(person.role.as_str().to_owned());
        self.group.set(person.group.clone());
        self.pendings.set("take_over".to_owned());
        self.trouble.set(None);
        self.group_error.set(None);
        self.ties.set(None);
        let input = MemberRef {
            tenant: self.slug(),
            user: person.user,
        };
        self.person.set(Some(person));
        self.open.set(true);
        spawn_local(async move {
            match self.session.call(PeopleTies { input }).await {
                Ok(ties) => _ = self.ties.try_set(Some(ties)),
                Err(error) => _ = self.trouble.try_set(Some(failure(&error))),
            }
        });
    }

    fn slug(self) -> String {
        self.tenant.with_value(|tenant| tenant.slug.clone())
    }

    fn pendings(self) -> Pendings {
        if self.pendings.get_untracked() == "revoke" {
            Pendings::Revoke
        } else {
            Pendings::TakeOver
        }
    }

    /// Whether the member would invite no more; tracked.
    fn loses_right(self) -> bool {
        let was_admin = (*self.person.read())
            .as_ref()
            .is_some_and(|person| person.role == Role::Admin);
        was_admin && self.role.get() != Role::Admin.as_str()
    }

    fn name(self) -> String {
        let person = self.person.read();
        (*person)
            .as_ref()
            .map(|person| person.name.clone())
            .unwrap_or_default()
    }

    /// Saves what was changed: the role first, then the labels.
    async fn save(self) -> Result<(), ApiError> {
        let person = self.person.read_untracked();
        let Some(person) = &*person else {
            return Ok(());
        };
        let role = Role::parse(&self.role.get_untracked()).unwrap_or(person.role);
        let group = self.group.get_untracked();
        if group != person.group {
            let input = SetGroup {
                tenant: self.slug(),
                user: person.user,
                group,
            };
            self.session.call(PeopleSetGroup { input }).await?;
        }
        if role != person.role {
            let input = SetRole {
                tenant: self.slug(),
                user: person.user,
                role,
                pendings: self.pendings(),
            };
            self.session.call(PeopleSetRole { input }).await?;
        }
        Ok(())
    }

    async fn remove(self) -> Result<(), ApiError> {
        let person = self.person.read_untracked();
        let Some(person) = &*person else {
            return Ok(());
        };
        let input = RemoveMember {
            tenant: self.slug(),
            user: person.user,
            pendings: self.pendings(),
        };
        self.session.call(PeopleRemove { input }).await
    }

    fn run(self, removal: bool) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.trouble.set(None);
        self.group_error.set(None);
        let name = untrack(|| self.name());
        spawn_local(async move {
            let answer = if removal {
                self.remove().await
            } else {
                self.save().await
            };
            self.busy.try_set(false);
            self.removing.try_set(false);
            match answer {
                Ok(()) => {
                    self.open.try_set(false);
                    self.toasts.success(if removal {
                        format!("{name} is no member any more.")
                    } else {
                        format!("{name} is saved.")
                    });
                }
                Err(error) => {
                    let at_group = field_error(&error, "group");
                    if at_group.is_none() {
                        self.trouble.try_set(Some(failure(&error)));
                    }
                    self.group_error.try_set(at_group);
                }
            }
            self.tenant.get_value().changed();
        });
    }
}

/// The dialogs.
#[component]
pub fn EditDialogs(
    /// Who is edited.
    editing: Editing,
) -> impl IntoView {
    let title = Signal::derive(move || format!("Edit {}", editing.name()));
    let question = Signal::derive(move || format!("Remove {}?", editing.name()));
    let on_confirm = Callback::new(move |()| editing.run(true));
    view! {
        <Dialog open=editing.open title>
            {move || form(editing)}
        </Dialog>
        <ConfirmDialog
            open=editing.removing
            title=question
            confirm="Remove"
            busy=editing.busy
            on_confirm
        >
            {move || removal(editing)}
        </ConfirmDialog>
    }
}

fn form(editing: Editing) -> AnyView {
    let roles = Role::ALL
        .map(|role| SelectOption::new(role.as_str(), role_word(role)))
        .to_vec();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        editing.run(false);
    };
    let handed = flag(move || editing.loses_right() && invited(editing) > 0);
    view! {
        <form class="stack" novalidate=true on:submit=submit>
            {move || editing.trouble.get().map(alert)}
            <Select label="Role" value=editing.role options=roles/>
            {when(move || handed.get(), move || pendings(editing))}
            <TextInput
                label="Group"
                value=editing.group
                hint=Some("Labels, separated by |".to_owned())
                error=editing.group_error
                optional=true
            />
            <div class="cluster">
                <Button kind=ButtonKind::Danger on:click=move |_| editing.removing.set(true)>
                    "Remove"
                </Button>
                <span class="cluster__gap"></span>
                <Button on:click=move |_| editing.open.set(false)>"Cancel"</Button>
                <Button kind=ButtonKind::Primary button_type=ButtonType::Submit busy=editing.busy>
                    "Save"
                </Button>
            </div>
        </form>
    }
    .into_any()
}

fn invited(editing: Editing) -> u64 {
    editing.ties.get().map_or(0, |ties| ties.invited)
}

/// What becomes of the open invitations of somebody who may invite no more.
fn pendings(editing: Editing) -> AnyView {
    let hint = Signal::derive(move || {
        Some(format!(
            "{} wait for an answer. Whoever may not invite here cannot answer for them.",
            count_of(invited(editing), "person", "people")
        ))
    });
    let options = vec![
        SelectOption::new("take_over", "Keep them: I answer for them"),
        SelectOption::new("revoke", "Revoke them"),
    ];
    view! { <Select label="Their open invitations" value=editing.pendings options hint/> }
        .into_any()
}

/// What a removal takes away, with the numbers.
fn removal(editing: Editing) -> AnyView {
    let ties = editing.ties.get();
    let courses = ties.map_or(0, |ties| ties.courses);
    let waiting = ties.map_or(0, |ties| ties.waiting);
    let mut parts = vec!["The membership ends.".to_owned()];
    if courses > 0 {
        let many = count_of(courses, "course or program", "courses and programs");
        parts.push(format!("Access to {many} ends."));
    }
    if waiting > 0 {
        let many = count_of(waiting, "open invitation", "open invitations");
        parts.push(format!("{many} to this person end."));
    }
    parts.push(
        "The account itself stays. This cannot be undone; the person can be invited again."
            .to_owned(),
    );
    let admin = (*editing.person.read_untracked())
        .as_ref()
        .is_some_and(|person| person.role == Role::Admin);
    view! {
        <div class="stack">
            <p>{parts.join(" ")}</p>
            {(admin && invited(editing) > 0).then(|| pendings(editing))}
        </div>
    }
    .into_any()
}
