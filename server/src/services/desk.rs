//! What every service stands on: storage, clock, settings, and the first line.

use std::sync::Arc;

use app::{
    api::ApiError,
    domain::{
        actor::{Actor, UserActor},
        id::TenantId,
        policy::{self, Action, Denied},
        time::Timestamp,
    },
    ports::Caller,
};
use uuid::Uuid;

use crate::{
    clock::{self, Clock},
    keys::Key,
    storage::{Storage, StorageError, Tenant},
};

/// What the operator configured, as far as services need it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Links start with it; no slash at the end. Never the request's Host (S35).
    pub public_url: String,
    /// `https`: cookies are `Secure` and named `__Host-…`.
    pub secure_cookies: bool,
    /// Accounts, banner and mailbox of the demo.
    pub demo: bool,
    /// A mail server is named. A demo has its mailbox with one as without.
    pub mail_configured: bool,
    /// The `From` of every mail.
    pub mail_from: String,
}

impl Settings {
    /// Whether a mail goes anywhere: to a server, or to the demo's mailbox.
    #[must_use]
    pub fn sends_mail(&self) -> bool {
        self.mail_configured || self.demo
    }
}

/// Shared by every service; cheap to clone.
#[derive(Clone)]
pub struct Desk {
    /// The database.
    pub storage: Storage,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The operator's settings.
    pub settings: Arc<Settings>,
    /// Hashes addresses of people who asked never to be invited.
    pub key: Arc<Key>,
    /// Wakes the jobs (outbox, import) when there is work.
    pub wake: Arc<tokio::sync::Notify>,
}

impl Desk {
    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new id, in time order.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        clock::new_id(self.clock.now())
    }

    /// The signed-in user, or 401.
    pub fn user<'c>(&self, caller: &'c Caller) -> Result<&'c UserActor, ApiError> {
        caller.actor.user().ok_or(ApiError::SignInFirst)
    }

    /// The tenant of `slug`, if the caller may do `action` there. A foreign tenant,
    /// a missing and a disabled one answer alike: `NotFound`.
    pub async fn tenant(
        &self,
        caller: &Caller,
        slug: &str,
        action: fn(TenantId) -> Action,
    ) -> Result<Tenant, ApiError> {
        if matches!(caller.actor, Actor::Anonymous) {
            return Err(ApiError::SignInFirst);
        }
        // PostgreSQL refuses a NUL in a text, and no slug has one.
        if slug.contains('\0') {
            return Err(ApiError::NotFound);
        }
        let slug = slug.to_owned();
        let tenant = self
            .storage
            .read(move |tx| {
                let slug = slug.clone();
                Box::pin(async move { tx.tenant_by_slug(&slug).await })
            })
            .await
            .map_err(refuse)?
            .ok_or(ApiError::NotFound)?;
        allow(policy::authorise(&caller.actor, action(tenant.id)))?;
        Ok(tenant)
    }
}

/// Maps the policy's answer to the wire: foreign is missing.
pub fn allow(decision: Result<(), Denied>) -> Result<(), ApiError> {
    decision.map_err(|denied| match denied {
        Denied::SignInFirst => ApiError::SignInFirst,
        Denied::NotYours => ApiError::NotFound,
    })
}

/// Logs a storage failure once and gives the neutral answer for it.
pub fn refuse(error: StorageError) -> ApiError {
    match error {
        StorageError::Unavailable(reason) => {
            tracing::error!(%reason, "the database is not available");
            ApiError::Unavailable
        }
        StorageError::Retry => ApiError::Unavailable,
        other => {
            tracing::error!(error = %other, "storage failure");
            ApiError::Internal
        }
    }
}
