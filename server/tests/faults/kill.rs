//! F01, F02: `kill -9` of the real program at every failpoint.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use app::domain::import::{ImportState, RowOutcome};
use server::{args, failpoint::Point, storage::Arg};

use super::{
    client::{Broken, Client, List},
    mailbox::Mailbox,
    office::{LIMIT, Office},
};
use crate::common::Engine;

/// Longer than a test: what was submitted is not mailed.
const HELD: u32 = 3_600;

pub fn like(name: &str) -> Vec<Arg> {
    args![format!("{name}.%")]
}

pub const PEOPLE: &str = "SELECT COUNT(*) FROM bundles WHERE email LIKE $1";
const EXPIRED: &str = "SELECT COUNT(*) FROM bundles WHERE email LIKE $1 AND status = 'expired'";
pub const ACCEPTED: &str =
    "SELECT COUNT(*) FROM bundles WHERE email LIKE $1 AND status = 'accepted'";
pub const ACCOUNTS: &str = "SELECT COUNT(*) FROM users WHERE email LIKE $1";
pub const MEMBERS: &str = "SELECT COUNT(*) FROM memberships m JOIN users u ON u.id = m.user_id
    WHERE u.email LIKE $1";
const UNSENT: &str = "SELECT COUNT(*) FROM outbox o JOIN bundles b ON b.id = o.bundle_id
    WHERE b.email LIKE $1 AND o.status <> 'sent'";

/// An office whose admin has signed in, and people who have their mails.
pub async fn prepared(engine: Engine, lists: &[List]) -> (Office, Client) {
    let office = Office::open(engine).await;
    let running = office.start(0);
    let admin = office.admin(&running).await;
    for list in lists {
        admin.submit(list).await.unwrap();
        office.until(0, UNSENT, args!["%"]).await;
    }
    running.kill();
    (office, admin)
}

/// Waits until an import is done; every row made somebody's invitation.
pub async fn done(office: &Office, admin: &Client, list: &List) {
    let began = Instant::now();
    let status = loop {
        let status = admin.submit(list).await.unwrap();
        if status.state == ImportState::Done {
            break status;
        }
        assert!(began.elapsed() < LIMIT, "{status:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let rows = u32::try_from(list.rows.len()).unwrap();
    assert_eq!(status.outcomes.of(RowOutcome::Created), rows, "{status:?}");
    let imports = "SELECT COUNT(*) FROM imports WHERE idempotency_key = $1";
    assert_eq!(office.number(imports, args![list.key.as_str()]).await, 1);
}

async fn submit_killed_at(office: &Office, admin: &Client, point: Point) {
    let (name, slices) = (point.name(), point.name().starts_with("slice"));
    let list = if slices {
        List::large(name)
    } else {
        List::new(name, 30)
    };
    let running = office.start_with(HELD, &format!("stop@{name}"));
    let told = tokio::spawn({
        let (admin, list) = (admin.moved_to(&running.url), list.clone());
        async move { admin.submit(&list).await }
    });
    running.stands_at(name).await;
    running.kill();
    let told = told.await.unwrap();
    // The commit of a large list may have been answered before its first slice was written.
    assert!(slices || told == Err(Broken::Connection), "{told:?}");
    office.check().await;
    office.leases_run_out().await;
    let running = office.start(HELD);
    done(office, &admin.moved_to(&running.url), &list).await;
    let people = i64::try_from(list.rows.len()).unwrap();
    assert_eq!(office.number(PEOPLE, like(name)).await, people);
    running.kill();
}

async fn accept_killed_at(office: &Office, point: Point) {
    let name = point.name();
    let running = office.start_with(HELD, &format!("stop@{name}"));
    let mara = Client::at(&running.url);
    assert_eq!(
        mara.open(&office.mailbox.to(name)[0].token).await,
        Some(200)
    );
    let told = tokio::spawn({
        let mara = mara.clone();
        async move { mara.register().await }
    });
    running.stands_at(name).await;
    running.kill();
    assert_eq!(told.await.unwrap(), None);
    office.check().await;
    let committed = point == Point::AcceptCommitted;
    let places = i64::from(committed);
    for count in [ACCEPTED, ACCOUNTS, MEMBERS] {
        assert_eq!(office.number(count, like(name)).await, places, "{count}");
    }
    // She presses the button again.
    let running = office.start(HELD);
    let (status, _) = mara.moved_to(&running.url).register().await.unwrap();
    assert_eq!(status, if committed { 404 } else { 200 });
    for count in [ACCEPTED, ACCOUNTS, MEMBERS] {
        assert_eq!(office.number(count, like(name)).await, 1, "{count}");
    }
    running.kill();
}

/// How many mails came under each Message-ID; a person's mails have one.
pub fn by_message_id(mailbox: &Mailbox, name: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let mut people = BTreeSet::new();
    for mail in mailbox.to(name) {
        people.insert(mail.to);
        *counts.entry(mail.message_id).or_default() += 1;
    }
    assert_eq!(people.len(), counts.len(), "a Message-ID of its own each");
    counts
}

async fn mail_killed_at(office: &Office, admin: &Client, point: Point) {
    let name = point.name();
    let list = List::new(name, 5);
    let running = office.start_with(0, &format!("stop@{name}"));
    let admin = admin.moved_to(&running.url);
    let submit = tokio::spawn(async move { admin.submit(&list).await });
    running.stands_at(name).await;
    running.kill();
    // Whether the server came to answer does not matter: its mails are on their way.
    let _told = submit.await.unwrap();
    office.check().await;
    let before = office.mailbox.to(name).len();
    assert_eq!(before == 0, point == Point::MailClaimed);
    office.leases_run_out().await;
    let running = office.start(0);
    office.until(0, UNSENT, like(name)).await;
    let counts = by_message_id(&office.mailbox, name);
    assert_eq!(counts.len(), 5, "everybody has a mail");
    assert!(counts.values().all(|n| *n <= 2), "{counts:?}");
    let twice = counts.values().filter(|n| **n == 2).count();
    match point {
        Point::MailClaimed => assert_eq!(twice, 0),
        // The mail server had taken them, and nothing was committed.
        Point::MailSent | Point::MailWritten => assert_eq!(twice, before),
        _ => assert!(twice < 5, "what was written down is not repeated"),
    }
    // Whichever copy is read: the newest one's link works.
    let newest = office.mailbox.to(name).pop().unwrap();
    let reader = Client::at(&running.url);
    assert_eq!(reader.open(&newest.token).await, Some(200));
    running.kill();
}

async fn expiry_killed_at(office: &Office, point: Point) {
    let name = point.name();
    let due = "UPDATE invitations SET expires_at = 1 WHERE bundle_id IN
        (SELECT id FROM bundles WHERE email LIKE $1)";
    office.sql(due, like(name)).await;
    let due = "UPDATE bundles SET expires_at = 1 WHERE email LIKE $1";
    office.sql(due, like(name)).await;
    let running = office.start_with(HELD, &format!("stop@{name}"));
    running.stands_at(name).await;
    running.kill();
    let before = office.number(EXPIRED, like(name)).await;
    assert_eq!(
        before,
        if point == Point::ExpiryCommitted {
            3
        } else {
            0
        }
    );
    office.check().await;
    let running = office.start(HELD);
    office.until(3, EXPIRED, like(name)).await;
    running.kill();
}

async fn every_failpoint(engine: Engine) {
    let of = |kind: &str, people| {
        let points = Point::ALL.into_iter().map(Point::name);
        points
            .filter(|name| name.starts_with(kind))
            .map(|name| List::new(name, people))
            .collect::<Vec<_>>()
    };
    let lists = [of("accept", 1), of("expiry", 3)].concat();
    let (office, admin) = prepared(engine, &lists).await;
    for point in Point::ALL {
        match point.name().split_once('.').unwrap().0 {
            "submit" | "slice" => submit_killed_at(&office, &admin, point).await,
            "accept" => accept_killed_at(&office, point).await,
            "mail" => mail_killed_at(&office, &admin, point).await,
            "expiry" => expiry_killed_at(&office, point).await,
            other => panic!("nobody kills at {other}"),
        }
        office.check().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f01_f02_kill_9_at_every_failpoint_loses_and_doubles_nothing_sqlite() {
    every_failpoint(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f01_f02_kill_9_at_every_failpoint_loses_and_doubles_nothing_postgres() {
    every_failpoint(Engine::Postgres).await;
}
