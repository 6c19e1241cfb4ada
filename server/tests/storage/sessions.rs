//! Sessions.

use app::domain::id::{SessionId, UserId};
use server::{args, clock::new_id, storage::NewSession};

use crate::db::{Db, NOW, after, clash, contract};

fn new(user: UserId, byte: u8) -> NewSession {
    NewSession {
        token_hash: [byte; 32],
        id: SessionId(new_id(NOW)),
        user,
        created_at: NOW,
        expires_at: after(100),
        user_agent: "test".to_owned(),
    }
}

async fn lives(db: &Db, byte: u8, seconds: i64) -> bool {
    db.write(move |tx| Box::pin(tx.live_session([byte; 32], after(seconds))))
        .await
        .is_some()
}

contract!(a_session_lives_until_its_time_and_no_longer, |db| {
    let user = db.user("a@new.test").await;
    db.write(|tx| Box::pin(tx.insert_session(new(user, 1))))
        .await;
    assert!(lives(db, 1, 99).await);
    assert!(!lives(db, 1, 100).await);
    assert!(!lives(db, 2, 0).await, "an unknown cookie");
    clash(
        db.try_write(|tx| Box::pin(tx.insert_session(new(user, 1))))
            .await,
    );
});

contract!(a_use_is_never_written_over_by_an_earlier_one, |db| {
    let user = db.user("a@new.test").await;
    let session = new(user, 1);
    let id = session.id;
    db.write(|tx| Box::pin(tx.insert_session(session))).await;
    for (seen, until) in [(60, 160), (30, 130)] {
        db.write(|tx| Box::pin(tx.touch_session(id, after(seen), after(until))))
            .await;
    }
    let found = db
        .write(|tx| Box::pin(tx.live_session([1; 32], after(159))))
        .await
        .unwrap();
    assert_eq!(found.last_seen_at, after(60));
    assert_eq!((found.id, found.user, found.created_at), (id, user, NOW));
});

contract!(sessions_end_one_by_one_or_all_of_a_user, |db| {
    let (a, b) = (db.user("a@new.test").await, db.user("b@new.test").await);
    let mut ids = Vec::new();
    for (user, byte) in [(a, 1), (a, 2), (a, 3), (b, 4)] {
        let session = new(user, byte);
        ids.push(session.id);
        db.write(|tx| Box::pin(tx.insert_session(session))).await;
    }
    let first = ids[0];
    db.write(|tx| Box::pin(tx.delete_session(first))).await;
    assert!(!lives(db, 1, 0).await);
    let ended = db.write(|tx| Box::pin(tx.delete_sessions_of(a))).await;
    assert_eq!(ended, 2);
    assert!(lives(db, 4, 0).await, "another person's goes on");
    db.write(|tx| Box::pin(tx.delete_expired_sessions_of(b, after(99))))
        .await;
    assert!(lives(db, 4, 0).await, "it has not run out");
    db.write(|tx| Box::pin(tx.delete_expired_sessions_of(b, after(100))))
        .await;
    let left = db.number("SELECT COUNT(*) FROM sessions", args![]).await;
    assert_eq!(left, 0);
});

contract!(a_deactivated_account_has_no_session, |db| {
    let user = db.user("a@new.test").await;
    db.write(|tx| Box::pin(tx.insert_session(new(user, 1))))
        .await;
    db.sql("UPDATE users SET deactivated_at = 1", args![]).await;
    assert!(!lives(db, 1, 0).await);
});
