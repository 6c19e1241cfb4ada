//! `/data-manager`: every tenant and every account of the platform, for super-admins.

mod add;
mod apps;
mod blanks;
mod list;
pub mod pick;
mod users;

pub use add::{AddPage, AddPageProps};
pub use apps::{AppsPage, name_of};
pub use list::{ListPage, ListPageProps};

use app::api::tenants::{TenantLine, TenantsList};
use leptos::prelude::*;

use crate::{
    components::{
        ButtonKind, EmptyArt, EmptyState, LinkButton, PageHead, SkeletonShape, format_number,
    },
    page::use_title,
    pages::seats::words,
    query::{Loaded, Query},
    routes::Page,
    session::use_session,
};

/// The list of tenants.
#[component]
pub fn DataManagerPage() -> impl IntoView {
    use_title(|| "Data Manager".to_owned());
    let tenants = Query::new(use_session(), || Some(TenantsList {}));
    view! {
        <PageHead
            title="Data Manager"
            actions=|| {
                view! {
                    <LinkButton href=Page::Audit.href()>"Audit"</LinkButton>
                    <LinkButton href=Page::InvitationApps.href() kind=ButtonKind::Primary>
                        "Catalog Invitation Apps"
                    </LinkButton>
                }
            }
        >
            "Every tenant and every account of the platform."
        </PageHead>
        <div class="card">
            <Loaded query=tenants what="The tenants" shape=SkeletonShape::Rows let:lines>
                {if lines.is_empty() {
                    view! {
                        <EmptyState title="There is no tenant yet." art=EmptyArt::People>
                            "Make the first one on the server's command line: "
                            <code>"beckon tenant create"</code>
                        </EmptyState>
                    }
                        .into_any()
                } else {
                    table(lines)
                }}
            </Loaded>
        </div>
        <users::Users/>
    }
}

fn table(lines: Vec<TenantLine>) -> AnyView {
    let rows = lines
        .into_iter()
        .map(|line| {
            let pending = format!(
                "{}?status=pending",
                Page::Invitations(line.slug.clone()).path(),
            );
            view! {
                <tr>
                    <td class="cell--lead">
                        <a class="table__title" href=Page::Management(line.slug).href()>
                            {line.name}
                        </a>
                    </td>
                    <td data-label="Members" class="cell--num">
                        {format_number(line.members)}
                    </td>
                    <td data-label="Pending" class="cell--num">
                        <a href=pending>{format_number(line.pending)}</a>
                    </td>
                    <td data-label="Seats" class="cell--num">{line.seats.map(words)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-frame" role="region" aria-label="Tenants" tabindex="0">
            <table class="table table--cards">
                <thead>
                    <tr>
                        <th scope="col">"Tenant"</th>
                        <th scope="col" class="cell--num">
                            "Members"
                        </th>
                        <th scope="col" class="cell--num">
                            "Pending"
                        </th>
                        <th scope="col" class="cell--num">
                            "Seats"
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
