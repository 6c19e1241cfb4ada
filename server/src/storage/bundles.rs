//! Bundles as the lists of admins and super-admins show them.

use std::collections::HashMap;

use app::{
    api::invitations::SortBy,
    domain::{
        id::{BundleId, InvitationId, TenantId, UserId},
        invitation::{DeliveryStatus, InvitationKind, InvitationStatus},
        role::Role,
        time::Timestamp,
    },
};
use uuid::Uuid;

use super::{
    AfterBundle, Arg, BundleFilter, BundleOrder, SortValue, StorageError, Tx, in_list,
    invitations::status_of, outbox::HELD, places::More, users::display_name,
};
use crate::args;

/// A bundle as the list shows it.
#[derive(Clone, Debug)]
pub struct ListedBundle {
    /// The bundle.
    pub id: BundleId,
    /// Whose.
    pub tenant: TenantId,
    /// The tenant's slug.
    pub tenant_slug: String,
    /// The tenant's name.
    pub tenant_name: String,
    /// As typed.
    pub email: String,
    /// First and last name; may be empty.
    pub name: String,
    /// On acceptance.
    pub role: Role,
    /// Leading.
    pub status: InvitationStatus,
    /// Switched on.
    pub active: bool,
    /// The newest mail's state, when it was or is to be sent, and why not.
    pub delivery: Option<(DeliveryStatus, Option<Timestamp>, String)>,
    /// When it goes out, where it is scheduled.
    pub send_at: Option<Timestamp>,
    /// Reminders so far.
    pub reminders: u8,
    /// Name of who invited.
    pub invited_by: String,
    /// The import's file name, or what a form names as the source; may be empty.
    pub source: String,
    /// When.
    pub created_at: Timestamp,
    /// When the live ones expire.
    pub expires_at: Timestamp,
    /// When the leading status changed.
    pub changed_at: Timestamp,
    /// Folded name and address.
    pub search_text: String,
    /// The tenant first, then programs, then courses.
    pub targets: Vec<ListedTarget>,
}

impl ListedBundle {
    /// Where the list goes on after it.
    #[must_use]
    pub fn place(&self, sort: SortBy) -> AfterBundle {
        AfterBundle {
            value: match sort {
                SortBy::Created => SortValue::Id,
                SortBy::Expires => SortValue::Time(self.expires_at.0),
                SortBy::Changed => SortValue::Time(self.changed_at.0),
                SortBy::Invitee => SortValue::Text(self.search_text.clone()),
            },
            bundle: self.id,
        }
    }
}

/// One invitation of a listed bundle.
#[derive(Clone, Debug)]
pub struct ListedTarget {
    /// The invitation.
    pub id: InvitationId,
    /// What kind.
    pub kind: InvitationKind,
    /// The tenant's name or the item's title.
    pub title: String,
    /// Its own status.
    pub status: InvitationStatus,
    /// Since when.
    pub status_changed_at: Timestamp,
    /// Why; may be empty.
    pub reason: String,
}

#[derive(sqlx::FromRow)]
struct BundleRow {
    id: Uuid,
    tenant_id: Uuid,
    tenant_slug: String,
    tenant_name: String,
    email_typed: String,
    first_name: String,
    last_name: String,
    search_text: String,
    role: String,
    status: String,
    active: i64,
    delivery_status: Option<String>,
    delivery_sent_at: Option<i64>,
    delivery_not_before: Option<i64>,
    delivery_error: Option<String>,
    send_at: Option<i64>,
    reminders: i64,
    inviter_first: String,
    inviter_last: String,
    inviter_email: String,
    source: String,
    created_at: i64,
    expires_at: i64,
    changed_at: i64,
}

#[derive(sqlx::FromRow)]
struct TargetRow {
    id: Uuid,
    bundle_id: Uuid,
    kind: String,
    title: Option<String>,
    status: String,
    status_changed_at: i64,
    reason: String,
}

#[derive(sqlx::FromRow)]
struct InviterRow {
    id: Uuid,
    first_name: String,
    last_name: String,
    email_typed: String,
}

// From one inviter's first bundle to the next one's: neither engine skips what lies between
// by itself.
const INVITERS: &str = "WITH RECURSIVE who(id) AS (
        SELECT (SELECT b.inviter_id FROM bundles b WHERE b.tenant_id = $1
            ORDER BY b.inviter_id LIMIT 1)
        UNION ALL
        SELECT (SELECT b.inviter_id FROM bundles b
            WHERE b.tenant_id = $1 AND b.inviter_id > who.id
            ORDER BY b.inviter_id LIMIT 1)
        FROM who WHERE who.id IS NOT NULL)
    SELECT u.id, u.first_name, u.last_name, u.email_typed
    FROM (SELECT id FROM who WHERE id IS NOT NULL LIMIT 1000) AS b
    JOIN users u ON u.id = b.id
    ORDER BY u.search_text, u.id LIMIT 200";

impl Tx {
    /// A page of bundles with what they are for; and where the list goes on.
    pub async fn list_bundles(
        &mut self,
        filter: &BundleFilter,
        order: &BundleOrder,
        limit: u32,
    ) -> Result<(Vec<ListedBundle>, Option<AfterBundle>), StorageError> {
        let found = self.find_bundles(filter, order, limit).await?;
        let listed = self.listed(&found.bundles).await?;
        let next = match found.more {
            More::No => None,
            More::After(place) => Some(place),
            More::AfterLast => listed.last().map(|last| last.place(order.sort)),
        };
        Ok((listed, next))
    }

    /// One bundle of a tenant as the list shows it.
    pub async fn listed_bundle(
        &mut self,
        tenant: TenantId,
        bundle: BundleId,
    ) -> Result<Option<ListedBundle>, StorageError> {
        let mut listed = self.listed(&[bundle]).await?;
        Ok(listed.pop().filter(|one| one.tenant == tenant))
    }

    /// The tenants of these bundles; what is not there has none.
    pub async fn tenants_of_bundles(
        &mut self,
        bundles: &[BundleId],
    ) -> Result<HashMap<BundleId, TenantId>, StorageError> {
        if bundles.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT id, tenant_id FROM bundles WHERE id IN ({})",
            in_list(1, bundles.len())
        );
        let args = bundles.iter().map(|id| Arg::from(*id)).collect();
        let rows: Vec<(Uuid, Uuid)> = self.all_composed(sql, args).await?;
        Ok(rows
            .into_iter()
            .map(|(bundle, tenant)| (BundleId(bundle), TenantId(tenant)))
            .collect())
    }

    /// These bundles, in their order.
    async fn listed(&mut self, bundles: &[BundleId]) -> Result<Vec<ListedBundle>, StorageError> {
        if bundles.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT b.id, b.tenant_id, t.slug AS tenant_slug, t.name AS tenant_name,
                    b.email_typed, b.first_name, b.last_name, b.search_text, b.role,
                    b.status, b.active,
                    o.status AS delivery_status, o.sent_at AS delivery_sent_at,
                    o.not_before AS delivery_not_before, o.last_error AS delivery_error, b.send_at, b.reminders,
                    u.first_name AS inviter_first, u.last_name AS inviter_last,
                    u.email_typed AS inviter_email,
                    COALESCE(f.file_name, b.source) AS source,
                    b.created_at, b.expires_at, b.changed_at
             FROM bundles b
             JOIN tenants t ON t.id = b.tenant_id
             JOIN users u ON u.id = b.inviter_id
             LEFT JOIN outbox o ON o.id = b.delivery_id
             LEFT JOIN imports f ON f.id = b.import_id
             WHERE b.id IN ({})",
            in_list(1, bundles.len())
        );
        let args = bundles.iter().map(|id| Arg::from(*id)).collect();
        let mut rows = self.all_composed::<BundleRow>(sql, args).await?;
        let places: HashMap<Uuid, usize> = bundles
            .iter()
            .enumerate()
            .map(|(place, bundle)| (bundle.0, place))
            .collect();
        rows.sort_by_key(|row| places.get(&row.id).copied());
        let mut targets = self.targets_of(&rows).await?;
        rows.into_iter()
            .map(|row| {
                let own = targets.remove(&row.id).unwrap_or_default();
                listed(row, own)
            })
            .collect()
    }

    /// Who invited in this tenant, by name: at most 200.
    pub async fn inviters(
        &mut self,
        tenant: TenantId,
    ) -> Result<Vec<(UserId, String)>, StorageError> {
        let rows = self.all::<InviterRow>(INVITERS, args![tenant]).await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let name = display_name(&row.first_name, &row.last_name, &row.email_typed);
                (UserId(row.id), name)
            })
            .collect())
    }

    async fn targets_of(
        &mut self,
        bundles: &[BundleRow],
    ) -> Result<HashMap<Uuid, Vec<ListedTarget>>, StorageError> {
        let mut of_bundle: HashMap<Uuid, Vec<ListedTarget>> = HashMap::new();
        if bundles.is_empty() {
            return Ok(of_bundle);
        }
        let sql = format!(
            "SELECT i.id, i.bundle_id, i.kind, COALESCE(c.title, t.name) AS title,
                    i.status, i.status_changed_at, i.reason
             FROM invitations i
             JOIN tenants t ON t.id = i.tenant_id
             LEFT JOIN catalog_items c ON c.id = i.target_id
             WHERE i.bundle_id IN ({})
             ORDER BY CASE i.kind WHEN 'platform' THEN 0 WHEN 'program' THEN 1 ELSE 2 END,
                      c.title, i.id",
            in_list(1, bundles.len())
        );
        let args = bundles.iter().map(|row| Arg::from(row.id)).collect();
        for row in self.all_composed::<TargetRow>(sql, args).await? {
            let target = ListedTarget {
                id: InvitationId(row.id),
                kind: InvitationKind::parse(&row.kind).ok_or(StorageError::BadData {
                    table: "invitations",
                    column: "kind",
                    value: row.kind,
                })?,
                title: row.title.unwrap_or_default(),
                status: status_of(row.status)?,
                status_changed_at: Timestamp(row.status_changed_at),
                reason: row.reason,
            };
            of_bundle.entry(row.bundle_id).or_default().push(target);
        }
        Ok(of_bundle)
    }
}

fn listed(row: BundleRow, targets: Vec<ListedTarget>) -> Result<ListedBundle, StorageError> {
    let delivery = row
        .delivery_status
        .map(|text| {
            let at = row.delivery_sent_at.or(row.delivery_not_before);
            let note = row.delivery_error.unwrap_or_default();
            // What is held has no time.
            let at = at.filter(|at| *at < HELD.0).map(Timestamp);
            Ok::<_, StorageError>((delivery_of(text)?, at, note))
        })
        .transpose()?;
    Ok(ListedBundle {
        id: BundleId(row.id),
        tenant: TenantId(row.tenant_id),
        tenant_slug: row.tenant_slug,
        tenant_name: row.tenant_name,
        email: row.email_typed,
        name: format!("{} {}", row.first_name, row.last_name)
            .trim()
            .to_owned(),
        role: Role::parse(&row.role).ok_or(StorageError::BadData {
            table: "bundles",
            column: "role",
            value: row.role,
        })?,
        status: status_of(row.status)?,
        active: row.active != 0,
        delivery,
        send_at: row.send_at.map(Timestamp),
        reminders: u8::try_from(row.reminders).unwrap_or(u8::MAX),
        invited_by: display_name(&row.inviter_first, &row.inviter_last, &row.inviter_email),
        source: row.source,
        created_at: Timestamp(row.created_at),
        expires_at: Timestamp(row.expires_at),
        changed_at: Timestamp(row.changed_at),
        search_text: row.search_text,
        targets,
    })
}

/// Reads a mail's state as the database has it.
pub(super) fn delivery_of(text: String) -> Result<DeliveryStatus, StorageError> {
    DeliveryStatus::parse(&text).ok_or(StorageError::BadData {
        table: "outbox",
        column: "status",
        value: text,
    })
}
