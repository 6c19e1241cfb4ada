//! The key of the data folder, and the database that was filled with it.

use std::path::Path;

use app::domain::{
    id::{BundleId, InvitationId, TenantId, UserId},
    invitation::InvitationKind,
    role::Role,
    time::Timestamp,
};
use server::{
    args,
    clock::new_id,
    keys::{Key, draw_code},
    storage::{BlankAct, NewBlank, NewTenant, NewUser, Storage},
};

use crate::{Running, common::postgres, run};

/// `serve` over a database that knows somebody who asked never to be invited, in a folder
/// without the key: restored without it, or a second server.
async fn a_lost_key(storage: Storage, more: &[&str], data: &Path) {
    storage.migrate().await.unwrap();
    storage
        .write(|tx| Box::pin(tx.suppress(None, [7; 32], Timestamp(0))))
        .await
        .unwrap();
    storage.close().await;
    let mut args = vec!["serve", "--listen", "127.0.0.1:0", "--data-dir"];
    args.push(data.to_str().unwrap());
    args.extend(more);
    let refused = run(&args);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("asked never to be invited"), "{said}");
    assert!(!data.join("beckon.key").exists(), "none is made");
}

#[tokio::test]
async fn s38_a_lost_key_forgets_nobody_on_sqlite() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("beckon.sqlite3");
    a_lost_key(Storage::open_sqlite(file).await.unwrap(), &[], data.path()).await;
}

#[tokio::test]
async fn s38_a_lost_key_forgets_nobody_on_postgres() {
    let data = tempfile::tempdir().unwrap();
    let url = postgres::fresh_url().await;
    let storage = Storage::open_postgres(&url).await.unwrap();
    a_lost_key(storage, &["--database-url", &url], data.path()).await;
}

/// Opens the database that `serve` is given.
async fn opened(url: Option<&str>, data: &Path) -> Storage {
    match url {
        Some(url) => Storage::open_postgres(url).await.unwrap(),
        None => Storage::open_sqlite(data.join("beckon.sqlite3"))
            .await
            .unwrap(),
    }
}

async fn sql(url: Option<&str>, data: &Path, sql: &'static str) {
    let storage = opened(url, data).await;
    storage
        .write(move |tx| Box::pin(tx.execute(sql, args![])))
        .await
        .unwrap();
    storage.close().await;
}

/// A code that is good, sealed under the folder's key.
async fn a_code(storage: &Storage, data: &Path) {
    let key = Key::open(data).unwrap();
    let at = Timestamp(1_900_000_000_000);
    let (code, bundle) = (draw_code().unwrap(), BundleId(new_id(at)));
    let blank = NewBlank {
        bundle,
        code_hash: key.code_hash(&code),
        sealed: key.seal(&code, bundle).unwrap(),
        invitations: vec![InvitationId(new_id(at))],
    };
    let (tenant, inviter) = (TenantId(new_id(at)), UserId(new_id(at)));
    let act = BlankAct {
        tenant,
        inviter,
        source: "Open day".to_owned(),
        search_text: "open day".to_owned(),
        role: Role::Learner,
        active: true,
        starts_at: None,
        ends_at: None,
        expires_at: Timestamp(4_000_000_000_000),
        targets: vec![(InvitationKind::Platform, tenant.0)],
        at,
    };
    storage
        .write(move |tx| {
            let (act, blank) = (act.clone(), blank.clone());
            Box::pin(async move {
                tx.insert_tenant(NewTenant {
                    id: tenant,
                    slug: "acme".to_owned(),
                    name: "Acme".to_owned(),
                    time_zone: "UTC".to_owned(),
                    hold_seconds: 0,
                    created_at: at,
                })
                .await?;
                tx.insert_users(vec![NewUser {
                    id: inviter,
                    email: "root@beckon.test".to_owned(),
                    email_typed: "root@beckon.test".to_owned(),
                    email_verified: true,
                    first_name: "Root".to_owned(),
                    last_name: String::new(),
                    password_hash: None,
                    super_admin: true,
                    created_at: at,
                }])
                .await?;
                tx.insert_blanks(&act, &[blank]).await
            })
        })
        .await
        .unwrap();
}

/// `serve` in a folder whose key is another than the one that codes were sealed under: a
/// folder that was restored beside the database of another server, or the other way round.
async fn another_key(url: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let storage = opened(url, data).await;
    storage.migrate().await.unwrap();
    a_code(&storage, data).await;
    storage.close().await;
    let more: Vec<&str> = url.iter().flat_map(|url| ["--database-url", url]).collect();
    let starts = || {
        let (_, well) = Running::start("serve", data, &more).terminate();
        assert!(well);
    };
    let refused = |what: &str| {
        let mut args = vec!["serve", "--listen", "127.0.0.1:0", "--data-dir"];
        args.push(data.to_str().unwrap());
        args.extend(&more);
        let refused = run(&args);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(
            said.contains("has another key") && said.contains(what),
            "{said}"
        );
    };
    // The first start with a mark keeps it; the key is the right one.
    starts();
    let file = data.join("beckon.key");
    let own = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    Key::open(data).unwrap();
    refused("redemption codes");
    // Also where nothing marks the key: the code says it.
    sql(url, data, "DELETE FROM key_marks").await;
    refused("UPDATE links");
    let other = std::fs::read(&file).unwrap();
    std::fs::write(&file, &own).unwrap();
    starts();

    // Who asked never to be invited is known by the mark alone.
    sql(
        url,
        data,
        "UPDATE links SET dead_at = 0, sealed = NULL WHERE purpose = 'code'",
    )
    .await;
    let storage = opened(url, data).await;
    storage
        .write(|tx| Box::pin(tx.suppress(None, [7; 32], Timestamp(0))))
        .await
        .unwrap();
    storage.close().await;
    std::fs::write(&file, &other).unwrap();
    refused("asked never to be invited");
    // What is lost for good is given up, and the key that is there is the one from now on.
    sql(url, data, "DELETE FROM suppressions").await;
    starts();
    let storage = opened(url, data).await;
    let mark = storage.read(|tx| Box::pin(tx.key_mark())).await.unwrap();
    storage.close().await;
    let now = Key::open(data).unwrap().fingerprint();
    assert_eq!(mark.unwrap(), now);
}

#[tokio::test]
async fn s38_another_key_is_noticed_at_the_start_on_sqlite() {
    another_key(None).await;
}

#[tokio::test]
async fn s38_another_key_is_noticed_at_the_start_on_postgres() {
    let url = postgres::fresh_url().await;
    another_key(Some(&url)).await;
}
