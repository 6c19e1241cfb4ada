//! Attacks on links (docs/trust.md, S01–S07 without S03): whatever is wrong, the answer is the
//! same and nothing changes.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

mod stage;

use app::{
    api::{ApiError, landing::Register},
    ports::{Invitations as _, LandingPort as _},
};
use server::{args, jobs::expiry};
use stage::{LIFE, Stage, on_every_engine};
use std::sync::Arc;

/// The link opens nothing, for nobody, and neither does a landing from before.
async fn is_neutral(stage: &Stage, token: &str, landed: &app::ports::Caller) {
    let anonymous = Stage::anonymous();
    let opened = stage.landing.open(&anonymous, token.to_owned()).await;
    assert_eq!(opened.unwrap_err(), ApiError::NotFound);
    assert_eq!(
        stage.landing.show(landed).await.unwrap_err(),
        ApiError::NotFound
    );
    let registered = stage.landing.register(landed, Stage::form()).await;
    assert_eq!(registered.unwrap_err(), ApiError::NotFound);
    let signed_in = app::ports::Caller {
        landing: landed.landing.clone(),
        ..stage.signed_in(stage.ada).await
    };
    assert_eq!(
        stage.landing.accept(&signed_in).await.unwrap_err(),
        ApiError::NotFound
    );
}

#[tokio::test]
async fn s01_an_altered_cut_or_extended_token_opens_nothing() {
    on_every_engine(|stage| async move {
        let (bundle, token) = stage.invited("mara@new.test").await;
        let mut altered = token.clone().into_bytes();
        altered[7] = if altered[7] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        for wrong in [
            altered.as_str(),
            &token[1..],
            &token[..42],
            &format!("{token}A"),
            &format!(" {token}"),
            &token.to_uppercase(),
            &format!("{token}="),
            "",
            "' OR 1=1 --",
        ] {
            let answer = stage.open(&Stage::anonymous(), wrong).await;
            assert_eq!(answer.err(), Some(ApiError::NotFound), "{wrong:?}");
        }
        assert_eq!(stage.status(bundle).await, "pending");
        assert_eq!(
            stage.number("SELECT COUNT(*) FROM landings", args![]).await,
            0
        );
        assert!(stage.open(&Stage::anonymous(), &token).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn s10_a_peer_that_guesses_has_to_wait_and_others_do_not() {
    on_every_engine(|stage| async move {
        let (_, token) = stage.invited("mara@new.test").await;
        let mut refused = None;
        for _ in 0..31 {
            let guess = server::clock::Secret::draw().unwrap();
            let answer = stage.open(&Stage::anonymous(), guess.reveal()).await;
            refused = answer.err();
        }
        assert!(
            matches!(refused, Some(ApiError::TooMany { retry_after }) if retry_after > 0),
            "{refused:?}"
        );
        let other = app::ports::Caller {
            peer: [127, 0, 0, 2].into(),
            ..Stage::anonymous()
        };
        let guess = server::clock::Secret::draw().unwrap();
        let answer = stage.open(&other, guess.reveal()).await;
        assert_eq!(answer.err(), Some(ApiError::NotFound));
        assert!(stage.open(&other, &token).await.is_ok());
    })
    .await;
}

/// Whoever holds one live link cannot keep the server busy with it.
#[tokio::test]
async fn s10_a_live_link_is_no_way_to_keep_the_server_busy() {
    on_every_engine(|stage| async move {
        let (_, token) = stage.invited("mara@new.test").await;
        let (_, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        stage.user("mara@new.test", "Mara", false).await;
        // More than may register from one network: nothing was counted, for nothing was
        // hashed.
        for _ in 0..120 {
            let answer = stage.landing.register(&landed, Stage::form()).await;
            let Err(ApiError::Conflict { code, .. }) = answer else {
                panic!("{answer:?}");
            };
            assert_eq!(code, "account_exists");
        }
        let mut refused = None;
        for _ in 0..320 {
            refused = stage.open(&Stage::anonymous(), &token).await.err();
        }
        assert!(
            matches!(refused, Some(ApiError::TooMany { retry_after }) if retry_after > 0),
            "{refused:?}"
        );
        let other = app::ports::Caller {
            peer: [127, 0, 0, 2].into(),
            ..Stage::anonymous()
        };
        assert!(stage.open(&other, &token).await.is_ok());
    })
    .await;
}

/// One way for a link to end: the test's name for it, and what does it.
async fn s04(
    what: impl AsyncFn(&Stage, app::domain::id::BundleId, &app::ports::Caller),
    stage: Arc<Stage>,
    status_after: &str,
) {
    let mut invite = stage.to_acme("mara@new.test");
    invite.items = vec![("course", stage.course)];
    let bundle = stage.invite(invite).await;
    stage.send_mails().await;
    let token = stage.mailed_token("mara@new.test");
    let (_, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
    what(&stage, bundle, &landed).await;
    let members = "SELECT COUNT(*) FROM memberships";
    let before = stage.number(members, args![]).await;
    is_neutral(&stage, &token, &landed).await;
    assert_eq!(stage.status(bundle).await, status_after);
    assert_eq!(stage.number(members, args![]).await, before);
}

#[tokio::test]
async fn s04_after_accept_the_link_is_neutral() {
    on_every_engine(|stage| {
        s04(
            async |stage, _, landed| {
                stage.register(landed).await.unwrap();
            },
            stage,
            "accepted",
        )
    })
    .await;
}

#[tokio::test]
async fn s04_after_revoke_the_link_is_neutral() {
    on_every_engine(|stage| {
        s04(
            async |stage, bundle, _| {
                let ada = stage.signed_in(stage.ada).await;
                let tenant = "acme".to_owned();
                let input = app::api::invitations::BundleRef { tenant, bundle };
                stage.invitations.revoke(&ada, input).await.unwrap();
            },
            stage,
            "revoked",
        )
    })
    .await;
}

#[tokio::test]
async fn s04_after_expiry_the_link_is_neutral() {
    on_every_engine(|stage| {
        s04(
            async |stage, _, _| {
                stage.clock.advance_seconds(LIFE);
                expiry::expire_batch(&stage.desk).await.unwrap();
            },
            stage,
            "expired",
        )
    })
    .await;
}

#[tokio::test]
async fn s04_when_the_tenant_is_disabled_the_link_is_neutral() {
    on_every_engine(|stage| {
        s04(
            async |stage, _, _| {
                stage
                    .sql(
                        "UPDATE tenants SET disabled_at = 1 WHERE id = $1",
                        args![stage.acme],
                    )
                    .await;
            },
            stage,
            "pending",
        )
    })
    .await;
}

#[tokio::test]
async fn s04_when_the_course_is_archived_the_link_is_neutral() {
    on_every_engine(|stage| {
        s04(
            async |stage, _, _| {
                stage
                    .sql(
                        "UPDATE catalog_items SET archived_at = 1 WHERE id = $1",
                        args![stage.course],
                    )
                    .await;
            },
            stage,
            "pending",
        )
    })
    .await;
}

#[tokio::test]
async fn s04_when_the_inviter_is_removed_demoted_or_deactivated_the_link_is_neutral() {
    for sql in [
        "DELETE FROM memberships WHERE user_id = $1",
        "UPDATE memberships SET role = 'instructor' WHERE user_id = $1",
        "UPDATE users SET deactivated_at = 1 WHERE id = $1",
    ] {
        on_every_engine(|stage| {
            s04(
                async |stage, _, _| {
                    assert_eq!(stage.sql(sql, args![stage.ada]).await, 1);
                },
                stage,
                "pending",
            )
        })
        .await;
    }
}

#[tokio::test]
async fn s04_when_the_invitation_is_switched_off_the_link_is_neutral() {
    on_every_engine(|stage| {
        s04(
            async |stage, bundle, _| {
                stage
                    .sql("UPDATE bundles SET active = 0 WHERE id = $1", args![bundle])
                    .await;
            },
            stage,
            "pending",
        )
    })
    .await;
}

#[tokio::test]
async fn s04_a_deactivated_account_of_the_address_makes_the_link_neutral() {
    on_every_engine(|stage| {
        s04(
            async |stage, _, _| {
                let user = stage.user("mara@new.test", "Mara", false).await;
                stage
                    .sql(
                        "UPDATE users SET deactivated_at = 1 WHERE id = $1",
                        args![user],
                    )
                    .await;
            },
            stage,
            "pending",
        )
    })
    .await;
}

#[tokio::test]
async fn s05_after_a_resend_every_older_link_is_dead() {
    on_every_engine(|stage| async move {
        let (bundle, first) = stage.invited("mara@new.test").await;
        let copied = stage.copied_link(stage.acme, bundle).await;
        let (_, landed) = stage.open(&Stage::anonymous(), &first).await.unwrap();
        stage.clock.advance_seconds(61);
        let ada = stage.signed_in(stage.ada).await;
        let input = app::api::invitations::BundleRef {
            tenant: "acme".to_owned(),
            bundle,
        };
        stage.invitations.resend(&ada, input).await.unwrap();
        is_neutral(&stage, &first, &landed).await;
        is_neutral(&stage, &copied, &landed).await;
        stage.send_mails().await;
        let second = stage.mailed_token("mara@new.test");
        assert_ne!(second, first);
        is_neutral(&stage, &first, &landed).await;
        let (_, landed) = stage.open(&Stage::anonymous(), &second).await.unwrap();
        stage.register(&landed).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn s07_a_millisecond_before_its_time_a_link_works_and_at_its_time_not() {
    on_every_engine(|stage| async move {
        let (_, early) = stage.invited("early@new.test").await;
        let (_, late) = stage.invited("late@new.test").await;
        stage.clock.advance_seconds(LIFE - 1);
        let (_, early) = stage.open(&Stage::anonymous(), &early).await.unwrap();
        let (_, landed) = stage.open(&Stage::anonymous(), &late).await.unwrap();
        stage.register(&early).await.unwrap();
        stage.clock.advance_seconds(1);
        // The job has not run yet: the clock alone decides.
        is_neutral(&stage, &late, &landed).await;
    })
    .await;
}

#[tokio::test]
async fn a_landing_ends_after_half_an_hour_and_the_link_opens_again() {
    on_every_engine(|stage| async move {
        let (_, token) = stage.invited("mara@new.test").await;
        let (_, landed) = stage.open(&Stage::anonymous(), &token).await.unwrap();
        stage.clock.advance_seconds(30 * 60);
        assert_eq!(
            stage.landing.show(&landed).await.unwrap_err(),
            ApiError::NotFound
        );
        expiry::expire_batch(&stage.desk).await.unwrap();
        assert_eq!(
            stage.number("SELECT COUNT(*) FROM landings", args![]).await,
            0
        );
        assert!(stage.open(&Stage::anonymous(), &token).await.is_ok());
    })
    .await;
}

#[test]
fn s14_the_form_has_no_place_for_an_address() {
    let honest = r#"{"first_name":"M","last_name":"","password":"a long password"}"#;
    assert!(serde_json::from_str::<Register>(honest).is_ok());
    for field in ["email", "role", "tenant", "status", "email_verified", "id"] {
        let smuggled = honest.replace('}', &format!(r#","{field}":"x"}}"#));
        assert!(
            serde_json::from_str::<Register>(&smuggled).is_err(),
            "{field}"
        );
    }
}

/// One call as a page would make it: status, `Set-Cookie` values, body.
async fn call(url: &str, function: &str, body: &str, cookie: &str) -> (u16, Vec<String>, String) {
    let answer = reqwest::Client::new()
        .post(format!("{url}/api/{function}"))
        .header("content-type", "application/json")
        .header("accept", "application/json")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookie)
        .body(body.to_owned())
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    let cookies = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|value| value.to_str().unwrap().to_owned())
        .collect();
    (status, cookies, answer.text().await.unwrap())
}

fn pair(cookie: &str) -> &str {
    cookie.split(';').next().unwrap()
}

#[tokio::test]
async fn s09_get_head_and_their_kin_change_nothing() {
    on_every_engine(|stage| async move {
        let (bundle, token) = stage.invited("mara@new.test").await;
        let url = stage.serve().await;
        let (status, cookies, _) = call(
            &url,
            "landing/open",
            &format!(r#"{{"token":"{token}"}}"#),
            "",
        )
        .await;
        assert_eq!((status, cookies.len()), (200, 1));
        let landings = "SELECT COUNT(*) FROM landings";
        let events = "SELECT COUNT(*) FROM audit_events";
        let before = (
            stage.number(landings, args![]).await,
            stage.number(events, args![]).await,
        );
        let client = reqwest::Client::new();
        for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
            for path in [
                format!("/i?token={token}"),
                format!("/api/landing/open?token={token}"),
                "/api/landing/show".to_owned(),
                "/api/landing/accept".to_owned(),
                "/api/landing/register?first_name=M&last_name=&password=a+long+password".to_owned(),
                "/api/mine/decline".to_owned(),
            ] {
                let answer = client
                    .request(method.parse().unwrap(), format!("{url}{path}"))
                    .header("cookie", pair(&cookies[0]))
                    .header("content-type", "application/json")
                    .send()
                    .await
                    .unwrap();
                assert!(
                    !answer.headers().contains_key("set-cookie"),
                    "{method} {path}"
                );
                if path.starts_with("/api/") {
                    assert_eq!(answer.status().as_u16(), 405, "{method} {path}");
                }
            }
        }
        let after = (
            stage.number(landings, args![]).await,
            stage.number(events, args![]).await,
        );
        assert_eq!(before, after);
        assert_eq!(stage.status(bundle).await, "pending");
    })
    .await;
}

#[tokio::test]
async fn s14_s18_over_http_a_smuggled_address_is_refused_and_registering_draws_a_session() {
    on_every_engine(|stage| async move {
        let (bundle, token) = stage.invited("mara@new.test").await;
        let url = stage.serve().await;
        let open = format!(r#"{{"token":"{token}"}}"#);
        let (_, cookies, body) = call(&url, "landing/open", &open, "").await;
        assert!(body.contains("m•••@n•••.test"), "{body}");
        assert!(!body.contains("mara@new.test"), "S31: {body}");
        let landing = pair(&cookies[0]);

        let form = r#""first_name":"M","last_name":"","password":"a long password""#;
        let smuggled = format!(r#"{{"input":{{{form},"email":"eve@evil.test"}}}}"#);
        let (status, cookies, _) = call(&url, "landing/register", &smuggled, landing).await;
        assert_eq!((status, cookies.len()), (400, 0));
        assert_eq!(stage.status(bundle).await, "pending");

        // A session that the attacker planted before is not taken over.
        let planted = format!("{landing}; __Host-beckon={}", "A".repeat(43));
        let honest = format!(r#"{{"input":{{{form}}}}}"#);
        let (status, cookies, body) = call(&url, "landing/register", &honest, &planted).await;
        assert_eq!(status, 200, "{body}");
        assert!(body.contains("mara@new.test"));
        let session = pair(&cookies[0]);
        assert!(session.starts_with("__Host-beckon=") && !planted.contains(session));
        assert!(
            cookies[0].contains("; HttpOnly; SameSite=Lax; "),
            "{cookies:?}"
        );
        assert!(cookies[0].ends_with("; Secure"), "{cookies:?}");
        let (_, _, body) = call(&url, "session/current", "{}", session).await;
        assert!(body.contains("mara@new.test"), "{body}");

        // Used up: the same neutral answer as for a link that never was.
        let used = call(&url, "landing/open", &open, "").await;
        let unknown = format!(r#"{{"token":"{}"}}"#, "A".repeat(43));
        assert_eq!(used, call(&url, "landing/open", &unknown, "").await);
        assert_eq!(used.0, 404);
    })
    .await;
}
