//! Begin and the chunks of rows.

use std::sync::Arc;

use app::{
    api::{
        ApiError,
        imports::{BeginImport, ImportChunk, ImportStatus},
    },
    bulk::{
        draft::RowDraft,
        limits::{
            BYTES_MAX, CELLS_MAX, CHUNK_ROWS, COLUMNS_MAX, METADATA_NAMES_MAX, ROWS_AT_ONCE,
            ROWS_MAX,
        },
    },
    domain::{
        id::{ImportId, TenantId, UserId},
        import::SubmitMode,
        role::Role,
    },
};
use sha2::{Digest, Sha256};

use super::{
    super::desk::{Desk, refuse},
    status_of,
};
use crate::{
    failpoint::{Point, hit},
    storage::{ChunkStored, Import, NewChunk, NewImport, StorageError},
};

/// Lowercase hex, as hashes stand on the wire.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Opens an import, or answers with the one that this key opened before.
pub async fn begin(
    desk: &Desk,
    tenant: TenantId,
    user: UserId,
    input: BeginImport,
) -> Result<ImportStatus, ApiError> {
    refuse_wrong(&input)?;
    let new = Arc::new(NewImport {
        id: ImportId(desk.new_id()),
        tenant,
        user,
        idempotency_key: input.idempotency_key,
        content_hash: input.content_hash,
        file_name: clean_name(&input.file_name),
        rows: input.rows,
        metadata_columns: input.metadata_columns,
        mode: input.mode,
        admins: input.admins,
        at: desk.now(),
    });
    let wanted = new.clone();
    let (import, status) = desk
        .storage
        .write(move |tx| {
            let new = new.clone();
            Box::pin(async move {
                tx.open_import(&new).await?;
                let import = tx
                    .import_by_key(new.tenant, new.user, &new.idempotency_key)
                    .await?
                    // Given up and swept away between the two statements.
                    .ok_or(StorageError::Retry)?;
                let status = status_of(tx, &import).await?;
                Ok((import, status))
            })
        })
        .await
        .map_err(refuse)?;
    hit(Point::SubmitOpened);
    let same = import.content_hash == wanted.content_hash
        && import.rows == wanted.rows
        && import.metadata_columns == wanted.metadata_columns
        && import.mode == wanted.mode;
    if same {
        Ok(status)
    } else {
        Err(ApiError::conflict(
            "idempotency_key_reused",
            "This was already submitted with other rows. Submit again to send these as a new import.",
        ))
    }
}

fn refuse_wrong(input: &BeginImport) -> Result<(), ApiError> {
    if input.rows == 0 {
        return Err(ApiError::field("rows", "There is no row to submit."));
    }
    if input.rows > ROWS_MAX {
        return Err(ApiError::TooLarge {
            message: "At most 100,000 rows can be submitted at once. Split the file.".to_owned(),
        });
    }
    if input.mode == SubmitMode::AllOrNothing && input.rows > ROWS_AT_ONCE {
        return Err(ApiError::field(
            "mode",
            "All or nothing is possible up to 10,000 rows. Choose to invite what is valid now.",
        ));
    }
    let names = &input.metadata_columns;
    if names.len() > COLUMNS_MAX
        || names.iter().map(String::len).sum::<usize>() > METADATA_NAMES_MAX
    {
        return Err(ApiError::field(
            "metadata_columns",
            "The names of the extra columns are too long together: shorten them or drop some.",
        ));
    }
    let key = &input.idempotency_key;
    if !(16..=64).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(ApiError::field(
            "idempotency_key",
            "16 to 64 letters, figures and signs are needed.",
        ));
    }
    if !is_hash(&input.content_hash) {
        return Err(ApiError::field(
            "content_hash",
            "This is not a SHA-256 in hex.",
        ));
    }
    Ok(())
}

/// At most 255 characters, none of them a control character or one that turns the
/// direction of the text (a name must not lie about its end).
fn clean_name(name: &str) -> String {
    let name: String = name
        .chars()
        .filter(|c| {
            !c.is_control()
                && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
        .take(255)
        .collect();
    name.trim().to_owned()
}

/// Stores a chunk; the same one again is harmless.
pub async fn chunk(desk: &Desk, import: &Import, input: ImportChunk) -> Result<(), ApiError> {
    let end = u64::from(input.position) + input.rows.len() as u64;
    if input.rows.is_empty() || input.rows.len() > CHUNK_ROWS as usize {
        return Err(ApiError::field("rows", "A chunk has 1 to 1,000 rows."));
    }
    if end > u64::from(import.rows) {
        return Err(ApiError::field(
            "position",
            format!("This import has {} rows, counted from 0.", import.rows),
        ));
    }
    let rows = u32::try_from(input.rows.len()).unwrap_or(CHUNK_ROWS);
    let bytes: usize = input.rows.iter().map(RowDraft::cell_bytes).sum();
    let admins = input.rows.iter().filter(|row| makes_admin(row)).count();
    let admins = u32::try_from(admins).unwrap_or(CHUNK_ROWS);
    let bytes_max = match import.mode {
        // One transaction, with every row in memory.
        SubmitMode::AllOrNothing => BYTES_MAX,
        SubmitMode::ValidNow => CELLS_MAX,
    };
    // Some milliseconds of work on a full chunk: not on a thread that serves others.
    let (payload, hash) = tokio::task::spawn_blocking(move || {
        let payload = serde_json::to_string(&input.rows)?;
        let hash = hex(&Sha256::digest(payload.as_bytes()));
        Ok::<_, serde_json::Error>((payload, hash))
    })
    .await
    .map_err(|_| ApiError::Internal)?
    .map_err(|_| ApiError::Internal)?;
    if hash != input.hash {
        return Err(ApiError::field(
            "hash",
            "The chunk arrived otherwise than it was sent. Send it again.",
        ));
    }
    let new = Arc::new(NewChunk {
        import: import.id,
        position: input.position,
        hash,
        rows,
        payload,
        admins,
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        bytes_max: i64::try_from(bytes_max).unwrap_or(i64::MAX),
    });
    let stored = desk
        .storage
        .write(move |tx| {
            let new = new.clone();
            Box::pin(async move { tx.store_chunk(&new).await })
        })
        .await
        .map_err(refuse)?;
    hit(Point::SubmitChunk);
    match stored {
        ChunkStored::Kept => Ok(()),
        ChunkStored::Differs => Err(ApiError::conflict(
            "import_changed",
            "Another part of the file was sent for these rows. Submit again.",
        )),
        ChunkStored::Closed => Err(ApiError::conflict(
            "import_committed",
            "This import is already being worked on and takes no more rows.",
        )),
        ChunkStored::TooLarge => Err(ApiError::TooLarge {
            message: "At most 64 MB can be submitted at once. Split the file.".to_owned(),
        }),
    }
}

/// Whether a row asks for the role of an administrator.
fn makes_admin(row: &RowDraft) -> bool {
    Role::parse(row.role.trim_matches(' ')) == Some(Role::Admin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_lie() {
        assert_eq!(clean_name(" a\r\nb\u{202e}fdp.csv\0 "), "abfdp.csv");
        assert_eq!(clean_name(&"é".repeat(300)).chars().count(), 255);
    }

    #[test]
    fn hashes_are_lowercase_hex() {
        assert_eq!(hex(&[0, 15, 255]), "000fff");
        assert!(is_hash(&"0f".repeat(32)));
        assert!(!is_hash(&"0F".repeat(32)));
        assert!(!is_hash("0f"));
    }
}
