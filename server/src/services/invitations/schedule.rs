//! What goes out later: at its time by a job, or earlier by somebody's hand.

use std::collections::BTreeMap;

use app::domain::{
    actor::Job,
    id::{BundleId, TenantId},
    invitation::{InvitationStatus, TokenPurpose},
};

use super::acts::{self, Act, Budget, Change};
use crate::{
    services::Desk,
    storage::{BundleState, StorageError, Tx},
};

/// Seconds until what is over a quota of mails is tried again.
const AGAIN: i64 = 3_600;
/// What a revoked invitation says about why.
const REASON: &str = "The person asked never to be invited again.";

/// Sends at most `limit` of what is due, each tenant's in a transaction of its own; how many
/// bundles were dealt with.
pub async fn send_due(desk: &Desk, limit: u32) -> Result<usize, StorageError> {
    let now = desk.now();
    // The writer is asked for only where there is something to write.
    let due = desk
        .storage
        .read(move |tx| Box::pin(tx.due_scheduled(now, limit)))
        .await?;
    let mut of_tenant: BTreeMap<TenantId, Vec<BundleId>> = BTreeMap::new();
    for (tenant, bundle) in due {
        of_tenant.entry(tenant).or_default().push(bundle);
    }
    let mut done = 0;
    for (tenant, mut bundles) in of_tenant {
        bundles.sort_unstable();
        let sent = desk
            .storage
            .write_apart(&bundles, "what is scheduled was not sent", |tx, bundles| {
                let desk = desk.clone();
                Box::pin(async move { send_of(tx, &desk, tenant, &bundles).await })
            })
            .await;
        match sent {
            Ok(sent) => done += sent,
            // The other tenants' must not wait for it.
            Err(error) => {
                tracing::error!(%error, %tenant, "what is scheduled was not sent; it is tried again");
            }
        }
    }
    if done > 0 {
        desk.wake.notify_waiters();
    }
    Ok(done)
}

async fn send_of(
    tx: &mut Tx,
    desk: &Desk,
    tenant: TenantId,
    bundles: &[BundleId],
) -> Result<usize, StorageError> {
    let Some(tenant) = tx.tenant_by_id(tenant).await? else {
        return Ok(0);
    };
    let act = Act::of_job(desk, &tenant, Job::Schedule);
    tx.lock_bundles(bundles).await?;
    let mut budget = Budget::read(tx, &act).await?;
    let mut done = 0;
    for bundle in bundles {
        let Some(state) = tx.bundle_state(act.tenant.id, *bundle).await? else {
            continue;
        };
        // Somebody was faster, or put it off.
        if state.send_at.is_none_or(|at| at > act.now) {
            continue;
        }
        match send_in(tx, &act, *bundle, &state, &mut budget).await? {
            Change::OverQuota(_) => {
                tx.put_off_scheduled(*bundle, act.now.plus_seconds(AGAIN))
                    .await?;
            }
            Change::Suppressed => {
                let live = tx.live_invitations(*bundle).await?;
                let end = InvitationStatus::Revoked;
                tx.end_invitations(&live, end, REASON, act.actor, act.now)
                    .await?;
            }
            _ => {}
        }
        done += 1;
    }
    if done > 0 {
        tx.announce(act.tenant.id, act.now).await?;
    }
    Ok(done)
}

/// Sends a scheduled bundle now. One that is switched off waits for its person all the
/// same, without a mail until it is switched on.
pub async fn send_in(
    tx: &mut Tx,
    act: &Act,
    bundle: BundleId,
    state: &BundleState,
    budget: &mut Budget,
) -> Result<Change, StorageError> {
    let mailed = act.mails && state.active && !state.no_mail;
    if mailed && let Some(change) = acts::no_mail_for(tx, act, state, budget).await? {
        return Ok(change);
    }
    if !tx.send_scheduled(bundle, act.actor, act.now).await? {
        return Ok(Change::NotLive(state.status));
    }
    if mailed {
        acts::queue(tx, act, bundle, TokenPurpose::Mail).await?;
    }
    Ok(Change::Done)
}
