//! S19, S20, S53: what has to hold at the moment of accepting, and of declining; and what
//! somebody gets who repeats what was accepted.

use reqwest::Method;
use serde_json::json;
use server::args;

use super::{
    account, common, common::TestApp, course_of, form, invited, number, open, row, state, submit,
};

/// How a rule is switched on after the invitation was made, and off again; `$1` is the
/// invitation's address.
struct Rule {
    name: &'static str,
    on: &'static str,
    off: &'static str,
}

const RULES: [Rule; 7] = [
    Rule {
        name: "the tenant is disabled",
        on: "UPDATE tenants SET disabled_at = 1
            WHERE id = (SELECT tenant_id FROM bundles WHERE email = $1)",
        off: "UPDATE tenants SET disabled_at = NULL
            WHERE id = (SELECT tenant_id FROM bundles WHERE email = $1)",
    },
    Rule {
        name: "the course is archived",
        on: "UPDATE catalog_items SET archived_at = 1
            WHERE key = 'BIO-101' AND tenant_id = (SELECT tenant_id FROM bundles WHERE email = $1)",
        off: "UPDATE catalog_items SET archived_at = NULL
            WHERE key = 'BIO-101' AND tenant_id = (SELECT tenant_id FROM bundles WHERE email = $1)",
    },
    Rule {
        name: "the invitation is switched off",
        on: "UPDATE bundles SET active = 0 WHERE email = $1",
        off: "UPDATE bundles SET active = 1 WHERE email = $1",
    },
    Rule {
        name: "the inviter may not give this role any more",
        on: "UPDATE memberships SET role = 'learner'
            WHERE user_id = (SELECT inviter_id FROM bundles WHERE email = $1)",
        off: "UPDATE memberships SET role = 'admin'
            WHERE user_id = (SELECT inviter_id FROM bundles WHERE email = $1)",
    },
    Rule {
        name: "the inviter is deactivated",
        on: "UPDATE users SET deactivated_at = 1
            WHERE id = (SELECT inviter_id FROM bundles WHERE email = $1)",
        off: "UPDATE users SET deactivated_at = NULL
            WHERE id = (SELECT inviter_id FROM bundles WHERE email = $1)",
    },
    Rule {
        name: "the course belongs to somebody else",
        on: "UPDATE catalog_items SET tenant_id = (SELECT id FROM tenants WHERE slug = 'globex')
            WHERE key = 'BIO-101' AND EXISTS (SELECT 1 FROM bundles WHERE email = $1)",
        off: "UPDATE catalog_items SET tenant_id = (SELECT id FROM tenants WHERE slug = 'acme')
            WHERE key = 'BIO-101' AND EXISTS (SELECT 1 FROM bundles WHERE email = $1)",
    },
    Rule {
        name: "its time is cut short",
        on: "UPDATE bundles SET expires_at = created_at WHERE email = $1",
        off: "UPDATE bundles SET expires_at = created_at + 86400000 WHERE email = $1",
    },
];

/// The three ways in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Without an account: the link, then the form.
    Register,
    /// With one: the link, then accept.
    Link,
    /// With one: the invitations of one's home.
    Home,
}

on_both_engines!(s19_a_rule_that_came_later_holds_at_accept, |app| {
    for (r, rule) in RULES.iter().enumerate() {
        for way in [Way::Register, Way::Link, Way::Home] {
            let email = format!("rule{r}-{way:?}@new.test").to_lowercase();
            let session = if way == Way::Register {
                app.anonymous()
            } else {
                let user = account(app, &email, true).await;
                app.session_of(user).await
            };
            let token = invited(app, &email).await;
            let (path, body) = match way {
                Way::Register => ("/api/landing/register", form()),
                Way::Link => ("/api/landing/accept", json!({})),
                Way::Home => (
                    "/api/mine/accept",
                    json!({ "invitation": course_of(app, &email).await }),
                ),
            };
            // Everything was in order when the page was opened.
            if way != Way::Home {
                open(&session, &token).await;
            }
            let changed = common::world::sql(&app.desk, rule.on, args![email.as_str()]).await;
            assert!(changed > 0, "{}", rule.name);
            let before = state(app, &email).await;
            let refused = session.post(path, &body).await;
            assert_eq!(refused.status, 404, "{} {way:?}", rule.name);
            assert_eq!(refused.json()["kind"], "not_found");
            assert_eq!(state(app, &email).await, before, "{} {way:?}", rule.name);
            common::world_sql(app, rule.off, args![email.as_str()]).await;
            let accepted = session.post(path, &body).await;
            assert_eq!(accepted.status, 200, "{} {way:?}", rule.name);
            assert_ne!(state(app, &email).await, before);
        }
    }
});

on_both_engines!(s20_to_decline_needs_the_proof_that_accepting_needs, |app| {
    let email = "mara@new.test";
    let token = invited(app, email).await;
    let course = course_of(app, email).await;
    let unproved = account(app, email, false).await;
    let with_link = app.anonymous();
    open(&with_link, &token).await;
    let before = state(app, email).await;
    let body = json!({ "invitation": course });
    for (who, session) in [
        ("nobody", app.anonymous()),
        ("the link without a session", with_link),
        ("somebody else", app.session_of(app.world.learner).await),
        (
            "the tenant's admin",
            app.session_of(app.world.acme_admin).await,
        ),
        ("a super-admin", app.session_of(app.world.super_admin).await),
        (
            "an account that only claims the address",
            app.session_of(unproved).await,
        ),
    ] {
        let accept = session.post("/api/mine/accept", &body).await;
        let decline = session.post("/api/mine/decline", &body).await;
        let undo = session.post("/api/mine/undo_decline", &body).await;
        assert_eq!(undo.status, accept.status, "{who}");
        assert!(matches!(accept.status, 401 | 404), "{who}");
        assert_eq!(decline.status, accept.status, "{who}");
        assert_eq!(decline.text(), accept.text(), "{who}");
        for method in [Method::GET, Method::HEAD, Method::DELETE, Method::PUT] {
            let request = session
                .request(method.clone(), "/api/mine/decline")
                .json(&body);
            assert_eq!(session.send(request).await.status, 405, "{who} {method}");
        }
        assert_eq!(state(app, email).await, before, "{who}");
    }
    // A link that was not mailed declines nothing either, by the door for those without an
    // account.
    let copied = copied_link(app, email).await;
    let asked = json!({ "input": { "token": copied, "everywhere": false } });
    let holder = app.anonymous();
    assert_eq!(holder.post("/api/landing/never", &asked).await.status, 404);
    open(&holder, &copied).await;
    let asked = json!({ "input": { "token": null, "everywhere": false } });
    assert_eq!(holder.post("/api/landing/never", &asked).await.status, 404);
    let pending = "SELECT COUNT(*) FROM invitations WHERE status = 'pending'";
    assert_eq!(number(app, pending, args![]).await, 2);

    let prove = "UPDATE users SET email_verified = 1 WHERE id = $1";
    common::world_sql(app, prove, args![unproved]).await;
    let owner = app.session_of(unproved).await;
    let declined = owner.post("/api/mine/decline", &body).await;
    assert_eq!(declined.status, 200);
    // Ten seconds later it counts.
    assert_eq!(number(app, pending, args![]).await, 2);
    app.clock.advance_seconds(10);
    assert_eq!(
        server::jobs::declines::commit_batch(&app.desk)
            .await
            .unwrap(),
        1,
        "the one, no other"
    );
    assert_eq!(number(app, pending, args![]).await, 1);
    for path in ["/api/mine/decline", "/api/mine/accept"] {
        assert_eq!(owner.post(path, &body).await.status, 404, "{path} again");
    }
});

/// A link that Acme's admin copied.
async fn copied_link(app: &TestApp, email: &str) -> String {
    let reveal = "UPDATE tenants SET reveal_links = 1 WHERE slug = 'acme'";
    common::world_sql(app, reveal, args![]).await;
    let admin = app.session_of(app.world.acme_admin).await;
    let list = json!({ "input": { "tenant": "acme" } });
    let (_, page) = admin.call("/api/invitations/list", list).await;
    let bundles = page["bundles"].as_array().unwrap();
    let found = bundles.iter().find(|line| line["email"] == email).unwrap();
    let named = json!({ "input": { "tenant": "acme", "bundle": found["bundle"] } });
    let (status, link) = admin.call("/api/invitations/copy_link", named).await;
    assert_eq!(status, 200, "{link}");
    let text = link.to_string();
    let (_, after) = text.split_once("/i#").expect("a link");
    after.chars().take(43).collect()
}

on_both_engines!(
    s53_a_recorded_accept_gives_no_session_after_sign_out,
    |app| {
        let token = invited(app, "mara@new.test").await;
        let session = app.anonymous();
        open(&session, &token).await;
        let landing = session.cookies();
        let (status, me) = session.call("/api/landing/register", form()).await;
        assert_eq!(status, 200, "{me}");
        let signed_in = session.cookies();
        // Somebody who has an account accepts another one, recorded as well.
        let admin = app.session_of(app.world.acme_admin).await;
        let done = submit(&admin, "another", &[row(2, "noor@new.test")]).await;
        assert_eq!(done["outcomes"], json!({ "created": 1 }));
        let course = course_of(app, "noor@new.test").await;
        let (status, _) = session.call("/api/session/sign_out", json!({})).await;
        assert_eq!(status, 200);

        let sessions = "SELECT COUNT(*) FROM sessions s JOIN users u ON u.id = s.user_id
        WHERE u.email = 'mara@new.test'";
        let before = state(app, "mara@new.test").await;
        for (path, body) in [
            ("/api/landing/register", form()),
            ("/api/landing/accept", json!({})),
            ("/api/landing/show", json!({})),
            ("/api/landing/open", json!({ "token": token })),
            ("/api/mine/accept", json!({ "invitation": course })),
            ("/api/mine/home", json!({})),
        ] {
            // As it was sent: with the landing's cookie, with the session's, with both.
            for cookies in [
                landing.clone(),
                signed_in.clone(),
                format!("{landing}; {signed_in}"),
            ] {
                let replayed = app.anonymous();
                for cookie in cookies.split("; ").filter(|cookie| !cookie.is_empty()) {
                    replayed.add_cookie(cookie);
                }
                let answer = replayed.post(path, &body).await;
                assert!(
                    matches!(answer.status, 401 | 404),
                    "{path}: {}",
                    answer.status
                );
                for value in answer.headers.get_all("set-cookie") {
                    let value = value.to_str().unwrap();
                    let (pair, _) = value.split_once(';').unwrap();
                    assert!(pair.ends_with('='), "{path} sets {pair}");
                }
                let (_, who) = replayed.call("/api/session/current", json!({})).await;
                assert!(who["me"].is_null(), "{path}: {who}");
            }
        }
        assert_eq!(
            number(app, sessions, args![]).await,
            0,
            "none is left, none came"
        );
        assert_eq!(state(app, "mara@new.test").await, before);
    }
);
