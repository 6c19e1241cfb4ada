//! S31: what the landing page tells about an address.

use serde_json::json;
use server::args;

use super::{account, common, form, invited, open};
use common::Answer;

/// Everything of an answer that a browser gets.
fn whole(answer: &Answer) -> String {
    let mut text = answer.text();
    for (name, value) in &answer.headers {
        text.push_str(name.as_str());
        text.push_str(value.to_str().unwrap_or_default());
    }
    text
}

on_both_engines!(s31_no_answer_of_the_landing_page_holds_the_address, |app| {
    for (email, masked) in [
        ("mara.long+tag@secretplace.test", "m•••@s•••.test"),
        ("q@zq.test", "q•••@z•••.test"),
        ("Ömer@Müller.test", "Ö•••@M•••.test"),
    ] {
        let token = invited(app, email).await;
        let stranger = app.session_of(app.world.globex_admin).await;
        let mut answers = Vec::new();
        // Without an account: the form; signed in as somebody else: the mismatch.
        for (session, next) in [(app.anonymous(), "register"), (stranger, "mismatch")] {
            let landing = open(&session, &token).await;
            assert_eq!(landing["email_masked"], masked);
            assert_eq!(landing["next"], next);
            let opened = json!({ "token": token });
            answers.push(session.post("/api/landing/open", &opened).await);
            answers.push(session.post("/api/landing/show", &json!({})).await);
            answers.push(session.post("/api/landing/accept", &json!({})).await);
            let wrong = json!({ "input": {
                "first_name": "", "last_name": "", "password": "short",
            } });
            answers.push(session.post("/api/landing/register", &wrong).await);
            answers.push(session.get("/i").await);
        }
        // The address has an account meanwhile.
        let canonical = app::domain::email::EmailAddress::parse(email).unwrap();
        let owner = account(app, canonical.canonical(), false).await;
        let session = app.anonymous();
        let landing = open(&session, &token).await;
        assert_eq!(landing["next"], "sign_in");
        answers.push(session.post("/api/landing/show", &json!({})).await);
        let refused = session.post("/api/landing/register", &form()).await;
        assert_eq!(refused.json()["code"], "account_exists");
        answers.push(refused);
        // Signed in as the invitee, who knows it anyway.
        let own = app.session_of(owner).await;
        assert_eq!(open(&own, &token).await["next"], "accept");
        answers.push(own.post("/api/landing/show", &json!({})).await);
        let never = json!({ "input": { "token": token, "everywhere": false } });
        let never = session.post("/api/landing/never", &never).await;
        assert_eq!(
            (never.status, never.json()["email_masked"].as_str()),
            (200, Some(masked))
        );
        answers.push(never);
        // And of the link that is dead now.
        answers.push(session.post("/api/landing/show", &json!({})).await);

        let (local, domain) = email.split_once('@').unwrap();
        let (_, canonical_domain) = canonical.canonical().split_once('@').unwrap();
        for answer in &answers {
            let text = whole(answer).to_lowercase();
            for part in [
                email,
                canonical.canonical(),
                &format!("{local}@"),
                &format!("@{domain}"),
                &format!("@{canonical_domain}"),
                canonical_domain,
            ] {
                assert!(!text.contains(&part.to_lowercase()), "{part}: {text}");
            }
            if local.len() > 4 {
                assert!(!text.contains(&local.to_lowercase()), "{text}");
            }
        }
        common::world_sql(app, "DELETE FROM suppressions", args![]).await;
    }
});
