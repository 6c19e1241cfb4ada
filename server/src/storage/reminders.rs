//! Reminders: who is due for one by a tenant's schedule, and that each is counted once.

use app::domain::{
    id::{BundleId, TenantId},
    time::Timestamp,
};
use uuid::Uuid;

use super::{StorageError, Tx};
use crate::args;

/// A tenant that reminds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminding {
    /// The tenant.
    pub tenant: TenantId,
    /// Days after the mail, rising.
    pub days: Vec<u16>,
}

const REMINDING: &str = "SELECT id, remind_days FROM tenants
    WHERE disabled_at IS NULL AND remind_days <> '' ORDER BY id";
// $2 reminders so far, $3 the latest mail that is old enough, $4 now.
const DUE: &str = "SELECT id FROM bundles
    WHERE tenant_id = $1 AND status = 'pending' AND active = 1 AND reminders = $2
      AND remind_from IS NOT NULL AND remind_from <= $3
      AND (remind_after IS NULL OR remind_after <= $4) AND expires_at > $4
    ORDER BY remind_from LIMIT $5";
// The count decides between two who remind at once.
const COUNT: &str = "UPDATE bundles SET reminders = reminders + 1, remind_after = $3
    WHERE id = $1 AND status = 'pending' AND active = 1 AND reminders = $2 AND reminders < 3";
const PUT_OFF: &str = "UPDATE bundles SET remind_after = $2 WHERE id = $1";
pub(super) const FROM: &str = "UPDATE bundles SET remind_from = $3
    WHERE id = $2 AND delivery_id = $1 AND EXISTS (SELECT 1 FROM outbox o
        WHERE o.id = $1 AND o.purpose = 'mail' AND o.lease_owner = $4 AND o.status = 'sending')";
pub(super) const NO_MORE: &str = "UPDATE bundles SET remind_from = NULL
    WHERE id = $2 AND EXISTS (SELECT 1 FROM outbox o
        WHERE o.id = $1 AND o.lease_owner = $3 AND o.status = 'sending')";

/// Reads the days as the database has them; what is no number is none.
pub(super) fn days_of(text: &str) -> Vec<u16> {
    text.split(',').filter_map(|day| day.parse().ok()).collect()
}

/// Writes them.
pub(super) fn days_text(days: &[u16]) -> String {
    let days: Vec<String> = days.iter().map(u16::to_string).collect();
    days.join(",")
}

impl Tx {
    /// The tenants that remind by themselves.
    pub async fn reminding(&mut self) -> Result<Vec<Reminding>, StorageError> {
        let rows = self.all::<(Uuid, String)>(REMINDING, args![]).await?;
        Ok(rows
            .into_iter()
            .map(|(id, days)| Reminding {
                tenant: TenantId(id),
                days: days_of(&days),
            })
            .collect())
    }

    /// At most `limit` bundles of a tenant that had `reminders` so far, whose mail was sent
    /// by `sent_by`.
    pub async fn due_reminders(
        &mut self,
        tenant: TenantId,
        reminders: u32,
        sent_by: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<BundleId>, StorageError> {
        let args = args![tenant, reminders, sent_by, now, limit];
        let rows = self.all::<(Uuid,)>(DUE, args).await?;
        Ok(rows.into_iter().map(|(id,)| BundleId(id)).collect())
    }

    /// Counts one more reminder than `reminders`, and asks for none by itself before `next`;
    /// false: somebody was faster, or it was the third.
    pub async fn count_reminder(
        &mut self,
        bundle: BundleId,
        reminders: u32,
        next: Timestamp,
    ) -> Result<bool, StorageError> {
        let counted = self.execute(COUNT, args![bundle, reminders, next]).await?;
        Ok(counted == 1)
    }

    /// Reminds of a bundle not before `until`.
    pub async fn put_off_reminder(
        &mut self,
        bundle: BundleId,
        until: Timestamp,
    ) -> Result<(), StorageError> {
        self.execute(PUT_OFF, args![bundle, until]).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_read_back() {
        for days in [vec![], vec![3], vec![3, 7, 20]] {
            assert_eq!(days_of(&days_text(&days)), days);
        }
    }
}
