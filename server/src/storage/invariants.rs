//! The invariant checker: what must hold after every operation (docs/trust.md).
//! Tests call it after each story; an operator may call it on a live database.

use std::collections::{BTreeMap, HashMap};

use app::domain::{id::TenantId, import::ImportState, invitation::InvitationStatus};
use uuid::Uuid;

use super::{StorageError, Tx};
use crate::args;

/// Whether the submits behind this database had a mail server: no mail is explicit where
/// there is none, and an omission where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mails {
    /// Every invitation to somebody has a mail, sent or not.
    Sent,
    /// Links are copied; some may have a mail all the same.
    Copied,
}

#[derive(sqlx::FromRow)]
struct Bad {
    id: Uuid,
}

#[derive(sqlx::FromRow)]
struct ImportRow {
    id: Uuid,
    state: String,
    rows: i64,
    processed: i64,
    outcomes: String,
    stored: i64,
}

#[derive(sqlx::FromRow)]
struct OutcomeRow {
    import_id: Uuid,
    outcome: String,
    n: i64,
}

#[derive(sqlx::FromRow)]
struct StatusRow {
    bundle_id: Uuid,
    bundle_status: String,
    status: Option<String>,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    id: Uuid,
    status: String,
    events: i64,
    own: i64,
}

const IMPORTS: &str = "SELECT i.id, i.state, i.rows, i.processed, i.outcomes,
        (SELECT COUNT(*) FROM import_rows r WHERE r.import_id = i.id) AS stored
    FROM imports i";
const OUTCOMES: &str = "SELECT import_id, outcome, COUNT(*) AS n
    FROM import_rows GROUP BY import_id, outcome";
// A mail goes out at or after its not_before, and tells of whatever its bundle holds then.
// What is switched off, never went out or is nobody's yet is not mailed.
const UNMAILED: &str = "SELECT i.id FROM invitations i JOIN bundles b ON b.id = i.bundle_id
    WHERE b.active = 1 AND b.no_mail = 0 AND i.binding <> 'blank' AND b.send_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM outbox o
          WHERE o.bundle_id = i.bundle_id AND o.not_before >= i.created_at)";
const UNNAMED: &str = "SELECT b.id FROM bundles b
    WHERE b.active = 1 AND b.no_mail = 0 AND b.delivery_id IS NULL AND EXISTS (SELECT 1 FROM invitations i
        WHERE i.bundle_id = b.id AND i.binding <> 'blank' AND b.send_at IS NULL)";
const BUNDLES: &str = "SELECT b.id AS bundle_id, b.status AS bundle_status, i.status
    FROM bundles b LEFT JOIN invitations i ON i.bundle_id = b.id";
const EVENTS: &str = "SELECT i.id, i.status,
        (SELECT COUNT(*) FROM audit_events a WHERE a.subject_id = i.id
            AND a.action IN ('invitation.accepted', 'invitation.declined',
                'invitation.expired', 'invitation.revoked')) AS events,
        (SELECT COUNT(*) FROM audit_events a WHERE a.subject_id = i.id
            AND a.action = 'invitation.' || i.status) AS own
    FROM invitations i";

const LIMITED: &str = "SELECT id FROM tenants WHERE seat_limit IS NOT NULL";

/// Statements that must find nothing, with what it means if they do.
const NOTHING: &[(&str, &str)] = &[
    (
        "I2: more than one live invitation per tenant, target and invitee",
        "SELECT a.id FROM invitations a JOIN invitations b
            ON b.tenant_id = a.tenant_id AND b.target_id = a.target_id
            AND b.invitee_key = a.invitee_key AND b.id > a.id
         WHERE a.status IN ('unassigned', 'scheduled', 'pending')
           AND b.status IN ('unassigned', 'scheduled', 'pending')",
    ),
    (
        "I2: a live invitation keyed by the address of a verified account",
        "SELECT i.id FROM invitations i JOIN users u ON u.email = i.invitee_key
         WHERE u.email_verified = 1 AND i.status IN ('unassigned', 'scheduled', 'pending')",
    ),
    (
        "I3: a membership from an invitation that is not accepted",
        "SELECT m.user_id AS id FROM memberships m
         LEFT JOIN invitations i ON i.id = m.invitation_id AND i.tenant_id = m.tenant_id
         WHERE m.invitation_id IS NOT NULL AND (i.id IS NULL OR i.status <> 'accepted')",
    ),
    (
        "I3: an enrollment from an invitation that is not accepted, or to something else",
        "SELECT e.item_id AS id FROM enrollments e
         LEFT JOIN invitations i ON i.id = e.invitation_id AND i.tenant_id = e.tenant_id
            AND i.target_id = e.item_id
         WHERE e.invitation_id IS NOT NULL AND (i.id IS NULL OR i.status <> 'accepted')",
    ),
    (
        // Unless an admin removed the member since.
        "I3: an accepted invitation without its membership",
        "SELECT i.id FROM invitations i JOIN bundles b ON b.id = i.bundle_id
         LEFT JOIN memberships m ON m.tenant_id = i.tenant_id AND m.user_id = b.user_id
         WHERE i.status = 'accepted' AND m.user_id IS NULL
           AND NOT EXISTS (SELECT 1 FROM audit_events a WHERE a.subject_id = b.user_id
            AND a.tenant_id = i.tenant_id AND a.action = 'membership.removed'
            AND a.at >= i.status_changed_at)",
    ),
    (
        "I3: an accepted invitation without its enrollment",
        "SELECT i.id FROM invitations i JOIN bundles b ON b.id = i.bundle_id
         LEFT JOIN enrollments e ON e.tenant_id = i.tenant_id AND e.user_id = b.user_id
            AND e.item_id = i.target_id
         WHERE i.status = 'accepted' AND i.kind <> 'platform' AND e.user_id IS NULL
           AND NOT EXISTS (SELECT 1 FROM audit_events a WHERE a.subject_id = b.user_id
            AND a.tenant_id = i.tenant_id AND a.action = 'membership.removed'
            AND a.at >= i.status_changed_at)",
    ),
    (
        "I4: a mail without an invitation",
        "SELECT o.id FROM outbox o
         WHERE NOT EXISTS (SELECT 1 FROM invitations i WHERE i.bundle_id = o.bundle_id)",
    ),
    (
        "I4: a bundle names a mail that is not its own",
        "SELECT b.id FROM bundles b LEFT JOIN outbox o
            ON o.id = b.delivery_id AND o.bundle_id = b.id AND o.tenant_id = b.tenant_id
         WHERE b.delivery_id IS NOT NULL AND o.id IS NULL",
    ),
    (
        "I4: a mail on its way for a bundle that names none",
        "SELECT o.id FROM outbox o JOIN bundles b ON b.id = o.bundle_id
         WHERE b.delivery_id IS NULL AND o.purpose = 'mail'
           AND o.status IN ('queued', 'deferred', 'sending')",
    ),
    (
        "S04: a live link of a bundle that is not live",
        "SELECT b.id FROM links l JOIN bundles b ON b.id = l.bundle_id
         WHERE l.dead_at IS NULL AND b.status NOT IN ('unassigned', 'scheduled', 'pending')",
    ),
    (
        "I7: a bundle and its invitation in different tenants",
        "SELECT i.id FROM invitations i JOIN bundles b ON b.id = i.bundle_id
         WHERE b.tenant_id <> i.tenant_id",
    ),
    (
        "I7: something scheduled that has no time to go out, or the other way round",
        "SELECT id FROM bundles WHERE status IN ('scheduled', 'pending', 'unassigned')
            AND (status = 'scheduled') <> (send_at IS NOT NULL)",
    ),
    (
        "I4: a mail on its way for what is still to go out",
        "SELECT o.id FROM outbox o JOIN bundles b ON b.id = o.bundle_id
         WHERE b.status = 'scheduled' AND o.status IN ('queued', 'deferred', 'sending')",
    ),
    (
        "I4: reminders that were counted and not queued, or the other way round",
        "SELECT b.id FROM bundles b WHERE b.reminders <> (SELECT COUNT(*) FROM outbox o
            WHERE o.bundle_id = b.id AND o.purpose = 'reminder')",
    ),
    (
        "I7: a reinvite of what is not at an end, or of something else",
        "SELECT i.id FROM invitations i LEFT JOIN invitations p ON p.id = i.previous_id
         WHERE i.previous_id IS NOT NULL AND (p.id IS NULL OR p.tenant_id <> i.tenant_id
            OR p.target_id <> i.target_id OR p.status NOT IN ('declined', 'expired', 'revoked'))",
    ),
    (
        "S25: an invitation to another tenant's item, or to none",
        "SELECT i.id FROM invitations i LEFT JOIN catalog_items c ON c.id = i.target_id
         WHERE i.kind <> 'platform'
           AND (c.id IS NULL OR c.kind <> i.kind OR c.tenant_id <> i.tenant_id)",
    ),
];

/// Statements that must find nothing where [`Mails::Sent`].
const NOTHING_UNMAILED: &[(&str, &str)] = &[
    ("I4: an invitation that no mail tells of", UNMAILED),
    ("I4: a bundle that names no mail", UNNAMED),
];

/// Every violation, in words; empty where all is well.
pub async fn check(tx: &mut Tx, mails: Mails) -> Result<Vec<String>, StorageError> {
    let mut found = Vec::new();
    let unmailed = match mails {
        Mails::Sent => NOTHING_UNMAILED,
        Mails::Copied => &[],
    };
    for (meaning, sql) in NOTHING.iter().chain(unmailed) {
        for row in tx.all::<Bad>(sql, args![]).await? {
            found.push(format!("{meaning}: {}", row.id));
        }
    }
    seats_hold(tx, &mut found).await?;
    outcomes_add_up(tx, &mut found).await?;
    bundles_lead(tx, &mut found).await?;
    for row in tx.all::<EventRow>(EVENTS, args![]).await? {
        let live = InvitationStatus::parse(&row.status).is_some_and(InvitationStatus::is_live);
        let expected = i64::from(!live);
        if row.events != expected || row.own != expected {
            found.push(format!(
                "I6: invitation {} is {} with {} events of an end, {} of its own",
                row.id, row.status, row.events, row.own
            ));
        }
    }
    Ok(found)
}

/// I5: no tenant has more people than seats.
async fn seats_hold(tx: &mut Tx, found: &mut Vec<String>) -> Result<(), StorageError> {
    for tenant in tx.all::<Bad>(LIMITED, args![]).await? {
        if let Some(seats) = tx.seats(TenantId(tenant.id)).await?
            && seats.used > seats.limit
        {
            found.push(format!(
                "I5: tenant {} has {} seats, and {} are taken",
                tenant.id, seats.limit, seats.used
            ));
        }
    }
    Ok(())
}

/// I1: an import's outcomes, its rows and its counters say the same, wherever it stands;
/// at its end they are all there.
async fn outcomes_add_up(tx: &mut Tx, found: &mut Vec<String>) -> Result<(), StorageError> {
    let mut counted: HashMap<Uuid, BTreeMap<String, i64>> = HashMap::new();
    for row in tx.all::<OutcomeRow>(OUTCOMES, args![]).await? {
        counted
            .entry(row.import_id)
            .or_default()
            .insert(row.outcome, row.n);
    }
    for import in tx.all::<ImportRow>(IMPORTS, args![]).await? {
        let mut kept: BTreeMap<String, i64> =
            serde_json::from_str(&import.outcomes).unwrap_or_default();
        kept.retain(|_, n| *n != 0);
        let rows = counted.remove(&import.id).unwrap_or_default();
        let expected = match ImportState::parse(&import.state) {
            Some(ImportState::Receiving) => 0,
            Some(ImportState::Done | ImportState::Rejected) => import.rows,
            // A job on its way, one that stopped or was taken back, or what no state is.
            Some(
                ImportState::Committing
                | ImportState::Failed
                | ImportState::Undoing
                | ImportState::Undone,
            )
            | None => import.processed,
        };
        if kept != rows
            || kept.values().sum::<i64>() != import.processed
            || import.stored != import.processed
            || import.processed != expected
        {
            found.push(format!(
                "I1: import {} is {} with {} rows, {} processed, {} stored, outcomes {kept:?} \
                 and {rows:?}",
                import.id, import.state, import.rows, import.processed, import.stored
            ));
        }
    }
    Ok(())
}

/// I7: every status is of the machine, and a bundle shows its leading one.
async fn bundles_lead(tx: &mut Tx, found: &mut Vec<String>) -> Result<(), StorageError> {
    let mut bundles: HashMap<Uuid, (String, Vec<InvitationStatus>)> = HashMap::new();
    for row in tx.all::<StatusRow>(BUNDLES, args![]).await? {
        let (_, all) = bundles
            .entry(row.bundle_id)
            .or_insert_with(|| (row.bundle_status, Vec::new()));
        match row.status.as_deref().map(InvitationStatus::parse) {
            Some(Some(status)) => all.push(status),
            Some(None) => found.push(format!(
                "I7: bundle {} has an invitation in no known status",
                row.bundle_id
            )),
            None => {}
        }
    }
    for (id, (shown, all)) in bundles {
        let leading = InvitationStatus::of_bundle(all).map(InvitationStatus::as_str);
        if leading != Some(shown.as_str()) {
            found.push(format!(
                "I7: bundle {id} shows {shown}, its invitations lead to {leading:?}"
            ));
        }
    }
    Ok(())
}
