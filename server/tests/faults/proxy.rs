//! The way to PostgreSQL, which a test can cut.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

#[derive(Clone)]
pub struct Proxy {
    /// The database's URL, by this way.
    pub url: String,
    cut: Arc<watch::Sender<bool>>,
    lose: Arc<Mutex<Option<&'static str>>>,
}

impl Proxy {
    /// In front of the server that `database` names.
    pub async fn before(database: &str) -> Self {
        let (_, rest) = database.split_once('@').unwrap();
        let (server, name) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Self {
            url: format!("postgres://beckon@{address}/{name}"),
            cut: Arc::new(watch::Sender::new(false)),
            lose: Arc::default(),
        };
        let (own, server) = (proxy.clone(), server.to_owned());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *own.cut.borrow() {
                    continue;
                }
                let (own, server) = (own.clone(), server.clone());
                tokio::spawn(async move { own.carry(client, &server).await });
            }
        });
        proxy
    }

    /// Every connection breaks, and none is made, until [`Proxy::mend`].
    pub fn cut(&self) {
        self.cut.send_replace(true);
    }

    pub fn mend(&self) {
        self.cut.send_replace(false);
    }

    /// The next transaction that says `statement` is committed, and its connection breaks
    /// before anybody learns of it.
    pub fn lose_the_answer_after(&self, statement: &'static str) {
        *self.lose.lock().unwrap() = Some(statement);
    }

    async fn carry(&self, mut client: TcpStream, server: &str) -> Option<()> {
        let mut server = TcpStream::connect(server).await.ok()?;
        let mut cut = self.cut.subscribe();
        let (mut up, mut down) = (vec![0; 1 << 20], vec![0; 1 << 20]);
        let mut begun = false;
        loop {
            tokio::select! {
                read = client.read(&mut up) => {
                    let sent = up.get(..read.ok().filter(|n| *n > 0)?)?;
                    let lose = *self.lose.lock().unwrap();
                    begun |= lose.is_some_and(|statement| has(sent, statement));
                    server.write_all(sent).await.ok()?;
                    if begun && has(sent, "COMMIT") {
                        // It is committed once the server has said so.
                        let _said = server.read(&mut down).await.ok()?;
                        *self.lose.lock().unwrap() = None;
                        return None;
                    }
                }
                read = server.read(&mut down) => {
                    let sent = down.get(..read.ok().filter(|n| *n > 0)?)?;
                    client.write_all(sent).await.ok()?;
                }
                () = async { drop(cut.wait_for(|cut| *cut).await) } => return None,
            }
        }
    }

    /// Whether the answer that was to be lost is lost.
    pub fn has_lost(&self) -> bool {
        self.lose.lock().unwrap().is_none()
    }
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}
