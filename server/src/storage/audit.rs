//! Audit events and the feed of changes that open pages listen to.

use app::domain::{actor::Actor, id::TenantId, time::Timestamp};
use uuid::Uuid;

use super::{Arg, StorageError, Tx, insert_many};
use crate::{args, clock::new_id};

/// Who did what to what. Ids only: no address, no name (S54).
#[derive(Clone, Debug)]
pub struct AuditEvent {
    /// In which tenant, if in one.
    pub tenant: Option<TenantId>,
    /// The user's id; `None` for a job.
    pub actor_id: Option<Uuid>,
    /// `user`, or the job's name.
    pub actor: &'static str,
    /// Such as `invitation.accepted`.
    pub action: &'static str,
    /// Such as `invitation`.
    pub subject: &'static str,
    /// Its id.
    pub subject_id: Uuid,
    /// When.
    pub at: Timestamp,
}

/// The actor's columns of an audit event.
#[must_use]
pub fn audit_actor(actor: &Actor) -> (Option<Uuid>, &'static str) {
    use app::domain::actor::Job;
    match actor {
        Actor::Anonymous => (None, "anonymous"),
        Actor::User(user) => (Some(user.user.0), "user"),
        Actor::System(Job::Import) => (None, "job:import"),
        Actor::System(Job::Expiry) => (None, "job:expiry"),
        Actor::System(Job::Schedule) => (None, "job:schedule"),
        Actor::System(Job::Reminders) => (None, "job:reminders"),
    }
}

impl Tx {
    /// Records events; part of the transaction that makes the change (I6).
    pub async fn record(&mut self, events: Vec<AuditEvent>) -> Result<(), StorageError> {
        let rows = events
            .into_iter()
            .map(|event| {
                args![
                    new_id(event.at),
                    event.tenant,
                    event.actor_id,
                    event.actor,
                    event.action,
                    event.subject,
                    event.subject_id,
                    event.at,
                ]
            })
            .collect::<Vec<Vec<Arg>>>();
        insert_many(
            self,
            "INSERT INTO audit_events
             (id, tenant_id, actor_id, actor, action, subject, subject_id, at)",
            8,
            "",
            rows,
        )
        .await?;
        Ok(())
    }

    /// Tells open pages of this tenant, on every server, that something changed.
    pub async fn announce(&mut self, tenant: TenantId, at: Timestamp) -> Result<(), StorageError> {
        self.execute(
            "INSERT INTO changes (id, tenant_id, at) VALUES ($1, $2, $3)",
            args![new_id(at), tenant, at],
        )
        .await?;
        Ok(())
    }
}
