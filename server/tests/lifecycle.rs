//! The whole life of an invitation: sent later, switched off and on, reminded of, declined
//! after a while, made anew.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

#[path = "lifecycle/alike.rs"]
mod alike;
#[path = "lifecycle/decline.rs"]
mod decline;
#[path = "lifecycle/model.rs"]
mod model;
#[path = "lifecycle/plan.rs"]
mod plan;
#[path = "lifecycle/poison.rs"]
mod poison;
#[path = "lifecycle/reinvite.rs"]
mod reinvite;
#[path = "lifecycle/remind.rs"]
mod remind;
#[path = "lifecycle/schedule.rs"]
mod schedule;
mod stage;
#[path = "lifecycle/switch.rs"]
mod switch;

use app::{
    api::{
        ApiError,
        apps::{App, CreateInvitations, PersonMade},
        invitations::{BundlePage, BundleRef, Event},
    },
    domain::{
        id::{BundleId, UserId},
        role::Role,
    },
    ports::{Apps as _, Caller, Invitations as _},
};
use server::{args, services::apps::AppsService};
use stage::Stage;

fn acme(bundle: BundleId) -> BundleRef {
    BundleRef {
        tenant: "acme".to_owned(),
        bundle,
    }
}

/// A super-admin, signed in.
async fn root(stage: &Stage) -> Caller {
    let user = stage.user("root@beckon.test", "Root", true).await;
    let promote = "UPDATE users SET super_admin = 1 WHERE id = $1";
    stage.sql(promote, args![user]).await;
    stage.signed_in(user).await
}

/// The course form for one person, under a key.
fn form(stage: &Stage, key: &str, user: UserId) -> CreateInvitations {
    CreateInvitations {
        app: App::Course,
        tenant: "acme".to_owned(),
        idempotency_key: key.to_owned(),
        users: vec![user],
        email: String::new(),
        platform: false,
        courses: vec![stage.course],
        programs: Vec::new(),
        active: true,
        mail: true,
        send_at: None,
        role: Role::Learner,
        expires_on: None,
        access_from: None,
        access_until: None,
        note: String::new(),
        source: String::new(),
        redirect: String::new(),
        metadata: String::new(),
    }
}

async fn create(
    stage: &Stage,
    caller: &Caller,
    input: CreateInvitations,
) -> Result<Vec<PersonMade>, ApiError> {
    AppsService::new(stage.desk.clone())
        .create(caller, input)
        .await
}

async fn page(stage: &Stage, bundle: BundleId) -> BundlePage {
    let ada = stage.signed_in(stage.ada).await;
    stage.invitations.show(&ada, acme(bundle)).await.unwrap()
}

async fn happened(stage: &Stage, bundle: BundleId) -> Vec<Event> {
    let page = page(stage, bundle).await;
    page.timeline.into_iter().map(|one| one.what).collect()
}

/// How often something is in the audit table.
async fn audited(stage: &Stage, action: &'static str) -> i64 {
    let sql = "SELECT COUNT(*) FROM audit_events WHERE action = $1";
    stage.number(sql, args![action]).await
}

fn code<T: std::fmt::Debug>(answer: Result<T, ApiError>) -> String {
    match answer {
        Err(ApiError::Conflict { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}
