//! Tenants.

use std::collections::BTreeMap;

use app::{
    api::tenants::TenantSettings,
    domain::{
        counts::COUNTED_OF_TENANT, id::TenantId, invitation::InvitationStatus, time::Timestamp,
    },
};
use uuid::Uuid;

use super::{StorageError, Tx, reminders};
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
    /// Whether its admins may see links (S26).
    pub reveal_links: bool,
    /// Days after the mail on which people are reminded, rising; at most three.
    pub remind_days: Vec<u16>,
}

/// A tenant to be stored.
#[derive(Clone, Debug)]
pub struct NewTenant {
    /// The tenant.
    pub id: TenantId,
    /// In addresses.
    pub slug: String,
    /// On the screen.
    pub name: String,
    /// IANA name of the zone.
    pub time_zone: String,
    /// Seconds that mails are held after a submit.
    pub hold_seconds: u32,
    /// Now.
    pub created_at: Timestamp,
}

/// What a tenant's start page counts.
#[derive(Clone, Debug, Default)]
pub struct TenantTotals {
    /// Members now.
    pub members: u64,
    /// Imports so far.
    pub imports: u64,
    /// People by status of their bundle.
    pub people_by_status: BTreeMap<InvitationStatus, u64>,
}

#[derive(sqlx::FromRow)]
struct TotalsRow {
    members: i64,
    imports: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    slug: String,
    name: String,
    time_zone: String,
    default_expiry_days: i64,
    hold_seconds: i64,
    reveal_links: i64,
    remind_days: String,
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
            reveal_links: row.reveal_links != 0,
            remind_days: reminders::days_of(&row.remind_days),
        }
    }
}

const BY_SLUG: &str = "SELECT id, slug, name, time_zone, default_expiry_days, hold_seconds,
        reveal_links, remind_days FROM tenants WHERE slug = $1 AND disabled_at IS NULL";
const BY_ID: &str = "SELECT id, slug, name, time_zone, default_expiry_days, hold_seconds,
        reveal_links, remind_days FROM tenants WHERE id = $1 AND disabled_at IS NULL";
const TOTALS: &str = "SELECT
    (SELECT COUNT(*) FROM (SELECT 1 AS one FROM memberships m JOIN users u ON u.id = m.user_id
        WHERE m.tenant_id = $1 AND u.deleted_at IS NULL LIMIT $2) AS few) AS members,
    (SELECT COUNT(*) FROM (SELECT 1 AS one FROM imports WHERE tenant_id = $1 LIMIT $2) AS few)
        AS imports";
const INSERT: &str = "INSERT INTO tenants (id, slug, name, time_zone, hold_seconds, created_at)
    VALUES ($1, $2, $3, $4, $5, $6)";
const CHANGE: &str = "UPDATE tenants
    SET time_zone = $2, default_expiry_days = $3, hold_seconds = $4, reveal_links = $5,
        remind_days = $6
    WHERE id = $1 AND disabled_at IS NULL";
const SET_HOLD: &str = "UPDATE tenants SET hold_seconds = $1";

impl Tx {
    /// What the start page of a tenant counts; at most [`COUNTED_OF_TENANT`] + 1 of each.
    pub async fn tenant_totals(&mut self, tenant: TenantId) -> Result<TenantTotals, StorageError> {
        let limit = i64::try_from(COUNTED_OF_TENANT + 1).unwrap_or(i64::MAX);
        let totals = self.one::<TotalsRow>(TOTALS, args![tenant, limit]).await?;
        Ok(TenantTotals {
            members: totals.members.unsigned_abs(),
            imports: totals.imports.unsigned_abs(),
            people_by_status: self.count_bundles(tenant).await?,
        })
    }

    /// Stores a tenant; a slug that is taken is `StorageError::Unique`.
    pub async fn insert_tenant(&mut self, new: NewTenant) -> Result<(), StorageError> {
        self.execute(
            INSERT,
            args![
                new.id,
                new.slug,
                new.name,
                new.time_zone,
                new.hold_seconds,
                new.created_at
            ],
        )
        .await?;
        Ok(())
    }

    /// Changes what a tenant's admins decide.
    pub async fn change_settings(
        &mut self,
        tenant: TenantId,
        settings: &TenantSettings,
    ) -> Result<(), StorageError> {
        self.execute(
            CHANGE,
            args![
                tenant,
                settings.time_zone.as_str(),
                i64::from(settings.default_expiry_days),
                settings.hold_seconds,
                settings.reveal_links,
                reminders::days_text(&settings.remind_days),
            ],
        )
        .await?;
        Ok(())
    }

    /// Sets every tenant's hold (the operator's override at start).
    pub async fn set_hold_seconds(&mut self, seconds: u32) -> Result<(), StorageError> {
        self.execute(SET_HOLD, args![seconds]).await?;
        Ok(())
    }

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
