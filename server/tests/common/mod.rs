//! The real server on port 0 over a fresh database, a clock that stands, mail in
//! memory, and a small world: two tenants, their admins, a learner, a super-admin.

#![expect(
    dead_code,
    reason = "each test binary uses its own part of the harness"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a world that cannot be made fails its test"
)]

#[path = "../postgres/mod.rs"]
pub mod postgres;
pub mod world;

use std::{
    net::Ipv4Addr,
    sync::{Arc, LazyLock},
};

use app::domain::{id::UserId, time::Timestamp};
use serde_json::{Value, json};
use server::{
    Setup, build,
    clock::FixedClock,
    jobs,
    mail::{Mailer, Memory},
    services::{Desk, Settings, password, session_cookie},
    storage::Storage,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub use world::World;

/// Thursday, 2026-11-19, midnight UTC.
pub const NOW: Timestamp = Timestamp(1_795_046_400_000);
/// The password of everybody in the world.
pub const PASSWORD: &str = "beckon-demo-1";
/// Hashed once: the hash is meant to be slow.
pub static PASSWORD_HASH: LazyLock<String> =
    LazyLock::new(|| password::hash_now(PASSWORD).unwrap());

/// The page that the test server serves.
pub const INDEX: &str = "<!doctype html><title>Beckon</title>\
    <script type=\"module\">import '/app-0123456789abcdef.js';</script>";

/// Makes the tests `name::sqlite` and `name::postgres` of one story.
#[macro_export]
macro_rules! on_both_engines {
    ($(#[$doc:meta])* $name:ident, |$app:ident| $body:block) => {
        $(#[$doc])*
        mod $name {
            use super::*;

            async fn story($app: &$crate::common::TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let app = $crate::common::TestApp::start($crate::common::Engine::Sqlite).await;
                story(&app).await;
                app.end().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let app = $crate::common::TestApp::start($crate::common::Engine::Postgres).await;
                story(&app).await;
                app.end().await;
            }
        }
    };
}

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file in a temporary folder.
    Sqlite,
    /// A fresh database on the server that `BECKON_TEST_POSTGRES` names.
    Postgres,
}

/// A running server.
pub struct TestApp {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// What its services stand on.
    pub desk: Desk,
    /// Its clock.
    pub clock: Arc<FixedClock>,
    /// The mails it sent.
    pub memory: Memory,
    /// Who and what is there.
    pub world: World,
    /// Where a demo's mails lie.
    pub mail_folder: std::path::PathBuf,
    shutdown: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    folder: tempfile::TempDir,
}

impl TestApp {
    /// A server for tests, not a demo.
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, |_| {}).await
    }

    /// A server whose settings a test changes first.
    pub async fn start_with(engine: Engine, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_as(engine, server::AUTHORISE_EVERY, change).await
    }

    /// A server that asks for an open stream's right so often.
    pub async fn start_as(
        engine: Engine,
        authorise_every: std::time::Duration,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dist = folder.path().join("dist");
        std::fs::create_dir(&dist).unwrap();
        std::fs::write(dist.join("index.html"), INDEX).unwrap();
        std::fs::write(dist.join("app-0123456789abcdef.js"), "export {}").unwrap();
        let storage = match engine {
            Engine::Sqlite => Storage::open_sqlite(folder.path().join("beckon.sqlite3"))
                .await
                .unwrap(),
            Engine::Postgres => fresh_postgres().await,
        };
        storage.migrate().await.unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut settings = Settings {
            public_url: url.clone(),
            secure_cookies: false,
            demo: false,
            mail_configured: true,
            mail_from: "Beckon <desk@beckon.test>".to_owned(),
        };
        change(&mut settings);
        let clock = Arc::new(FixedClock::new(NOW));
        let desk = Desk {
            storage,
            clock: clock.clone(),
            settings: Arc::new(settings),
            key: Arc::new(server::keys::Key::draw().unwrap()),
            wake: Arc::default(),
        };
        let world = World::make(&desk).await;
        let shutdown = CancellationToken::new();
        let mail_folder = folder.path().join("mail");
        let (router, poller) = build(
            &desk,
            Setup {
                mail_folder: mail_folder.clone(),
                dist: Some(dist),
                trusted_proxies: 0,
                authorise_every,
                shutdown: shutdown.clone(),
            },
        );
        let serving = server::serve(router, listener, shutdown.clone());
        let tasks = vec![
            tokio::spawn(poller),
            tokio::spawn(async move { serving.await.unwrap() }),
        ];
        Self {
            url,
            desk,
            clock,
            memory: Memory::default(),
            world,
            mail_folder,
            shutdown,
            tasks,
            folder,
        }
    }

    /// Ends the server as SIGTERM does.
    pub async fn end(self) {
        self.shutdown.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
        self.desk.storage.close().await;
    }

    /// A browser that is not signed in.
    pub fn anonymous(&self) -> Session {
        Session::at(&self.url)
    }

    /// A browser in which somebody has signed in with the password.
    pub async fn as_user(&self, email: &str) -> Session {
        let session = self.anonymous();
        let (status, body) = session
            .call("/api/session/sign_in", sign_in(email, PASSWORD))
            .await;
        assert_eq!(status, 200, "{email}: {body}");
        session
    }

    /// A browser with a session that was started without the (slow) password.
    pub async fn session_of(&self, user: UserId) -> Session {
        let cookie = session_cookie::start_session(&self.desk, user, "test")
            .await
            .unwrap();
        let pair = cookie.split(';').next().unwrap().to_owned();
        Session::new(&self.url, Some(&pair))
    }

    /// Sends every mail that is due, as the outbox's worker does.
    pub async fn send_mails(&self) {
        let mailer = Mailer::Memory(self.memory.clone());
        while jobs::outbox::send_batch(&self.desk, &mailer).await.unwrap() > 0 {}
        while jobs::account_mails::send_batch(&self.desk, &mailer)
            .await
            .unwrap()
            > 0
        {}
    }
}

/// The arguments of `session/sign_in`.
pub fn sign_in(email: &str, password: &str) -> Value {
    json!({ "input": { "email": email, "password": password } })
}

async fn fresh_postgres() -> Storage {
    Storage::open_postgres(&postgres::fresh_url().await)
        .await
        .unwrap()
}

/// A browser, as far as the server can tell.
#[derive(Clone)]
pub struct Session {
    url: String,
    client: reqwest::Client,
    jar: Arc<reqwest::cookie::Jar>,
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    async fn read(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response.bytes().await.unwrap().to_vec(),
        }
    }

    /// The header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body as JSON; `null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }
}

impl Session {
    /// A browser that is not signed in to the server at `url`.
    pub fn at(url: &str) -> Self {
        Self::new(url, None)
    }

    fn new(url: &str, cookie: Option<&str>) -> Self {
        let jar = Arc::new(reqwest::cookie::Jar::default());
        if let Some(cookie) = cookie {
            jar.add_cookie_str(cookie, &url.parse().unwrap());
        }
        let client = reqwest::Client::builder()
            .cookie_provider(jar.clone())
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            url: url.to_owned(),
            client,
            jar,
        }
    }

    /// Adds a cookie, such as `beckon_landing=…`.
    pub fn add_cookie(&self, cookie: &str) {
        self.jar.add_cookie_str(cookie, &self.url.parse().unwrap());
    }

    /// The cookies it would send.
    pub fn cookies(&self) -> String {
        use reqwest::cookie::CookieStore as _;
        self.jar
            .cookies(&self.url.parse().unwrap())
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default()
    }

    /// Begins a request of the test's own making.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Sends a request of the test's own making.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    /// GETs a page as a browser does.
    pub async fn get(&self, path: &str) -> Answer {
        let request = self.request(reqwest::Method::GET, path);
        self.send(request.header("accept", "text/html,*/*")).await
    }

    /// Calls a server function; the whole answer.
    pub async fn post(&self, path: &str, arguments: &Value) -> Answer {
        let request = self.request(reqwest::Method::POST, path);
        self.send(request.json(arguments)).await
    }

    /// Calls a server function; status and JSON.
    pub async fn call(&self, path: &str, arguments: Value) -> (u16, Value) {
        let answer = self.post(path, &arguments).await;
        (answer.status, answer.json())
    }
}

/// One statement of a test's own.
pub async fn world_sql(app: &TestApp, sql: &'static str, args: Vec<server::storage::Arg>) {
    world::sql(&app.desk, sql, args).await;
}

/// Everything that the database holds, as bytes: SQLite's file and its log, or the text
/// of every row.
pub async fn dump(app: &TestApp) -> Vec<u8> {
    let mut bytes = Vec::new();
    for name in ["beckon.sqlite3", "beckon.sqlite3-wal"] {
        bytes.extend(std::fs::read(app.folder.path().join(name)).unwrap_or_default());
    }
    if !bytes.is_empty() {
        return bytes;
    }
    app.desk
        .storage
        .read(|tx| {
            Box::pin(async move {
                let tables: Vec<(String,)> = tx
                    .all(
                        "SELECT CAST(table_name AS TEXT) FROM information_schema.tables
                         WHERE table_schema = 'public'",
                        server::args![],
                    )
                    .await?;
                assert!(tables.len() > 10);
                let mut bytes = Vec::new();
                for (table,) in tables {
                    let sql = format!("SELECT CAST(t AS TEXT) FROM {table} t");
                    for (row,) in tx.all_composed::<(String,)>(sql, server::args![]).await? {
                        bytes.extend(row.into_bytes());
                    }
                }
                Ok(bytes)
            })
        })
        .await
        .unwrap()
}
