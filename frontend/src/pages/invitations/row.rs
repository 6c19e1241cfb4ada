//! One person's line, and the targets that it unfolds.

use std::sync::Arc;

use app::{
    api::{
        invitations::{BundleLine, TargetLine},
        tenants::MOST_REMINDERS,
    },
    domain::{
        invitation::{DeliveryStatus, InvitationKind, InvitationStatus},
        role::Role,
    },
};
use leptos::prelude::*;

use super::{
    acts::{Act, Actions, One},
    columns::{Column, Shown},
    lines::Line,
    select::Selection,
};
use crate::{
    components::{
        Button, ButtonKind, ButtonSize, DateStyle, DateText, Icon, IconName, RelativeTime, Status,
        StatusBadge,
    },
    keyed::keyed,
    routes::Page,
    text::{delivery_badge, kind_word, role_word, status_badge},
};

/// Columns of the table, for the line that spans them: as many as there can be.
const COLUMNS: &str = "11";

/// One line and, unfolded, its targets.
#[component]
pub fn InvitationRow(
    /// What it shows.
    line: Line,
    /// What its buttons do.
    actions: Actions,
    /// Where lines can be selected.
    selection: Option<Selection>,
    /// Which columns are shown.
    shown: Shown,
) -> impl IntoView {
    let data = line.data.clone();
    let open = line.open.clone();
    let person = format!("person-{}", line.id);
    let details = format!("targets-{}", line.id);
    let cell = |draw: fn(BundleLine) -> AnyView| {
        let data = data.clone();
        view! { {move || draw(data.get())} }.into_any()
    };
    let id = line.id;
    let tick = selection.map(|selection| {
        let named = data.clone();
        view! {
            <td class="cell--tight cell--tick">
                <input
                    type="checkbox"
                    class="tick"
                    aria-label=move || named.with(|line| format!("Select {}", line.email))
                    prop:checked=move || selection.has(id)
                    on:click=move |event| selection.click(id, &event)
                />
            </td>
        }
    });
    let slug = data.with_untracked(|line| line.tenant.clone());
    let page = Page::Invitation(slug, id.0.to_string()).href();
    let person_cell = {
        let data = data.clone();
        move || who(data.get(), page.clone())
    };
    let badges = {
        let data = data.clone();
        move || {
            let line = data.get();
            view! {
                <StatusBadge status=status_badge(line.status)/>
                {(!line.active).then(|| view! { <StatusBadge status=Status::Inactive/> })}
            }
        }
    };
    let unfold = {
        let (open, toggled) = (open.clone(), open.clone());
        let (shown, details) = (open.clone(), details.clone());
        let named = data.clone();
        view! {
            <button
                type="button"
                class="unfold"
                aria-label=move || named.with(|line| format!("What {} is invited to", line.email))
                aria-expanded=move || open.get().to_string()
                aria-controls=move || shown.get().then(|| details.clone())
                on:click=move |_| toggled.update(|open| *open = !*open)
            >
                <Icon name=IconName::ChevronRight/>
            </button>
        }
    };
    // One button for an act on this line, described by its person.
    let button = {
        let line = line.clone();
        let person = person.clone();
        move |act: Act| {
            let line = line.clone();
            let ask = move |_| {
                let who = line.data.with_untracked(called);
                let line = line.clone();
                actions.ask(
                    act,
                    One {
                        tenant: line.data.with_untracked(|line| line.tenant.clone()),
                        bundle: line.id,
                        who,
                        take: Arc::new(move |data| {
                            // A reinvite is another line.
                            if data.bundle == line.id {
                                line.take(data);
                            }
                        }),
                    },
                );
            };
            view! {
                <Button
                    kind=ButtonKind::Quiet
                    size=ButtonSize::Small
                    attr:aria-describedby=person.clone()
                    on:click=ask
                >
                    {act.word()}
                </Button>
            }
            .into_any()
        }
    };
    let targets = {
        let (data, open) = (data.clone(), open.clone());
        let button = button.clone();
        move || {
            open.get().then(|| {
                let (data, lesser) = (data.clone(), data.clone());
                let button = button.clone();
                view! {
                    <tr class="row--detail" id=details.clone()>
                        <td colspan=COLUMNS>
                            <ul class="target-list">
                                {move || {
                                    data.with(|line| {
                                        line.targets.iter().cloned().map(target).collect_view()
                                    })
                                }}
                            </ul>
                            <div class="cluster">
                                {keyed(
                                    move || lesser.with(lesser_acts),
                                    |act| act.word().to_owned(),
                                    button.clone(),
                                )}
                            </div>
                        </td>
                    </tr>
                }
                .into_any()
            })
        }
    };
    // Keyed: a button never does another's act.
    let buttons = {
        let data = data.clone();
        keyed(
            move || data.with(main_acts),
            |act| act.word().to_owned(),
            button,
        )
    };
    view! {
        <tr
            class:is-open=move || open.get()
            class:is-selected=move || selection.is_some_and(|selection| selection.has(id))
        >
            {tick}
            <td class="cell--fold cell--tight">{unfold}</td>
            <td class="cell--lead cell--person" id=person>
                {person_cell}
            </td>
            {shown
                .all
                .then(|| {
                    view! {
                        <td data-label="Tenant" hidden=move || shown.hides(Column::Tenant)>
                            {cell(tenant)}
                        </td>
                    }
                })}
            <td data-label="Invited to" hidden=move || shown.hides(Column::To)>
                {cell(invited_to)}
            </td>
            <td data-label="Status">{move || badges()}</td>
            <td data-label="Mail" hidden=move || shown.hides(Column::Mail)>
                {cell(mail)}
            </td>
            <td data-label="Invited by" hidden=move || shown.hides(Column::By)>
                {cell(invited_by)}
            </td>
            <td data-label="Created" hidden=move || shown.hides(Column::Created)>
                {cell(|line| moment(line.created_at.0))}
            </td>
            <td data-label="Expires" hidden=move || shown.hides(Column::Expires)>
                {cell(|line| {
                    if line.status.is_live() {
                        moment(line.expires_at.0)
                    } else {
                        view! { <span class="muted">"–"</span> }.into_any()
                    }
                })}
            </td>
            <td class="cell--actions">{buttons}</td>
        </tr>
        {move || targets()}
    }
}

/// What is done every day, in the line itself.
pub(super) fn main_acts(line: &BundleLine) -> Vec<Act> {
    let send = match line.status {
        InvitationStatus::Pending if line.active => Some(Act::Resend),
        InvitationStatus::Scheduled if line.active => Some(Act::SendNow),
        _ => None,
    };
    let mut acts: Vec<Act> = send.into_iter().collect();
    if line.status.is_live() {
        acts.extend([Act::Extend, Act::Revoke]);
    }
    acts
}

/// What is done seldom, where the line is unfolded.
pub(super) fn lesser_acts(line: &BundleLine) -> Vec<Act> {
    let switch = if line.active {
        Act::Deactivate
    } else {
        Act::Activate
    };
    let remind = line.active
        && line.status == InvitationStatus::Pending
        && line.delivery == Some(DeliveryStatus::Sent)
        && usize::from(line.reminders) < MOST_REMINDERS;
    let mut acts = Vec::new();
    if remind {
        acts.push(Act::Remind);
    }
    if line.status.is_live() {
        acts.push(switch);
    } else if line.status != InvitationStatus::Accepted && !line.email.is_empty() {
        acts.push(Act::Reinvite);
    }
    acts
}

/// The name, or the address where there is none; what is nobody's yet has neither.
pub(super) fn called(line: &BundleLine) -> String {
    if line.email.is_empty() {
        "Nobody yet".to_owned()
    } else if line.name.is_empty() {
        line.email.clone()
    } else {
        line.name.clone()
    }
}

fn who(line: BundleLine, page: String) -> AnyView {
    let role = (line.role != Role::Learner).then(|| {
        let role = format!(" · {}", role_word(line.role));
        view! { <span class="muted">{role}</span> }
    });
    if line.name.is_empty() {
        let shown = called(&line);
        let title = shown.clone();
        view! {
            <span class="invitee__name">
                <a class="table__title" href=page title=title>{shown}</a>
                {role}
            </span>
        }
        .into_any()
    } else {
        let (name, email) = (line.name.clone(), line.email.clone());
        view! {
            <span class="invitee__name">
                <a class="table__title" href=page title=name>{line.name}</a>
                {role}
            </span>
            <span class="invitee__mail" title=email>{line.email}</span>
        }
        .into_any()
    }
}

fn tenant(line: BundleLine) -> AnyView {
    let name = line.tenant_name.clone();
    view! {
        <span class="inviter" title=name>{line.tenant_name}</span>
    }
    .into_any()
}

/// The first target, and how many more.
fn invited_to(line: BundleLine) -> AnyView {
    let more = line.targets.len().saturating_sub(1);
    let first = line.targets.into_iter().next().map(|target| target.title);
    let title = first.clone();
    view! {
        <span class="invited-to" title=title>{first}</span>
        {(more > 0).then(|| view! { <span class="muted">{format!(" and {more} more")}</span> })}
    }
    .into_any()
}

/// The delivery's badge, when, and why not.
pub(super) fn mail(line: BundleLine) -> AnyView {
    if let Some(at) = line
        .send_at
        .filter(|_| line.status == InvitationStatus::Scheduled)
    {
        return view! {
            <span class="delivery">
                "Scheduled for " <DateText at=at.0 style=DateStyle::Minute/>
            </span>
        }
        .into_any();
    }
    let Some(delivery) = line.delivery else {
        return view! { <span class="muted">"No mail"</span> }.into_any();
    };
    view! {
        <span class="delivery">
            <StatusBadge status=delivery_badge(delivery)/>
            {line.delivery_at.map(|at| view! { <RelativeTime at=at.0/> })}
            {(!line.delivery_note.is_empty()).then(|| view! { <span>{line.delivery_note}</span> })}
        </span>
    }
    .into_any()
}

fn invited_by(line: BundleLine) -> AnyView {
    let (name, source) = (line.invited_by.clone(), line.source.clone());
    view! {
        <span class="inviter" title=name>{line.invited_by}</span>
        {(!line.source.is_empty())
            .then(|| view! { <span class="inviter table__sub" title=source>{line.source}</span> })}
    }
    .into_any()
}

fn moment(at: i64) -> AnyView {
    view! {
        <span class="moment">
            <DateText at/>
        </span>
    }
    .into_any()
}

pub(super) fn target(target: TargetLine) -> AnyView {
    let icon = match target.kind {
        InvitationKind::Platform => IconName::Building,
        InvitationKind::Course => IconName::Book,
        InvitationKind::Program => IconName::Program,
    };
    view! {
        <li class="target-list__item">
            <span class="target">
                <Icon name=icon/>
                <span class="muted">{kind_word(target.kind)}</span>
                {target.title}
            </span>
            <StatusBadge status=status_badge(target.status)/>
            <span class="muted">
                "since " <DateText at=target.status_changed_at.0/>
            </span>
            {(!target.reason.is_empty())
                .then(|| view! { <span class="target-list__reason">{target.reason}</span> })}
        </li>
    }
    .into_any()
}
