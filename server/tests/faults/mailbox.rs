//! A mail server that takes everything and remembers it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// One mail that it answered with 250, or was about to.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub message_id: String,
    pub to: String,
    /// Of the link in it.
    pub token: String,
}

#[derive(Clone)]
pub struct Mailbox {
    pub url: String,
    mails: Arc<Mutex<Vec<Arrived>>>,
    slow: Arc<AtomicU64>,
}

impl Mailbox {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mailbox = Self {
            url: format!("smtp://{}", listener.local_addr().unwrap()),
            mails: Arc::default(),
            slow: Arc::default(),
        };
        let own = mailbox.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = own.clone();
                // A sender that is killed breaks its own connection alone.
                tokio::spawn(async move { own.talk(BufReader::new(stream)).await });
            }
        });
        mailbox
    }

    /// From now on a mail is answered so much after it arrived.
    pub fn answer_after(&self, wait: Duration) {
        let millis = u64::try_from(wait.as_millis()).unwrap();
        self.slow.store(millis, Ordering::SeqCst);
    }

    pub fn mails(&self) -> Vec<Arrived> {
        self.mails.lock().unwrap().clone()
    }

    /// Those whose recipient starts so.
    pub fn to(&self, start: &str) -> Vec<Arrived> {
        let mut mails = self.mails();
        mails.retain(|mail| mail.to.starts_with(start));
        mails
    }

    async fn talk(&self, mut stream: BufReader<TcpStream>) -> Option<()> {
        say(&mut stream, "220 test").await?;
        let mut content: Option<String> = None;
        let mut line = String::new();
        while stream.read_line(&mut line).await.ok()? > 0 {
            let answer = match (&mut content, line.trim_end()) {
                (Some(text), ".") => {
                    let arrived = read(text);
                    content = None;
                    self.mails.lock().unwrap().push(arrived);
                    let wait = Duration::from_millis(self.slow.load(Ordering::SeqCst));
                    tokio::time::sleep(wait).await;
                    Some("250 taken")
                }
                (Some(text), _) => {
                    text.push_str(&line);
                    None
                }
                (None, "DATA") => {
                    content = Some(String::new());
                    Some("354 go on")
                }
                (None, _) => Some("250 fine"),
            };
            line.clear();
            if let Some(answer) = answer {
                say(&mut stream, answer).await?;
            }
        }
        Some(())
    }
}

fn read(content: &str) -> Arrived {
    let message = mail_parser::MessageParser::default()
        .parse(content.as_bytes())
        .unwrap();
    let text = message.body_text(0).unwrap();
    let token = text.split_once("/i#").unwrap().1.split_whitespace().next();
    Arrived {
        message_id: message.message_id().unwrap().to_owned(),
        to: message
            .to()
            .unwrap()
            .first()
            .unwrap()
            .address()
            .unwrap()
            .to_owned(),
        token: token.unwrap().to_owned(),
    }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> Option<()> {
    let line = format!("{line}\r\n");
    stream.write_all(line.as_bytes()).await.ok()
}
