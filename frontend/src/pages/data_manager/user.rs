//! `/data-manager/users/:id`: one account, where it is a member, what it is invited to.

use app::api::users::{UserDetail, UserInvitation, UserMembership, UserShow};
use leptos::prelude::*;

use super::{
    person::{Editing, PersonDialog},
    users::states,
};
use crate::{
    components::{
        Badge, Button, Card, DateText, PageHead, SkeletonShape, StatusBadge, Tone, ZoneNote,
    },
    page::use_title,
    query::{Loaded, Query},
    routes::Page,
    session::use_session,
    text::{kind_word, role_word, status_badge},
};

/// The page.
#[component]
pub fn UserPage(
    /// The account's id, as the address has it.
    id: String,
) -> impl IntoView {
    let user = id.parse().ok();
    let query = Query::new(use_session(), move || user.map(|user| UserShow { user }));
    let editing = Editing::new(Callback::new(move |()| query.refetch()));
    let name = Memo::new(move |_| {
        query
            .ready()
            .map_or_else(|| "User".to_owned(), |one| one.line.name)
    });
    use_title(move || name.get());
    if user.is_none() {
        return crate::pages::not_found::NotFoundPage().into_any();
    }
    view! {
        <PageHead title=name>
            <a href=Page::DataManager.href()>"Data Manager"</a>
        </PageHead>
        <Loaded query what="The user" shape=SkeletonShape::Cards count=3 let:one>
            {cards(one, editing)}
        </Loaded>
        <ZoneNote/>
        <PersonDialog editing/>
    }
    .into_any()
}

fn cards(one: UserDetail, editing: Editing) -> AnyView {
    let states = states(&one.line);
    let kept = StoredValue::new(one.clone());
    let edit = (!one.line.deactivated).then(|| {
        view! { <Button on:click=move |_| editing.edit(&kept.get_value())>"Edit"</Button> }
    });
    let username = (!one.username.is_empty()).then(|| {
        view! {
            <dt>"Username"</dt>
            <dd>{one.username.clone()}</dd>
        }
    });
    view! {
        <div class="stack stack--wide">
            <Card title="Account">
                <div class="stack">
                    <div class="cluster">{states}</div>
                    <dl class="facts">
                        <dt>"Email"</dt>
                        <dd>{one.line.email.clone()}</dd>
                        {username}
                        <dt>"Since"</dt>
                        <dd>
                            <DateText at=one.created_at.0/>
                        </dd>
                    </dl>
                    <div class="cluster">{edit}</div>
                </div>
            </Card>
            <Card title="Memberships" padded=false>{memberships(one.memberships)}</Card>
            <Card title="Invitations" padded=false>{invitations(one.invitations)}</Card>
        </div>
    }
    .into_any()
}

/// A tenant's name, and that nothing of it can be opened.
fn tenant_of(name: String, disabled: bool) -> AnyView {
    view! {
        {name}
        {disabled.then(|| view! { " " <Badge tone=Tone::Neutral label="Disabled"/> })}
    }
    .into_any()
}

fn memberships(all: Vec<UserMembership>) -> AnyView {
    if all.is_empty() {
        return view! { <p class="card__foot muted">"Not a member of any tenant."</p> }.into_any();
    }
    let rows = all
        .into_iter()
        .map(|one| {
            let tenant = if one.disabled {
                tenant_of(one.tenant.name, true)
            } else {
                let href = Page::People(one.tenant.slug).href();
                view! { <a class="table__title" href=href>{one.tenant.name}</a> }.into_any()
            };
            view! {
                <tr>
                    <td class="cell--lead">{tenant}</td>
                    <td data-label="Role">{role_word(one.role)}</td>
                    <td data-label="Since">
                        <DateText at=one.joined_at.0/>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-frame" role="region" aria-label="Memberships" tabindex="0">
            <table class="table table--cards">
                <thead>
                    <tr>
                        <th scope="col">"Tenant"</th>
                        <th scope="col">"Role"</th>
                        <th scope="col">"Since"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn invitations(all: Vec<UserInvitation>) -> AnyView {
    if all.is_empty() {
        return view! { <p class="card__foot muted">"Nobody invited this person."</p> }.into_any();
    }
    let rows = all
        .into_iter()
        .map(|one| {
            let title = if one.disabled {
                view! { <span class="table__title">{one.title}</span> }.into_any()
            } else {
                let href = Page::Invitation(one.tenant.slug, one.bundle.to_string()).href();
                view! { <a class="table__title" href=href>{one.title}</a> }.into_any()
            };
            view! {
                <tr>
                    <td class="cell--lead">{title}</td>
                    <td data-label="Kind">{kind_word(one.kind)}</td>
                    <td data-label="Tenant">{tenant_of(one.tenant.name, one.disabled)}</td>
                    <td data-label="Status">
                        <StatusBadge status=status_badge(one.status)/>
                    </td>
                    <td data-label="Since">
                        <DateText at=one.status_changed_at.0/>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-frame" role="region" aria-label="Invitations" tabindex="0">
            <table class="table table--cards">
                <thead>
                    <tr>
                        <th scope="col">"To"</th>
                        <th scope="col">"Kind"</th>
                        <th scope="col">"Tenant"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Since"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
