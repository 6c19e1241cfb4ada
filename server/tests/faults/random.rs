//! F01: `kill -9` of the real program at random moments, while everything is at work.

use std::time::Duration;

use rand::{Rng as _, SeedableRng as _};
use server::args;

use super::{
    client::{Client, List},
    kill::{ACCEPTED, ACCOUNTS, MEMBERS, PEOPLE, by_message_id, done, like, prepared},
    office::Running,
};
use crate::common::Engine;

/// Somebody who has a mail, and whether he was told that he is in.
struct Guest {
    email: String,
    token: String,
    told: bool,
}

/// The guest opens the link and registers; whether that was answered.
async fn registers(server: String, token: String) -> bool {
    let client = Client::at(&server);
    // A link is dead where the answer to an earlier try was lost.
    if client.open(&token).await != Some(200) {
        return false;
    }
    let answer = client.register().await;
    answer.is_some_and(|(status, answer)| {
        assert_eq!(status, 200, "{answer}");
        true
    })
}

/// Lists and guests all at once, and mails, until the moment comes; the lists with
/// whether their submit was answered.
async fn round(
    running: Running,
    admin: &Client,
    lists: Vec<List>,
    guests: &mut [Guest],
    moment: Duration,
) -> Vec<(List, bool)> {
    let mut submits = Vec::new();
    for list in lists {
        let admin = admin.moved_to(&running.url);
        submits.push(tokio::spawn(async move {
            let answer = admin.submit(&list).await;
            (list, answer.is_ok())
        }));
    }
    let mut tries = Vec::new();
    for guest in guests.iter_mut().filter(|guest| !guest.told).take(4) {
        let one = registers(running.url.clone(), guest.token.clone());
        tries.push((guest, tokio::spawn(one)));
    }
    tokio::time::sleep(moment).await;
    running.kill();
    for (guest, one) in tries {
        guest.told = one.await.unwrap();
    }
    let mut told = Vec::new();
    for submit in submits {
        told.push(submit.await.unwrap());
    }
    told
}

async fn at_random(engine: Engine) {
    const ROUNDS: usize = 6;
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let (office, admin) = prepared(engine, &[List::new("guest", 12)]).await;
    let mails = office.mailbox.mails().into_iter();
    let mut guests: Vec<Guest> = mails
        .map(|mail| Guest {
            email: mail.to,
            token: mail.token,
            told: false,
        })
        .collect();
    let (mut told, mut untold) = (Vec::new(), Vec::new());
    for number in 0..ROUNDS {
        // What got no answer is sent again, under its key.
        let mut lists: Vec<List> = std::mem::take(&mut untold);
        // A person has ten uploads open at most; the oldest would be given up.
        for n in lists.len()..4 {
            lists.push(List::new(&format!("list.{number}.{n}"), 10));
        }
        let moment = Duration::from_millis(random.random_range(20..500));
        let running = office.start(0);
        for (list, answered) in round(running, &admin, lists, &mut guests, moment).await {
            if answered {
                told.push(list);
            } else {
                untold.push(list);
            }
        }
        office.check().await;
        office.leases_run_out().await;
    }

    // What was acknowledged is there before anything is repeated.
    for list in &told {
        let name = list.rows[0].email.split_once(".0@").unwrap().0;
        assert_eq!(office.number(PEOPLE, like(name)).await, 10, "{name}");
    }
    for guest in guests.iter().filter(|guest| guest.told) {
        let email = guest.email.as_str();
        assert_eq!(office.number(ACCEPTED, args![email]).await, 1, "{email}");
    }
    let running = office.start(0);
    let admin = admin.moved_to(&running.url);
    for list in told.iter().chain(&untold) {
        done(&office, &admin, list).await;
    }
    for guest in &guests {
        let again = registers(running.url.clone(), guest.token.clone()).await;
        assert!(!(guest.told && again), "a link is good once");
    }
    for count in [ACCEPTED, ACCOUNTS, MEMBERS] {
        assert_eq!(office.number(count, like("guest")).await, 12);
    }
    let people = i64::try_from((told.len() + untold.len()) * 10).unwrap();
    assert_eq!(office.number(PEOPLE, like("list")).await, people);
    // An entry over which two servers died is given up, and said to be unknown.
    let open = "SELECT COUNT(*) FROM outbox WHERE status NOT IN ('sent', 'unknown')";
    office.until(0, open, Vec::new()).await;
    let counts = by_message_id(&office.mailbox, "");
    assert!(counts.values().all(|n| *n <= 2), "{counts:?}");
    running.kill();
    office.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f01_kill_9_at_random_moments_keeps_what_was_acknowledged_sqlite() {
    at_random(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f01_kill_9_at_random_moments_keeps_what_was_acknowledged_postgres() {
    at_random(Engine::Postgres).await;
}
