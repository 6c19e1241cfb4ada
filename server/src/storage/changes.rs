//! The feed of changes that open pages listen to (ADR 0005).

use app::domain::{id::TenantId, time::Timestamp};
use uuid::Uuid;

use super::{StorageError, Tx};
use crate::args;

/// Something of a tenant changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Names the change.
    pub id: Uuid,
    /// Whose.
    pub tenant: TenantId,
    /// When, by the clock of the server that wrote it.
    pub at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    tenant_id: Uuid,
    at: i64,
}

const SINCE: &str = "SELECT id, tenant_id, at FROM changes WHERE at >= $1 ORDER BY at";
const FORGET: &str = "DELETE FROM changes WHERE at < $1";

impl Tx {
    /// What changed since `since`, oldest first.
    pub async fn changes_since(&mut self, since: Timestamp) -> Result<Vec<Change>, StorageError> {
        let rows = self.all::<Row>(SINCE, args![since]).await?;
        Ok(rows
            .into_iter()
            .map(|row| Change {
                id: row.id,
                tenant: TenantId(row.tenant_id),
                at: Timestamp(row.at),
            })
            .collect())
    }

    /// Forgets what is older than `before`; how many there were.
    pub async fn forget_changes(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        self.execute(FORGET, args![before]).await
    }
}
