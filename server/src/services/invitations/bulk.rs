//! An act on many bundles, a bounded batch a call: one transaction, one stored answer.

use app::{
    api::{
        ApiError,
        invitations::{BULK_BATCH, BulkAct, BulkBatch, BulkDone, BulkOutcome, Which},
    },
    domain::{id::BundleId, time::Timestamp},
    ports::Caller,
};
use sha2::{Digest as _, Sha256};

use super::{
    acts::{self, Act, Budget, Change},
    filter_of, remind, switch,
};
use crate::{
    services::{Desk, desk::refuse},
    storage::{BatchKey, BundleFilter, KnownBatch, StorageError, Tenant, Tx},
};

/// A key has at most so many characters.
const LONGEST_KEY: usize = 100;
/// What a batch answered is kept so long.
const KEEP_DAYS: i64 = 7;

/// Which bundles, as the transaction finds them.
#[derive(Clone)]
enum Chosen {
    These(Vec<BundleId>),
    Matching(Box<BundleFilter>, Option<BundleId>),
}

/// What is done, read and bounded.
#[derive(Clone, Copy)]
enum Doing {
    Resend,
    Extend(Timestamp),
    Remind,
    Activate,
    Deactivate,
    Revoke,
}

enum Answer {
    Done(BulkDone),
    OtherContent,
}

/// Runs one batch.
pub async fn run(
    desk: &Desk,
    caller: &Caller,
    tenant: &Tenant,
    input: BulkBatch,
) -> Result<BulkDone, ApiError> {
    let key = BatchKey {
        tenant: tenant.id,
        user: desk.user(caller)?.user,
        content_hash: content_hash(&input),
        key: read_key(&input.idempotency_key)?,
    };
    let doing = match input.act {
        BulkAct::Resend => {
            acts::needs_mail_server(desk)?;
            Doing::Resend
        }
        BulkAct::Extend(day) => Doing::Extend(acts::until(desk, tenant, day)?),
        BulkAct::Remind => {
            acts::needs_mail_server(desk)?;
            Doing::Remind
        }
        BulkAct::Activate => Doing::Activate,
        BulkAct::Deactivate => Doing::Deactivate,
        BulkAct::Revoke => Doing::Revoke,
    };
    let chosen = match input.which {
        Which::These(these) if these.len() > BULK_BATCH => {
            return Err(ApiError::BadRequest {
                message: format!("At most {BULK_BATCH} invitations in one call."),
            });
        }
        Which::These(these) => Chosen::These(these),
        Which::Matching { filter, before } => {
            Chosen::Matching(Box::new(filter_of(tenant, filter)?), before)
        }
    };
    let act = Act::new(desk, caller, tenant);
    let answer = desk
        .storage
        .write(move |tx| {
            let (act, key, chosen) = (act.clone(), key.clone(), chosen.clone());
            Box::pin(async move { batch(tx, &act, &key, &chosen, doing).await })
        })
        .await
        .map_err(refuse)?;
    desk.wake.notify_waiters();
    match answer {
        Answer::Done(done) => Ok(done),
        Answer::OtherContent => Err(ApiError::conflict(
            "idempotency_key_reused",
            "This call was made before with other content. Nothing was done.",
        )),
    }
}

/// A key that a caller chose.
pub fn read_key(key: &str) -> Result<String, ApiError> {
    let fits =
        (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| key.to_owned())
        .ok_or_else(|| ApiError::BadRequest {
            message: "A batch needs a key of 1 to 100 characters.".to_owned(),
        })
}

/// What was asked, key aside.
fn content_hash(input: &BulkBatch) -> String {
    use std::fmt::Write as _;
    let content = serde_json::to_vec(&(&input.act, &input.which)).unwrap_or_default();
    Sha256::digest(content)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _infallible = write!(text, "{byte:02x}");
            text
        })
}

async fn batch(
    tx: &mut Tx,
    act: &Act,
    key: &BatchKey,
    chosen: &Chosen,
    doing: Doing,
) -> Result<Answer, StorageError> {
    match tx.claim_batch(key, act.now).await? {
        KnownBatch::New => {}
        KnownBatch::OtherContent => return Ok(Answer::OtherContent),
        KnownBatch::Answered(text) => {
            let done = serde_json::from_str(&text).map_err(|_| StorageError::BadData {
                table: "bulk_batches",
                column: "answer",
                value: text,
            })?;
            return Ok(Answer::Done(done));
        }
    }
    let (mut bundles, next) = match chosen {
        Chosen::These(these) => (these.clone(), None),
        Chosen::Matching(filter, before) => {
            let limit = u32::try_from(BULK_BATCH).unwrap_or(u32::MAX);
            let mut found = tx.matching_bundles(filter, *before, limit + 1).await?;
            let more = found.len() > BULK_BATCH;
            found.truncate(BULK_BATCH);
            let next = found.last().copied().filter(|_| more);
            (found, next)
        }
    };
    // In the order of their ids, as everybody who holds many of them.
    bundles.sort_unstable();
    bundles.dedup();
    tx.lock_bundles(&bundles).await?;
    let mut budget = Budget::read(tx, act).await?;
    let mut done = BulkDone {
        next,
        ..BulkDone::default()
    };
    for bundle in bundles {
        let change = match doing {
            Doing::Resend => acts::resend_in(tx, act, bundle, &mut budget).await?,
            Doing::Extend(until) => acts::extend_in(tx, act, bundle, until).await?,
            Doing::Remind => remind::by_hand(tx, act, bundle, &mut budget).await?,
            Doing::Activate => switch::activate_in(tx, act, bundle, &mut budget).await?,
            Doing::Deactivate => switch::deactivate_in(tx, act, bundle).await?,
            Doing::Revoke => acts::revoke_in(tx, act, bundle).await?,
        };
        done.outcomes.add(outcome(&change));
    }
    let text = serde_json::to_string(&done).map_err(|error| StorageError::BadData {
        table: "bulk_batches",
        column: "answer",
        value: error.to_string(),
    })?;
    tx.answer_batch(key, &text).await?;
    tx.forget_batches(act.now.plus_days(-KEEP_DAYS)).await?;
    if done.outcomes.of(BulkOutcome::Done) > 0 {
        tx.announce(act.tenant.id, act.now).await?;
    }
    Ok(Answer::Done(done))
}

const fn outcome(change: &Change) -> BulkOutcome {
    match change {
        Change::Done => BulkOutcome::Done,
        Change::Missing => BulkOutcome::Missing,
        Change::NotLive(_) => BulkOutcome::NotLive,
        Change::RemindedEnough => BulkOutcome::RemindedEnough,
        Change::NothingToRemindOf | Change::Scheduled => BulkOutcome::NothingToRemindOf,
        Change::AlreadySo => BulkOutcome::AlreadySo,
        Change::SwitchedOff => BulkOutcome::SwitchedOff,
        Change::TooSoon(_) => BulkOutcome::TooSoon,
        Change::OverQuota(_) => BulkOutcome::OverQuota,
        Change::EndsLater => BulkOutcome::EndsLater,
        Change::Suppressed => BulkOutcome::Suppressed,
    }
}
