//! Courses and programs.

use std::collections::HashMap;

use app::domain::{
    id::{CatalogItemId, TenantId},
    invitation::InvitationKind::{self, Course, Program},
};
use server::{args, storage::CatalogItem};

use crate::db::{Db, clash, contract, refused};

async fn by_keys(
    db: &Db,
    tenant: TenantId,
    kind: InvitationKind,
    keys: &[&str],
) -> HashMap<String, CatalogItem> {
    let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    db.write(move |tx| Box::pin(async move { tx.catalog_by_keys(tenant, kind, &keys).await }))
        .await
}

contract!(a_key_is_unique_per_owner_and_kind, |db| {
    let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
    for (owner, kind) in [
        (Some(acme), Course),
        (Some(acme), Program),
        (Some(globex), Course),
        (None, Course),
        (None, Program),
    ] {
        let item = Db::new_item(owner, kind, "A-1");
        db.write(|tx| Box::pin(tx.insert_catalog_items(vec![item])))
            .await;
    }
    for owner in [Some(acme), None] {
        let item = Db::new_item(owner, Course, "A-1");
        clash(
            db.try_write(|tx| Box::pin(tx.insert_catalog_items(vec![item])))
                .await,
        );
    }
});

contract!(a_tenants_own_item_wins_over_a_shared_one, |db| {
    let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
    let shared = db.course(None, "A-1").await;
    let own = db.course(Some(acme), "A-1").await;
    let theirs = db.course(Some(globex), "B-1").await;
    let only_shared = db.course(None, "C-1").await;
    let ids = |found: HashMap<String, CatalogItem>| {
        let mut ids: Vec<CatalogItemId> = found.into_values().map(|item| item.id).collect();
        ids.sort_unstable();
        ids
    };
    let keys = ["A-1", "B-1", "C-1", "D-1"];
    let found = ids(by_keys(db, acme, Course, &keys).await);
    assert_eq!(found, [own, only_shared]);
    let found = ids(by_keys(db, globex, Course, &keys).await);
    assert_eq!(found, [shared, theirs, only_shared]);
    assert!(by_keys(db, acme, Program, &keys).await.is_empty());

    // An archived one hides the shared one of its key all the same.
    let archive = "UPDATE catalog_items SET archived_at = 1 WHERE id = $1";
    db.sql(archive, args![own]).await;
    let found = ids(by_keys(db, acme, Course, &keys).await);
    assert_eq!(found, [only_shared]);
    let counts = db.write(|tx| Box::pin(tx.catalog_counts(acme))).await;
    assert_eq!(counts, (2, 0));
});

contract!(many_keys_are_asked_for_at_once, |db| {
    let acme = db.tenant("acme").await;
    let items: Vec<_> = (0..600)
        .map(|n| Db::new_item(Some(acme), Course, &format!("K-{n}")))
        .collect();
    db.write(|tx| Box::pin(tx.insert_catalog_items(items)))
        .await;
    let keys: Vec<String> = (0..700).map(|n| format!("K-{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    assert_eq!(by_keys(db, acme, Course, &keys).await.len(), 600);
});

contract!(a_program_keeps_the_order_of_its_courses, |db| {
    let acme = db.tenant("acme").await;
    let mut courses = Vec::new();
    for key in ["C", "A", "B"] {
        courses.push(db.course(Some(acme), key).await);
    }
    let program = Db::new_item(Some(acme), Program, "P");
    let id = program.id;
    let in_order = courses.clone();
    db.write(|tx| {
        Box::pin(async move {
            tx.insert_catalog_items(vec![program]).await?;
            tx.insert_program_courses(id, &in_order).await
        })
    })
    .await;
    let stored: Vec<(uuid::Uuid,)> = db
        .write(|tx| {
            Box::pin(tx.all(
                "SELECT course_id FROM program_courses ORDER BY position",
                args![],
            ))
        })
        .await;
    let stored: Vec<CatalogItemId> = stored.into_iter().map(|(id,)| CatalogItemId(id)).collect();
    assert_eq!(stored, courses);
});

contract!(i7_a_catalog_has_courses_and_programs_only, |db| {
    db.course(None, "A").await;
    refused(
        db.try_sql("UPDATE catalog_items SET kind = 'platform'", args![])
            .await,
    );
});
