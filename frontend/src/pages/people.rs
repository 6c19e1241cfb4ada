//! `/t/:slug/management/people`: the members of a tenant.

use app::api::{
    ApiError,
    people::{ListPeople, PeopleList, PersonLine},
};
use leptos::{prelude::*, task::spawn_local};

use crate::effects::effect;
use crate::keyed::keyed;
use crate::{
    components::{
        Avatar, DateText, EmptyArt, EmptyState, ErrorState, MoreButton, PageHead, SearchField,
        Skeleton, SkeletonShape,
    },
    page::{use_announcer, use_title},
    session::use_session,
    tenant::use_tenant,
    text::{count_of, failure, role_word},
    typing::rested,
};

/// What is shown, page after page. Cheap to copy.
#[derive(Clone, Copy)]
struct People {
    lines: RwSignal<Option<Vec<PersonLine>>>,
    next: RwSignal<Option<String>>,
    failed: RwSignal<Option<ApiError>>,
    busy: RwSignal<bool>,
    more_busy: RwSignal<bool>,
    load: Callback<bool>,
}

impl People {
    /// Follows `search`; a late answer to an earlier search is dropped.
    fn new(tenant: String, search: RwSignal<String>) -> Self {
        let session = use_session();
        let announcer = use_announcer();
        let lines = RwSignal::new(None::<Vec<PersonLine>>);
        let next = RwSignal::new(None::<String>);
        let failed = RwSignal::new(None);
        let busy = RwSignal::new(false);
        let more_busy = RwSignal::new(false);
        let turn = StoredValue::new(0_u64);
        let load = Callback::new(move |more: bool| {
            let mine = turn.try_update_value(|turn| {
                *turn += 1;
                *turn
            });
            busy.set(!more);
            more_busy.set(more);
            let input = ListPeople {
                tenant: tenant.clone(),
                search: search.get_untracked(),
                after: if more { next.get_untracked() } else { None },
            };
            spawn_local(async move {
                let answer = session.call(PeopleList { input }).await;
                if mine.is_none() || turn.try_get_value() != mine {
                    return;
                }
                busy.set(false);
                more_busy.set(false);
                match answer {
                    Ok(page) => {
                        failed.set(None);
                        next.set(page.next);
                        lines.update(|lines| match lines {
                            Some(lines) if more => lines.extend(page.people),
                            _ => *lines = Some(page.people),
                        });
                        let shown =
                            lines.with_untracked(|lines| lines.as_ref().map_or(0, Vec::len));
                        announcer.say(format!(
                            "{} shown.",
                            count_of(shown as u64, "person", "people")
                        ));
                    }
                    Err(error) => failed.set(Some(error)),
                }
            });
        });
        effect(move || {
            search.track();
            load.run(false);
        });
        Self {
            lines,
            next,
            failed,
            busy,
            more_busy,
            load,
        }
    }
}

/// The members, by name.
#[component]
pub fn PeoplePage() -> impl IntoView {
    let tenant = use_tenant();
    let typed = RwSignal::new(String::new());
    let search = rested(typed);
    let people = People::new(tenant.slug.clone(), search);
    let state = Memo::new(move |_| match people.failed.get() {
        Some(error) => State::Failed(error),
        None => match people.lines.with(|lines| lines.as_ref().map(Vec::is_empty)) {
            None => State::Waiting,
            Some(false) => State::Lines,
            Some(true) if search.with(String::is_empty) => State::NobodyYet,
            Some(true) => State::NobodyMatches,
        },
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
            {move || body(state.get(), people)}
        </div>
    }
}

/// What the page shows; changes only when something else is to be drawn.
#[derive(Clone, PartialEq)]
enum State {
    Waiting,
    Failed(ApiError),
    NobodyYet,
    NobodyMatches,
    Lines,
}

fn body(state: State, people: People) -> AnyView {
    match state {
        State::Failed(error) => view! {
            <ErrorState
                title="The people could not be loaded."
                message=failure(&error)
                on_retry=Callback::new(move |()| people.load.run(false))
            />
        }
        .into_any(),
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
        State::Lines => table(people),
    }
}

fn table(people: People) -> AnyView {
    view! {
        <div class="table-frame" role="region" aria-label="People" tabindex="0">
            <table class="table table--cards">
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Role"</th>
                        <th scope="col">"Group"</th>
                        <th scope="col">"Member since"</th>
                    </tr>
                </thead>
                <tbody>
                    {keyed(
                        move || people.lines.get().unwrap_or_default(),
                        |line| line.user.0.to_string(),
                        row,
                    )}
                </tbody>
            </table>
        </div>
        <Show when=move || people.next.with(Option::is_some)>
            <MoreButton
                busy=people.more_busy
                on_more=Callback::new(move |()| people.load.run(true))
            />
        </Show>
    }
    .into_any()
}

fn row(line: PersonLine) -> AnyView {
    let group = if line.group.is_empty() {
        "–".to_owned()
    } else {
        line.group
    };
    view! {
        <tr>
            <td class="cell--lead">
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
        </tr>
    }
    .into_any()
}
