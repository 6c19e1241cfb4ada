//! Transactions: all or nothing, run again where the engine asks for it, and given up
//! in the end.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use app::domain::id::TenantId;
use server::{
    args,
    storage::{Arg, StorageError, insert_many},
};
use sqlx::{Connection as _, SqliteConnection};

use crate::db::{Db, NOW, contract};

/// Tries of a transaction before it is given up.
const TRIES: u32 = 8;

contract!(what_fails_half_way_leaves_nothing, |db| {
    let tenant = TenantId(server::clock::new_id(NOW));
    let failed = db
        .try_write(|tx| {
            Box::pin(async move {
                tx.announce(tenant, NOW).await?;
                tx.execute("INSERT INTO nowhere VALUES (1)", args![]).await
            })
        })
        .await;
    assert!(
        matches!(failed, Err(StorageError::Database(_))),
        "{failed:?}"
    );
    let changes = db.number("SELECT COUNT(*) FROM changes", args![]).await;
    assert_eq!(changes, 0);
});

contract!(a_read_is_one_snapshot_and_writes_nothing, |db| {
    let tenant = db.tenant("acme").await;
    let seen = db
        .storage
        .read(|tx| {
            let (storage, tenant) = (db.storage.clone(), tenant);
            Box::pin(async move {
                let before = tx.changes_since(NOW).await?.len();
                storage
                    .write(move |tx| Box::pin(tx.announce(tenant, NOW)))
                    .await?;
                Ok((before, tx.changes_since(NOW).await?.len()))
            })
        })
        .await
        .unwrap();
    assert_eq!(seen, (0, 0));
    let written = db
        .storage
        .read(move |tx| Box::pin(tx.announce(tenant, NOW)))
        .await;
    assert!(written.is_err());
});

contract!(f07_a_transaction_is_run_again_until_it_succeeds, |db| {
    let tenant = db.tenant("acme").await;
    let tries = Arc::new(AtomicU32::new(0));
    db.storage
        .write(|tx| {
            let tries = Arc::clone(&tries);
            Box::pin(async move {
                tx.announce(tenant, NOW).await?;
                if tries.fetch_add(1, Ordering::SeqCst) < TRIES - 1 {
                    return Err(StorageError::Retry);
                }
                Ok(())
            })
        })
        .await
        .unwrap();
    assert_eq!(tries.load(Ordering::SeqCst), TRIES);
    let changes = db.number("SELECT COUNT(*) FROM changes", args![]).await;
    assert_eq!(changes, 1, "what was tried before is gone");
});

contract!(f07_a_transaction_that_never_succeeds_is_unavailable, |db| {
    let tries = AtomicU32::new(0);
    let counted = &tries;
    let given_up = db
        .storage
        .write(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Err::<(), _>(StorageError::Retry) })
        })
        .await;
    assert!(matches!(given_up, Err(StorageError::Unavailable(_))));
    assert_eq!(tries.load(Ordering::SeqCst), TRIES);
});

/// A serialization failure and a deadlock are told from any other error.
#[tokio::test(flavor = "multi_thread")]
async fn f07_postgres_40001_and_40p01_are_run_again_and_others_are_not() {
    let db = Db::postgres().await;
    for (raise, tried) in [
        (
            "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$",
            2,
        ),
        (
            "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$",
            2,
        ),
        (
            "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '22012'; END $$",
            1,
        ),
    ] {
        let tries = Arc::new(AtomicU32::new(0));
        let done = db
            .storage
            .write(|tx| {
                let counted = Arc::clone(&tries);
                Box::pin(async move {
                    if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                        tx.execute(raise, args![]).await?;
                    }
                    Ok(())
                })
            })
            .await;
        assert_eq!(done.is_ok(), tried == 2, "{raise}");
        assert_eq!(tries.load(Ordering::SeqCst), tried, "{raise}");
    }
    for (class, sql) in [
        (
            "a server that is shutting down",
            "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '57P01'; END $$",
        ),
        (
            "a full disk",
            "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53100'; END $$",
        ),
    ] {
        let answer = db.try_sql(sql, args![]).await;
        assert!(
            matches!(answer, Err(StorageError::Unavailable(_))),
            "{class}"
        );
    }
    db.storage.close().await;
}

/// Two transactions take two tenants in opposite order: one of them is run again.
#[tokio::test(flavor = "multi_thread")]
async fn f07_a_real_deadlock_ends_well_for_both() {
    let db = Db::postgres().await;
    let (a, b) = (db.tenant("acme").await, db.tenant("globex").await);
    let both_hold_one = Arc::new(tokio::sync::Barrier::new(2));
    let tries = Arc::new(AtomicU32::new(0));
    let cross = |first: TenantId, then: TenantId| {
        let storage = db.storage.clone();
        let (barrier, tries) = (Arc::clone(&both_hold_one), Arc::clone(&tries));
        tokio::spawn(async move {
            let first_try = Arc::new(AtomicU32::new(1));
            storage
                .write(move |tx| {
                    let (barrier, tries) = (Arc::clone(&barrier), Arc::clone(&tries));
                    let first_try = Arc::clone(&first_try);
                    Box::pin(async move {
                        let touch = "UPDATE tenants SET seat_limit = COALESCE(seat_limit, 0) + 1
                            WHERE id = $1";
                        tries.fetch_add(1, Ordering::SeqCst);
                        tx.execute(touch, args![first]).await?;
                        if first_try.swap(0, Ordering::SeqCst) == 1 {
                            barrier.wait().await;
                        }
                        tx.execute(touch, args![then]).await
                    })
                })
                .await
        })
    };
    let (one, two) = (cross(a, b), cross(b, a));
    one.await.unwrap().unwrap();
    two.await.unwrap().unwrap();
    assert_eq!(tries.load(Ordering::SeqCst), 3, "one was the victim");
    let sum = "SELECT CAST(SUM(seat_limit) AS BIGINT) FROM tenants";
    assert_eq!(db.number(sum, args![]).await, 4);
    db.storage.close().await;
}

/// Somebody else, a backup or a shell, holds the write lock of the file.
async fn busy(db: &Db) -> SqliteConnection {
    // The one writing connection keeps what is set here, and says so at once.
    db.sql("PRAGMA busy_timeout = 0", args![]).await;
    let mut other = SqliteConnection::connect(&db.place).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    other
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_busy_is_run_again() {
    let db = Db::sqlite().await;
    let tenant = db.tenant("acme").await;
    let mut other = busy(&db).await;
    let writes = tokio::spawn({
        let storage = db.storage.clone();
        async move {
            storage
                .write(move |tx| Box::pin(tx.announce(tenant, NOW)))
                .await
        }
    });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(!writes.is_finished(), "it waits");
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    writes.await.unwrap().unwrap();
    db.storage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_that_stays_busy_is_unavailable() {
    let db = Db::sqlite().await;
    let tenant = db.tenant("acme").await;
    let other = busy(&db).await;
    let given_up = db
        .storage
        .write(move |tx| Box::pin(tx.announce(tenant, NOW)))
        .await;
    assert!(matches!(given_up, Err(StorageError::Unavailable(_))));
    // Reading goes on beside a writer.
    let found = db
        .storage
        .read(|tx| Box::pin(tx.tenant_by_slug("acme")))
        .await
        .unwrap();
    assert!(found.is_some());
    drop(other);
    db.storage.close().await;
}

contract!(many_rows_are_inserted_whatever_their_number, |db| {
    for (count, columns) in [(0, 3), (1, 3), (500, 3), (501, 3), (1_700, 3)] {
        let rows: Vec<Vec<Arg>> = (0..count)
            .map(|n| args![server::clock::new_id(NOW), uuid::Uuid::nil(), i64::from(n)])
            .collect();
        let inserted = db
            .write(move |tx| {
                Box::pin(async move {
                    insert_many(
                        tx,
                        "INSERT INTO changes (id, tenant_id, at)",
                        columns,
                        "ON CONFLICT DO NOTHING",
                        rows,
                    )
                    .await
                })
            })
            .await;
        assert_eq!(inserted, u64::try_from(count).unwrap());
    }
    let changes = db.number("SELECT COUNT(*) FROM changes", args![]).await;
    assert_eq!(changes, 2_702);
});

contract!(null_keeps_its_type, |db| {
    let mara = db.user("mara@new.test").await;
    let set = "UPDATE users SET username = $2, deactivated_at = $3 WHERE id = $1";
    let none = args![mara, None::<String>, None::<i64>];
    assert_eq!(db.sql(set, none).await, 1);
});
