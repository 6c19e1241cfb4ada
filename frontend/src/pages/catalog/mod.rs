//! `/t/:slug/management/catalog`: the tenant's courses and programs; and
//! `/data-manager/catalog`: those of all tenants and the shared ones.

mod edit;

use app::{
    api::{
        ApiError,
        catalog::{
            CatalogEverywhere, CatalogList, EverywherePage as Items, ListCatalog, ListEverywhere,
            OwnedLine,
        },
    },
    domain::invitation::InvitationKind,
};
use leptos::{prelude::*, task::spawn_local};

use self::edit::{Editing, ItemDialogs};
use crate::{
    components::{
        Badge, Button, ButtonKind, ButtonSize, Chip, Combobox, EmptyArt, EmptyState, ErrorState,
        IconName, LinkButton, MoreButton, PageHead, SearchField, Skeleton, SkeletonShape, Tone,
        format_number,
    },
    effects::effect_since,
    keyed::keyed,
    page::use_title,
    pages::data_manager::{
        pick::{self, Field},
        upload::What,
    },
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

/// Which items a list asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    search: String,
    view: View,
    /// In the list of all: whose, by the slug; empty: the shared ones.
    owner: Option<String>,
}

/// What is shown. Cheap to copy.
#[derive(Clone, Copy)]
struct Catalog {
    session: Session,
    /// The slug; none: everybody's.
    tenant: StoredValue<Option<String>>,
    /// Where one tenant is chosen among all.
    owner: Option<Field>,
    shared_only: RwSignal<bool>,
    search: RwSignal<String>,
    view: RwSignal<View>,
    lines: Shared<Option<Vec<OwnedLine>>>,
    more: RwSignal<bool>,
    failed: Shared<Option<ApiError>>,
    busy: RwSignal<bool>,
    wanted: StoredValue<usize>,
    turn: StoredValue<u64>,
}

impl Catalog {
    /// Follows search and view, and quietly the tenant's changes; with no tenant it shows
    /// the items of all.
    fn new(tenant: Option<&Tenant>, search: RwSignal<String>) -> Self {
        let session = use_session();
        let catalog = Self {
            session,
            tenant: StoredValue::new(tenant.map(|tenant| tenant.slug.clone())),
            owner: tenant.is_none().then(|| pick::tenants(session)),
            shared_only: RwSignal::new(false),
            search,
            view: RwSignal::new(View::All),
            lines: Shared::new(None),
            more: RwSignal::new(false),
            failed: Shared::new(None),
            busy: RwSignal::new(false),
            wanted: StoredValue::new(PAGE),
            turn: StoredValue::new(0),
        };
        let changes = tenant.map(Tenant::changes);
        effect_since(move |last: Option<Asked>| {
            if let Some(changes) = changes {
                changes.track();
            }
            let now = catalog.asked();
            if last.as_ref() != Some(&now) {
                catalog.wanted.set_value(PAGE);
            }
            catalog.load();
            now
        });
        catalog
    }

    /// What is asked for now; tracked.
    fn asked(self) -> Asked {
        let chosen = self.owner.and_then(|owner| {
            owner
                .picked
                .with(|picked| picked.first().map(|one| one.value.clone()))
        });
        Asked {
            search: self.search.get(),
            view: self.view.get(),
            owner: chosen.or_else(|| self.shared_only.get().then(String::new)),
        }
    }

    /// Loads as many lines as are wanted, from the top; a later load wins.
    fn load(self) {
        self.busy.set(true);
        let mine = self.turn.try_update_value(|turn| {
            *turn += 1;
            *turn
        });
        let asked = untrack(|| self.asked());
        spawn_local(async move {
            let answer = self.fetch(asked).await;
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

    async fn page(
        self,
        tenant: Option<String>,
        asked: &Asked,
        after: Option<String>,
    ) -> Result<Items, ApiError> {
        let kind = match asked.view {
            View::Courses => Some(InvitationKind::Course),
            View::Programs => Some(InvitationKind::Program),
            View::All | View::Archived => None,
        };
        let archived = asked.view == View::Archived;
        let search = asked.search.clone();
        let Some(tenant) = tenant else {
            let input = ListEverywhere {
                search,
                kind,
                owner: asked.owner.clone(),
                archived,
                after,
            };
            return self.session.call(CatalogEverywhere { input }).await;
        };
        let input = ListCatalog {
            tenant,
            search,
            kind,
            archived,
            after,
        };
        let page = self.session.call(CatalogList { input }).await?;
        let owned = |line| OwnedLine { line, owner: None };
        Ok(Items {
            items: page.items.into_iter().map(owned).collect(),
            next: page.next,
        })
    }

    async fn fetch(self, asked: Asked) -> Result<Items, ApiError> {
        let wanted = self.wanted.get_value();
        // The page may be gone before the last call.
        let tenant = self.tenant.get_value();
        let mut all = Items::default();
        loop {
            let page = self.page(tenant.clone(), &asked, all.next.take()).await?;
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
    let catalog = Catalog::new(Some(&tenant), rested(typed));
    let changed = tenant.clone();
    let editing = Editing::new(
        tenant.slug.clone(),
        None,
        Callback::new(move |()| changed.changed()),
    );
    use_title(move || format!("Catalog · {}", tenant.name()));
    page(
        catalog,
        editing,
        typed,
        "The courses and programs that people can be invited to: your own, and those shared by all.",
    )
}

/// The catalog of all tenants.
#[component]
pub fn EverywherePage() -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let catalog = Catalog::new(None, rested(typed));
    let choice = pick::tenants(catalog.session);
    let changed = Callback::new(move |()| catalog.load());
    let editing = Editing::new(String::new(), Some(choice), changed);
    use_title(|| "Catalog · Data Manager".to_owned());
    page(
        catalog,
        editing,
        typed,
        "The courses and programs of every tenant, and those shared by all.",
    )
}

fn page(
    catalog: Catalog,
    editing: Editing,
    typed: RwSignal<String>,
    about: &'static str,
) -> AnyView {
    let state = Derived::new(move || match &*catalog.lines.read() {
        None if catalog.failed.read().is_some() => State::Failed,
        None => State::Waiting,
        Some(lines) if lines.is_empty() => State::Empty,
        Some(_) => State::Lines,
    });
    let actions = move || {
        let upload = catalog.owner.is_some().then(|| {
            view! {
                <LinkButton href=What::Courses.href() icon=IconName::Upload>
                    "Upload CSV"
                </LinkButton>
            }
        });
        view! {
            {upload}
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
            {about}
        </PageHead>
        <div class="filters">
            <SearchField label="Search" value=typed placeholder="Key or title" busy=catalog.busy/>
            <div class="chips" role="group" aria-label="Kind">
                {chip(View::All, "All")} {chip(View::Courses, "Courses")}
                {chip(View::Programs, "Programs")} {chip(View::Archived, "Archived")}
            </div>
            {catalog.owner.map(|owner| owners(catalog, owner))}
        </div>
        <div class="card" aria-busy=move || catalog.busy.get().then_some("true")>
            {move || body(*state.read(), catalog, editing)}
        </div>
        <ItemDialogs editing/>
    }
    .into_any()
}

/// Whose items are shown.
fn owners(catalog: Catalog, owner: Field) -> AnyView {
    let pressed =
        Signal::derive(move || catalog.shared_only.get() && owner.picked.with(Vec::is_empty));
    let shared = move |_| {
        let only = !pressed.get_untracked();
        owner.clear();
        catalog.shared_only.set(only);
    };
    view! {
        <Combobox
            label="Only of the tenant"
            id="owner"
            typed=owner.typed
            picked=owner.picked
            found=owner.found
            most=1
            placeholder="Name of the tenant"
        />
        <Chip pressed=pressed on:click=shared>
            "Shared by all"
        </Chip>
    }
    .into_any()
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
    let everybodys = catalog.owner.is_some();
    view! {
        <div class="table-frame" role="region" aria-label="Catalog" tabindex="0">
            <table class="table table--cards">
                <thead>
                    <tr>
                        <th scope="col">"Title"</th>
                        <th scope="col">"Key"</th>
                        <th scope="col">"Kind"</th>
                        {everybodys.then(|| view! { <th scope="col">"Tenant"</th> })}
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
                        |one| {
                            let line = &one.line;
                            format!(
                                "{} {} {} {} {} {}",
                                line.item, line.archived, line.courses, line.live, line.key, line.title,
                            )
                        },
                        move |line| row(line, editing, everybodys),
                    )}
                </tbody>
            </table>
        </div>
        {trouble(catalog.failed)}
        {when(move || catalog.more.get(), more)}
    }
    .into_any()
}

fn row(owned: OwnedLine, editing: Editing, everybodys: bool) -> AnyView {
    let line = owned.line.clone();
    let id = format!("item-{}", line.item);
    let changeable = (line.own || everybodys) && !line.archived;
    let whose = everybodys.then(|| {
        let name = owned.owner.as_ref().map(|owner| owner.name.clone());
        let name = name.unwrap_or_else(|| "–".to_owned());
        view! { <td data-label="Tenant">{name}</td> }
    });
    let button = {
        let (line, id) = (owned, id.clone());
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
            {whose}
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
