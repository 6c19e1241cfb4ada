//! S54: one event is one line of the log, whatever somebody sent.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::json;
use server::{
    jobs,
    mail::{FailureClass, MailFailure, Mailer},
};
use tracing_subscriber::EnvFilter;

use super::{
    common,
    common::{Engine, TestApp},
    form, open, row, submit,
};

/// What was logged, and how many events it were.
#[derive(Clone, Default)]
struct Log {
    bytes: Arc<Mutex<Vec<u8>>>,
    events: Arc<AtomicUsize>,
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> tracing_subscriber::fmt::MakeWriter<'w> for Log {
    type Writer = Self;
    fn make_writer(&'w self) -> Self {
        self.events.fetch_add(1, Ordering::SeqCst);
        self.clone()
    }
}

impl Log {
    /// The lines, each of which must be a record by its form.
    fn records(&self) -> Vec<String> {
        let text = String::from_utf8(self.bytes.lock().unwrap().clone()).unwrap();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for line in &lines {
            let time = line.get(..20).unwrap_or_default();
            let is_time = time.starts_with("20") && time.as_bytes()[10] == b'T';
            let level = line.split_whitespace().nth(1).unwrap_or_default();
            let is_level = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].contains(&level);
            assert!(is_time && is_level, "no record: {line:?}");
            assert!(!line.contains(char::is_control), "{line:?}");
            assert!(!line.contains(['\u{2028}', '\u{202e}']), "{line:?}");
        }
        assert_eq!(lines.len(), self.events.load(Ordering::SeqCst));
        lines
    }
}

const EVIL: &str = "x\r\n2026-11-19T00:00:00.000000Z ERROR forged: all is lost\n\u{1b}[2J\u{1b}]0;y\
    \u{7}\u{9b}1A\u{8}\u{2028}forged\u{202e}\u{85}";

#[test]
fn s54_every_kind_of_value_stays_in_its_record() {
    let log = Log::default();
    let subscriber = server::log::subscriber(EnvFilter::new("trace"), false, log.clone());
    let error = std::io::Error::other(EVIL);
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!("{EVIL}");
        tracing::info!(EVIL);
        tracing::warn!(%error, "shown");
        tracing::warn!(?error, "debugged");
        tracing::warn!(error = &error as &dyn std::error::Error, "as an error");
        tracing::error!(text = EVIL, "a text");
        tracing::error!(text = %EVIL, path = ?EVIL, number = 7, "several");
        tracing::info_span!("span", text = %EVIL).in_scope(|| tracing::info!("inside"));
    });
    let records = log.records();
    assert_eq!(records.len(), 8);
    assert!(
        records[6].contains("several text=x\\r\\n2026"),
        "{}",
        records[6]
    );
    assert!(records[6].ends_with("number=7"), "{}", records[6]);
}

async fn story(engine: Engine) {
    let log = Log::default();
    let subscriber = server::log::subscriber(EnvFilter::new("trace"), false, log.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let app = TestApp::start(engine).await;
    let admin = app.session_of(app.world.acme_admin).await;
    let anonymous = app.anonymous();
    for path in [
        "/x%0d%0a2026-11-19T00:00:00Z%20ERROR%20forged",
        "/%1b[2J%00%E2%80%A8",
        "/api/no%0Asuch",
        "/t/acme%0d%0a?q=%0d%0aforged",
    ] {
        anonymous.get(path).await;
        anonymous.post(path, &json!({})).await;
    }
    for (path, body) in [
        (
            "/api/session/sign_in",
            common::sign_in(&format!("{EVIL}@acme.test"), EVIL),
        ),
        ("/api/landing/open", json!({ "token": EVIL })),
        ("/api/accounts/forgot", json!({ "email": EVIL })),
        ("/api/tenants/overview", json!({ "tenant": EVIL })),
        (
            "/api/invitations/list",
            json!({ "input": { "tenant": EVIL } }),
        ),
        (
            "/api/invitations/list",
            json!({ "input": { "tenant": "acme", "filter": { "search": EVIL } } }),
        ),
        ("/api/landing/never", json!({ EVIL: EVIL })),
    ] {
        let request = admin
            .request(reqwest::Method::POST, path)
            .header("user-agent", "Mozilla\t2026-11-19T00:00:00Z ERROR forged")
            .header("x-forwarded-for", "1.2.3.4\tforged")
            .json(&body);
        admin.send(request).await;
    }
    // Names that were kept, a mail server that answers with a forged record, a landing.
    let mut rows = vec![row(2, "mara@new.test"), row(3, "noor@new.test")];
    "x\u{1b}[2J forged".clone_into(&mut rows[0].first_name);
    EVIL.clone_into(&mut rows[0].note);
    submit(&admin, "hostile names", &rows).await;
    super::mails::name_all(&app, "noor@new.test", EVIL).await;
    app.memory
        .refuse(|_| Some(MailFailure::new(FailureClass::Transient, EVIL)));
    let mailer = Mailer::Memory(app.memory.clone());
    jobs::outbox::send_batch(&app.desk, &mailer).await.unwrap();
    app.memory.refuse(|_| None);
    app.clock.advance_seconds(86_400);
    app.send_mails().await;
    let token = super::mailed_token(&app, "noor@new.test");
    let session = app.anonymous();
    open(&session, &token).await;
    session.post("/api/landing/register", &form()).await;
    app.end().await;

    let records = log.records();
    assert!(records.len() > 20, "{}", records.len());
    let said = |text: &str| records.iter().any(|line| line.contains(text));
    assert!(said("answered") && said("a mail was not sent"));
    assert!(said("all is lost"), "what was sent is told, in its record");
}

#[tokio::test]
async fn s54_what_people_send_forges_no_record_on_sqlite() {
    story(Engine::Sqlite).await;
}

#[tokio::test]
async fn s54_what_people_send_forges_no_record_on_postgres() {
    story(Engine::Postgres).await;
}
