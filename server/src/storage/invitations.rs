//! The admin's list of bundles, and the ends that an invitation can come to.

use std::collections::{BTreeMap, HashMap};

use app::domain::{
    id::{BundleId, InvitationId, TenantId},
    invitation::{DeliveryStatus, InvitationKind, InvitationStatus},
    role::Role,
    time::Timestamp,
};
use uuid::Uuid;

use super::{
    Arg, AuditEvent, StorageError, Tx, contains_pattern, in_list, offers::InviterColumns,
    users::display_name,
};
use crate::args;

/// Which bundles of a tenant, newest first.
#[derive(Clone, Debug)]
pub struct BundleFilter {
    /// Whose.
    pub tenant: TenantId,
    /// Folded words; each must be part of the name or the address.
    pub words: Vec<String>,
    /// Only bundles of this status.
    pub status: Option<InvitationStatus>,
    /// Only bundles before this one.
    pub before: Option<BundleId>,
    /// Only this bundle.
    pub only: Option<BundleId>,
    /// At most so many.
    pub limit: u32,
}

/// A bundle as the list shows it.
#[derive(Clone, Debug)]
pub struct ListedBundle {
    /// The bundle.
    pub id: BundleId,
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
    pub delivery: Option<(DeliveryStatus, Timestamp, String)>,
    /// Name of who invited.
    pub invited_by: String,
    /// The import's file name, or empty.
    pub source: String,
    /// When.
    pub created_at: Timestamp,
    /// When the live ones expire.
    pub expires_at: Timestamp,
    /// The tenant first, then programs, then courses.
    pub targets: Vec<ListedTarget>,
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
}

#[derive(sqlx::FromRow)]
struct BundleRow {
    id: Uuid,
    email_typed: String,
    first_name: String,
    last_name: String,
    role: String,
    status: String,
    active: i64,
    delivery_status: Option<String>,
    delivery_sent_at: Option<i64>,
    delivery_not_before: Option<i64>,
    delivery_error: Option<String>,
    inviter_first: String,
    inviter_last: String,
    inviter_email: String,
    source: Option<String>,
    created_at: i64,
    expires_at: i64,
}

#[derive(sqlx::FromRow)]
struct TargetRow {
    id: Uuid,
    bundle_id: Uuid,
    kind: String,
    title: Option<String>,
    status: String,
    status_changed_at: i64,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    status: String,
    n: i64,
}

#[derive(sqlx::FromRow)]
struct EndedRow {
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
    #[sqlx(flatten)]
    by: InviterColumns,
    last_mail_at: Option<i64>,
}

/// What a resend looks at.
#[derive(Clone, Copy, Debug)]
pub struct BundleState {
    /// Leading.
    pub status: InvitationStatus,
    /// Switched on.
    pub active: bool,
    /// Whether its inviter could still make it; else its links are neutral.
    pub inviter_may: bool,
    /// When its newest mail was queued.
    pub last_mail_at: Option<Timestamp>,
}

const COUNTS: &str = "SELECT status, COUNT(*) AS n FROM bundles WHERE tenant_id = $1
    GROUP BY status";
const STATE: &str = "SELECT b.status, b.active, b.role,
        u.deactivated_at AS inviter_deactivated_at, u.super_admin AS inviter_super,
        m.role AS inviter_role,
        (SELECT MAX(o.created_at) FROM outbox o WHERE o.bundle_id = b.id) AS last_mail_at
    FROM bundles b
    JOIN users u ON u.id = b.inviter_id
    LEFT JOIN memberships m ON m.tenant_id = b.tenant_id AND m.user_id = b.inviter_id
    WHERE b.tenant_id = $1 AND b.id = $2";
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
    /// A page of bundles with what they are for, newest first.
    pub async fn list_bundles(
        &mut self,
        filter: &BundleFilter,
    ) -> Result<Vec<ListedBundle>, StorageError> {
        let mut args = args![filter.tenant];
        let mut conditions = String::from("b.tenant_id = $1");
        let mut condition = |text: &str, arg: Arg| {
            args.push(arg);
            conditions.push_str(" AND ");
            conditions.push_str(&text.replace("$n", &format!("${}", args.len())));
        };
        if let Some(only) = filter.only {
            condition("b.id = $n", only.into());
        }
        if let Some(before) = filter.before {
            condition("b.id < $n", before.into());
        }
        if let Some(status) = filter.status {
            condition("b.status = $n", status.as_str().into());
        }
        for word in &filter.words {
            condition(
                r"(b.search_text LIKE $n ESCAPE '\' OR b.email LIKE $n ESCAPE '\')",
                contains_pattern(word).into(),
            );
        }
        args.push(filter.limit.into());
        let sql = format!(
            "SELECT b.id, b.email_typed, b.first_name, b.last_name, b.role, b.status, b.active,
                    o.status AS delivery_status, o.sent_at AS delivery_sent_at,
                    o.not_before AS delivery_not_before, o.last_error AS delivery_error,
                    u.first_name AS inviter_first, u.last_name AS inviter_last,
                    u.email_typed AS inviter_email, f.file_name AS source,
                    b.created_at, b.expires_at
             FROM bundles b
             JOIN users u ON u.id = b.inviter_id
             LEFT JOIN outbox o ON o.id = b.delivery_id
             LEFT JOIN imports f ON f.id = b.import_id
             WHERE {conditions} ORDER BY b.id DESC LIMIT ${}",
            args.len()
        );
        let rows = self.all_composed::<BundleRow>(sql, args).await?;
        let mut targets = self.targets_of(&rows).await?;
        rows.into_iter()
            .map(|row| {
                let own = targets.remove(&row.id).unwrap_or_default();
                listed(row, own)
            })
            .collect()
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
                    i.status, i.status_changed_at
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
            };
            of_bundle.entry(row.bundle_id).or_default().push(target);
        }
        Ok(of_bundle)
    }

    /// People of a tenant by the leading status of their bundles.
    pub async fn count_bundles(
        &mut self,
        tenant: TenantId,
    ) -> Result<BTreeMap<InvitationStatus, u64>, StorageError> {
        self.all::<CountRow>(COUNTS, args![tenant])
            .await?
            .into_iter()
            .map(|row| Ok((status_of(row.status)?, row.n.unsigned_abs())))
            .collect()
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
                })
            })
            .transpose()
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

    async fn after_end(
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
                "UPDATE bundles SET status = $1 WHERE status <> $1 AND id IN ({})",
                in_list(2, bundles.len())
            );
            let args = args![status.as_str()]
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

fn listed(row: BundleRow, targets: Vec<ListedTarget>) -> Result<ListedBundle, StorageError> {
    let delivery = row
        .delivery_status
        .map(|text| {
            let status = DeliveryStatus::parse(&text).ok_or(StorageError::BadData {
                table: "outbox",
                column: "status",
                value: text,
            })?;
            let at = row.delivery_sent_at.or(row.delivery_not_before);
            let note = row.delivery_error.unwrap_or_default();
            Ok::<_, StorageError>((status, Timestamp(at.unwrap_or_default()), note))
        })
        .transpose()?;
    Ok(ListedBundle {
        id: BundleId(row.id),
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
        invited_by: display_name(&row.inviter_first, &row.inviter_last, &row.inviter_email),
        source: row.source.unwrap_or_default(),
        created_at: Timestamp(row.created_at),
        expires_at: Timestamp(row.expires_at),
        targets,
    })
}
