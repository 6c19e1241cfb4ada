//! What can go wrong in a database, in terms that a service can act on.

/// A storage failure. Internals stay in the log; nothing of this reaches a browser.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A unique index refused a row; `constraint` names the index or its columns.
    #[error("unique constraint: {constraint}")]
    Unique {
        /// PostgreSQL: the index's name. SQLite: `table.column, …`.
        constraint: String,
    },
    /// The engine asks to run the transaction again (40001, 40P01, `SQLITE_BUSY`).
    #[error("the transaction must be run again")]
    Retry,
    /// The database is away, full, read-only, or the pool is exhausted.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A row does not read as what it should be.
    #[error("bad data in {table}.{column}: {value}")]
    BadData {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What stood there.
        value: String,
    },
    /// Anything else the driver says.
    #[error(transparent)]
    Database(sqlx::Error),
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            // A connection that breaks off while it is made, or in the middle of an answer,
            // is a broken protocol to the driver.
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::BeginFailed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error.to_string()),
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                if database.is_unique_violation() {
                    let constraint = database
                        .constraint()
                        .map_or_else(|| database.message().to_owned(), str::to_owned);
                    return Self::Unique { constraint };
                }
                if super::postgres::must_retry(&code) || super::sqlite::must_retry(&code) {
                    return Self::Retry;
                }
                if super::postgres::is_unavailable(&code) || super::sqlite::is_unavailable(&code) {
                    return Self::Unavailable(error.to_string());
                }
                Self::Database(error)
            }
            _ => Self::Database(error),
        }
    }
}
