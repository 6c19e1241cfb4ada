//! Seats of a tenant (ADR 0011): one a person, whether a member, invited, or nobody yet.
//!
//! Whoever makes invitations holds the tenant's row first and counts then, so that nobody
//! else makes any in between; whatever comes later moves a person from one kind to another.

use app::domain::id::TenantId;

use super::{StorageError, Tx};
use crate::args;

/// Seats that are taken, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// Taken.
    pub used: u64,
    /// There are so many.
    pub limit: u64,
}

impl Seats {
    /// Free ones.
    #[must_use]
    pub const fn free(self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

#[derive(sqlx::FromRow)]
struct LimitRow {
    seat_limit: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    n: i64,
}

const LIMIT: &str = "SELECT seat_limit FROM tenants WHERE id = $1";
// Keeps a limit from being set meanwhile, and lets others make invitations.
const SHARE: &str = "SELECT seat_limit FROM tenants WHERE id = $1 FOR SHARE";
// One after the other. Not FOR UPDATE: rows that name the tenant look at its key.
const HOLD: &str = "SELECT seat_limit FROM tenants WHERE id = $1 FOR NO KEY UPDATE";
// An address that has an account is that account, whatever the invitation stands under.
const USED: &str = "SELECT (SELECT COUNT(*) FROM (
        SELECT m.user_id AS person, CAST(NULL AS TEXT) AS email
        FROM memberships m JOIN users u ON u.id = m.user_id
        WHERE m.tenant_id = $1 AND u.deleted_at IS NULL
        UNION
        SELECT COALESCE(b.user_id, u.id),
            CASE WHEN b.user_id IS NULL AND u.id IS NULL THEN b.email END
        FROM bundles b LEFT JOIN users u ON u.email = b.email
        WHERE b.tenant_id = $1 AND b.status IN ('scheduled', 'pending')) AS people)
    + (SELECT COUNT(*) FROM bundles b
        WHERE b.tenant_id = $1 AND b.status = 'unassigned') AS n";
const SET: &str = "UPDATE tenants SET seat_limit = $2 WHERE id = $1";

impl Tx {
    /// The tenant's seats, to look at; `None`: there is no limit.
    pub async fn seats(&mut self, tenant: TenantId) -> Result<Option<Seats>, StorageError> {
        let row = self.optional::<LimitRow>(LIMIT, args![tenant]).await?;
        self.counted(tenant, row).await
    }

    /// The tenant's seats, which nobody else takes until this transaction ends; `None`:
    /// there is no limit, and none is set meanwhile. Call it before any bundle is held.
    pub async fn hold_seats(&mut self, tenant: TenantId) -> Result<Option<Seats>, StorageError> {
        if !self.is_postgres() {
            return self.seats(tenant).await;
        }
        let seen = self.optional::<LimitRow>(LIMIT, args![tenant]).await?;
        let limited =
            |row: &Option<LimitRow>| row.as_ref().is_some_and(|row| row.seat_limit.is_some());
        let sql = if limited(&seen) { HOLD } else { SHARE };
        let row = self.optional::<LimitRow>(sql, args![tenant]).await?;
        if limited(&row) != limited(&seen) {
            // A limit was set, or taken away, in this moment.
            return Err(StorageError::Retry);
        }
        self.counted(tenant, row).await
    }

    async fn counted(
        &mut self,
        tenant: TenantId,
        row: Option<LimitRow>,
    ) -> Result<Option<Seats>, StorageError> {
        let Some(limit) = row.and_then(|row| row.seat_limit) else {
            return Ok(None);
        };
        let used = self.one::<CountRow>(USED, args![tenant]).await?;
        Ok(Some(Seats {
            used: used.n.unsigned_abs(),
            limit: limit.unsigned_abs(),
        }))
    }

    /// Sets or takes away the tenant's limit; the seats that are taken where those are more,
    /// and nothing is changed.
    pub async fn set_seat_limit(
        &mut self,
        tenant: TenantId,
        limit: Option<u32>,
    ) -> Result<Option<u64>, StorageError> {
        if self.is_postgres() {
            self.optional::<LimitRow>(HOLD, args![tenant]).await?;
        }
        if let Some(limit) = limit {
            let used = self
                .one::<CountRow>(USED, args![tenant])
                .await?
                .n
                .unsigned_abs();
            if used > u64::from(limit) {
                return Ok(Some(used));
            }
        }
        self.execute(SET, args![tenant, limit]).await?;
        Ok(None)
    }
}
