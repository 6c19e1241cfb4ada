//! What a caller may say, and what an answer may: fields that nobody reads change nothing
//! (S36), and nothing that a role may not see is in an answer (S28).

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[macro_use]
mod common;

use common::world::invited;
use serde_json::json;

on_both_engines!(
    s36_a_link_a_body_or_a_sender_from_the_client_is_ignored,
    |app| {
        let world = &app.world;
        let (bundle, _, _) = invited(
            &app.desk,
            world.acme,
            world.acme_admin,
            "mara@new.test",
            None,
        )
        .await;
        let session = app.session_of(world.acme_admin).await;
        let evil = json!({
            "tenant": "acme",
            "bundle": bundle.to_string(),
            "link": "https://evil.test/i#x",
            "public_url": "https://evil.test",
            "body": "evil.test",
            "template": "<a href=evil.test>",
            "from": "Evil <evil@evil.test>",
            "sender": "evil@evil.test",
            "to": "other@evil.test",
            "status": "accepted",
            "inviter": world.globex_admin.to_string(),
        });
        let (status, answer) = session
            .call("/api/invitations/resend", json!({ "input": evil }))
            .await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["status"], "pending");
        app.send_mails().await;
        let mails = app.memory.mails();
        let mail = &mails.last().unwrap().mail;
        assert_eq!(mail.to, "mara@new.test");
        assert_eq!(mail.from, "Beckon <desk@beckon.test>");
        for text in [&mail.text, &mail.html, &mail.subject] {
            assert!(!text.contains("evil"), "{text}");
        }
    }
);

on_both_engines!(s28_an_answer_has_nothing_that_its_role_may_not_see, |app| {
    let world = &app.world;
    let mut bundles = Vec::new();
    for (tenant, admin, email) in [
        (world.acme, world.acme_admin, "mara@new.test"),
        (world.globex, world.globex_admin, "hidden@globex.test"),
    ] {
        let (bundle, _, token) = invited(&app.desk, tenant, admin, email, None).await;
        bundles.push((bundle.to_string(), token));
    }
    let admin = app.session_of(world.acme_admin).await;
    let named = json!({ "input": { "tenant": "acme", "bundle": bundles[0].0 } });
    let list = json!({ "input": { "tenant": "acme", "search": "", "after": null } });
    let catalog = json!({ "input": {
        "tenant": "acme", "search": "", "kind": null, "archived": false, "after": null,
    } });
    let slug = json!({ "tenant": "acme" });
    for (path, arguments) in [
        (
            "/api/invitations/list",
            json!({ "input": { "tenant": "acme" } }),
        ),
        ("/api/invitations/show", named),
        ("/api/invitations/inviters", slug.clone()),
        ("/api/people/list", list),
        ("/api/catalog/list", catalog),
        ("/api/tenants/overview", slug.clone()),
        ("/api/tenants/settings", slug),
        ("/api/session/current", json!({})),
    ] {
        let (status, answer) = admin.call(path, arguments).await;
        assert_eq!(status, 200, "{path}: {answer}");
        let text = answer.to_string();
        for secret in [
            "hidden@globex.test",
            "admin@globex.test",
            "LEAD-101",
            "argon2",
            "token",
            "/i#",
            bundles[0].1.reveal(),
        ] {
            assert!(!text.contains(secret), "{path} says {secret}: {text}");
        }
    }
    // A learner gets nothing of the management at all.
    let learner = app.session_of(world.learner).await;
    let (_, home) = learner.call("/api/mine/home", json!({})).await;
    assert!(!home.to_string().contains("mara@new.test"));
});
