//! One person's line, and the targets that it unfolds.

use app::{
    api::invitations::{BundleLine, TargetLine},
    domain::{
        invitation::{InvitationKind, InvitationStatus},
        role::Role,
    },
};
use leptos::prelude::*;

use super::{
    lines::Line,
    panel::{Act, Actions},
};
use crate::{
    components::{
        Button, ButtonKind, ButtonSize, DateText, Icon, IconName, RelativeTime, Status, StatusBadge,
    },
    text::{delivery_badge, kind_word, role_word, status_badge},
};

/// Columns of the table, for the line that spans them.
const COLUMNS: &str = "9";

/// One line and, unfolded, its targets.
#[component]
pub fn InvitationRow(
    /// What it shows.
    line: Line,
    /// What its buttons do.
    actions: Actions,
) -> impl IntoView {
    let data = line.data.clone();
    let open = line.open.clone();
    let person = format!("person-{}", line.id);
    let details = format!("targets-{}", line.id);
    let cell = |draw: fn(BundleLine) -> AnyView| {
        let data = data.clone();
        view! { {move || draw(data.get())} }.into_any()
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
    let targets = {
        let (data, open) = (data.clone(), open.clone());
        move || {
            open.get().then(|| {
                let data = data.clone();
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
                        </td>
                    </tr>
                }
                .into_any()
            })
        }
    };
    let buttons = {
        let data = data.clone();
        let person = person.clone();
        move || {
            let (revocable, pending) = data.with(|line| {
                (
                    line.status.is_live(),
                    line.active && line.status == InvitationStatus::Pending,
                )
            });
            let button = |act: Act, words: &'static str| {
                let line = line.clone();
                let ask = move |_| actions.ask(act, line.clone());
                view! {
                    <Button
                        kind=ButtonKind::Quiet
                        size=ButtonSize::Small
                        attr:aria-describedby=person.clone()
                        on:click=ask
                    >
                        {words}
                    </Button>
                }
            };
            view! {
                {pending.then(|| button(Act::Resend, "Resend"))}
                {revocable.then(|| button(Act::Revoke, "Revoke"))}
            }
        }
    };
    view! {
        <tr class:is-open=move || open.get()>
            <td class="cell--fold cell--tight">{unfold}</td>
            <td class="cell--lead cell--person" id=person>
                {cell(who)}
            </td>
            <td data-label="Invited to">{cell(invited_to)}</td>
            <td data-label="Status">{move || badges()}</td>
            <td data-label="Mail">{cell(mail)}</td>
            <td data-label="Invited by">{cell(invited_by)}</td>
            <td data-label="Created">{cell(|line| moment(line.created_at.0))}</td>
            <td data-label="Expires">
                {cell(|line| {
                    if line.status.is_live() {
                        moment(line.expires_at.0)
                    } else {
                        view! { <span class="muted">"–"</span> }.into_any()
                    }
                })}
            </td>
            <td class="cell--actions">{move || buttons()}</td>
        </tr>
        {move || targets()}
    }
}

fn who(line: BundleLine) -> AnyView {
    let role = (line.role != Role::Learner).then(|| {
        let role = format!(" · {}", role_word(line.role));
        view! { <span class="muted">{role}</span> }
    });
    if line.name.is_empty() {
        let title = line.email.clone();
        view! { <span class="invitee__name" title=title>{line.email} {role}</span> }.into_any()
    } else {
        let (name, email) = (line.name.clone(), line.email.clone());
        view! {
            <span class="invitee__name" title=name>{line.name} {role}</span>
            <span class="invitee__mail" title=email>{line.email}</span>
        }
        .into_any()
    }
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
fn mail(line: BundleLine) -> AnyView {
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

fn target(target: TargetLine) -> AnyView {
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
        </li>
    }
    .into_any()
}
