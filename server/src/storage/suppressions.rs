//! Who asked never to be invited (S38). An address stands here as a keyed hash alone.

use std::collections::HashSet;

use app::domain::{
    id::{BundleId, InvitationId, TenantId},
    invitation::InvitationStatus,
    time::Timestamp,
};
use uuid::Uuid;

use super::{Arg, StorageError, Tx, in_list, invitations::status_of};
use crate::args;

/// The scope of whoever asked never to be invited by any tenant.
const EVERYWHERE: Uuid = Uuid::nil();

/// Whose mailbox a mailed link is.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// The bundle of the link.
    pub bundle: BundleId,
    /// Who invited.
    pub tenant: TenantId,
    /// The tenant's name.
    pub tenant_name: String,
    /// Canonical address.
    pub email: String,
    /// As typed.
    pub email_typed: String,
}

#[derive(sqlx::FromRow)]
struct MailboxRow {
    bundle_id: Uuid,
    tenant_id: Uuid,
    tenant_name: String,
    email: String,
    email_typed: String,
}

#[derive(sqlx::FromRow)]
struct LiveRow {
    id: Uuid,
    bundle_id: Uuid,
    status: String,
}

#[derive(sqlx::FromRow)]
struct HashRow {
    address_hash: Vec<u8>,
}

// Also a link that is dead: an old mail is as good a proof of the mailbox.
const OF_LINK: &str = "SELECT b.id AS bundle_id, b.tenant_id, t.name AS tenant_name, b.email,
        b.email_typed
    FROM links l JOIN bundles b ON b.id = l.bundle_id JOIN tenants t ON t.id = b.tenant_id
    WHERE l.token_hash = $1 AND l.purpose IN ('mail', 'reminder')";
const OF_LANDING: &str = "SELECT b.id AS bundle_id, b.tenant_id, t.name AS tenant_name, b.email,
        b.email_typed
    FROM landings d JOIN links l ON l.token_hash = d.link_hash
    JOIN bundles b ON b.id = l.bundle_id JOIN tenants t ON t.id = b.tenant_id
    WHERE d.cookie_hash = $1 AND d.expires_at > $2 AND l.purpose IN ('mail', 'reminder')";
const SUPPRESS: &str = "INSERT INTO suppressions (scope, address_hash, created_at)
    VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const ANYBODY: &str = "SELECT address_hash FROM suppressions LIMIT 1";
const LIVE: &str = "SELECT i.id, i.bundle_id, i.status
    FROM bundles b JOIN invitations i ON i.bundle_id = b.id
    WHERE b.tenant_id = $1 AND b.email = $2
      AND i.status IN ('unassigned', 'scheduled', 'pending')
    ORDER BY i.bundle_id";
const LIVE_EVERYWHERE: &str = "SELECT i.id, i.bundle_id, i.status
    FROM bundles b JOIN invitations i ON i.bundle_id = b.id
    WHERE b.tenant_id IN (SELECT id FROM tenants) AND b.email = $1
      AND i.status IN ('unassigned', 'scheduled', 'pending')
    ORDER BY i.bundle_id";

impl Tx {
    /// Whose mailbox this link was mailed to.
    pub async fn mailbox_of_link(
        &mut self,
        token_hash: [u8; 32],
    ) -> Result<Option<Mailbox>, StorageError> {
        let row = self.optional(OF_LINK, args![token_hash]).await?;
        Ok(row.map(mailbox))
    }

    /// Whose mailbox the link was mailed to that a browser opened.
    pub async fn mailbox_of_landing(
        &mut self,
        cookie_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Mailbox>, StorageError> {
        let row = self.optional(OF_LANDING, args![cookie_hash, now]).await?;
        Ok(row.map(mailbox))
    }

    /// Keeps that an address is never to be invited, by one tenant or by any; false: it was
    /// known.
    pub async fn suppress(
        &mut self,
        tenant: Option<TenantId>,
        address_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let scope = tenant.map_or(EVERYWHERE, |tenant| tenant.0);
        let new = self
            .execute(SUPPRESS, args![scope, address_hash, now])
            .await?;
        Ok(new == 1)
    }

    /// Whether anybody asked never to be invited.
    pub async fn anybody_is_suppressed(&mut self) -> Result<bool, StorageError> {
        let one: Option<HashRow> = self.optional(ANYBODY, args![]).await?;
        Ok(one.is_some())
    }

    /// Which of these hashes `tenant` may not invite.
    pub async fn suppressed_among(
        &mut self,
        tenant: TenantId,
        hashes: &[[u8; 32]],
    ) -> Result<HashSet<[u8; 32]>, StorageError> {
        let mut found = HashSet::new();
        for batch in hashes.chunks(500) {
            let sql = format!(
                "SELECT address_hash FROM suppressions
                 WHERE scope IN ($1, $2) AND address_hash IN ({})",
                in_list(3, batch.len())
            );
            let mut args = args![tenant, EVERYWHERE];
            args.extend(batch.iter().map(|hash| Arg::from(*hash)));
            for row in self.all_composed::<HashRow>(sql, args).await? {
                found.extend(<[u8; 32]>::try_from(row.address_hash));
            }
        }
        Ok(found)
    }

    /// Declines what waits for an address in one tenant or in all; what nobody could
    /// decline yet is revoked.
    pub async fn end_for_address(
        &mut self,
        tenant: Option<TenantId>,
        email: &str,
        reason: &str,
        actor: (Option<Uuid>, &'static str),
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let live = match tenant {
            Some(tenant) => self.all::<LiveRow>(LIVE, args![tenant, email]).await?,
            None => self.all::<LiveRow>(LIVE_EVERYWHERE, args![email]).await?,
        };
        let mut bundles: Vec<BundleId> = live.iter().map(|row| BundleId(row.bundle_id)).collect();
        bundles.dedup();
        for batch in bundles.chunks(500) {
            self.lock_bundles(batch).await?;
        }
        let (mut pending, mut others) = (Vec::new(), Vec::new());
        for row in live {
            let id = InvitationId(row.id);
            if status_of(row.status)? == InvitationStatus::Pending {
                pending.push(id);
            } else {
                others.push(id);
            }
        }
        self.end_invitations(&pending, InvitationStatus::Declined, reason, actor, now)
            .await?;
        self.end_invitations(&others, InvitationStatus::Revoked, reason, actor, now)
            .await
    }
}

fn mailbox(row: MailboxRow) -> Mailbox {
    Mailbox {
        bundle: BundleId(row.bundle_id),
        tenant: TenantId(row.tenant_id),
        tenant_name: row.tenant_name,
        email: row.email,
        email_typed: row.email_typed,
    }
}
