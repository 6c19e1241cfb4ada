//! Audit events.

use app::domain::actor::{Actor, Job};
use server::{
    args,
    storage::{AuditEvent, AuditQuery, StorageError, audit_actor},
};
use uuid::Uuid;

use crate::db::{NOW, contract};

contract!(s56_an_audit_event_is_neither_changed_nor_removed, |db| {
    let tenant = db.tenant("acme").await;
    let (actor_id, actor) = audit_actor(&Actor::System(Job::Expiry));
    let event = AuditEvent {
        tenant: Some(tenant),
        actor_id,
        actor,
        action: "test.happened",
        subject: "tenant",
        subject_id: tenant.0,
        at: NOW,
    };
    db.write(|tx| Box::pin(tx.record(vec![event]))).await;
    let roundabout = if db.storage.is_postgres() {
        [
            "TRUNCATE audit_events",
            "INSERT INTO audit_events (id, actor, action, subject, subject_id, at)
             SELECT id, actor, action, subject, subject_id, at FROM audit_events
             ON CONFLICT (id) DO UPDATE SET actor = 'nobody'",
        ]
    } else {
        [
            "INSERT OR REPLACE INTO audit_events (id, actor, action, subject, subject_id, at)
             SELECT id, 'nobody', action, subject, subject_id, at FROM audit_events",
            "UPDATE OR REPLACE audit_events SET actor = 'nobody'",
        ]
    };
    for sql in [
        "UPDATE audit_events SET actor = 'nobody'",
        "UPDATE audit_events SET at = at + 1, data = '{}' WHERE action = 'test.happened'",
        "DELETE FROM audit_events",
        "DELETE FROM audit_events WHERE action = 'test.happened'",
    ]
    .into_iter()
    .chain(roundabout)
    {
        match db.try_sql(sql, args![]).await {
            Err(StorageError::Database(error)) => {
                assert!(error.to_string().contains("append-only"), "{error}");
            }
            other => panic!("{sql}: {other:?}"),
        }
    }
    let kept = "SELECT COUNT(*) FROM audit_events WHERE actor = 'job:expiry' AND subject_id = $1";
    assert_eq!(db.number(kept, args![tenant]).await, 1);
});

contract!(the_record_is_read_along_one_index_in_its_order, |db| {
    let (acme, ada) = db.desk("acme").await;
    let numbers = "CREATE TABLE numbers AS
        WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
        SELECT n FROM n";
    db.sql(numbers, args![]).await;
    // All of them are one tenant's, one person's and about one thing: any index would do.
    let fill = if db.storage.is_postgres() {
        "INSERT INTO audit_events (id, tenant_id, actor_id, actor, action, subject, subject_id, at)
         SELECT CAST(LPAD(TO_HEX(n), 32, '0') AS UUID), $1, $2, 'user', 'test.happened', 'user',
            $2, n FROM numbers"
    } else {
        "INSERT INTO audit_events (id, tenant_id, actor_id, actor, action, subject, subject_id, at)
         SELECT unhex(printf('%032x', n)), $1, $2, 'user', 'test.happened', 'user', $2, n
            FROM numbers"
    };
    db.sql(fill, args![acme, ada]).await;
    if db.storage.is_postgres() {
        db.sql("ANALYZE", args![]).await;
    }
    let none = AuditQuery::default();
    let primary = if db.storage.is_postgres() {
        "audit_events_pkey"
    } else {
        "sqlite_autoindex_audit_events_1"
    };
    let queries = [
        (primary, none.clone()),
        (
            "audit_tenant",
            AuditQuery {
                tenant: Some(acme),
                action: Some("test.happened".to_owned()),
                ..none.clone()
            },
        ),
        (
            "audit_about",
            AuditQuery {
                subject: Some(ada.0),
                who: Some(ada),
                ..none.clone()
            },
        ),
        (
            "audit_actor",
            AuditQuery {
                who: Some(ada),
                ..none.clone()
            },
        ),
        (
            "audit_action",
            AuditQuery {
                action: Some("test.happened".to_owned()),
                ..none.clone()
            },
        ),
    ];
    let place = Uuid::from_u128(10_000);
    for (index, query) in queries {
        for (after, from) in [(None, None), (Some(place), None), (Some(place), Some(NOW))] {
            let query = AuditQuery {
                after,
                from,
                ..query.clone()
            };
            let plan = db
                .write(move |tx| Box::pin(async move { tx.plan_of_events(&query).await }))
                .await
                .join("\n");
            assert!(plan.contains(index), "{index}:\n{plan}");
            for wrong in ["Sort", "TEMP B-TREE", "Seq Scan"] {
                assert!(!plan.contains(wrong), "{index} {wrong}:\n{plan}");
            }
        }
    }
    // The pages of it are all of it, in its order, wherever one begins.
    for limit in [7_000, 20_000] {
        let (mut query, mut seen) = (
            AuditQuery {
                tenant: Some(acme),
                ..none.clone()
            },
            Vec::new(),
        );
        loop {
            let asked = query.clone();
            let (page, next) = db
                .write(move |tx| Box::pin(async move { tx.list_events(&asked, limit).await }))
                .await;
            seen.extend(page.into_iter().map(|event| event.id.as_u128()));
            let Some(next) = next else { break };
            query.after = Some(next);
        }
        assert!(seen.iter().copied().eq((1..=20_000).rev()));
    }
});

contract!(no_events_are_no_statement, |db| {
    db.write(|tx| Box::pin(tx.record(Vec::new()))).await;
    let events = db
        .number("SELECT COUNT(*) FROM audit_events", args![])
        .await;
    assert_eq!(events, 0);
});
