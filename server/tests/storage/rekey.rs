//! Whose an invitation is.

use app::domain::id::InvitationId;
use server::{args, storage::LateKey};

use crate::db::{Db, NOW, after, contract};

async fn key_of(db: &Db, invitation: InvitationId) -> (String, String) {
    db.write(move |tx| {
        Box::pin(tx.one(
            "SELECT invitee_key, status FROM invitations WHERE id = $1",
            args![invitation],
        ))
    })
    .await
}

contract!(i2_what_waits_for_an_address_becomes_its_owners, |db| {
    let (acme, ada) = db.desk("acme").await;
    let (globex, gil) = db.desk("globex").await;
    let mara = db.user("mara@new.test").await;
    let (here, there, other) = (
        db.invite(acme, ada, "mara@new.test").await,
        db.invite(globex, gil, "mara@new.test").await,
        db.invite(acme, ada, "noor@new.test").await,
    );
    // Again is harmless.
    for _ in 0..2 {
        db.write(move |tx| Box::pin(tx.rekey("mara@new.test", mara, (None, "cli"), NOW)))
            .await;
    }
    let pending = |key: String| (key, "pending".to_owned());
    for invited in [here, there] {
        let stored = key_of(db, invited.invitation).await;
        assert_eq!(stored, pending(mara.to_string()));
    }
    let stored = key_of(db, other.invitation).await;
    assert_eq!(stored, pending("noor@new.test".to_owned()));
    let bound = "SELECT COUNT(*) FROM bundles WHERE user_id = $1";
    assert_eq!(db.number(bound, args![mara]).await, 2);

    // One more of the same, under the address: the person has it already.
    let twice = db.invite(acme, ada, "mara@new.test").await;
    db.write(move |tx| Box::pin(tx.rekey("mara@new.test", mara, (None, "cli"), NOW)))
        .await;
    let stored = key_of(db, twice.invitation).await;
    assert_eq!(stored, ("mara@new.test".to_owned(), "revoked".to_owned()));
    // Whoever vouched for the address did that, not its owner.
    let by = "SELECT COUNT(*) FROM audit_events WHERE action = 'invitation.revoked'
        AND actor = 'cli' AND actor_id IS NULL";
    assert_eq!(db.number(by, args![]).await, 1);
});

contract!(i2_late_keys_are_young_live_and_of_a_proved_mailbox, |db| {
    let (acme, ada) = db.desk("acme").await;
    let mara = db.user("mara@new.test").await;
    let unproved = db.user("noor@new.test").await;
    let proved = "UPDATE users SET email_verified = 0 WHERE id = $1";
    db.sql(proved, args![unproved]).await;
    for email in ["mara@new.test", "noor@new.test", "nobody@new.test"] {
        db.invite(acme, ada, email).await;
    }
    let late = async |seconds| {
        db.write(move |tx| Box::pin(tx.late_keys(after(seconds), 10)))
            .await
    };
    let expected = LateKey {
        user: mara,
        email: "mara@new.test".to_owned(),
    };
    assert_eq!(late(0).await, std::slice::from_ref(&expected));
    // Far enough: ids of one process stay in order, whatever times other tests give them.
    assert_eq!(late(86_400).await, []);

    // Whoever changed the address meanwhile does not get what waits for it.
    let moved = "UPDATE users SET email = $2 WHERE id = $1";
    db.sql(moved, args![mara, "new@new.test"]).await;
    let stale = expected.clone();
    db.write(move |tx| Box::pin(async move { tx.rekey_late(&stale, NOW).await }))
        .await;
    let keyed = "SELECT COUNT(*) FROM invitations WHERE invitee_key = 'mara@new.test'";
    assert_eq!(db.number(keyed, args![]).await, 1);
    db.sql(moved, args![mara, "mara@new.test"]).await;
    db.write(move |tx| Box::pin(async move { tx.rekey_late(&expected, NOW).await }))
        .await;
    assert_eq!(db.number(keyed, args![]).await, 0);
    assert_eq!(late(0).await, []);
});
