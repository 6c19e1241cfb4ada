//! Sign in, who am I, sign out.

use app::{
    api::{
        ApiError,
        session::{Me, MyMembership},
    },
    domain::id::UserId,
};

use super::{Desk, desk::refuse};
use crate::storage::{StorageError, Tx};

/// What the page shows of a signed-in user; `None` for one who is gone or deactivated.
pub async fn me_in(tx: &mut Tx, user: UserId) -> Result<Option<Me>, StorageError> {
    let Some(user) = tx.user_by_id(user).await? else {
        return Ok(None);
    };
    if user.deactivated {
        return Ok(None);
    }
    let memberships = tx.memberships_of(user.id).await?;
    Ok(Some(Me {
        id: user.id,
        name: user.name(),
        email: user.email_typed,
        super_admin: user.super_admin,
        email_verified: user.email_verified,
        memberships: memberships
            .into_iter()
            .map(|one| MyMembership {
                slug: one.slug,
                name: one.name,
                role: one.role,
            })
            .collect(),
    }))
}

/// Like [`me_in`], in a read of its own.
pub async fn me(desk: &Desk, user: UserId) -> Result<Option<Me>, ApiError> {
    desk.storage
        .read(move |tx| Box::pin(me_in(tx, user)))
        .await
        .map_err(refuse)
}
