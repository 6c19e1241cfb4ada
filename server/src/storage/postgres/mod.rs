//! PostgreSQL (15 or newer), and the engines that speak its protocol.

use std::time::Duration;

use sqlx::{PgPool, postgres::PgPoolOptions};

use super::StorageError;

/// The migrations of this engine, compiled in.
pub(super) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations/postgres");

/// Connects; fails with a sentence where the server is away.
pub(super) async fn open(url: &str) -> Result<PgPool, StorageError> {
    Ok(PgPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(Duration::from_secs(10))
        .connect(url)
        .await?)
}

/// Serialization failure and deadlock.
pub(super) fn must_retry(code: &str) -> bool {
    matches!(code, "40001" | "40P01")
}

/// Connection exceptions, resources, operator intervention.
pub(super) fn is_unavailable(code: &str) -> bool {
    code.len() == 5 && (code.starts_with("08") || code.starts_with("53") || code.starts_with("57P"))
}
