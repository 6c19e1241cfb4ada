//! S35, S36: whatever host a request names and whatever it says about a mail, links are the
//! configured origin's and the rest is the server's.

use app::domain::id::UserId;
use reqwest::Method;
use serde_json::{Value, json};

use super::{account, common, row, submit, submit_with, with};
use common::{Answer, Engine, Session, TestApp};

const ORIGIN: &str = "https://learn.example.test";

/// A call that says in every way there is that it came to another host.
async fn spoofed(session: &Session, path: &str, body: &Value) -> Answer {
    let request = session
        .request(Method::POST, path)
        .header("host", "evil.test")
        .header("x-forwarded-host", "evil.test")
        .header("x-forwarded-server", "evil.test")
        .header("x-forwarded-proto", "gopher")
        .header("x-host", "evil.test")
        .header("x-original-host", "evil.test")
        .header("forwarded", "for=1.2.3.4;host=evil.test;proto=gopher")
        .json(body);
    session.send(request).await
}

async fn story(engine: Engine) {
    let app = TestApp::start_with(engine, |settings| {
        ORIGIN.clone_into(&mut settings.public_url);
    })
    .await;
    let admin = app.session_of(app.world.acme_admin).await;
    let done = submit(&admin, "hosts", &[row(2, "mara@new.test")]).await;
    assert_eq!(done["outcomes"], json!({ "created": 1 }));
    app.send_mails().await;
    common::world_sql(&app, "UPDATE tenants SET reveal_links = 1", vec![]).await;
    let list = json!({ "input": { "tenant": "acme" } });
    let (_, page) = admin.call("/api/invitations/list", list).await;
    let named = json!({ "input": {
        "tenant": "acme", "bundle": page["bundles"][0]["bundle"],
    } });
    app.clock.advance_seconds(120);
    let mut answers = Vec::new();
    answers.push(spoofed(&admin, "/api/invitations/resend", &named).await);
    app.send_mails().await;
    let copied = spoofed(&admin, "/api/invitations/copy_link", &named).await;
    let link = copied.json()["link"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("{ORIGIN}/i#")), "{link}");
    answers.push(copied);
    let forgot = json!({ "email": "learner@acme.test" });
    answers.push(spoofed(&app.anonymous(), "/api/accounts/forgot", &forgot).await);
    let change = json!({ "input": {
        "email": "admin@globex.test", "current": common::PASSWORD,
    } });
    let learner: UserId = app.world.learner;
    let learner = app.session_of(learner).await;
    answers.push(spoofed(&learner, "/api/accounts/change_email", &change).await);
    app.send_mails().await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    // Pages too, and the answers to what is no page.
    for path in [
        "/",
        "/i",
        "/sign-in",
        "/t/acme",
        "//evil.test/x",
        "/nothing.js",
    ] {
        let request = admin
            .request(Method::GET, path)
            .header("host", "evil.test")
            .header("x-forwarded-host", "evil.test")
            .header("accept", "text/html");
        answers.push(admin.send(request).await);
    }
    for answer in &answers {
        assert!(!answer.text().contains("evil.test"), "{}", answer.text());
        for (name, value) in &answer.headers {
            let value = value.to_str().unwrap();
            assert!(!value.contains("evil.test"), "{name}: {value}");
        }
        assert_eq!(answer.header("location"), "");
    }
    let mails = app.memory.mails();
    assert_eq!(
        mails.len(),
        4,
        "two invitations, a new password, a taken address"
    );
    for kept in &mails {
        let mime = String::from_utf8_lossy(&kept.mime).into_owned();
        for form in [&kept.mail.text, &kept.mail.html, &mime] {
            assert!(!form.contains("evil"), "{form}");
        }
        let links: Vec<&str> = kept.mail.text.split("://").skip(1).collect();
        assert!(!links.is_empty());
        for after in links {
            assert!(after.starts_with("learn.example.test/"), "{after}");
        }
        assert!(kept.mail.message_id.ends_with("@learn.example.test>"));
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s35_a_spoofed_host_is_in_no_link_on_sqlite() {
    story(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s35_a_spoofed_host_is_in_no_link_on_postgres() {
    story(Engine::Postgres).await;
}

// Every call that makes a mail go out.
on_both_engines!(s36_no_call_takes_a_link_a_text_or_a_sender, |app| {
    let evil = json!({
        "link": "https://evil.test/i#x", "public_url": "https://evil.test",
        "host": "evil.test", "body": "evil", "text": "evil", "html": "<b>evil</b>",
        "subject": "evil", "template": "evil", "from": "Evil <evil@evil.test>",
        "sender": "evil@evil.test", "reply_to": "evil@evil.test", "to": "evil@evil.test",
        "cc": "evil@evil.test", "bcc": "evil@evil.test", "headers": { "Bcc": "evil@evil.test" },
        "message_id": "<evil@evil.test>",
    });
    let admin = app.session_of(app.world.acme_admin).await;
    let done = submit_with(&admin, "evil", &[row(2, "mara@new.test")], &evil).await;
    assert_eq!(done["outcomes"], json!({ "created": 1 }));
    app.send_mails().await;
    app.clock.advance_seconds(120);
    let (_, page) = admin
        .call(
            "/api/invitations/list",
            json!({ "input": { "tenant": "acme" } }),
        )
        .await;
    let bundle = &page["bundles"][0]["bundle"];
    let resend = json!({ "input": { "tenant": "acme", "bundle": bundle } });
    let unproved = account(app, "una@new.test", false).await;
    let unproved = app.session_of(unproved).await;
    let learner = app.session_of(app.world.learner).await;
    let change = json!({ "input": { "email": "new@acme.test", "current": common::PASSWORD } });
    for (session, path, arguments) in [
        (&admin, "/api/invitations/resend", resend),
        (
            &admin,
            "/api/accounts/forgot",
            json!({ "email": "learner@acme.test" }),
        ),
        (&unproved, "/api/accounts/send_code", json!({})),
        (&learner, "/api/accounts/change_email", change),
    ] {
        let (status, answer) = session.call(path, with(arguments, &evil)).await;
        assert_eq!(status, 200, "{path}: {answer}");
        assert!(!answer.to_string().contains("evil"), "{path}: {answer}");
    }
    app.send_mails().await;
    let mails = app.memory.mails();
    assert_eq!(mails.len(), 5);
    for kept in &mails {
        let mime = String::from_utf8_lossy(&kept.mime);
        assert!(
            !mime.contains("evil") && !kept.mail.text.contains("evil"),
            "{mime}"
        );
        assert_eq!(kept.mail.from, "Beckon <desk@beckon.test>");
        for after in kept.mail.text.split("://").skip(1) {
            let origin = app.url.split_once("://").unwrap().1;
            assert!(after.starts_with(origin), "{after}");
        }
    }
});
