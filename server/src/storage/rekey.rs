//! Whose an invitation is: the address, or the verified account that owns it.
//!
//! Proving a mailbox re-keys in the same transaction. On PostgreSQL a transaction does
//! not see what another one has not committed yet: an import may write an invitation to
//! an address while that address is being proved elsewhere, neither seeing the other. So
//! the expiry job asks again for late ones; until then, whoever looks for a person's
//! invitations looks under both keys (`is_mine`, the facts of an import).

use std::collections::HashSet;

use app::domain::{
    actor::{Actor, Job},
    id::{InvitationId, UserId},
    invitation::InvitationStatus,
    time::Timestamp,
};
use uuid::Uuid;

use super::{Arg, StorageError, Tx, accept::BIND_BUNDLE, audit_actor, in_list};
use crate::{args, clock::first_id};

/// A verified account, and live invitations that stand under its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateKey {
    /// The account.
    pub user: UserId,
    /// Its canonical address.
    pub email: String,
}

#[derive(sqlx::FromRow)]
struct KeyedRow {
    id: Uuid,
    tenant_id: Uuid,
    bundle_id: Uuid,
    target_id: Uuid,
}

#[derive(sqlx::FromRow)]
struct LateRow {
    id: Uuid,
    email: String,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    #[expect(dead_code, reason = "only the lock counts")]
    id: Uuid,
}

// tenant_id leads the index, so every tenant's part of it is looked up.
const LIVE_OF_KEY: &str = "SELECT id, tenant_id, bundle_id, target_id FROM invitations
    WHERE tenant_id IN (SELECT id FROM tenants) AND invitee_key = $1
      AND status IN ('unassigned', 'scheduled', 'pending') ORDER BY id";
const REKEY: &str = "UPDATE invitations SET invitee_key = $2 WHERE id = $1";
// Ids are in time order: the primary key's index finds the young ones.
const LATE: &str = "SELECT DISTINCT u.id, u.email FROM invitations i
    JOIN users u ON u.email = i.invitee_key
    WHERE i.id >= $1 AND i.status IN ('unassigned', 'scheduled', 'pending')
      AND u.email_verified = 1 ORDER BY u.id LIMIT $2";

impl Tx {
    /// The mailbox of `email` is proved to be `user`'s: every live invitation to the
    /// address, in whatever tenant, becomes the user's. One that the user has already
    /// is revoked (I2), by whoever proved or vouched. Again is harmless.
    pub async fn rekey(
        &mut self,
        email: &str,
        user: UserId,
        actor: (Option<Uuid>, &'static str),
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let key = user.to_string();
        let mut by_address = self.all::<KeyedRow>(LIVE_OF_KEY, args![email]).await?;
        if by_address.is_empty() {
            return Ok(());
        }
        let mut own = self
            .all::<KeyedRow>(LIVE_OF_KEY, args![key.as_str()])
            .await?;
        if self.is_postgres() {
            // Bundles first and in their order, as everybody locks them; then once more
            // what is live, which nobody changes any longer.
            self.lock_all(own.iter().chain(&by_address)).await?;
            by_address = self.all(LIVE_OF_KEY, args![email]).await?;
            own = self.all(LIVE_OF_KEY, args![key.as_str()]).await?;
        }
        let own: HashSet<(Uuid, Uuid)> = own
            .into_iter()
            .map(|row| (row.tenant_id, row.target_id))
            .collect();
        let mut twice = Vec::new();
        for row in &by_address {
            if own.contains(&(row.tenant_id, row.target_id)) {
                twice.push(InvitationId(row.id));
            } else {
                self.execute(REKEY, args![row.id, key.as_str()]).await?;
                self.execute(BIND_BUNDLE, args![row.bundle_id, user])
                    .await?;
            }
        }
        self.end_invitations(
            &twice,
            InvitationStatus::Revoked,
            "The person was invited to the same twice.",
            actor,
            at,
        )
        .await
    }

    async fn lock_all<'r>(
        &mut self,
        rows: impl Iterator<Item = &'r KeyedRow> + Send,
    ) -> Result<(), StorageError> {
        let mut bundles: Vec<Uuid> = rows.map(|row| row.bundle_id).collect();
        bundles.sort_unstable();
        bundles.dedup();
        for batch in bundles.chunks(500) {
            let lock = format!(
                "SELECT id FROM bundles WHERE id IN ({}) ORDER BY id FOR NO KEY UPDATE",
                in_list(1, batch.len())
            );
            let ids = batch.iter().map(|id| Arg::from(*id)).collect();
            self.all_composed::<IdRow>(lock, ids).await?;
        }
        Ok(())
    }

    /// Verified accounts with live invitations, made since `since`, that stand under
    /// their address; at most `limit`.
    pub async fn late_keys(
        &mut self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<LateKey>, StorageError> {
        let rows = self
            .all::<LateRow>(LATE, args![first_id(since), limit])
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| LateKey {
                user: UserId(row.id),
                email: row.email,
            })
            .collect())
    }

    /// Re-keys what stands under the address of an account, if it still owns it.
    pub async fn rekey_late(&mut self, late: &LateKey, at: Timestamp) -> Result<(), StorageError> {
        let owns = self
            .user_by_id(late.user)
            .await?
            .is_some_and(|user| user.email_verified && user.email == late.email);
        if owns {
            let job = audit_actor(&Actor::System(Job::Expiry));
            self.rekey(&late.email, late.user, job, at).await?;
        }
        Ok(())
    }
}
