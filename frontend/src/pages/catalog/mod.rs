//! `/t/:slug/management/catalog`: the tenant's courses and programs.

mod edit;

use app::{
    api::{
        ApiError,
        catalog::{CatalogLine, CatalogList, CatalogPage as Items, ListCatalog},
    },
    domain::invitation::InvitationKind,
};
use leptos::{prelude::*, task::spawn_local};

use self::edit::{Editing, ItemDialogs};
use crate::{
    components::{
        Badge, Button, ButtonKind, ButtonSize, Chip, EmptyArt, EmptyState, ErrorState, IconName,
        MoreButton, PageHead, SearchField, Skeleton, SkeletonShape, Tone, format_number,
    },
    effects::effect_since,
    keyed::keyed,
    page::use_title,
    query::trouble,
    session::{Session, use_session},
    shared::{Derived, Shared},
    tenant::{Tenant, use_tenant},
    text::{failure, kind_word},
    typing::rested,
    when::when,
};

/// Lines that a first page and each **Show more** bring.
const PAGE: usize = 50;

/// Which items are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    All,
    Courses,
    Programs,
    Archived,
}

/// What is shown. Cheap to copy.
#[derive(Clone, Copy)]
struct Catalog {
    session: Session,
    tenant: StoredValue<String>,
    search: RwSignal<String>,
    view: RwSignal<View>,
    lines: Shared<Option<Vec<CatalogLine>>>,
    more: RwSignal<bool>,
    failed: Shared<Option<ApiError>>,
    busy: RwSignal<bool>,
    wanted: StoredValue<usize>,
    turn: StoredValue<u64>,
}

impl Catalog {
    /// Follows search and view, and quietly the tenant's changes.
    fn new(tenant: &Tenant, search: RwSignal<String>) -> Self {
        let catalog = Self {
            session: use_session(),
            tenant: StoredValue::new(tenant.slug.clone()),
            search,
            view: RwSignal::new(View::All),
            lines: Shared::new(None),
            more: RwSignal::new(false),
            failed: Shared::new(None),
            busy: RwSignal::new(false),
            wanted: StoredValue::new(PAGE),
            turn: StoredValue::new(0),
        };
        let changes = tenant.changes();
        effect_since(move |last: Option<(String, View)>| {
            changes.track();
            let now = (catalog.search.get(), catalog.view.get());
            if last.as_ref() != Some(&now) {
                catalog.wanted.set_value(PAGE);
            }
            catalog.load();
            now
        });
        catalog
    }

    /// Loads as many lines as are wanted, from the top; a later load wins.
    fn load(self) {
        self.busy.set(true);
        let mine = self.turn.try_update_value(|turn| {
            *turn += 1;
            *turn
        });
        let (search, view) = (self.search.get_untracked(), self.view.get_untracked());
        spawn_local(async move {
            let answer = self.fetch(search, view).await;
            if mine.is_none() || self.turn.try_get_value() != mine {
                return;
            }
            self.busy.set(false);
            match answer {
                Ok(items) => {
                    self.failed.set(None);
                    self.more.set(items.next.is_some());
                    self.lines.set(Some(items.items));
                }
                Err(error) => self.failed.set(Some(error)),
            }
        });
    }

    async fn fetch(self, search: String, view: View) -> Result<Items, ApiError> {
        let wanted = self.wanted.get_value();
        let mut all = Items::default();
        loop {
            let input = ListCatalog {
                tenant: self.tenant.get_value(),
                search: search.clone(),
                kind: match view {
                    View::Courses => Some(InvitationKind::Course),
                    View::Programs => Some(InvitationKind::Program),
                    View::All | View::Archived => None,
                },
                archived: view == View::Archived,
                after: all.next.take(),
            };
            let page = self.session.call(CatalogList { input }).await?;
            all.items.extend(page.items);
            all.next = page.next;
            if all.items.len() >= wanted || all.next.is_none() {
                return Ok(all);
            }
        }
    }
}

/// The catalog.
#[component]
pub fn CatalogPage() -> impl IntoView {
    let tenant = use_tenant();
    let typed = RwSignal::new(String::new());
    let catalog = Catalog::new(&tenant, rested(typed));
    let editing = Editing::new();
    let state = Derived::new(move || match &*catalog.lines.read() {
        None if catalog.failed.read().is_some() => State::Failed,
        None => State::Waiting,
        Some(lines) if lines.is_empty() => State::Empty,
        Some(_) => State::Lines,
    });
    use_title(move || format!("Catalog · {}", tenant.name()));
    let actions = move || {
        view! {
            <Button on:click=move |_| editing.create(InvitationKind::Program)>"Add program"</Button>
            <Button
                kind=ButtonKind::Primary
                icon=IconName::Plus
                on:click=move |_| editing.create(InvitationKind::Course)
            >
                "Add course"
            </Button>
        }
    };
    let chip = move |view: View, words: &'static str| {
        view! {
            <Chip
                pressed=Signal::derive(move || catalog.view.get() == view)
                on:click=move |_| catalog.view.set(view)
            >
                {words}
            </Chip>
        }
        .into_any()
    };
    view! {
        <PageHead title="Catalog" actions>
            "The courses and programs that people can be invited to: your own, and those shared by all."
        </PageHead>
        <div class="filters">
            <SearchField label="Search" value=typed placeholder="Key or title" busy=catalog.busy/>
            <div class="chips" role="group" aria-label="Kind">
                {chip(View::All, "All")} {chip(View::Courses, "Courses")}
                {chip(View::Programs, "Programs")} {chip(View::Archived, "Archived")}
            </div>
        </div>
        <div class="card" aria-busy=move || catalog.busy.get().then_some("true")>
            {move || body(*state.read(), catalog, editing)}
        </div>
        <ItemDialogs editing/>
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Failed,
    Empty,
    Lines,
}

fn body(state: State, catalog: Catalog, editing: Editing) -> AnyView {
    match state {
        State::Waiting => view! { <Skeleton shape=SkeletonShape::Rows count=6/> }.into_any(),
        State::Failed => {
            let message = move || {
                let error = catalog.failed.read();
                (*error).as_ref().map(failure).unwrap_or_default()
            };
            view! {
                <ErrorState
                    title="The catalog could not be loaded."
                    message=Signal::derive(message)
                    on_retry=Callback::new(move |()| catalog.load())
                />
            }
            .into_any()
        }
        State::Empty => view! {
            <EmptyState title="Nothing is here." art=EmptyArt::Search>
                "Try another search, or add a course: its key is what a list names it by."
            </EmptyState>
        }
        .into_any(),
        State::Lines => table(catalog, editing),
    }
}

fn table(catalog: Catalog, editing: Editing) -> AnyView {
    let more = move || {
        let on_more = Callback::new(move |()| {
            catalog.wanted.update_value(|wanted| *wanted += PAGE);
            catalog.load();
        });
        view! { <MoreButton busy=catalog.busy on_more/> }.into_any()
    };
    view! {
        <div class="table-frame" role="region" aria-label="Catalog" tabindex="0">
            <table class="table table--cards">
                <thead>
                    <tr>
                        <th scope="col">"Title"</th>
                        <th scope="col">"Key"</th>
                        <th scope="col">"Kind"</th>
                        <th scope="col">"Courses"</th>
                        <th scope="col">"Open invitations"</th>
                        <td></td>
                    </tr>
                </thead>
                <tbody>
                    {keyed(
                        move || (*catalog.lines.read()).clone().unwrap_or_default(),
                        // A line that changed is another one. Not by Debug, which writes
                        // nothing in a release (ADR 0007).
                        |line| {
                            format!(
                                "{} {} {} {} {} {}",
                                line.item, line.archived, line.courses, line.live, line.key, line.title,
                            )
                        },
                        move |line| row(line, editing),
                    )}
                </tbody>
            </table>
        </div>
        {trouble(catalog.failed)}
        {when(move || catalog.more.get(), more)}
    }
    .into_any()
}

fn row(line: CatalogLine, editing: Editing) -> AnyView {
    let id = format!("item-{}", line.item);
    let changeable = line.own && !line.archived;
    let button = {
        let (line, id) = (line.clone(), id.clone());
        move |archive: bool, words: &'static str| {
            let line = line.clone();
            view! {
                <Button
                    kind=ButtonKind::Quiet
                    size=ButtonSize::Small
                    attr:aria-describedby=id.clone()
                    on:click=move |_| {
                        if archive {
                            editing.ask_archive(line.clone());
                        } else {
                            editing.edit(line.clone());
                        }
                    }
                >
                    {words}
                </Button>
            }
        }
    };
    let courses = if line.kind == InvitationKind::Program {
        format_number(line.courses)
    } else {
        "–".to_owned()
    };
    view! {
        <tr>
            <td class="cell--lead" id=id>
                <span class="table__title">{line.title}</span>
            </td>
            <td data-label="Key">
                <code>{line.key}</code>
            </td>
            <td data-label="Kind">
                {kind_word(line.kind)}
                {(!line.own).then(|| view! { " " <Badge tone=Tone::Info label="Shared"/> })}
                {line.archived.then(|| view! { " " <Badge tone=Tone::Neutral label="Archived"/> })}
            </td>
            <td data-label="Courses">{courses}</td>
            <td data-label="Open invitations">{format_number(line.live)}</td>
            <td class="cell--actions">
                {changeable.then(|| button(false, "Edit"))}
                {changeable.then(|| button(true, "Archive"))}
            </td>
        </tr>
    }
    .into_any()
}
