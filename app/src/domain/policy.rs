//! Who may do what: one function, called first by every service.

use super::{
    actor::{Actor, UserActor},
    id::TenantId,
    role::Role,
};

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Invite to this tenant (form, CSV check, begin, chunk, commit).
    Invite(TenantId),
    /// See this tenant's invitations, imports and people.
    SeeManagement(TenantId),
    /// Resend, remind, extend, revoke in this tenant.
    ManageInvitations(TenantId),
    /// Change this tenant's people, catalog and settings.
    ManageTenant(TenantId),
    /// See every tenant (Data Manager).
    SeePlatform,
    /// Use the own account: own invitations, courses, settings.
    UseOwnAccount,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Nobody is signed in.
    SignInFirst,
    /// The thing is foreign; answered exactly like a missing one.
    NotYours,
}

/// Decides whether `actor` may do `action`.
pub fn authorise(actor: &Actor, action: Action) -> Result<(), Denied> {
    let user = match actor {
        Actor::System(_) => return Ok(()),
        Actor::Anonymous => return Err(Denied::SignInFirst),
        Actor::User(user) => user,
    };
    let allowed = match action {
        Action::UseOwnAccount => true,
        Action::SeePlatform => user.super_admin,
        Action::Invite(tenant)
        | Action::SeeManagement(tenant)
        | Action::ManageInvitations(tenant)
        | Action::ManageTenant(tenant) => {
            user.super_admin || user.role_in(tenant) == Some(Role::Admin)
        }
    };
    if allowed {
        Ok(())
    } else {
        Err(Denied::NotYours)
    }
}

/// The highest role `user` may give in `tenant`; `None`: may give none.
#[must_use]
pub fn role_ceiling(user: &UserActor, tenant: TenantId) -> Option<Role> {
    if user.super_admin {
        return Some(Role::Admin);
    }
    user.role_in(tenant).filter(|role| *role == Role::Admin)
}

/// Whether who may manage a tenant's invitations may also see a link to one (S26): a
/// super-admin always, a tenant's admin where the tenant reveals links.
#[must_use]
pub const fn may_reveal(user: &UserActor, tenant_reveals: bool) -> bool {
    user.super_admin || tenant_reveals
}
