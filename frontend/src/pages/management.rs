//! `/t/:slug/management`: a tenant's figures, the way to invite, what came last.

use app::{
    api::tenants::{TenantOverview, invited},
    domain::{counts::COUNTED_OF_TENANT, invitation::InvitationStatus},
};
use leptos::prelude::*;

use super::{invitations::InvitationsPanel, no_mail::NoMailNotice};
use crate::{
    components::{
        ButtonKind, IconName, LinkButton, PageHead, SkeletonShape, StatTile, format_count,
    },
    page::use_title,
    query::{Query, Steady},
    routes::Page,
    tenant::use_tenant,
    text::{count_of, status_badge},
};

/// Statuses with a tile of their own, even at nought.
static TILES: [InvitationStatus; 2] = [InvitationStatus::Pending, InvitationStatus::Accepted];
/// What ended without an answer of yes.
static CLOSED: [InvitationStatus; 3] = [
    InvitationStatus::Declined,
    InvitationStatus::Expired,
    InvitationStatus::Revoked,
];

/// A tenant's start page.
#[component]
pub fn ManagementPage() -> impl IntoView {
    let tenant = use_tenant();
    let overview = tenant.overview;
    let slug = tenant.slug.clone();
    let upload = Page::Invite(slug.clone()).href();
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
        <NoMailNotice/>
        <Steady query=overview what="The figures" shape=SkeletonShape::Cards count=4>
            {tiles(overview, &slug)}
        </Steady>
        <section class="stack" aria-labelledby="recent">
            <h2 id="recent">"Recent invitations"</h2>
            <InvitationsPanel compact=true/>
        </section>
    }
}

fn tiles(overview: Query<TenantOverview>, slug: &str) -> AnyView {
    let list = Page::Invitations(slug.to_owned()).href();
    // The tiles stay while their figures change.
    let say = move |words: Box<dyn Fn(&TenantOverview) -> String + Send + Sync>| {
        Signal::derive(move || overview.ready().as_ref().map(&words).unwrap_or_default())
    };
    let note = move |words: fn(&TenantOverview) -> String| {
        Signal::derive(move || overview.ready().as_ref().map(words))
    };
    let people = move |statuses: &'static [InvitationStatus]| {
        say(Box::new(move |overview| {
            let counts = &overview.people_by_status;
            of_tenant(statuses.iter().map(|status| counts.of(*status)).sum())
        }))
    };
    let invited = note(|overview| {
        let people = invited(&overview.people_by_status);
        let noun = if people == 1 { "person" } else { "people" };
        format!("of {} {noun} invited", of_tenant(people))
    });
    let by_status = TILES
        .iter()
        .map(|status| {
            let href = format!("{list}?status={}", status.as_str());
            let value = people(std::slice::from_ref(status));
            let label = status_badge(*status).label();
            view! { <StatTile label value note=invited href/> }
        })
        .collect_view();
    let members = say(Box::new(|overview| of_tenant(overview.members)));
    let catalog = note(|overview| {
        let courses = count_of(overview.courses, "course", "courses");
        let programs = count_of(overview.programs, "program", "programs");
        format!("{courses}, {programs}")
    });
    let imports = say(Box::new(|overview| of_tenant(overview.imports)));
    view! {
        <div class="tiles">
            {by_status}
            <StatTile
                label="Declined, expired or revoked"
                value=people(&CLOSED)
                note=invited
            />
            <StatTile label="Members" value=members note=catalog/>
            <StatTile
                label="Files submitted"
                value=imports
                note=Some("lists of people".to_owned())
            />
        </div>
    }
    .into_any()
}

fn of_tenant(count: u64) -> String {
    format_count(count, COUNTED_OF_TENANT)
}
