//! The admin's invitations: list and counts; the acts on them stand in the files below.

pub(super) mod acts;
mod bulk;
mod cursor;
mod page;
mod reinvite;
mod remind;
mod schedule;
mod switch;

pub(super) use acts::sends_mails;
pub(super) use bulk::read_key;
pub use remind::remind_due;
pub use schedule::send_due;

use std::collections::BTreeMap;

use app::{
    api::{
        ApiError,
        invitations::{
            BulkBatch, BulkDone, BundleLine, BundlePage, BundleRef, CopiedLink, ExtendBundle,
            FilterNames, InvitationFilter, InvitationsPage, Inviter, ListInvitations, Matching,
            TargetLine, Which,
        },
    },
    domain::{
        email::canonical_email,
        id::{BundleId, TenantId},
        invitation::InvitationStatus,
        policy::{self, Action},
    },
    ports::{Caller, Invitations},
};
use async_trait::async_trait;

use super::{
    Desk, days,
    desk::{allow, refuse},
};
use crate::storage::{
    BundleFilter, BundleOrder, ListedBundle, StorageError, Tenant, Tx, display_name, fold,
};

/// Lines on a page where the request names no number, and at most.
const PAGE: u32 = 50;
const LONGEST_PAGE: u32 = 100;
/// A search is cut to this many characters and words.
const LONGEST_SEARCH: usize = 200;
const MOST_WORDS: usize = 5;

/// Implements [`Invitations`].
#[derive(Clone)]
pub struct InvitationsService {
    desk: Desk,
}

impl InvitationsService {
    /// On this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// The tenant of a list, if the caller may do `action` there; `None`: all tenants, for
    /// those who see the platform.
    async fn scope(
        &self,
        caller: &Caller,
        slug: &str,
        action: fn(TenantId) -> Action,
    ) -> Result<Option<Tenant>, ApiError> {
        if slug.is_empty() {
            allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
            return Ok(None);
        }
        self.desk.tenant(caller, slug, action).await.map(Some)
    }

    /// The filter of a list; one over all tenants may name one of them.
    async fn filter(
        &self,
        caller: &Caller,
        tenant: Option<&Tenant>,
        asked: InvitationFilter,
    ) -> Result<BundleFilter, ApiError> {
        if tenant.is_none() && !asked.tenant.is_empty() {
            let named = self
                .desk
                .tenant(caller, &asked.tenant, Action::SeeManagement)
                .await?;
            return filter_of(Some(&named), asked);
        }
        let mut filter = filter_of(tenant, asked)?;
        if tenant.is_some() && filter.asked.placeholder {
            // Whether an address had an account is not a tenant's to know (S29).
            filter.asked.placeholder = false;
            filter.blank = true;
        }
        Ok(filter)
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
            .scope(caller, &input.tenant, Action::SeeManagement)
            .await?;
        let order = BundleOrder {
            sort: input.sort,
            reversed: input.reversed,
            after: cursor::read(input.after.as_deref(), input.sort)?,
            looked_at: 0,
        };
        let limit = match input.limit {
            0 => PAGE,
            limit => limit.min(LONGEST_PAGE),
        };
        let filter = self.filter(caller, tenant.as_ref(), input.filter).await?;
        let (bundles, next) = self
            .desk
            .storage
            .read(move |tx| {
                let (filter, order) = (filter.clone(), order.clone());
                Box::pin(async move { tx.list_bundles(&filter, &order, limit).await })
            })
            .await
            .map_err(refuse)?;
        Ok(InvitationsPage {
            next: next.as_ref().map(cursor::write),
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

    async fn inviters(&self, caller: &Caller, slug: String) -> Result<Vec<Inviter>, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &slug, Action::SeeManagement)
            .await?;
        let found = self
            .desk
            .storage
            .read(move |tx| Box::pin(tx.inviters(tenant.id)))
            .await
            .map_err(refuse)?;
        Ok(found
            .into_iter()
            .map(|(user, name)| Inviter { user, name })
            .collect())
    }

    async fn matching(
        &self,
        caller: &Caller,
        slug: String,
        filter: InvitationFilter,
    ) -> Result<Matching, ApiError> {
        let tenant = self.scope(caller, &slug, Action::SeeManagement).await?;
        let filter = self.filter(caller, tenant.as_ref(), filter).await?;
        let (all, live, more) = self
            .desk
            .storage
            .read(move |tx| {
                let filter = filter.clone();
                Box::pin(async move { tx.count_matching(&filter).await })
            })
            .await
            .map_err(refuse)?;
        Ok(Matching { all, live, more })
    }

    async fn named(
        &self,
        caller: &Caller,
        slug: String,
        filter: InvitationFilter,
    ) -> Result<FilterNames, ApiError> {
        let tenant = self.scope(caller, &slug, Action::SeeManagement).await?;
        let id = tenant.map(|tenant| tenant.id);
        self.desk
            .storage
            .read(move |tx| {
                let filter = filter.clone();
                Box::pin(async move { names(tx, id, &filter).await })
            })
            .await
            .map_err(refuse)
    }

    async fn resend(&self, caller: &Caller, input: BundleRef) -> Result<BundleLine, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        acts::resend(&self.desk, caller, &tenant, input.bundle).await
    }

    async fn revoke(&self, caller: &Caller, input: BundleRef) -> Result<BundleLine, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        acts::revoke(&self.desk, caller, &tenant, input.bundle).await
    }

    async fn extend(&self, caller: &Caller, input: ExtendBundle) -> Result<BundleLine, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        acts::extend(&self.desk, caller, &tenant, input.bundle, input.until).await
    }

    async fn remind(&self, caller: &Caller, input: BundleRef) -> Result<BundleLine, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        remind::remind(&self.desk, caller, &tenant, input.bundle).await
    }

    async fn reinvite(&self, caller: &Caller, input: BundleRef) -> Result<BundleLine, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        reinvite::reinvite(&self.desk, caller, &tenant, input.bundle).await
    }

    async fn activate(&self, caller: &Caller, input: BundleRef) -> Result<BundleLine, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        switch::activate(&self.desk, caller, &tenant, input.bundle).await
    }

    async fn deactivate(&self, caller: &Caller, input: BundleRef) -> Result<BundleLine, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        switch::deactivate(&self.desk, caller, &tenant, input.bundle).await
    }

    async fn show(&self, caller: &Caller, input: BundleRef) -> Result<BundlePage, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::SeeManagement)
            .await?;
        page::show(&self.desk, caller, &tenant, input.bundle).await
    }

    async fn copy_link(&self, caller: &Caller, input: BundleRef) -> Result<CopiedLink, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        page::copy_link(&self.desk, caller, &tenant, input.bundle).await
    }

    async fn bulk(&self, caller: &Caller, input: BulkBatch) -> Result<BulkDone, ApiError> {
        let tenant = self
            .scope(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        let which = match input.which.clone() {
            Which::These(these) => bulk::Chosen::These(these),
            Which::Matching { filter, before } => {
                let filter = self.filter(caller, tenant.as_ref(), filter).await?;
                bulk::Chosen::Matching(Box::new(filter), before)
            }
        };
        bulk::run(&self.desk, caller, tenant.as_ref(), which, input).await
    }
}

/// What the things are called that a filter names; of a tenant's list, only what is its own.
async fn names(
    tx: &mut Tx,
    tenant: Option<TenantId>,
    filter: &InvitationFilter,
) -> Result<FilterNames, StorageError> {
    let mut names = FilterNames::default();
    if let Some(target) = filter.target {
        names.target = tx.title_of(tenant, target).await?.unwrap_or_default();
    }
    if tenant.is_some() {
        return Ok(names);
    }
    if !filter.tenant.is_empty() && !filter.tenant.contains('\0') {
        let found = tx.tenant_by_slug(&filter.tenant).await?;
        names.tenant = found.map(|tenant| tenant.name).unwrap_or_default();
    }
    if let Some(inviter) = filter.inviter
        && let Some(user) = tx.user_by_id(inviter).await?
    {
        names.inviter = display_name(&user.first_name, &user.last_name, &user.email_typed);
    }
    Ok(names)
}

/// The filter as the database reads it, for a tenant, or for all by the clocks of UTC.
fn filter_of(tenant: Option<&Tenant>, asked: InvitationFilter) -> Result<BundleFilter, ApiError> {
    let search: String = asked.search.chars().take(LONGEST_SEARCH).collect();
    let zone = tenant.map_or("UTC", |tenant| tenant.time_zone.as_str());
    let no_day = || ApiError::BadRequest {
        message: "One of the days does not exist.".to_owned(),
    };
    if asked.source.contains('\0') {
        return Err(ApiError::BadRequest {
            message: "No source is called that.".to_owned(),
        });
    }
    let from = asked
        .from
        .map(|day| days::start_of(day, zone).ok_or_else(no_day))
        .transpose()?;
    let before = asked
        .to
        .map(|day| days::end_of(day, zone).ok_or_else(no_day))
        .transpose()?
        .map(|end| app::domain::time::Timestamp(end.0 + 1));
    Ok(BundleFilter {
        tenant: tenant.map(|tenant| tenant.id),
        words: fold(&search)
            .split_whitespace()
            .take(MOST_WORDS)
            .map(str::to_owned)
            .collect(),
        address: canonical_email(search.trim())
            .ok()
            .map(std::borrow::Cow::into_owned),
        asked,
        blank: false,
        from,
        before,
    })
}

/// One bundle of a tenant as the list shows it.
pub(super) async fn listed(
    tx: &mut Tx,
    tenant: TenantId,
    bundle: BundleId,
) -> Result<Option<ListedBundle>, StorageError> {
    tx.listed_bundle(tenant, bundle).await
}

pub(super) fn line(bundle: ListedBundle) -> BundleLine {
    let (delivery, delivery_at, delivery_note) = match bundle.delivery {
        Some((status, at, note)) => (Some(status), at, note),
        None => (None, None, String::new()),
    };
    BundleLine {
        bundle: bundle.id,
        tenant: bundle.tenant_slug,
        tenant_name: bundle.tenant_name,
        email: bundle.email,
        name: bundle.name,
        role: bundle.role,
        status: bundle.status,
        active: bundle.active,
        delivery,
        delivery_at,
        delivery_note,
        send_at: bundle.send_at,
        reminders: bundle.reminders,
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
                reason: target.reason,
            })
            .collect(),
    }
}
