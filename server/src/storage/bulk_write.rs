//! What an import creates: bundles, invitations and mails, many at once.

use std::collections::{BTreeSet, HashSet};

use app::domain::{
    id::{BundleId, DeliveryId, ImportId, InvitationId, TenantId, UserId},
    invitation::{Binding, InvitationKind, InvitationStatus},
    role::Role,
    time::Timestamp,
};
use uuid::Uuid;

use super::{Arg, StorageError, Tx, engine::placeholders, in_list, insert_many};
use crate::args;

/// Values in one `IN` list.
pub(super) const BATCH: usize = 500;

/// A bundle to be made; its status is `pending`, or `scheduled`.
#[derive(Clone, Debug)]
pub struct NewBundle {
    /// The bundle.
    pub id: BundleId,
    /// Canonical address.
    pub email: String,
    /// As typed; mail goes here.
    pub email_typed: String,
    /// The verified account that owns the address.
    pub user: Option<UserId>,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// Folded name and address.
    pub search_text: String,
    /// The role it offers.
    pub role: Role,
    /// Labels, separated by `|`.
    pub labels: String,
    /// The person's id in another system.
    pub external_id: Option<String>,
    /// The admin's note.
    pub note: String,
    /// JSON object of the columns kept as metadata.
    pub metadata: String,
    /// Where it comes from, in the words of who made it; may be empty.
    pub source: String,
    /// Where its person goes after accepting, on this origin; may be empty.
    pub redirect: String,
    /// Not switched off.
    pub active: bool,
    /// No mail is wanted: its link is copied.
    pub no_mail: bool,
    /// When what its courses and programs give begins.
    pub starts_at: Option<Timestamp>,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
    /// When it goes out; `None`: it waits for its person from now on.
    pub send_at: Option<Timestamp>,
    /// Its mail; `None`: no mail was asked for.
    pub delivery: Option<DeliveryId>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What the bundles of one act have in common.
#[derive(Clone, Copy, Debug)]
pub struct Act {
    /// In which tenant.
    pub tenant: TenantId,
    /// Who invites.
    pub inviter: UserId,
    /// By which import; `None`: by a form.
    pub import: Option<ImportId>,
    /// Now.
    pub at: Timestamp,
}

/// An invitation to be made; its status is `pending`, or `scheduled`.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// The invitation.
    pub id: InvitationId,
    /// Of which bundle.
    pub bundle: BundleId,
    /// To what kind of target.
    pub kind: InvitationKind,
    /// The tenant, or the catalog item.
    pub target: Uuid,
    /// How it knows its invitee.
    pub binding: Binding,
    /// User id if a verified account owns the address, else the canonical address.
    pub invitee_key: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Its mail goes out later.
    pub scheduled: bool,
}

const fn status(scheduled: bool) -> &'static str {
    if scheduled {
        InvitationStatus::Scheduled.as_str()
    } else {
        InvitationStatus::Pending.as_str()
    }
}

impl Tx {
    /// Makes bundles.
    pub async fn insert_bundles(
        &mut self,
        act: &Act,
        bundles: Vec<NewBundle>,
    ) -> Result<(), StorageError> {
        let rows: Vec<Vec<Arg>> = bundles
            .into_iter()
            .map(|bundle| {
                args![
                    bundle.id,
                    act.tenant,
                    bundle.email,
                    bundle.email_typed,
                    bundle.user,
                    bundle.first_name,
                    bundle.last_name,
                    bundle.search_text,
                    bundle.role.as_str(),
                    bundle.labels,
                    bundle.external_id,
                    bundle.note,
                    bundle.metadata,
                    status(bundle.send_at.is_some()),
                    act.inviter,
                    act.import,
                    bundle.delivery,
                    act.at,
                    bundle.expires_at,
                    act.at,
                    bundle.active,
                    bundle.no_mail,
                    bundle.starts_at,
                    bundle.ends_at,
                    bundle.send_at,
                    bundle.source,
                    bundle.redirect,
                ]
            })
            .collect();
        insert_many(
            self,
            "INSERT INTO bundles (id, tenant_id, email, email_typed, user_id, first_name,
             last_name, search_text, role, labels, external_id, note, metadata, status,
             inviter_id, import_id, delivery_id, created_at, expires_at, changed_at, active, no_mail,
             starts_at, ends_at, send_at, source, redirect)",
            27,
            "",
            rows,
        )
        .await?;
        Ok(())
    }

    /// Makes invitations. `Retry` where a live one of the same tenant, target and invitee
    /// stands (I2): somebody was faster, and the facts must be read again.
    pub async fn insert_invitations(
        &mut self,
        act: &Act,
        invitations: &[NewInvitation],
    ) -> Result<(), StorageError> {
        let rows: Vec<Vec<Arg>> = invitations
            .iter()
            .map(|invitation| {
                args![
                    invitation.id,
                    act.tenant,
                    invitation.bundle,
                    invitation.kind.as_str(),
                    invitation.binding.as_str(),
                    invitation.target,
                    invitation.invitee_key.as_str(),
                    status(invitation.scheduled),
                    act.at,
                    act.at,
                    invitation.expires_at,
                    act.import,
                ]
            })
            .collect();
        let wanted = rows.len() as u64;
        let made = insert_many(
            self,
            "INSERT INTO invitations (id, tenant_id, bundle_id, kind, binding, target_id,
             invitee_key, status, created_at, status_changed_at, expires_at, import_id)",
            12,
            "ON CONFLICT DO NOTHING",
            rows,
        )
        .await?;
        if made == wanted {
            Ok(())
        } else {
            Err(StorageError::Retry)
        }
    }

    /// Waits for other transactions that change these bundles, of which the ids are in
    /// order, and keeps others waiting. How many of them are still live. SQLite has one
    /// writer anyway. At most 500.
    pub async fn lock_bundles(&mut self, bundles: &[BundleId]) -> Result<usize, StorageError> {
        if !self.is_postgres() || bundles.is_empty() {
            return Ok(bundles.len());
        }
        // Not FOR UPDATE: a claim of the outbox holds its entry while it makes a link, which
        // looks at the bundle's key.
        let sql = format!(
            "SELECT id FROM bundles
             WHERE id IN ({}) AND status IN ('unassigned', 'scheduled', 'pending')
             ORDER BY id FOR NO KEY UPDATE",
            in_list(1, bundles.len())
        );
        let ids = bundles.iter().map(|id| Arg::from(*id)).collect();
        Ok(self.all_composed::<(Uuid,)>(sql, ids).await?.len())
    }

    /// Holds live bundles for this transaction, before anything that belongs to them: all
    /// who change a bundle do it in this order. `Retry` where one is no longer live: the
    /// facts must be read again.
    pub async fn hold_bundles(&mut self, bundles: &BTreeSet<BundleId>) -> Result<(), StorageError> {
        let bundles: Vec<BundleId> = bundles.iter().copied().collect();
        for batch in bundles.chunks(BATCH) {
            if self.lock_bundles(batch).await? != batch.len() {
                return Err(StorageError::Retry);
            }
        }
        Ok(())
    }

    /// Which of these bundles, that this transaction holds, are switched on.
    pub async fn active_among(
        &mut self,
        bundles: &BTreeSet<BundleId>,
    ) -> Result<BTreeSet<BundleId>, StorageError> {
        let bundles: Vec<BundleId> = bundles.iter().copied().collect();
        let mut active = BTreeSet::new();
        for batch in bundles.chunks(BATCH) {
            let sql = format!(
                "SELECT id FROM bundles WHERE active = 1 AND id IN ({})",
                in_list(1, batch.len())
            );
            let ids = batch.iter().map(|id| Arg::from(*id)).collect();
            let rows = self.all_composed::<(Uuid,)>(sql, ids).await?;
            active.extend(rows.into_iter().map(|(id,)| BundleId(id)));
        }
        Ok(active)
    }

    /// Moves the end of bundles and of what waits in them to `expires_at`, where that is
    /// later.
    pub async fn extend_bundles(
        &mut self,
        bundles: &BTreeSet<BundleId>,
        expires_at: Timestamp,
    ) -> Result<(), StorageError> {
        let bundles: Vec<BundleId> = bundles.iter().copied().collect();
        for batch in bundles.chunks(BATCH) {
            let list = in_list(2, batch.len());
            for sql in [
                format!(
                    "UPDATE bundles SET expires_at = $1 WHERE expires_at < $1 AND id IN ({list})"
                ),
                format!(
                    "UPDATE invitations SET expires_at = $1
                     WHERE expires_at < $1 AND status IN ('unassigned', 'scheduled', 'pending')
                        AND bundle_id IN ({list})"
                ),
            ] {
                let mut values = args![expires_at];
                values.extend(batch.iter().map(|id| Arg::from(*id)));
                self.execute_composed(sql, values).await?;
            }
        }
        Ok(())
    }

    /// Makes `user` the inviter of bundles, answerable for them from now on.
    pub async fn take_over(
        &mut self,
        bundles: &[BundleId],
        user: UserId,
    ) -> Result<(), StorageError> {
        for batch in bundles.chunks(BATCH) {
            let sql = format!(
                "UPDATE bundles SET inviter_id = $1 WHERE id IN ({})",
                in_list(2, batch.len())
            );
            let mut values = args![user];
            values.extend(batch.iter().map(|id| Arg::from(*id)));
            self.execute_composed(sql, values).await?;
        }
        Ok(())
    }

    /// Names the newest mail of bundles.
    pub async fn set_deliveries(
        &mut self,
        deliveries: &[(BundleId, DeliveryId)],
    ) -> Result<(), StorageError> {
        for batch in deliveries.chunks(BATCH) {
            let sql = format!(
                "UPDATE bundles SET delivery_id = newest.column2
                 FROM (VALUES {}) AS newest WHERE bundles.id = newest.column1",
                placeholders(self, batch.len(), 2)
            );
            let args = batch
                .iter()
                .flat_map(|(bundle, delivery)| args![*bundle, *delivery])
                .collect();
            self.execute_composed(sql, args).await?;
        }
        Ok(())
    }

    /// Of these mails, those that no worker has touched yet; they are put off to
    /// `not_before` where that is later, and will tell of whatever their bundle holds then.
    pub async fn put_off_queued(
        &mut self,
        deliveries: &[DeliveryId],
        not_before: Timestamp,
    ) -> Result<HashSet<DeliveryId>, StorageError> {
        let mut held = HashSet::new();
        for batch in deliveries.chunks(BATCH) {
            let mut values = args![not_before];
            values.extend(batch.iter().map(|id| Arg::from(*id)));
            let rows: Vec<(Uuid,)> = self
                .all_composed(
                    format!(
                        "UPDATE outbox
                         SET not_before = CASE WHEN not_before < $1 THEN $1 ELSE not_before END
                         WHERE status = 'queued' AND attempts = 0 AND id IN ({}) RETURNING id",
                        in_list(2, batch.len())
                    ),
                    values,
                )
                .await?;
            held.extend(rows.into_iter().map(|(id,)| DeliveryId(id)));
        }
        Ok(held)
    }
}
