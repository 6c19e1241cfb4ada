//! `/t/:slug/management`: a tenant's figures, the way to invite, what came last.

use app::{api::tenants::TenantOverview, domain::invitation::InvitationStatus};
use leptos::prelude::*;

use super::invitations::InvitationsPanel;
use crate::{
    components::{
        ButtonKind, IconName, LinkButton, Notice, PageHead, SkeletonShape, StatTile, Tone,
        format_number,
    },
    page::use_title,
    query::Loaded,
    routes::Page,
    session::use_session,
    tenant::use_tenant,
    text::{count_of, status_badge},
};

/// Statuses with a tile of their own, even at nought.
const TILES: [InvitationStatus; 2] = [InvitationStatus::Pending, InvitationStatus::Accepted];

/// A tenant's start page.
#[component]
pub fn ManagementPage() -> impl IntoView {
    let session = use_session();
    let tenant = use_tenant();
    let overview = tenant.overview;
    let upload = Page::Invite(tenant.slug.clone()).href();
    let name = {
        let tenant = tenant.clone();
        Memo::new(move |_| tenant.name())
    };
    use_title(move || format!("Management · {}", name.get()));
    let actions = move || {
        view! {
            <LinkButton href=upload.clone() kind=ButtonKind::Primary icon=IconName::Upload>
                "Upload a list"
            </LinkButton>
        }
    };
    view! {
        <PageHead title=Signal::derive(move || name.get()) actions>
            "Upload a list of people, correct it, and follow who accepts."
        </PageHead>
        {move || (!session.mail_configured()).then(no_mail)}
        <Loaded query=overview what="The figures" shape=SkeletonShape::Cards count=4 let:overview>
            {tiles(overview)}
        </Loaded>
        <section class="stack" aria-labelledby="recent">
            <h2 id="recent">"Recent invitations"</h2>
            <InvitationsPanel compact=true/>
        </section>
    }
}

fn no_mail() -> AnyView {
    view! {
        <Notice tone=Tone::Warn title="No mail server is set up.">
            "Invitations are made, but nobody is mailed. Once there is one, resend them."
        </Notice>
    }
    .into_any()
}

fn tiles(overview: TenantOverview) -> AnyView {
    let slug = overview.slug.clone();
    let list = Page::Invitations(slug.clone()).href();
    let count = |status| overview.people_by_status.of(status);
    let people: u64 = overview.people_by_status.values().sum();
    let closed = people - TILES.into_iter().map(count).sum::<u64>();
    let invited = format!("of {} invited", count_of(people, "person", "people"));
    let by_status = TILES
        .into_iter()
        .map(|status| {
            let href = format!("{list}?status={}", status.as_str());
            view! {
                <StatTile
                    label=status_badge(status).label()
                    value=format_number(count(status))
                    note=Some(invited.clone())
                    href
                />
            }
        })
        .collect_view();
    view! {
        <div class="tiles">
            {by_status}
            <StatTile
                label="Declined, expired or revoked"
                value=format_number(closed)
                note=Some(invited.clone())
            />
            <StatTile
                label="Members"
                value=format_number(overview.members)
                note=Some(format!(
                    "{}, {}",
                    count_of(overview.courses, "course", "courses"),
                    count_of(overview.programs, "program", "programs"),
                ))
            />
            <StatTile
                label="Files submitted"
                value=format_number(overview.imports)
                note=Some("with every row’s outcome".to_owned())
            />
        </div>
    }
    .into_any()
}
