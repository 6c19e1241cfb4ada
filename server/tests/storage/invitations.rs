//! Bundles and their invitations.

use std::collections::BTreeSet;

use app::{
    api::invitations::InvitationFilter,
    domain::{
        id::{BundleId, DeliveryId, InvitationId, TenantId, UserId},
        invitation::InvitationStatus::{Expired, Pending, Revoked},
        role::Role,
    },
};
use server::{
    args,
    clock::new_id,
    storage::{Act, AfterBundle, BundleFilter, BundleOrder, SortValue, StorageError},
};

use crate::db::{Db, Invited, NOW, after, clash, contract, refused};

const BY: (Option<uuid::Uuid>, &str) = (None, "cli");

async fn act(db: &Db, tenant: TenantId, inviter: UserId) -> Act {
    Act {
        tenant,
        inviter,
        import: Some(db.import(tenant, inviter).await),
        at: NOW,
    }
}

async fn revoke(db: &Db, ids: Vec<InvitationId>) {
    db.write(move |tx| {
        Box::pin(async move { tx.end_invitations(&ids, Revoked, "", BY, NOW).await })
    })
    .await;
}

contract!(i2_one_live_invitation_per_tenant_target_and_invitee, |db| {
    let (acme, ada) = db.desk("acme").await;
    let (globex, gil) = db.desk("globex").await;
    let first = db.invite(acme, ada, "mara@new.test").await;
    let act = act(db, acme, ada).await;
    let bundle = Db::new_bundle("mara@new.test", None);
    let tried = [
        Db::to_tenant(acme, bundle.id, "noor@new.test"),
        Db::to_tenant(acme, bundle.id, "mara@new.test"),
    ];
    let insert = db
        .storage
        .write(move |tx| {
            let (bundle, tried) = (bundle.clone(), tried.clone());
            Box::pin(async move {
                tx.insert_bundles(&act, vec![bundle]).await?;
                tx.insert_invitations(&act, &tried).await
            })
        })
        .await;
    assert!(
        matches!(insert, Err(StorageError::Unavailable(_))),
        "it is asked for again, and the first one stays: {insert:?}"
    );
    let there = "SELECT COUNT(*) FROM bundles";
    assert_eq!(db.number(there, args![]).await, 1, "nothing is half done");

    // Another tenant's is another one; and after its end there may be a new one.
    db.invite(globex, gil, "mara@new.test").await;
    revoke(db, vec![first.invitation]).await;
    db.invite(acme, ada, "mara@new.test").await;
    let back = "UPDATE invitations SET status = 'pending' WHERE id = $1";
    let constraint = clash(db.try_sql(back, args![first.invitation]).await);
    assert!(constraint.contains("invit"), "{constraint}");
});

contract!(i7_no_status_outside_the_machine, |db| {
    let (acme, ada) = db.desk("acme").await;
    let course = db.course(Some(acme), "A").await;
    db.invite(acme, ada, "mara@new.test").await;
    for sql in [
        "UPDATE invitations SET status = 'lost'",
        "UPDATE bundles SET status = 'lost'",
        "UPDATE invitations SET binding = 'phone'",
        "UPDATE invitations SET kind = 'group'",
        // Nobody's: only a blank one may be.
        "UPDATE invitations SET status = 'unassigned'",
        "UPDATE invitations SET invitee_key = NULL",
        // To the tenant, and to nothing else.
        "UPDATE invitations SET kind = 'course'",
    ] {
        refused(db.try_sql(sql, args![]).await);
    }
    let elsewhere = "UPDATE invitations SET target_id = $1";
    refused(db.try_sql(elsewhere, args![course]).await);
});

contract!(an_end_is_one_event_and_settles_its_bundle, |db| {
    let (acme, ada) = db.desk("acme").await;
    let invited = db.invite(acme, ada, "mara@new.test").await;
    for _ in 0..2 {
        revoke(db, vec![invited.invitation]).await;
    }
    let events = "SELECT COUNT(*) FROM audit_events WHERE subject_id = $1
        AND action = 'invitation.revoked'";
    assert_eq!(db.number(events, args![invited.invitation]).await, 1);
    let dead = "SELECT COUNT(*) FROM outbox WHERE id = $1 AND status = 'dead'";
    assert_eq!(db.number(dead, args![invited.delivery]).await, 1);
    let changes = db.write(|tx| Box::pin(tx.changes_since(NOW))).await;
    assert_eq!(changes.len(), 1);
    let state = db
        .write(move |tx| Box::pin(tx.bundle_state(acme, invited.bundle)))
        .await
        .unwrap();
    assert_eq!(state.status, Revoked);
    let live = db
        .write(move |tx| Box::pin(tx.live_invitations(invited.bundle)))
        .await;
    assert_eq!(live, []);
});

contract!(what_is_due_expires_at_its_time, |db| {
    let (acme, ada) = db.desk("acme").await;
    let mut bundles = Vec::new();
    for n in 0..5 {
        bundles.push(db.invite(acme, ada, &format!("p{n}@new.test")).await.bundle);
    }
    let expire = async |seconds, limit| {
        db.write(move |tx| {
            Box::pin(async move {
                if tx.anything_to_expire(after(seconds)).await? {
                    tx.expire_due(limit, BY, after(seconds)).await
                } else {
                    Ok(0)
                }
            })
        })
        .await
    };
    assert_eq!(expire(999, 10).await, 0);
    assert_eq!(expire(1_000, 3).await, 3, "a batch at a time");
    assert_eq!(expire(1_000, 3).await, 2);
    assert_eq!(expire(1_000, 3).await, 0);
    let counts = db.write(|tx| Box::pin(tx.count_bundles(acme))).await;
    assert_eq!(counts, [(Expired, 5)].into());
});

contract!(a_bundle_that_is_held_must_be_live, |db| {
    let (acme, ada) = db.desk("acme").await;
    let live = db.invite(acme, ada, "mara@new.test").await;
    let ended = db.invite(acme, ada, "noor@new.test").await;
    revoke(db, vec![ended.invitation]).await;
    for (until, expected) in [(500, 1_000), (2_000, 2_000)] {
        let bundles = BTreeSet::from([live.bundle, ended.bundle]);
        db.write(move |tx| {
            Box::pin(async move { tx.extend_bundles(&bundles, after(until)).await })
        })
        .await;
        for ends in [
            "SELECT expires_at FROM bundles WHERE id = $1",
            "SELECT expires_at FROM invitations WHERE bundle_id = $1",
        ] {
            let stored = db.number(ends, args![live.bundle]).await;
            assert_eq!(stored, after(expected).0, "never earlier");
        }
    }
    let ends = "SELECT expires_at FROM invitations WHERE bundle_id = $1";
    let stored = db.number(ends, args![ended.bundle]).await;
    assert_eq!(stored, after(1_000).0, "what has ended stays as it was");
    let both = BTreeSet::from([live.bundle, ended.bundle]);
    let held = db
        .storage
        .write(move |tx| {
            let both = both.clone();
            Box::pin(async move { tx.hold_bundles(&both).await })
        })
        .await;
    // SQLite has one writer: there the facts cannot have changed since they were read.
    let one_writer = !db.place.starts_with("postgres");
    assert!(
        one_writer && held.is_ok() || matches!(held, Err(StorageError::Unavailable(_))),
        "it is asked for again, and stays ended: {held:?}"
    );
});

contract!(the_facts_of_a_tenant_are_its_own, |db| {
    let (acme, ada) = db.desk("acme").await;
    let (globex, gil) = db.desk("globex").await;
    let mine = db.invite(acme, ada, "mara@new.test").await;
    let theirs = db.invite(globex, gil, "mara@new.test").await;
    let course = db.course(Some(acme), "A").await;
    let enroll = "INSERT INTO enrollments (tenant_id, user_id, item_id, created_at)
        VALUES ($1, $2, $3, 0)";
    db.sql(enroll, args![acme, ada, course]).await;
    let keys: Vec<String> = (0..600)
        .map(|n| format!("p{n}@new.test"))
        .chain(["mara@new.test".to_owned()])
        .collect();
    let (live, bundles, enrolled, foreign) = db
        .write(move |tx| {
            Box::pin(async move {
                Ok((
                    tx.live_among(acme, &keys).await?,
                    tx.live_bundles(&[mine.bundle]).await?,
                    tx.enrollments_among(acme, &[ada, gil]).await?,
                    tx.bundle_state(acme, theirs.bundle).await?,
                ))
            })
        })
        .await;
    assert_eq!(live.len(), 1);
    assert_eq!((live[0].bundle, live[0].target), (mine.bundle, acme.0));
    assert!(bundles[0].inviter_may && bundles[0].active);
    assert_eq!(enrolled, [(ada, course)]);
    assert!(foreign.is_none());

    let submitter = async |user| db.write(move |tx| Box::pin(tx.submitter(acme, user))).await;
    assert_eq!(submitter(ada).await.unwrap().role, Some(Role::Admin));
    assert_eq!(submitter(gil).await.unwrap().role, None);
    db.sql("UPDATE users SET deactivated_at = 1", args![]).await;
    assert!(submitter(ada).await.is_none());
    let bundles = db
        .write(move |tx| Box::pin(async move { tx.live_bundles(&[mine.bundle]).await }))
        .await;
    assert!(!bundles[0].inviter_may);
});

contract!(the_list_is_filtered_by_what_it_is_asked_for, |db| {
    let (acme, ada) = db.desk("acme").await;
    let mut made: Vec<Invited> = Vec::new();
    for email in ["a@new.test", "100%@new.test", "c@new.test"] {
        made.push(db.invite(acme, ada, email).await);
    }
    revoke(db, vec![made[0].invitation]).await;
    let all = BundleFilter {
        tenant: Some(acme),
        ..BundleFilter::default()
    };
    let page = async |filter: BundleFilter, order: BundleOrder, limit| {
        let found = db
            .write(move |tx| Box::pin(async move { tx.list_bundles(&filter, &order, limit).await }))
            .await;
        found
            .0
            .into_iter()
            .map(|one| one.id)
            .collect::<Vec<BundleId>>()
    };
    let ids = async |filter: BundleFilter| page(filter, BundleOrder::default(), 10).await;
    let of = |n: &[usize]| n.iter().map(|n| made[*n].bundle).collect::<Vec<_>>();
    assert_eq!(ids(all.clone()).await, of(&[2, 1, 0]), "newest first");
    let search = |word: &str| BundleFilter {
        words: vec!["mara".to_owned(), word.to_owned()],
        ..all.clone()
    };
    assert_eq!(ids(search("new.test")).await.len(), 3);
    assert_eq!(ids(search("%")).await, of(&[1]), "a sign is itself");
    assert_eq!(ids(search("_")).await, []);
    let status = |status| BundleFilter {
        asked: InvitationFilter {
            status: Some(status),
            ..InvitationFilter::default()
        },
        ..all.clone()
    };
    assert_eq!(ids(status(Revoked)).await, of(&[0]));
    assert_eq!(ids(status(Pending)).await, of(&[2, 1]));
    let after = BundleOrder {
        after: Some(AfterBundle {
            value: SortValue::Id,
            bundle: made[2].bundle,
        }),
        ..BundleOrder::default()
    };
    assert_eq!(page(all.clone(), after, 1).await, of(&[1]));
    let only = made[1].bundle;
    let globex = db.tenant("globex").await;
    let (own, foreign) = db
        .write(move |tx| {
            Box::pin(async move {
                Ok((
                    tx.listed_bundle(acme, only).await?,
                    tx.listed_bundle(globex, only).await?,
                ))
            })
        })
        .await;
    assert_eq!(own.map(|one| one.id), Some(only));
    assert!(foreign.is_none());
});

contract!(a_mail_and_an_inviter_take_anothers_place, |db| {
    let (acme, ada) = db.desk("acme").await;
    let bea = db.user("bea@acme.test").await;
    let invited = db.invite(acme, ada, "mara@new.test").await;
    let newest = DeliveryId(new_id(NOW));
    db.write(move |tx| {
        Box::pin(async move {
            tx.lock_bundle(invited.bundle).await?;
            tx.take_over(&[invited.bundle], bea).await?;
            tx.set_deliveries(&[(invited.bundle, newest)]).await
        })
    })
    .await;
    let changed = "SELECT COUNT(*) FROM bundles WHERE inviter_id = $1 AND delivery_id = $2";
    assert_eq!(db.number(changed, args![bea, newest]).await, 1);
    let state = db
        .write(move |tx| Box::pin(tx.bundle_state(acme, invited.bundle)))
        .await
        .unwrap();
    assert!(!state.inviter_may, "no member of the tenant");
    assert_eq!(state.last_mail_at, Some(NOW));
});
