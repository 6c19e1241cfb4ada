//! Mail: what is sent, by what, and what a failure means.
//!
//! Only this folder knows lettre. The outbox's worker writes a [`Mail`], hands it
//! to the [`Mailer`] and acts on the answer; a retry is the outbox's affair.

pub mod account;
mod file;
pub mod invitation;
mod memory;
pub mod names;
mod smtp;

use app::domain::time::Timestamp;
use lettre::{
    Address,
    message::{Mailbox, Message, MultiPart, header},
};
use uuid::Uuid;

pub use memory::{Kept, Memory};
pub use smtp::{LONGEST_SEND, Smtp};

/// One mail to one person.
#[derive(Clone)]
pub struct Mail {
    /// With angle brackets; the same for every try (RFC 5322 §3.6.4).
    pub message_id: String,
    /// `Name <address>` or an address, from the settings.
    pub from: String,
    /// As typed.
    pub to: String,
    /// May be empty.
    pub to_name: String,
    /// One line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// When it is sent.
    pub date: Timestamp,
}

/// A mail holds a token: it cannot print.
impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mail({}, redacted)", self.message_id)
    }
}

/// What kind of failure it was; decides what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// Certainly not delivered, but may be later: no connection, a 4xx reply, a refusal of
    /// the sender or of this server's sign-in.
    Transient,
    /// Certainly not delivered, and never will be: the recipient or the mail itself was
    /// refused by a 5xx reply, or the address is impossible.
    Permanent,
    /// The connection was lost after the content went out: it may have been delivered.
    Unknown,
}

/// Why a mail was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFailure {
    /// What kind.
    pub class: FailureClass,
    /// For the admin, in words; no address, no token.
    pub text: String,
}

impl MailFailure {
    /// A failure of this class.
    #[must_use]
    pub fn new(class: FailureClass, text: impl Into<String>) -> Self {
        Self {
            class,
            text: text.into(),
        }
    }
}

/// Sends mails; cheap to clone.
#[derive(Clone, Debug)]
pub enum Mailer {
    /// To a mail server.
    Smtp(Smtp),
    /// As `.eml` files in a folder, for the demo; and to a mail server as well, where the
    /// demo has one.
    File(std::path::PathBuf, Option<Smtp>),
    /// Into memory, for tests.
    Memory(Memory),
}

impl Mailer {
    /// Sends one mail. `Ok` means that the other side has taken it.
    pub async fn send(&self, mail: &Mail) -> Result<(), MailFailure> {
        let message = compose(mail)?;
        match self {
            Self::Smtp(smtp) => smtp.send(message.envelope(), &message.formatted()).await,
            Self::File(folder, smtp) => {
                let bytes = message.formatted();
                let keep = file::keep(folder, mail.date, &bytes);
                let Some(smtp) = smtp else {
                    return keep.await;
                };
                let sent = smtp.send(message.envelope(), &bytes).await;
                let may_be_there = match &sent {
                    Ok(()) => true,
                    Err(failure) => failure.class == FailureClass::Unknown,
                };
                // A mail that was refused is written anew for its next try, with another
                // link; one that went out stays so, whatever becomes of its file.
                if may_be_there && let Err(failure) = keep.await {
                    tracing::error!(text = %failure.text, "a mail that was sent is in no file");
                }
                sent
            }
            Self::Memory(memory) => memory.keep(mail, message.formatted()),
        }
    }
}

/// The sender where the operator names none: no mail server takes it.
pub const DEFAULT_SENDER: &str = "Beckon <beckon@localhost>";

/// Whether this can be the `From` of a mail; asked at start, because afterwards every
/// mail would be refused for good.
#[must_use]
pub fn is_sender(text: &str) -> bool {
    !text.contains(char::is_control) && text.parse::<Mailbox>().is_ok()
}

/// Whether two senders have one address, whatever their names and the case of it.
#[must_use]
pub fn same_address(a: &str, b: &str) -> bool {
    let address = |text: &str| {
        let mailbox = text.parse::<Mailbox>().ok()?;
        Some(mailbox.email.to_string().to_ascii_lowercase())
    };
    address(a) == address(b)
}

/// The `Message-ID` of an outbox entry: stable over retries, unique in the world.
#[must_use]
pub fn message_id(entry: Uuid, public_url: &str) -> String {
    let host = url::Url::parse(public_url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .filter(|host| !host.starts_with('['))
        .unwrap_or_else(|| "beckon.invalid".to_owned());
    format!("<{}@{host}>", entry.simple())
}

/// Puts the MIME message together: text and HTML as alternatives, every header
/// encoded by lettre, so that no value can start another header (S33).
fn compose(mail: &Mail) -> Result<Message, MailFailure> {
    let permanent = |text: &str| MailFailure::new(FailureClass::Permanent, text);
    let from: Mailbox = mail
        .from
        .parse()
        .map_err(|_| permanent("The sender's address in the settings cannot be used."))?;
    let address: Address = mail
        .to
        .parse()
        .map_err(|_| permanent("The address cannot be used in a mail."))?;
    let name = Some(names::header(&mail.to_name)).filter(|name| !name.is_empty());
    let millis = u64::try_from(mail.date.0).unwrap_or_default();
    let date = std::time::UNIX_EPOCH + std::time::Duration::from_millis(millis);
    Message::builder()
        .message_id(Some(mail.message_id.clone()))
        .date(date)
        .from(from)
        .to(Mailbox::new(name, address))
        .subject(names::header(&mail.subject))
        .header(AutoSubmitted)
        .multipart(
            MultiPart::alternative()
                .singlepart(part(header::ContentType::TEXT_PLAIN, &mail.text))
                .singlepart(part(header::ContentType::TEXT_HTML, &mail.html)),
        )
        .map_err(|_| permanent("The mail could not be put together."))
}

/// Always quoted-printable or base64: 7-bit clean, so that any server takes it.
fn part(kind: header::ContentType, text: &str) -> lettre::message::SinglePart {
    lettre::message::SinglePart::builder()
        .header(kind)
        .header(header::ContentTransferEncoding::QuotedPrintable)
        .body(text.to_owned())
}

/// `Auto-Submitted: auto-generated` (RFC 3834 §5): no out-of-office answers, please.
#[derive(Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            message_id: "<1@beckon.test>".to_owned(),
            from: "Beckon <no-reply@beckon.test>".to_owned(),
            to: "mara@example.test".to_owned(),
            to_name: "Mara".to_owned(),
            subject: "Hello".to_owned(),
            text: "text".to_owned(),
            html: "<p>text</p>".to_owned(),
            date: Timestamp(1_795_000_000_000),
        }
    }

    fn headers_of(mail: &Mail) -> Vec<String> {
        let bytes = compose(mail).unwrap().formatted();
        let text = String::from_utf8(bytes).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap().to_owned();
        head.replace("\r\n ", " ")
            .lines()
            .map(|line| line.split(':').next().unwrap().to_ascii_lowercase())
            .collect()
    }

    #[test]
    fn s33_no_value_starts_another_header_or_ends_the_message() {
        let expected = headers_of(&mail());
        let long = "x".repeat(10_000);
        for evil in [
            "Eve\r\nBcc: victim@example.test",
            "Eve\nBcc: victim@example.test",
            "Eve\rBcc: victim@example.test",
            "Eve\0Bcc",
            "Eve\r\n.\r\nMAIL FROM:<eve@example.test>",
            "Eve\u{2028}Bcc: victim@example.test",
            &long,
        ] {
            let mut mail = mail();
            mail.subject = format!("{evil} invites you to {evil}");
            mail.to_name = evil.to_owned();
            assert_eq!(headers_of(&mail), expected, "{evil:?}");
            let bytes = compose(&mail).unwrap().formatted();
            let text = String::from_utf8(bytes).unwrap();
            assert!(!text.contains("\r\n.\r\n"));
            assert!(text.lines().all(|line| line.len() <= 998));
        }
    }

    #[test]
    fn an_address_that_no_mail_can_have_is_a_permanent_failure() {
        let mut mail = mail();
        mail.to = "a@b@c".to_owned();
        assert_eq!(compose(&mail).unwrap_err().class, FailureClass::Permanent);
    }

    #[test]
    fn the_message_id_is_the_entrys() {
        let id = Uuid::from_u128(7);
        assert_eq!(
            message_id(id, "https://learn.example.test:8443/x"),
            "<00000000000000000000000000000007@learn.example.test>"
        );
        assert_eq!(
            message_id(id, "nonsense"),
            "<00000000000000000000000000000007@beckon.invalid>"
        );
    }
}
