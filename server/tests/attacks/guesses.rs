//! S10: whoever guesses has to wait, nobody else has.

use std::net::Ipv4Addr;

use serde_json::{Value, json};
use server::clock::Secret;

use super::{account, common, invited};
use common::{PASSWORD, TestApp, sign_in};

/// One call from an address of this machine that is not the other tests'.
async fn from(peer: u8, app: &TestApp, path: &str, body: &Value) -> (u16, Option<u64>) {
    let answer = reqwest::Client::builder()
        .local_address(std::net::IpAddr::from(Ipv4Addr::new(127, 0, 0, peer)))
        .build()
        .unwrap()
        .post(format!("{}{path}", app.url))
        .json(body)
        .send()
        .await
        .unwrap();
    let wait = answer
        .headers()
        .get("retry-after")
        .map(|value| value.to_str().unwrap().parse().unwrap());
    (answer.status().as_u16(), wait)
}

fn guess(path: &str) -> Value {
    let token = Secret::draw().unwrap();
    let token = token.reveal();
    match path {
        "/api/landing/never" => json!({ "input": { "token": token, "everywhere": true } }),
        "/api/accounts/reset" => {
            json!({ "input": { "token": token, "password": "a long new password" } })
        }
        // Too long to be anybody's, so that it costs no hash.
        "/api/session/sign_in" => sign_in("learner@acme.test", &"x".repeat(2_000)),
        _ => json!({ "token": token }),
    }
}

on_both_engines!(
    s10_a_flood_of_guesses_is_told_to_wait_and_nobody_else_is,
    |app| {
        let token = invited(app, "mara@new.test").await;
        // Each from a peer of its own: none inherits what another has used up.
        for (peer, path) in [
            (11, "/api/landing/open"),
            (12, "/api/landing/never"),
            (13, "/api/accounts/reset_check"),
            (14, "/api/accounts/reset"),
            (15, "/api/session/sign_in"),
        ] {
            let mut flooded = 0;
            for _ in 0..150 {
                let (status, wait) = from(peer, app, path, &guess(path)).await;
                match status {
                    404 | 422 => assert_eq!((flooded, wait), (0, None), "{path}"),
                    429 => {
                        flooded += 1;
                        let wait = wait.expect("Retry-After");
                        assert!((1..=60).contains(&wait), "{path}: {wait}");
                    }
                    other => panic!("{path}: {other}"),
                }
                if flooded == 5 {
                    break;
                }
            }
            assert_eq!(flooded, 5, "{path}");
            // From elsewhere the same call is answered as ever.
            let (status, wait) = from(21, app, path, &guess(path)).await;
            assert!(matches!(status, 404 | 422), "{path}: {status}");
            assert_eq!(wait, None);
        }
        let own = sign_in("learner@acme.test", PASSWORD);
        assert_eq!(from(22, app, "/api/session/sign_in", &own).await.0, 200);
        // Who guessed badly still opens a link that is good, and so does everybody else.
        for peer in [11, 22] {
            let good = json!({ "token": token });
            let (status, _) = from(peer, app, "/api/landing/open", &good).await;
            assert_eq!(status, 200, "{peer}");
        }
    }
);

on_both_engines!(s10_codes_are_guessed_a_few_times_only, |app| {
    let una = account(app, "una@new.test", false).await;
    let session = app.session_of(una).await;
    let (status, _) = session.call("/api/accounts/send_code", json!({})).await;
    assert_eq!(status, 200);
    app.send_mails().await;
    let confirm = json!({ "code": "00000000" });
    let mut answers = Vec::new();
    for _ in 0..40 {
        let answer = session.post("/api/accounts/confirm", &confirm).await;
        answers.push(answer.status);
        if answer.status == 429 {
            let wait: u64 = answer.header("retry-after").parse().unwrap();
            assert!(wait > 0);
            break;
        }
    }
    assert_eq!(answers.last(), Some(&429), "{answers:?}");
    // Another account's codes are not slowed.
    let other = account(app, "ugo@new.test", false).await;
    let other = app.session_of(other).await;
    assert_ne!(
        other.post("/api/accounts/confirm", &confirm).await.status,
        429
    );
});
