//! Tenants.

use app::domain::id::TenantId;
use uuid::Uuid;

use super::{StorageError, Tx};
use crate::args;

/// A customer organisation.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The tenant.
    pub id: TenantId,
    /// In addresses.
    pub slug: String,
    /// On the screen.
    pub name: String,
    /// IANA name of the zone.
    pub time_zone: String,
    /// Days until an invitation expires where the row says nothing.
    pub default_expiry_days: i64,
    /// Seconds that mails are held after a submit.
    pub hold_seconds: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    slug: String,
    name: String,
    time_zone: String,
    default_expiry_days: i64,
    hold_seconds: i64,
}

impl From<Row> for Tenant {
    fn from(row: Row) -> Self {
        Self {
            id: TenantId(row.id),
            slug: row.slug,
            name: row.name,
            time_zone: row.time_zone,
            default_expiry_days: row.default_expiry_days,
            hold_seconds: row.hold_seconds,
        }
    }
}

const BY_SLUG: &str = "SELECT id, slug, name, time_zone, default_expiry_days, hold_seconds
    FROM tenants WHERE slug = $1 AND disabled_at IS NULL";
const BY_ID: &str = "SELECT id, slug, name, time_zone, default_expiry_days, hold_seconds
    FROM tenants WHERE id = $1 AND disabled_at IS NULL";

impl Tx {
    /// The enabled tenant of this slug.
    pub async fn tenant_by_slug(&mut self, slug: &str) -> Result<Option<Tenant>, StorageError> {
        Ok(self
            .optional::<Row>(BY_SLUG, args![slug])
            .await?
            .map(Tenant::from))
    }

    /// The enabled tenant of this id.
    pub async fn tenant_by_id(&mut self, id: TenantId) -> Result<Option<Tenant>, StorageError> {
        Ok(self
            .optional::<Row>(BY_ID, args![id])
            .await?
            .map(Tenant::from))
    }
}
