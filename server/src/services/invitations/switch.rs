//! Switching one bundle off, and on again.

use app::{
    api::{ApiError, invitations::BundleLine},
    domain::{
        id::BundleId,
        invitation::{InvitationStatus, TokenPurpose},
    },
    ports::Caller,
};

use super::acts::{self, Act, Budget, Change};
use crate::{
    services::{Desk, desk::refuse},
    storage::{StorageError, Tenant, Tx},
};

/// Switches what is live on: a mail that was held goes out, and one that was never made is
/// made now.
pub async fn activate_in(
    tx: &mut Tx,
    act: &Act,
    bundle: BundleId,
    budget: &mut Budget,
) -> Result<Change, StorageError> {
    let Some(state) = tx.bundle_state(act.tenant.id, bundle).await? else {
        return Ok(Change::Missing);
    };
    if let Some(change) = acts::ended(&state, act.now) {
        return Ok(change);
    }
    if state.active {
        return Ok(Change::AlreadySo);
    }
    let untold =
        act.mails && !state.no_mail && state.untold && state.status == InvitationStatus::Pending;
    if untold && let Some(change) = acts::no_mail_for(tx, act, &state, budget).await? {
        return Ok(change);
    }
    if !tx.set_active(act.tenant.id, bundle, true, act.now).await? {
        return Ok(Change::AlreadySo);
    }
    // The mail of an inviter who is gone would die on its way (S24).
    acts::answer_for(tx, act, bundle, &state).await?;
    tx.release_mails(bundle, act.now).await?;
    if untold {
        acts::queue(tx, act, bundle, TokenPurpose::Mail).await?;
    }
    tx.record(vec![act.event("invitation.activated", bundle)])
        .await?;
    Ok(Change::Done)
}

/// Switches what is live off.
pub async fn deactivate_in(
    tx: &mut Tx,
    act: &Act,
    bundle: BundleId,
) -> Result<Change, StorageError> {
    let Some(state) = tx.bundle_state(act.tenant.id, bundle).await? else {
        return Ok(Change::Missing);
    };
    if let Some(change) = acts::ended(&state, act.now) {
        return Ok(change);
    }
    if !tx.set_active(act.tenant.id, bundle, false, act.now).await? {
        return Ok(Change::AlreadySo);
    }
    tx.record(vec![act.event("invitation.deactivated", bundle)])
        .await?;
    Ok(Change::Done)
}

/// Switches one bundle on.
pub async fn activate(
    desk: &Desk,
    caller: &Caller,
    tenant: &Tenant,
    bundle: BundleId,
) -> Result<BundleLine, ApiError> {
    let act = Act::new(desk, caller, tenant);
    let answer = desk
        .storage
        .write(move |tx| {
            let act = act.clone();
            Box::pin(async move {
                tx.lock_bundle(bundle).await?;
                let mut budget = Budget::read(tx, &act).await?;
                let change = activate_in(tx, &act, bundle, &mut budget).await?;
                acts::finish(tx, &act, bundle, change).await
            })
        })
        .await;
    desk.wake.notify_waiters();
    acts::answered(answer.map_err(refuse)?)
}

/// Switches one bundle off.
pub async fn deactivate(
    desk: &Desk,
    caller: &Caller,
    tenant: &Tenant,
    bundle: BundleId,
) -> Result<BundleLine, ApiError> {
    let act = Act::new(desk, caller, tenant);
    let answer = desk
        .storage
        .write(move |tx| {
            let act = act.clone();
            Box::pin(async move {
                tx.lock_bundle(bundle).await?;
                let change = deactivate_in(tx, &act, bundle).await?;
                acts::finish(tx, &act, bundle, change).await
            })
        })
        .await;
    acts::answered(answer.map_err(refuse)?)
}
