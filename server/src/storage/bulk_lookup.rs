//! What an import asks about many people and keys at once: plain `IN` lists, 500 at a
//! time, each answered from one index.

use std::collections::HashMap;

use app::domain::{
    id::{BundleId, CatalogItemId, DeliveryId, TenantId, UserId},
    invitation::InvitationStatus,
    role::Role,
    time::Timestamp,
};
use uuid::Uuid;

use super::{Arg, FromBoth, StorageError, Tx, in_list, offers::InviterRights, users::role_of};
use crate::args;

/// Values in one `IN` list.
const BATCH: usize = 500;

/// A live invitation of a tenant.
#[derive(Clone, Debug)]
pub struct LiveInvitation {
    /// User id or canonical address.
    pub invitee_key: String,
    /// The tenant, or the catalog item.
    pub target: Uuid,
    /// Its bundle.
    pub bundle: BundleId,
    /// When it ends; until the expiry has come by it is live also afterwards.
    pub expires_at: Timestamp,
}

/// A bundle with live invitations.
#[derive(Clone, Debug)]
pub struct LiveBundle {
    /// The bundle.
    pub id: BundleId,
    /// The role it offers.
    pub role: Role,
    /// Not switched off.
    pub active: bool,
    /// Its mail goes out later.
    pub scheduled: bool,
    /// Whether its inviter could still make it; else its links are neutral.
    pub inviter_may: bool,
    /// Its newest mail.
    pub delivery: Option<DeliveryId>,
}

#[derive(sqlx::FromRow)]
struct LiveBundleRow {
    id: Uuid,
    tenant_id: Uuid,
    role: String,
    active: i64,
    status: String,
    delivery_id: Option<Uuid>,
    inviter_deactivated_at: Option<i64>,
    inviter_super: i64,
    inviter_role: Option<String>,
}

/// Who submits, as far as the rights there matter.
#[derive(Clone, Debug)]
pub struct Submitter {
    /// Runs the whole platform.
    pub super_admin: bool,
    /// The role in the tenant, if a member.
    pub role: Option<Role>,
}

impl Tx {
    /// Runs `sql(list)` for the values, a batch at a time; `head` are the arguments before them.
    async fn in_batches<R: FromBoth>(
        &mut self,
        head: Vec<Arg>,
        values: Vec<Arg>,
        sql: impl Fn(&str) -> String,
    ) -> Result<Vec<R>, StorageError> {
        let mut found = Vec::new();
        for batch in values.chunks(BATCH) {
            let text = sql(&in_list(head.len() + 1, batch.len()));
            let args = head.iter().chain(batch).cloned().collect();
            found.append(&mut self.all_composed::<R>(text, args).await?);
        }
        Ok(found)
    }

    /// `columns` of the tenant's rows of `table` whose `key` is one of the values: two
    /// columns that lead one index. PostgreSQL is made to look each value up there: on a
    /// table that grew faster than its statistics it takes the tenant's rows for few, and
    /// would compare every one of them with every value.
    pub(super) async fn of_tenant<R: FromBoth>(
        &mut self,
        tenant: TenantId,
        table: &str,
        key: &str,
        columns: &str,
        values: Vec<Arg>,
    ) -> Result<Vec<R>, StorageError> {
        let postgres = self.is_postgres();
        self.in_batches(args![tenant], values, |list| {
            if postgres {
                let values = list.replace('$', "($").replace(',', "),");
                format!(
                    "SELECT {columns} FROM (VALUES {values})) AS asked (value)
                     CROSS JOIN LATERAL (SELECT {columns} FROM {table}
                        WHERE tenant_id = $1 AND {key} = asked.value OFFSET 0) AS found"
                )
            } else {
                format!("SELECT {columns} FROM {table} WHERE tenant_id = $1 AND {key} IN ({list})")
            }
        })
        .await
    }

    /// What these users are enrolled in, in the tenant.
    pub async fn enrollments_among(
        &mut self,
        tenant: TenantId,
        users: &[UserId],
    ) -> Result<Vec<(UserId, CatalogItemId)>, StorageError> {
        let values = users.iter().map(|user| Arg::from(*user)).collect();
        let rows: Vec<(Uuid, Uuid)> = self
            .of_tenant(tenant, "enrollments", "user_id", "user_id, item_id", values)
            .await?;
        Ok(rows
            .into_iter()
            .map(|(user, item)| (UserId(user), CatalogItemId(item)))
            .collect())
    }

    /// Who of the tenant's members has these external ids.
    pub async fn members_by_external_ids(
        &mut self,
        tenant: TenantId,
        ids: &[String],
    ) -> Result<HashMap<String, UserId>, StorageError> {
        let values = ids.iter().map(|id| Arg::from(id.as_str())).collect();
        let rows: Vec<(String, Uuid)> = self
            .of_tenant(
                tenant,
                "memberships",
                "external_id",
                "external_id, user_id",
                values,
            )
            .await?;
        Ok(rows
            .into_iter()
            .map(|(id, user)| (id, UserId(user)))
            .collect())
    }

    /// The live invitations of these invitees in the tenant, those of the oldest bundle
    /// first.
    pub async fn live_among(
        &mut self,
        tenant: TenantId,
        invitee_keys: &[String],
    ) -> Result<Vec<LiveInvitation>, StorageError> {
        let values = invitee_keys
            .iter()
            .map(|key| Arg::from(key.as_str()))
            .collect();
        let rows: Vec<(String, Uuid, Uuid, String, i64)> = self
            .of_tenant(
                tenant,
                "invitations",
                "invitee_key",
                "invitee_key, target_id, bundle_id, status, expires_at",
                values,
            )
            .await?;
        let mut live: Vec<LiveInvitation> = rows
            .into_iter()
            .filter(|(_, _, _, status, _)| {
                InvitationStatus::parse(status).is_some_and(InvitationStatus::is_live)
            })
            .map(|(invitee_key, target, bundle, _, end)| LiveInvitation {
                invitee_key,
                target,
                bundle: BundleId(bundle),
                expires_at: Timestamp(end),
            })
            .collect();
        live.sort_by_key(|one| one.bundle);
        Ok(live)
    }

    /// These bundles, if they still wait for their person.
    pub async fn live_bundles(
        &mut self,
        bundles: &[BundleId],
    ) -> Result<Vec<LiveBundle>, StorageError> {
        let values = bundles.iter().map(|bundle| Arg::from(*bundle)).collect();
        let rows: Vec<LiveBundleRow> = self
            .in_batches(args![], values, |list| {
                format!(
                    "SELECT b.id, b.tenant_id, b.role, b.active, b.status, b.delivery_id,
                        u.deactivated_at AS inviter_deactivated_at,
                        u.super_admin AS inviter_super, m.role AS inviter_role
                     FROM bundles b
                     JOIN users u ON u.id = b.inviter_id
                     LEFT JOIN memberships m
                        ON m.tenant_id = b.tenant_id AND m.user_id = b.inviter_id
                     WHERE b.id IN ({list})
                        AND b.status IN ('unassigned', 'scheduled', 'pending')"
                )
            })
            .await?;
        rows.into_iter()
            .map(|row| {
                let rights = InviterRights {
                    deactivated: row.inviter_deactivated_at.is_some(),
                    super_admin: row.inviter_super != 0,
                    role: row.inviter_role.as_deref(),
                };
                Ok(LiveBundle {
                    id: BundleId(row.id),
                    inviter_may: rights.cover(TenantId(row.tenant_id), &row.role),
                    role: role_of(row.role)?,
                    active: row.active == 1,
                    scheduled: row.status == "scheduled",
                    delivery: row.delivery_id.map(DeliveryId),
                })
            })
            .collect()
    }

    /// The rights of whoever submits, as they are now; `None`: the account is gone or
    /// deactivated.
    pub async fn submitter(
        &mut self,
        tenant: TenantId,
        user: UserId,
    ) -> Result<Option<Submitter>, StorageError> {
        self.optional::<(i64, Option<String>)>(
            "SELECT u.super_admin, m.role FROM users u
             LEFT JOIN memberships m ON m.user_id = u.id AND m.tenant_id = $1
             WHERE u.id = $2 AND u.deactivated_at IS NULL",
            args![tenant, user],
        )
        .await?
        .map(|(super_admin, word)| {
            Ok(Submitter {
                super_admin: super_admin == 1,
                role: word.map(role_of).transpose()?,
            })
        })
        .transpose()
    }
}
