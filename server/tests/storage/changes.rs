//! The feed of changes.

use crate::db::{NOW, after, contract};

contract!(changes_are_read_from_a_time_on_and_forgotten, |db| {
    let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
    for (tenant, seconds) in [(acme, 2), (globex, 1), (acme, 3)] {
        db.write(|tx| Box::pin(tx.announce(tenant, after(seconds))))
            .await;
    }
    let since = async |seconds| {
        let changes = db
            .write(move |tx| Box::pin(tx.changes_since(after(seconds))))
            .await;
        changes
            .into_iter()
            .map(|change| (change.tenant, change.at))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        since(1).await,
        [(globex, after(1)), (acme, after(2)), (acme, after(3))]
    );
    assert_eq!(since(3).await, [(acme, after(3))]);
    assert_eq!(since(4).await, []);
    let forgotten = db.write(|tx| Box::pin(tx.forget_changes(after(3)))).await;
    assert_eq!(forgotten, 2);
    assert_eq!(since(0).await, [(acme, after(3))]);
});

contract!(many_are_announced_once_per_tenant, |db| {
    let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
    let of = [acme, globex, acme, acme];
    db.write(move |tx| Box::pin(async move { tx.announce_all(of.into_iter(), NOW).await }))
        .await;
    let changes = db.write(|tx| Box::pin(tx.changes_since(NOW))).await;
    assert_eq!(changes.len(), 2);
});
