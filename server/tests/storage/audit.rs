//! Audit events.

use app::domain::actor::{Actor, Job};
use server::{
    args,
    storage::{AuditEvent, StorageError, audit_actor},
};

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

contract!(no_events_are_no_statement, |db| {
    db.write(|tx| Box::pin(tx.record(Vec::new()))).await;
    let events = db
        .number("SELECT COUNT(*) FROM audit_events", args![])
        .await;
    assert_eq!(events, 0);
});
