//! SQLite: one writer, a pool of readers, write-ahead log, full sync.

use std::{path::Path, time::Duration};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::StorageError;

/// The migrations of this engine, compiled in.
pub(super) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations/sqlite");

/// Opens (and makes, if missing) the file: `(writer, readers)`.
pub(super) async fn open(path: &Path) -> Result<(SqlitePool, SqlitePool), StorageError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // What was acknowledged survives a power cut (I8).
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("temp_store", "memory")
        .pragma("cache_size", "-16000")
        .statement_cache_capacity(256);
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(30))
        .connect_with(options.clone())
        .await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(8)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(options.read_only(false).pragma("query_only", "on"))
        .await?;
    Ok((writer, readers))
}

/// `SQLITE_BUSY` and `SQLITE_LOCKED` with their extended codes.
pub(super) fn must_retry(code: &str) -> bool {
    matches!(code, "5" | "6" | "261" | "517" | "262")
}

/// Read-only, I/O error, full, cannot open.
pub(super) fn is_unavailable(code: &str) -> bool {
    code.parse::<u32>()
        .is_ok_and(|code| matches!(code & 0xff, 8 | 10 | 13 | 14))
        && code.len() < 5
}
