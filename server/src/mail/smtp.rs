//! Sending to a mail server.
//!
//! lettre's pooled transport does not say at which step a connection was lost, and
//! that decides whether a mail may be sent again (F09): before the content, nobody
//! has it; after it, nobody knows. So the steps are taken one by one here, over a
//! small pool of lettre's own connections.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lettre::{
    address::Envelope,
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use tokio::time::{Instant, timeout};

use super::{FailureClass, MailFailure};

/// For connecting, signing in and naming the recipient.
const PREPARE: Duration = Duration::from_secs(30);
/// For handing over the content, until the server's answer.
const DELIVER: Duration = Duration::from_secs(30);
/// Idle connections that are kept.
const IDLE: usize = 8;
/// For how long: servers close what idles, some after a minute.
const IDLE_FOR: Duration = Duration::from_mins(1);

/// The longest that one [`Smtp::send`] takes: a worker's lease must outlast it.
pub const LONGEST_SEND: Duration = Duration::from_secs(90);

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encryption {
    /// Not at all (a relay on this machine).
    None,
    /// STARTTLS where the server offers it.
    Offered,
    /// STARTTLS, or nothing is sent.
    Required,
    /// TLS from the first byte.
    Wrapped,
}

/// Sends to one mail server; cheap to clone.
#[derive(Clone)]
pub struct Smtp {
    server: Arc<Server>,
    idle: Arc<Mutex<Vec<(AsyncSmtpConnection, Instant)>>>,
}

struct Server {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    hello: ClientId,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Smtp({}:{})", self.server.host, self.server.port)
    }
}

impl Smtp {
    /// Reads `smtp://[user:password@]host[:port][?tls=required|opportunistic]` or
    /// `smtps://…`; the error is a sentence for the operator, without the password.
    pub fn from_url(text: &str) -> Result<Self, String> {
        let url = url::Url::parse(text)
            .map_err(|error| format!("The mail server's URL cannot be read: {error}."))?;
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or("The mail server's URL names no host.")?
            .trim_matches(['[', ']'])
            .to_owned();
        let tls = url
            .query_pairs()
            .find(|(key, _)| key == "tls")
            .map(|(_, value)| value.into_owned());
        let (encryption, port) = match (url.scheme(), tls.as_deref()) {
            // A password never goes over a network in clear text unless that is asked for.
            ("smtp", None) if url.password().is_some() && !is_here(&host) => {
                (Encryption::Required, 587)
            }
            ("smtp", None) if !is_here(&host) => (Encryption::Offered, 25),
            ("smtp", None | Some("none")) => (Encryption::None, 25),
            ("smtp", Some("opportunistic")) => (Encryption::Offered, 587),
            ("smtp", Some("required")) => (Encryption::Required, 587),
            ("smtps", _) => (Encryption::Wrapped, 465),
            _ => {
                return Err(
                    "The mail server's URL starts with smtp:// or smtps://, and its tls \
                            is none, opportunistic or required."
                        .to_owned(),
                );
            }
        };
        let decode = |part: &str| {
            percent_encoding::percent_decode_str(part)
                .decode_utf8()
                .map(std::borrow::Cow::into_owned)
                .map_err(|_| "The mail server's user or password is not UTF-8.".to_owned())
        };
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(decode(url.username())?, decode(password)?)),
            None => None,
        };
        Ok(Self {
            server: Arc::new(Server {
                port: url.port().unwrap_or(port),
                host,
                encryption,
                credentials,
                hello: ClientId::default(),
            }),
            idle: Arc::default(),
        })
    }

    /// Sends one message.
    pub(super) async fn send(
        &self,
        envelope: &Envelope,
        message: &[u8],
    ) -> Result<(), MailFailure> {
        let mut connection = match timeout(PREPARE, self.prepare(envelope, message)).await {
            Ok(prepared) => prepared?,
            Err(_) => return Err(transient("The mail server did not answer in time.")),
        };
        let unknown = || {
            MailFailure::new(
                FailureClass::Unknown,
                "The connection was lost while the mail was handed over. It may have arrived.",
            )
        };
        match timeout(DELIVER, connection.message(message)).await {
            Ok(Ok(_)) => {
                self.keep(connection);
                Ok(())
            }
            Ok(Err(error)) => Err(reply(&error, Step::Mail).unwrap_or_else(unknown)),
            Err(_) => Err(unknown()),
        }
    }

    /// A connection that waits for the content.
    async fn prepare(
        &self,
        envelope: &Envelope,
        message: &[u8],
    ) -> Result<AsyncSmtpConnection, MailFailure> {
        // One that idled may have been closed by the server: then a new one is made.
        if let Some(mut connection) = self.take() {
            match introduce(&mut connection, envelope, message).await {
                Err(Refusal::Lost | Refusal::Closing(_)) => {}
                Err(Refusal::Reply(failure)) => return Err(failure),
                Ok(()) => return Ok(connection),
            }
        }
        let mut connection = self.connect().await?;
        match introduce(&mut connection, envelope, message).await {
            Ok(()) => Ok(connection),
            Err(Refusal::Reply(failure) | Refusal::Closing(failure)) => Err(failure),
            Err(Refusal::Lost) => Err(transient("The connection to the mail server was lost.")),
        }
    }

    /// A new connection, encrypted and signed in. Whatever fails here is the server's
    /// or the operator's affair, not this mail's: it is tried again.
    async fn connect(&self) -> Result<AsyncSmtpConnection, MailFailure> {
        let server = &*self.server;
        let tls = || {
            // Where encryption is taken only if offered, whoever could show a false
            // certificate could as well take the offer away: checking it would only send
            // the mails to relays with a certificate of their own in clear text, or never.
            let any = server.encryption == Encryption::Offered && server.credentials.is_none();
            TlsParameters::builder(server.host.clone())
                .dangerous_accept_invalid_certs(any)
                .build()
                .map_err(|_| transient("Encryption to the mail server could not be set up."))
        };
        let wrapped = match server.encryption {
            Encryption::Wrapped => Some(tls()?),
            _ => None,
        };
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (server.host.as_str(), server.port),
            Some(PREPARE),
            &server.hello,
            wrapped,
            None,
        )
        .await
        .map_err(|error| {
            tracing::warn!(%error, "no connection to the mail server");
            transient("The mail server cannot be reached.")
        })?;
        let upgrade = match server.encryption {
            Encryption::Required => true,
            Encryption::Offered => connection.can_starttls(),
            Encryption::None | Encryption::Wrapped => false,
        };
        if upgrade {
            connection
                .starttls(tls()?, &server.hello)
                .await
                .map_err(|error| {
                    tracing::warn!(%error, "no encryption to the mail server");
                    transient("The mail server refused an encrypted connection.")
                })?;
        }
        if let Some(credentials) = &server.credentials {
            connection
                .auth(DEFAULT_MECHANISMS, credentials)
                .await
                .map_err(|error| {
                    tracing::warn!(%error, "the mail server refused the sign-in");
                    transient("The mail server refused the sign-in of this server.")
                })?;
        }
        Ok(connection)
    }

    /// One that idled, but not for too long.
    fn take(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < IDLE_FOR);
        idle.pop().map(|(connection, _)| connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < IDLE_FOR);
        if idle.len() < IDLE && !connection.has_broken() {
            idle.push((connection, Instant::now()));
        }
    }
}

/// Why a connection does not wait for the content.
enum Refusal {
    /// The server said so, or the mail cannot be sent there.
    Reply(MailFailure),
    /// The server closes the connection (421): one that idled has only become old.
    Closing(MailFailure),
    /// The connection is gone; nothing was sent.
    Lost,
}

/// What a reply is about: a refusal for good of one of them is no refusal of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Who sends, and whether anything may be sent: the operator's affair.
    Sender,
    /// Who is to get it.
    Recipient,
    /// The mail as a whole.
    Mail,
}

/// Whether a host is this machine.
fn is_here(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Sender, recipient, and the word that the content follows. A connection on which
/// this failed is dropped: its state is not worth guessing.
async fn introduce(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    message: &[u8],
) -> Result<(), Refusal> {
    let mut options = Vec::new();
    let is_ascii = |address: &lettre::Address| AsRef::<str>::as_ref(address).is_ascii();
    if !envelope.to().iter().chain(envelope.from()).all(is_ascii) {
        if !connection
            .server_info()
            .supports_feature(Extension::SmtpUtfEight)
        {
            return Err(Refusal::Reply(MailFailure::new(
                FailureClass::Permanent,
                "The mail server does not take addresses with such letters (SMTPUTF8).",
            )));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if !message.is_ascii() {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    connection
        .command(Mail::new(envelope.from().cloned(), options))
        .await
        .map_err(|error| refusal(&error, Step::Sender))?;
    for to in envelope.to() {
        connection
            .command(Rcpt::new(to.clone(), vec![]))
            .await
            .map_err(|error| refusal(&error, Step::Recipient))?;
    }
    // What is refused here is neither the recipient, who was taken, nor the content.
    connection
        .command(Data)
        .await
        .map_err(|error| refusal(&error, Step::Sender))?;
    Ok(())
}

fn refusal(error: &lettre::transport::smtp::Error, step: Step) -> Refusal {
    match reply(error, step) {
        None => Refusal::Lost,
        Some(failure) if error.status().map(u16::from) == Some(421) => Refusal::Closing(failure),
        Some(failure) => Refusal::Reply(failure),
    }
}

fn transient(text: &str) -> MailFailure {
    MailFailure::new(FailureClass::Transient, text)
}

/// What the server's reply means (RFC 5321 §4.2.1); `None`: it was no reply. For good is
/// only what is said of the recipient or of the mail itself: where the sender is refused,
/// or this server should sign in (RFC 4954 §6), every mail would be given up for a
/// setting that the operator can correct.
fn reply(error: &lettre::transport::smtp::Error, step: Step) -> Option<MailFailure> {
    let code = error.status()?;
    let class = match u16::from(code) {
        530 | 534 | 535 | 538 => FailureClass::Transient,
        500.. if step != Step::Sender => FailureClass::Permanent,
        _ => FailureClass::Transient,
    };
    let text = match step {
        Step::Sender if error.is_permanent() => {
            tracing::warn!(%code, "the mail server refuses this server's mails");
            format!("The mail server refused this server as a sender: it answered {code}.")
        }
        _ => format!("The mail server answered {code}."),
    };
    Some(MailFailure::new(class, text))
}

#[cfg(test)]
#[path = "smtp_tests.rs"]
mod tests;
