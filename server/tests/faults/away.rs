//! F07, S55: the database goes away, kills connections, loses an answer; a request panics.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use app::domain::import::RowOutcome;
use serde_json::{Value, json};
use server::{args, storage::Storage};
use sqlx::{Connection as _, PgConnection};

use super::{
    client::{Broken, Client, List},
    office::{LIMIT, Office},
    proxy::Proxy,
};
use crate::common::{Engine, postgres};

const PEOPLE: &str = "SELECT COUNT(*) FROM bundles WHERE email LIKE $1";

/// Submits until there is an answer, as the page does.
async fn submitted(admin: &Client, list: &List) -> u32 {
    let began = Instant::now();
    loop {
        match admin.submit(list).await {
            Ok(status) => return status.outcomes.of(RowOutcome::Created),
            Err(broken) => assert_eq!(broken, Broken::Unavailable),
        }
        assert!(began.elapsed() < LIMIT, "the database is not found again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f07_s55_while_the_database_is_away_every_answer_is_a_neutral_503() {
    let office = Office::open(Engine::Postgres).await;
    let proxy = Proxy::before(office.database.as_deref().unwrap()).await;
    let running = office.start_as(3_600, None, Some(&proxy.url));
    let admin = office.admin(&running).await;
    assert_eq!(submitted(&admin, &List::new("before", 10)).await, 10);

    proxy.cut();
    let neutral = json!({ "kind": "unavailable" });
    let token = "A".repeat(43);
    for (path, arguments) in [
        ("session/current", json!({})),
        (
            "session/sign_in",
            json!({ "input": { "email": "a@b.test", "password": "0123456789" } }),
        ),
        ("tenants/overview", json!({ "tenant": "acme" })),
        ("landing/open", json!({ "token": token })),
    ] {
        let answer = admin.call(path, &arguments).await;
        assert_eq!(answer, Some((503, neutral.clone())), "{path}");
    }
    let during = List::new("during", 10);
    assert_eq!(admin.submit(&during).await, Err(Broken::Unavailable));
    // The program itself is well, and says what is not.
    let health = reqwest::get(format!("{}/healthz", running.url))
        .await
        .unwrap();
    assert_eq!(health.status(), 200);
    assert!(running.log().contains("the database is not available"));

    // Without a restart it goes on where it stopped, and nobody has been signed out.
    proxy.mend();
    assert_eq!(submitted(&admin, &during).await, 10);
    for name in ["before.%", "during.%"] {
        assert_eq!(office.number(PEOPLE, args![name]).await, 10, "{name}");
    }
    office.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f07_whether_it_was_committed_is_answered_by_the_key() {
    let office = Office::open(Engine::Postgres).await;
    let proxy = Proxy::before(office.database.as_deref().unwrap()).await;
    let running = office.start_as(3_600, None, Some(&proxy.url));
    let admin = office.admin(&running).await;
    let list = List::new("lost", 10);
    proxy.lose_the_answer_after("INSERT INTO bundles");
    assert_eq!(admin.submit(&list).await, Err(Broken::Unavailable));
    assert!(proxy.has_lost());
    assert_eq!(office.number(PEOPLE, args!["lost.%"]).await, 10);
    assert_eq!(submitted(&admin, &list).await, 10, "the stored answer");
    assert_eq!(office.number(PEOPLE, args!["lost.%"]).await, 10);
    let imports = "SELECT COUNT(*) FROM imports";
    assert_eq!(office.number(imports, args![]).await, 1);
    office.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f07_killed_backends_cost_a_503_at_most() {
    const LISTS: u32 = 6;
    let office = Office::open(Engine::Postgres).await;
    let running = office.start(0);
    let admin = office.admin(&running).await;
    let mut work = tokio::task::JoinSet::new();
    for number in 0..4 {
        let admin = admin.clone();
        work.spawn(async move {
            for list in 0..LISTS {
                let list = List::new(&format!("killed.{number}.{list}"), 10);
                assert_eq!(submitted(&admin, &list).await, 10);
            }
        });
    }
    let url = office.database.as_deref().unwrap();
    let mut operator = PgConnection::connect(url).await.unwrap();
    let mut killed = 0;
    while work.try_join_next().map(Result::unwrap).is_none() {
        let ended = sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        killed += ended.fetch_all(&mut operator).await.unwrap().len();
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    work.join_all().await;
    assert!(killed > 10, "{killed}");
    let people = office.number(PEOPLE, args!["killed.%"]).await;
    assert_eq!(people, i64::from(4 * LISTS * 10));
    let open = "SELECT COUNT(*) FROM outbox WHERE status <> 'sent'";
    office.leases_run_out().await;
    office.until(0, open, args![]).await;
    office.check().await;
}

/// Has the server of the tests that restart it go down and come up again.
async fn restart(how: &str) {
    let file = std::env::var("BECKON_TEST_POSTGRES_RESTART").unwrap();
    std::fs::write(&file, how).unwrap();
    let began = Instant::now();
    let done = || std::fs::read_to_string(format!("{file}ed")).is_ok_and(|done| done == how);
    while !done() {
        assert!(began.elapsed() < LIMIT, "PostgreSQL does not come up again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// PostgreSQL itself goes down as in a crash, and in good order, while lists are submitted
/// and mails go out: nothing that was acknowledged is lost, nothing is there twice, and
/// nobody has to restart Beckon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f07_postgres_is_restarted_under_load_and_nothing_is_lost() {
    const WORKERS: u32 = 4;
    let database = postgres::fresh_url_on("BECKON_TEST_POSTGRES_RESTARTS").await;
    let office = Office::open_in(Some(database)).await;
    let running = office.start(0);
    let admin = office.admin(&running).await;
    let over = Arc::new(AtomicBool::new(false));
    let mut work = tokio::task::JoinSet::new();
    for number in 0..WORKERS {
        let (admin, over) = (admin.clone(), Arc::clone(&over));
        work.spawn(async move {
            let mut lists = 0;
            while !over.load(Ordering::SeqCst) || lists == 0 {
                let list = List::new(&format!("restarted.{number}.{lists}"), 10);
                assert_eq!(submitted(&admin, &list).await, 10);
                lists += 1;
            }
            lists
        });
    }
    for how in ["immediate 1", "fast 2", "immediate 3"] {
        tokio::time::sleep(Duration::from_millis(700)).await;
        restart(how).await;
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    over.store(true, Ordering::SeqCst);
    let lists: i64 = work.join_all().await.into_iter().sum();
    let refused = running
        .log()
        .matches("the database is not available")
        .count();
    assert!(refused > 0, "no request met the restart");
    let people = office.number(PEOPLE, args!["restarted.%"]).await;
    assert_eq!(people, lists * 10);
    let open = "SELECT COUNT(*) FROM outbox WHERE status <> 'sent'";
    office.leases_run_out().await;
    office.until(0, open, args![]).await;
    office.check().await;
}

/// What the answers to a panic have in common, whoever asked.
fn is_neutral(answer: Option<(u16, Value)>) {
    assert_eq!(answer, Some((503, json!({ "kind": "unavailable" }))));
}

async fn a_panic(engine: Engine) {
    let office = Office::open(engine).await;
    let running = office.start(0);
    let admin = office.admin(&running).await;
    admin.submit(&List::new("guest", 1)).await.unwrap();
    office
        .until(
            1,
            "SELECT COUNT(*) FROM outbox WHERE status = 'sent'",
            args![],
        )
        .await;
    running.kill();
    let token = office.mailbox.mails()[0].token.clone();

    let running = office.start_with(3_600, "panic@submit.written");
    let admin = admin.moved_to(&running.url);
    let list = List::new("list", 10);
    assert_eq!(admin.submit(&list).await, Err(Broken::Unavailable));
    assert_eq!(office.number(PEOPLE, args!["list.%"]).await, 0);
    office.check().await;
    assert_eq!(submitted(&admin, &list).await, 10);
    running.kill();

    let running = office.start_with(3_600, "panic@accept.written");
    let guest = Client::at(&running.url);
    assert_eq!(guest.open(&token).await, Some(200));
    is_neutral(guest.register().await);
    let accounts = "SELECT COUNT(*) FROM users WHERE email LIKE 'guest.%'";
    assert_eq!(office.number(accounts, args![]).await, 0);
    office.check().await;
    assert_eq!(guest.register().await.unwrap().0, 200);
    assert_eq!(office.number(accounts, args![]).await, 1);
    // Said once, for the operator alone.
    assert!(running.log().contains("panic"), "{}", running.log());
    running.kill();
    office.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s55_a_panic_is_a_neutral_503_and_nothing_is_half_done_sqlite() {
    a_panic(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s55_a_panic_is_a_neutral_503_and_nothing_is_half_done_postgres() {
    a_panic(Engine::Postgres).await;
}

/// A database that is not there at the start is a sentence, not a program that hangs.
#[tokio::test]
async fn f07_a_database_that_is_not_there_is_said_at_the_start() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let url = format!("postgres://beckon@{address}/beckon");
    let began = Instant::now();
    assert!(Storage::open_postgres(&url).await.is_err());
    assert!(began.elapsed() < Duration::from_secs(20));
}
