//! The http layer: guard, headers, files, events; over real connections.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[macro_use]
mod common;

use std::time::Duration;

use common::{Answer, Engine, INDEX, PASSWORD, Session, TestApp, sign_in};
use reqwest::Method;
use serde_json::{Value, json};
use server::{args, clock::new_id};

const CURRENT: &str = "/api/session/current";

async fn with(session: &Session, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = session.request(Method::POST, path).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    session.send(request).await
}

on_both_engines!(
    s47_another_sites_request_is_refused_and_changes_nothing,
    |app| {
        let admin = app.session_of(app.world.acme_admin).await;
        let json = ("content-type", "application/json");
        let out = "/api/session/sign_out_everywhere";
        for (status, headers) in [
            (415, &[("content-type", "text/plain")][..]),
            (
                415,
                &[("content-type", "application/x-www-form-urlencoded")],
            ),
            (415, &[("content-type", "multipart/form-data; boundary=x")]),
            (415, &[]),
            (403, &[json, ("sec-fetch-site", "cross-site")]),
            (403, &[json, ("sec-fetch-site", "same-site")]),
            (403, &[json, ("origin", "https://evil.test")]),
            (403, &[json, ("origin", "null")]),
        ] {
            let answer = with(&admin, out, headers, "{}").await;
            assert_eq!(answer.status, status, "{headers:?}");
        }
        for method in [
            Method::GET,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::HEAD,
        ] {
            let request = admin
                .request(method.clone(), out)
                .header("x-http-method-override", "POST")
                .header("x-method-override", "POST")
                .header("content-type", "application/json")
                .body("{}");
            let answer = admin.send(request).await;
            assert_eq!(answer.status, 405, "{method}");
            assert_eq!(answer.header("allow"), "POST");
        }
        let (status, _) = admin.call("/api/mine/home", json!({})).await;
        assert_eq!(status, 200, "none of this signed the admin out");
        for headers in [
            &[json][..],
            &[json, ("sec-fetch-site", "same-origin")],
            &[json, ("sec-fetch-site", "none")],
            &[
                ("content-type", "application/json; charset=utf-8"),
                ("origin", &app.url),
            ],
        ] {
            let answer = with(&admin, CURRENT, headers, "{}").await;
            assert_eq!(answer.status, 200, "{headers:?}");
        }
    }
);

on_both_engines!(s48_every_answer_refuses_to_be_framed, |app| {
    let session = app.anonymous();
    for answer in [
        session.get("/").await,
        session.get("/t/acme/management").await,
        session.get("/healthz").await,
        session.get("/missing.wasm").await,
        session.get("/app-0123456789abcdef.js").await,
        session.get("/api/events?tenant=acme").await,
        session.get("/demo/mailbox/1/html").await,
        session.post(CURRENT, &json!({})).await,
        session.post("/api/tenants/list", &json!({})).await,
        session.post("/api/no/such", &json!({})).await,
    ] {
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "style-src 'self'",
        ] {
            assert!(policy.contains(part), "{part} is missing in {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert!(answer.header("permissions-policy").contains("camera=()"));
    }
});

/// The policy lets exactly the page's own inline script run.
#[tokio::test]
async fn s42_the_policy_names_the_pages_script_and_no_other() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use sha2::{Digest as _, Sha256};
    let app = TestApp::start(Engine::Sqlite).await;
    let page = app.anonymous().get("/").await;
    assert_eq!(page.text(), INDEX);
    let script = INDEX.split("module\">").nth(1).unwrap();
    let script = script.split("</script>").next().unwrap();
    let hash = STANDARD.encode(Sha256::digest(script));
    assert!(
        page.header("content-security-policy").contains(&format!(
            "script-src 'self' 'wasm-unsafe-eval' 'sha256-{hash}';"
        )),
        "{}",
        page.header("content-security-policy")
    );
    app.end().await;
}

on_both_engines!(s08_no_answer_tells_where_one_was, |app| {
    let session = app.anonymous();
    let page = session.get("/i").await;
    assert_eq!(
        (page.status, page.header("referrer-policy")),
        (200, "no-referrer")
    );
    let (_, _, token) = common::world::invited(
        &app.desk,
        app.world.acme,
        app.world.acme_admin,
        "mara@example.test",
        None,
    )
    .await;
    // The landing page's calls are kept by no cache, whether they fail or not.
    for (path, body, status) in [
        ("/api/landing/open", json!({ "token": "x" }), 404),
        ("/api/landing/show", json!({}), 404),
        ("/api/landing/open", json!({ "token": token.reveal() }), 200),
        ("/api/landing/show", json!({}), 200),
        (CURRENT, json!({}), 200),
    ] {
        let answer = session.post(path, &body).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
    }
});

on_both_engines!(s49_no_answer_redirects, |app| {
    let session = app.anonymous();
    // A plain form's Accept and a foreign Referer: the library would redirect there.
    for (path, body) in [
        (CURRENT, "{}".to_owned()),
        (
            "/api/session/sign_in",
            sign_in("admin@acme.test", "wrong").to_string(),
        ),
        ("/api/session/sign_in", "not json".to_owned()),
    ] {
        let headers = [
            ("content-type", "application/json"),
            ("accept", "text/html"),
            ("referer", "https://evil.test/"),
        ];
        let answer = with(&session, path, &headers, &body).await;
        assert!(
            !(300..400).contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        assert_eq!(answer.header("location"), "", "{path}");
    }
    for path in [
        "/sign-in?next=https://evil.test",
        "//evil.test",
        "/\\evil.test",
        "/%2f/evil.test",
    ] {
        let answer = session.get(path).await;
        assert_eq!(answer.header("location"), "", "{path}");
        assert!(!(300..400).contains(&answer.status), "{path}");
    }
});

on_both_engines!(what_cannot_be_read_is_refused_without_internals, |app| {
    let session = app.anonymous();
    let json = [("content-type", "application/json")];
    for body in [
        "",
        "not json",
        "[]",
        "{}",
        r#"{"input":{"email":1}}"#,
        "\u{0}",
    ] {
        let answer = with(&session, "/api/session/sign_in", &json, body).await;
        assert_eq!(answer.status, 400, "{body:?}");
        assert_eq!(
            answer.json(),
            json!({ "kind": "bad_request", "message": "The request could not be read." })
        );
    }
    let (status, body) = session.call("/api/no/such", json!({})).await;
    assert_eq!((status, body), (404, json!({ "kind": "not_found" })));
});

on_both_engines!(a_large_body_is_refused_with_a_sentence, |app| {
    let admin = app.session_of(app.world.acme_admin).await;
    let body = |megabytes: usize| {
        let filler = "x".repeat(megabytes * 1024 * 1024);
        json!({ "tenant": "acme", "filler": filler })
    };
    let answer = admin.post("/api/tenants/overview", &body(1)).await;
    assert_eq!(answer.status, 200);
    let answer = admin.post("/api/tenants/overview", &body(2)).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["kind"], "too_large");
    assert!(answer.text().contains("larger than 2 MB"));
    // Announced or not makes no difference.
    for megabytes in [5, 40] {
        let chunks = (0..megabytes).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1024 * 1024]));
        let stream = reqwest::Body::wrap_stream(tokio_stream::iter(chunks));
        let request = admin
            .request(Method::POST, "/api/imports/chunk")
            .header("content-type", "application/json")
            .body(stream);
        let answer = admin.send(request).await;
        assert_eq!(answer.status, 413);
        assert!(answer.text().contains("larger than 4 MB"));
    }
});

/// 1,000 rows of 6 KB are more than one body may have: they go in several.
#[tokio::test]
async fn a_list_of_wide_rows_is_submitted() {
    use app::bulk::draft::{RowDraft, next_chunk};
    use sha2::{Digest as _, Sha256};
    let sha = |text: &str| {
        let bytes = Sha256::digest(text.as_bytes());
        let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        pairs.concat()
    };
    let app = TestApp::start(Engine::Sqlite).await;
    let admin = app.session_of(app.world.acme_admin).await;
    let rows: Vec<RowDraft> = (0..1_000)
        .map(|row| RowDraft {
            row,
            line: row + 2,
            email: format!("wide{row}@people.test"),
            note: "n".repeat(2_000),
            metadata: vec!["m".repeat(2_000); 2],
            ..RowDraft::default()
        })
        .collect();
    let (mut parts, mut next) = (Vec::new(), 0);
    while next < rows.len() {
        let (count, text) = next_chunk(&mut rows[next..].iter().cloned()).unwrap();
        parts.push((next, sha(&text), text));
        next += count as usize;
    }
    assert!(parts.len() > 1);
    let hashes: String = parts.iter().map(|(_, hash, _)| hash.as_str()).collect();
    let input = json!({ "input": {
        "tenant": "acme", "idempotency_key": "a-key-of-wide-rows", "file_name": "wide.csv",
        "rows": 1_000, "metadata_columns": ["One", "Two"],
        "content_hash": sha(&hashes), "mode": "valid_now",
    } });
    let (status, begun) = admin.call("/api/imports/begin", input).await;
    assert_eq!(status, 200, "{begun}");
    let import = &begun["import"];
    for (position, hash, text) in parts {
        let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
        let chunk = json!({ "input": {
            "tenant": "acme", "import": import, "position": position, "hash": hash, "rows": rows,
        } });
        let answer = admin.post("/api/imports/chunk", &chunk).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let commit = json!({ "input": { "tenant": "acme", "import": import } });
    let (status, done) = admin.call("/api/imports/commit", commit).await;
    assert_eq!(status, 200, "{done}");
    assert_eq!(done["outcomes"], json!({ "created": 1_000 }));
}

on_both_engines!(who_is_not_signed_in_cannot_fill_the_memory, |app| {
    let nobody = app.anonymous();
    let body = json!({ "filler": "x".repeat(100_000) });
    for path in [
        "/api/imports/chunk",
        "/api/imports/check",
        "/api/session/sign_in",
        "/api/landing/open",
    ] {
        let answer = nobody.post(path, &body).await;
        // As for every ended session: sign in, then send it again.
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.json()["kind"], "sign_in_first", "{path}");
    }
});

/// Pages are HTML, files are files, and what is missing is missing.
#[tokio::test]
async fn the_front_end_is_served_as_files_and_a_page() {
    let app = TestApp::start(Engine::Sqlite).await;
    let session = app.anonymous();
    let page = session.get("/t/acme/management/invite").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-cache");
    let file = session.get("/app-0123456789abcdef.js").await;
    assert_eq!(
        file.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert!(file.header("cache-control").contains("immutable"));

    let again = session
        .request(Method::GET, "/app-0123456789abcdef.js")
        .header("if-none-match", file.header("etag"));
    assert_eq!(session.send(again).await.status, 304);
    for path in [
        "/missing.wasm",
        "/app-ffffffffffffffff_bg.wasm",
        "/favicon.ico",
    ] {
        assert_eq!(session.get(path).await.status, 404, "{path}");
    }
    // A script that asks for a file must not get a page.
    let bare = session
        .request(Method::GET, "/t/acme")
        .header("accept", "*/*");
    assert_eq!(session.send(bare).await.status, 404);
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = session.send(session.request(method, "/t/acme")).await;
        assert_eq!(answer.status, 405);
    }
    let health = session.get("/healthz").await;
    assert_eq!((health.status, health.text().as_str()), (200, "ok"));
    app.end().await;
}

on_both_engines!(s09_reading_changes_nothing, |app| {
    use common::world::invited;
    let (_, _, token) = invited(
        &app.desk,
        app.world.acme,
        app.world.acme_admin,
        "mara@example.test",
        None,
    )
    .await;
    let session = app.anonymous();
    let token = token.reveal().to_owned();
    for path in [
        "/i".to_owned(),
        format!("/i?token={token}"),
        format!("/api/landing/open?token={token}"),
        "/api/landing/accept".to_owned(),
        "/api/landing/register".to_owned(),
    ] {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            let request = session
                .request(method, &path)
                .header("accept", "text/html")
                .header("purpose", "prefetch");
            let answer = session.send(request).await;
            assert_eq!(answer.header("set-cookie"), "", "{path}");
        }
    }
    // The link still opens, for the first time.
    let (status, landing) = session
        .call("/api/landing/open", json!({ "token": token }))
        .await;
    assert_eq!(
        (status, &landing["next"]),
        (200, &json!("register")),
        "{landing}"
    );
});

on_both_engines!(changes_are_told_to_those_who_may_see_them, |app| {
    let admin = app.session_of(app.world.acme_admin).await;
    let stream = async |session: &Session| {
        let request = session.request(Method::GET, "/api/events?tenant=acme");
        request.send().await.unwrap()
    };
    let mut events = stream(&admin).await;
    assert_eq!(events.status(), 200);
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    assert_eq!(events.headers()["cache-control"], "no-store");
    assert!(events.headers().get("content-encoding").is_none());
    let now = app.desk.now();
    let (acme, globex) = (app.world.acme, app.world.globex);
    app.desk
        .storage
        .write(move |tx| {
            Box::pin(async move {
                tx.announce(globex, now).await?;
                tx.announce(acme, now).await
            })
        })
        .await
        .unwrap();
    let told = tokio::time::timeout(Duration::from_secs(10), async {
        let mut text = String::new();
        while !text.contains("event: changed") {
            let chunk = events
                .chunk()
                .await
                .unwrap()
                .expect("the stream ended early");
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
        text
    })
    .await
    .expect("no change was told");
    assert_eq!(told.matches("event: changed").count(), 1, "{told}");
    assert!(!told.contains(&globex.to_string()));
});

/// Another site's page may not listen, and whoever loses the right hears no more: asked
/// again each minute, here more often.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s47_a_stream_is_for_our_pages_and_ends_with_the_right() {
    let often = Duration::from_millis(50);
    let app = TestApp::start_as(Engine::Sqlite, often, |_| {}).await;
    let admin = app.session_of(app.world.acme_admin).await;
    let ask = || admin.request(Method::GET, "/api/events?tenant=acme");
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.test"),
    ] {
        let answer = admin.send(ask().header(name, value)).await;
        assert_eq!(answer.status, 403, "{name}: {value}");
    }
    let mut events = ask().send().await.unwrap();
    assert_eq!(events.status(), 200);
    // The right is there still, however often it is asked for.
    let quiet = tokio::time::timeout(often * 10, async {
        while events.chunk().await.unwrap().is_some() {}
    })
    .await;
    assert!(quiet.is_err(), "the stream ended though the right is there");
    let remove = "DELETE FROM memberships WHERE user_id = $1";
    common::world_sql(&app, remove, args![app.world.acme_admin]).await;
    tokio::time::timeout(Duration::from_secs(10), async {
        while events.chunk().await.unwrap().is_some() {}
    })
    .await
    .expect("the stream goes on though the right is gone");
    app.end().await;
}

/// A page of another site that makes its own name point at this machine (DNS rebinding)
/// gets nothing of a demo, whose passwords are public.
#[tokio::test]
async fn s47_a_demo_answers_under_this_machines_names_only() {
    let demo = TestApp::start_with(Engine::Sqlite, |settings| {
        settings.demo = true;
        settings.public_url = "https://demo.example.org".to_owned();
    })
    .await;
    let session = demo.anonymous();
    let as_host = async |path: &str, host: &str| {
        let request = session.request(Method::POST, path).header("host", host);
        session.send(request.json(&json!({}))).await
    };
    let get = async |path: &str, host: &str| {
        let request = session.request(Method::GET, path).header("host", host);
        session.send(request.header("accept", "text/html")).await
    };
    for host in [
        "evil.test",
        "evil.test:3000",
        "localhost.evil.test",
        "0.0.0.0",
    ] {
        let answer = as_host(CURRENT, host).await;
        assert_eq!(answer.status, 421, "{host}");
        assert!(!answer.text().contains(PASSWORD));
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(get("/", host).await.status, 421, "{host}");
        assert_eq!(get("/healthz", host).await.status, 421, "{host}");
    }
    for host in [
        "localhost",
        "localhost:3000",
        "127.0.0.1",
        "[::1]:1",
        "DEMO.example.org",
    ] {
        assert_eq!(as_host(CURRENT, host).await.status, 200, "{host}");
        assert_eq!(get("/", host).await.status, 200, "{host}");
    }
    demo.end().await;
    // The real thing stands behind proxies with names of their own, and shows no passwords.
    let real = TestApp::start(Engine::Sqlite).await;
    let session = real.anonymous();
    let request = session
        .request(Method::GET, "/healthz")
        .header("host", "any.test");
    assert_eq!(session.send(request).await.status, 200);
    real.end().await;
}

/// Streams do not keep the server from ending.
#[tokio::test]
async fn f18_open_streams_end_first() {
    let app = TestApp::start(Engine::Sqlite).await;
    let admin = app.session_of(app.world.acme_admin).await;
    let request = admin.request(Method::GET, "/api/events?tenant=acme");
    let mut events = request.send().await.unwrap();
    let url = app.url.clone();
    tokio::time::timeout(Duration::from_secs(10), app.end())
        .await
        .expect("the server waited for its streams");
    while events.chunk().await.unwrap().is_some() {}
    assert!(reqwest::get(format!("{url}/healthz")).await.is_err());
}

/// A mail's HTML part is shown under a policy of its own, and only in a demo.
#[tokio::test]
async fn the_demos_mailbox_shows_mails_apart() {
    let app = TestApp::start_with(Engine::Sqlite, |settings| settings.demo = true).await;
    let id = new_id(common::NOW).simple().to_string();
    std::fs::create_dir(&app.mail_folder).unwrap();
    std::fs::write(
        app.mail_folder.join(format!("{id}.eml")),
        "From: a@b.test\r\nTo: c@d.test\r\nSubject: Hi\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hello</p><script>x</script>\r\n",
    )
    .unwrap();
    let session = app.anonymous();
    let (status, mails) = session
        .call("/api/demo/mails", json!({ "search": "D.TEST" }))
        .await;
    assert_eq!(status, 200, "{mails}");
    assert_eq!(mails["mails"][0]["id"], Value::from(id.clone()));
    assert_eq!(mails["next"], json!(null));
    let (status, mail) = session.call("/api/demo/mail", json!({ "id": id })).await;
    assert_eq!((status, &mail["line"]["subject"]), (200, &json!("Hi")));
    let html = session.get(&format!("/demo/mailbox/{id}/html")).await;
    assert_eq!(html.status, 200);
    assert!(html.text().contains("<p>Hello</p>"));
    let policy = html.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"));
    assert!(!policy.contains("script-src") && !policy.contains("allow-scripts"));
    assert_eq!(html.header("x-frame-options"), "SAMEORIGIN");
    let (_, current) = session.call(CURRENT, json!({})).await;
    assert_eq!(current["demo"]["password"], PASSWORD);
    // What the mailbox says about where mails go.
    assert_eq!(current["demo"]["mails_leave"], true);
    app.end().await;
}

on_both_engines!(s55_a_database_that_is_away_gives_a_neutral_answer, |app| {
    let admin = app.session_of(app.world.acme_admin).await;
    let rename = "ALTER TABLE memberships RENAME TO memberships_away";
    common::world_sql(app, rename, args![]).await;
    let answer = admin
        .post("/api/tenants/overview", &json!({ "tenant": "acme" }))
        .await;
    let text = answer.text();
    assert!(matches!(answer.status, 500 | 503), "{text}");
    assert!(
        !text.contains("membership") && !text.contains("SQL"),
        "{text}"
    );
    let back = "ALTER TABLE memberships_away RENAME TO memberships";
    common::world_sql(app, back, args![]).await;
    let (status, _) = admin
        .call("/api/tenants/overview", json!({ "tenant": "acme" }))
        .await;
    assert_eq!(status, 200, "it recovers by itself");
});
