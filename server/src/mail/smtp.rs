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
use tokio::time::timeout;

use super::{FailureClass, MailFailure};

/// For connecting, signing in and naming the recipient.
const PREPARE: Duration = Duration::from_secs(30);
/// For handing over the content, until the server's answer.
const DELIVER: Duration = Duration::from_secs(30);
/// Idle connections that are kept.
const IDLE: usize = 8;

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
    idle: Arc<Mutex<Vec<AsyncSmtpConnection>>>,
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
            Ok(Err(error)) => Err(reply(&error).unwrap_or_else(unknown)),
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
                Err(Refusal::Lost) => {}
                Err(Refusal::Reply(failure)) => return Err(failure),
                Ok(()) => return Ok(connection),
            }
        }
        let mut connection = self.connect().await?;
        match introduce(&mut connection, envelope, message).await {
            Ok(()) => Ok(connection),
            Err(Refusal::Reply(failure)) => Err(failure),
            Err(Refusal::Lost) => Err(transient("The connection to the mail server was lost.")),
        }
    }

    /// A new connection, encrypted and signed in. Whatever fails here is the server's
    /// or the operator's affair, not this mail's: it is tried again.
    async fn connect(&self) -> Result<AsyncSmtpConnection, MailFailure> {
        let server = &*self.server;
        let tls = || {
            TlsParameters::new(server.host.clone())
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

    fn take(&self) -> Option<AsyncSmtpConnection> {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE && !connection.has_broken() {
            idle.push(connection);
        }
    }
}

/// Why a connection does not wait for the content.
enum Refusal {
    /// The server said so, or the mail cannot be sent there.
    Reply(MailFailure),
    /// The connection is gone; nothing was sent.
    Lost,
}

impl From<lettre::transport::smtp::Error> for Refusal {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        reply(&error).map_or(Self::Lost, Self::Reply)
    }
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
        .await?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), vec![])).await?;
    }
    connection.command(Data).await?;
    Ok(())
}

fn transient(text: &str) -> MailFailure {
    MailFailure::new(FailureClass::Transient, text)
}

/// What the server's reply means (RFC 5321 §4.2.1); `None`: it was no reply.
fn reply(error: &lettre::transport::smtp::Error) -> Option<MailFailure> {
    let code = error.status()?;
    let class = if error.is_permanent() {
        FailureClass::Permanent
    } else {
        FailureClass::Transient
    };
    Some(MailFailure::new(
        class,
        format!("The mail server answered {code}."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
        net::TcpListener,
    };

    /// A mail server that answers `RCPT` with one line and the content with another;
    /// an empty line means that it hangs up.
    async fn server(rcpt: &'static str, content: &'static str) -> Smtp {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                stream.write_all(b"220 test\r\n").await.unwrap();
                let mut in_content = false;
                let mut line = String::new();
                while stream.read_line(&mut line).await.unwrap_or(0) > 0 {
                    let answer = match line.trim_end() {
                        "." if in_content => {
                            in_content = false;
                            content
                        }
                        _ if in_content => "-",
                        "DATA" => {
                            in_content = true;
                            "354 go on"
                        }
                        text if text.starts_with("RCPT") => rcpt,
                        _ => "250 fine",
                    };
                    line.clear();
                    match answer {
                        "-" => {}
                        "" => break,
                        answer => stream
                            .write_all(format!("{answer}\r\n").as_bytes())
                            .await
                            .unwrap(),
                    }
                }
            }
        });
        Smtp::from_url(&format!("smtp://127.0.0.1:{port}")).unwrap()
    }

    async fn outcome(rcpt: &'static str, content: &'static str) -> Result<(), FailureClass> {
        let smtp = server(rcpt, content).await;
        let envelope = Envelope::new(
            Some("from@beckon.test".parse().unwrap()),
            vec!["to@beckon.test".parse().unwrap()],
        )
        .unwrap();
        smtp.send(&envelope, b"Subject: x\r\n\r\nbody\r\n")
            .await
            .map_err(|failure| failure.class)
    }

    #[tokio::test]
    async fn f09_every_reply_has_its_class() {
        assert_eq!(outcome("250 yes", "250 taken").await, Ok(()));
        for (rcpt, content, class) in [
            ("450 later", "250 taken", FailureClass::Transient),
            ("421 closing", "250 taken", FailureClass::Transient),
            ("550 nobody", "250 taken", FailureClass::Permanent),
            ("552 full", "250 taken", FailureClass::Permanent),
            ("", "250 taken", FailureClass::Transient),
            ("250 yes", "451 later", FailureClass::Transient),
            ("250 yes", "554 spam", FailureClass::Permanent),
            ("250 yes", "", FailureClass::Unknown),
        ] {
            assert_eq!(outcome(rcpt, content).await, Err(class), "{rcpt} {content}");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_away_is_tried_again() {
        let smtp = Smtp::from_url("smtp://127.0.0.1:1").unwrap();
        let envelope = Envelope::new(None, vec!["to@beckon.test".parse().unwrap()]).unwrap();
        let failure = smtp.send(&envelope, b"x").await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Transient);
    }

    #[test]
    fn urls_are_read_and_wrong_ones_refused_without_the_password() {
        let smtp = Smtp::from_url("smtp://u:p%40ss@mail.test?tls=required").unwrap();
        assert_eq!(smtp.server.port, 587);
        assert_eq!(smtp.server.encryption, Encryption::Required);
        assert_eq!(format!("{smtp:?}"), "Smtp(mail.test:587)");
        assert_eq!(
            Smtp::from_url("smtps://mail.test").unwrap().server.port,
            465
        );
        let encryption = |url: &str| Smtp::from_url(url).unwrap().server.encryption;
        assert_eq!(encryption("smtp://u:p@mail.test"), Encryption::Required);
        assert_eq!(
            encryption("smtp://u:p@mail.test?tls=none"),
            Encryption::None
        );
        assert_eq!(encryption("smtp://u:p@127.0.0.1:1025"), Encryption::None);
        assert_eq!(encryption("smtp://u:p@[::1]"), Encryption::None);
        assert_eq!(encryption("smtp://mail.test"), Encryption::None);
        for wrong in [
            "http://u:secret@mail.test",
            "smtp://u:secret@mail.test?tls=maybe",
            "smtp:",
        ] {
            let error = Smtp::from_url(wrong).unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
