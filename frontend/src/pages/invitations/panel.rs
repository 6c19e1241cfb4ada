//! The panel: filters, table, its empty and failed states, and the two questions
//! that are asked before something cannot be taken back.

use app::api::invitations::{BundleRef, InvitationsResend, InvitationsRevoke};
use leptos::{prelude::*, task::spawn_local};

use super::{
    filters::{FilterBar, Filters},
    lines::{Line, Listing},
    row::InvitationRow,
};
use crate::effects::{effect, effect_since};
use crate::keyed::keyed;
use crate::{
    components::{
        Button, ButtonKind, ConfirmDialog, EmptyArt, EmptyState, ErrorState, LinkButton,
        MoreButton, Skeleton, SkeletonShape, use_toasts,
    },
    page::use_announcer,
    routes::Page,
    session::use_session,
    shared::{Derived, Shared},
    tenant::use_tenant,
    text::{count_of, failure},
    when::{flag, when},
};

/// Lines of a page of the list, and of the panel under the grid.
const PAGE: usize = 50;
const COMPACT_PAGE: usize = 10;

/// What is asked before it is done: neither can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Resend,
    Revoke,
}

impl Act {
    const fn word(self) -> &'static str {
        match self {
            Self::Resend => "Resend",
            Self::Revoke => "Revoke",
        }
    }
}

/// What the person is asked about.
#[derive(Clone)]
pub(super) struct Question {
    pub act: Act,
    pub line: Line,
}

impl Question {
    fn who(&self) -> String {
        self.line.data.with_untracked(|line| {
            if line.name.is_empty() {
                line.email.clone()
            } else {
                line.name.clone()
            }
        })
    }
}

/// The list with its filters, for the tenant in the context.
#[component]
pub fn InvitationsPanel(
    /// True under the review grid: fewer lines, and filters that stay out of the address.
    #[prop(optional)]
    compact: bool,
) -> impl IntoView {
    let session = use_session();
    let tenant = use_tenant();
    let filters = if compact {
        Filters::in_memory()
    } else {
        Filters::in_address()
    };
    let page = if compact { COMPACT_PAGE } else { PAGE };
    let listing = Listing::new(
        session,
        tenant.slug.clone(),
        page,
        filters.now,
        tenant.changes(),
    );
    let question = Shared::new(None::<Question>);
    announce(listing);

    let state = Derived::new(move || match &*listing.lines.read() {
        None if listing.failed.read().is_some() => State::Failed,
        None => State::Waiting,
        Some(lines) if lines.is_empty() => State::Empty,
        Some(_) => State::Lines,
    });
    let slug = StoredValue::new(tenant.slug);
    view! {
        <div class="stack">
            <FilterBar filters busy=listing.busy/>
            <div class="card" aria-busy=move || listing.busy.get().then_some("true")>
                {move || match *state.read() {
                    State::Waiting => {
                        view! { <Skeleton shape=SkeletonShape::Rows count=6/> }.into_any()
                    }
                    State::Failed => view! { <Failure listing/> }.into_any(),
                    State::Empty => {
                        view! { <Nobody filters slug=slug.get_value() compact/> }.into_any()
                    }
                    State::Lines => view! { <Table listing question/> }.into_any(),
                }}
            </div>
        </div>
        <Ask question/>
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Failed,
    Empty,
    Lines,
}

/// Tells screen readers how many lines a new filter left.
fn announce(listing: Listing) {
    let announcer = use_announcer();
    effect_since(move |last: Option<bool>| {
        let busy = listing.busy.get();
        if last == Some(true) && !busy {
            let more = listing.next.with_untracked(Option::is_some);
            let people = count_of(listing.shown() as u64, "person", "people");
            announcer.say(if more {
                format!("{people} shown, more follow.")
            } else {
                format!("{people} shown.")
            });
        }
        busy
    });
}

#[component]
fn Failure(listing: Listing) -> impl IntoView {
    let message = move || {
        let error = listing.failed.read();
        (*error).as_ref().map(failure).unwrap_or_default()
    };
    view! {
        <ErrorState
            title="The invitations could not be loaded."
            message=Signal::derive(message)
            on_retry=Callback::new(move |()| listing.retry())
        />
    }
}

#[component]
fn Nobody(filters: Filters, slug: String, compact: bool) -> impl IntoView {
    let unfiltered = flag(move || filters.now.read().is_empty());
    let upload = Page::Invite(slug).href();
    let draw = move || {
        if unfiltered.get() {
            let upload = upload.clone();
            let action = move || {
                // The pages with the compact panel have their own button for it.
                (!compact)
                    .then(|| view! { <LinkButton href=upload.clone()>"Upload a list"</LinkButton> })
            };
            view! {
                <EmptyState title="Nobody is invited yet." art=EmptyArt::Letter action>
                    "Upload a list of people, correct it and submit it: they appear here as Pending."
                </EmptyState>
            }
            .into_any()
        } else {
            let action = move || {
                view! {
                    <Button on:click=move |_| filters.set(super::lines::Filter::default())>
                        "Clear the filters"
                    </Button>
                }
            };
            view! {
                <EmptyState title="Nobody matches." art=EmptyArt::Search action>
                    "Try a part of the name or the address, or another status."
                </EmptyState>
            }
            .into_any()
        }
    };
    view! { {move || draw()} }
}

#[component]
fn Table(listing: Listing, question: Shared<Option<Question>>) -> impl IntoView {
    let lines = move || (*listing.lines.read()).clone().unwrap_or_default();
    let more = move || {
        let on_more = Callback::new(move |()| listing.more());
        view! { <MoreButton busy=listing.more_busy on_more/> }.into_any()
    };
    let trouble = move || {
        let error = listing.failed.read();
        (*error)
            .as_ref()
            .map(failure)
            .map(|text| view! { <p role="alert" class="card__foot">{text}</p> }.into_any())
    };
    view! {
        <div
            class="table-frame"
            role="region"
            aria-label="Invitations"
            tabindex="0"
        >
            <table class="table table--cards">
                <thead>
                    <tr>
                        <td></td>
                        <th scope="col">"Person"</th>
                        <th scope="col">"Invited to"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Mail"</th>
                        <th scope="col">"Invited by"</th>
                        <th scope="col">"Created"</th>
                        <th scope="col">"Expires"</th>
                        <td></td>
                    </tr>
                </thead>
                <tbody>
                    {keyed(
                        lines,
                        |line| line.id.0.to_string(),
                        move |line| view! { <InvitationRow line question/> }.into_any(),
                    )}
                </tbody>
            </table>
        </div>
        {move || trouble()}
        {when(move || listing.next.with(Option::is_some), more)}
    }
}

/// Asks, does it, and puts the answer into the line.
#[component]
fn Ask(question: Shared<Option<Question>>) -> impl IntoView {
    let session = use_session();
    let toasts = use_toasts();
    let tenant = use_tenant();
    let open = RwSignal::new(false);
    let busy = RwSignal::new(false);
    // Asking opens the dialog; the question stays for its closing words.
    effect(move || {
        if question.read().is_some() {
            open.set(true);
        }
    });
    let title = Signal::derive(move || match &*question.read() {
        Some(asked) => match asked.act {
            Act::Resend => format!("Resend the invitation to {}?", asked.who()),
            Act::Revoke => format!("Revoke the invitation of {}?", asked.who()),
        },
        None => String::new(),
    });
    let act = Derived::new(move || (*question.read()).as_ref().map(|one| one.act));
    let word = Signal::derive(move || act.read().map_or("", Act::word).to_owned());
    let confirm = Callback::new(move |()| {
        let Some(asked) = (*question.read_untracked()).clone() else {
            return;
        };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let tenant = tenant.clone();
        spawn_local(async move {
            let input = BundleRef {
                tenant: tenant.slug.clone(),
                bundle: asked.line.id,
            };
            let answer = match asked.act {
                Act::Resend => session.call(InvitationsResend { input }),
                Act::Revoke => session.call(InvitationsRevoke { input }),
            }
            .await;
            busy.try_set(false);
            open.try_set(false);
            match answer {
                Ok(data) => {
                    toasts.success(match asked.act {
                        Act::Resend => format!("A new mail goes to {}.", data.email),
                        Act::Revoke => format!("The invitation of {} is revoked.", data.email),
                    });
                    asked.line.take(data);
                    tenant.changed();
                }
                Err(error) => toasts.error(failure(&error)),
            }
        });
    });
    // The button's colour is fixed when it is made: one dialog for each act.
    let draw = move || {
        act.read().map(|act| {
            let (kind, text) = match act {
                Act::Resend => (
                    ButtonKind::Primary,
                    "A new mail goes out. The links in the mails sent before stop working. \
                     This cannot be undone.",
                ),
                Act::Revoke => (
                    ButtonKind::Danger,
                    "Every link to this invitation stops working. What was accepted stays. \
                     This cannot be undone.",
                ),
            };
            view! {
                <ConfirmDialog open title confirm=word kind busy on_confirm=confirm>
                    <p>{text}</p>
                </ConfirmDialog>
            }
            .into_any()
        })
    };
    view! { {move || draw()} }
}
