//! `/home`: the learner's invitations, courses and programs.

use std::{sync::Arc, time::Duration};

use app::{
    api::mine::{
        Access, MineAccept, MineDecline, MineHome, MineUndoDecline, MyCourse, MyHome, MyInvitation,
    },
    domain::{
        id::{InvitationId, TenantId},
        invitation::{InvitationKind, InvitationStatus},
        time::Timestamp,
    },
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{
        Button, ButtonKind, DateText, EmptyArt, EmptyState, SkeletonShape, StatusBadge, ToastStore,
        ZoneNote, hue, use_toasts,
    },
    keyed::keyed,
    page::use_title,
    pages::{
        ask::{Ask, Asking, Question},
        confirm::ConfirmAddress,
    },
    query::{Query, Steady},
    routes::Page,
    session::{Session, use_session},
    text::{count_of, failure, kind_word, status_badge},
    when::{flag, when},
};

/// What the buttons of an invitation share.
#[derive(Clone, Copy)]
struct Actions {
    home: Query<MyHome>,
    session: Session,
    toasts: ToastStore,
    asking: Asking,
    /// Declined here just now: its **Undo** takes the focus.
    declined: StoredValue<Option<InvitationId>>,
}

/// What one can do with an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Accept,
    Decline,
    /// Takes declining back.
    Undo,
}

impl Actions {
    /// Asks before what cannot be taken back.
    fn ask(self, answer: Answer, one: MyInvitation) {
        if answer != Answer::Accept {
            spawn_local(self.act(answer, one));
            return;
        }
        self.asking.ask(Question {
            title: format!("Accept {}?", one.title),
            word: "Accept",
            kind: ButtonKind::Primary,
            text: "Whoever invited you sees that you accepted. You cannot undo this yourself."
                .to_owned(),
            act: Arc::new(move || Box::pin(self.act(answer, one.clone()))),
        });
    }

    async fn act(self, answer: Answer, one: MyInvitation) {
        let invitation = one.invitation;
        let done = match answer {
            Answer::Accept => self.session.call(MineAccept { invitation }).await,
            Answer::Decline => self.session.call(MineDecline { invitation }).await,
            Answer::Undo => self.session.call(MineUndoDecline { invitation }).await,
        };
        match (done, answer) {
            (Ok(()), Answer::Accept) => {
                self.toasts.success(format!("You accepted {}.", one.title));
                // A new membership belongs into the profile menu.
                self.session.refresh();
            }
            // What one can do about it stands where the buttons were.
            (Ok(()), Answer::Decline) => self.declined.set_value(Some(invitation)),
            (Ok(()), Answer::Undo) => {
                let text = format!("{} waits for your answer again.", one.title);
                self.toasts.success(text);
            }
            (Err(error), _) => self.toasts.error(failure(&error)),
        }
        self.home.refetch();
    }
}

/// My invitations, my courses, my programs.
#[component]
pub fn HomePage() -> impl IntoView {
    use_title(|| "Home".to_owned());
    let session = use_session();
    let home = Query::new(session, || Some(MineHome {}));
    let actions = Actions {
        home,
        session,
        toasts: use_toasts(),
        asking: Asking::new(),
        declined: StoredValue::new(None),
    };
    let name = Memo::new(move |_| session.me().map(|me| me.name));
    view! {
        <div class="home">
            <h1 class="home__hello">
                {move || name.get().map_or_else(|| "Hello".to_owned(), |name| format!("Hello, {name}"))}
            </h1>
            {when(
                move || session.me().is_some_and(|me| !me.email_verified),
                move || view! { <ConfirmAddress on_done=move |()| home.refetch()/> }.into_any(),
            )}
            <section
                class="home__section"
                id="invitations"
                tabindex="-1"
                aria-labelledby="my-invitations"
            >
                <h2 id="my-invitations">"My invitations"</h2>
                <Steady query=home what="Your invitations" shape=SkeletonShape::Cards count=2>
                    {invitations(actions)}
                </Steady>
                <p>
                    <a href=Page::Redeem.href()>"Redeem a code"</a>
                </p>
            </section>
            <section class="home__section" aria-labelledby="my-courses">
                <h2 id="my-courses">"My courses"</h2>
                <Steady query=home what="Your courses" shape=SkeletonShape::Cards count=3>
                    {courses(home, false)}
                </Steady>
            </section>
            <section class="home__section" aria-labelledby="my-programs">
                <h2 id="my-programs">"My programs"</h2>
                <Steady query=home what="Your programs" shape=SkeletonShape::Cards count=1>
                    {courses(home, true)}
                </Steady>
            </section>
        </div>
        <ZoneNote/>
        <Ask asking=actions.asking/>
    }
}

/// Keyed, so that a button always belongs to the invitation that it stands in.
fn invitations(actions: Actions) -> AnyView {
    let those = move |pending: bool| {
        let mut all = actions
            .home
            .ready()
            .map_or_else(Vec::new, |home| home.invitations);
        all.retain(|one| (one.status == InvitationStatus::Pending) == pending);
        all
    };
    let key = |one: &MyInvitation| {
        let declined = one.undo_seconds.is_some();
        format!("{} {} {declined}", one.invitation, one.status.as_str())
    };
    let none_waits = flag(move || those(true).is_empty());
    let nothing = || {
        view! {
            <EmptyState title="No invitation waits for you." art=EmptyArt::Letter>
                "When somebody invites you, it appears here and in your mail."
            </EmptyState>
        }
        .into_any()
    };
    let done = move || {
        view! {
            // What was accepted just now should be seen at once.
            <details class="stack" open=move || none_waits.get()>
                <summary>"Earlier invitations"</summary>
                <div class="stack">{keyed(move || those(false), key, earlier)}</div>
            </details>
        }
        .into_any()
    };
    view! {
        <div class="stack">
            {when(move || none_waits.get(), nothing)}
            {keyed(
                move || those(true),
                key,
                move |one| match one.undo_seconds {
                    Some(seconds) => declined(one, seconds, actions),
                    None => view! { <Pending one actions/> }.into_any(),
                },
            )}
        </div>
        {when(move || !those(false).is_empty(), done)}
    }
    .into_any()
}

/// What one is invited to, in words.
fn offer(one: &MyInvitation) -> String {
    match one.kind {
        InvitationKind::Platform => format!("{} invites you to become a member.", one.inviter),
        kind => format!(
            "{} invites you to this {} of {}.",
            one.inviter,
            kind_word(kind).to_lowercase(),
            one.tenant
        ),
    }
}

#[component]
fn Pending(one: MyInvitation, actions: Actions) -> impl IntoView {
    let title_id = format!("invitation-{}", one.invitation);
    let described = StoredValue::new(title_id.clone());
    let asked = StoredValue::new(one.clone());
    let ask = move |answer| actions.ask(answer, asked.get_value());
    let text = offer(&one);
    view! {
        <article class="invitation" aria-labelledby=described.get_value()>
            <div class="invitation__words">
                <h3 class="invitation__title" id=title_id>
                    {one.title}
                </h3>
                <p class="invitation__text">
                    {text} " Until " <DateText at=one.expires_at.0/> "."
                </p>
            </div>
            <div class="invitation__actions">
                <Button
                    attr:aria-describedby=described.get_value()
                    on:click=move |_| ask(Answer::Decline)
                >
                    "Decline"
                </Button>
                <Button
                    kind=ButtonKind::Primary
                    attr:aria-describedby=described.get_value()
                    on:click=move |_| ask(Answer::Accept)
                >
                    "Accept"
                </Button>
            </div>
        </article>
    }
}

/// Declined, which can be taken back for a while; closing the page takes nothing back.
fn declined(one: MyInvitation, seconds: u64, actions: Actions) -> AnyView {
    let left = RwSignal::new(seconds);
    let undo = NodeRef::<leptos::html::Button>::new();
    let tick = set_interval_with_handle(
        move || {
            let Some(now) = left.try_get_untracked() else {
                return;
            };
            left.set(now.saturating_sub(1));
            // A second later the server has written it down.
            if now == 0 {
                actions.home.refetch();
            }
        },
        Duration::from_secs(1),
    )
    .ok();
    on_cleanup(move || {
        if let Some(tick) = tick {
            tick.clear();
        }
    });
    if actions.declined.get_value() == Some(one.invitation) {
        actions.declined.set_value(None);
        request_animation_frame(move || {
            if let Some(undo) = undo.try_get_untracked().flatten() {
                // Focus can only fail on a detached element, where nobody minds.
                _ = undo.focus();
            }
        });
    }
    let title_id = format!("invitation-{}", one.invitation);
    let described = title_id.clone();
    let labelled = title_id.clone();
    let asked = one.clone();
    view! {
        <article class="invitation" aria-labelledby=labelled>
            <div class="invitation__words">
                <h3 class="invitation__title" id=title_id>
                    {one.title}
                </h3>
                <p class="invitation__text">
                    <span role="status">"You declined this."</span>
                    " You can take that back for "
                    <span aria-hidden="true">
                        {move || count_of(left.get(), "second", "seconds")}
                    </span>
                    <span class="visually-hidden">"ten seconds"</span> "."
                </p>
            </div>
            <div class="invitation__actions">
                <button
                    node_ref=undo
                    type="button"
                    class="btn"
                    aria-describedby=described
                    disabled=move || left.get() == 0
                    on:click=move |_| actions.ask(Answer::Undo, asked.clone())
                >
                    "Undo"
                </button>
            </div>
        </article>
    }
    .into_any()
}

fn earlier(one: MyInvitation) -> AnyView {
    view! {
        <article class="invitation is-done">
            <div class="invitation__words">
                <h3 class="invitation__title">{one.title}</h3>
                <p class="invitation__text">
                    {format!("{} · by {} · ", one.tenant, one.inviter)}
                    <DateText at=one.status_changed_at.0/>
                </p>
            </div>
            <StatusBadge status=status_badge(one.status)/>
        </article>
    }
    .into_any()
}

/// The cards of one kind, under their tenant's name where there are several.
fn courses(home: Query<MyHome>, programs: bool) -> AnyView {
    let all = move || {
        home.ready().map_or_else(Vec::new, |home| {
            if programs {
                home.programs
            } else {
                home.courses
            }
        })
    };
    let nothing = move || {
        let (title, words) = if programs {
            (
                "You have no programs yet.",
                "Accept an invitation to a program: it appears here with its courses.",
            )
        } else {
            (
                "You have no courses yet.",
                "Accept an invitation to a course: it appears here.",
            )
        };
        view! {
            <EmptyState title=title art=EmptyArt::Shelf>
                {words}
            </EmptyState>
        }
        .into_any()
    };
    let tenants = move || {
        let all = all().into_iter();
        let mut tenants: Vec<(TenantId, String)> =
            all.map(|one| (one.tenant_id, one.tenant)).collect();
        tenants.dedup();
        tenants
    };
    let several = flag(move || {
        home.ready().is_some_and(|home| {
            let mut tenants = home
                .courses
                .iter()
                .chain(&home.programs)
                .map(|one| one.tenant_id);
            let first = tenants.next();
            tenants.any(|tenant| Some(tenant) != first)
        })
    });
    let group = move |(tenant, heading): (TenantId, String)| {
        let label = heading.clone();
        let cards = move || {
            let mut cards = all();
            cards.retain(|one| one.tenant_id == tenant);
            cards
        };
        view! {
            <div class="home__section" role="group" aria-label=label>
            {when(
                move || several.get(),
                move || {
                    let heading = heading.clone();
                    view! { <p class="home__tenant">{heading}</p> }.into_any()
                },
            )}
            <div class="cards">{keyed(cards, key_of, course)}</div>
            </div>
        }
        .into_any()
    };
    view! {
        {when(move || all().is_empty(), nothing)}
        {keyed(tenants, |(tenant, name)| format!("{tenant} {name}"), group)}
    }
    .into_any()
}

/// A card that changed is another one.
fn key_of(one: &MyCourse) -> String {
    let time = |at: Option<Timestamp>| at.map_or(0, |at| at.0);
    format!(
        "{} {} {} {} {} {} {}",
        one.item,
        one.tenant,
        one.title,
        time(one.starts_at),
        time(one.ends_at),
        // It changes as time goes by.
        match one.access {
            Access::Later => 0,
            Access::Open => 1,
            Access::Over => 2,
        },
        one.courses.join("|"),
    )
}

/// When it can be used; nothing where that is always.
fn window(one: &MyCourse) -> Option<AnyView> {
    let (words, at) = match (one.access, one.starts_at, one.ends_at) {
        (Access::Later, Some(start), _) => ("Opens on ", start),
        (Access::Over, _, Some(end)) => ("Ended on ", end),
        (_, _, Some(end)) => ("Open until ", end),
        _ => return None,
    };
    let view = view! {
        <p class="course__text">
            {words} <DateText at=at.0/>
        </p>
    };
    Some(view.into_any())
}

fn course(one: MyCourse) -> AnyView {
    let hue = hue(&one.title);
    let window = window(&one);
    let parts = (!one.courses.is_empty()).then(|| {
        let label = format!("Courses of {}", one.title);
        let titles = one
            .courses
            .iter()
            .map(|title| view! { <li>{title.clone()}</li> }.into_any())
            .collect_view();
        view! {
            <ol class="course__parts" aria-label=label>
                {titles}
            </ol>
        }
    });
    view! {
        <article class="course">
            <div class=format!("course__cover course__cover--{hue}")>
                <span class="course__key">{kind_word(one.kind)}</span>
            </div>
            <div class="course__words">
                <h3 class="course__title">{one.title}</h3>
                <p class="course__text">
                    {one.tenant} " · since " <DateText at=one.enrolled_at.0/>
                </p>
                {window}
                {parts}
            </div>
        </article>
    }
    .into_any()
}
