//! The rows on their way to the server: cut into chunks, a few of which are sent at once.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
};

use app::{
    api::imports::{ImportChunk, ImportRef, ImportsChunk},
    bulk::draft::{RowDraft, next_chunk},
};

use super::{Phase, Stop, Submit};
use crate::pages::invite::browser::{self, all, breathe};

/// Chunks on their way at once.
const IN_FLIGHT: usize = 3;
/// Rows that are sent at once.
pub(super) struct Chunk {
    /// Place of the first one among all rows.
    position: u32,
    /// How many.
    rows: u32,
    /// Of their JSON.
    pub(super) hash: String,
}

impl Submit {
    /// The rows of a chunk as they are sent.
    fn chunk(&self, position: u32, rows: u32) -> Vec<RowDraft> {
        let from = position as usize;
        let book = self.desk.book();
        let document = book.document();
        let map = document.sheet.field_map();
        self.rows[from..from + rows as usize]
            .iter()
            .map(|row| document.sheet.draft_with(*row, &map))
            .collect()
    }

    /// The chunk that begins at a place: how many rows, and their JSON.
    fn next_chunk(&self, position: u32) -> serde_json::Result<(u32, String)> {
        let book = self.desk.book();
        let document = book.document();
        let map = document.sheet.field_map();
        let mut drafts = self.rows[position as usize..]
            .iter()
            .map(|row| document.sheet.draft_with(*row, &map));
        next_chunk(&mut drafts)
    }

    /// Cuts the rows into chunks.
    pub(super) async fn cut(&self) -> Result<Vec<Chunk>, Stop> {
        // The page may be gone before this part of the program came.
        self.going()?;
        let mut chunks = Vec::new();
        let mut position = 0;
        while (position as usize) < self.rows.len() {
            let (rows, json) = self
                .next_chunk(position)
                .map_err(|_| Stop::Failed("The rows could not be written as JSON.".to_owned()))?;
            let hash = hash(json.as_bytes()).await?;
            chunks.push(Chunk {
                position,
                rows,
                hash,
            });
            position += rows;
            self.phase(Phase::Preparing, position)?;
            breathe().await;
            self.going()?;
        }
        Ok(chunks)
    }

    /// Sends the chunks that have not arrived.
    pub(super) async fn send(
        &self,
        import: &ImportRef,
        chunks: Vec<Chunk>,
        received: &[u32],
    ) -> Result<(), Stop> {
        let todo: Vec<Chunk> = chunks
            .into_iter()
            .filter(|chunk| !received.contains(&chunk.position))
            .rev()
            .collect();
        let left: u32 = todo.iter().map(|chunk| chunk.rows).sum();
        let sent = self.rows.len() as u32 - left;
        let shared = Rc::new(Sending {
            submit: Self {
                desk: self.desk,
                rows: self.rows.clone(),
                admins: self.admins,
                run: self.run,
                begun: Cell::new(false),
            },
            import: import.clone(),
            todo: RefCell::new(todo),
            sent: RefCell::new(sent),
            stopped: RefCell::new(None),
        });
        self.phase(Phase::Sending, sent)?;
        let workers = (0..IN_FLIGHT)
            .map(|_| {
                let shared = shared.clone();
                Box::pin(async move { shared.work().await }) as Pin<Box<dyn Future<Output = ()>>>
            })
            .collect();
        all(workers).await;
        let stopped = shared.stopped.borrow_mut().take();
        stopped.map_or(Ok(()), Err)
    }
}

/// What the workers share.
struct Sending {
    submit: Submit,
    import: ImportRef,
    todo: RefCell<Vec<Chunk>>,
    /// Rows that have arrived.
    sent: RefCell<u32>,
    stopped: RefCell<Option<Stop>>,
}

impl Sending {
    async fn work(&self) {
        loop {
            let next = self.todo.borrow_mut().pop();
            let Some(Chunk {
                position,
                rows,
                hash,
            }) = next
            else {
                return;
            };
            if self.stopped.borrow().is_some() {
                return;
            }
            let chunk = ImportChunk {
                tenant: self.import.tenant.clone(),
                import: self.import.import,
                position,
                hash,
                rows: self.submit.chunk(position, rows),
            };
            let result = self.submit.call(ImportsChunk { input: chunk }).await;
            let result = result.and_then(|()| {
                let sent = {
                    let mut sent = self.sent.borrow_mut();
                    *sent += rows;
                    *sent
                };
                self.submit.phase(Phase::Sending, sent)
            });
            if let Err(stop) = result {
                *self.stopped.borrow_mut() = Some(stop);
                return;
            }
        }
    }
}

/// The SHA-256 of some bytes.
pub(super) async fn hash(bytes: &[u8]) -> Result<String, Stop> {
    browser::sha256_hex(bytes).await.ok_or_else(|| {
        Stop::Failed(
            "The browser computes no hashes here: open the page by https or on localhost."
                .to_owned(),
        )
    })
}
