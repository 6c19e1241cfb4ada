//! What an admin does to one bundle: resend, extend, revoke. Each is one guarded
//! transition; an act in bulk runs the same functions.

use std::{collections::HashMap, sync::Arc};

use app::{
    api::{ApiError, invitations::BundleLine},
    bulk::date::a_year_later,
    domain::{
        actor::{Actor, Job},
        id::{BundleId, DeliveryId, UserId},
        invitation::{InvitationStatus, TokenPurpose},
        time::{CivilDate, Timestamp},
    },
    ports::Caller,
};
use uuid::Uuid;

use super::{line, listed, schedule};
use crate::{
    clock::new_id,
    keys::Key,
    mail,
    services::{Desk, days, desk::refuse, tenants},
    storage::{
        AuditEvent, BundleState, ListedBundle, MailsLeft, NewDelivery, StorageError, Tenant, Tx,
        audit_actor,
    },
};

/// Seconds between two mails of one bundle.
const RESEND_BRAKE: i64 = 60;
/// Seconds that a quota of mails is counted over.
const QUOTA_OVER: i64 = 86_400;

/// How an act ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is done.
    Done,
    /// There is no such bundle here.
    Missing,
    /// It is at an end.
    NotLive(InvitationStatus),
    /// Its mail is still to go out.
    Scheduled,
    /// It is switched off.
    SwitchedOff,
    /// It is on, or off, already.
    AlreadySo,
    /// The person was reminded as often as may be.
    RemindedEnough,
    /// No mail arrived that could be reminded of.
    NothingToRemindOf,
    /// The person asked never to be invited.
    Suppressed,
    /// Its last mail is too new; seconds to wait.
    TooSoon(u64),
    /// A quota is used up; whose.
    OverQuota(Quota),
    /// It ends then or later already.
    EndsLater,
}

/// Which quota of mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// The tenant's.
    Tenant,
    /// The inviter's.
    Inviter,
    /// That of one address.
    Address,
}

/// Who acts, where and when.
#[derive(Clone)]
pub struct Act {
    pub tenant: Tenant,
    /// The columns of an audit event.
    pub actor: (Option<Uuid>, &'static str),
    /// Who takes over what its inviter can no longer answer for.
    pub user: Option<UserId>,
    pub public_url: String,
    pub key: Arc<Key>,
    /// Whether mails go out at all.
    pub mails: bool,
    pub now: Timestamp,
}

impl Act {
    pub fn new(desk: &Desk, caller: &Caller, tenant: &Tenant) -> Self {
        Self {
            tenant: tenant.clone(),
            actor: audit_actor(&caller.actor),
            user: caller.actor.user().map(|user| user.user),
            public_url: desk.settings.public_url.clone(),
            key: desk.key.clone(),
            mails: sends_mails(desk),
            now: desk.now(),
        }
    }

    /// One that nobody asked for.
    pub fn of_job(desk: &Desk, tenant: &Tenant, job: Job) -> Self {
        Self {
            tenant: tenant.clone(),
            actor: audit_actor(&Actor::System(job)),
            user: None,
            public_url: desk.settings.public_url.clone(),
            key: desk.key.clone(),
            mails: sends_mails(desk),
            now: desk.now(),
        }
    }

    pub fn event(&self, action: &'static str, bundle: BundleId) -> AuditEvent {
        AuditEvent {
            tenant: Some(self.tenant.id),
            actor_id: self.actor.0,
            actor: self.actor.1,
            action,
            subject: "bundle",
            subject_id: bundle.0,
            at: self.now,
        }
    }
}

/// Mails that may still be queued, counted on while a batch goes on (S37).
pub struct Budget {
    left: MailsLeft,
    since: Timestamp,
    inviters: HashMap<UserId, i64>,
}

impl Budget {
    /// What is left now.
    pub async fn read(tx: &mut Tx, act: &Act) -> Result<Self, StorageError> {
        let since = act.now.plus_seconds(-QUOTA_OVER);
        Ok(Self {
            left: tx.mails_left(act.tenant.id, since).await?,
            since,
            inviters: HashMap::new(),
        })
    }

    /// Takes one mail of every quota; or says which one is used up, and takes none.
    pub async fn take(
        &mut self,
        tx: &mut Tx,
        act: &Act,
        state: &BundleState,
    ) -> Result<Option<Quota>, StorageError> {
        let tenant = act.tenant.id;
        if self.left.tenant <= 0 {
            return Ok(Some(Quota::Tenant));
        }
        let used = match self.inviters.get(&state.inviter) {
            Some(used) => *used,
            None => {
                tx.mails_of_inviter(tenant, state.inviter, self.since)
                    .await?
            }
        };
        if used >= self.left.per_inviter {
            return Ok(Some(Quota::Inviter));
        }
        let got = tx
            .mails_to_address(tenant, &state.email, self.since)
            .await?;
        if got >= self.left.per_address {
            return Ok(Some(Quota::Address));
        }
        self.left.tenant -= 1;
        self.inviters.insert(state.inviter, used + 1);
        Ok(None)
    }
}

/// Whether mails go out at all.
pub fn sends_mails(desk: &Desk) -> bool {
    desk.settings.sends_mail()
}

/// Refuses a resend where nothing could be sent.
pub fn needs_mail_server(desk: &Desk) -> Result<(), ApiError> {
    if sends_mails(desk) {
        return Ok(());
    }
    Err(ApiError::conflict(
        "no_mail_server",
        "No mail server is configured, so nothing was sent. Whoever runs this server names \
         one by --smtp-url and --mail-from.",
    ))
}

/// The last moment of the day to extend to, which lies ahead and at most a year.
pub fn until(now: Timestamp, zone: &str, day: CivilDate) -> Result<Timestamp, ApiError> {
    let today = tenants::today(now, zone).ok_or(ApiError::Internal)?;
    if day < today {
        return Err(ApiError::field(
            "until",
            "This day is over. Choose a later one.",
        ));
    }
    if day > a_year_later(today) {
        return Err(ApiError::field(
            "until",
            "This is more than a year ahead. Choose an earlier day.",
        ));
    }
    days::end_of(day, zone).ok_or_else(|| ApiError::field("until", "There is no such day."))
}

/// What stands in the way of any act on a bundle.
pub fn ended(state: &BundleState, now: Timestamp) -> Option<Change> {
    if !state.status.is_live() {
        return Some(Change::NotLive(state.status));
    }
    // The job that expires it has not come by yet.
    (state.expires_at <= now).then_some(Change::NotLive(InvitationStatus::Expired))
}

/// Like [`resend_in`], and leaves alone what is to go out later: among many nobody is asked
/// whether that is to go now.
pub async fn resend_sent_in(
    tx: &mut Tx,
    act: &Act,
    bundle: BundleId,
    budget: &mut Budget,
) -> Result<Change, StorageError> {
    let state = tx.bundle_state(act.tenant.id, bundle).await?;
    if state.is_some_and(|state| state.status == InvitationStatus::Scheduled) {
        return Ok(Change::Scheduled);
    }
    resend_in(tx, act, bundle, budget).await
}

/// Sends the mail anew; every older link dies.
pub async fn resend_in(
    tx: &mut Tx,
    act: &Act,
    bundle: BundleId,
    budget: &mut Budget,
) -> Result<Change, StorageError> {
    let now = act.now;
    let Some(state) = tx.bundle_state(act.tenant.id, bundle).await? else {
        return Ok(Change::Missing);
    };
    if let Some(change) = ended(&state, now) {
        return Ok(change);
    }
    if !state.active {
        return Ok(Change::SwitchedOff);
    }
    if state.status == InvitationStatus::Scheduled {
        let change = schedule::send_in(tx, act, bundle, &state, budget).await?;
        if change == Change::Done {
            answer_for(tx, act, bundle, &state).await?;
        }
        return Ok(change);
    }
    if state.status != InvitationStatus::Pending {
        return Ok(Change::NotLive(state.status));
    }
    if let Some(change) = too_soon(&state, now) {
        return Ok(change);
    }
    if let Some(change) = no_mail_for(tx, act, &state, budget).await? {
        return Ok(change);
    }
    answer_for(tx, act, bundle, &state).await?;
    // Mails first: one that is being claimed has its link by then.
    tx.cancel_mails(&[bundle], "A newer mail took its place.")
        .await?;
    tx.kill_links(&[bundle], now).await?;
    queue(tx, act, bundle, TokenPurpose::Mail).await?;
    tx.record(vec![act.event("invitation.resent", bundle)])
        .await?;
    Ok(Change::Done)
}

/// Whether a bundle's last mail is too new for another.
pub fn too_soon(state: &BundleState, now: Timestamp) -> Option<Change> {
    let free = state.last_mail_at?.plus_seconds(RESEND_BRAKE);
    (free > now).then(|| Change::TooSoon(now.seconds_until(free)))
}

/// Whoever sends it again answers for it where the inviter no longer can (S24); the
/// caller's right to was checked before.
pub async fn answer_for(
    tx: &mut Tx,
    act: &Act,
    bundle: BundleId,
    state: &BundleState,
) -> Result<(), StorageError> {
    let Some(user) = act.user.filter(|_| !state.inviter_may) else {
        return Ok(());
    };
    tx.take_over(&[bundle], user).await?;
    tx.record(vec![act.event("invitation.taken_over", bundle)])
        .await
}

/// Why no mail may go to a bundle's person; else one is taken of every quota.
pub async fn no_mail_for(
    tx: &mut Tx,
    act: &Act,
    state: &BundleState,
    budget: &mut Budget,
) -> Result<Option<Change>, StorageError> {
    let hash = act.key.address_hash(&state.email);
    let suppressed = tx.suppressed_among(act.tenant.id, &[hash]).await?;
    if !suppressed.is_empty() {
        return Ok(Some(Change::Suppressed));
    }
    let quota = budget.take(tx, act, state).await?;
    Ok(quota.map(Change::OverQuota))
}

/// Queues a mail for a bundle; one that invites is the bundle's newest.
pub async fn queue(
    tx: &mut Tx,
    act: &Act,
    bundle: BundleId,
    purpose: TokenPurpose,
) -> Result<(), StorageError> {
    let entry = new_id(act.now);
    tx.insert_deliveries(vec![NewDelivery {
        id: DeliveryId(entry),
        tenant: act.tenant.id,
        bundle,
        import: None,
        purpose,
        message_id: mail::message_id(entry, &act.public_url),
        not_before: act.now,
        created_at: act.now,
    }])
    .await?;
    if purpose == TokenPurpose::Mail {
        tx.set_deliveries(&[(bundle, DeliveryId(entry))]).await?;
    }
    Ok(())
}

/// Takes what is live back; every link dies.
pub async fn revoke_in(tx: &mut Tx, act: &Act, bundle: BundleId) -> Result<Change, StorageError> {
    let Some(state) = tx.bundle_state(act.tenant.id, bundle).await? else {
        return Ok(Change::Missing);
    };
    if !state.status.is_live() {
        return Ok(Change::NotLive(state.status));
    }
    let live = tx.live_invitations(bundle).await?;
    tx.end_invitations(&live, InvitationStatus::Revoked, "", act.actor, act.now)
        .await?;
    Ok(Change::Done)
}

/// Moves the end of what is live to `until`.
pub async fn extend_in(
    tx: &mut Tx,
    act: &Act,
    bundle: BundleId,
    until: Timestamp,
) -> Result<Change, StorageError> {
    let Some(state) = tx.bundle_state(act.tenant.id, bundle).await? else {
        return Ok(Change::Missing);
    };
    if let Some(change) = ended(&state, act.now) {
        return Ok(change);
    }
    if !tx
        .extend_bundle(act.tenant.id, bundle, until, act.now)
        .await?
    {
        return Ok(Change::EndsLater);
    }
    tx.record(vec![act.event("invitation.extended", bundle)])
        .await?;
    Ok(Change::Done)
}

/// Resends one bundle.
pub async fn resend(
    desk: &Desk,
    caller: &Caller,
    tenant: &Tenant,
    bundle: BundleId,
) -> Result<BundleLine, ApiError> {
    needs_mail_server(desk)?;
    let act = Act::new(desk, caller, tenant);
    let answer = desk
        .storage
        .write(move |tx| {
            let act = act.clone();
            Box::pin(async move {
                tx.lock_bundle(bundle).await?;
                let mut budget = Budget::read(tx, &act).await?;
                let change = resend_in(tx, &act, bundle, &mut budget).await?;
                finish(tx, &act, bundle, change).await
            })
        })
        .await;
    desk.wake.notify_waiters();
    answered(answer.map_err(refuse)?)
}

/// Revokes one bundle.
pub async fn revoke(
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
                let change = revoke_in(tx, &act, bundle).await?;
                finish(tx, &act, bundle, change).await
            })
        })
        .await;
    answered(answer.map_err(refuse)?)
}

/// Extends one bundle.
pub async fn extend(
    desk: &Desk,
    caller: &Caller,
    tenant: &Tenant,
    bundle: BundleId,
    day: CivilDate,
) -> Result<BundleLine, ApiError> {
    let until = until(desk.now(), &tenant.time_zone, day)?;
    let act = Act::new(desk, caller, tenant);
    let answer = desk
        .storage
        .write(move |tx| {
            let act = act.clone();
            Box::pin(async move {
                tx.lock_bundle(bundle).await?;
                let change = extend_in(tx, &act, bundle, until).await?;
                finish(tx, &act, bundle, change).await
            })
        })
        .await;
    answered(answer.map_err(refuse)?)
}

/// Tells open pages, and reads the line as it is now.
pub async fn finish(
    tx: &mut Tx,
    act: &Act,
    bundle: BundleId,
    change: Change,
) -> Result<(Change, Option<ListedBundle>), StorageError> {
    if change != Change::Done {
        return Ok((change, None));
    }
    tx.announce(act.tenant.id, act.now).await?;
    Ok((change, listed(tx, act.tenant.id, bundle).await?))
}

/// The line as it is now, or why nothing was done.
pub fn answered((change, found): (Change, Option<ListedBundle>)) -> Result<BundleLine, ApiError> {
    match change {
        Change::Done => found.map(line).ok_or(ApiError::NotFound),
        other => Err(refusal(&other)),
    }
}

/// Why nothing was done, in words.
pub fn refusal(change: &Change) -> ApiError {
    match change {
        Change::Done => ApiError::Internal,
        Change::Missing => ApiError::NotFound,
        Change::NotLive(status) => ApiError::conflict(
            "not_live",
            format!(
                "This invitation is {} by now, so there is nothing to send or take back.",
                status.as_str()
            ),
        ),
        Change::Scheduled => ApiError::conflict(
            "scheduled",
            "This invitation goes out later, and nobody can accept it before. Send it now \
             first.",
        ),
        Change::AlreadySo => ApiError::conflict(
            "already_so",
            "This invitation is switched so already. Nothing was changed.",
        ),
        Change::RemindedEnough => ApiError::conflict(
            "reminded_enough",
            "This person was reminded three times. Nothing was sent. A resend sends the \
             invitation anew.",
        ),
        Change::NothingToRemindOf => ApiError::conflict(
            "nothing_to_remind_of",
            "There is no mail that arrived to remind of. Nothing was sent. A resend sends the \
             invitation anew.",
        ),
        Change::SwitchedOff => ApiError::conflict(
            "inactive",
            "This invitation is switched off. Switch it on first.",
        ),
        Change::Suppressed => ApiError::conflict(
            "suppressed",
            "This person asked never to be invited again. Nothing was sent.",
        ),
        Change::TooSoon(retry_after) => ApiError::TooMany {
            retry_after: *retry_after,
        },
        Change::OverQuota(quota) => ApiError::conflict(
            "over_quota",
            match quota {
                Quota::Tenant => {
                    "The mails that this organisation may send within 24 hours are used up. \
                     Nothing was sent. Try again tomorrow."
                }
                Quota::Inviter => {
                    "The mails for this inviter's invitations within 24 hours are used up. \
                     Nothing was sent. Try again tomorrow."
                }
                Quota::Address => {
                    "This address got as many mails within 24 hours as one may get. \
                     Nothing was sent. Try again tomorrow."
                }
            },
        ),
        Change::EndsLater => ApiError::field(
            "until",
            "The invitation ends on that day or later already. Choose a later day.",
        ),
    }
}
