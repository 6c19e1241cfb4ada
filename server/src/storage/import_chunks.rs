//! The rows of an import on their way in, in chunks.

use app::domain::{id::ImportId, time::Timestamp};

use super::{StorageError, Tx, imports::count};
use crate::args;

/// A chunk on its way in.
#[derive(Clone, Debug)]
pub struct NewChunk {
    /// Its import.
    pub import: ImportId,
    /// Place of its first row, from 0.
    pub position: u32,
    /// Hex SHA-256 of the payload.
    pub hash: String,
    /// Rows in it.
    pub rows: u32,
    /// JSON array of drafts.
    pub payload: String,
    /// Of its cells.
    pub bytes: i64,
    /// Rows in it that would make administrators.
    pub admins: u32,
    /// Bytes that all cells of the import may have together.
    pub bytes_max: i64,
}

/// A stored chunk without its rows.
#[derive(Clone, Debug)]
pub struct StoredChunk {
    /// Place of its first row.
    pub position: u32,
    /// Rows in it.
    pub rows: u32,
    /// Hex SHA-256 of its payload.
    pub hash: String,
    /// Bytes of its payload.
    pub bytes: i64,
}

/// What became of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChunkStored {
    /// It is there, now or already.
    Kept,
    /// Other rows were sent from this place on.
    Differs,
    /// The commit has begun.
    Closed,
    /// The import would become larger than the limit.
    TooLarge,
}

// Its own import's chunks and commit wait for each other here.
const MAKE_ROOM: &str = "UPDATE imports SET bytes = bytes + $2, admins = admins + $4
    WHERE id = $1 AND state = 'receiving' AND bytes + $2 <= $3";
const IS_OPEN: &str = "SELECT state FROM imports WHERE id = $1 AND state = 'receiving'";
const STORE_CHUNK: &str = "INSERT INTO import_chunks (import_id, position, hash, rows, payload)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (import_id, position) DO NOTHING";
const CHUNK_HASH: &str = "SELECT hash FROM import_chunks WHERE import_id = $1 AND position = $2";
const CHUNKS: &str = "SELECT position, rows, hash, CAST(octet_length(payload) AS BIGINT)
    FROM import_chunks WHERE import_id = $1 ORDER BY position";
const CHUNK_PAYLOADS: &str = "SELECT position, payload FROM import_chunks
    WHERE import_id = $1 AND position >= $2 AND position < $3 ORDER BY position";
const FORGET_CHUNKS: &str = "DELETE FROM import_chunks WHERE EXISTS
    (SELECT 1 FROM imports i WHERE i.id = import_chunks.import_id AND i.created_at < $1
        AND i.state NOT IN ('receiving', 'committing', 'undoing'))";
const DROP_CHUNKS: &str = "DELETE FROM import_chunks WHERE import_id = $1";

impl Tx {
    /// Forgets the rows of failed imports that were begun before `before`.
    pub async fn forget_chunks(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        self.execute(FORGET_CHUNKS, args![before]).await
    }

    /// Keeps a chunk while the import is still open; the same chunk again is harmless.
    pub async fn store_chunk(&mut self, chunk: &NewChunk) -> Result<ChunkStored, StorageError> {
        let stored = self
            .optional::<(String,)>(CHUNK_HASH, args![chunk.import, chunk.position])
            .await?;
        if let Some((hash,)) = stored {
            return Ok(if hash == chunk.hash {
                ChunkStored::Kept
            } else {
                ChunkStored::Differs
            });
        }
        let room = args![chunk.import, chunk.bytes, chunk.bytes_max, chunk.admins];
        if self.execute(MAKE_ROOM, room).await? == 0 {
            let open = self
                .optional::<(String,)>(IS_OPEN, args![chunk.import])
                .await?;
            return Ok(if open.is_some() {
                ChunkStored::TooLarge
            } else {
                ChunkStored::Closed
            });
        }
        let stored = self
            .execute(
                STORE_CHUNK,
                args![
                    chunk.import,
                    chunk.position,
                    chunk.hash.as_str(),
                    chunk.rows,
                    chunk.payload.as_str(),
                ],
            )
            .await?;
        if stored == 1 {
            Ok(ChunkStored::Kept)
        } else {
            // It was stored meanwhile, and must not be counted twice.
            Err(StorageError::Retry)
        }
    }

    /// Every stored chunk, in the order of the rows.
    pub async fn chunks(&mut self, import: ImportId) -> Result<Vec<StoredChunk>, StorageError> {
        self.all::<(i64, i64, String, i64)>(CHUNKS, args![import])
            .await?
            .into_iter()
            .map(|(position, rows, hash, bytes)| {
                Ok(StoredChunk {
                    position: count("position", position)?,
                    rows: count("rows", rows)?,
                    hash,
                    bytes,
                })
            })
            .collect()
    }

    /// The payloads of the chunks whose first rows are in `from..until`, in order.
    pub async fn chunk_payloads(
        &mut self,
        import: ImportId,
        from: u32,
        until: u32,
    ) -> Result<Vec<(u32, String)>, StorageError> {
        self.all::<(i64, String)>(CHUNK_PAYLOADS, args![import, from, until])
            .await?
            .into_iter()
            .map(|(position, payload)| Ok((count("position", position)?, payload)))
            .collect()
    }

    /// Forgets the rows that came in; their outcomes stay.
    pub async fn drop_chunks(&mut self, import: ImportId) -> Result<(), StorageError> {
        self.execute(DROP_CHUNKS, args![import]).await?;
        Ok(())
    }
}
