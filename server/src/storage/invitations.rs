//! What an admin does to bundles, and the ends that an invitation can come to.

use std::collections::{BTreeMap, HashMap};

use app::domain::{
    counts::COUNTED_OF_TENANT,
    id::{BundleId, InvitationId, TenantId, UserId},
    invitation::InvitationStatus,
    time::Timestamp,
};
use uuid::Uuid;

use super::{Arg, AuditEvent, StorageError, Tx, in_list, offers::InviterColumns};
use crate::args;

#[derive(sqlx::FromRow)]
struct CountRow {
    n: i64,
}

#[derive(sqlx::FromRow)]
pub(super) struct EndedRow {
    id: Uuid,
    tenant_id: Uuid,
    bundle_id: Uuid,
}

#[derive(sqlx::FromRow)]
struct StatusRow {
    bundle_id: Uuid,
    status: String,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    id: Uuid,
}

#[derive(sqlx::FromRow)]
struct AnyRow {
    n: i64,
}

#[derive(sqlx::FromRow)]
struct BundleStateRow {
    status: String,
    active: i64,
    role: String,
    email: String,
    inviter_id: Uuid,
    expires_at: i64,
    #[sqlx(flatten)]
    by: InviterColumns,
    last_mail_at: Option<i64>,
    no_mail: i64,
    send_at: Option<i64>,
    untold: i64,
    reminders: i64,
    told: i64,
    on_its_way: i64,
}

/// What an act on a bundle looks at.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and any of them may hold together"
)]
pub struct BundleState {
    /// Leading.
    pub status: InvitationStatus,
    /// Switched on.
    pub active: bool,
    /// Whether its inviter could still make it; else its links are neutral.
    pub inviter_may: bool,
    /// When its newest mail was queued.
    pub last_mail_at: Option<Timestamp>,
    /// Canonical address.
    pub email: String,
    /// Who answers for it.
    pub inviter: UserId,
    /// When what is live in it ends.
    pub expires_at: Timestamp,
    /// Made without a mail on purpose.
    pub no_mail: bool,
    /// When it goes out, where it is scheduled.
    pub send_at: Option<Timestamp>,
    /// Something pending in it is in no mail.
    pub untold: bool,
    /// Reminders so far.
    pub reminders: u32,
    /// Its newest mail was sent, and none since came back.
    pub told: bool,
    /// A mail waits in the outbox.
    pub on_its_way: bool,
}

// Bounded from both sides, in the order of the index: as lists walk (ADR 0012).
const COUNT: &str = "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM bundles
    WHERE (tenant_id, status) >= ($1, $2) AND (tenant_id, status) <= ($1, $2)
    ORDER BY tenant_id, status LIMIT $3) AS few";
const STATE: &str = "SELECT b.status, b.active, b.role, b.email, b.inviter_id, b.expires_at,
        u.deactivated_at AS inviter_deactivated_at, u.super_admin AS inviter_super,
        m.role AS inviter_role,
        (SELECT MAX(o.created_at) FROM outbox o WHERE o.bundle_id = b.id) AS last_mail_at,
        b.no_mail, b.send_at,
        CASE WHEN EXISTS (SELECT 1 FROM invitations i
            WHERE i.bundle_id = b.id AND i.status = 'pending'
              AND NOT EXISTS (SELECT 1 FROM outbox o
                WHERE o.bundle_id = b.id AND o.not_before >= i.created_at))
        THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS untold,
        b.reminders,
        CASE WHEN EXISTS (SELECT 1 FROM outbox d
            WHERE d.id = b.delivery_id AND d.status = 'sent'
              AND NOT EXISTS (SELECT 1 FROM outbox o
                WHERE o.bundle_id = b.id AND o.created_at >= d.created_at
                  AND o.status IN ('bounced', 'complained', 'suppressed')))
        THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS told,
        CASE WHEN EXISTS (SELECT 1 FROM outbox o
            WHERE o.bundle_id = b.id AND o.status IN ('queued', 'deferred', 'sending'))
        THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS on_its_way
    FROM bundles b
    JOIN users u ON u.id = b.inviter_id
    LEFT JOIN memberships m ON m.tenant_id = b.tenant_id AND m.user_id = b.inviter_id
    WHERE b.tenant_id = $1 AND b.id = $2";
const EXTEND: &str = "UPDATE bundles SET expires_at = $3
    WHERE tenant_id = $1 AND id = $2 AND status IN ('unassigned', 'scheduled', 'pending')
      AND expires_at > $4 AND expires_at < $3";
const EXTEND_LIVE: &str = "UPDATE invitations SET expires_at = $2
    WHERE bundle_id = $1 AND status IN ('unassigned', 'scheduled', 'pending')";
const LIVE_OF_BUNDLE: &str = "SELECT id FROM invitations
    WHERE bundle_id = $1 AND status IN ('unassigned', 'scheduled', 'pending')";
const ANYTHING_DUE: &str = "SELECT CASE WHEN EXISTS (SELECT 1 FROM invitations
        WHERE status IN ('unassigned', 'scheduled', 'pending') AND expires_at <= $1)
      OR EXISTS (SELECT 1 FROM landings WHERE expires_at <= $1)
    THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS n";
const DUE_BUNDLES: &str = "SELECT DISTINCT bundle_id AS id FROM
    (SELECT bundle_id FROM invitations
     WHERE status IN ('unassigned', 'scheduled', 'pending') AND expires_at <= $1
     ORDER BY expires_at LIMIT $2) AS due
    ORDER BY bundle_id";

pub(super) fn status_of(text: String) -> Result<InvitationStatus, StorageError> {
    InvitationStatus::parse(&text).ok_or(StorageError::BadData {
        table: "invitations",
        column: "status",
        value: text,
    })
}

impl Tx {
    /// People of a tenant by the leading status of their bundles; of each status at most
    /// [`COUNTED_OF_TENANT`] + 1 are counted.
    pub async fn count_bundles(
        &mut self,
        tenant: TenantId,
    ) -> Result<BTreeMap<InvitationStatus, u64>, StorageError> {
        let limit = i64::try_from(COUNTED_OF_TENANT + 1).unwrap_or(i64::MAX);
        let mut counts = BTreeMap::new();
        for &status in InvitationStatus::ALL {
            let args = args![tenant, status.as_str(), limit];
            let count = self.one::<CountRow>(COUNT, args).await?.n.unsigned_abs();
            if count > 0 {
                counts.insert(status, count);
            }
        }
        Ok(counts)
    }

    /// What a bundle of this tenant is like now; a foreign one is none.
    pub async fn bundle_state(
        &mut self,
        tenant: TenantId,
        bundle: BundleId,
    ) -> Result<Option<BundleState>, StorageError> {
        self.optional::<BundleStateRow>(STATE, args![tenant, bundle])
            .await?
            .map(|row| {
                Ok(BundleState {
                    inviter_may: row.by.rights().cover(tenant, &row.role),
                    status: status_of(row.status)?,
                    active: row.active != 0,
                    last_mail_at: row.last_mail_at.map(Timestamp),
                    email: row.email,
                    inviter: UserId(row.inviter_id),
                    expires_at: Timestamp(row.expires_at),
                    no_mail: row.no_mail != 0,
                    send_at: row.send_at.map(Timestamp),
                    untold: row.untold != 0,
                    reminders: u32::try_from(row.reminders).unwrap_or(u32::MAX),
                    told: row.told != 0,
                    on_its_way: row.on_its_way != 0,
                })
            })
            .transpose()
    }

    /// Moves the end of a live bundle, and of what is live in it, to `until`; false: it is
    /// not live any more, or ends then or later already.
    pub async fn extend_bundle(
        &mut self,
        tenant: TenantId,
        bundle: BundleId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let moved = self
            .execute(EXTEND, args![tenant, bundle, until, now])
            .await?;
        if moved == 1 {
            self.execute(EXTEND_LIVE, args![bundle, until]).await?;
        }
        Ok(moved == 1)
    }

    /// The live invitations of a bundle.
    pub async fn live_invitations(
        &mut self,
        bundle: BundleId,
    ) -> Result<Vec<InvitationId>, StorageError> {
        let rows = self.all::<IdRow>(LIVE_OF_BUNDLE, args![bundle]).await?;
        Ok(rows.into_iter().map(|row| InvitationId(row.id)).collect())
    }

    /// Brings live invitations among `ids` to an end: `Revoked`, `Expired` or `Declined`
    /// (the last from pending alone). One event each, their bundles settled, open pages
    /// told. Those that are not live any more stay as they are.
    pub async fn end_invitations(
        &mut self,
        ids: &[InvitationId],
        end: InvitationStatus,
        reason: &str,
        actor: (Option<Uuid>, &'static str),
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let from = if end == InvitationStatus::Declined {
            "('pending')"
        } else {
            "('unassigned', 'scheduled', 'pending')"
        };
        for batch in ids.chunks(500) {
            let sql = format!(
                "UPDATE invitations SET status = $1, reason = $2, status_changed_at = $3
                 WHERE status IN {from} AND id IN ({})
                 RETURNING id, tenant_id, bundle_id",
                in_list(4, batch.len())
            );
            let args = args![end.as_str(), reason, at]
                .into_iter()
                .chain(batch.iter().map(|id| Arg::from(*id)))
                .collect();
            let ended = self.all_composed::<EndedRow>(sql, args).await?;
            self.after_end(ended, end, actor, at).await?;
        }
        Ok(())
    }

    /// Whether an invitation or a landing has run out by `now`.
    pub async fn anything_to_expire(&mut self, now: Timestamp) -> Result<bool, StorageError> {
        Ok(self.one::<AnyRow>(ANYTHING_DUE, args![now]).await?.n != 0)
    }

    /// Expires what is due by `now`, of at most `limit` invitations' bundles; how many
    /// invitations expired.
    pub async fn expire_due(
        &mut self,
        limit: u32,
        actor: (Option<Uuid>, &'static str),
        now: Timestamp,
    ) -> Result<usize, StorageError> {
        let rows = self.all::<IdRow>(DUE_BUNDLES, args![now, limit]).await?;
        let bundles: Vec<BundleId> = rows.into_iter().map(|row| BundleId(row.id)).collect();
        self.expire_bundles(&bundles, actor, now).await
    }

    /// Expires what is due by `now` of these bundles, which are in the order of their ids;
    /// how many invitations expired.
    pub async fn expire_bundles(
        &mut self,
        bundles: &[BundleId],
        actor: (Option<Uuid>, &'static str),
        now: Timestamp,
    ) -> Result<usize, StorageError> {
        let mut count = 0;
        for batch in bundles.chunks(500) {
            self.lock_bundles(batch).await?;
            let sql = format!(
                "UPDATE invitations
                 SET status = 'expired', reason = 'Its time ran out.', status_changed_at = $1
                 WHERE status IN ('unassigned', 'scheduled', 'pending') AND expires_at <= $1
                   AND bundle_id IN ({})
                 RETURNING id, tenant_id, bundle_id",
                in_list(2, batch.len())
            );
            let ids = batch.iter().map(|id| Arg::from(*id));
            let args = args![now].into_iter().chain(ids).collect();
            let ended = self.all_composed::<EndedRow>(sql, args).await?;
            count += ended.len();
            self.after_end(ended, InvitationStatus::Expired, actor, now)
                .await?;
        }
        Ok(count)
    }

    pub(super) async fn after_end(
        &mut self,
        ended: Vec<EndedRow>,
        end: InvitationStatus,
        (actor_id, actor): (Option<Uuid>, &'static str),
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let action = match end {
            InvitationStatus::Revoked => "invitation.revoked",
            InvitationStatus::Declined => "invitation.declined",
            _ => "invitation.expired",
        };
        let events = ended
            .iter()
            .map(|row| AuditEvent {
                tenant: Some(TenantId(row.tenant_id)),
                actor_id,
                actor,
                action,
                subject: "invitation",
                subject_id: row.id,
                at,
            })
            .collect();
        self.record(events).await?;
        let mut bundles: Vec<BundleId> = ended.iter().map(|row| BundleId(row.bundle_id)).collect();
        bundles.sort_unstable();
        bundles.dedup();
        for batch in bundles.chunks(500) {
            self.settle(batch, at).await?;
        }
        self.announce_all(ended.iter().map(|row| TenantId(row.tenant_id)), at)
            .await
    }

    /// Brings bundles in line with their invitations (ADR 0004): the leading status; and
    /// where nothing is live any more, every link dead and no mail on its way. At most
    /// 500 bundles.
    pub async fn settle(
        &mut self,
        bundles: &[BundleId],
        at: Timestamp,
    ) -> Result<(), StorageError> {
        if bundles.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "SELECT bundle_id, status FROM invitations WHERE bundle_id IN ({})",
            in_list(1, bundles.len())
        );
        let args = bundles.iter().map(|id| Arg::from(*id)).collect();
        let mut of_bundle: HashMap<Uuid, Vec<InvitationStatus>> = HashMap::new();
        for row in self.all_composed::<StatusRow>(sql, args).await? {
            let status = status_of(row.status)?;
            of_bundle.entry(row.bundle_id).or_default().push(status);
        }
        let mut by_status: BTreeMap<InvitationStatus, Vec<BundleId>> = BTreeMap::new();
        for (bundle, all) in of_bundle {
            if let Some(status) = InvitationStatus::of_bundle(all) {
                by_status.entry(status).or_default().push(BundleId(bundle));
            }
        }
        for (status, bundles) in by_status {
            let sql = format!(
                "UPDATE bundles SET status = $1, changed_at = $2
                 WHERE status <> $1 AND id IN ({})",
                in_list(3, bundles.len())
            );
            let args = args![status.as_str(), at]
                .into_iter()
                .chain(bundles.iter().map(|id| Arg::from(*id)))
                .collect();
            self.execute_composed(sql, args).await?;
            if !status.is_live() {
                // Mails first: one that is being claimed has its link by then, which dies next.
                let reason = format!("The invitation was {} before it was sent.", status.as_str());
                self.cancel_mails(&bundles, &reason).await?;
                self.kill_links(&bundles, at).await?;
            }
        }
        Ok(())
    }
}
