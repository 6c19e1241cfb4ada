//! `/data-manager/catalog-invitation-apps`: what a super-admin invites to, and how many.

use app::{
    api::apps::{App, AppCounts, AppsCounts},
    domain::counts::COUNTED,
};
use leptos::prelude::*;

use crate::{
    components::{
        ButtonKind, Card, IconName, LinkButton, PageHead, SkeletonShape, StatusBadge, format_count,
    },
    page::use_title,
    query::{Loaded, Query},
    routes::Page,
    session::use_session,
    text::status_badge,
};

/// The app's name on the screen.
pub const fn name_of(app: App) -> &'static str {
    match app {
        App::Course => "Course Invitations",
        App::Program => "Program Invitations",
        App::Platform => "Platform Invitations",
        App::Placeholder => "Placeholder Invitations",
    }
}

const fn about(app: App) -> &'static str {
    match app {
        App::Course => "To one or more courses of a tenant.",
        App::Program => "To one or more programs of a tenant.",
        App::Platform => "To become a member of a tenant.",
        App::Placeholder => {
            "By an address that has no account yet; or blank, with codes to hand out."
        }
    }
}

/// The apps with their counts.
#[component]
pub fn AppsPage() -> impl IntoView {
    use_title(|| "Catalog Invitation Apps".to_owned());
    let counts = Query::new(use_session(), || Some(AppsCounts {}));
    view! {
        <PageHead title="Catalog Invitation Apps">
            "Invite people to courses, programs and tenants by hand. Counts are of people: whoever has several invitations counts under the status of each; a list has one line for them, under the one that leads."
        </PageHead>
        <Loaded query=counts what="The counts" shape=SkeletonShape::Cards let:apps>
            {cards(apps)}
        </Loaded>
    }
}

fn cards(apps: Vec<AppCounts>) -> AnyView {
    view! { <div class="stack">{apps.into_iter().map(card).collect_view()}</div> }.into_any()
}

fn card(counts: AppCounts) -> AnyView {
    let app = counts.app;
    let people: Vec<_> = counts.people.iter().collect();
    let nobody = people.is_empty();
    view! {
        <Card
            title=name_of(app)
            actions=move || {
                view! {
                    <LinkButton href=Page::AppInvitations(app).href()>
                        {format!("All {}", name_of(app))}
                    </LinkButton>
                    <LinkButton
                        href=Page::AddInvitations(app).href()
                        kind=ButtonKind::Primary
                        icon=IconName::Plus
                    >
                        {format!("Add {}", name_of(app))}
                    </LinkButton>
                }
            }
        >
            <div class="stack">
                <p>{about(app)}</p>
                <div class="cluster">
                    {nobody.then_some("Nobody yet.")}
                    {people
                        .into_iter()
                        .map(|(status, count)| {
                            let count = format_count(count, COUNTED);
                            let those = format!(
                                "{}?status={}",
                                Page::AppInvitations(app).path(),
                                status.as_str(),
                            );
                            view! {
                                <a class="cluster" href=those>
                                    <StatusBadge status=status_badge(status)/>
                                    <span class="num">{count}</span>
                                </a>
                            }
                        })
                        .collect_view()}
                </div>
            </div>
        </Card>
    }
    .into_any()
}
