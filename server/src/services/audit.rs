//! The record of who did what, as super-admins and a tenant's admins read it.

use std::collections::HashMap;

use app::{
    api::{
        ApiError,
        audit::{AuditLine, AuditPage, ListAudit},
    },
    domain::{
        policy::{self, Action},
        time::Timestamp,
    },
    ports::{self, Caller},
};
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::{
    Desk, days,
    desk::{allow, refuse},
};
use crate::storage::{AuditNames, AuditQuery, ReadEvent, Tenant};

/// Events on a page where the request names no number, and at most.
const PAGE: u32 = 50;
const LONGEST_PAGE: u32 = 500;

/// Implements [`ports::Audit`].
#[derive(Clone)]
pub struct AuditService {
    desk: Desk,
}

impl AuditService {
    /// On this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

#[async_trait]
impl ports::Audit for AuditService {
    async fn list(&self, caller: &Caller, input: ListAudit) -> Result<AuditPage, ApiError> {
        let tenant = if input.tenant.is_empty() {
            allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
            None
        } else {
            let action = Action::SeeManagement;
            Some(self.desk.tenant(caller, &input.tenant, action).await?)
        };
        let limit = match input.limit {
            0 => PAGE,
            limit => limit.min(LONGEST_PAGE),
        };
        let query = query(tenant.as_ref(), &input)?;
        let (events, next, names) = self
            .desk
            .storage
            .read(move |tx| {
                let query = query.clone();
                Box::pin(async move {
                    let (events, next) = tx.list_events(&query, limit).await?;
                    let names = tx.names_of_events(&events, query.tenant).await?;
                    Ok((events, next, names))
                })
            })
            .await
            .map_err(refuse)?;
        Ok(AuditPage {
            lines: events.into_iter().map(|one| line(one, &names)).collect(),
            next: next.map(|id| URL_SAFE_NO_PAD.encode(id.as_bytes())),
        })
    }
}

fn query(tenant: Option<&Tenant>, input: &ListAudit) -> Result<AuditQuery, ApiError> {
    let bad = |message: &str| ApiError::BadRequest {
        message: message.to_owned(),
    };
    let asked = &input.filter;
    let zone = tenant.map_or("UTC", |tenant| tenant.time_zone.as_str());
    let no_day = || bad("One of the days does not exist.");
    let subject = match asked.subject.trim() {
        "" => None,
        text => Some(Uuid::parse_str(text).map_err(|_| bad("This is no id."))?),
    };
    if asked.action.contains('\0') {
        return Err(bad("There is no such act."));
    }
    let after = match input.after.as_deref() {
        None | Some("") => None,
        Some(text) => Some(
            URL_SAFE_NO_PAD
                .decode(text)
                .ok()
                .and_then(|bytes| Uuid::from_slice(&bytes).ok())
                .ok_or_else(|| {
                    bad("The place in the record could not be read. Start from the top.")
                })?,
        ),
    };
    let end = asked
        .to
        .map(|day| days::end_of(day, zone).ok_or_else(no_day))
        .transpose()?;
    Ok(AuditQuery {
        tenant: tenant.map(|tenant| tenant.id),
        who: asked.who,
        action: Some(asked.action.trim().to_owned()).filter(|action| !action.is_empty()),
        subject,
        from: asked
            .from
            .map(|day| days::start_of(day, zone).ok_or_else(no_day))
            .transpose()?,
        before: end.map(|end| Timestamp(end.0 + 1)),
        after,
        looked_at: 0,
    })
}

fn line(event: ReadEvent, names: &AuditNames) -> AuditLine {
    let of = |names: &HashMap<Uuid, String>, id: Uuid| names.get(&id).cloned().unwrap_or_default();
    // Whether an invitee has an account is nobody's business (S29).
    let by_invitee = ["invitation.declined", "invitation.suppressed"];
    let by_invitee = by_invitee.contains(&event.action.as_str());
    let who = match (event.actor_id, event.actor.as_str()) {
        (Some(id), _) if names.people.contains_key(&id) => of(&names.people, id),
        (Some(_), _) | (None, "anonymous") if by_invitee => "The invited person".to_owned(),
        (Some(_), _) => "Somebody who is no member".to_owned(),
        (None, "anonymous") => "Nobody who was signed in".to_owned(),
        (None, actor) => match actor.strip_prefix("job:") {
            Some(job) => format!("The server ({job})"),
            None => actor.to_owned(),
        },
    };
    let (tenant, tenant_name) = event
        .tenant
        .and_then(|id| names.tenants.get(&id).cloned())
        .unwrap_or_default();
    let bundle = match event.subject.as_str() {
        "bundle" => Some(event.subject_id),
        "invitation" => names.bundles.get(&event.subject_id).copied(),
        _ => None,
    };
    AuditLine {
        id: event.id.to_string(),
        at: event.at,
        who,
        about: match event.subject.as_str() {
            "user" => of(&names.people, event.subject_id),
            "tenant" => names
                .tenants
                .get(&event.subject_id)
                .map(|(_, name)| name.clone())
                .unwrap_or_default(),
            _ => of(&names.things, event.subject_id),
        },
        action: event.action,
        subject: event.subject,
        subject_id: event.subject_id.to_string(),
        bundle: bundle
            .filter(|bundle| names.things.contains_key(bundle) || !tenant.is_empty())
            .map(app::domain::id::BundleId),
        tenant,
        tenant_name,
    }
}
