//! The rows of an import on their way out of the database: whether the chunks are all
//! there, and the slices that they are worked on in.

use std::ops::Range;

use app::bulk::{draft::RowDraft, limits::JOB_ROWS};

use super::super::desk::Desk;
use crate::storage::{Import, StorageError, StoredChunk};

/// Bytes that the rows of one slice take at most, but for a single chunk over it: what
/// the job holds in memory, whatever is uploaded.
const SLICE_BYTES: i64 = 16 << 20;

/// Why the chunks are not the rows that were announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// None begins with the row of this position, and others are still missing perhaps.
    MissingFrom(u32),
    /// Two of them have the same rows.
    Overlap,
}

/// Whether the chunks, in order, have each of the `rows` once.
pub fn whole(chunks: &[StoredChunk], rows: u32) -> Result<(), Broken> {
    let mut next = 0;
    for chunk in chunks {
        if chunk.position > next {
            return Err(Broken::MissingFrom(next));
        }
        if chunk.position < next {
            return Err(Broken::Overlap);
        }
        next += chunk.rows;
    }
    if next < rows {
        Err(Broken::MissingFrom(next))
    } else {
        Ok(())
    }
}

/// Bytes that so many rows take in memory, besides those of their cells: each has the
/// names of the columns kept as metadata.
pub fn names_bytes(import: &Import, rows: u32) -> i64 {
    let names: usize = import
        .metadata_columns
        .iter()
        .map(|name| name.len() + 6)
        .sum();
    i64::try_from(names).unwrap_or(i64::MAX) * i64::from(rows)
}

/// The positions at which the job pauses: slices of whole chunks, up to 5,000 rows and
/// [`SLICE_BYTES`] each.
pub fn slices(import: &Import, chunks: &[StoredChunk]) -> Vec<Range<u32>> {
    let mut slices: Vec<Range<u32>> = Vec::new();
    let (mut next, mut held) = (0, 0);
    for chunk in chunks {
        // What lies across others was never part of what `commit` looked at.
        if chunk.position != next {
            continue;
        }
        next += chunk.rows;
        let bytes = chunk.bytes + names_bytes(import, chunk.rows);
        match slices.last_mut() {
            Some(last) if next - last.start <= JOB_ROWS && held + bytes <= SLICE_BYTES => {
                last.end = next;
                held += bytes;
            }
            _ => {
                slices.push(chunk.position..next);
                held = bytes;
            }
        }
    }
    slices
}

/// The stored chunks of an import.
pub async fn stored(desk: &Desk, import: &Import) -> Result<Vec<StoredChunk>, StorageError> {
    let id = import.id;
    desk.storage
        .read(move |tx| Box::pin(async move { tx.chunks(id).await }))
        .await
}

/// The payloads of some rows, with the position of each one's first.
pub async fn payloads(
    desk: &Desk,
    import: &Import,
    rows: Range<u32>,
) -> Result<Vec<(u32, String)>, StorageError> {
    let (id, from, until) = (import.id, rows.start, rows.end);
    desk.storage
        .read(move |tx| Box::pin(async move { tx.chunk_payloads(id, from, until).await }))
        .await
}

/// Hands each payload's rows to `each`, with the position of the first.
pub fn read(
    payloads: &[(u32, String)],
    mut each: impl FnMut(u32, &[RowDraft]),
) -> Result<(), StorageError> {
    let mut next = payloads.first().map_or(0, |(position, _)| *position);
    for (position, payload) in payloads {
        if *position != next {
            continue;
        }
        let drafts = drafts(payload)?;
        each(*position, &drafts);
        next += u32::try_from(drafts.len()).unwrap_or(u32::MAX);
    }
    Ok(())
}

fn drafts(payload: &str) -> Result<Vec<RowDraft>, StorageError> {
    serde_json::from_str(payload).map_err(|error| StorageError::BadData {
        table: "import_chunks",
        column: "payload",
        // The position alone: the text has addresses.
        value: format!("{:?} at byte {}", error.classify(), error.column()),
    })
}

/// Reads rows off the threads that serve others.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> Result<T, StorageError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| StorageError::Unavailable(error.to_string()))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::domain::{
        id::{ImportId, TenantId, UserId},
        import::{ImportState, SubmitMode},
    };

    fn chunk(position: u32, rows: u32, bytes: i64) -> StoredChunk {
        StoredChunk {
            position,
            rows,
            hash: String::new(),
            bytes,
        }
    }

    fn import(columns: &[String]) -> Import {
        let id = uuid::Uuid::nil();
        Import {
            id: ImportId(id),
            tenant: TenantId(id),
            user: UserId(id),
            content_hash: String::new(),
            rows: 10_000,
            metadata_columns: columns.to_vec(),
            bytes: 0,
            mode: SubmitMode::ValidNow,
            state: ImportState::Committing,
            processed: 0,
            outcomes: crate::storage::OutcomeCounts::new(),
            committed_at: None,
            advanced_at: None,
            tries: 0,
            failure: String::new(),
            admins: 0,
            admins_confirmed: 0,
        }
    }

    #[test]
    fn every_row_is_there_once_or_it_is_said_which_is_not() {
        let chunks = [chunk(0, 1_000, 1), chunk(1_000, 300, 1), chunk(1_300, 5, 1)];
        assert_eq!(whole(&chunks, 1_305), Ok(()));
        assert_eq!(whole(&chunks, 1_306), Err(Broken::MissingFrom(1_305)));
        assert_eq!(whole(&chunks[1..], 1_305), Err(Broken::MissingFrom(0)));
        assert_eq!(whole(&[], 1), Err(Broken::MissingFrom(0)));
        assert_eq!(
            whole(&[chunk(0, 1_000, 1), chunk(999, 6, 1)], 1_005),
            Err(Broken::Overlap)
        );
    }

    #[test]
    fn slices_have_so_many_rows_and_bytes_at_most() {
        let small: Vec<_> = (0..12).map(|n| chunk(n * 1_000, 1_000, 200_000)).collect();
        assert_eq!(
            slices(&import(&[]), &small),
            [0..5_000, 5_000..10_000, 10_000..12_000]
        );
        let large: Vec<_> = (0..12).map(|n| chunk(n * 1_000, 1_000, 6 << 20)).collect();
        let cut = slices(&import(&[]), &large);
        assert_eq!(cut.len(), 6);
        // The names that each row gets count as well.
        let named = slices(&import(&["n".repeat(9_000)]), &small);
        assert_eq!(named.len(), 12);
        // Uneven ones stay under the limit; one across others is left out.
        let uneven = [
            chunk(0, 4_999, 1),
            chunk(10, 3, 1),
            chunk(4_999, 2, 1),
            chunk(5_001, 4_998, 1),
        ];
        assert_eq!(slices(&import(&[]), &uneven), [0..4_999, 4_999..9_999]);
    }
}
