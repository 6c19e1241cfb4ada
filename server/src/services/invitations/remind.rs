//! Reminders: by a tenant's schedule, or by hand; three at most of one invitation, and none
//! where its mail has not arrived.

use app::{
    api::{ApiError, invitations::BundleLine, tenants::MOST_REMINDERS},
    domain::{
        actor::Job,
        id::{BundleId, TenantId},
        invitation::{InvitationStatus, TokenPurpose},
    },
    ports::Caller,
};

use super::acts::{self, Act, Budget, Change};
use crate::{
    services::{Desk, desk::refuse},
    storage::{BundleState, StorageError, Tenant, Tx},
};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Seconds until a reminder is tried again that something stood in the way of.
const AGAIN: i64 = 6 * 3_600;

/// Queues what is due by the schedules, at most `limit` for each tenant and step, each step
/// in a transaction of its own; how many bundles were dealt with.
pub async fn remind_due(desk: &Desk, limit: u32) -> Result<usize, StorageError> {
    if !acts::sends_mails(desk) {
        return Ok(0);
    }
    let now = desk.now();
    let tenants = desk.storage.read(|tx| Box::pin(tx.reminding())).await?;
    let mut done = 0;
    for one in tenants {
        for (step, days) in (0..).zip(one.days) {
            let by = now.plus_days(-i64::from(days));
            let tenant = one.tenant;
            // The writer is asked for only where there is something to write.
            let mut due = desk
                .storage
                .read(move |tx| Box::pin(tx.due_reminders(tenant, step, by, now, limit)))
                .await?;
            if due.is_empty() {
                continue;
            }
            due.sort_unstable();
            let reminded = desk
                .storage
                .write_apart(&due, "reminders were not queued", |tx, due| {
                    let desk = desk.clone();
                    Box::pin(async move { remind_of(tx, &desk, tenant, step, &due).await })
                })
                .await;
            match reminded {
                Ok(reminded) => done += reminded,
                // The other tenants' must not wait for it.
                Err(error) => {
                    tracing::error!(%error, %tenant, "reminders were not queued; it is tried again");
                }
            }
        }
    }
    if done > 0 {
        desk.wake.notify_waiters();
    }
    Ok(done)
}

async fn remind_of(
    tx: &mut Tx,
    desk: &Desk,
    tenant: TenantId,
    step: u32,
    due: &[BundleId],
) -> Result<usize, StorageError> {
    let Some(tenant) = tx.tenant_by_id(tenant).await? else {
        return Ok(0);
    };
    let act = Act::of_job(desk, &tenant, Job::Reminders);
    tx.lock_bundles(due).await?;
    let mut budget = Budget::read(tx, &act).await?;
    let mut done = 0;
    for bundle in due {
        let Some(state) = tx.bundle_state(tenant.id, *bundle).await? else {
            continue;
        };
        // Somebody was faster.
        if state.reminders != step {
            continue;
        }
        // Its links would open nothing (S24).
        let change = if state.inviter_may {
            remind_in(tx, &act, *bundle, &state, &mut budget).await?
        } else {
            Change::NothingToRemindOf
        };
        if change != Change::Done {
            tx.put_off_reminder(*bundle, act.now.plus_seconds(AGAIN))
                .await?;
        }
        done += 1;
    }
    if done > 0 {
        tx.announce(tenant.id, act.now).await?;
    }
    Ok(done)
}

/// Queues one reminder; the older links live on.
pub async fn remind_in(
    tx: &mut Tx,
    act: &Act,
    bundle: BundleId,
    state: &BundleState,
    budget: &mut Budget,
) -> Result<Change, StorageError> {
    if let Some(change) = acts::ended(state, act.now) {
        return Ok(change);
    }
    if !state.active {
        return Ok(Change::SwitchedOff);
    }
    if state.status == InvitationStatus::Scheduled {
        return Ok(Change::Scheduled);
    }
    if state.status != InvitationStatus::Pending {
        return Ok(Change::NotLive(state.status));
    }
    if state.reminders as usize >= MOST_REMINDERS {
        return Ok(Change::RemindedEnough);
    }
    if !state.told || state.on_its_way {
        return Ok(Change::NothingToRemindOf);
    }
    if let Some(change) = acts::too_soon(state, act.now) {
        return Ok(change);
    }
    if let Some(change) = acts::no_mail_for(tx, act, state, budget).await? {
        return Ok(change);
    }
    let next = act.now.plus_seconds(gap(&act.tenant, state.reminders));
    if !tx.count_reminder(bundle, state.reminders, next).await? {
        return Ok(Change::RemindedEnough);
    }
    acts::queue(tx, act, bundle, TokenPurpose::Reminder).await?;
    tx.record(vec![act.event("invitation.reminded", bundle)])
        .await?;
    Ok(Change::Done)
}

/// Seconds between a reminder, of which there were so many before it, and the next by the
/// schedule: however the clock jumps, and however late one is, they do not come together.
fn gap(tenant: &Tenant, before: u32) -> i64 {
    let days = &tenant.remind_days;
    let at = |step: u32| days.get(step as usize).copied().map(i64::from);
    match (at(before), at(before + 1)) {
        (Some(this), Some(next)) => (next - this).max(1) * DAY,
        _ => DAY,
    }
}

/// Reminds one person.
pub async fn remind(
    desk: &Desk,
    caller: &Caller,
    tenant: &Tenant,
    bundle: BundleId,
) -> Result<BundleLine, ApiError> {
    acts::needs_mail_server(desk)?;
    let act = Act::new(desk, caller, tenant);
    let answer = desk
        .storage
        .write(move |tx| {
            let act = act.clone();
            Box::pin(async move {
                tx.lock_bundle(bundle).await?;
                let mut budget = Budget::read(tx, &act).await?;
                let change = by_hand(tx, &act, bundle, &mut budget).await?;
                acts::finish(tx, &act, bundle, change).await
            })
        })
        .await;
    desk.wake.notify_waiters();
    acts::answered(answer.map_err(refuse)?)
}

/// Reminds, and answers for the invitation where its inviter no longer can.
pub async fn by_hand(
    tx: &mut Tx,
    act: &Act,
    bundle: BundleId,
    budget: &mut Budget,
) -> Result<Change, StorageError> {
    let Some(state) = tx.bundle_state(act.tenant.id, bundle).await? else {
        return Ok(Change::Missing);
    };
    let change = remind_in(tx, act, bundle, &state, budget).await?;
    if change == Change::Done {
        acts::answer_for(tx, act, bundle, &state).await?;
    }
    Ok(change)
}
