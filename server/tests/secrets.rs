//! S03: no token, cookie or password can be read back from the database or the log,
//! whichever way it went: by mail, over HTTP, into a session.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

mod stage;

use std::sync::{Arc, Mutex};

use app::domain::id::BundleId;
use server::{
    args,
    jobs::outbox,
    mail::{Mailer, Smtp},
};
use stage::{PASSWORD, Stage, on_every_engine};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> tracing_subscriber::fmt::MakeWriter<'w> for Log {
    type Writer = Self;
    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// A mail server that takes what is not for `refused@…`.
struct Sink {
    url: String,
    taken: Arc<Mutex<Vec<String>>>,
}

impl Sink {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let taken = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Self::talk(BufReader::new(stream), Arc::clone(&kept)));
            }
        });
        Self { url, taken }
    }

    async fn talk(mut stream: BufReader<TcpStream>, taken: Arc<Mutex<Vec<String>>>) {
        stream.write_all(b"220 sink\r\n").await.unwrap();
        let mut content: Option<String> = None;
        let mut line = String::new();
        while stream.read_line(&mut line).await.unwrap_or(0) > 0 {
            let answer = match (&mut content, line.trim_end()) {
                (Some(_), ".") => {
                    taken.lock().unwrap().extend(content.take());
                    "250 taken\r\n"
                }
                (Some(content), _) => {
                    content.push_str(&line);
                    ""
                }
                (None, "DATA") => {
                    content = Some(String::new());
                    "354 go on\r\n"
                }
                (None, text) if text.contains("refused@") => "550 nobody\r\n",
                (None, _) => "250 fine\r\n",
            };
            line.clear();
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    /// The token of the one mail that was taken.
    fn token(&self) -> String {
        let taken = self.taken.lock().unwrap();
        assert_eq!(taken.len(), 1);
        let message = mail_parser::MessageParser::default()
            .parse(taken[0].as_bytes())
            .unwrap();
        let text = message.body_text(0).unwrap();
        let (_, after) = text.split_once("/i#").expect("a link");
        let is_token = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        after.chars().take_while(is_token).collect()
    }
}

/// Everything that the database holds, as bytes.
async fn dump(stage: &Stage) -> Vec<u8> {
    if let Some(file) = &stage.file {
        let mut bytes = std::fs::read(file).unwrap();
        let log = file.with_extension("db-wal");
        bytes.extend(std::fs::read(log).unwrap_or_default());
        return bytes;
    }
    stage
        .desk
        .storage
        .read(|tx| {
            Box::pin(async move {
                let tables: Vec<(String,)> = tx
                    .all(
                        "SELECT CAST(table_name AS TEXT) FROM information_schema.tables
                         WHERE table_schema = 'public'",
                        args![],
                    )
                    .await?;
                assert!(tables.len() > 10);
                let mut bytes = Vec::new();
                for (table,) in tables {
                    let sql = format!("SELECT CAST(t AS TEXT) FROM {table} t");
                    for (row,) in tx.all_composed::<(String,)>(sql, args![]).await? {
                        bytes.extend(row.into_bytes());
                    }
                }
                Ok(bytes)
            })
        })
        .await
        .unwrap()
}

/// One call as a page would make it: status, and the values of its cookies.
async fn call(url: &str, function: &str, body: String, cookie: &str) -> (u16, Vec<String>) {
    let answer = reqwest::Client::new()
        .post(format!("{url}/api/{function}"))
        .header("content-type", "application/json")
        .header("cookie", cookie)
        .body(body)
        .send()
        .await
        .unwrap();
    let values = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|value| value.to_str().unwrap().split(';').next().unwrap())
        .map(|pair| pair.split_once('=').unwrap().1.to_owned())
        .collect();
    (answer.status().as_u16(), values)
}

/// The text, the bytes that it stands for, and their hexadecimal form.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    use base64::Engine as _;
    use std::fmt::Write as _;
    let raw = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(secret)
        .unwrap();
    let mut hex = String::new();
    for byte in &raw {
        write!(hex, "{byte:02x}").unwrap();
    }
    vec![secret.as_bytes().to_vec(), hex.into_bytes(), raw]
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

/// By mail: the token that the mail server got.
async fn mailed(stage: &Stage) -> (BundleId, String) {
    let sink = Sink::start().await;
    let mailer = Mailer::Smtp(Smtp::from_url(&sink.url).unwrap());
    stage.invite(stage.to_acme("refused@new.test")).await;
    let bundle = stage.invite(stage.to_acme("mara@new.test")).await;
    while outbox::send_batch(&stage.desk, &mailer).await.unwrap() > 0 {}
    (bundle, sink.token())
}

async fn story(stage: &Stage, log: &Log) {
    let (bundle, token) = mailed(stage).await;
    let url = stage.serve().await;
    let open = format!(r#"{{"token":"{token}"}}"#);
    let (status, cookies) = call(&url, "landing/open", open, "").await;
    assert_eq!(status, 200);
    let landing = cookies[0].clone();
    let cookie = format!("__Host-beckon_landing={landing}");
    // While the link lives, and after it was used: what stood there once would stand in
    // the log, and in pages of the file that are free by now.
    let live = dump(stage).await;
    let (status, _) = call(&url, "landing/show", "{}".to_owned(), &cookie).await;
    assert_eq!(status, 200);
    let form =
        format!(r#"{{"input":{{"first_name":"M","last_name":"","password":"{PASSWORD}"}}}}"#);
    let (status, cookies) = call(&url, "landing/register", form, &cookie).await;
    assert_eq!(status, 200);
    let session = cookies[0].clone();
    let cookie = format!("__Host-beckon={session}");
    assert_eq!(
        call(&url, "mine/home", "{}".to_owned(), &cookie).await.0,
        200
    );
    assert_eq!(stage.status(bundle).await, "accepted");

    let log = log.0.lock().unwrap().clone();
    let dump = dump(stage).await;
    assert!(contains(&dump, b"mara@new.test"), "the dump is one");
    for line in [
        "/api/landing/open",
        "/api/landing/register",
        "a mail was not sent",
    ] {
        assert!(contains(&log, line.as_bytes()), "the log has no {line}");
    }
    for secret in [&token, &landing, &session] {
        for form in forms(secret) {
            assert!(!contains(&live, &form), "a token is in the database");
            assert!(!contains(&dump, &form), "a token is in the database");
            assert!(!contains(&log, &form), "a token is in the log");
        }
    }
    for place in [&live, &dump, &log] {
        assert!(
            !contains(place, PASSWORD.as_bytes()),
            "the password is there"
        );
    }
    assert!(!contains(&log, b"@new.test"), "an address is in the log");
}

#[tokio::test]
async fn s03_no_live_token_stands_in_the_database_or_the_log() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let seen = log.clone();
    on_every_engine(|stage| {
        let log = seen.clone();
        async move { story(&stage, &log).await }
    })
    .await;
}
