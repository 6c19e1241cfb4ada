//! The learner's home.

use app::{
    api::{
        ApiError,
        mine::{Access, MyCourse, MyHome, MyInvitation},
    },
    domain::{
        id::{CatalogItemId, InvitationId},
        invitation::{InvitationKind, InvitationStatus},
        policy::Action,
        time::Timestamp,
    },
    ports::{Caller, Mine},
};
use async_trait::async_trait;

use super::{
    Desk,
    desk::{allow, refuse},
};
use crate::storage::{AcceptOutcome, Declining, OwnInvitation, OwnItem};

/// Invitations that are settled, on one page.
const SETTLED: usize = 50;

/// Implements [`Mine`].
#[derive(Clone)]
pub struct MineService {
    desk: Desk,
}

impl MineService {
    /// On this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

#[async_trait]
impl Mine for MineService {
    async fn home(&self, caller: &Caller) -> Result<MyHome, ApiError> {
        allow(app::domain::policy::authorise(
            &caller.actor,
            Action::UseOwnAccount,
        ))?;
        let user = self.desk.user(caller)?.user;
        let now = self.desk.now();
        let (invitations, items, parts) = self
            .desk
            .storage
            .read(move |tx| {
                Box::pin(async move {
                    Ok((
                        tx.invitations_of(user, now).await?,
                        tx.enrollments_of(user).await?,
                        tx.program_parts_of(user).await?,
                    ))
                })
            })
            .await
            .map_err(refuse)?;
        let invitations = invitations.into_iter().map(|one| invitation(one, now));
        let (pending, settled): (Vec<_>, Vec<_>) =
            invitations.partition(|one| one.status == InvitationStatus::Pending);
        let (programs, courses) = items
            .into_iter()
            .map(|one| course(one, &parts, now))
            .partition(|one| one.kind == InvitationKind::Program);
        Ok(MyHome {
            invitations: pending
                .into_iter()
                .chain(settled.into_iter().take(SETTLED))
                .collect(),
            courses,
            programs,
        })
    }

    async fn accept(&self, caller: &Caller, invitation: InvitationId) -> Result<(), ApiError> {
        allow(app::domain::policy::authorise(
            &caller.actor,
            Action::UseOwnAccount,
        ))?;
        let user = self.desk.user(caller)?.user;
        let now = self.desk.now();
        let outcome = self
            .desk
            .write_again(move |tx| Box::pin(tx.accept_mine(invitation, user, now)))
            .await?;
        match outcome {
            AcceptOutcome::Accepted { .. } => Ok(()),
            _ => Err(ApiError::NotFound),
        }
    }

    async fn decline(&self, caller: &Caller, invitation: InvitationId) -> Result<(), ApiError> {
        allow(app::domain::policy::authorise(
            &caller.actor,
            Action::UseOwnAccount,
        ))?;
        let user = self.desk.user(caller)?.user;
        let now = self.desk.now();
        let declined = self
            .desk
            .storage
            .write(move |tx| Box::pin(tx.decline_mine(invitation, user, now)))
            .await
            .map_err(refuse)?;
        if declined {
            Ok(())
        } else {
            Err(ApiError::NotFound)
        }
    }

    async fn undo_decline(
        &self,
        caller: &Caller,
        invitation: InvitationId,
    ) -> Result<(), ApiError> {
        allow(app::domain::policy::authorise(
            &caller.actor,
            Action::UseOwnAccount,
        ))?;
        let user = self.desk.user(caller)?.user;
        let now = self.desk.now();
        let undone = self
            .desk
            .storage
            .write(move |tx| Box::pin(tx.undo_decline(invitation, user, now)))
            .await
            .map_err(refuse)?;
        match undone {
            Declining::Undone => Ok(()),
            Declining::Missing => Err(ApiError::NotFound),
            Declining::TooLate => Err(ApiError::conflict(
                "too_late",
                "It is too late to take that back. Whoever invited you can invite you again.",
            )),
        }
    }
}

fn invitation(one: OwnInvitation, now: Timestamp) -> MyInvitation {
    let declined = one
        .decline_at
        .filter(|_| one.status == InvitationStatus::Pending);
    MyInvitation {
        undo_seconds: declined
            .filter(|at| *at > now)
            .map(|at| now.seconds_until(at)),
        // The job that writes it down has not come by yet.
        status: if declined.is_some_and(|at| at <= now) {
            InvitationStatus::Declined
        } else {
            one.status
        },
        invitation: one.id,
        tenant: one.tenant,
        kind: one.kind,
        title: one.title,
        inviter: one.inviter,
        status_changed_at: one.status_changed_at,
        expires_at: one.expires_at,
    }
}

fn course(one: OwnItem, parts: &[(CatalogItemId, String)], now: Timestamp) -> MyCourse {
    let access = if one.starts_at.is_some_and(|start| now < start) {
        Access::Later
    } else if one.ends_at.is_some_and(|end| now > end) {
        Access::Over
    } else {
        Access::Open
    };
    MyCourse {
        starts_at: one.starts_at,
        ends_at: one.ends_at,
        access,
        courses: parts
            .iter()
            .filter(|(program, _)| *program == one.item)
            .map(|(_, title)| title.clone())
            .collect(),
        item: one.item,
        kind: one.kind,
        title: one.title,
        tenant_id: one.tenant_id,
        tenant: one.tenant,
        enrolled_at: one.enrolled_at,
    }
}
