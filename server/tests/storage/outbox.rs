//! The outbox: claims, leases, results.

use std::collections::HashSet;

use app::domain::{
    id::DeliveryId,
    invitation::DeliveryStatus::{self, Bounced, Deferred, Sent as Gone},
    time::Timestamp,
};
use server::{
    args,
    storage::{Claimed, Letter, Sent, StorageError},
};

use crate::db::{Db, NOW, after, contract, refused};

async fn claim(db: &Db, owner: &'static str, at: Timestamp, hashes: &[[u8; 32]]) -> Claimed {
    let hashes = hashes.to_vec();
    db.write(move |tx| {
        Box::pin(async move { tx.claim(owner, at, at.plus_seconds(420), &hashes).await })
    })
    .await
}

fn hashes(from: u8, count: u8) -> Vec<[u8; 32]> {
    (from..from + count).map(|byte| [byte; 32]).collect()
}

fn ids(letters: &[Letter]) -> HashSet<DeliveryId> {
    letters.iter().map(|letter| letter.id).collect()
}

fn result(letter: &Letter, status: DeliveryStatus, at: Timestamp) -> Sent {
    Sent {
        id: letter.id,
        bundle: letter.bundle,
        tenant: letter.tenant,
        status,
        note: String::new(),
        not_before: at,
        dead_link: None,
        at,
    }
}

async fn record(db: &Db, owner: &'static str, result: Sent) -> u64 {
    db.write(move |tx| Box::pin(async move { tx.record_sent(owner, &[result]).await }))
        .await
}

async fn of_status(db: &Db, status: DeliveryStatus) -> i64 {
    let count = "SELECT COUNT(*) FROM outbox WHERE status = $1";
    db.number(count, args![status.as_str()]).await
}

contract!(f11_two_claimers_get_different_entries, |db| {
    let (acme, ada) = db.desk("acme").await;
    for n in 0..10 {
        db.invite(acme, ada, &format!("p{n}@new.test")).await;
    }
    let first = claim(db, "one", NOW, &hashes(0, 4)).await;
    let second = claim(db, "two", NOW, &hashes(10, 20)).await;
    assert_eq!((first.letters.len(), second.letters.len()), (4, 6));
    assert!(ids(&first.letters).is_disjoint(&ids(&second.letters)));
    assert!(
        claim(db, "three", NOW, &hashes(50, 9))
            .await
            .letters
            .is_empty()
    );
    let links = "SELECT COUNT(*) FROM links WHERE dead_at IS NULL";
    assert_eq!(db.number(links, args![]).await, 10, "one per mail");
});

contract!(f11_two_claimers_at_once_get_different_entries, |db| {
    let (acme, ada) = db.desk("acme").await;
    for n in 0..24 {
        db.invite(acme, ada, &format!("p{n}@new.test")).await;
    }
    let mut claims = tokio::task::JoinSet::new();
    for claimer in 0..4 {
        let storage = db.storage.clone();
        claims.spawn(async move {
            let hashes = hashes(claimer * 10, 6);
            storage
                .write(move |tx| {
                    let hashes = hashes.clone();
                    Box::pin(async move { tx.claim("one", NOW, after(420), &hashes).await })
                })
                .await
                .unwrap()
        });
    }
    let mut seen = HashSet::new();
    while let Some(claimed) = claims.join_next().await {
        for letter in claimed.unwrap().letters {
            assert!(seen.insert(letter.id), "claimed twice");
        }
    }
    seen.extend(ids(&claim(db, "rest", NOW, &hashes(100, 24)).await.letters));
    assert_eq!(seen.len(), 24);
});

contract!(a_mail_is_due_at_its_time_and_not_before, |db| {
    let (acme, ada) = db.desk("acme").await;
    db.invite(acme, ada, "mara@new.test").await;
    db.sql("UPDATE outbox SET not_before = $1", args![after(60)])
        .await;
    for (seconds, due) in [(59, false), (60, true)] {
        let is_due = db
            .write(move |tx| Box::pin(tx.mail_is_due(after(seconds))))
            .await;
        assert_eq!(is_due, due);
        let claimed = claim(db, "one", after(seconds), &hashes(1, 1)).await;
        assert_eq!(!claimed.letters.is_empty(), due);
    }
});

contract!(f02_a_lease_runs_out_once_more_and_then_for_good, |db| {
    let (acme, ada) = db.desk("acme").await;
    db.invite(acme, ada, "mara@new.test").await;
    let first = claim(db, "one", NOW, &hashes(1, 1)).await;
    assert_eq!(first.letters[0].attempt, 1);
    assert!(
        claim(db, "two", after(419), &hashes(2, 1))
            .await
            .letters
            .is_empty()
    );
    let second = claim(db, "two", after(420), &hashes(2, 1)).await;
    assert_eq!(second.letters[0].attempt, 2);
    assert_eq!(second.letters[0].message_id, first.letters[0].message_id);
    let third = claim(db, "three", after(840), &hashes(3, 1)).await;
    assert_eq!((third.letters.len(), third.settled), (0, 1));
    assert_eq!(of_status(db, DeliveryStatus::Unknown).await, 1);
});

contract!(a_result_counts_while_the_lease_is_its_own, |db| {
    let (acme, ada) = db.desk("acme").await;
    db.invite(acme, ada, "mara@new.test").await;
    let letter = claim(db, "one", NOW, &hashes(1, 1)).await.letters.remove(0);
    assert_eq!(record(db, "two", result(&letter, Bounced, NOW)).await, 0);
    let put_off = Sent {
        dead_link: Some(letter.token_hash),
        ..result(&letter, Deferred, after(60))
    };
    assert_eq!(record(db, "one", put_off).await, 1);
    assert_eq!(of_status(db, Deferred).await, 1);
    assert_eq!(record(db, "one", result(&letter, Gone, NOW)).await, 0);
    let live = "SELECT COUNT(*) FROM links WHERE dead_at IS NULL";
    assert_eq!(db.number(live, args![]).await, 0, "no mail, no link");

    let again = claim(db, "one", after(60), &hashes(2, 1)).await;
    assert_eq!(again.letters[0].attempt, 2);
    let sent = result(&again.letters[0], Gone, after(61));
    assert_eq!(record(db, "one", sent).await, 1);
    let sent_at = db.number("SELECT sent_at FROM outbox", args![]).await;
    assert_eq!(sent_at, after(61).0);
});

contract!(what_ended_is_settled_instead_of_sent, |db| {
    let (acme, ada) = db.desk("acme").await;
    db.invite(acme, ada, "mara@new.test").await;
    db.sql("UPDATE bundles SET active = 0", args![]).await;
    let claimed = claim(db, "one", NOW, &hashes(1, 1)).await;
    assert_eq!((claimed.letters.len(), claimed.settled), (0, 1));
    // Held, and no try of it.
    assert_eq!(of_status(db, DeliveryStatus::Queued).await, 1);
    let tries = "SELECT CAST(SUM(attempts) AS BIGINT) FROM outbox";
    assert_eq!(db.number(tries, args![]).await, 0);
    let again = claim(db, "one", after(1_000), &hashes(1, 1)).await;
    assert_eq!((again.letters.len(), again.settled), (0, 0));
    let ended = "UPDATE bundles SET status = 'revoked', active = 1";
    db.sql(ended, args![]).await;
    db.sql("UPDATE outbox SET not_before = 0", args![]).await;
    let claimed = claim(db, "one", NOW, &hashes(1, 1)).await;
    assert_eq!((claimed.letters.len(), claimed.settled), (0, 1));
    assert_eq!(of_status(db, DeliveryStatus::Dead).await, 1);
    assert_eq!(db.number("SELECT COUNT(*) FROM links", args![]).await, 0);
});

contract!(only_what_did_not_go_out_is_cancelled_or_put_off, |db| {
    let (acme, ada) = db.desk("acme").await;
    let mut made = Vec::new();
    for n in 0..3 {
        made.push(db.invite(acme, ada, &format!("p{n}@new.test")).await);
    }
    let letter = claim(db, "one", NOW, &hashes(1, 1)).await.letters.remove(0);
    let all: Vec<DeliveryId> = made.iter().map(|one| one.delivery).collect();
    let later = all.clone();
    let held = db
        .write(move |tx| Box::pin(async move { tx.put_off_queued(&later, after(90)).await }))
        .await;
    assert_eq!(held.len(), 2);
    assert!(!held.contains(&letter.id));
    let earlier = all.clone();
    db.write(move |tx| Box::pin(async move { tx.put_off_queued(&earlier, after(30)).await }))
        .await;
    let put_off = "SELECT COUNT(*) FROM outbox WHERE not_before = $1";
    let n = db.number(put_off, args![after(90)]).await;
    assert_eq!(n, 2, "never earlier");
    let bundles: Vec<_> = made.iter().map(|one| one.bundle).collect();
    let cancelled = db
        .write(move |tx| Box::pin(async move { tx.cancel_mails(&bundles, "Revoked.").await }))
        .await;
    assert_eq!(cancelled, 2);
    assert_eq!(of_status(db, DeliveryStatus::Sending).await, 1);
});

contract!(i7_a_mail_has_a_known_status, |db| {
    let (acme, ada) = db.desk("acme").await;
    db.invite(acme, ada, "mara@new.test").await;
    refused(
        db.try_sql("UPDATE outbox SET status = 'lost'", args![])
            .await,
    );
    refused(
        db.try_sql("UPDATE outbox SET purpose = 'copy'", args![])
            .await,
    );
    match db
        .try_sql("UPDATE outbox SET bundle_id = id", args![])
        .await
    {
        Err(StorageError::Database(error)) => {
            assert!(
                error
                    .as_database_error()
                    .unwrap()
                    .is_foreign_key_violation()
            );
        }
        other => panic!("{other:?}"),
    }
});
