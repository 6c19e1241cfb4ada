//! Against a mail server of the test's own, over real connections.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::mail::{Mail, Mailer};

/// What a mail server answers; an empty line means that it hangs up.
#[derive(Clone, Copy)]
struct Script {
    mail: &'static str,
    rcpt: &'static str,
    data: &'static str,
    content: &'static str,
    /// Said right after the first connection's content was answered; then it hangs up.
    parting: Option<&'static str>,
}

const WELL: Script = Script {
    mail: "250 fine",
    rcpt: "250 fine",
    data: "354 go on",
    content: "250 taken",
    parting: None,
};

/// Starts the server; how it is reached, and how many connections it has had.
async fn server(script: Script) -> (Smtp, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let first = counter.fetch_add(1, Ordering::SeqCst) == 0;
            let parting = script.parting.filter(|_| first);
            tokio::spawn(talk(BufReader::new(stream), script, parting));
        }
    });
    let smtp = Smtp::from_url(&format!("smtp://127.0.0.1:{port}")).unwrap();
    (smtp, connections)
}

async fn talk(mut stream: BufReader<TcpStream>, script: Script, parting: Option<&str>) {
    stream.write_all(b"220 test\r\n").await.unwrap();
    let mut in_content = false;
    let mut line = String::new();
    while stream.read_line(&mut line).await.unwrap_or(0) > 0 {
        let ended = in_content && line.trim_end() == ".";
        let answer = match line.trim_end() {
            "." if in_content => {
                in_content = false;
                script.content
            }
            _ if in_content => "-",
            "DATA" => {
                in_content = script.data.starts_with('3');
                script.data
            }
            text if text.starts_with("MAIL") => script.mail,
            text if text.starts_with("RCPT") => script.rcpt,
            _ => "250 fine",
        };
        line.clear();
        match answer {
            "-" => {}
            "" => break,
            answer => say(&mut stream, answer).await,
        }
        if let Some(word) = parting.filter(|_| ended) {
            say(&mut stream, word).await;
            break;
        }
    }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) {
    let line = format!("{line}\r\n");
    stream.write_all(line.as_bytes()).await.unwrap();
}

async fn send(smtp: &Smtp) -> Result<(), FailureClass> {
    let envelope = Envelope::new(
        Some("from@beckon.test".parse().unwrap()),
        vec!["to@beckon.test".parse().unwrap()],
    )
    .unwrap();
    smtp.send(&envelope, b"Subject: x\r\n\r\nbody\r\n")
        .await
        .map_err(|failure| failure.class)
}

async fn outcome(script: Script) -> Result<(), FailureClass> {
    send(&server(script).await.0).await
}

#[tokio::test]
async fn f09_every_reply_has_its_class() {
    use FailureClass::{Permanent, Transient, Unknown};
    assert_eq!(outcome(WELL).await, Ok(()));
    for (rcpt, content, class) in [
        ("450 later", "250 taken", Transient),
        ("421 closing", "250 taken", Transient),
        ("550 nobody", "250 taken", Permanent),
        ("552 full", "250 taken", Permanent),
        ("", "250 taken", Transient),
        ("250 yes", "451 later", Transient),
        ("250 yes", "554 spam", Permanent),
        ("250 yes", "", Unknown),
    ] {
        let script = Script {
            rcpt,
            content,
            ..WELL
        };
        assert_eq!(outcome(script).await, Err(class), "{rcpt} {content}");
    }
}

/// A sender that is refused, or a sign-in that is missing, says nothing about the
/// recipient: the mail waits until the operator has corrected the setting.
#[tokio::test]
async fn f09_what_the_operator_can_correct_is_nobodys_bounce() {
    for refused in ["550 no such sender", "553 not yours", "501 no", "452 full"] {
        for script in [
            Script {
                mail: refused,
                ..WELL
            },
            Script {
                data: refused,
                ..WELL
            },
        ] {
            assert_eq!(outcome(script).await, Err(FailureClass::Transient));
        }
    }
    for refused in ["530 sign in first", "535 wrong", "538 encrypt first"] {
        for script in [
            Script {
                mail: refused,
                ..WELL
            },
            Script {
                rcpt: refused,
                ..WELL
            },
            Script {
                content: refused,
                ..WELL
            },
        ] {
            assert_eq!(outcome(script).await, Err(FailureClass::Transient));
        }
    }
}

#[tokio::test]
async fn f09_an_idle_connection_that_was_closed_costs_no_try() {
    for parting in ["421 idle for too long", ""] {
        let (smtp, connections) = server(Script {
            parting: Some(parting),
            ..WELL
        })
        .await;
        assert_eq!(send(&smtp).await, Ok(()));
        assert_eq!(send(&smtp).await, Ok(()), "{parting}");
        assert_eq!(connections.load(Ordering::SeqCst), 2);
        // The new one is kept and used again.
        assert_eq!(send(&smtp).await, Ok(()));
        assert_eq!(connections.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test]
async fn a_connection_idles_for_a_minute_at_most() {
    let (smtp, connections) = server(WELL).await;
    assert_eq!(send(&smtp).await, Ok(()));
    for (seconds, expected) in [(59, 1), (60, 2)] {
        for (_, since) in smtp.idle.lock().unwrap().iter_mut() {
            *since -= Duration::from_secs(seconds);
        }
        assert_eq!(send(&smtp).await, Ok(()));
        assert_eq!(connections.load(Ordering::SeqCst), expected);
    }
}

/// A demo with a mail server: what went out stands in the mailbox, and what did not does
/// not, because its link is dead and the next try writes another.
#[tokio::test]
async fn a_demos_mails_leave_and_stay_in_its_mailbox() {
    for (content, files) in [("250 taken", 1), ("451 later", 0), ("", 1)] {
        let (smtp, _) = server(Script { content, ..WELL }).await;
        let folder = tempfile::tempdir().unwrap();
        let mailer = Mailer::File(folder.path().to_owned(), Some(smtp));
        let sent = mailer.send(&mail()).await;
        assert_eq!(sent.is_ok(), content == "250 taken", "{content}");
        let kept = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(kept, files, "{content}");
    }
    // A folder that cannot be written makes no mail that was sent into one that was not.
    let (smtp, _) = server(WELL).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let mailer = Mailer::File(file.path().join("mail"), Some(smtp));
    assert_eq!(mailer.send(&mail()).await, Ok(()));
    let mailer = Mailer::File(file.path().join("mail"), None);
    let failure = mailer.send(&mail()).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Transient);
}

fn mail() -> Mail {
    Mail {
        message_id: "<1@beckon.test>".to_owned(),
        from: "from@beckon.test".to_owned(),
        to: "to@beckon.test".to_owned(),
        to_name: String::new(),
        subject: "Hello".to_owned(),
        text: "text".to_owned(),
        html: "<p>text</p>".to_owned(),
        date: app::domain::time::Timestamp(1_795_000_000_000),
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
    // Without a password too what is offered is taken, except on this machine.
    let relay = Smtp::from_url("smtp://mail.test").unwrap();
    assert_eq!(
        (relay.server.encryption, relay.server.port),
        (Encryption::Offered, 25)
    );
    assert_eq!(encryption("smtp://mail.test?tls=none"), Encryption::None);
    assert_eq!(encryption("smtp://localhost"), Encryption::None);
    for wrong in [
        "http://u:secret@mail.test",
        "smtp://u:secret@mail.test?tls=maybe",
        "smtp:",
    ] {
        let error = Smtp::from_url(wrong).unwrap_err();
        assert!(!error.contains("secret"), "{error}");
    }
}
