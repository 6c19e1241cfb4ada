//! The learner's home.

use app::{
    api::{
        ApiError,
        mine::{MyCourse, MyHome, MyInvitation},
    },
    domain::{id::InvitationId, invitation::InvitationStatus, policy::Action},
    ports::{Caller, Mine},
};
use async_trait::async_trait;

use super::{
    Desk,
    desk::{allow, refuse},
};
use crate::storage::{AcceptOutcome, OwnInvitation, OwnItem};

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
        let (invitations, courses) = self
            .desk
            .storage
            .read(move |tx| {
                Box::pin(async move {
                    Ok((
                        tx.invitations_of(user, now).await?,
                        tx.enrollments_of(user).await?,
                    ))
                })
            })
            .await
            .map_err(refuse)?;
        let (pending, settled): (Vec<_>, Vec<_>) = invitations
            .into_iter()
            .partition(|one| one.status == InvitationStatus::Pending);
        Ok(MyHome {
            invitations: pending
                .into_iter()
                .chain(settled.into_iter().take(SETTLED))
                .map(invitation)
                .collect(),
            courses: courses.into_iter().map(course).collect(),
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
}

fn invitation(one: OwnInvitation) -> MyInvitation {
    MyInvitation {
        invitation: one.id,
        tenant: one.tenant,
        kind: one.kind,
        title: one.title,
        inviter: one.inviter,
        status: one.status,
        status_changed_at: one.status_changed_at,
        expires_at: one.expires_at,
    }
}

fn course(one: OwnItem) -> MyCourse {
    MyCourse {
        item: one.item,
        kind: one.kind,
        title: one.title,
        tenant: one.tenant,
        enrolled_at: one.enrolled_at,
    }
}
