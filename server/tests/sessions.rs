//! Sign in, who am I, sign out: over HTTP, on both engines.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[macro_use]
mod common;

use common::{Engine, PASSWORD, TestApp, sign_in};
use serde_json::json;
use server::args;

const SIGN_IN: &str = "/api/session/sign_in";
const CURRENT: &str = "/api/session/current";

on_both_engines!(signing_in_shows_who_one_is, |app| {
    let session = app.anonymous();
    let (status, body) = session.call(CURRENT, json!({})).await;
    assert_eq!((status, &body["me"]), (200, &json!(null)));
    assert_eq!(body["demo"], json!(null));

    let (status, me) = session
        .call(SIGN_IN, sign_in(" Admin@ACME.test ", PASSWORD))
        .await;
    assert_eq!(status, 200, "{me}");
    assert_eq!(me["name"], "Ada Example");
    assert_eq!(
        me["memberships"],
        json!([{ "slug": "acme", "name": "Acme Academy", "role": "admin" }])
    );
    let (_, body) = session.call(CURRENT, json!({})).await;
    assert_eq!(body["me"], me);
});

on_both_engines!(every_failure_says_the_same, |app| {
    let deactivate = "UPDATE users SET deactivated_at = 1 WHERE id = $1";
    common::world_sql(app, deactivate, args![app.world.globex_admin]).await;
    let no_login = "UPDATE users SET password_hash = NULL WHERE id = $1";
    common::world_sql(app, no_login, args![app.world.learner]).await;
    let mut bodies = Vec::new();
    for (email, password) in [
        ("admin@acme.test", "wrong"),
        ("nobody@acme.test", PASSWORD),
        ("not an address", PASSWORD),
        ("admin@globex.test", PASSWORD),
        ("learner@acme.test", PASSWORD),
        ("admin@acme.test", ""),
    ] {
        let answer = app
            .anonymous()
            .post(SIGN_IN, &sign_in(email, password))
            .await;
        assert_eq!(answer.status, 422, "{email}");
        assert_eq!(answer.header("set-cookie"), "", "{email}");
        bodies.push(answer.text());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
});

on_both_engines!(s18_the_session_id_changes_at_sign_in, |app| {
    let session = app.as_user("admin@acme.test").await;
    let first = session.cookies();
    assert!(first.starts_with("beckon_session="), "{first}");
    let answer = session
        .post(SIGN_IN, &sign_in("admin@acme.test", PASSWORD))
        .await;
    assert_eq!(answer.status, 200);
    let set = answer.header("set-cookie");
    for part in ["Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=2592000"] {
        assert!(set.contains(part), "{part} is missing");
    }
    assert!(!set.contains("Secure"), "this site is not https");
    assert_ne!(session.cookies(), first);

    // A cookie planted before sign-in never becomes a session, and the old one is gone.
    let planted = app.anonymous();
    planted.add_cookie(&first);
    let (_, body) = planted.call(CURRENT, json!({})).await;
    assert_eq!(body["me"], json!(null));
    let fixed = app.anonymous();
    fixed.add_cookie("beckon_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let (status, _) = fixed
        .call(SIGN_IN, sign_in("learner@acme.test", PASSWORD))
        .await;
    assert_eq!(status, 200);
    assert!(!fixed.cookies().contains("=AAAA"));
});

on_both_engines!(s53_a_signed_out_session_stays_dead, |app| {
    let session = app.as_user("learner@acme.test").await;
    let other = app.as_user("learner@acme.test").await;
    let cookie = session.cookies();
    let answer = session.post("/api/session/sign_out", &json!({})).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    let replay = app.anonymous();
    replay.add_cookie(&cookie);
    let answer = replay.post("/api/mine/home", &json!({})).await;
    assert_eq!(answer.status, 401);
    // A call that was under way while somebody signed in must not take the new cookie
    // away; asked who is signed in, the server takes away what stands for nothing.
    assert_eq!(answer.header("set-cookie"), "");
    let answer = replay.post(CURRENT, &json!({})).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("set-cookie").contains("beckon_session=;"));
    let (status, _) = other.call("/api/mine/home", json!({})).await;
    assert_eq!(
        status, 200,
        "signing out here leaves the other browser alone"
    );
});

on_both_engines!(signing_out_everywhere_ends_every_session, |app| {
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(app.as_user("learner@acme.test").await);
    }
    let admin = app.as_user("admin@acme.test").await;
    let (status, _) = sessions[0]
        .call("/api/session/sign_out_everywhere", json!({}))
        .await;
    assert_eq!(status, 200);
    for session in &sessions {
        let (status, _) = session.call("/api/mine/home", json!({})).await;
        assert_eq!(status, 401);
    }
    let (status, _) = admin.call("/api/mine/home", json!({})).await;
    assert_eq!(status, 200, "another person's session goes on");
});

/// Waits until a session's use just now is in the database: no request waits for that.
async fn written_down(app: &common::TestApp) {
    let now = app.desk.now();
    loop {
        let (uses,): (i64,) = app
            .desk
            .storage
            .read(move |tx| {
                Box::pin(tx.one(
                    "SELECT COUNT(*) FROM sessions WHERE last_seen_at = $1",
                    args![now],
                ))
            })
            .await
            .unwrap();
        if uses > 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

on_both_engines!(sessions_end_by_idling_by_age_and_with_the_account, |app| {
    const DAY: i64 = 86_400;
    let session = app.session_of(app.world.learner).await;
    let alive = async || session.call("/api/mine/home", json!({})).await.0;
    app.clock.advance_seconds(7 * DAY - 1);
    assert_eq!(alive().await, 200, "used within seven days");
    app.clock.advance_seconds(7 * DAY);
    assert_eq!(alive().await, 401, "seven days without use");

    let session = app.session_of(app.world.learner).await;
    let alive = async || session.call("/api/mine/home", json!({})).await.0;
    for _ in 0..4 {
        app.clock.advance_seconds(6 * DAY);
        assert_eq!(alive().await, 200, "in use");
        written_down(app).await;
    }
    app.clock.advance_seconds(6 * DAY);
    assert_eq!(alive().await, 401, "thirty days old, though in use");

    let session = app.session_of(app.world.learner).await;
    let deactivate = "UPDATE users SET deactivated_at = 1 WHERE id = $1";
    common::world_sql(app, deactivate, args![app.world.learner]).await;
    let (status, _) = session.call("/api/mine/home", json!({})).await;
    assert_eq!(status, 401, "the account was deactivated");
});

on_both_engines!(
    s10_guessing_one_account_is_slowed_and_others_are_not,
    |app| {
        let guesser = app.anonymous();
        let mut refused = None;
        for guess in 0..25 {
            let email = if guess % 2 == 0 {
                "admin@acme.test"
            } else {
                "ADMIN@acme.test"
            };
            let answer = guesser.post(SIGN_IN, &sign_in(email, "guess")).await;
            if answer.status == 429 {
                refused = Some(answer);
                break;
            }
            assert_eq!(answer.status, 422);
        }
        let refused = refused.expect("25 guesses at one account were all let through");
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(
            refused.json(),
            json!({ "kind": "too_many", "retry_after": wait })
        );
        // Not even the right password goes through now, but other people sign in.
        let (status, _) = guesser
            .call(SIGN_IN, sign_in("admin@acme.test", PASSWORD))
            .await;
        assert_eq!(status, 429);
        app.as_user("learner@acme.test").await;
    }
);

/// `https` gives the cookie the name that binds it to this host, and `Secure`.
#[tokio::test]
async fn an_https_site_has_a_host_cookie() {
    let app = TestApp::start_with(Engine::Sqlite, |settings| settings.secure_cookies = true).await;
    let session = app.anonymous();
    let answer = session
        .post(SIGN_IN, &sign_in("learner@acme.test", PASSWORD))
        .await;
    let set = answer.header("set-cookie");
    assert!(set.starts_with("__Host-beckon=") && set.contains("; Secure"));
    assert_eq!(
        answer.header("strict-transport-security"),
        "max-age=31536000"
    );
    app.end().await;
}

/// Cookies and passwords cannot be read back from the database (S03).
async fn no_secret_in_the_database(engine: Engine) {
    let app = TestApp::start(engine).await;
    let session = app.as_user("learner@acme.test").await;
    let cookies = session.cookies();
    let (_, secret) = cookies.split_once('=').unwrap();
    let dump = common::dump(&app).await;
    let holds = |text: &str| dump.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("learner@acme.test"), "the dump is the database's");
    assert!(!holds(secret));
    assert!(!holds(PASSWORD));
    app.end().await;
}

#[tokio::test]
async fn s03_the_database_holds_no_cookie_on_sqlite() {
    no_secret_in_the_database(Engine::Sqlite).await;
}

#[tokio::test]
async fn s03_the_database_holds_no_cookie_on_postgres() {
    no_secret_in_the_database(Engine::Postgres).await;
}

/// A try to sign in from a peer of the test's own; the answer's status.
async fn try_from(
    service: &server::services::sessions::SessionsService,
    peer: &str,
    email: &str,
    password: &str,
) -> u16 {
    use app::ports::Sessions as _;
    let caller = app::ports::Caller {
        actor: app::domain::actor::Actor::Anonymous,
        peer: peer.parse().unwrap(),
        landing: None,
        user_agent: String::new(),
    };
    let input = app::api::session::SignIn {
        email: email.to_owned(),
        password: password.to_owned(),
    };
    match service.sign_in(&caller, input).await {
        Ok(_) => 200,
        Err(error) => error.status(),
    }
}

/// Too long to be anybody's: refused without the slow hash.
fn no_password() -> String {
    "x".repeat(2_000)
}

/// One person has every address of an IPv6 /64: guesses from all over it are one peer's.
#[tokio::test]
async fn s10_guesses_from_one_network_are_one_peers() {
    let app = TestApp::start(Engine::Sqlite).await;
    let service = server::services::sessions::SessionsService::new(app.desk.clone());
    let mut answers = std::collections::BTreeSet::new();
    for n in 0..120 {
        let (peer, email) = (format!("2001:db8:0:7::{n:x}"), format!("s{n}@acme.test"));
        answers.insert(try_from(&service, &peer, &email, &no_password()).await);
    }
    assert_eq!(answers, [422, 429].into());
    let other = try_from(&service, "2001:db8:0:8::1", "s@acme.test", &no_password()).await;
    assert_eq!(other, 422);
    app.end().await;
}

/// Nobody can be locked out by somebody who hammers at his account from elsewhere, nor by
/// signing in often; and guesses from very many networks are slowed in the end.
#[tokio::test]
async fn s10_hammering_at_an_account_does_not_lock_its_owner_out() {
    const EMAIL: &str = "learner@acme.test";
    let app = TestApp::start(Engine::Sqlite).await;
    let service = server::services::sessions::SessionsService::new(app.desk.clone());
    let mut last = 0;
    for _ in 0..30 {
        last = try_from(&service, "192.0.2.1", EMAIL, &no_password()).await;
    }
    assert_eq!(last, 429, "the guesser has to wait");
    assert_eq!(try_from(&service, "192.0.2.1", EMAIL, PASSWORD).await, 429);
    for _ in 0..25 {
        assert_eq!(
            try_from(&service, "198.51.100.7", EMAIL, PASSWORD).await,
            200
        );
    }
    let mut answers = std::collections::BTreeSet::new();
    for n in 0..1_100 {
        let peer = format!("10.{}.{}.1", n / 250, n % 250);
        answers.insert(try_from(&service, &peer, EMAIL, &no_password()).await);
    }
    assert_eq!(answers, [422, 429].into());
    app.end().await;
}
