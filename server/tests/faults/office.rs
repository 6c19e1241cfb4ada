//! A tenant's office: a database, a mail server, and the real program in between, which
//! may be started and ended as often as a story wants.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant},
};

use serde_json::json;
use server::storage::{
    Arg, Storage,
    invariants::{self, Mails},
};

use super::{client::Client, mailbox::Mailbox};
use crate::common::{Engine, postgres};

const ADMIN: &str = "ada@acme.test";
const PASSWORD: &str = "a long password";
/// Longer than anything here takes on a slow machine.
pub const LIMIT: Duration = Duration::from_mins(1);

pub struct Office {
    folder: tempfile::TempDir,
    /// Of PostgreSQL.
    pub database: Option<String>,
    pub mailbox: Mailbox,
}

/// The program with nothing of what the person who runs the tests has set.
fn beckon() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beckon"));
    for (name, _) in std::env::vars() {
        if name.starts_with("BECKON_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command
}

impl Office {
    /// With the tenant `acme`.
    pub async fn open(engine: Engine) -> Self {
        Self::open_in(match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(postgres::fresh_url().await),
        })
        .await
    }

    /// The same in a database of PostgreSQL, or in a file of its own.
    pub async fn open_in(database: Option<String>) -> Self {
        let office = Self {
            folder: tempfile::tempdir().unwrap(),
            database,
            mailbox: Mailbox::open().await,
        };
        let mut child = beckon()
            .args(["tenant", "create", "--slug", "acme", "--name", "Acme"])
            .args(["--admin", ADMIN])
            .args(office.place(office.database.as_deref()))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
        assert!(child.wait().unwrap().success());
        office
    }

    fn place(&self, database: Option<&str>) -> Vec<String> {
        let folder = self.folder.path().display().to_string();
        let mut place = vec!["--data-dir".to_owned(), folder];
        if let Some(url) = database {
            place.extend(["--database-url".to_owned(), url.to_owned()]);
        }
        place
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("beckon.sqlite3")
    }

    /// Starts the server; mails are held so many seconds.
    pub fn start(&self, hold: u32) -> Running {
        self.start_as(hold, None, self.database.as_deref())
    }

    /// Starts one whose failpoint is set, such as `stop@accept.written`.
    pub fn start_with(&self, hold: u32, failpoint: &str) -> Running {
        self.start_as(hold, Some(failpoint), self.database.as_deref())
    }

    /// Starts one that was told of no mail server.
    pub fn start_without_mail(&self) -> Running {
        Running::start(&mut self.serve(self.database.as_deref()))
    }

    fn serve(&self, database: Option<&str>) -> Command {
        let mut command = beckon();
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--public-url", "http://beckon.test"])
            .args(self.place(database))
            .env("BECKON_LOG", "warn");
        command
    }

    /// Starts one that reaches the database at another address.
    pub fn start_as(&self, hold: u32, failpoint: Option<&str>, database: Option<&str>) -> Running {
        let mut command = self.serve(database);
        command
            .args(["--mail-from", "desk@beckon.test"])
            .args(["--smtp-url", &self.mailbox.url])
            .args(["--mail-hold-seconds", &hold.to_string()]);
        if let Some(failpoint) = failpoint {
            command.env("BECKON_FAILPOINT", failpoint);
        }
        Running::start(&mut command)
    }

    /// The tenant's admin, signed in.
    pub async fn admin(&self, running: &Running) -> Client {
        let client = Client::at(&running.url);
        let input = json!({ "email": ADMIN, "password": PASSWORD });
        let answer = client
            .call("session/sign_in", &json!({ "input": input }))
            .await;
        assert_eq!(answer.unwrap().0, 200);
        client
    }

    /// The database, beside the server or without one.
    pub async fn storage(&self) -> Storage {
        match &self.database {
            Some(url) => Storage::open_postgres(url).await.unwrap(),
            None => Storage::open_sqlite(self.file()).await.unwrap(),
        }
    }

    /// One statement of a test's own.
    pub async fn sql(&self, sql: &'static str, args: Vec<Arg>) -> u64 {
        let storage = self.storage().await;
        let touched = storage
            .write(move |tx| {
                let args = args.clone();
                Box::pin(async move { tx.execute(sql, args).await })
            })
            .await
            .unwrap();
        storage.close().await;
        touched
    }

    /// One number that a statement gives.
    pub async fn number(&self, sql: &'static str, args: Vec<Arg>) -> i64 {
        let storage = self.storage().await;
        let (n,): (i64,) = storage
            .read(move |tx| {
                let args = args.clone();
                Box::pin(async move { tx.one(sql, args).await })
            })
            .await
            .unwrap();
        storage.close().await;
        n
    }

    /// Waits until a statement gives this number.
    pub async fn until(&self, n: i64, sql: &'static str, args: Vec<Arg>) {
        let began = Instant::now();
        loop {
            let now = self.number(sql, args.clone()).await;
            if now == n {
                return;
            }
            assert!(began.elapsed() < LIMIT, "{now}, not {n}: {sql}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What a dead server had claimed is free again, as after some minutes.
    pub async fn leases_run_out(&self) {
        let mails = "UPDATE outbox SET lease_until = 0 WHERE status = 'sending'";
        self.sql(mails, Vec::new()).await;
        let imports = "UPDATE imports SET lease_until = 0 WHERE state = 'committing'";
        self.sql(imports, Vec::new()).await;
    }

    /// The invariants hold.
    pub async fn check(&self) {
        self.check_as(Mails::Sent).await;
    }

    /// The same where no mail server was named.
    pub async fn check_as(&self, mails: Mails) {
        let storage = self.storage().await;
        let found = storage
            .read(move |tx| Box::pin(invariants::check(tx, mails)))
            .await
            .unwrap();
        storage.close().await;
        assert!(found.is_empty(), "{found:#?}");
    }
}

/// A running server; killed if the test breaks off.
pub struct Running {
    child: Child,
    pub url: String,
    stands: mpsc::Receiver<String>,
    log: Arc<Mutex<String>>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, stands) = mpsc::channel();
        let log = Arc::new(Mutex::new(String::new()));
        let (errors, own) = (child.stderr.take().unwrap(), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                if let Some(name) = line.strip_prefix("failpoint ") {
                    let _ended = tell.send(name.to_owned());
                }
                own.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .strip_prefix("Beckon is listening on ")
            .unwrap_or_else(|| panic!("it printed {line:?}\n{}", log.lock().unwrap()))
            .trim()
            .to_owned();
        Self {
            child,
            url,
            stands,
            log,
        }
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until a thread of it stands at this failpoint.
    pub async fn stands_at(&self, name: &str) {
        let began = Instant::now();
        loop {
            match self.stands.try_recv() {
                Ok(stood) => return assert_eq!(stood, name),
                Err(_) => tokio::time::sleep(Duration::from_millis(2)).await,
            }
            assert!(began.elapsed() < LIMIT, "{name} is not come by");
        }
    }

    /// `kill -9`: no drain, no clean-up.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end; whether it ended well.
    pub async fn ended(mut self) -> bool {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            assert!(began.elapsed() < LIMIT, "it does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}
