//! Somebody at a browser whose connection may break at any moment.

use app::{
    api::imports::{BeginImport, ImportChunk, ImportRef, ImportStatus},
    bulk::draft::RowDraft,
    domain::import::SubmitMode,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A list to submit, and its key.
#[derive(Clone)]
pub struct List {
    pub key: String,
    pub rows: Vec<RowDraft>,
    columns: Vec<String>,
}

impl List {
    /// So many people whose addresses start with `name`.
    pub fn new(name: &str, people: u32) -> Self {
        let row = |row| RowDraft {
            row,
            line: row + 2,
            email: format!("{name}.{row}@people.test"),
            ..RowDraft::default()
        };
        Self {
            key: format!("key-of-a-submit-{name}"),
            rows: (0..people).map(row).collect(),
            columns: Vec::new(),
        }
    }

    /// One that is left to the job, and takes it two slices, by its columns' names.
    pub fn large(name: &str) -> Self {
        let columns = (0..50).map(|n| format!("{n:_>320}")).collect();
        Self {
            columns,
            ..Self::new(name, 1_100)
        }
    }
}

/// Cookies are kept over a restart: they do not name the port.
#[derive(Clone)]
pub struct Client {
    url: String,
    http: reqwest::Client,
}

impl Client {
    pub fn at(url: &str) -> Self {
        let http = reqwest::Client::builder().cookie_store(true);
        Self {
            url: url.to_owned(),
            http: http.build().unwrap(),
        }
    }

    /// One that was signed in elsewhere.
    pub fn with_cookies(url: &str, cookies: &str) -> Self {
        let client = Self::at(url);
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("cookie", cookies.parse().unwrap());
        let http = reqwest::Client::builder().default_headers(headers);
        Self {
            http: http.build().unwrap(),
            ..client
        }
    }

    /// The same browser after a restart.
    pub fn moved_to(&self, url: &str) -> Self {
        Self {
            url: url.to_owned(),
            http: self.http.clone(),
        }
    }

    /// Status and answer; `None` where the connection broke.
    pub async fn call(&self, path: &str, arguments: &Value) -> Option<(u16, Value)> {
        let request = self.http.post(format!("{}/api/{path}", self.url));
        let answer = request.json(arguments).send().await.ok()?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.ok()?;
        Some((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    /// The answer of a call that is well.
    async fn well(&self, path: &str, input: Value) -> Result<Value, Broken> {
        match self.call(path, &json!({ "input": input })).await {
            Some((200, answer)) => Ok(answer),
            Some((503, answer)) => {
                assert_eq!(answer, json!({ "kind": "unavailable" }), "{path}");
                Err(Broken::Unavailable)
            }
            Some(other) => panic!("{path}: {other:?}"),
            None => Err(Broken::Connection),
        }
    }

    /// Begin, every chunk, commit.
    pub async fn submit(&self, list: &List) -> Result<ImportStatus, Broken> {
        let parts: Vec<&[RowDraft]> = list.rows.chunks(550).collect();
        let hashes: String = parts.iter().map(|part| hash_of(part)).collect();
        let begin = BeginImport {
            tenant: "acme".to_owned(),
            idempotency_key: list.key.clone(),
            file_name: "people.csv".to_owned(),
            rows: u32::try_from(list.rows.len()).unwrap(),
            metadata_columns: list.columns.clone(),
            content_hash: hex(&Sha256::digest(hashes)),
            mode: SubmitMode::ValidNow,
            admins: 0,
        };
        let opened = self.well("imports/begin", json!(begin)).await?;
        let opened: ImportStatus = serde_json::from_value(opened).unwrap();
        // What is being worked on, or done, takes no more rows.
        if opened.state == app::domain::import::ImportState::Receiving {
            for (number, part) in parts.into_iter().enumerate() {
                let chunk = ImportChunk {
                    tenant: "acme".to_owned(),
                    import: opened.import,
                    position: u32::try_from(number * 550).unwrap(),
                    hash: hash_of(part),
                    rows: part.to_vec(),
                };
                self.well("imports/chunk", json!(chunk)).await?;
            }
        }
        self.import("imports/commit", &opened).await
    }

    /// Where an import stands now.
    pub async fn status(&self, import: &ImportStatus) -> Result<ImportStatus, Broken> {
        self.import("imports/status", import).await
    }

    async fn import(&self, path: &str, import: &ImportStatus) -> Result<ImportStatus, Broken> {
        let input = ImportRef {
            tenant: "acme".to_owned(),
            import: import.import,
        };
        let answer = self.well(path, json!(input)).await?;
        Ok(serde_json::from_value(answer).unwrap())
    }

    /// Opens a mailed link; the status, where there is an answer.
    pub async fn open(&self, token: &str) -> Option<u16> {
        let answer = self.call("landing/open", &json!({ "token": token })).await;
        answer.map(|(status, _)| status)
    }

    /// Registers with the link that was opened.
    pub async fn register(&self) -> Option<(u16, Value)> {
        let input = json!({
            "first_name": "Mara", "last_name": "Muster", "password": "a password of hers",
        });
        self.call("landing/register", &json!({ "input": input }))
            .await
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// 503, and nothing but that.
    Unavailable,
    /// Nobody knows.
    Connection,
}

fn hash_of(rows: &[RowDraft]) -> String {
    hex(&Sha256::digest(serde_json::to_vec(rows).unwrap()))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
