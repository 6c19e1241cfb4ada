//! Accounts: forgotten passwords, settings, confirmed addresses, their end. Over HTTP,
//! on both engines.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[macro_use]
mod common;

use common::{
    PASSWORD, Session, TestApp, dump, sign_in,
    world::{invited, user},
};
use serde_json::json;
use server::args;

const NEW: &str = "another long password";

/// The secret in the newest mail to this address: a link's token, or a code.
fn mailed(app: &TestApp, email: &str) -> String {
    let mails = app.memory.mails();
    let mail = mails.iter().rev().find(|kept| kept.mail.to == email);
    let text = &mail.expect("a mail").mail.text;
    if let Some((_, after)) = text.split_once("/reset#") {
        return after.split_whitespace().next().unwrap().to_owned();
    }
    text.split_whitespace()
        .find(|word| word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit()))
        .expect("a code")
        .to_owned()
}

async fn forgot(app: &TestApp, email: &str) -> common::Answer {
    let ask = json!({ "email": email });
    app.anonymous().post("/api/accounts/forgot", &ask).await
}

async fn reset(session: &Session, token: &str, password: &str) -> u16 {
    let input = json!({ "input": { "token": token, "password": password } });
    session.call("/api/accounts/reset", input).await.0
}

async fn home(session: &Session) -> (u16, usize) {
    let (status, body) = session.call("/api/mine/home", json!({})).await;
    (status, body["invitations"].as_array().map_or(0, Vec::len))
}

async fn unverified(app: &TestApp, email: &str) -> app::domain::id::UserId {
    let id = user(&app.desk, email, "Una", false).await;
    let sql = "UPDATE users SET email_verified = 0 WHERE id = $1";
    common::world_sql(app, sql, args![id]).await;
    id
}

on_both_engines!(a_forgotten_password_is_chosen_anew_once, |app| {
    let elsewhere = app.as_user("learner@acme.test").await;
    assert_eq!(forgot(app, "Learner@ACME.test").await.status, 200);
    app.send_mails().await;
    let token = mailed(app, "learner@acme.test");
    let bytes = dump(app).await;
    let found = bytes
        .windows(token.len())
        .any(|part| part == token.as_bytes());
    assert!(!found, "only a hash of the token is kept");

    let here = app.anonymous();
    let check = json!({ "token": token });
    assert_eq!(here.call("/api/accounts/reset_check", check).await.0, 200);
    assert_eq!(reset(&here, &token, "short").await, 422);
    assert_eq!(reset(&here, &token, "Learner@acme.test").await, 422);
    assert_eq!(reset(&here, &token, NEW).await, 200);
    assert_eq!(home(&here).await.0, 200, "signed in");
    assert_eq!(home(&elsewhere).await.0, 401, "and nowhere else");
    assert_eq!(reset(&app.anonymous(), &token, NEW).await, 404, "used");
    let session = app.anonymous();
    let old = sign_in("learner@acme.test", PASSWORD);
    assert_eq!(session.call("/api/session/sign_in", old).await.0, 422);
    let new = sign_in("learner@acme.test", NEW);
    assert_eq!(session.call("/api/session/sign_in", new).await.0, 200);

    // Half an hour after it was mailed it is over; one second before it is not.
    forgot(app, "learner@acme.test").await;
    app.send_mails().await;
    let token = mailed(app, "learner@acme.test");
    app.clock.advance_seconds(30 * 60 - 1);
    let check = json!({ "token": token });
    let (good, _) = app
        .anonymous()
        .call("/api/accounts/reset_check", check)
        .await;
    assert_eq!(good, 200);
    app.clock.advance_seconds(1);
    assert_eq!(reset(&app.anonymous(), &token, NEW).await, 404);
});

on_both_engines!(
    s30_asking_for_a_link_answers_alike_for_every_address,
    |app| {
        let deactivate = "UPDATE users SET deactivated_at = 1 WHERE id = $1";
        common::world_sql(app, deactivate, args![app.world.globex_admin]).await;
        let mut answers = Vec::new();
        for email in ["learner@acme.test", "nobody@acme.test", "admin@globex.test"] {
            let answer = forgot(app, email).await;
            answers.push((answer.status, answer.text(), answer.headers.len()));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        app.send_mails().await;
        assert_eq!(app.memory.mails().len(), 1);
        // Neither is there more to write for one than for another.
        let (rows,): (i64,) = app
            .desk
            .storage
            .read(|tx| Box::pin(tx.one("SELECT COUNT(*) FROM account_mails", args![])))
            .await
            .unwrap();
        assert_eq!(rows, 3);
        for _ in 0..4 {
            assert_eq!(forgot(app, "nobody@acme.test").await.status, 200);
        }
        let answer = forgot(app, "nobody@acme.test").await;
        assert_eq!(answer.status, 429);
        assert_ne!(answer.header("retry-after"), "");
    }
);

on_both_engines!(
    s12_an_unproved_address_shows_nothing_until_its_code_is_typed,
    |app| {
        let una = unverified(app, "una@new.test").await;
        invited(
            &app.desk,
            app.world.acme,
            app.world.acme_admin,
            "una@new.test",
            None,
        )
        .await;
        let session = app.session_of(una).await;
        assert_eq!(home(&session).await, (200, 0));
        let (status, _) = session.call("/api/accounts/send_code", json!({})).await;
        assert_eq!(status, 200);
        app.send_mails().await;
        let code = mailed(app, "una@new.test");
        let other = if code == "00000000" {
            "00000001"
        } else {
            "00000000"
        };
        let confirm = async |code: &str| {
            let arguments = json!({ "code": code });
            session.call("/api/accounts/confirm", arguments).await.0
        };
        for _ in 0..4 {
            assert_eq!(confirm(other).await, 422);
        }
        assert_eq!(home(&session).await, (200, 0));
        assert_eq!(confirm(&code).await, 200, "the fifth try is the last");
        assert_eq!(home(&session).await, (200, 1));
        assert_eq!(confirm(&code).await, 409, "once");

        // Five wrong ones, and the right one is worth nothing.
        let eve = unverified(app, "eve@new.test").await;
        let session = app.session_of(eve).await;
        session.call("/api/accounts/send_code", json!({})).await;
        app.send_mails().await;
        let code = mailed(app, "eve@new.test");
        let other = if code == "00000000" {
            "00000001"
        } else {
            "00000000"
        };
        for (typed, expected) in [(other, 422); 5].into_iter().chain([(code.as_str(), 409)]) {
            let arguments = json!({ "code": typed });
            let (status, _) = session.call("/api/accounts/confirm", arguments).await;
            assert_eq!(status, expected);
        }
    }
);

on_both_engines!(an_address_changes_when_its_code_is_typed, |app| {
    let session = app.as_user("learner@acme.test").await;
    invited(
        &app.desk,
        app.world.globex,
        app.world.globex_admin,
        "leo@new.test",
        None,
    )
    .await;
    let change = async |email: &str, current: &str| {
        let input = json!({ "input": { "email": email, "current": current } });
        session.call("/api/accounts/change_email", input).await.0
    };
    assert_eq!(change("leo@new.test", "wrong").await, 422);
    assert_eq!(change("learner@acme.test", PASSWORD).await, 422);
    // Of somebody else's: the same answer, and only that mailbox is told.
    assert_eq!(change("admin@globex.test", PASSWORD).await, 200);
    // What the asker can see afterwards is the same as well (S27).
    let seen = async |email: &str| {
        assert_eq!(change(email, PASSWORD).await, 200);
        let mut seen = Vec::new();
        for mailed in [false, true] {
            if mailed {
                app.send_mails().await;
            }
            let (_, profile) = session.call("/api/accounts/profile", json!({})).await;
            let typed = json!({ "code": "12345678" });
            let (status, answer) = session.call("/api/accounts/confirm", typed).await;
            seen.push((profile["code_for"] == json!(email), status, answer));
        }
        seen
    };
    let taken = seen("admin@globex.test").await;
    assert!(taken.iter().all(|(asked, ..)| *asked), "{taken:?}");
    assert_eq!(taken, seen("nobody@new.test").await);
    assert_eq!(change("leo@new.test", PASSWORD).await, 200);
    app.send_mails().await;
    let told = app.memory.mails();
    let told = told.iter().find(|kept| kept.mail.to == "admin@globex.test");
    assert!(told.unwrap().mail.subject.contains("already"));
    let code = json!({ "code": mailed(app, "leo@new.test") });
    assert_eq!(session.call("/api/accounts/confirm", code).await.0, 200);
    assert_eq!(
        home(&session).await,
        (200, 1),
        "what waited for it is the account's"
    );
    app.send_mails().await;
    let mails = app.memory.mails();
    assert_eq!(mails.last().unwrap().mail.to, "learner@acme.test");
    let session = app.anonymous();
    let new = sign_in("leo@new.test", PASSWORD);
    assert_eq!(session.call("/api/session/sign_in", new).await.0, 200);
});

on_both_engines!(names_and_passwords_change_and_other_sessions_end, |app| {
    let (here, there) = (
        app.as_user("learner@acme.test").await,
        app.as_user("learner@acme.test").await,
    );
    let rename = async |session: &Session, username: &str| {
        let input = json!({ "input": {
            "first_name": " Leonie ", "last_name": "Long", "username": username,
        } });
        session.call("/api/accounts/rename", input).await.0
    };
    assert_eq!(rename(&here, "Leo.Long").await, 200);
    assert_eq!(
        rename(&app.as_user("admin@acme.test").await, "leo.long").await,
        422
    );
    let (_, profile) = here.call("/api/accounts/profile", json!({})).await;
    assert_eq!(
        (&profile["first_name"], &profile["username"]),
        (&json!("Leonie"), &json!("leo.long"))
    );
    let change = async |current: &str, password: &str| {
        let input = json!({ "input": { "current": current, "password": password } });
        here.call("/api/accounts/change_password", input).await.0
    };
    assert_eq!(change("wrong", NEW).await, 422);
    assert_eq!(change(PASSWORD, "short").await, 422);
    assert_eq!(change(PASSWORD, NEW).await, 200);
    assert_eq!((home(&here).await.0, home(&there).await.0), (200, 401));
});

on_both_engines!(
    s19_a_deactivated_or_deleted_account_is_at_an_end_everywhere,
    |app| {
        let mara = user(&app.desk, "mara@new.test", "Mara", false).await;
        let world = &app.world;
        let (_, _, token) = invited(
            &app.desk,
            world.acme,
            world.acme_admin,
            "mara@new.test",
            Some(mara),
        )
        .await;
        let session = app.session_of(mara).await;
        let root = app.session_of(world.super_admin).await;
        let act = async |what: &str, id: app::domain::id::UserId| {
            let path = format!("/api/users/{what}");
            root.call(&path, json!({ "user": id.to_string() })).await.0
        };
        let open = async || {
            let arguments = json!({ "token": token.reveal() });
            app.anonymous().call("/api/landing/open", arguments).await.0
        };
        assert_eq!((open().await, act("deactivate", mara).await), (200, 200));
        assert_eq!((open().await, home(&session).await.0), (404, 401));
        assert_eq!(
            (act("deactivate", mara).await, act("reactivate", mara).await),
            (404, 200)
        );
        assert_eq!(open().await, 200);
        // Nobody else could do what these do.
        assert_eq!(act("deactivate", world.super_admin).await, 409);
        assert_eq!(act("delete", world.acme_admin).await, 409);

        let session = app.as_user("mara@new.test").await;
        let wrong = json!({ "current": "wrong" });
        assert_eq!(session.call("/api/accounts/delete", wrong).await.0, 422);
        let right = json!({ "current": PASSWORD });
        assert_eq!(session.call("/api/accounts/delete", right).await.0, 200);
        assert_eq!((open().await, home(&session).await.0), (404, 401));
        let bytes = if app.desk.storage.is_postgres() {
            dump(app).await
        } else {
            Vec::new()
        };
        let address = b"mara@new.test";
        let found = bytes.windows(address.len()).any(|part| part == address);
        assert!(!found, "the address is gone");
        assert_eq!(act("reactivate", mara).await, 404);
        // The address is free: it may be invited anew.
        user(&app.desk, "mara@new.test", "Mara", false).await;
    }
);

on_both_engines!(vouching_is_audited_and_gives_what_waits, |app| {
    let una = unverified(app, "una@new.test").await;
    invited(
        &app.desk,
        app.world.acme,
        app.world.acme_admin,
        "una@new.test",
        None,
    )
    .await;
    let root = app.session_of(app.world.super_admin).await;
    let (_, page) = root
        .call(
            "/api/users/list",
            json!({ "input": { "search": "UNA new.test", "after": null } }),
        )
        .await;
    assert_eq!(page["users"][0]["user"], una.to_string());
    assert_eq!(page["users"][0]["email_verified"], false);
    let vouch = json!({ "user": una.to_string() });
    assert_eq!(root.call("/api/users/vouch", vouch.clone()).await.0, 200);
    assert_eq!(root.call("/api/users/vouch", vouch).await.0, 404);
    assert_eq!(home(&app.session_of(una).await).await, (200, 1));
    let by = app.world.super_admin;
    let (events,): (i64,) = app
        .desk
        .storage
        .read(move |tx| {
            Box::pin(tx.one(
                "SELECT COUNT(*) FROM audit_events WHERE action = 'user.vouched' AND actor_id = $1",
                args![by],
            ))
        })
        .await
        .unwrap();
    assert_eq!(events, 1);
});
