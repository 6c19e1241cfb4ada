//! The demo's mailbox: the files that the file mailer writes. Elsewhere there is none.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use app::{
    api::{
        ApiError,
        demo::{MailLine, MailView},
    },
    domain::time::Timestamp,
    ports::{self, Caller},
};
use async_trait::async_trait;
use mail_parser::{Address, Message, MessageParser};

use super::Desk;
use crate::storage::fold;

/// Mails in the list.
const NEWEST: usize = 200;

/// See [`ports::Demo`].
pub struct DemoService {
    desk: Desk,
    folder: PathBuf,
}

impl DemoService {
    /// The service on this desk; `folder` is where the file mailer writes.
    #[must_use]
    pub fn new(desk: Desk, folder: PathBuf) -> Self {
        Self { desk, folder }
    }

    /// The demo is open to everybody on this machine; elsewhere there is no mailbox.
    fn authorise(&self, _caller: &Caller) -> Result<(), ApiError> {
        if self.desk.settings.demo {
            Ok(())
        } else {
            Err(ApiError::NotFound)
        }
    }

    /// The mail's HTML part as it was sent; served apart, under a policy of its own.
    pub async fn html(&self, caller: &Caller, id: String) -> Result<String, ApiError> {
        self.authorise(caller)?;
        let path = mail_path(&self.folder, &id)?;
        off_thread(move || {
            let raw = std::fs::read(path).map_err(|_| ApiError::NotFound)?;
            let message = parse(&raw)?;
            let html = message.body_html(0).ok_or(ApiError::NotFound)?;
            Ok(html.into_owned())
        })
        .await
    }
}

#[async_trait]
impl ports::Demo for DemoService {
    async fn mails(&self, caller: &Caller, search: String) -> Result<Vec<MailLine>, ApiError> {
        self.authorise(caller)?;
        let folder = self.folder.clone();
        let wanted = fold(&search);
        off_thread(move || Ok(newest(&folder, &wanted))).await
    }

    async fn mail(&self, caller: &Caller, id: String) -> Result<MailView, ApiError> {
        self.authorise(caller)?;
        let path = mail_path(&self.folder, &id)?;
        off_thread(move || {
            let raw = std::fs::read(&path).map_err(|_| ApiError::NotFound)?;
            let message = parse(&raw)?;
            let text = message.body_text(0).unwrap_or_default().into_owned();
            let headers = message
                .headers_raw()
                .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
                .collect();
            Ok(MailView {
                line: line(id, &message, written(&path)),
                text,
                headers,
            })
        })
        .await
    }
}

/// Names a file of the folder and nothing outside it.
fn mail_path(folder: &Path, id: &str) -> Result<PathBuf, ApiError> {
    let safe = (1..=80).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if safe {
        Ok(folder.join(format!("{id}.eml")))
    } else {
        Err(ApiError::NotFound)
    }
}

/// The newest mails whose address or subject contains `wanted` (folded).
fn newest(folder: &Path, wanted: &str) -> Vec<MailLine> {
    // A folder that is not there yet is an empty mailbox.
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .map(|path| (modified(&path), path))
        .collect();
    files.sort_by(|a, b| b.cmp(a));
    files
        .into_iter()
        .filter_map(|(_, path)| {
            let id = path.file_stem()?.to_str()?.to_owned();
            let raw = std::fs::read(&path).ok()?;
            let line = line(id, &parse(&raw).ok()?, written(&path));
            let text = fold(&format!("{} {} {}", line.to, line.from, line.subject));
            text.contains(wanted).then_some(line)
        })
        .take(NEWEST)
        .collect()
}

fn modified(path: &Path) -> SystemTime {
    std::fs::metadata(path)
        .and_then(|meta| meta.modified())
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// When the file was written, for a mail whose Date cannot be read.
fn written(path: &Path) -> Timestamp {
    let since = modified(path)
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or_default())
}

fn parse(raw: &[u8]) -> Result<Message<'_>, ApiError> {
    MessageParser::default()
        .parse(raw)
        .ok_or(ApiError::NotFound)
}

fn line(id: String, message: &Message<'_>, written: Timestamp) -> MailLine {
    MailLine {
        id,
        to: addresses(message.to()),
        from: addresses(message.from()),
        subject: message.subject().unwrap_or_default().to_owned(),
        sent_at: message
            .date()
            .map_or(written, |date| Timestamp(date.to_timestamp() * 1000)),
    }
}

fn addresses(header: Option<&Address<'_>>) -> String {
    let Some(header) = header else {
        return String::new();
    };
    header
        .iter()
        .map(|one| match (one.name(), one.address()) {
            (Some(name), Some(address)) => format!("{name} <{address}>"),
            (None, Some(address)) => address.to_owned(),
            (name, None) => name.unwrap_or_default().to_owned(),
        })
        .collect::<Vec<_>>()
        .join(", ")
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "the mailbox thread died");
        ApiError::Internal
    })?
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: Beckon <desk@beckon.test>\r\nTo: =?utf-8?q?Z=C3=B6e?= <zoe@acme.test>\r\n\
        Subject: =?utf-8?q?Einladung_f=C3=BCr_Zo=C3=A9?=\r\nDate: Tue, 10 Nov 2026 10:00:00 +0000\r\n\
        Message-ID: <1@beckon.test>\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello\r\n\
        --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>hello</p>\r\n--b--\r\n";

    #[test]
    fn the_mailbox_reads_what_a_mailer_wrote() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a-1.eml"), MAIL).unwrap();
        std::fs::write(folder.path().join("a-1.json"), "{}").unwrap();
        let lines = newest(folder.path(), &fold("FÜR zoe"));
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0].id, "a-1");
        assert_eq!(lines[0].to, "Zöe <zoe@acme.test>");
        assert_eq!(lines[0].subject, "Einladung für Zoé");
        assert_eq!(lines[0].sent_at, Timestamp(1_794_304_800_000));
        assert!(newest(folder.path(), "nobody").is_empty());
        assert!(newest(&folder.path().join("missing"), "").is_empty());
    }

    #[test]
    fn an_id_names_no_file_outside_the_folder() {
        let folder = Path::new("/mail");
        for id in ["", "../etc/passwd", "a/b", "a.b", "a\0"] {
            assert!(mail_path(folder, id).is_err(), "{id:?}");
        }
        assert!(mail_path(folder, "0198-af_1").is_ok());
    }
}
