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
            InvitationFilter, InvitationsPage, Inviter, ListInvitations, Matching, TargetLine,
        },
    },
    domain::{
        id::{BundleId, TenantId},
        invitation::InvitationStatus,
        policy::Action,
    },
    ports::{Caller, Invitations},
};
use async_trait::async_trait;

use super::{Desk, days, desk::refuse};
use crate::storage::{BundleFilter, BundleOrder, ListedBundle, StorageError, Tenant, Tx, fold};

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
        let order = BundleOrder {
            sort: input.sort,
            reversed: input.reversed,
            after: cursor::read(input.after.as_deref(), input.sort)?,
        };
        let limit = match input.limit {
            0 => PAGE,
            limit => limit.min(LONGEST_PAGE),
        };
        let filter = filter_of(&tenant, input.filter)?;
        let mut bundles = self
            .desk
            .storage
            .read(move |tx| {
                let (filter, order) = (filter.clone(), order.clone());
                Box::pin(async move { tx.list_bundles(&filter, &order, limit + 1).await })
            })
            .await
            .map_err(refuse)?;
        let more = bundles.len() > limit as usize;
        bundles.truncate(limit as usize);
        Ok(InvitationsPage {
            next: bundles
                .last()
                .filter(|_| more)
                .map(|last| cursor::write(&last.place(input.sort))),
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
        let tenant = self
            .desk
            .tenant(caller, &slug, Action::SeeManagement)
            .await?;
        let filter = filter_of(&tenant, filter)?;
        let (all, live) = self
            .desk
            .storage
            .read(move |tx| {
                let filter = filter.clone();
                Box::pin(async move { tx.count_matching(&filter).await })
            })
            .await
            .map_err(refuse)?;
        Ok(Matching { all, live })
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
            .desk
            .tenant(caller, &input.tenant, Action::ManageInvitations)
            .await?;
        bulk::run(&self.desk, caller, &tenant, input).await
    }
}

/// The filter as the database reads it.
fn filter_of(tenant: &Tenant, asked: InvitationFilter) -> Result<BundleFilter, ApiError> {
    let search: String = asked.search.chars().take(LONGEST_SEARCH).collect();
    let no_day = || ApiError::BadRequest {
        message: "One of the days does not exist.".to_owned(),
    };
    let from = asked
        .from
        .map(|day| days::start_of(day, &tenant.time_zone).ok_or_else(no_day))
        .transpose()?;
    let before = asked
        .to
        .map(|day| days::end_of(day, &tenant.time_zone).ok_or_else(no_day))
        .transpose()?
        .map(|end| app::domain::time::Timestamp(end.0 + 1));
    Ok(BundleFilter {
        tenant: tenant.id,
        words: fold(&search)
            .split_whitespace()
            .take(MOST_WORDS)
            .map(str::to_owned)
            .collect(),
        asked,
        from,
        before,
        only: None,
    })
}

/// One bundle of a tenant as the list shows it.
pub(super) async fn listed(
    tx: &mut Tx,
    tenant: TenantId,
    bundle: BundleId,
) -> Result<Option<ListedBundle>, StorageError> {
    let filter = BundleFilter {
        tenant,
        asked: InvitationFilter::default(),
        words: Vec::new(),
        from: None,
        before: None,
        only: Some(bundle),
    };
    let mut found = tx.list_bundles(&filter, &BundleOrder::default(), 1).await?;
    Ok(found.pop())
}

pub(super) fn line(bundle: ListedBundle) -> BundleLine {
    let (delivery, delivery_at, delivery_note) = match bundle.delivery {
        Some((status, at, note)) => (Some(status), at, note),
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
