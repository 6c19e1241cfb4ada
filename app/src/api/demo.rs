//! The demo's mailbox; elsewhere `NotFound`.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

use super::ApiError;
#[cfg(feature = "ssr")]
use super::respond::{answer, caller, ports};
use crate::domain::time::Timestamp;

/// A mail in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailLine {
    /// Names it in the calls; safe in an address.
    pub id: String,
    /// The header's text.
    pub to: String,
    /// The header's text.
    pub from: String,
    /// The header's text.
    pub subject: String,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// A mail as a mail client shows it. The HTML part is served apart, at
/// `GET /demo/mailbox/<id>/html`, sandboxed by its own policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailView {
    /// Its line.
    pub line: MailLine,
    /// The plain text part.
    pub text: String,
    /// Message-ID and the other headers worth showing.
    pub headers: Vec<(String, String)>,
}

/// A page of mails, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailsPage {
    /// At most 100. May be empty though more follow: a search looks at so many mails at once.
    pub mails: Vec<MailLine>,
    /// Present where more follow; as `after` it fetches them. Every mail of this page has an
    /// id that is not smaller, every later one a smaller.
    pub next: Option<String>,
}

/// The mails that contain `search` in address or subject, newest first, older than `after`.
#[server(name = DemoMails, prefix = "/api", endpoint = "demo/mails", input = Json, output = Json)]
pub async fn mails(search: String, after: Option<String>) -> Result<MailsPage, ApiError> {
    answer(ports().demo.mails(&caller(), search, after).await)
}

/// One mail.
#[server(name = DemoMail, prefix = "/api", endpoint = "demo/mail", input = Json, output = Json)]
pub async fn mail(id: String) -> Result<MailView, ApiError> {
    answer(ports().demo.mail(&caller(), id).await)
}
