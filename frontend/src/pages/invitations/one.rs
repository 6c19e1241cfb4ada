//! `/t/:slug/management/invitations/:id`: one person's invitations by one act.

use std::sync::Arc;

use app::{
    api::invitations::{
        BundleLine, BundlePage, BundleRef, CopiedLink, Event, Happened, InvitationsCopyLink,
        InvitationsShow,
    },
    domain::{
        id::BundleId,
        invitation::{DeliveryStatus, InvitationStatus},
    },
};
use leptos::{ev, prelude::*, task::spawn_local};

use super::{
    acts::{Act, Actions, Acts, One},
    assign::{AssignDialog, Assigning},
    row::{called, lesser_acts, mail, main_acts, target},
};
use crate::{
    components::{
        Button, ButtonKind, Card, DateStyle, DateText, Dialog, Notice, PageHead, SkeletonShape,
        Status, StatusBadge, TextInput, Tone, ZoneNote, use_toasts,
    },
    keyed::keyed,
    page::use_title,
    query::{Query, Steady},
    router::use_router,
    routes::Page,
    session::use_session,
    shared::Derived,
    tenant::use_tenant,
    text::{delivery_badge, failure, role_word, status_badge},
};

/// Which buttons there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Offered {
    acts: Vec<Act>,
    copy: bool,
}

/// The page of one invitation.
#[component]
pub fn InvitationPage() -> impl IntoView {
    let tenant = use_tenant();
    let router = use_router();
    let slug = tenant.slug.clone();
    let bundle = Memo::new(move |_| match Page::parse(&router.path().get()) {
        Some(Page::Invitation(_, id)) => id.parse::<BundleId>().ok(),
        _ => None,
    });
    let query = Query::new(use_session(), move || {
        Some(InvitationsShow {
            input: BundleRef {
                tenant: slug.clone(),
                // An address that names no invitation asks for one that is not there.
                bundle: bundle.get().unwrap_or(BundleId(uuid::Uuid::nil())),
            },
        })
    })
    .follow(tenant.changes());
    let name = Memo::new(move |_| {
        query
            .ready()
            .map_or_else(|| "Invitation".to_owned(), |page| called(&page.line))
    });
    use_title(move || format!("{} · Invitation", name.get()));
    let actions = Actions::new();
    let copied = Copied::new(actions);
    let assigning = Assigning::new();
    let is_blank = Memo::new(move |_| {
        query.ready().is_some_and(|page| {
            page.line.active && page.line.status == InvitationStatus::Unassigned
        })
    });
    let offered =
        Derived::new(move || query.ready().map(|page| offered(&page)).unwrap_or_default());
    let ask = move |act: Act| {
        if let Some(page) = untrack(|| query.ready()) {
            let who = called(&page.line);
            actions.ask(
                act,
                One {
                    tenant: page.line.tenant.clone(),
                    bundle: page.line.bundle,
                    who,
                    take: Arc::new(move |line: BundleLine| {
                        // The page may be gone before the answer comes.
                        let slug = actions.tenant.try_get_value().map(|tenant| tenant.slug);
                        if let (Some(now), Some(slug)) = (bundle.try_get_untracked(), slug)
                            && now != Some(line.bundle)
                        {
                            let page = Page::Invitation(slug, line.bundle.to_string());
                            actions.session.go(page.href());
                        }
                    }),
                },
            );
        }
    };
    let others = move || {
        move || {
            let offered = offered.read();
            let copy = move |_| {
                if let Some(bundle) = bundle.get_untracked() {
                    copied.make(bundle);
                }
            };
            let assign = move |_| {
                if let Some(bundle) = bundle.get_untracked() {
                    assigning.ask(bundle);
                }
            };
            view! {
                {is_blank.get().then(|| view! { <Button on:click=assign>"Assign"</Button> })}
                {offered
                    .copy
                    .then(|| view! { <Button busy=copied.busy on:click=copy>"Copy link"</Button> })}
            }
        }
    };
    let button = move |act: Act| {
        let kind = if act == Act::Revoke {
            ButtonKind::Danger
        } else {
            ButtonKind::Default
        };
        view! { <Button kind on:click=move |_| ask(act)>{act.word()}</Button> }.into_any()
    };
    // Keyed: a button never does another's act.
    let buttons = move || {
        let acts = keyed(
            move || offered.read().acts.clone(),
            |act| act.word().to_owned(),
            button,
        );
        view! {
            {others()}
            {acts}
        }
    };
    let list = Page::Invitations(tenant.slug).href();
    let back = list.clone();
    view! {
        <PageHead title=name actions=buttons>
            <a href=back>"All invitations"</a>
        </PageHead>
        <Steady query what="The invitation" shape=SkeletonShape::Rows>
            {
                let list = list.clone();
                view! { {move || query.ready().map(|page| body(page, &list))} }
            }
        </Steady>
        <Acts actions/>
        <AssignDialog assigning/>
        <CopiedDialog copied/>
    }
}

fn offered(page: &BundlePage) -> Offered {
    let pending = page.line.active && page.line.status == InvitationStatus::Pending;
    let mut acts = lesser_acts(&page.line);
    acts.extend(main_acts(&page.line));
    Offered {
        acts,
        copy: pending && page.may_copy,
    }
}

fn body(page: BundlePage, list: &str) -> AnyView {
    let targets = page.line.targets.iter().cloned().map(target).collect_view();
    let timeline = page.timeline.iter().cloned().map(happened).collect_view();
    let orphaned = page.orphaned;
    let import = page.import.map(|import| format!("{list}?import={import}"));
    let details = facts(page, import, list);
    view! {
        {orphaned
            .then(|| {
                view! {
                    <Notice tone=Tone::Warn title="Its links open nothing now.">
                        "Whoever invited may no longer invite here. Resend it, and you answer for it; or revoke it."
                    </Notice>
                }
            })}
        <div class="columns">
            <div class="stack stack--wide">
                <Card title="Invited to">
                    <ul class="target-list target-list--page">{targets}</ul>
                </Card>
                <Card title="Timeline">
                    <ol class="timeline">{timeline}</ol>
                </Card>
            </div>
            <Card title="Details">{details}</Card>
        </div>
        <ZoneNote/>
    }
    .into_any()
}

fn facts(page: BundlePage, import: Option<String>, list: &str) -> AnyView {
    let line = page.line;
    let neighbour = |name: &'static str, bundle: Option<BundleId>| {
        bundle.map(|bundle| {
            let href = format!("{list}/{bundle}");
            view! {
                <dt>{name}</dt>
                <dd>
                    <a href=href>"See that invitation"</a>
                </dd>
            }
        })
    };
    let fact = |name: &'static str, value: String| {
        (!value.is_empty()).then(|| {
            view! {
                <dt>{name}</dt>
                <dd>{value}</dd>
            }
        })
    };
    let source = line.source.clone();
    view! {
        <dl class="facts">
            <dt>"Status"</dt>
            <dd>
                <StatusBadge status=status_badge(line.status)/>
                {(!line.active).then(|| view! { <StatusBadge status=Status::Inactive/> })}
            </dd>
            <dt>"Mail"</dt>
            <dd>{mail(line.clone())}</dd>
            {fact("Email", line.email)}
            {fact("Name", line.name)}
            {fact("Role", role_word(line.role).to_owned())}
            {fact("Group", page.group)}
            {fact("External id", page.external_id)}
            <dt>{if line.status.is_live() { "Expires" } else { "Expiry was" }}</dt>
            <dd>
                <DateText at=line.expires_at.0 style=DateStyle::Minute/>
            </dd>
            {fact("Invited by", line.invited_by)}
            {neighbour("Invited again", page.next)}
            {neighbour("Invited before", page.previous)}
            {fact("After accepting", page.redirect)}
            {import
                .is_none()
                .then(|| fact("Source", source.clone()))}
            {import
                .map(|href| {
                    view! {
                        <dt>"List"</dt>
                        <dd>
                            <a href=href>{source}</a>
                        </dd>
                    }
                })}
            {fact("Note", page.note)}
            {page
                .metadata
                .into_iter()
                .map(|(name, value)| {
                    view! {
                        <dt>{name}</dt>
                        <dd>{value}</dd>
                    }
                })
                .collect_view()}
        </dl>
    }
    .into_any()
}

/// A mail's state, in words.
const fn mail_words(delivery: DeliveryStatus) -> &'static str {
    match delivery {
        DeliveryStatus::Sent => "Mail sent",
        DeliveryStatus::Bounced => "Mail bounced",
        DeliveryStatus::Complained => "Mail called spam",
        DeliveryStatus::Suppressed => "Mail not sent: the person asked for none",
        DeliveryStatus::Deferred => "Mail put off, next try",
        DeliveryStatus::Unknown => "Nobody knows whether the mail arrived",
        DeliveryStatus::Dead => "Mail given up",
        DeliveryStatus::Queued | DeliveryStatus::Sending => "Mail on its way",
    }
}

fn happened(one: Happened) -> AnyView {
    let (words, status) = match one.what {
        Event::Invited => ("Invited", None),
        Event::MailQueued => ("Mail queued", None),
        Event::Mail => {
            let delivery = one.delivery.unwrap_or(DeliveryStatus::Queued);
            (mail_words(delivery), Some(delivery_badge(delivery)))
        }
        Event::Scheduled => ("Goes out", Some(Status::Scheduled)),
        Event::Sent if one.who.is_empty() => ("Sent as scheduled", Some(Status::Pending)),
        Event::Sent => ("Sent before its time", Some(Status::Pending)),
        Event::Deactivated => ("Switched off", Some(Status::Inactive)),
        Event::Activated => ("Switched on again", None),
        Event::Resent => ("Resent; older links stopped working", None),
        Event::Reinvited => ("Invited again", None),
        Event::Reminded => ("Reminded; older links go on working", None),
        Event::Extended => ("Extended", None),
        Event::LinkCopied => ("Link copied", None),
        Event::Assigned => ("Given to this person; the code stopped working", None),
        Event::CodeRevealed => ("Code shown, downloaded or printed", None),
        Event::TakenOver => ("Taken over from an inviter who may no longer invite", None),
        Event::Accepted => ("Accepted", Some(Status::Accepted)),
        Event::Declined => ("Declined", Some(Status::Declined)),
        Event::Expired => ("Expired", Some(Status::Expired)),
        Event::Revoked => ("Revoked", Some(Status::Revoked)),
        Event::Suppressed => ("Asked never to be invited again", Some(Status::Suppressed)),
    };
    let tone = status.map_or(Tone::Neutral, Status::tone);
    let who = (!one.who.is_empty()).then(|| format!(" by {}", one.who));
    view! {
        <li class=format!("timeline__item {}", tone.class())>
            <span class="timeline__what">{words} <span class="muted">{who}</span></span>
            {(!one.note.is_empty()).then(|| view! { <span class="timeline__note">{one.note}</span> })}
            <span class="timeline__at">
                <DateText at=one.at.0 style=DateStyle::Minute/>
            </span>
        </li>
    }
    .into_any()
}

/// The link that was made, while its dialog is open. Cheap to copy.
#[derive(Clone, Copy)]
struct Copied {
    actions: Actions,
    open: RwSignal<bool>,
    busy: RwSignal<bool>,
    link: RwSignal<String>,
}

impl Copied {
    fn new(actions: Actions) -> Self {
        Self {
            actions,
            open: RwSignal::new(false),
            busy: RwSignal::new(false),
            link: RwSignal::new(String::new()),
        }
    }

    /// Makes one, and shows it.
    fn make(self, bundle: BundleId) {
        self.busy.set(true);
        let tenant = self.actions.tenant.get_value();
        let input = BundleRef {
            tenant: tenant.slug.clone(),
            bundle,
        };
        spawn_local(async move {
            let answer = self
                .actions
                .session
                .call(InvitationsCopyLink { input })
                .await;
            self.busy.try_set(false);
            match answer {
                Ok(CopiedLink { link, .. }) => {
                    self.link.try_set(link);
                    self.open.try_set(true);
                    tenant.changed();
                }
                Err(error) => self.actions.toasts.error(failure(&error)),
            }
        });
    }
}

#[component]
fn CopiedDialog(copied: Copied) -> impl IntoView {
    let toasts = use_toasts();
    let forget = Callback::new(move |()| copied.link.set(String::new()));
    let copy = move |_: ev::MouseEvent| {
        let text = copied.link.get_untracked();
        let writing = window().navigator().clipboard().write_text(&text);
        spawn_local(async move {
            match wasm_bindgen_futures::JsFuture::from(writing).await {
                Ok(_) => toasts.success("The link is on the clipboard."),
                Err(_) => toasts.error(
                    "The browser did not let the page use the clipboard. Select the link and copy it.",
                ),
            }
        });
    };
    let footer = move || {
        view! {
            <Button on:click=move |_| copied.open.set(false)>"Close"</Button>
            <Button kind=ButtonKind::Primary on:click=copy>"Copy"</Button>
        }
    };
    view! {
        <Dialog open=copied.open title="A link to this invitation" on_close=forget footer>
            <div class="stack">
                <TextInput label="Link" value=copied.link/>
                <p class="muted">
                    "It is shown this once, and that you copied it is written down. Whoever opens it can accept in this person’s place: hand it to nobody else. An account made by it stays unconfirmed, since only a mailed link proves the address."
                </p>
            </div>
        </Dialog>
    }
}
