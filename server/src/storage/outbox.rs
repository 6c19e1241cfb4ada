//! The outbox: every mail to be sent, and what became of it.
//!
//! A worker takes entries under a lease, sends, and writes down the result; the
//! write counts only while the lease is its own. An entry whose lease ran out
//! (its worker died) is sent once more under the same Message-ID, because the
//! worker may have died before the mail server answered; if that worker dies as
//! well, the entry is `unknown` and never sent again by itself.

use std::collections::HashMap;

use app::domain::{
    id::{BundleId, DeliveryId, ImportId, TenantId},
    invitation::{DeliveryStatus, InvitationKind, TokenPurpose},
    time::Timestamp,
};
use uuid::Uuid;

use super::{
    Arg, NewLink, StorageError, Tx, in_list, insert_many, offers::InviterColumns, reminders,
};
use crate::args;

/// A mail to be sent.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// The entry.
    pub id: DeliveryId,
    /// Whose.
    pub tenant: TenantId,
    /// For whom.
    pub bundle: BundleId,
    /// The import that asked for it, where one did.
    pub import: Option<ImportId>,
    /// What kind of mail.
    pub purpose: TokenPurpose,
    /// With its angle brackets; the same for every try.
    pub message_id: String,
    /// Not sent before.
    pub not_before: Timestamp,
    /// Now.
    pub created_at: Timestamp,
}

/// What a worker needs to write one mail.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The entry.
    pub id: DeliveryId,
    /// Whose.
    pub tenant: TenantId,
    /// For whom.
    pub bundle: BundleId,
    /// The same for every try.
    pub message_id: String,
    /// 1 for the first try.
    pub attempt: i64,
    /// The tenant's name.
    pub tenant_name: String,
    /// IANA name.
    pub time_zone: String,
    /// The inviter's first and last name; may be empty.
    pub inviter: String,
    /// As typed.
    pub to: String,
    /// The invitee's first name; may be empty.
    pub first_name: String,
    /// The invitee's last name; may be empty.
    pub last_name: String,
    /// What the admin wrote to the person; may be empty.
    pub note: String,
    /// Until when the link works.
    pub expires_at: Timestamp,
    /// Titles of programs, then of courses.
    pub items: Vec<(InvitationKind, String)>,
    /// Nudges who was invited before.
    pub reminder: bool,
    /// SHA-256 of the token of this try's link.
    pub token_hash: [u8; 32],
    /// Which of the secrets handed to [`Tx::claim`] is the token.
    pub secret: usize,
}

/// What a claim brought.
#[derive(Debug, Default)]
pub struct Claimed {
    /// To be sent by this worker.
    pub letters: Vec<Letter>,
    /// Given up or settled without a mail.
    pub settled: usize,
}

/// What became of one try.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The entry.
    pub id: DeliveryId,
    /// For whom.
    pub bundle: BundleId,
    /// Whose.
    pub tenant: TenantId,
    /// The new status.
    pub status: DeliveryStatus,
    /// Why, in words; empty where it was sent.
    pub note: String,
    /// `Deferred`: when to try again.
    pub not_before: Timestamp,
    /// The link of this try, where the mail certainly did not arrive.
    pub dead_link: Option<[u8; 32]>,
    /// When it was known.
    pub at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    id: Uuid,
}

#[derive(sqlx::FromRow)]
struct TenantRow {
    tenant_id: Uuid,
}

#[derive(sqlx::FromRow)]
struct LetterRow {
    id: Uuid,
    tenant_id: Uuid,
    bundle_id: Uuid,
    purpose: String,
    message_id: String,
    attempts: i64,
    tenant_name: String,
    time_zone: String,
    tenant_disabled_at: Option<i64>,
    inviter_first: String,
    inviter_last: String,
    #[sqlx(flatten)]
    by: InviterColumns,
    email_typed: String,
    first_name: String,
    last_name: String,
    role: String,
    note: String,
    active: i64,
    status: String,
    delivery_id: Option<Uuid>,
    expires_at: i64,
}

#[derive(sqlx::FromRow)]
struct ItemRow {
    bundle_id: Uuid,
    kind: String,
    title: Option<String>,
    archived_at: Option<i64>,
}

/// Stands in `last_error` while an entry whose worker died is sent once more.
const LOST: &str = "The server stopped while this mail was being sent; it is sent once more.";
const LOST_TWICE: &str =
    "The server stopped twice while this mail was being sent. It may have arrived.";

// No mail of an import that is being undone; in the words of the index `imports_jobs`.
/// When a mail goes out that is held: never by itself.
pub const HELD: Timestamp = Timestamp(253_402_300_799_000);
/// Stands in `last_error` while it is.
pub(super) const HELD_WORDS: &str = "Held while the invitation is switched off.";
// Not a try; what LOST says of an earlier worker stays true.
const HOLD: &str = "UPDATE outbox SET status = 'queued', attempts = attempts - 1,
        not_before = $2, lease_until = 0,
        last_error = CASE WHEN last_error = $4 THEN last_error ELSE $3 END
    WHERE id = $1";

const DUE: &str = "SELECT id FROM outbox
    WHERE status IN ('queued', 'deferred', 'sending') AND not_before <= $1 AND lease_until <= $1
      AND (import_id IS NULL OR import_id NOT IN (SELECT id FROM imports
          WHERE state IN ('committing', 'undoing') AND state = 'undoing'))
    LIMIT 1";
const GIVE_UP_LOST_SQLITE: &str = "UPDATE outbox
    SET status = 'unknown', last_error = $3, lease_until = 0
    WHERE status = 'sending' AND not_before <= $1 AND lease_until <= $1 AND last_error = $2
    RETURNING tenant_id";
// On PostgreSQL a claim waits for nobody, so that it is part of no deadlock. What others
// hold at this moment is there again at the next claim.
const GIVE_UP_LOST_POSTGRES: &str = "UPDATE outbox
    SET status = 'unknown', last_error = $3, lease_until = 0
    WHERE id IN (SELECT id FROM outbox
        WHERE status = 'sending' AND not_before <= $1 AND lease_until <= $1 AND last_error = $2
        FOR UPDATE SKIP LOCKED)
    RETURNING tenant_id";
const CLAIM_SQLITE: &str = "UPDATE outbox
    SET last_error = CASE WHEN status = 'sending' THEN $5 ELSE last_error END,
        status = 'sending', lease_until = $2, lease_owner = $3, attempts = attempts + 1
    WHERE id IN (SELECT id FROM outbox
        WHERE status IN ('queued', 'deferred', 'sending')
          AND not_before <= $1 AND lease_until <= $1
          AND (import_id IS NULL OR import_id NOT IN (SELECT id FROM imports
              WHERE state IN ('committing', 'undoing') AND state = 'undoing'))
        ORDER BY not_before LIMIT $4)
    RETURNING id";
// Takes the bundle together with the entry: a resend, a revoke, an accept of the bundle is
// over before its mail is claimed, or comes after the claim and kills the claim's link too.
const CLAIM_POSTGRES: &str = "UPDATE outbox
    SET last_error = CASE WHEN status = 'sending' THEN $5 ELSE last_error END,
        status = 'sending', lease_until = $2, lease_owner = $3, attempts = attempts + 1
    WHERE id IN (SELECT o.id FROM outbox o JOIN bundles b ON b.id = o.bundle_id
        WHERE o.status IN ('queued', 'deferred', 'sending')
          AND o.not_before <= $1 AND o.lease_until <= $1
          AND (o.import_id IS NULL OR o.import_id NOT IN (SELECT id FROM imports
              WHERE state IN ('committing', 'undoing') AND state = 'undoing'))
        ORDER BY o.not_before LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING id";
const SETTLE: &str = "UPDATE outbox SET status = 'dead', last_error = $2, lease_until = 0
    WHERE id = $1";
const RECORD: &str = "UPDATE outbox SET status = $3, last_error = $4, not_before = $5,
        sent_at = $6, lease_until = 0
    WHERE id = $1 AND lease_owner = $2 AND status = 'sending'";
// What LOST says of an earlier worker stays true of this entry.
const GIVE_BACK: &str = "UPDATE outbox SET status = 'queued', attempts = attempts - 1,
        not_before = $3, lease_until = 0
    WHERE id = $1 AND lease_owner = $2 AND status = 'sending'";

impl LetterRow {
    /// Whether this mail waits until its invitation is switched on again.
    fn is_held(&self, now: Timestamp) -> bool {
        self.active == 0
            && self.status == "pending"
            && self.expires_at > now.0
            && (self.purpose != "mail" || self.delivery_id == Some(self.id))
    }

    /// Why this mail is not to be sent after all.
    fn obstacle(&self, items: &[ItemRow], now: Timestamp) -> Option<String> {
        if self.status != "pending" {
            return Some(format!(
                "The invitation was {} before it was sent.",
                self.status
            ));
        }
        if self.purpose == "mail" && self.delivery_id != Some(self.id) {
            return Some("A newer mail took its place.".to_owned());
        }
        if self.expires_at <= now.0 {
            return Some("The invitation expired before it was sent.".to_owned());
        }
        if self.tenant_disabled_at.is_some() {
            return Some("The tenant is disabled.".to_owned());
        }
        if !self.by.rights().cover(TenantId(self.tenant_id), &self.role) {
            return Some("The inviter may no longer invite.".to_owned());
        }
        if items.iter().any(|item| item.archived_at.is_some()) {
            return Some("A course or program of the invitation is archived.".to_owned());
        }
        None
    }
}

impl Tx {
    /// Queues mails.
    pub async fn insert_deliveries(
        &mut self,
        deliveries: Vec<NewDelivery>,
    ) -> Result<(), StorageError> {
        let rows = deliveries
            .into_iter()
            .map(|one| {
                args![
                    one.id,
                    one.tenant,
                    one.bundle,
                    one.purpose.as_str(),
                    "queued",
                    one.message_id,
                    one.not_before,
                    one.created_at,
                    one.import,
                ]
            })
            .collect();
        insert_many(
            self,
            "INSERT INTO outbox
             (id, tenant_id, bundle_id, purpose, status, message_id, not_before, created_at,
              import_id)",
            9,
            "",
            rows,
        )
        .await?;
        Ok(())
    }

    /// Whether an entry is due; asked before a claim, which is a write.
    pub async fn mail_is_due(&mut self, now: Timestamp) -> Result<bool, StorageError> {
        Ok(self.optional::<IdRow>(DUE, args![now]).await?.is_some())
    }

    /// Takes up to `hashes.len()` due entries under a lease, stores the link of each
    /// mail that is to be sent, and settles those that are not.
    pub async fn claim(
        &mut self,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
        hashes: &[[u8; 32]],
    ) -> Result<Claimed, StorageError> {
        let (give_up_lost, claim) = if self.is_postgres() {
            (GIVE_UP_LOST_POSTGRES, CLAIM_POSTGRES)
        } else {
            (GIVE_UP_LOST_SQLITE, CLAIM_SQLITE)
        };
        let mut tenants: Vec<Uuid> = self
            .all::<TenantRow>(give_up_lost, args![now, LOST, LOST_TWICE])
            .await?
            .into_iter()
            .map(|row| row.tenant_id)
            .collect();
        let limit = i64::try_from(hashes.len()).unwrap_or(i64::MAX);
        let ids: Vec<Uuid> = self
            .all::<IdRow>(claim, args![now, lease_until, owner, limit, LOST])
            .await?
            .into_iter()
            .map(|row| row.id)
            .collect();
        let mut claimed = Claimed {
            settled: tenants.len(),
            ..Claimed::default()
        };
        let mut links = Vec::new();
        let (letters, mut items) = self.letters(&ids).await?;
        for (secret, row) in letters.into_iter().enumerate() {
            let items = items.remove(&row.bundle_id).unwrap_or_default();
            if row.is_held(now) {
                self.execute(HOLD, args![row.id, HELD, HELD_WORDS, LOST])
                    .await?;
                tenants.push(row.tenant_id);
                claimed.settled += 1;
                continue;
            }
            if let Some(reason) = row.obstacle(&items, now) {
                self.execute(SETTLE, args![row.id, reason]).await?;
                tenants.push(row.tenant_id);
                claimed.settled += 1;
                continue;
            }
            let Some(token_hash) = hashes.get(secret).copied() else {
                break;
            };
            links.push(NewLink {
                token_hash,
                tenant: TenantId(row.tenant_id),
                bundle: BundleId(row.bundle_id),
                purpose: TokenPurpose::parse(&row.purpose).unwrap_or(TokenPurpose::Mail),
                created_at: now,
            });
            claimed.letters.push(letter(row, items, token_hash, secret));
        }
        self.insert_links(links).await?;
        self.announce_all(tenants.into_iter().map(TenantId), now)
            .await?;
        Ok(claimed)
    }

    /// What the mails of these entries say, and what they invite to.
    async fn letters(
        &mut self,
        ids: &[Uuid],
    ) -> Result<(Vec<LetterRow>, HashMap<Uuid, Vec<ItemRow>>), StorageError> {
        if ids.is_empty() {
            return Ok((Vec::new(), HashMap::new()));
        }
        let letters = format!(
            "SELECT o.id, o.tenant_id, o.bundle_id, o.purpose, o.message_id, o.attempts,
                    t.name AS tenant_name, t.time_zone, t.disabled_at AS tenant_disabled_at,
                    u.first_name AS inviter_first, u.last_name AS inviter_last,
                    u.deactivated_at AS inviter_deactivated_at, u.super_admin AS inviter_super,
                    m.role AS inviter_role, b.email_typed, b.first_name, b.last_name, b.role,
                    b.note, b.active, b.status, b.delivery_id, b.expires_at
             FROM outbox o
             JOIN bundles b ON b.id = o.bundle_id
             JOIN tenants t ON t.id = o.tenant_id
             JOIN users u ON u.id = b.inviter_id
             LEFT JOIN memberships m ON m.tenant_id = b.tenant_id AND m.user_id = b.inviter_id
             WHERE o.id IN ({}) ORDER BY o.not_before, o.id",
            in_list(1, ids.len())
        );
        let ids = ids.iter().map(|id| Arg::from(*id)).collect();
        let letters = self.all_composed::<LetterRow>(letters, ids).await?;
        let items = format!(
            "SELECT i.bundle_id, i.kind, c.title, c.archived_at
             FROM invitations i LEFT JOIN catalog_items c ON c.id = i.target_id
             WHERE i.status = 'pending' AND i.bundle_id IN ({})
             ORDER BY CASE i.kind WHEN 'program' THEN 0 ELSE 1 END, c.title",
            in_list(1, letters.len())
        );
        let bundles = letters.iter().map(|row| Arg::from(row.bundle_id)).collect();
        let mut of_bundle: HashMap<Uuid, Vec<ItemRow>> = HashMap::new();
        for item in self.all_composed::<ItemRow>(items, bundles).await? {
            of_bundle.entry(item.bundle_id).or_default().push(item);
        }
        Ok((letters, of_bundle))
    }

    /// Writes down what became of tries. An entry whose lease somebody else holds by
    /// now is left alone; how many were written.
    pub async fn record_sent(
        &mut self,
        owner: &str,
        results: &[Sent],
    ) -> Result<u64, StorageError> {
        self.note_reminders(owner, results).await?;
        let mut written = 0;
        for one in results {
            let sent_at = (one.status == DeliveryStatus::Sent).then_some(one.at);
            written += self
                .execute(
                    RECORD,
                    args![
                        one.id,
                        owner,
                        one.status.as_str(),
                        one.note.as_str(),
                        one.not_before,
                        sent_at,
                    ],
                )
                .await?;
            if let Some(link) = one.dead_link {
                self.kill_link(link, one.at).await?;
            }
        }
        if let Some(last) = results.last() {
            self.announce_all(results.iter().map(|one| one.tenant), last.at)
                .await?;
        }
        Ok(written)
    }

    /// Reminders count from a mail that was sent; after one that bounced there are none.
    /// Bundles come before their mails, in the order of their ids, as for everybody.
    async fn note_reminders(&mut self, owner: &str, results: &[Sent]) -> Result<(), StorageError> {
        let mut results: Vec<&Sent> = results.iter().collect();
        results.sort_unstable_by_key(|one| one.bundle);
        for one in results {
            match one.status {
                DeliveryStatus::Sent => {
                    self.execute(reminders::FROM, args![one.id, one.bundle, one.at, owner])
                        .await?;
                }
                DeliveryStatus::Bounced | DeliveryStatus::Complained => {
                    self.execute(reminders::NO_MORE, args![one.id, one.bundle, owner])
                        .await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Puts claimed entries back that were not begun: it was no try. How many.
    pub async fn give_back(
        &mut self,
        owner: &str,
        letters: &[Letter],
        at: Timestamp,
    ) -> Result<u64, StorageError> {
        let mut given_back = 0;
        for letter in letters {
            given_back += self.execute(GIVE_BACK, args![letter.id, owner, at]).await?;
            self.kill_link(letter.token_hash, at).await?;
        }
        self.announce_all(letters.iter().map(|letter| letter.tenant), at)
            .await?;
        Ok(given_back)
    }

    /// Gives up the mails of these bundles that did not go out yet; how many.
    /// At most 500 bundles.
    pub async fn cancel_mails(
        &mut self,
        bundles: &[BundleId],
        reason: &str,
    ) -> Result<u64, StorageError> {
        if bundles.is_empty() {
            return Ok(0);
        }
        let sql = format!(
            "UPDATE outbox SET status = 'dead', last_error = $1
             WHERE status IN ('queued', 'deferred') AND bundle_id IN ({})",
            in_list(2, bundles.len())
        );
        let args = args![reason]
            .into_iter()
            .chain(bundles.iter().map(|id| Arg::from(*id)))
            .collect();
        self.execute_composed(sql, args).await
    }

    /// Announces each of these tenants once.
    pub async fn announce_all(
        &mut self,
        tenants: impl Iterator<Item = TenantId> + Send,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let mut tenants: Vec<TenantId> = tenants.collect();
        tenants.sort_unstable();
        tenants.dedup();
        for tenant in tenants {
            self.announce(tenant, at).await?;
        }
        Ok(())
    }
}

fn letter(row: LetterRow, items: Vec<ItemRow>, token_hash: [u8; 32], secret: usize) -> Letter {
    Letter {
        id: DeliveryId(row.id),
        tenant: TenantId(row.tenant_id),
        bundle: BundleId(row.bundle_id),
        message_id: row.message_id,
        attempt: row.attempts,
        tenant_name: row.tenant_name,
        time_zone: row.time_zone,
        inviter: format!("{} {}", row.inviter_first, row.inviter_last)
            .trim()
            .to_owned(),
        to: row.email_typed,
        first_name: row.first_name,
        last_name: row.last_name,
        note: row.note,
        expires_at: Timestamp(row.expires_at),
        items: items
            .into_iter()
            .filter_map(|item| {
                let kind = InvitationKind::parse(&item.kind)?;
                Some((kind, item.title?))
            })
            .collect(),
        reminder: row.purpose == TokenPurpose::Reminder.as_str(),
        token_hash,
        secret,
    }
}
