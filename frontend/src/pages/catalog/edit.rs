//! A course or a program: made, changed, archived.

use app::{
    api::{
        ApiError,
        catalog::{
            CatalogArchive, CatalogCreate, CatalogEdit, CatalogLine, CatalogList, CatalogRef,
            CatalogShow, CreateItem, EditItem, ListCatalog, OwnedLine,
        },
    },
    domain::{id::CatalogItemId, invitation::InvitationKind},
};
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    components::{
        Button, ButtonKind, ButtonSize, ButtonType, Combobox, ConfirmDialog, Dialog, IconButton,
        IconName, SearchField, TextInput, ToastStore, use_toasts,
    },
    keyed::keyed,
    pages::{data_manager::pick::Field, sign_in::alert},
    query::Query,
    session::{Session, use_session},
    shared::Shared,
    text::{count_of, failure, field_error},
    typing::rested,
};

/// What is edited. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Editing {
    session: Session,
    toasts: ToastStore,
    /// The slug of whose items are made and changed; empty: shared by all.
    owner: RwSignal<String>,
    /// Where it is chosen for a new one.
    choice: Option<Field>,
    on_changed: Callback<()>,
    open: RwSignal<bool>,
    archiving: RwSignal<bool>,
    busy: RwSignal<bool>,
    kind: RwSignal<InvitationKind>,
    /// The item; none where it is new.
    item: RwSignal<Option<CatalogItemId>>,
    /// Somebody was invited by the key: it stays.
    fixed: RwSignal<bool>,
    key: RwSignal<String>,
    title: RwSignal<String>,
    courses: Shared<Vec<CatalogLine>>,
    archived: Shared<Option<CatalogLine>>,
    trouble: RwSignal<Option<String>>,
    key_error: RwSignal<Option<String>>,
    title_error: RwSignal<Option<String>>,
}

impl Editing {
    /// For the items of the tenant of a slug; with a field that finds tenants, for those of
    /// all. It tells when something was changed.
    pub fn new(slug: String, choice: Option<Field>, on_changed: Callback<()>) -> Self {
        Self {
            session: use_session(),
            toasts: use_toasts(),
            owner: RwSignal::new(slug),
            choice,
            on_changed,
            open: RwSignal::new(false),
            archiving: RwSignal::new(false),
            busy: RwSignal::new(false),
            kind: RwSignal::new(InvitationKind::Course),
            item: RwSignal::new(None),
            fixed: RwSignal::new(false),
            key: RwSignal::new(String::new()),
            title: RwSignal::new(String::new()),
            courses: Shared::new(Vec::new()),
            archived: Shared::new(None),
            trouble: RwSignal::new(None),
            key_error: RwSignal::new(None),
            title_error: RwSignal::new(None),
        }
    }

    /// Whose item it is; tracked.
    fn slug(self) -> String {
        match self.choice {
            Some(choice) if self.item.get().is_none() => choice.picked.with(|picked| {
                picked
                    .first()
                    .map_or_else(String::new, |one| one.value.clone())
            }),
            _ => self.owner.get(),
        }
    }

    fn show(self, kind: InvitationKind, item: Option<CatalogItemId>, key: String, title: String) {
        self.kind.set(kind);
        self.item.set(item);
        self.key.set(key);
        self.title.set(title);
        self.courses.set(Vec::new());
        for error in [self.trouble, self.key_error, self.title_error] {
            error.set(None);
        }
        self.open.set(true);
    }

    /// Opens the dialog for a new one.
    pub fn create(self, kind: InvitationKind) {
        self.fixed.set(false);
        if let Some(choice) = self.choice {
            choice.clear();
        }
        self.show(kind, None, String::new(), String::new());
    }

    /// Opens the dialog for one that there is, once its courses are known.
    pub fn edit(self, owned: OwnedLine) {
        let line = owned.line.clone();
        let tenant = self.of(&owned);
        let input = CatalogRef {
            tenant,
            item: line.item,
        };
        spawn_local(async move {
            match self.session.call(CatalogShow { input }).await {
                Ok(detail) => {
                    self.fixed.set(detail.used);
                    self.show(
                        line.kind,
                        Some(line.item),
                        detail.line.key,
                        detail.line.title,
                    );
                    self.courses.set(detail.courses);
                }
                Err(error) => self.toasts.error(failure(&error)),
            }
        });
    }

    /// Turns to the owner of a line, where they differ.
    fn of(self, owned: &OwnedLine) -> String {
        if self.choice.is_some() {
            let slug = owned.owner.as_ref().map(|owner| owner.slug.clone());
            self.owner.set(slug.unwrap_or_default());
        }
        self.owner.get_untracked()
    }

    /// Asks whether it is to be archived.
    pub fn ask_archive(self, owned: OwnedLine) {
        self.of(&owned);
        self.archived.set(Some(owned.line));
        self.archiving.set(true);
    }

    async fn saved(self) -> Result<(), ApiError> {
        let courses = self.courses.read_untracked();
        let courses = courses.iter().map(|course| course.item).collect();
        let (key, title) = (self.key.get_untracked(), self.title.get_untracked());
        if let Some(item) = self.item.get_untracked() {
            let input = EditItem {
                tenant: self.owner.get_untracked(),
                item,
                key,
                title,
                courses,
            };
            return self.session.call(CatalogEdit { input }).await;
        }
        let input = CreateItem {
            tenant: untrack(|| self.slug()),
            kind: self.kind.get_untracked(),
            key,
            title,
            courses,
        };
        self.session.call(CatalogCreate { input }).await.map(drop)
    }

    fn save(self) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.trouble.set(None);
        spawn_local(async move {
            let answer = self.saved().await;
            self.busy.try_set(false);
            match answer {
                Ok(()) => {
                    self.open.try_set(false);
                    let title = self.title.try_get_untracked().unwrap_or_default();
                    self.toasts.success(format!("{title} is saved."));
                    self.on_changed.try_run(());
                }
                Err(error) => {
                    let key = field_error(&error, "key");
                    let title = field_error(&error, "title");
                    if key.is_none() && title.is_none() {
                        self.trouble.try_set(Some(failure(&error)));
                    }
                    self.key_error.try_set(key);
                    self.title_error.try_set(title);
                }
            }
        });
    }

    fn archive(self) {
        let line = self.archived.read_untracked();
        let Some(line) = (*line).clone() else { return };
        self.busy.set(true);
        let input = CatalogRef {
            tenant: self.owner.get_untracked(),
            item: line.item,
        };
        spawn_local(async move {
            let answer = self.session.call(CatalogArchive { input }).await;
            self.busy.try_set(false);
            self.archiving.try_set(false);
            match answer {
                Ok(revoked) => self.toasts.success(format!(
                    "{} is archived, {} revoked.",
                    line.title,
                    count_of(revoked, "invitation", "invitations")
                )),
                Err(error) => self.toasts.error(failure(&error)),
            }
            self.on_changed.try_run(());
        });
    }

    /// Moves the course at `place` by one, up or down; or takes it out.
    fn change_courses(self, change: impl FnOnce(&mut Vec<CatalogLine>)) {
        let mut courses = (*self.courses.read_untracked()).clone();
        change(&mut courses);
        self.courses.set(courses);
    }
}

/// The dialogs.
#[component]
pub fn ItemDialogs(
    /// What is edited.
    editing: Editing,
) -> impl IntoView {
    let title = Signal::derive(move || {
        let what = if editing.kind.get() == InvitationKind::Program {
            "program"
        } else {
            "course"
        };
        if editing.item.get().is_some() {
            format!("Edit the {what}")
        } else {
            format!("Add a {what}")
        }
    });
    let question = Signal::derive(move || {
        let line = editing.archived.read();
        let title = (*line).as_ref().map(|line| line.title.clone());
        format!("Archive {}?", title.unwrap_or_default())
    });
    let on_confirm = Callback::new(move |()| editing.archive());
    let what_follows = move || {
        let line = editing.archived.read();
        match (*line).as_ref().map_or(0, |line| line.live) {
            0 => "Nobody can be invited to it any more. Whoever has it keeps it. This cannot be undone.".to_owned(),
            open => format!(
                "{} to it {} revoked. Nobody can be invited to it any more; whoever has it keeps it. This cannot be undone.",
                count_of(open, "open invitation", "open invitations"),
                if open == 1 { "is" } else { "are" },
            ),
        }
    };
    view! {
        <Dialog open=editing.open title>
            {move || form(editing)}
        </Dialog>
        <ConfirmDialog
            open=editing.archiving
            title=question
            confirm="Archive"
            busy=editing.busy
            on_confirm
        >
            <p>{what_follows}</p>
        </ConfirmDialog>
    }
}

fn form(editing: Editing) -> AnyView {
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        editing.save();
    };
    let key_hint = Signal::derive(move || {
        Some(
            if editing.fixed.get() {
                "Somebody was invited by this key, so it stays."
            } else {
                "What a list names it by, such as BIO-101. It stays once somebody was invited."
            }
            .to_owned(),
        )
    });
    let program = editing.kind.get_untracked() == InvitationKind::Program;
    view! {
        <form class="stack" novalidate=true on:submit=submit>
            {move || editing.trouble.get().map(alert)}
            <TextInput
                label="Key"
                value=editing.key
                hint=key_hint
                error=editing.key_error
                disabled=editing.fixed
                autocomplete="off"
            />
            <TextInput
                label="Title"
                value=editing.title
                error=editing.title_error
                autocomplete="off"
            />
            {editing
                .choice
                .filter(|_| editing.item.get_untracked().is_none())
                .map(|choice| {
                    view! {
                        <Combobox
                            label="Tenant"
                            id="item-owner"
                            typed=choice.typed
                            picked=choice.picked
                            found=choice.found
                            most=1
                            optional=true
                            hint=Some("Whose it is. Empty: shared by all tenants. It stays.".to_owned())
                        />
                    }
                })}
            {program.then(|| courses(editing))}
            <div class="cluster cluster--end">
                <Button on:click=move |_| editing.open.set(false)>"Cancel"</Button>
                <Button kind=ButtonKind::Primary button_type=ButtonType::Submit busy=editing.busy>
                    "Save"
                </Button>
            </div>
        </form>
    }
    .into_any()
}

/// A program's courses in their order, and a search that adds one.
fn courses(editing: Editing) -> AnyView {
    let typed = RwSignal::new(String::new());
    let search = rested(typed);
    let found = Query::new(editing.session, move || {
        let search = search.get();
        (!search.is_empty()).then(|| CatalogList {
            input: ListCatalog {
                tenant: editing.slug(),
                search,
                kind: Some(InvitationKind::Course),
                ..ListCatalog::default()
            },
        })
    });
    let offers = move || -> Vec<CatalogLine> {
        let there = editing.courses.read();
        found
            .ready()
            .map(|page| page.items)
            .unwrap_or_default()
            .into_iter()
            .filter(|one| there.iter().all(|course| course.item != one.item))
            .take(6)
            .collect()
    };
    let offer = move |one: CatalogLine| {
        let words = format!("Add {}", one.title);
        let add = move |_| {
            let one = one.clone();
            editing.change_courses(|courses| courses.push(one));
        };
        view! {
            <Button size=ButtonSize::Small icon=IconName::Plus on:click=add>
                {words}
            </Button>
        }
        .into_any()
    };
    view! {
        <div class="stack" role="group" aria-label="Courses">
            <ol class="course-list">
                {keyed(
                    move || editing.courses.read().iter().cloned().enumerate().collect(),
                    |(place, line)| format!("{place} {}", line.item),
                    move |(place, line)| course(editing, place, &line),
                )}
            </ol>
            <SearchField label="Find a course" value=typed placeholder="Find a course to add"/>
            <div class="cluster">{keyed(offers, |one| one.item.to_string(), offer)}</div>
        </div>
    }
    .into_any()
}

fn course(editing: Editing, place: usize, line: &CatalogLine) -> AnyView {
    let title = line.title.clone();
    let up = move |_| {
        editing.change_courses(|courses| {
            if place > 0 {
                courses.swap(place - 1, place);
            }
        });
    };
    let down = move |_| {
        editing.change_courses(|courses| {
            if place + 1 < courses.len() {
                courses.swap(place, place + 1);
            }
        });
    };
    let out = move |_| editing.change_courses(|courses| drop(courses.remove(place)));
    view! {
        <li class="course-list__item">
            <span class="course-list__title">{title.clone()}</span>
            <IconButton
                label=format!("Move {title} up")
                icon=IconName::ArrowUp
                size=ButtonSize::Small
                on:click=up
            />
            <IconButton
                label=format!("Move {title} down")
                icon=IconName::ArrowDown
                size=ButtonSize::Small
                on:click=down
            />
            <IconButton
                label=format!("Take {title} out")
                icon=IconName::Close
                size=ButtonSize::Small
                on:click=out
            />
        </li>
    }
    .into_any()
}
