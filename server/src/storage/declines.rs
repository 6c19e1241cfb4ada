//! A refusal waits a while before it counts, so that it can be taken back. It is kept here,
//! not in the browser: whoever closes the page has declined.

use std::collections::BTreeMap;

use app::domain::{
    id::{BundleId, InvitationId, UserId},
    invitation::InvitationStatus,
    time::Timestamp,
};
use uuid::Uuid;

use super::{Arg, StorageError, Tx, in_list, invitations::EndedRow};
use crate::args;

/// Seconds in which a refusal can be taken back.
pub const UNDO_SECONDS: i64 = 10;

/// How taking a refusal back ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declining {
    /// It waits for an answer again.
    Undone,
    /// There is nothing to take back, or no longer.
    TooLate,
    /// There is no such invitation for this person.
    Missing,
}

// Pressing twice does not make it later.
const DECLINE: &str = "UPDATE invitations
    SET decline_at = COALESCE(decline_at, $2), decline_by = COALESCE(decline_by, $3)
    WHERE id = $1 AND status = 'pending' AND expires_at > $4";
const UNDO: &str = "UPDATE invitations SET decline_at = NULL, decline_by = NULL
    WHERE id = $1 AND status = 'pending' AND decline_at > $2";
const DUE: &str = "SELECT id, bundle_id, decline_by FROM invitations
    WHERE status = 'pending' AND decline_at IS NOT NULL AND decline_at <= $1
    ORDER BY decline_at, id LIMIT $2";

impl Tx {
    /// Declines one pending invitation of the user's home, from [`UNDO_SECONDS`] on; false:
    /// there is none.
    pub async fn decline_mine(
        &mut self,
        invitation: InvitationId,
        user: UserId,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        if !self.lock_bundle_of(invitation).await? || !self.is_mine(invitation, user).await? {
            return Ok(false);
        }
        if self.offer_of_invitation(invitation, at).await?.is_none() {
            return Ok(false);
        }
        let from = at.plus_seconds(UNDO_SECONDS);
        let declined = self
            .execute(DECLINE, args![invitation, from, user, at])
            .await?;
        Ok(declined == 1)
    }

    /// Takes a refusal back that does not count yet.
    pub async fn undo_decline(
        &mut self,
        invitation: InvitationId,
        user: UserId,
        at: Timestamp,
    ) -> Result<Declining, StorageError> {
        if !self.lock_bundle_of(invitation).await? || !self.is_mine(invitation, user).await? {
            return Ok(Declining::Missing);
        }
        let undone = self.execute(UNDO, args![invitation, at]).await?;
        Ok(if undone == 1 {
            Declining::Undone
        } else {
            Declining::TooLate
        })
    }

    /// At most `limit` refusals that count by now, and their bundles.
    pub async fn due_declines(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(InvitationId, BundleId, Option<UserId>)>, StorageError> {
        let rows = self
            .all::<(Uuid, Uuid, Option<Uuid>)>(DUE, args![now, limit])
            .await?;
        Ok(rows
            .into_iter()
            .map(|(id, bundle, by)| (InvitationId(id), BundleId(bundle), by.map(UserId)))
            .collect())
    }

    /// `pending → declined` for those of these refusals that still count; how many.
    pub async fn commit_declines(
        &mut self,
        due: &[(InvitationId, BundleId, Option<UserId>)],
        now: Timestamp,
    ) -> Result<usize, StorageError> {
        let mut bundles: Vec<BundleId> = due.iter().map(|(_, bundle, _)| *bundle).collect();
        bundles.sort_unstable();
        bundles.dedup();
        for batch in bundles.chunks(500) {
            self.lock_bundles(batch).await?;
        }
        let mut by_whom: BTreeMap<Option<UserId>, Vec<InvitationId>> = BTreeMap::new();
        for (id, _, by) in due {
            by_whom.entry(*by).or_default().push(*id);
        }
        let mut declined = 0;
        for (user, ids) in by_whom {
            for batch in ids.chunks(500) {
                let sql = format!(
                    "UPDATE invitations SET status = 'declined', status_changed_at = $1
                     WHERE status = 'pending' AND decline_at <= $1 AND id IN ({})
                     RETURNING id, tenant_id, bundle_id",
                    in_list(2, batch.len())
                );
                let args = args![now]
                    .into_iter()
                    .chain(batch.iter().map(|id| Arg::from(*id)))
                    .collect();
                let ended = self.all_composed::<EndedRow>(sql, args).await?;
                declined += ended.len();
                let actor = (user.map(|user| user.0), "user");
                self.after_end(ended, InvitationStatus::Declined, actor, now)
                    .await?;
            }
        }
        Ok(declined)
    }
}
