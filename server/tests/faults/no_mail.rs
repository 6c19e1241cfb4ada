//! F20: there is no mail server.

use serde_json::{Value, json};
use server::{args, storage::invariants::Mails};

use super::{
    client::{Client, List},
    office::Office,
};
use crate::common::Engine;

async fn without_mail(engine: Engine) {
    let office = Office::open(engine).await;
    let running = office.start_without_mail();
    let admin = office.admin(&running).await;
    // What the page's banner goes by.
    let (_, current) = admin.call("session/current", &json!({})).await.unwrap();
    assert_eq!(current["mail_configured"], false, "{current}");

    // Invitations are made …
    let status = admin.submit(&List::new("guest", 2)).await.unwrap();
    let outcomes = json!({ "tenant": "acme", "import": status.import, "from": 0, "limit": 10 });
    let outcomes = json!({ "input": outcomes });
    let (_, rows) = admin.call("imports/outcomes", &outcomes).await.unwrap();
    assert_eq!(rows[0]["outcome"], "created", "{rows}");
    assert_eq!(
        office.number("SELECT COUNT(*) FROM outbox", args![]).await,
        0
    );

    // … and their links copied, by those whom the tenant lets see them.
    let reveal = "UPDATE tenants SET reveal_links = 1";
    office.sql(reveal, args![]).await;
    let bundle: &Value = &rows[0]["bundle"];
    let input = json!({ "input": { "tenant": "acme", "bundle": bundle } });
    let (status, copied) = admin.call("invitations/copy_link", &input).await.unwrap();
    assert_eq!(status, 200, "{copied}");
    let link = copied["link"].as_str().unwrap();
    let token = link.strip_prefix("http://beckon.test/i#").unwrap();
    let guest = Client::at(&running.url);
    assert_eq!(guest.open(token).await, Some(200));
    assert_eq!(guest.register().await.unwrap().0, 200);
    let accepted = "SELECT COUNT(*) FROM bundles WHERE status = 'accepted'";
    assert_eq!(office.number(accepted, args![]).await, 1);
    assert!(office.mailbox.mails().is_empty());
    office.check_as(Mails::Copied).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f20_without_a_mail_server_links_are_copied_sqlite() {
    without_mail(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f20_without_a_mail_server_links_are_copied_postgres() {
    without_mail(Engine::Postgres).await;
}
