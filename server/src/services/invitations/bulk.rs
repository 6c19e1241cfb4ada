//! An act on many bundles, a bounded batch a call: one transaction, one stored answer.

use std::collections::BTreeMap;

use app::{
    api::{
        ApiError,
        invitations::{BULK_BATCH, BulkAct, BulkBatch, BulkDone, BulkOutcome},
    },
    domain::{
        id::{BundleId, TenantId},
        time::{CivilDate, Timestamp},
    },
    ports::Caller,
};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    acts::{self, Act, Budget, Change},
    remind, switch,
};
use crate::{
    services::{Desk, desk::refuse},
    storage::{
        AfterBundle, BatchKey, BundleFilter, BundleOrder, KnownBatch, More, SortValue,
        StorageError, Tenant, Tx,
    },
};

/// A key has at most so many characters.
const LONGEST_KEY: usize = 100;
/// What a batch answered is kept so long.
const KEEP_DAYS: i64 = 7;
/// Where a day begins last and first.
const FAR_ZONES: [&str; 2] = ["Etc/GMT+12", "Pacific/Kiritimati"];

/// Which bundles, as the transaction finds them.
#[derive(Clone)]
pub enum Chosen {
    /// These.
    These(Vec<BundleId>),
    /// The next that a filter leaves, before one of them.
    Matching(Box<BundleFilter>, Option<BundleId>),
}

/// What is done, read and bounded.
#[derive(Clone, Copy)]
enum Doing {
    Resend,
    Extend(CivilDate),
    Remind,
    Activate,
    Deactivate,
    Revoke,
}

enum Answer {
    Done(BulkDone),
    OtherContent,
}

/// Runs one batch, in one tenant or, for `None`, in whichever tenants the invitations are:
/// who calls it has checked the right to.
pub async fn run(
    desk: &Desk,
    caller: &Caller,
    tenant: Option<&Tenant>,
    chosen: Chosen,
    input: BulkBatch,
) -> Result<BulkDone, ApiError> {
    let key = BatchKey {
        tenant: tenant.map_or(TenantId(Uuid::nil()), |tenant| tenant.id),
        user: desk.user(caller)?.user,
        content_hash: content_hash(&input),
        key: read_key(&input.idempotency_key)?,
    };
    let doing = match input.act {
        BulkAct::Resend => {
            acts::needs_mail_server(desk)?;
            Doing::Resend
        }
        BulkAct::Extend(day) => {
            // Over all tenants the day must be one in every zone.
            for zone in tenant.map_or(FAR_ZONES, |tenant| [tenant.time_zone.as_str(); 2]) {
                acts::until(desk.now(), zone, day)?;
            }
            Doing::Extend(day)
        }
        BulkAct::Remind => {
            acts::needs_mail_server(desk)?;
            Doing::Remind
        }
        BulkAct::Activate => Doing::Activate,
        BulkAct::Deactivate => Doing::Deactivate,
        BulkAct::Revoke => Doing::Revoke,
    };
    if let Chosen::These(these) = &chosen
        && these.len() > BULK_BATCH
    {
        return Err(ApiError::BadRequest {
            message: format!("At most {BULK_BATCH} invitations in one call."),
        });
    }
    let scope = Scope {
        desk: desk.clone(),
        caller: caller.clone(),
        tenant: tenant.cloned(),
        now: desk.now(),
    };
    let answer = desk
        .storage
        .write(move |tx| {
            let (scope, key, chosen) = (scope.clone(), key.clone(), chosen.clone());
            Box::pin(async move { batch(tx, &scope, &key, &chosen, doing).await })
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

/// Who acts, and in which tenant; `None`: in any.
#[derive(Clone)]
struct Scope {
    desk: Desk,
    caller: Caller,
    tenant: Option<Tenant>,
    now: Timestamp,
}

impl Scope {
    /// The bundles by their tenants, each in the order of ids; those of no tenant that there
    /// is come without one.
    async fn by_tenant(
        &self,
        tx: &mut Tx,
        bundles: &[BundleId],
    ) -> Result<Vec<(Option<Tenant>, Vec<BundleId>)>, StorageError> {
        if let Some(tenant) = &self.tenant {
            return Ok(vec![(Some(tenant.clone()), bundles.to_vec())]);
        }
        let of = tx.tenants_of_bundles(bundles).await?;
        let mut groups: BTreeMap<Option<TenantId>, Vec<BundleId>> = BTreeMap::new();
        for bundle in bundles {
            let tenant = of.get(bundle).copied();
            groups.entry(tenant).or_default().push(*bundle);
        }
        let mut all = Vec::new();
        for (id, bundles) in groups {
            let tenant = match id {
                Some(id) => tx.tenant_by_id(id).await?,
                None => None,
            };
            all.push((tenant, bundles));
        }
        Ok(all)
    }
}

async fn batch(
    tx: &mut Tx,
    scope: &Scope,
    key: &BatchKey,
    chosen: &Chosen,
    doing: Doing,
) -> Result<Answer, StorageError> {
    match tx.claim_batch(key, scope.now).await? {
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
    let (mut bundles, next) = choose(tx, chosen).await?;
    // In the order of their ids, as everybody who holds many of them.
    bundles.sort_unstable();
    bundles.dedup();
    tx.lock_bundles(&bundles).await?;
    let mut done = BulkDone {
        next,
        ..BulkDone::default()
    };
    for (tenant, bundles) in scope.by_tenant(tx, &bundles).await? {
        let Some(tenant) = tenant else {
            for _ in bundles {
                done.outcomes.add(BulkOutcome::Missing);
            }
            continue;
        };
        act_on(tx, scope, &tenant, bundles, doing, &mut done).await?;
    }
    let text = serde_json::to_string(&done).map_err(|error| StorageError::BadData {
        table: "bulk_batches",
        column: "answer",
        value: error.to_string(),
    })?;
    tx.answer_batch(key, &text).await?;
    tx.forget_batches(scope.now.plus_days(-KEEP_DAYS)).await?;
    Ok(Answer::Done(done))
}

/// The bundles of a batch, and where the next one begins.
async fn choose(
    tx: &mut Tx,
    chosen: &Chosen,
) -> Result<(Vec<BundleId>, Option<BundleId>), StorageError> {
    let (filter, before) = match chosen {
        Chosen::These(these) => return Ok((these.clone(), None)),
        Chosen::Matching(filter, before) => (filter, before),
    };
    let order = BundleOrder {
        after: before.map(|bundle| AfterBundle {
            value: SortValue::Id,
            bundle,
        }),
        ..BundleOrder::default()
    };
    let limit = u32::try_from(BULK_BATCH).unwrap_or(u32::MAX);
    let found = tx.find_bundles(filter, &order, limit).await?;
    let next = match found.more {
        More::No => None,
        More::AfterLast => found.bundles.last().copied(),
        More::After(place) => Some(place.bundle),
    };
    Ok((found.bundles, next))
}

/// The act on some bundles of one tenant.
async fn act_on(
    tx: &mut Tx,
    scope: &Scope,
    tenant: &Tenant,
    bundles: Vec<BundleId>,
    doing: Doing,
    done: &mut BulkDone,
) -> Result<(), StorageError> {
    let act = Act {
        now: scope.now,
        ..Act::new(&scope.desk, &scope.caller, tenant)
    };
    let mut budget = Budget::read(tx, &act).await?;
    let until = match doing {
        Doing::Extend(day) => acts::until(scope.now, &tenant.time_zone, day).ok(),
        _ => None,
    };
    let mut changed = false;
    for bundle in bundles {
        let change = match (doing, until) {
            (Doing::Resend, _) => acts::resend_sent_in(tx, &act, bundle, &mut budget).await?,
            (Doing::Revoke, _) => acts::revoke_in(tx, &act, bundle).await?,
            (Doing::Extend(_), Some(until)) => acts::extend_in(tx, &act, bundle, until).await?,
            // A tenant whose zone nobody knows has no days.
            (Doing::Extend(_), None) => Change::Missing,
            (Doing::Remind, _) => remind::by_hand(tx, &act, bundle, &mut budget).await?,
            (Doing::Activate, _) => switch::activate_in(tx, &act, bundle, &mut budget).await?,
            (Doing::Deactivate, _) => switch::deactivate_in(tx, &act, bundle).await?,
        };
        changed |= change == Change::Done;
        done.outcomes.add(outcome(&change));
    }
    if changed {
        tx.announce(tenant.id, scope.now).await?;
    }
    Ok(())
}

const fn outcome(change: &Change) -> BulkOutcome {
    match change {
        Change::Done => BulkOutcome::Done,
        Change::Missing => BulkOutcome::Missing,
        Change::NotLive(_) => BulkOutcome::NotLive,
        Change::RemindedEnough => BulkOutcome::RemindedEnough,
        Change::NothingToRemindOf => BulkOutcome::NothingToRemindOf,
        Change::Scheduled => BulkOutcome::Scheduled,
        Change::AlreadySo => BulkOutcome::AlreadySo,
        Change::SwitchedOff => BulkOutcome::SwitchedOff,
        Change::TooSoon(_) => BulkOutcome::TooSoon,
        Change::OverQuota(_) => BulkOutcome::OverQuota,
        Change::EndsLater => BulkOutcome::EndsLater,
        Change::Suppressed => BulkOutcome::Suppressed,
    }
}
