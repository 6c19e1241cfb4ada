//! `/t/:slug/management/people`: the members of a tenant.

mod edit;

use app::api::ApiError;
use app::api::people::{ListPeople, PeopleList, PeoplePage as Members, PersonLine};
use leptos::{prelude::*, task::spawn_local};

use self::edit::{EditDialogs, Editing};
use crate::{
    components::{
        Avatar, Button, ButtonKind, ButtonSize, DateText, EmptyArt, EmptyState, ErrorState,
        MoreButton, PageHead, SearchField, Skeleton, SkeletonShape, ZoneNote,
    },
    effects::effect_since,
    keyed::keyed,
    page::{Announcer, use_announcer, use_title},
    query::trouble,
    session::{Session, use_session},
    shared::{Derived, Shared},
    tenant::{Tenant, use_tenant},
    text::{count_of, failure, role_word},
    turns::Turns,
    typing::rested,
    when::when,
};

/// What a load is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    /// The search is new.
    Fresh,
    /// Something changed on the server.
    Quiet,
    /// **Show more**.
    More,
}

/// What is shown, page after page. Cheap to copy.
#[derive(Clone, Copy)]
struct People {
    session: Session,
    announcer: Announcer,
    tenant: StoredValue<String>,
    search: RwSignal<String>,
    /// `None` until there is an answer to this search.
    lines: Shared<Option<Vec<PersonLine>>>,
    next: RwSignal<Option<String>>,
    failed: Shared<Option<ApiError>>,
    busy: RwSignal<bool>,
    more_busy: RwSignal<bool>,
    /// At least so many lines are to be shown.
    wanted: StoredValue<usize>,
    turns: StoredValue<Turns>,
}

impl People {
    /// Follows `search` and, quietly, the tenant's changes.
    fn new(tenant: &Tenant, search: RwSignal<String>) -> Self {
        let people = Self {
            session: use_session(),
            announcer: use_announcer(),
            tenant: StoredValue::new(tenant.slug.clone()),
            search,
            lines: Shared::new(None),
            next: RwSignal::new(None),
            failed: Shared::new(None),
            busy: RwSignal::new(false),
            more_busy: RwSignal::new(false),
            wanted: StoredValue::new(1),
            turns: StoredValue::new(Turns::default()),
        };
        let changes = tenant.changes();
        effect_since(move |last: Option<String>| {
            changes.track();
            let now = search.get();
            people.load(if last.as_ref() == Some(&now) {
                Load::Quiet
            } else {
                Load::Fresh
            });
            now
        });
        people
    }

    fn shown(self) -> usize {
        (*self.lines.read_untracked()).as_ref().map_or(0, Vec::len)
    }

    fn load(self, load: Load) {
        let shown = self.shown();
        match load {
            Load::Fresh => {
                self.busy.set(true);
                self.more_busy.set(false);
                self.wanted.set_value(1);
            }
            Load::Quiet => {}
            Load::More => {
                self.more_busy.set(true);
                self.wanted.set_value(shown + 1);
            }
        }
        let turn = self.turns.try_update_value(|turns| match load {
            Load::Fresh => Some(turns.begin()),
            // A refetch brings what **Show more** waits for, too.
            Load::Quiet | Load::More => turns.begin_or_wait(),
        });
        let Some(Some(turn)) = turn else {
            return;
        };
        let (after, count) = match load {
            Load::Fresh => (None, 1),
            Load::Quiet => (None, shown.max(self.wanted.get_value())),
            Load::More => (self.next.get_untracked(), 1),
        };
        spawn_local(async move {
            let answer = self.fetch(after, count).await;
            if let Some(Some(again)) = self.turns.try_update_value(|turns| turns.end(turn)) {
                self.take(load, answer);
                if again {
                    self.load(Load::Quiet);
                }
            }
        });
    }

    /// At least `count` lines from a cursor on, if there are as many.
    async fn fetch(self, mut after: Option<String>, count: usize) -> Result<Members, ApiError> {
        let search = self.search.get_untracked();
        let tenant = self.tenant.get_value();
        let mut all = Members::default();
        loop {
            let input = ListPeople {
                tenant: tenant.clone(),
                search: search.clone(),
                after: after.take(),
            };
            let page = self.session.call(PeopleList { input }).await?;
            all.people.extend(page.people);
            all.next = page.next;
            if all.people.len() >= count || all.next.is_none() {
                return Ok(all);
            }
            after.clone_from(&all.next);
        }
    }

    fn take(self, load: Load, answer: Result<Members, ApiError>) {
        self.busy.set(false);
        let more = self.more_busy.get_untracked();
        let before = self.lines.read_untracked();
        match answer {
            Ok(page) => {
                self.failed.set(None);
                self.next.set(page.next);
                let mut lines = page.people;
                if let (Load::More, Some(before)) = (load, &*before) {
                    lines.splice(0..0, before.iter().cloned());
                }
                if lines.len() >= self.wanted.get_value()
                    || self.next.with_untracked(Option::is_none)
                {
                    self.more_busy.set(false);
                }
                let said = format!(
                    "{} shown.",
                    count_of(lines.len() as u64, "person", "people")
                );
                self.lines.set(Some(lines));
                if load != Load::Quiet {
                    self.announcer.say(said);
                }
            }
            // What is shown stays true enough until the next change.
            Err(_) if load == Load::Quiet && before.is_some() && !more => {}
            Err(error) => {
                if load == Load::Fresh {
                    // Who matched the search before says nothing of this one.
                    self.lines.set(None);
                }
                self.more_busy.set(false);
                self.wanted.set_value(self.shown());
                self.failed.set(Some(error));
            }
        }
    }
}

/// The members, by name.
#[component]
pub fn PeoplePage() -> impl IntoView {
    let tenant = use_tenant();
    let typed = RwSignal::new(String::new());
    let search = rested(typed);
    let people = People::new(&tenant, search);
    let editing = Editing::new();
    let state = Derived::new(move || match &*people.lines.read() {
        None if people.failed.read().is_some() => State::Failed,
        None => State::Waiting,
        Some(lines) if !lines.is_empty() => State::Lines,
        Some(_) if search.with(String::is_empty) => State::NobodyYet,
        Some(_) => State::NobodyMatches,
    });
    let name = Memo::new(move |_| tenant.name());
    use_title(move || format!("People · {}", name.get()));
    view! {
        <PageHead title="People">
            {move || format!("The members of {}.", name.get())}
        </PageHead>
        <div class="filters">
            <SearchField label="Search" value=typed placeholder="Name or email" busy=people.busy/>
        </div>
        <div class="card" aria-busy=move || people.busy.get().then_some("true")>
            {move || body(*state.read(), people, editing)}
        </div>
        <EditDialogs editing/>
    }
}

/// What the page shows; changes only when something else is to be drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Failed,
    NobodyYet,
    NobodyMatches,
    Lines,
}

fn body(state: State, people: People, editing: Editing) -> AnyView {
    match state {
        State::Failed => {
            let message = move || {
                let error = people.failed.read();
                (*error).as_ref().map(failure).unwrap_or_default()
            };
            view! {
                <ErrorState
                    title="The people could not be loaded."
                    message=Signal::derive(message)
                    on_retry=Callback::new(move |()| people.load(Load::Fresh))
                />
            }
            .into_any()
        }
        State::Waiting => view! { <Skeleton shape=SkeletonShape::Rows count=8/> }.into_any(),
        State::NobodyYet => view! {
            <EmptyState title="Nobody is a member yet." art=EmptyArt::People>
                "Whoever accepts an invitation appears here."
            </EmptyState>
        }
        .into_any(),
        State::NobodyMatches => view! {
            <EmptyState title="Nobody matches." art=EmptyArt::Search>
                "Try a part of the name or the address."
            </EmptyState>
        }
        .into_any(),
        State::Lines => table(people, editing),
    }
}

fn table(people: People, editing: Editing) -> AnyView {
    let more = move || {
        let on_more = Callback::new(move |()| people.load(Load::More));
        view! { <MoreButton busy=people.more_busy on_more/> }.into_any()
    };
    view! {
        <div class="table-frame" role="region" aria-label="People" tabindex="0">
            <table class="table table--cards">
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Role"</th>
                        <th scope="col">"Group"</th>
                        <th scope="col">"Member since"</th>
                        <td></td>
                    </tr>
                </thead>
                <tbody>
                    {keyed(
                        move || (*people.lines.read()).clone().unwrap_or_default(),
                        // A line that changed is another one: nothing in it takes the focus.
                        |line| format!("{} {} {} {}", line.user, role_word(line.role), line.name, line.group),
                        move |line| row(line, editing),
                    )}
                </tbody>
            </table>
        </div>
        {trouble(people.failed)}
        <ZoneNote/>
        {when(move || people.next.with(Option::is_some), more)}
    }
    .into_any()
}

fn row(line: PersonLine, editing: Editing) -> AnyView {
    let (person, id) = (line.clone(), format!("member-{}", line.user));
    let described = id.clone();
    let group = if line.group.is_empty() {
        "–".to_owned()
    } else {
        line.group
    };
    view! {
        <tr>
            <td class="cell--lead" id=id>
                <div class="person">
                    <Avatar name=line.name.clone()/>
                    <div class="person__words">
                        <div class="person__name">{line.name}</div>
                        <div class="person__mail">{line.email}</div>
                    </div>
                </div>
            </td>
            <td data-label="Role">{role_word(line.role)}</td>
            <td data-label="Group">{group}</td>
            <td data-label="Member since">
                <DateText at=line.joined_at.0/>
            </td>
            <td class="cell--actions">
                <Button
                    kind=ButtonKind::Quiet
                    size=ButtonSize::Small
                    attr:aria-describedby=described
                    on:click=move |_| editing.edit(person.clone())
                >
                    "Edit"
                </Button>
            </td>
        </tr>
    }
    .into_any()
}
