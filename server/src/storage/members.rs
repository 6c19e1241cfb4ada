//! What an admin changes about a member: the role, labels, the membership itself.

use app::domain::{
    id::{BundleId, InvitationId, TenantId, UserId},
    invitation::InvitationStatus,
    role::Role,
    time::Timestamp,
};
use uuid::Uuid;

use super::{StorageError, Tx, users::role_of};
use crate::args;

/// Bundles that one transaction revokes.
const REVOKED_AT_ONCE: u32 = 500;

/// What hangs on a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ties {
    /// Live bundles that the member answers for.
    pub invited: u64,
    /// Live invitations to the member here.
    pub waiting: u64,
    /// Enrollments here.
    pub courses: u64,
}

/// Somebody who may invite no more in a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InviterGone {
    /// Where.
    pub tenant: TenantId,
    /// Who.
    pub inviter: UserId,
    /// Who took the right away.
    pub by: UserId,
    /// When; what was made later is not meant.
    pub at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct GoneRow {
    tenant_id: Uuid,
    user_id: Uuid,
    actor_id: Uuid,
    gone_at: i64,
}

#[derive(sqlx::FromRow)]
struct RoleRow {
    role: String,
    super_admin: i64,
}

#[derive(sqlx::FromRow)]
struct TiesRow {
    invited: i64,
    waiting: i64,
    courses: i64,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    id: Uuid,
}

// Two admins who take each other's place would each see the other as the one who stays.
const LOCK_TENANT: &str = "SELECT id FROM tenants WHERE id = $1 FOR NO KEY UPDATE";
const ROLE: &str = "SELECT m.role, u.super_admin FROM memberships m
    JOIN users u ON u.id = m.user_id WHERE m.tenant_id = $1 AND m.user_id = $2";
const TIES: &str = "SELECT
    (SELECT COUNT(*) FROM bundles b WHERE b.tenant_id = $1 AND b.inviter_id = $2
        AND b.status IN ('unassigned', 'scheduled', 'pending')) AS invited,
    (SELECT COUNT(*) FROM invitations i JOIN users u ON u.id = $2
        WHERE i.tenant_id = $1 AND i.invitee_key IN ($3, u.email)
          AND i.status IN ('unassigned', 'scheduled', 'pending')) AS waiting,
    (SELECT COUNT(*) FROM enrollments e WHERE e.tenant_id = $1 AND e.user_id = $2) AS courses";
const SET_ROLE: &str = "UPDATE memberships SET role = $3
    WHERE tenant_id = $1 AND user_id = $2 AND role = $4
      AND (role <> 'admin' OR EXISTS (SELECT 1 FROM memberships o JOIN users u ON u.id = o.user_id
        WHERE o.tenant_id = $1 AND o.user_id <> $2 AND o.role = 'admin'
          AND u.deactivated_at IS NULL))";
const IS_MEMBER: &str = "SELECT user_id AS id FROM memberships
    WHERE tenant_id = $1 AND user_id = $2";
const REMOVE: &str = "DELETE FROM memberships
    WHERE tenant_id = $1 AND user_id = $2
      AND (role <> 'admin' OR EXISTS (SELECT 1 FROM memberships o JOIN users u ON u.id = o.user_id
        WHERE o.tenant_id = $1 AND o.user_id <> $2 AND o.role = 'admin'
          AND u.deactivated_at IS NULL))";
const UNENROLL: &str = "DELETE FROM enrollments WHERE tenant_id = $1 AND user_id = $2";
const SET_LABELS: &str = "UPDATE memberships SET labels = $3 WHERE tenant_id = $1 AND user_id = $2";
const WAITING: &str = "SELECT i.bundle_id AS id FROM invitations i JOIN users u ON u.id = $2
    WHERE i.tenant_id = $1 AND i.invitee_key IN ($3, u.email)
      AND i.status IN ('unassigned', 'scheduled', 'pending')
    ORDER BY i.bundle_id LIMIT $4";
const TAKE_OVER: &str = "UPDATE bundles SET inviter_id = $3
    WHERE tenant_id = $1 AND inviter_id = $2 AND status IN ('unassigned', 'scheduled', 'pending')
    RETURNING id";
const OF_INVITER: &str = "SELECT id FROM bundles
    WHERE tenant_id = $1 AND inviter_id = $2 AND status IN ('unassigned', 'scheduled', 'pending')
      AND created_at <= $3
    ORDER BY id LIMIT $4";
const NOTE_GONE: &str = "INSERT INTO inviters_gone (tenant_id, user_id, actor_id, gone_at)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, user_id) DO UPDATE
    SET actor_id = excluded.actor_id, gone_at = excluded.gone_at";
// What has nothing left stays until $1: an invitation that was being written meanwhile is
// seen by then.
const GONE: &str = "SELECT g.tenant_id, g.user_id, g.actor_id, g.gone_at FROM inviters_gone g
    WHERE g.gone_at < $1 OR EXISTS (SELECT 1 FROM bundles b
        WHERE b.tenant_id = g.tenant_id AND b.inviter_id = g.user_id
          AND b.status IN ('unassigned', 'scheduled', 'pending') AND b.created_at <= g.gone_at)
    ORDER BY g.gone_at, g.tenant_id, g.user_id LIMIT $2";
const FORGET_GONE: &str = "DELETE FROM inviters_gone
    WHERE tenant_id = $1 AND user_id = $2 AND gone_at = $3";
// Disabled tenants too: what they have is live.
const INVITED_IN: &str = "SELECT t.id FROM tenants t
    WHERE EXISTS (SELECT 1 FROM memberships m
        WHERE m.tenant_id = t.id AND m.user_id = $1 AND m.role = 'admin')
      OR EXISTS (SELECT 1 FROM bundles b
        WHERE b.tenant_id = t.id AND b.inviter_id = $1
          AND b.status IN ('unassigned', 'scheduled', 'pending'))
    ORDER BY t.id";

impl Tx {
    /// Writes down that somebody may invite no more in a tenant: what was sent out until now
    /// is to be revoked (S24).
    pub async fn note_gone(&mut self, gone: &InviterGone) -> Result<(), StorageError> {
        let args = args![gone.tenant, gone.inviter, gone.by, gone.at];
        self.execute(NOTE_GONE, args).await?;
        Ok(())
    }

    /// Inviters who are gone and have something left to be revoked, or were noted before
    /// `until`; at most `limit`, the oldest first.
    pub async fn inviters_gone(
        &mut self,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<InviterGone>, StorageError> {
        let rows = self.all::<GoneRow>(GONE, args![until, limit]).await?;
        Ok(rows
            .into_iter()
            .map(|row| InviterGone {
                tenant: TenantId(row.tenant_id),
                inviter: UserId(row.user_id),
                by: UserId(row.actor_id),
                at: Timestamp(row.gone_at),
            })
            .collect())
    }

    /// Nothing is left of one who is gone.
    pub async fn forget_gone(&mut self, gone: &InviterGone) -> Result<(), StorageError> {
        let args = args![gone.tenant, gone.inviter, gone.at];
        self.execute(FORGET_GONE, args).await?;
        Ok(())
    }

    /// The tenants where somebody answers for live bundles, or could.
    pub async fn tenants_invited_in(
        &mut self,
        inviter: UserId,
    ) -> Result<Vec<TenantId>, StorageError> {
        let rows = self.all::<IdRow>(INVITED_IN, args![inviter]).await?;
        Ok(rows.into_iter().map(|row| TenantId(row.id)).collect())
    }

    /// Waits for other changes of a tenant's admins.
    pub async fn lock_tenant(&mut self, tenant: TenantId) -> Result<(), StorageError> {
        if self.is_postgres() {
            self.optional::<IdRow>(LOCK_TENANT, args![tenant]).await?;
        }
        Ok(())
    }

    /// A member's role, and whether that account runs the platform.
    pub async fn member_role(
        &mut self,
        tenant: TenantId,
        user: UserId,
    ) -> Result<Option<(Role, bool)>, StorageError> {
        self.optional::<RoleRow>(ROLE, args![tenant, user])
            .await?
            .map(|row| Ok((role_of(row.role)?, row.super_admin != 0)))
            .transpose()
    }

    /// What hangs on a member.
    pub async fn member_ties(
        &mut self,
        tenant: TenantId,
        user: UserId,
    ) -> Result<Ties, StorageError> {
        let args = args![tenant, user, user.to_string()];
        let row = self.one::<TiesRow>(TIES, args).await?;
        Ok(Ties {
            invited: row.invited.unsigned_abs(),
            waiting: row.waiting.unsigned_abs(),
            courses: row.courses.unsigned_abs(),
        })
    }

    /// Changes a role from what it was; false: it is another one by now, or nobody else
    /// would be an admin.
    pub async fn set_member_role(
        &mut self,
        tenant: TenantId,
        user: UserId,
        from: Role,
        to: Role,
    ) -> Result<bool, StorageError> {
        let args = args![tenant, user, to.as_str(), from.as_str()];
        Ok(self.execute(SET_ROLE, args).await? == 1)
    }

    /// Changes a member's labels; false: there is no such member.
    pub async fn set_member_labels(
        &mut self,
        tenant: TenantId,
        user: UserId,
        labels: &str,
    ) -> Result<bool, StorageError> {
        let args = args![tenant, user, labels];
        Ok(self.execute(SET_LABELS, args).await? == 1)
    }

    /// Whether somebody is a member of a tenant.
    pub async fn is_member(
        &mut self,
        tenant: TenantId,
        user: UserId,
    ) -> Result<bool, StorageError> {
        let found = self
            .optional::<IdRow>(IS_MEMBER, args![tenant, user])
            .await?;
        Ok(found.is_some())
    }

    /// Ends a membership with its enrollments; false: nobody else would be an admin.
    pub async fn remove_member(
        &mut self,
        tenant: TenantId,
        user: UserId,
    ) -> Result<bool, StorageError> {
        if self.execute(REMOVE, args![tenant, user]).await? != 1 {
            return Ok(false);
        }
        self.execute(UNENROLL, args![tenant, user]).await?;
        Ok(true)
    }

    /// Makes somebody else answer for a member's live bundles; which they are.
    pub async fn take_over_from(
        &mut self,
        tenant: TenantId,
        from: UserId,
        to: UserId,
    ) -> Result<Vec<BundleId>, StorageError> {
        let rows = self
            .all::<IdRow>(TAKE_OVER, args![tenant, from, to])
            .await?;
        Ok(rows.into_iter().map(|row| BundleId(row.id)).collect())
    }

    /// Revokes some of the live bundles of one who is gone; how many: none is all of them.
    pub async fn revoke_of_inviter(
        &mut self,
        gone: &InviterGone,
        reason: &str,
        at: Timestamp,
    ) -> Result<usize, StorageError> {
        let args = args![gone.tenant, gone.inviter, gone.at, REVOKED_AT_ONCE];
        let found = self.all::<IdRow>(OF_INVITER, args).await?;
        let some = found.len();
        self.revoke_bundles(found, reason, (Some(gone.by.0), "user"), at)
            .await?;
        Ok(some)
    }

    /// Revokes some of what waits for a person in a tenant; true: there may be more.
    pub async fn revoke_waiting(
        &mut self,
        tenant: TenantId,
        invitee: UserId,
        reason: &str,
        actor: (Option<Uuid>, &'static str),
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let args = args![tenant, invitee, invitee.to_string(), REVOKED_AT_ONCE];
        let found = self.all::<IdRow>(WAITING, args).await?;
        let more = found.len() == REVOKED_AT_ONCE as usize;
        self.revoke_bundles(found, reason, actor, at).await?;
        Ok(more)
    }

    async fn revoke_bundles(
        &mut self,
        found: Vec<IdRow>,
        reason: &str,
        actor: (Option<Uuid>, &'static str),
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let mut bundles: Vec<BundleId> = found.into_iter().map(|row| BundleId(row.id)).collect();
        bundles.dedup();
        self.lock_bundles(&bundles).await?;
        let mut live: Vec<InvitationId> = Vec::new();
        for bundle in bundles {
            live.append(&mut self.live_invitations(bundle).await?);
        }
        self.end_invitations(&live, InvitationStatus::Revoked, reason, actor, at)
            .await
    }
}
