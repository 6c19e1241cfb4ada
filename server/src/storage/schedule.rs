//! What goes out later: `scheduled` until its time, `pending` from then on.

use app::domain::{
    id::{BundleId, TenantId},
    time::Timestamp,
};
use uuid::Uuid;

use super::{AuditEvent, StorageError, Tx};
use crate::args;

// $1 now; what has run out by then expires and is not sent.
const DUE: &str = "SELECT b.tenant_id, b.id FROM bundles b
    JOIN tenants t ON t.id = b.tenant_id
    WHERE b.status = 'scheduled' AND b.send_at <= $1 AND b.expires_at > $1
      AND t.disabled_at IS NULL
    ORDER BY b.send_at, b.id LIMIT $2";
const SEND_BUNDLE: &str = "UPDATE bundles SET status = 'pending', send_at = NULL, changed_at = $2
    WHERE id = $1 AND status = 'scheduled' AND expires_at > $2";
const SEND: &str = "UPDATE invitations SET status = 'pending', status_changed_at = $2
    WHERE bundle_id = $1 AND status = 'scheduled' AND expires_at > $2
    RETURNING id, tenant_id";
const PUT_OFF: &str = "UPDATE bundles SET send_at = $2 WHERE id = $1 AND status = 'scheduled'";

impl Tx {
    /// At most `limit` bundles whose time to be sent has come, the earliest first.
    pub async fn due_scheduled(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(TenantId, BundleId)>, StorageError> {
        let rows = self.all::<(Uuid, Uuid)>(DUE, args![now, limit]).await?;
        Ok(rows
            .into_iter()
            .map(|(tenant, bundle)| (TenantId(tenant), BundleId(bundle)))
            .collect())
    }

    /// `scheduled → pending` for a bundle that this transaction holds, one event for each of
    /// its invitations; false: it is not scheduled any more, or has run out.
    pub async fn send_scheduled(
        &mut self,
        bundle: BundleId,
        (actor_id, actor): (Option<Uuid>, &'static str),
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        if self.execute(SEND_BUNDLE, args![bundle, at]).await? == 0 {
            return Ok(false);
        }
        let sent = self.all::<(Uuid, Uuid)>(SEND, args![bundle, at]).await?;
        let events = sent
            .into_iter()
            .map(|(id, tenant)| AuditEvent {
                tenant: Some(TenantId(tenant)),
                actor_id,
                actor,
                action: "invitation.sent",
                subject: "invitation",
                subject_id: id,
                at,
            })
            .collect();
        self.record(events).await?;
        Ok(true)
    }

    /// Sends a scheduled bundle at another time.
    pub async fn put_off_scheduled(
        &mut self,
        bundle: BundleId,
        until: Timestamp,
    ) -> Result<(), StorageError> {
        self.execute(PUT_OFF, args![bundle, until]).await?;
        Ok(())
    }
}
