//! F06, F07: a crowd on SQLite, and a pool with nothing left.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use app::domain::{id::UserId, import::RowOutcome, role::Role};
use serde_json::json;
use server::{
    args,
    clock::new_id,
    storage::{
        NewMembership, NewUser,
        invariants::{self, Mails},
    },
};
use tokio_util::sync::CancellationToken;

use super::client::{Client, List};
use crate::common::{Engine, TestApp};

/// One more admin of Acme.
async fn admin(app: &TestApp, number: u32) -> UserId {
    let now = app.desk.now();
    let user = UserId(new_id(now));
    let tenant = app.world.acme;
    app.desk
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let email = format!("admin.{number}@acme.test");
                tx.insert_users(vec![NewUser {
                    id: user,
                    email: email.clone(),
                    email_typed: email,
                    email_verified: true,
                    first_name: "Ada".to_owned(),
                    last_name: "Example".to_owned(),
                    password_hash: None,
                    super_admin: false,
                    created_at: now,
                }])
                .await?;
                tx.insert_memberships(vec![NewMembership {
                    tenant,
                    user,
                    role: Role::Admin,
                    labels: String::new(),
                    external_id: None,
                    created_at: now,
                    invitation: None,
                }])
                .await
            })
        })
        .await
        .unwrap();
    user
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f06_sixty_four_writers_and_a_long_reader_on_sqlite_get_their_answers() {
    const WRITERS: u32 = 64;
    let app = TestApp::start(Engine::Sqlite).await;
    let written = CancellationToken::new();
    let reader = tokio::spawn({
        let (storage, written) = (app.desk.storage.clone(), written.clone());
        async move {
            let read = storage.read(move |tx| {
                let written = written.clone();
                Box::pin(async move {
                    let count = "SELECT COUNT(*) FROM bundles";
                    let (before,): (i64,) = tx.one(count, args![]).await?;
                    written.cancelled().await;
                    let (after,): (i64,) = tx.one(count, args![]).await?;
                    Ok((before, after))
                })
            });
            read.await.unwrap()
        }
    });
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..WRITERS {
        let user = admin(&app, number).await;
        let session = app.session_of(user).await;
        let client = Client::with_cookies(&app.url, &session.cookies());
        writers.spawn(async move {
            for list in 0..2 {
                let list = List::new(&format!("crowd.{number}.{list}"), 5);
                let status = client.submit(&list).await.unwrap();
                assert_eq!(status.outcomes.of(RowOutcome::Created), 5);
                let read = client
                    .call("tenants/overview", &json!({ "tenant": "acme" }))
                    .await;
                assert_eq!(read.unwrap().0, 200);
            }
        });
    }
    writers.join_all().await;
    written.cancel();
    let (before, after) = reader.await.unwrap();
    assert_eq!(before, after, "a snapshot of its own");
    let now = app.desk.storage.read(|tx| {
        Box::pin(async move {
            let found = invariants::check(tx, Mails::Sent).await?;
            assert!(found.is_empty(), "{found:#?}");
            let count = "SELECT COUNT(*) FROM bundles WHERE email LIKE 'crowd.%'";
            tx.one::<(i64,)>(count, args![]).await
        })
    });
    assert_eq!(now.await.unwrap().0, i64::from(WRITERS * 2 * 5));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f07_an_exhausted_pool_is_a_neutral_503_until_there_is_a_connection() {
    let app = TestApp::start(Engine::Postgres).await;
    let session = app.session_of(app.world.acme_admin).await;
    let done = CancellationToken::new();
    let held = Arc::new(AtomicUsize::new(0));
    let mut holders = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (storage, done, held) = (app.desk.storage.clone(), done.clone(), held.clone());
        holders.spawn(async move {
            let read = storage.read(move |tx| {
                let (done, held) = (done.clone(), held.clone());
                Box::pin(async move {
                    tx.one::<(i64,)>("SELECT COUNT(*) FROM tenants", args![])
                        .await?;
                    held.fetch_add(1, Ordering::SeqCst);
                    done.cancelled().await;
                    Ok(())
                })
            });
            read.await.unwrap();
        });
    }
    // The feed's poller may have one for a moment.
    while held.load(Ordering::SeqCst) < 16 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let began = Instant::now();
    let answer = session.call("/api/session/current", json!({})).await;
    assert_eq!(answer, (503, json!({ "kind": "unavailable" })));
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!(session.get("/healthz").await.status, 200);
    done.cancel();
    holders.join_all().await;
    let (status, current) = session.call("/api/session/current", json!({})).await;
    assert_eq!(status, 200);
    assert!(current["me"].is_object(), "{current}");
    app.end().await;
}
