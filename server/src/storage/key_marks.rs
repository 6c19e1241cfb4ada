//! Which key of a data folder the database was filled with: its fingerprint, so that
//! another key is noticed before anything is asked under it.

use app::domain::id::BundleId;
use uuid::Uuid;

use super::{StorageError, Tx};
use crate::args;

#[derive(sqlx::FromRow)]
struct MarkRow {
    fingerprint: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct SealedRow {
    bundle_id: Uuid,
    sealed: Vec<u8>,
}

const MARK: &str = "SELECT fingerprint FROM key_marks WHERE one = 1";
const KEEP: &str = "INSERT INTO key_marks (one, fingerprint) VALUES (1, $1)
    ON CONFLICT (one) DO UPDATE SET fingerprint = excluded.fingerprint";
const ANY_SEALED: &str = "SELECT bundle_id, sealed FROM links
    WHERE purpose = 'code' AND dead_at IS NULL AND sealed IS NOT NULL LIMIT 1";

impl Tx {
    /// The fingerprint of the key that the database was filled with; `None`: none is kept.
    pub async fn key_mark(&mut self) -> Result<Option<Vec<u8>>, StorageError> {
        let row = self.optional::<MarkRow>(MARK, args![]).await?;
        Ok(row.map(|row| row.fingerprint))
    }

    /// Keeps this fingerprint, whatever was kept.
    pub async fn keep_key_mark(&mut self, fingerprint: [u8; 32]) -> Result<(), StorageError> {
        self.execute(KEEP, args![fingerprint]).await?;
        Ok(())
    }

    /// A code that is good, as it is kept: whether a key opens it says whose it is.
    pub async fn any_sealed_code(&mut self) -> Result<Option<(BundleId, Vec<u8>)>, StorageError> {
        let row = self.optional::<SealedRow>(ANY_SEALED, args![]).await?;
        Ok(row.map(|row| (BundleId(row.bundle_id), row.sealed)))
    }
}
