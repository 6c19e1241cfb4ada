//! Blank invitations: many at once, found by their source, each with a redemption code.
//!
//! A code is a link whose hash is keyed ([`crate::keys::Key::code_hash`]); the code itself
//! stands beside it, sealed, until the link dies.

use std::collections::{BTreeMap, HashMap};

use app::domain::{
    counts::COUNTED,
    id::{BundleId, InvitationId, TenantId, UserId},
    invitation::{Binding, InvitationKind, InvitationStatus},
    role::Role,
    time::Timestamp,
};
use uuid::Uuid;

use super::{
    Arg, AuditEvent, StorageError, Tx, in_list, insert_many, invitations::status_of,
    offers::InviterColumns, users::display_name,
};
use crate::args;

/// What the blank ones of one act have in common.
#[derive(Clone, Debug)]
pub struct BlankAct {
    /// In which tenant.
    pub tenant: TenantId,
    /// Who answers for them.
    pub inviter: UserId,
    /// What they are found by.
    pub source: String,
    /// Folded, for the search.
    pub search_text: String,
    /// The role on acceptance.
    pub role: Role,
    /// Not switched off.
    pub active: bool,
    /// When what courses and programs give begins.
    pub starts_at: Option<Timestamp>,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
    /// When they end.
    pub expires_at: Timestamp,
    /// To what each invites.
    pub targets: Vec<(InvitationKind, Uuid)>,
    /// Now.
    pub at: Timestamp,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct NewBlank {
    /// The bundle.
    pub bundle: BundleId,
    /// Its code's keyed hash.
    pub code_hash: [u8; 32],
    /// Its code, sealed.
    pub sealed: Vec<u8>,
    /// An invitation for each target of the act.
    pub invitations: Vec<InvitationId>,
}

/// Blank ones that share a source.
#[derive(Clone, Debug)]
pub struct BlankBatch {
    /// What they share.
    pub source: String,
    /// How many were made.
    pub made: u64,
    /// How many are nobody's yet; counted no further than was asked for.
    pub unassigned: u64,
    /// When the first was made.
    pub created_at: Timestamp,
}

/// What a batch's page counts.
#[derive(Clone, Debug)]
pub struct BatchFacts {
    /// How many stand where.
    pub by_status: BTreeMap<InvitationStatus, u64>,
    /// When the first was made.
    pub first_at: Timestamp,
    /// When the last was made.
    pub last_at: Timestamp,
    /// Who made them, by name.
    pub made_by: Vec<String>,
}

/// One blank invitation as the batch's page shows it.
#[derive(Clone, Debug)]
pub struct BlankLine {
    /// The bundle.
    pub bundle: BundleId,
    /// Leading.
    pub status: InvitationStatus,
    /// Switched on.
    pub active: bool,
    /// Whose it is now; empty: nobody's.
    pub who: String,
    /// When the status changed.
    pub changed_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Whose a blank bundle becomes.
#[derive(Clone, Debug)]
pub struct Assigned {
    /// The bundle.
    pub bundle: BundleId,
    /// How it knows its invitee from now on.
    pub binding: Binding,
    /// Its invitee key.
    pub key: String,
    /// The verified account that owns the address.
    pub user: Option<UserId>,
    /// Canonical address.
    pub email: String,
    /// As typed; mail goes here.
    pub email_typed: String,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// Folded name and address.
    pub search_text: String,
}

/// A code that is good now, as it is kept.
#[derive(Clone, Debug)]
pub struct SealedCode {
    /// Of which bundle.
    pub bundle: BundleId,
    /// The code, sealed.
    pub sealed: Vec<u8>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether its inviter may still give what it gives (S24).
    pub inviter_may: bool,
}

#[derive(sqlx::FromRow)]
struct BatchRow {
    source: String,
    made: i64,
    unassigned: i64,
    created_at: i64,
}

#[derive(sqlx::FromRow)]
struct MadeRow {
    #[expect(dead_code, reason = "only the row's presence counts")]
    n: i64,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    status: String,
    n: i64,
    first_at: i64,
    last_at: i64,
}

#[derive(sqlx::FromRow)]
struct NameRow {
    first_name: String,
    last_name: String,
    email_typed: String,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    id: Uuid,
    status: String,
    active: i64,
    first_name: String,
    last_name: String,
    email_typed: String,
    changed_at: i64,
    expires_at: i64,
}

#[derive(sqlx::FromRow)]
struct SealedRow {
    id: Uuid,
    sealed: Vec<u8>,
    expires_at: i64,
    role: String,
    #[sqlx(flatten)]
    by: InviterColumns,
}

#[derive(sqlx::FromRow)]
struct TitleRow {
    bundle_id: Uuid,
    title: String,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    id: Uuid,
}

const BATCHES: &str = "SELECT p.source, p.made, p.created_at,
        (SELECT COUNT(*) FROM (SELECT 1 AS one FROM bundles b
            WHERE b.tenant_id = p.tenant_id AND b.source = p.source
              AND b.status = 'unassigned' LIMIT $5) AS few) AS unassigned
    FROM blank_batches p
    WHERE p.tenant_id = $1 AND (p.created_at, p.source) < ($2, $3)
    ORDER BY p.created_at DESC, p.source DESC LIMIT $4";
const BATCH: &str = "SELECT made AS n FROM blank_batches WHERE tenant_id = $1 AND source = $2";
// A source that is used again makes the batch larger.
const KEEP_BATCH: &str = "INSERT INTO blank_batches (tenant_id, source, created_at, made)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, source) DO UPDATE SET made = blank_batches.made + excluded.made";
const COUNTS: &str = "SELECT b.status, COUNT(*) AS n, MIN(b.created_at) AS first_at,
        MAX(b.created_at) AS last_at
    FROM bundles b JOIN links l ON l.bundle_id = b.id AND l.purpose = 'code'
    WHERE b.tenant_id = $1 AND b.source = $2 AND b.source <> '' GROUP BY b.status";
const MAKERS: &str = "SELECT u.first_name, u.last_name, u.email_typed FROM users u
    WHERE u.id IN (SELECT b.inviter_id FROM bundles b
        JOIN links l ON l.bundle_id = b.id AND l.purpose = 'code'
        WHERE b.tenant_id = $1 AND b.source = $2 AND b.source <> '')
    ORDER BY u.search_text, u.id LIMIT 5";
const LINES: &str = "SELECT b.id, b.status, b.active, b.first_name, b.last_name, b.email_typed,
        b.changed_at, b.expires_at
    FROM bundles b JOIN links l ON l.bundle_id = b.id AND l.purpose = 'code'
    WHERE b.tenant_id = $1 AND b.source = $2 AND b.source <> '' AND b.id > $3
    ORDER BY b.id LIMIT $4";
const CODES: &str = "SELECT b.id, l.sealed, b.expires_at, b.role,
        u.deactivated_at AS inviter_deactivated_at, u.super_admin AS inviter_super,
        m.role AS inviter_role
    FROM bundles b JOIN links l ON l.bundle_id = b.id AND l.purpose = 'code'
    JOIN users u ON u.id = b.inviter_id
    LEFT JOIN memberships m ON m.tenant_id = b.tenant_id AND m.user_id = b.inviter_id
    WHERE b.tenant_id = $1 AND b.source = $2 AND b.source <> '' AND b.id > $3
      AND b.status = 'unassigned' AND b.active = 1 AND b.expires_at > $4
      AND l.dead_at IS NULL AND l.sealed IS NOT NULL
    ORDER BY b.id LIMIT $5";
const CODE_OF: &str = "SELECT b.id, l.sealed, b.expires_at, b.role,
        u.deactivated_at AS inviter_deactivated_at, u.super_admin AS inviter_super,
        m.role AS inviter_role
    FROM bundles b JOIN links l ON l.bundle_id = b.id AND l.purpose = 'code'
    JOIN users u ON u.id = b.inviter_id
    LEFT JOIN memberships m ON m.tenant_id = b.tenant_id AND m.user_id = b.inviter_id
    WHERE b.tenant_id = $1 AND b.id = $2
      AND b.status = 'unassigned' AND b.active = 1 AND b.expires_at > $3
      AND l.dead_at IS NULL AND l.sealed IS NOT NULL";
const UNASSIGNED: &str = "SELECT id FROM bundles
    WHERE tenant_id = $1 AND source = $2 AND status = 'unassigned' ORDER BY id LIMIT $3";
const ASSIGN: &str = "UPDATE invitations
    SET status = 'pending', status_changed_at = $2, invitee_key = $3, binding = $4
    WHERE bundle_id = $1 AND status = 'unassigned' AND expires_at > $2 RETURNING id";
const ASSIGN_BUNDLE: &str = "UPDATE bundles SET user_id = $2, email = $3, email_typed = $4,
    first_name = $5, last_name = $6, search_text = $7 WHERE id = $1";
const TARGETS: &str = "SELECT target_id AS id FROM invitations WHERE bundle_id = $1";
const ANY_CODE: &str = "SELECT bundle_id AS id FROM links
    WHERE purpose = 'code' AND dead_at IS NULL LIMIT 1";

impl Tx {
    /// Makes blank invitations with their codes; an event for each invitation.
    pub async fn insert_blanks(
        &mut self,
        act: &BlankAct,
        blanks: &[NewBlank],
    ) -> Result<(), StorageError> {
        let bundles = blanks
            .iter()
            .map(|blank| {
                args![
                    blank.bundle,
                    act.tenant,
                    "",
                    "",
                    "",
                    "",
                    act.search_text.as_str(),
                    act.role.as_str(),
                    "unassigned",
                    act.inviter,
                    act.at,
                    act.expires_at,
                    act.at,
                    act.active,
                    act.starts_at,
                    act.ends_at,
                    act.source.as_str(),
                ]
            })
            .collect();
        insert_many(
            self,
            "INSERT INTO bundles (id, tenant_id, email, email_typed, first_name, last_name,
             search_text, role, status, inviter_id, created_at, expires_at, changed_at, active,
             starts_at, ends_at, source)",
            17,
            "",
            bundles,
        )
        .await?;
        let each = || {
            blanks.iter().flat_map(|blank| {
                blank
                    .invitations
                    .iter()
                    .zip(&act.targets)
                    .map(|(id, target)| (blank.bundle, *id, target))
            })
        };
        let invitations = each()
            .map(|(bundle, id, (kind, target))| {
                args![
                    id,
                    act.tenant,
                    bundle,
                    kind.as_str(),
                    "blank",
                    *target,
                    "unassigned",
                    act.at,
                    act.at,
                    act.expires_at,
                ]
            })
            .collect();
        insert_many(
            self,
            "INSERT INTO invitations (id, tenant_id, bundle_id, kind, binding, target_id, status,
             created_at, status_changed_at, expires_at)",
            10,
            "",
            invitations,
        )
        .await?;
        let codes = blanks
            .iter()
            .map(|blank| {
                args![
                    blank.code_hash,
                    act.tenant,
                    blank.bundle,
                    "code",
                    act.at,
                    blank.sealed.clone(),
                ]
            })
            .collect();
        insert_many(
            self,
            "INSERT INTO links (token_hash, tenant_id, bundle_id, purpose, created_at, sealed)",
            6,
            "",
            codes,
        )
        .await?;
        let events = each()
            .map(|(_, id, _)| AuditEvent {
                tenant: Some(act.tenant),
                actor_id: Some(act.inviter.0),
                actor: "user",
                action: "invitation.created",
                subject: "invitation",
                subject_id: id.0,
                at: act.at,
            })
            .collect();
        self.record(events).await?;
        let made = i64::try_from(blanks.len()).unwrap_or(i64::MAX);
        let args = args![act.tenant, act.source.as_str(), act.at, made];
        self.execute(KEEP_BATCH, args).await?;
        Ok(())
    }

    /// A tenant's batches, the newest first, after one of them: its time and its source. Of
    /// each no more than [`COUNTED`] + 1 that are nobody's yet are counted.
    pub async fn blank_batches(
        &mut self,
        tenant: TenantId,
        after: Option<(Timestamp, String)>,
        limit: u32,
    ) -> Result<Vec<BlankBatch>, StorageError> {
        let (at, source) = after.unwrap_or((Timestamp(i64::MAX), String::new()));
        let counted = i64::try_from(COUNTED + 1).unwrap_or(i64::MAX);
        let args = args![tenant, at, source, limit, counted];
        let rows = self.all::<BatchRow>(BATCHES, args).await?;
        Ok(rows
            .into_iter()
            .map(|row| BlankBatch {
                source: row.source,
                made: row.made.unsigned_abs(),
                unassigned: row.unassigned.unsigned_abs(),
                created_at: Timestamp(row.created_at),
            })
            .collect())
    }

    /// Whether a tenant has a batch of this source.
    pub async fn is_batch(&mut self, tenant: TenantId, source: &str) -> Result<bool, StorageError> {
        let row: Option<MadeRow> = self.optional(BATCH, args![tenant, source]).await?;
        Ok(row.is_some())
    }

    /// How a tenant's batch stands; `None`: there is none of this source.
    pub async fn batch_facts(
        &mut self,
        tenant: TenantId,
        source: &str,
    ) -> Result<Option<BatchFacts>, StorageError> {
        let counts = self.all::<CountRow>(COUNTS, args![tenant, source]).await?;
        let first_at = counts.iter().map(|row| row.first_at).min();
        let last_at = counts.iter().map(|row| row.last_at).max();
        let (Some(first_at), Some(last_at)) = (first_at, last_at) else {
            return Ok(None);
        };
        let makers = self.all::<NameRow>(MAKERS, args![tenant, source]).await?;
        Ok(Some(BatchFacts {
            by_status: counts
                .into_iter()
                .map(|row| Ok((status_of(row.status)?, row.n.unsigned_abs())))
                .collect::<Result<_, StorageError>>()?,
            first_at: Timestamp(first_at),
            last_at: Timestamp(last_at),
            made_by: makers
                .iter()
                .map(|row| display_name(&row.first_name, &row.last_name, &row.email_typed))
                .collect(),
        }))
    }

    /// A batch's invitations in the order of making, after one of them.
    pub async fn blank_lines(
        &mut self,
        tenant: TenantId,
        source: &str,
        after: Option<BundleId>,
        limit: u32,
    ) -> Result<Vec<BlankLine>, StorageError> {
        let after = after.unwrap_or(BundleId(Uuid::nil()));
        self.all::<LineRow>(LINES, args![tenant, source, after, limit])
            .await?
            .into_iter()
            .map(|row| {
                Ok(BlankLine {
                    bundle: BundleId(row.id),
                    status: status_of(row.status)?,
                    active: row.active != 0,
                    who: display_name(&row.first_name, &row.last_name, &row.email_typed),
                    changed_at: Timestamp(row.changed_at),
                    expires_at: Timestamp(row.expires_at),
                })
            })
            .collect()
    }

    /// A batch's codes that are good now, in the order of making, after one of them.
    pub async fn sealed_codes(
        &mut self,
        tenant: TenantId,
        source: &str,
        after: Option<BundleId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<SealedCode>, StorageError> {
        let after = after.unwrap_or(BundleId(Uuid::nil()));
        let rows = self
            .all::<SealedRow>(CODES, args![tenant, source, after, now, limit])
            .await?;
        Ok(rows.into_iter().map(|row| sealed(tenant, row)).collect())
    }

    /// The code of one blank invitation, if it is good now.
    pub async fn sealed_code(
        &mut self,
        tenant: TenantId,
        bundle: BundleId,
        now: Timestamp,
    ) -> Result<Option<SealedCode>, StorageError> {
        let row = self.optional(CODE_OF, args![tenant, bundle, now]).await?;
        Ok(row.map(|row| sealed(tenant, row)))
    }

    /// What these bundles are for, the tenant first, then programs, then courses. At most
    /// 1,000 bundles.
    pub async fn titles_of(
        &mut self,
        bundles: &[BundleId],
    ) -> Result<HashMap<BundleId, Vec<String>>, StorageError> {
        let mut titles: HashMap<BundleId, Vec<String>> = HashMap::new();
        if bundles.is_empty() {
            return Ok(titles);
        }
        let sql = format!(
            "SELECT i.bundle_id, COALESCE(c.title, t.name) AS title
             FROM invitations i
             JOIN tenants t ON t.id = i.tenant_id
             LEFT JOIN catalog_items c ON c.id = i.target_id
             WHERE i.bundle_id IN ({})
             ORDER BY CASE i.kind WHEN 'platform' THEN 0 WHEN 'program' THEN 1 ELSE 2 END,
                      c.title, i.id",
            in_list(1, bundles.len())
        );
        let ids = bundles.iter().map(|id| Arg::from(*id)).collect();
        for row in self.all_composed::<TitleRow>(sql, ids).await? {
            titles
                .entry(BundleId(row.bundle_id))
                .or_default()
                .push(row.title);
        }
        Ok(titles)
    }

    /// Those of a batch that are nobody's yet, at most `limit`, in the order of their ids.
    pub async fn unassigned_of(
        &mut self,
        tenant: TenantId,
        source: &str,
        limit: u32,
    ) -> Result<Vec<BundleId>, StorageError> {
        let rows = self
            .all::<IdRow>(UNASSIGNED, args![tenant, source, limit])
            .await?;
        Ok(rows.into_iter().map(|row| BundleId(row.id)).collect())
    }

    /// Binds what is nobody's in a bundle to a person; the invitations that were, none where
    /// somebody was faster. `Unique` where the person is invited to the same (I2).
    pub async fn assign_blank(
        &mut self,
        to: &Assigned,
        at: Timestamp,
    ) -> Result<Vec<InvitationId>, StorageError> {
        let args = args![to.bundle, at, to.key.as_str(), to.binding.as_str()];
        let rows = self.all::<IdRow>(ASSIGN, args).await?;
        if !rows.is_empty() {
            let args = args![
                to.bundle,
                to.user,
                to.email.as_str(),
                to.email_typed.as_str(),
                to.first_name.as_str(),
                to.last_name.as_str(),
                to.search_text.as_str()
            ];
            self.execute(ASSIGN_BUNDLE, args).await?;
        }
        Ok(rows.into_iter().map(|row| InvitationId(row.id)).collect())
    }

    /// What a bundle invites to.
    pub async fn targets_of_bundle(&mut self, bundle: BundleId) -> Result<Vec<Uuid>, StorageError> {
        let rows = self.all::<IdRow>(TARGETS, args![bundle]).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// Whether a code is good that another key would not recognise.
    pub async fn any_code_is_live(&mut self) -> Result<bool, StorageError> {
        let one: Option<IdRow> = self.optional(ANY_CODE, args![]).await?;
        Ok(one.is_some())
    }
}

fn sealed(tenant: TenantId, row: SealedRow) -> SealedCode {
    SealedCode {
        inviter_may: row.by.rights().cover(tenant, &row.role),
        bundle: BundleId(row.id),
        sealed: row.sealed,
        expires_at: Timestamp(row.expires_at),
    }
}
