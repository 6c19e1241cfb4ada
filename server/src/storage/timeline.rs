//! One bundle's page: what the list has no room for, and what happened to it.

use app::{
    api::invitations::Event,
    domain::{
        id::{BundleId, ImportId, TenantId},
        invitation::DeliveryStatus,
        time::Timestamp,
    },
};
use uuid::Uuid;

use super::{StorageError, Tx, bundles::delivery_of, users::display_name};
use crate::args;

/// What stands on a bundle's page beside its line.
#[derive(Clone, Debug)]
pub struct BundleFacts {
    /// Labels.
    pub labels: String,
    /// The person's id in another system.
    pub external_id: Option<String>,
    /// What the admin wrote.
    pub note: String,
    /// What made it.
    pub import: Option<ImportId>,
    /// JSON object of the columns kept as metadata.
    pub metadata: String,
    /// Where its person goes after accepting; may be empty.
    pub redirect: String,
}

/// An audit event of a bundle or of one of its invitations.
#[derive(Clone, Debug)]
pub struct Audited {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Event,
    /// Who; empty for a job or nobody.
    pub who: String,
    /// The invitation; none: it is about the bundle.
    pub invitation: Option<Uuid>,
}

/// One mail of a bundle.
#[derive(Clone, Debug)]
pub struct MailLine {
    /// When it was queued.
    pub created_at: Timestamp,
    /// Not sent before.
    pub not_before: Timestamp,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Why.
    pub note: String,
}

#[derive(sqlx::FromRow)]
struct FactsRow {
    labels: String,
    external_id: Option<String>,
    note: String,
    import_id: Option<Uuid>,
    metadata: String,
    redirect: String,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    at: i64,
    action: String,
    subject_id: Uuid,
    first_name: Option<String>,
    last_name: Option<String>,
    email_typed: Option<String>,
}

#[derive(sqlx::FromRow)]
struct MailRow {
    created_at: i64,
    not_before: i64,
    sent_at: Option<i64>,
    status: String,
    last_error: String,
}

const FACTS: &str = "SELECT labels, external_id, note, import_id, metadata, redirect FROM bundles
    WHERE tenant_id = $1 AND id = $2";
// Whether an invitee who is no member has an account is nobody's business (S29).
const EVENTS: &str = "SELECT a.at, a.action, a.subject_id, u.first_name, u.last_name,
        u.email_typed
    FROM audit_events a LEFT JOIN users u ON u.id = a.actor_id
        AND (a.action NOT IN ('invitation.declined', 'invitation.suppressed')
            OR EXISTS (SELECT 1 FROM memberships m
                WHERE m.tenant_id = a.tenant_id AND m.user_id = u.id))
    WHERE a.subject_id = $1
       OR a.subject_id IN (SELECT id FROM invitations WHERE bundle_id = $1)
    ORDER BY a.at, a.id LIMIT 1000";
const MAILS: &str = "SELECT created_at, not_before, sent_at, status, last_error
    FROM outbox WHERE bundle_id = $1 ORDER BY id LIMIT 500";

/// What an audit event is on a timeline; none: it is not shown there.
fn event_of(action: &str) -> Option<Event> {
    Some(match action {
        "invitation.created" => Event::Invited,
        "invitation.sent" => Event::Sent,
        "invitation.resent" => Event::Resent,
        "invitation.reinvited" => Event::Reinvited,
        "invitation.activated" => Event::Activated,
        "invitation.deactivated" => Event::Deactivated,
        "invitation.reminded" => Event::Reminded,
        "invitation.extended" => Event::Extended,
        "invitation.link_copied" => Event::LinkCopied,
        "invitation.assigned" => Event::Assigned,
        "invitation.code_revealed" => Event::CodeRevealed,
        "invitation.taken_over" => Event::TakenOver,
        "invitation.accepted" => Event::Accepted,
        "invitation.declined" => Event::Declined,
        "invitation.expired" => Event::Expired,
        "invitation.revoked" => Event::Revoked,
        "invitation.suppressed" => Event::Suppressed,
        _ => return None,
    })
}

impl Tx {
    /// What stands on the page of a tenant's bundle.
    pub async fn bundle_facts(
        &mut self,
        tenant: TenantId,
        bundle: BundleId,
    ) -> Result<Option<BundleFacts>, StorageError> {
        let row = self
            .optional::<FactsRow>(FACTS, args![tenant, bundle])
            .await?;
        Ok(row.map(|row| BundleFacts {
            labels: row.labels,
            external_id: row.external_id,
            note: row.note,
            import: row.import_id.map(ImportId),
            metadata: row.metadata,
            redirect: row.redirect,
        }))
    }

    /// What was done to a bundle, oldest first.
    pub async fn bundle_events(&mut self, bundle: BundleId) -> Result<Vec<Audited>, StorageError> {
        let rows = self.all::<EventRow>(EVENTS, args![bundle]).await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                Some(Audited {
                    at: Timestamp(row.at),
                    what: event_of(&row.action)?,
                    who: display_name(
                        &row.first_name.unwrap_or_default(),
                        &row.last_name.unwrap_or_default(),
                        &row.email_typed.unwrap_or_default(),
                    ),
                    invitation: (row.subject_id != bundle.0).then_some(row.subject_id),
                })
            })
            .collect())
    }

    /// A bundle's mails, oldest first.
    pub async fn bundle_mails(&mut self, bundle: BundleId) -> Result<Vec<MailLine>, StorageError> {
        let rows = self.all::<MailRow>(MAILS, args![bundle]).await?;
        rows.into_iter()
            .map(|row| {
                Ok(MailLine {
                    created_at: Timestamp(row.created_at),
                    not_before: Timestamp(row.not_before),
                    sent_at: row.sent_at.map(Timestamp),
                    status: delivery_of(row.status)?,
                    note: row.last_error,
                })
            })
            .collect()
    }
}
