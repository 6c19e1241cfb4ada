//! What super-admins see and change of tenants.

use app::{
    api::tenants::TenantFacts,
    domain::{counts::COUNTED, id::TenantId, time::Timestamp},
};
use uuid::Uuid;

use super::{Arg, Seats, StorageError, Tx, in_list};
use crate::args;

/// A tenant by its words.
#[derive(Clone, Debug)]
pub struct TenantName {
    /// The tenant.
    pub id: TenantId,
    /// In addresses.
    pub slug: String,
    /// On the screen.
    pub name: String,
    /// Shut.
    pub disabled: bool,
}

/// A tenant in the super-admin's list.
#[derive(Clone, Debug)]
pub struct TenantCounts {
    /// The tenant.
    pub id: TenantId,
    /// In addresses.
    pub slug: String,
    /// On the screen.
    pub name: String,
    /// IANA name of the zone.
    pub time_zone: String,
    /// Days until an invitation expires where nothing is said.
    pub default_expiry_days: i64,
    /// Shut.
    pub disabled: bool,
    /// Members now, counted to a thousand and one more, as all that follows.
    pub members: u64,
    /// Those of them who are admins and can sign in.
    pub admins: u64,
    /// People whose invitation is pending.
    pub pending: u64,
    /// Its seats; `None`: there is no limit.
    pub seats: Option<Seats>,
    /// More of them are taken than were counted.
    pub seats_partly: bool,
}

/// What is to become of a tenant's gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Nobody acts in it, and its links lead nowhere.
    Shut,
    /// As any other.
    Open,
}

/// How a tenant's gate was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateChange {
    /// It is now, and was not.
    Done,
    /// It was already.
    Already,
    /// There is no such tenant.
    Missing,
}

#[derive(sqlx::FromRow)]
struct NameRow {
    id: Uuid,
    slug: String,
    name: String,
    disabled_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct FactsRow {
    name: String,
    time_zone: String,
    default_expiry_days: i64,
}

#[derive(sqlx::FromRow)]
struct CountsRow {
    id: Uuid,
    slug: String,
    name: String,
    time_zone: String,
    default_expiry_days: i64,
    disabled_at: Option<i64>,
    seat_limit: Option<i64>,
    members: i64,
    admins: i64,
    pending: i64,
    live: i64,
    used: i64,
}

const NAMES: &str = "SELECT id, slug, name, disabled_at FROM tenants";
// Only as it was when somebody began to change it: of two changes at once one wins.
const EDIT: &str = "UPDATE tenants SET name = $2, time_zone = $3, default_expiry_days = $4
    WHERE id = $1 AND name = $5 AND time_zone = $6 AND default_expiry_days = $7";
const FACTS: &str = "SELECT name, time_zone, default_expiry_days FROM tenants WHERE id = $1";
const DISABLE: &str = "UPDATE tenants SET disabled_at = $2
    WHERE id = $1 AND disabled_at IS NULL";
const ENABLE: &str = "UPDATE tenants SET disabled_at = NULL
    WHERE id = $1 AND disabled_at IS NOT NULL";
const THERE: &str = "SELECT id, slug, name, disabled_at FROM tenants WHERE id = $1";

impl Tx {
    /// Every tenant, the disabled ones too, in no order. There are few of them.
    pub async fn every_tenant(&mut self) -> Result<Vec<TenantName>, StorageError> {
        let rows = self.all::<NameRow>(NAMES, args![]).await?;
        Ok(rows
            .into_iter()
            .map(|row| TenantName {
                id: TenantId(row.id),
                slug: row.slug,
                name: row.name,
                disabled: row.disabled_at.is_some(),
            })
            .collect())
    }

    /// What the list shows of these, in no order.
    pub async fn tenants(
        &mut self,
        tenants: &[TenantId],
    ) -> Result<Vec<TenantCounts>, StorageError> {
        if tenants.is_empty() {
            return Ok(Vec::new());
        }
        // Nothing is counted to the end: a line says 1,000+ then. A seat is one person
        // ([`Tx::seats`]), of members and invitations of which each is cut off by itself.
        let sql = format!(
            "SELECT t.id, t.slug, t.name, t.time_zone, t.default_expiry_days, t.disabled_at,
                t.seat_limit,
                (SELECT COUNT(*) FROM (SELECT m.user_id FROM memberships m
                    JOIN users u ON u.id = m.user_id
                    WHERE m.tenant_id = t.id AND u.deleted_at IS NULL LIMIT {cut}) AS a) AS members,
                (SELECT COUNT(*) FROM (SELECT m.user_id FROM memberships m
                    JOIN users u ON u.id = m.user_id
                    WHERE m.tenant_id = t.id AND m.role = 'admin'
                      AND u.deactivated_at IS NULL LIMIT {cut}) AS a) AS admins,
                (SELECT COUNT(*) FROM (SELECT b.id FROM bundles b WHERE b.tenant_id = t.id
                    AND b.status = 'pending' LIMIT {cut}) AS a) AS pending,
                (SELECT COUNT(*) FROM (SELECT b.id FROM bundles b WHERE b.tenant_id = t.id
                    AND b.status IN ('unassigned', 'scheduled', 'pending')
                    LIMIT {cut}) AS a) AS live,
                CASE WHEN t.seat_limit IS NULL THEN CAST(0 AS BIGINT) ELSE
                    (SELECT COUNT(*) FROM (
                        SELECT a.person, a.email FROM (SELECT m.user_id AS person,
                                CAST(NULL AS TEXT) AS email
                            FROM memberships m JOIN users u ON u.id = m.user_id
                            WHERE m.tenant_id = t.id AND u.deleted_at IS NULL LIMIT {cut}) AS a
                        UNION
                        SELECT c.person, c.email FROM (SELECT
                                COALESCE(b.user_id, u.id) AS person,
                                CASE WHEN b.user_id IS NULL AND u.id IS NULL THEN b.email
                                    END AS email
                            FROM bundles b LEFT JOIN users u ON u.email = b.email
                            WHERE b.tenant_id = t.id AND b.status IN ('scheduled', 'pending')
                            LIMIT {cut}) AS c) AS people)
                    + (SELECT COUNT(*) FROM (SELECT b.id FROM bundles b WHERE b.tenant_id = t.id
                        AND b.status = 'unassigned' LIMIT {cut}) AS d)
                    END AS used
             FROM tenants t WHERE t.id IN ({})",
            in_list(1, tenants.len()),
            cut = COUNTED + 1,
        );
        let args = tenants.iter().map(|id| Arg::from(*id)).collect();
        let rows = self.all_composed::<CountsRow>(sql, args).await?;
        let many = |count: i64| count.unsigned_abs() > COUNTED;
        Ok(rows
            .into_iter()
            .map(|row| TenantCounts {
                seats: row.seat_limit.map(|limit| Seats {
                    used: row.used.unsigned_abs(),
                    limit: limit.unsigned_abs(),
                }),
                seats_partly: many(row.members) || many(row.live),
                id: TenantId(row.id),
                slug: row.slug,
                name: row.name,
                time_zone: row.time_zone,
                default_expiry_days: row.default_expiry_days,
                disabled: row.disabled_at.is_some(),
                members: row.members.unsigned_abs(),
                admins: row.admins.unsigned_abs(),
                pending: row.pending.unsigned_abs(),
            })
            .collect())
    }

    /// Changes what super-admins decide, where it still is as it was; false: it is not, or
    /// there is no such tenant.
    pub async fn edit_tenant(
        &mut self,
        tenant: TenantId,
        before: &TenantFacts,
        now: &TenantFacts,
    ) -> Result<bool, StorageError> {
        let args = args![
            tenant,
            now.name.as_str(),
            now.time_zone.as_str(),
            i64::from(now.default_expiry_days),
            before.name.as_str(),
            before.time_zone.as_str(),
            i64::from(before.default_expiry_days),
        ];
        Ok(self.execute(EDIT, args).await? == 1)
    }

    /// What super-admins decide of a tenant.
    pub async fn tenant_facts(
        &mut self,
        tenant: TenantId,
    ) -> Result<Option<TenantFacts>, StorageError> {
        let row = self.optional::<FactsRow>(FACTS, args![tenant]).await?;
        Ok(row.map(|row| TenantFacts {
            name: row.name,
            time_zone: row.time_zone,
            default_expiry_days: u16::try_from(row.default_expiry_days).unwrap_or(30),
        }))
    }

    /// Shuts a tenant, or opens it again.
    pub async fn set_gate(
        &mut self,
        tenant: TenantId,
        gate: Gate,
        at: Timestamp,
    ) -> Result<GateChange, StorageError> {
        let changed = match gate {
            Gate::Shut => self.execute(DISABLE, args![tenant, at]).await?,
            Gate::Open => self.execute(ENABLE, args![tenant]).await?,
        };
        if changed == 1 {
            return Ok(GateChange::Done);
        }
        let known = self.optional::<NameRow>(THERE, args![tenant]).await?;
        Ok(if known.is_some() {
            GateChange::Already
        } else {
            GateChange::Missing
        })
    }
}
