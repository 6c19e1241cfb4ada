//! Who asks. Identity first: no actor, no call.

use super::{
    id::{SessionId, TenantId, UserId},
    role::Role,
};

/// The caller of a use case, resolved once per request from the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody is signed in.
    Anonymous,
    /// A signed-in user.
    User(UserActor),
    /// A job of the server itself.
    System(Job),
}

/// A signed-in user with what decides the rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserActor {
    /// The account.
    pub user: UserId,
    /// The browser's session.
    pub session: SessionId,
    /// Runs the whole platform.
    pub super_admin: bool,
    /// True once a mailed link or code proved the mailbox.
    pub email_verified: bool,
    /// The tenants the user is a member of, with the role there.
    pub memberships: Vec<(TenantId, Role)>,
}

/// A named job of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Commits large imports.
    Import,
    /// Expires invitations.
    Expiry,
    /// Sends what is scheduled.
    Schedule,
    /// Reminds of what waits.
    Reminders,
}

impl Actor {
    /// The signed-in user, if any.
    #[must_use]
    pub fn user(&self) -> Option<&UserActor> {
        match self {
            Self::User(user) => Some(user),
            Self::Anonymous | Self::System(_) => None,
        }
    }
}

impl UserActor {
    /// The role in `tenant`; `None` for a stranger.
    #[must_use]
    pub fn role_in(&self, tenant: TenantId) -> Option<Role> {
        self.memberships
            .iter()
            .find(|(id, _)| *id == tenant)
            .map(|(_, role)| *role)
    }
}
