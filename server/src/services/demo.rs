//! The demo's mailbox: the files that the file mailer writes. Elsewhere there is none.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use app::{
    api::{
        ApiError,
        demo::{MailLine, MailView, MailsPage},
    },
    domain::time::Timestamp,
    ports::{self, Caller},
};
use async_trait::async_trait;
use mail_parser::{Address, Message, MessageParser};

use super::Desk;
use crate::storage::fold;

/// Mails on a page.
const PAGE: usize = 100;
/// Mails that one call looks at: a search for nothing that is there ends soon, and goes on
/// where the page asks for more.
const LOOK_AT: usize = 1_000;

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
    async fn mails(
        &self,
        caller: &Caller,
        search: String,
        after: Option<String>,
    ) -> Result<MailsPage, ApiError> {
        self.authorise(caller)?;
        let folder = self.folder.clone();
        let wanted = fold(&search);
        off_thread(move || Ok(page(&folder, &wanted, after.as_deref()))).await
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
                line: line(id, &message, || written(&path)),
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

/// The newest mails before `after` whose address or subject contains `wanted` (folded).
/// Their names are time-ordered ids, so the list asks no file for its time.
fn page(folder: &Path, wanted: &str, after: Option<&str>) -> MailsPage {
    let mut page = MailsPage::default();
    // A folder that is not there yet is an empty mailbox.
    let Ok(entries) = std::fs::read_dir(folder) else {
        return page;
    };
    let mut ids: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            Some(name.strip_suffix(".eml")?.to_owned())
        })
        .filter(|id| after.is_none_or(|after| id.as_str() < after))
        .collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    for (looked_at, id) in ids.iter().enumerate() {
        if page.mails.len() == PAGE || looked_at == LOOK_AT {
            page.next = looked_at
                .checked_sub(1)
                .and_then(|last| ids.get(last))
                .cloned();
            break;
        }
        page.mails.extend(matching(folder, id, wanted));
    }
    page
}

fn matching(folder: &Path, id: &str, wanted: &str) -> Option<MailLine> {
    let path = folder.join(format!("{id}.eml"));
    let raw = std::fs::read(&path).ok()?;
    let line = line(id.to_owned(), &parse(&raw).ok()?, || written(&path));
    let text = fold(&format!("{} {} {}", line.to, line.from, line.subject));
    text.contains(wanted).then_some(line)
}

/// When the file was written, for a mail whose Date cannot be read.
fn written(path: &Path) -> Timestamp {
    let since = std::fs::metadata(path)
        .and_then(|meta| meta.modified())
        .unwrap_or(SystemTime::UNIX_EPOCH)
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or_default())
}

fn parse(raw: &[u8]) -> Result<Message<'_>, ApiError> {
    MessageParser::default()
        .parse(raw)
        .ok_or(ApiError::NotFound)
}

fn line(id: String, message: &Message<'_>, written: impl FnOnce() -> Timestamp) -> MailLine {
    MailLine {
        id,
        to: addresses(message.to()),
        from: addresses(message.from()),
        subject: message.subject().unwrap_or_default().to_owned(),
        sent_at: message
            .date()
            .map_or_else(written, |date| Timestamp(date.to_timestamp() * 1000)),
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
        let lines = page(folder.path(), &fold("FÜR zoe"), None).mails;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0].id, "a-1");
        assert_eq!(lines[0].to, "Zöe <zoe@acme.test>");
        assert_eq!(lines[0].subject, "Einladung für Zoé");
        assert_eq!(lines[0].sent_at, Timestamp(1_794_304_800_000));
        let nothing = MailsPage::default();
        assert_eq!(page(folder.path(), "nobody", None), nothing);
        assert_eq!(page(&folder.path().join("missing"), "", None), nothing);
    }

    /// Every mail is on one page, newest first, and a search that finds little goes on.
    #[test]
    fn the_mailbox_shows_every_mail_page_by_page() {
        let folder = tempfile::tempdir().unwrap();
        let ids: Vec<String> = (0..2 * LOOK_AT + 50)
            .map(|n| format!("id-{n:05}"))
            .collect();
        for (n, id) in ids.iter().enumerate() {
            let mail = if n == 0 {
                MAIL.replace("zoe@", "first@")
            } else {
                MAIL.to_owned()
            };
            std::fs::write(folder.path().join(format!("{id}.eml")), mail).unwrap();
        }
        let all = |wanted: &str| {
            let (mut found, mut calls, mut after) = (Vec::new(), 0, None);
            loop {
                let page = page(folder.path(), wanted, after.as_deref());
                assert!(page.mails.len() <= PAGE);
                found.extend(page.mails.into_iter().map(|line| line.id));
                calls += 1;
                after = page.next;
                if after.is_none() {
                    return (found, calls);
                }
            }
        };
        let (found, calls) = all("");
        assert!(found.iter().eq(ids.iter().rev()));
        assert_eq!(calls, ids.len().div_ceil(PAGE));
        assert_eq!(all("first@"), (vec![ids[0].clone()], 3));
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
