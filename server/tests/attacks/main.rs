//! Attacks of docs/trust.md, each as its whole sentence says it: over HTTP, with real
//! sessions, on both engines.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[path = "../common/mod.rs"]
#[macro_use]
mod common;

mod guesses;
mod hosts;
mod identity;
mod landing;
mod log;
mod mails;
mod names;
mod proof;
mod sink;
mod tokens;

use app::{bulk::draft::RowDraft, domain::id::UserId};
use common::{Session, TestApp};
use serde_json::{Value, json};
use server::{args, storage::Arg};
use sha2::{Digest as _, Sha256};

/// Somebody who is to be invited to the tenant and to its course.
fn row(line: u32, email: &str) -> RowDraft {
    RowDraft {
        row: line - 2,
        line,
        email: email.to_owned(),
        courses: "BIO-101".to_owned(),
        ..RowDraft::default()
    }
}

/// Submits rows to Acme as the browser does: the stored answer.
async fn submit(admin: &Session, key: &str, rows: &[RowDraft]) -> Value {
    submit_with(admin, key, rows, &json!({})).await
}

/// Adds these fields to the arguments of a call and to its input.
fn with(mut arguments: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        if let Some(input) = arguments.get_mut("input") {
            input[name] = value.clone();
        }
        arguments[name] = value.clone();
    }
    arguments
}

/// Submits rows with fields that nobody asked for in each call.
async fn submit_with(admin: &Session, key: &str, rows: &[RowDraft], more: &Value) -> Value {
    let sha = |bytes: &[u8]| {
        let pairs: Vec<String> = Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        pairs.concat()
    };
    let hash = sha(&serde_json::to_vec(rows).unwrap());
    let input = json!({ "input": {
        "tenant": "acme", "idempotency_key": sha(key.as_bytes()), "file_name": "people.csv",
        "rows": rows.len(), "metadata_columns": [], "content_hash": sha(hash.as_bytes()),
        "mode": "valid_now", "admins": 0,
    } });
    let (status, begun) = admin.call("/api/imports/begin", with(input, more)).await;
    assert_eq!(status, 200, "{begun}");
    let import = &begun["import"];
    let chunk = json!({ "input": {
        "tenant": "acme", "import": import, "position": 0, "hash": hash, "rows": rows,
    } });
    let (status, answer) = admin.call("/api/imports/chunk", with(chunk, more)).await;
    assert_eq!(status, 200, "{answer}");
    let commit = json!({ "input": { "tenant": "acme", "import": import } });
    let (status, done) = admin.call("/api/imports/commit", with(commit, more)).await;
    assert_eq!(status, 200, "{done}");
    done
}

/// Invites through a submit and sends the mail; the link's token.
async fn invited(app: &TestApp, email: &str) -> String {
    let admin = app.session_of(app.world.acme_admin).await;
    let done = submit(&admin, email, &[row(2, email)]).await;
    assert_eq!(done["outcomes"], json!({ "created": 1 }));
    app.send_mails().await;
    mailed_token(app, email)
}

/// The token in the newest mail to this address.
fn mailed_token(app: &TestApp, email: &str) -> String {
    let mails = app.memory.mails();
    let kept = mails.iter().rev().find(|kept| kept.mail.to == email);
    let text = &kept.expect("a mail to this address").mail.text;
    let (_, after) = text.split_once("/i#").expect("a link");
    after.split_whitespace().next().unwrap().to_owned()
}

/// Opens a link in this browser, which has the landing cookie afterwards.
async fn open(session: &Session, token: &str) -> Value {
    let (status, landing) = session
        .call("/api/landing/open", json!({ "token": token }))
        .await;
    assert_eq!(status, 200, "{landing}");
    landing
}

/// The arguments of `landing/register`.
fn form() -> Value {
    json!({ "input": {
        "first_name": "Mara", "last_name": "Muster", "password": "a long new password",
    } })
}

/// The one number that a statement counts.
async fn number(app: &TestApp, sql: &'static str, args: Vec<Arg>) -> i64 {
    let (n,): (i64,) = app
        .desk
        .storage
        .read(move |tx| {
            let args = args.clone();
            Box::pin(async move { tx.one(sql, args).await })
        })
        .await
        .unwrap();
    n
}

/// The invitation to Acme's course that waits for this address.
async fn course_of(app: &TestApp, email: &str) -> String {
    let sql = "SELECT i.id FROM invitations i JOIN bundles b ON b.id = i.bundle_id
        WHERE b.email = $1 AND i.kind = 'course'";
    let email = email.to_owned();
    let (id,): (uuid::Uuid,) = app
        .desk
        .storage
        .read(move |tx| {
            let args = args![email.as_str()];
            Box::pin(async move { tx.one(sql, args).await })
        })
        .await
        .unwrap();
    id.to_string()
}

/// What an accept or a decline would change: statuses, members, enrollments, events.
async fn state(app: &TestApp, email: &str) -> [i64; 5] {
    let email = email.to_owned();
    let pending = "SELECT COUNT(*) FROM invitations i JOIN bundles b ON b.id = i.bundle_id
        WHERE b.email = $1 AND i.status = 'pending'";
    [
        number(app, pending, args![email.as_str()]).await,
        number(app, "SELECT COUNT(*) FROM users", args![]).await,
        number(app, "SELECT COUNT(*) FROM memberships", args![]).await,
        number(app, "SELECT COUNT(*) FROM enrollments", args![]).await,
        number(app, "SELECT COUNT(*) FROM audit_events", args![]).await,
    ]
}

/// An account of this address whose mailbox is proved, or is not.
async fn account(app: &TestApp, email: &str, verified: bool) -> UserId {
    let id = common::world::user(&app.desk, email, "Mara", false).await;
    let sql = "UPDATE users SET email_verified = $2 WHERE id = $1";
    common::world_sql(app, sql, args![id, i64::from(verified)]).await;
    id
}
