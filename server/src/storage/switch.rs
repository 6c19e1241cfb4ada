//! The switch of a live bundle: switched off it is not mailed, not reminded of and not
//! accepted, but its time runs on.

use app::domain::{
    id::{BundleId, TenantId},
    time::Timestamp,
};

use super::{
    StorageError, Tx,
    outbox::{HELD, HELD_WORDS},
};
use crate::args;

const SET_ACTIVE: &str = "UPDATE bundles SET active = $3
    WHERE tenant_id = $1 AND id = $2 AND active <> $3 AND expires_at > $4
      AND status IN ('unassigned', 'scheduled', 'pending')";
// The outbox holds a mail when it comes to it, so that none is looked for here.
const RELEASE: &str = "UPDATE outbox SET not_before = $2,
        last_error = CASE WHEN last_error = $4 THEN '' ELSE last_error END
    WHERE bundle_id = $1 AND status = 'queued' AND not_before >= $3";

impl Tx {
    /// Switches a live bundle on or off; false: it is so already, or at an end.
    pub async fn set_active(
        &mut self,
        tenant: TenantId,
        bundle: BundleId,
        active: bool,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let changed = self
            .execute(SET_ACTIVE, args![tenant, bundle, active, now])
            .await?;
        Ok(changed == 1)
    }

    /// Lets the mails of a bundle go that were held.
    pub async fn release_mails(
        &mut self,
        bundle: BundleId,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.execute(RELEASE, args![bundle, now, HELD, HELD_WORDS])
            .await?;
        Ok(())
    }
}
