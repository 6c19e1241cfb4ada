//! Tenants.

use app::domain::{id::TenantId, invitation::InvitationStatus, role::Role};
use server::{args, clock::new_id, storage::NewTenant};

use crate::db::{NOW, clash, contract};

contract!(a_slug_is_one_tenants, |db| {
    db.tenant("acme").await;
    let again = NewTenant {
        id: TenantId(new_id(NOW)),
        slug: "acme".to_owned(),
        name: String::new(),
        time_zone: "UTC".to_owned(),
        hold_seconds: 0,
        created_at: NOW,
    };
    let constraint = clash(db.try_write(|tx| Box::pin(tx.insert_tenant(again))).await);
    assert!(constraint.contains("slug"), "{constraint}");
});

contract!(a_disabled_tenant_is_a_missing_one, |db| {
    let id = db.tenant("acme").await;
    db.write(|tx| Box::pin(tx.set_hold_seconds(7))).await;
    let found = db
        .write(|tx| Box::pin(tx.tenant_by_slug("acme")))
        .await
        .unwrap();
    assert_eq!(
        (found.id, found.hold_seconds, found.default_expiry_days),
        (id, 7, 30)
    );
    db.sql("UPDATE tenants SET disabled_at = 1", args![]).await;
    assert!(
        db.write(|tx| Box::pin(tx.tenant_by_slug("acme")))
            .await
            .is_none()
    );
    assert!(db.write(|tx| Box::pin(tx.tenant_by_id(id))).await.is_none());
    let all = db.write(|tx| Box::pin(tx.every_tenant())).await;
    assert!(all.len() == 1 && all[0].disabled);
});

contract!(totals_are_of_one_tenant, |db| {
    let (acme, ada) = db.desk("acme").await;
    let (globex, gil) = db.desk("globex").await;
    db.member(acme, gil, Role::Learner).await;
    for email in ["a@new.test", "b@new.test"] {
        db.invite(acme, ada, email).await;
    }
    db.invite(globex, gil, "c@new.test").await;
    let totals = db.write(|tx| Box::pin(tx.tenant_totals(acme))).await;
    assert_eq!((totals.members, totals.imports), (2, 2));
    let pending = [(InvitationStatus::Pending, 2)];
    assert_eq!(totals.people_by_status, pending.into());
    let mut listed: Vec<(String, u64, u64, u64)> = db
        .write(|tx| Box::pin(async move { tx.tenants(&[acme, globex]).await }))
        .await
        .into_iter()
        .map(|one| (one.slug, one.members, one.admins, one.pending))
        .collect();
    listed.sort();
    assert_eq!(
        listed,
        [("acme".to_owned(), 2, 1, 2), ("globex".to_owned(), 1, 1, 1)]
    );
});
