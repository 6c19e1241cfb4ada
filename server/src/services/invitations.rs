//! The admin's invitations: list, counts, resend, revoke.

use std::collections::BTreeMap;

use app::{
    api::{
        ApiError,
        invitations::{BundleLine, BundleRef, InvitationsPage, ListInvitations, TargetLine},
    },
    domain::{
        id::{BundleId, DeliveryId, TenantId},
        invitation::{InvitationStatus, TokenPurpose},
        policy::Action,
    },
    ports::{Caller, Invitations},
};
use async_trait::async_trait;

use super::{Desk, desk::refuse};
use crate::{
    mail,
    storage::{AuditEvent, BundleFilter, ListedBundle, NewDelivery, audit_actor, fold},
};

/// Lines on a page where the request names no number, and at most.
const PAGE: u32 = 50;
const LONGEST_PAGE: u32 = 100;
/// A search is cut to this many characters and words.
const LONGEST_SEARCH: usize = 200;
const MOST_WORDS: usize = 5;
/// Seconds between two mails of one bundle.
const RESEND_BRAKE: i64 = 60;

/// Implements [`Invitations`].
#[derive(Clone)]
pub struct InvitationsService {
    desk: Desk,
}

/// How a resend or a revoke ended.
enum Change {
    Done(Box<ListedBundle>),
    Missing,
    NotLive(InvitationStatus),
    SwitchedOff,
    TooSoon(u64),
}

impl InvitationsService {
    /// On this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

#[async_trait]
impl Invitations for InvitationsService {
    async fn list(
        &self,
        caller: &Caller,
        input: ListInvitations,
    ) -> Result<InvitationsPage, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::SeeManagement)
            .await?;
        let before =
            match input.after.as_deref() {
                None | Some("") => None,
                Some(cursor) => Some(cursor.parse::<BundleId>().map_err(|_| {
                    ApiError::BadRequest {
                        message:
                            "The place in the list could not be read. Start again from the top."
                                .to_owned(),
                    }
                })?),
            };
        let limit = match input.limit {
            0 => PAGE,
            limit => limit.min(LONGEST_PAGE),
        };
        let search: String = input.search.chars().take(LONGEST_SEARCH).collect();
        let filter = BundleFilter {
            tenant: tenant.id,
            words: fold(&search)
                .split_whitespace()
                .take(MOST_WORDS)
                .map(str::to_owned)
                .collect(),
            status: input.status,
            before,
            only: None,
            limit: limit + 1,
        };
        let mut bundles = self
            .desk
            .storage
            .read(move |tx| {
                let filter = filter.clone();
                Box::pin(async move { tx.list_bundles(&filter).await })
            })
            .await
            .map_err(refuse)?;
        let more = bundles.len() > limit as usize;
        bundles.truncate(limit as usize);
        Ok(InvitationsPage {
            next: bundles
                .last()
                .filter(|_| more)
                .map(|last| last.id.to_string()),
            bundles: bundles.into_iter().map(line).collect(),
        })
    }

    async fn counts(
        &self,
        caller: &Caller,
        slug: String,
    ) -> Result<BTreeMap<InvitationStatus, u64>, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &slug, Action::SeeManagement)
            .await?;
        self.desk
            .storage
            .read(move |tx| Box::pin(tx.count_bundles(tenant.id)))
            .await
            .map_err(refuse)
    }

    async fn resend(&self, caller: &Caller, input: BundleRef) -> Result<BundleLine, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        if !self.desk.settings.mail_configured && !self.desk.settings.demo {
            return Err(ApiError::conflict(
                "no_mail_server",
                "No mail server is configured, so nothing was sent. Whoever runs this server names \
                 one by --smtp-url and --mail-from.",
            ));
        }
        let now = self.desk.now();
        let entry = self.desk.new_id();
        let delivery = NewDelivery {
            id: DeliveryId(entry),
            tenant: tenant.id,
            bundle: input.bundle,
            purpose: TokenPurpose::Mail,
            message_id: mail::message_id(entry, &self.desk.settings.public_url),
            not_before: now,
            created_at: now,
        };
        let user = caller.actor.user().map(|user| user.user);
        let event = event(caller, tenant.id, "invitation.resent", input.bundle, now);
        let change = self
            .desk
            .storage
            .write(move |tx| {
                let (delivery, event) = (delivery.clone(), event.clone());
                Box::pin(async move {
                    let bundle = delivery.bundle;
                    tx.lock_bundle(bundle).await?;
                    let Some(state) = tx.bundle_state(tenant.id, bundle).await? else {
                        return Ok(Change::Missing);
                    };
                    if state.status != InvitationStatus::Pending {
                        return Ok(Change::NotLive(state.status));
                    }
                    if !state.active {
                        return Ok(Change::SwitchedOff);
                    }
                    let free = state.last_mail_at.map(|at| at.plus_seconds(RESEND_BRAKE));
                    if let Some(free) = free.filter(|free| *free > now) {
                        return Ok(Change::TooSoon(now.seconds_until(free)));
                    }
                    // Whoever sends it again answers for it where the inviter no longer can
                    // (S24); `tenant` above has checked the right to.
                    if let Some(user) = user.filter(|_| !state.inviter_may) {
                        tx.take_over(&[bundle], user).await?;
                    }
                    // Mails first: one that is being claimed has its link by then.
                    tx.cancel_mails(&[bundle], "A newer mail took its place.")
                        .await?;
                    tx.kill_links(&[bundle], now).await?;
                    let entry = delivery.id;
                    tx.insert_deliveries(vec![delivery]).await?;
                    tx.set_deliveries(&[(bundle, entry)]).await?;
                    tx.record(vec![event]).await?;
                    tx.announce(tenant.id, now).await?;
                    listed(tx, tenant.id, bundle).await
                })
            })
            .await
            .map_err(refuse)?;
        self.desk.wake.notify_waiters();
        answer(change)
    }

    async fn revoke(&self, caller: &Caller, input: BundleRef) -> Result<BundleLine, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        let now = self.desk.now();
        let actor = audit_actor(&caller.actor);
        let bundle = input.bundle;
        let change = self
            .desk
            .storage
            .write(move |tx| {
                Box::pin(async move {
                    tx.lock_bundle(bundle).await?;
                    let Some(state) = tx.bundle_state(tenant.id, bundle).await? else {
                        return Ok(Change::Missing);
                    };
                    if !state.status.is_live() {
                        return Ok(Change::NotLive(state.status));
                    }
                    let live = tx.live_invitations(bundle).await?;
                    tx.end_invitations(&live, InvitationStatus::Revoked, "", actor, now)
                        .await?;
                    listed(tx, tenant.id, bundle).await
                })
            })
            .await
            .map_err(refuse)?;
        answer(change)
    }
}

async fn listed(
    tx: &mut crate::storage::Tx,
    tenant: TenantId,
    bundle: BundleId,
) -> Result<Change, crate::storage::StorageError> {
    let filter = BundleFilter {
        tenant,
        words: Vec::new(),
        status: None,
        before: None,
        only: Some(bundle),
        limit: 1,
    };
    let found = tx.list_bundles(&filter).await?.pop();
    Ok(found.map_or(Change::Missing, |found| Change::Done(Box::new(found))))
}

fn answer(change: Change) -> Result<BundleLine, ApiError> {
    match change {
        Change::Done(bundle) => Ok(line(*bundle)),
        Change::Missing => Err(ApiError::NotFound),
        Change::NotLive(status) => Err(ApiError::conflict(
            "not_live",
            format!(
                "This invitation is {} by now, so there is nothing to send or take back.",
                status.as_str()
            ),
        )),
        Change::SwitchedOff => Err(ApiError::conflict(
            "inactive",
            "This invitation is switched off. Switch it on first.",
        )),
        Change::TooSoon(retry_after) => Err(ApiError::TooMany { retry_after }),
    }
}

fn event(
    caller: &Caller,
    tenant: TenantId,
    action: &'static str,
    bundle: BundleId,
    at: app::domain::time::Timestamp,
) -> AuditEvent {
    let (actor_id, actor) = audit_actor(&caller.actor);
    AuditEvent {
        tenant: Some(tenant),
        actor_id,
        actor,
        action,
        subject: "bundle",
        subject_id: bundle.0,
        at,
    }
}

fn line(bundle: ListedBundle) -> BundleLine {
    let (delivery, delivery_at, delivery_note) = match bundle.delivery {
        Some((status, at, note)) => (Some(status), Some(at), note),
        None => (None, None, String::new()),
    };
    BundleLine {
        bundle: bundle.id,
        email: bundle.email,
        name: bundle.name,
        role: bundle.role,
        status: bundle.status,
        active: bundle.active,
        delivery,
        delivery_at,
        delivery_note,
        invited_by: bundle.invited_by,
        source: bundle.source,
        created_at: bundle.created_at,
        expires_at: bundle.expires_at,
        targets: bundle
            .targets
            .into_iter()
            .map(|target| TargetLine {
                invitation: target.id,
                kind: target.kind,
                title: target.title,
                status: target.status,
                status_changed_at: target.status_changed_at,
            })
            .collect(),
    }
}
