//! `/home`: the learner's invitations and courses.

use app::{
    api::mine::{MineAccept, MineDecline, MineHome, MyCourse, MyHome, MyInvitation},
    domain::invitation::{InvitationKind, InvitationStatus},
};
use leptos::{prelude::*, task::spawn_local};

use crate::effects::effect;
use crate::{
    components::{
        Button, ButtonKind, ConfirmDialog, DateText, EmptyArt, EmptyState, SkeletonShape,
        StatusBadge, use_toasts,
    },
    page::use_title,
    query::{Loaded, Query},
    session::use_session,
    text::{failure, kind_word, status_badge},
};

/// What the buttons of an invitation share.
#[derive(Clone, Copy)]
struct Actions {
    home: Query<MyHome>,
    /// What is to be done with which invitation, once confirmed: neither can be undone.
    question: RwSignal<Option<(Answer, MyInvitation)>>,
}

/// What one can do with an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Accept,
    Decline,
}

impl Answer {
    const fn word(self) -> &'static str {
        match self {
            Self::Accept => "Accept",
            Self::Decline => "Decline",
        }
    }
}

/// My invitations, my courses.
#[component]
pub fn HomePage() -> impl IntoView {
    use_title(|| "Home".to_owned());
    let session = use_session();
    let home = Query::new(session, || Some(MineHome {}));
    let actions = Actions {
        home,
        question: RwSignal::new(None),
    };
    let name = Memo::new(move |_| session.me().map(|me| me.name));
    view! {
        <div class="home">
            <h1 class="home__hello">
                {move || name.get().map_or_else(|| "Hello".to_owned(), |name| format!("Hello, {name}"))}
            </h1>
            <section
                class="home__section"
                id="invitations"
                tabindex="-1"
                aria-labelledby="my-invitations"
            >
                <h2 id="my-invitations">"My invitations"</h2>
                <Loaded query=home what="Your invitations" shape=SkeletonShape::Cards count=2 let:home>
                    {invitations(home.invitations, actions)}
                </Loaded>
            </section>
            <section class="home__section" aria-labelledby="my-courses">
                <h2 id="my-courses">"My courses"</h2>
                <Loaded query=home what="Your courses" shape=SkeletonShape::Cards count=3 let:home>
                    {courses(home.courses)}
                </Loaded>
            </section>
        </div>
        <Ask actions/>
    }
}

fn invitations(all: Vec<MyInvitation>, actions: Actions) -> AnyView {
    let (pending, done): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|one| one.status == InvitationStatus::Pending);
    // What was accepted just now should be seen at once.
    let unfolded = pending.is_empty();
    let open = if pending.is_empty() {
        view! {
            <EmptyState title="No invitation waits for you." art=EmptyArt::Letter>
                "When somebody invites you, it appears here and in your mail."
            </EmptyState>
        }
        .into_any()
    } else {
        pending
            .into_iter()
            .map(|one| view! { <Pending one actions/> })
            .collect_view()
            .into_any()
    };
    let earlier = (!done.is_empty()).then(|| {
        view! {
            <details class="stack" open=unfolded>
                <summary>"Earlier invitations"</summary>
                <div class="stack">{done.into_iter().map(earlier).collect_view()}</div>
            </details>
        }
    });
    view! {
        <div class="stack">{open}</div>
        {earlier}
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
    let ask = move |answer| actions.question.set(Some((answer, asked.get_value())));
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

/// Asks first: neither answer can be taken back.
#[component]
fn Ask(actions: Actions) -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let open = RwSignal::new(false);
    let busy = RwSignal::new(false);
    // Asking opens the dialog; the question stays for its closing words.
    effect(move || {
        if actions.question.with(Option::is_some) {
            open.set(true);
        }
    });
    let title = Signal::derive(move || {
        actions.question.with(|asked| {
            asked.as_ref().map_or_else(String::new, |(answer, one)| {
                format!("{} {}?", answer.word(), one.title)
            })
        })
    });
    let confirm = Callback::new(move |()| {
        let Some((answer, one)) = actions.question.get_untracked() else {
            return;
        };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let invitation = one.invitation;
            let done = match answer {
                Answer::Accept => session.call(MineAccept { invitation }).await,
                Answer::Decline => session.call(MineDecline { invitation }).await,
            };
            busy.try_set(false);
            open.try_set(false);
            match (done, answer) {
                (Ok(()), Answer::Accept) => {
                    toasts.success(format!("You accepted {}.", one.title));
                    // A new membership belongs into the profile menu.
                    session.refresh();
                }
                (Ok(()), Answer::Decline) => {
                    toasts.success(format!("You declined {}.", one.title));
                }
                (Err(error), _) => toasts.error(failure(&error)),
            }
            actions.home.refetch();
        });
    });
    let answer = Memo::new(move |_| {
        actions
            .question
            .with(|asked| asked.as_ref().map(|(answer, _)| *answer))
    });
    // The button's colour is fixed when it is made: one dialog for each answer.
    move || {
        answer.get().map(|answer| {
            let (kind, text) = match answer {
                Answer::Accept => (
                    ButtonKind::Primary,
                    "Whoever invited you sees that you accepted. You cannot undo this yourself.",
                ),
                Answer::Decline => (
                    ButtonKind::Danger,
                    "Whoever invited you sees that you declined. This cannot be undone; they can \
                     invite you again.",
                ),
            };
            view! {
                <ConfirmDialog open title confirm=answer.word() kind busy on_confirm=confirm>
                    <p>{text}</p>
                </ConfirmDialog>
            }
        })
    }
}

fn courses(all: Vec<MyCourse>) -> AnyView {
    if all.is_empty() {
        return view! {
            <EmptyState title="You have no courses yet." art=EmptyArt::Shelf>
                "Accept an invitation to a course or a program: it appears here."
            </EmptyState>
        }
        .into_any();
    }
    view! { <div class="cards">{all.into_iter().map(course).collect_view()}</div> }.into_any()
}

fn course(one: MyCourse) -> AnyView {
    // The same title has the same colour everywhere.
    let hue = one.title.bytes().fold(7_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    }) % 6;
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
            </div>
        </article>
    }
    .into_any()
}
