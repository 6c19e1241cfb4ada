//! F18, F11: the program is told to end; two of them share a database.

use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use app::domain::import::{ImportState, RowOutcome};
use server::args;

use super::{
    client::{Client, List},
    office::{LIMIT, Office},
};
use crate::common::Engine;

const SENT: &str = "SELECT COUNT(*) FROM outbox WHERE status = 'sent'";

/// A request whose second half is sent later.
fn half_a_request(url: &str) -> TcpStream {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let head = "POST /api/session/current HTTP/1.1\r\nhost: localhost\r\n\
        content-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

async fn sigterm(engine: Engine) {
    let office = Office::open(engine).await;
    let running = office.start(0);
    let admin = office.admin(&running).await;
    let mut request = half_a_request(&running.url);
    // A mail is on the wire: the mail server has it, and has not said so.
    office.mailbox.answer_after(Duration::from_secs(1));
    admin.submit(&List::new("guest", 3)).await.unwrap();
    let began = Instant::now();
    while office.mailbox.mails().is_empty() {
        assert!(began.elapsed() < LIMIT);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.terminate();
    // No further connection is taken …
    let address = running.url.strip_prefix("http://").unwrap();
    while TcpStream::connect(address).is_ok() {
        assert!(began.elapsed() < LIMIT, "it still listens");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // … what is at work is finished …
    request.write_all(b"}").unwrap();
    let mut answer = String::new();
    request.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(running.ended().await, "it ended well");
    assert!(began.elapsed() < Duration::from_secs(15));
    // … and each mail that was begun is written down: none goes out a second time.
    let on_the_wire = i64::try_from(office.mailbox.mails().len()).unwrap();
    assert_eq!(office.number(SENT, args![]).await, on_the_wire);
    let claimed = "SELECT COUNT(*) FROM outbox WHERE status = 'sending'";
    assert_eq!(office.number(claimed, args![]).await, 0);
    office.mailbox.answer_after(Duration::ZERO);
    let _second = office.start(0);
    office.until(3, SENT, args![]).await;
    assert_eq!(office.mailbox.mails().len(), 3);
    office.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f18_sigterm_finishes_requests_and_mails_at_work_sqlite() {
    sigterm(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f18_sigterm_finishes_requests_and_mails_at_work_postgres() {
    sigterm(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f11_two_servers_on_one_database_send_and_import_everything_once() {
    let office = Office::open(Engine::Postgres).await;
    let servers = [office.start(0), office.start(0)];
    let admin = office.admin(&servers[0]).await;
    let mut work = tokio::task::JoinSet::new();
    for number in 0..6 {
        let admin: Client = admin.moved_to(&servers[number % 2].url);
        work.spawn(async move {
            let list = List::new(&format!("small.{number}"), 40);
            let status = admin.submit(&list).await.unwrap();
            assert_eq!(status.outcomes.of(RowOutcome::Created), 40);
        });
    }
    // The same list at both at once is one import, whichever of them does its slices.
    let large = List::large("large");
    for server in &servers {
        let (admin, large) = (admin.moved_to(&server.url), large.clone());
        work.spawn(async move {
            let mut status = admin.submit(&large).await.unwrap();
            while status.state != ImportState::Done {
                tokio::time::sleep(Duration::from_millis(50)).await;
                status = admin.status(&status).await.unwrap();
            }
            assert_eq!(status.outcomes.of(RowOutcome::Created), 1_100);
        });
    }
    work.join_all().await;
    office.until(6 * 40 + 1_100, SENT, args![]).await;
    let mails = office.mailbox.mails();
    assert_eq!(mails.len(), 6 * 40 + 1_100);
    let ids: BTreeSet<_> = mails.iter().map(|mail| &mail.message_id).collect();
    let people: BTreeSet<_> = mails.iter().map(|mail| &mail.to).collect();
    assert_eq!((ids.len(), people.len()), (mails.len(), mails.len()));
    office.check().await;
}
