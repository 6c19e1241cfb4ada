//! Taking an import back: what it made and nobody accepted, its mails that are still held.

use app::domain::{
    id::{BundleId, ImportId, TenantId},
    import::ImportState,
    invitation::InvitationStatus,
    time::Timestamp,
};
use uuid::Uuid;

use super::{Arg, StorageError, Tx, in_list, invitations::EndedRow};
use crate::args;

/// Stands at invitations and mails that were taken back.
const REASON: &str = "Its import was undone.";

const START: &str = "UPDATE imports SET state = 'undoing', lease_until = $3, tries = 0
    WHERE tenant_id = $1 AND id = $2 AND state IN ('committing', 'done', 'failed')";
const LIVE_BUNDLES: &str = "SELECT DISTINCT bundle_id AS id FROM invitations
    WHERE import_id = $1 AND status IN ('unassigned', 'scheduled', 'pending')
    ORDER BY bundle_id LIMIT $2";
const UNDOING: &str = "UPDATE imports SET lease_until = $2
    WHERE id = $1 AND state = 'undoing'";
const FINISH: &str = "UPDATE imports SET state = 'undone', lease_until = 0
    WHERE id = $1 AND state = 'undoing'";
const KEPT: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM invitations
    WHERE import_id = $1 AND status = 'accepted' AND bundle_id IN
        (SELECT bundle_id FROM import_rows
         WHERE import_id = $1 AND outcome IN ('created', 'updated'))";

impl Tx {
    /// `committing, done, failed → undoing`, once; false where it is not in one of these
    /// states. The outbox takes no mail of an import that is being undone.
    pub async fn start_undo(
        &mut self,
        tenant: TenantId,
        import: ImportId,
        lease_until: Timestamp,
    ) -> Result<bool, StorageError> {
        let args = args![tenant, import, lease_until];
        Ok(self.execute(START, args).await? == 1)
    }

    /// Takes back what the import made for up to `limit` people; `None` where the import is
    /// no longer being undone, else how many invitations were revoked and whether that was
    /// all, in which case it is `undone`.
    pub async fn undo_slice(
        &mut self,
        import: ImportId,
        limit: u32,
        actor: (Option<Uuid>, &'static str),
        lease_until: Timestamp,
        at: Timestamp,
    ) -> Result<Option<(u32, bool)>, StorageError> {
        if self.execute(UNDOING, args![import, lease_until]).await? == 0 {
            return Ok(None);
        }
        let bundles: Vec<BundleId> = self
            .all::<(Uuid,)>(LIVE_BUNDLES, args![import, limit])
            .await?
            .into_iter()
            .map(|(id,)| BundleId(id))
            .collect();
        let mut revoked = 0;
        for batch in bundles.chunks(500) {
            revoked += self.undo_bundles(import, batch, actor, at).await?;
        }
        let all = bundles.len() < limit as usize;
        if all {
            self.execute(FINISH, args![import]).await?;
            self.drop_chunks(import).await?;
        }
        Ok(Some((u32::try_from(revoked).unwrap_or(u32::MAX), all)))
    }

    /// Of these bundles, which are in the order of their ids; how many invitations ended.
    async fn undo_bundles(
        &mut self,
        import: ImportId,
        bundles: &[BundleId],
        actor: (Option<Uuid>, &'static str),
        at: Timestamp,
    ) -> Result<usize, StorageError> {
        self.lock_bundles(bundles).await?;
        let ids = || bundles.iter().map(|id| Arg::from(*id));
        let revoke = format!(
            "UPDATE invitations SET status = 'revoked', reason = $1, status_changed_at = $2
             WHERE import_id = $3 AND status IN ('unassigned', 'scheduled', 'pending')
               AND bundle_id IN ({})
             RETURNING id, tenant_id, bundle_id",
            in_list(4, bundles.len())
        );
        let values = args![REASON, at, import].into_iter().chain(ids()).collect();
        let ended = self.all_composed::<EndedRow>(revoke, values).await?;
        let count = ended.len();
        self.after_end(ended, InvitationStatus::Revoked, actor, at)
            .await?;
        // A bundle that goes on needs no second mail about what it held before; one that
        // tells of something newer as well is still sent.
        let cancel = format!(
            "UPDATE outbox SET status = 'dead', last_error = $1
             WHERE import_id = $2 AND status IN ('queued', 'deferred') AND bundle_id IN ({})
               AND NOT EXISTS (SELECT 1 FROM invitations i
                   WHERE i.bundle_id = outbox.bundle_id AND i.created_at >= outbox.created_at
                     AND i.status IN ('unassigned', 'scheduled', 'pending'))
             RETURNING bundle_id",
            in_list(3, bundles.len())
        );
        let values = args![REASON, import].into_iter().chain(ids()).collect();
        let cancelled = self.all_composed::<(Uuid,)>(cancel, values).await?;
        if cancelled.is_empty() {
            return Ok(count);
        }
        let earlier = "FROM outbox o WHERE o.bundle_id = bundles.id
            AND o.purpose = 'mail' AND o.status <> 'dead'";
        let rename = format!(
            "UPDATE bundles SET delivery_id = (SELECT o.id {earlier} ORDER BY o.created_at DESC, o.id DESC LIMIT 1)
             WHERE id IN ({}) AND EXISTS (SELECT 1 {earlier})",
            in_list(1, cancelled.len())
        );
        let values = cancelled.iter().map(|(id,)| Arg::from(*id)).collect();
        self.execute_composed(rename, values).await?;
        Ok(count)
    }

    /// Invitations of an import that were accepted.
    pub async fn accepted_of_import(&mut self, import: ImportId) -> Result<u32, StorageError> {
        let (count,) = self.one::<(i64,)>(KEPT, args![import]).await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Where an import stands now, and whether there is one.
    pub async fn import_state(
        &mut self,
        tenant: TenantId,
        import: ImportId,
    ) -> Result<Option<ImportState>, StorageError> {
        Ok(self
            .import(tenant, import)
            .await?
            .map(|import| import.state))
    }
}
