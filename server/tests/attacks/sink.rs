//! A mail server that keeps every byte it was given, and tells commands from content as
//! strictly as the standard does.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// One mail as it came.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// From `MAIL` to `DATA`.
    pub commands: Vec<String>,
    /// Between `DATA` and the dot, dots unstuffed.
    pub message: Vec<u8>,
}

/// The server.
pub struct Sink {
    pub url: String,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Sink {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let taken: Arc<Mutex<Vec<Taken>>> = Arc::default();
        let kept = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&kept)));
            }
        });
        Self { url, taken }
    }

    /// What came since the last time.
    pub fn take(&self) -> Vec<Taken> {
        std::mem::take(&mut self.taken.lock().unwrap())
    }
}

/// The next line without its CRLF; `None` at the end. A CR or LF alone ends no line.
async fn line(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(stream.read_u8().await.ok()?);
    }
    line.truncate(line.len() - 2);
    Some(line)
}

async fn talk(mut stream: TcpStream, taken: Arc<Mutex<Vec<Taken>>>) {
    stream.write_all(b"220 sink\r\n").await.unwrap();
    let mut mail = Taken::default();
    while let Some(command) = line(&mut stream).await {
        let command = String::from_utf8_lossy(&command).into_owned();
        let verb = command.get(..4).unwrap_or(&command).to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" | "HELO" | "NOOP" | "RSET" => "250 fine\r\n",
            "QUIT" => "221 bye\r\n",
            "DATA" => "354 go on\r\n",
            _ => "250 taken\r\n",
        };
        let is_data = verb == "DATA";
        if !matches!(verb.as_str(), "EHLO" | "NOOP" | "QUIT") {
            mail.commands.push(command);
        }
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        if !is_data {
            continue;
        }
        while let Some(text) = line(&mut stream).await {
            if text == b"." {
                break;
            }
            mail.message
                .extend_from_slice(text.strip_prefix(b".").unwrap_or(&text));
            mail.message.extend_from_slice(b"\r\n");
        }
        taken.lock().unwrap().push(std::mem::take(&mut mail));
        if stream.write_all(b"250 taken\r\n").await.is_err() {
            return;
        }
    }
}
