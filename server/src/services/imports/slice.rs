//! A slice of rows becomes outcomes, bundles, invitations, mails and audit events, in
//! the transaction that is handed in. Small imports are one slice, large ones many.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use app::domain::{
    actor::{Actor, Job as SystemJob, UserActor},
    id::{
        BundleId, CatalogItemId, DeliveryId, ImportId, InvitationId, SessionId, TenantId, UserId,
    },
    import::{RowOutcome, SubmitMode},
    invitation::{Binding, InvitationKind, TokenPurpose},
    policy,
    role::Role,
    time::Timestamp,
};
use uuid::Uuid;

use super::{
    decide::{Decision, Facts, Step, Target, decide, invitee},
    limit,
    rows::{Row, Wish},
};
use crate::{
    clock::new_id,
    keys::Key,
    mail::message_id,
    storage::{
        Act, AuditEvent, KnownUser, LiveInvitation, NewBundle, NewDelivery, NewInvitation,
        NewOutcome, OutcomeCounts, StorageError, Tenant, Tx, audit_actor,
    },
};

/// What the slices of one import have in common.
#[derive(Clone, Debug)]
pub struct Job {
    /// The import; `None`: a form.
    pub import: Option<ImportId>,
    /// Its tenant.
    pub tenant: Tenant,
    /// Who submits.
    pub user: UserId,
    /// What to do with the rows that fail.
    pub mode: SubmitMode,
    /// Whether mails are queued; false: no mail server, links are copied.
    pub mail: bool,
    /// Its host stands in every `Message-ID`.
    pub public_url: String,
    /// Finds who asked never to be invited.
    pub key: Arc<Key>,
    /// `user`, or the job's name, for audit events.
    pub actor: &'static str,
}

/// What a slice did.
#[derive(Clone, Debug)]
pub struct Done {
    /// Rows by outcome; adds up to the slice's rows.
    pub counts: OutcomeCounts,
    /// `AllOrNothing` met a row that fails: nothing was created.
    pub rejected: bool,
}

/// Everything that is to be written.
#[derive(Default)]
struct Batch {
    bundles: Vec<NewBundle>,
    invitations: Vec<NewInvitation>,
    mails: Vec<NewDelivery>,
    /// Existing bundles that gain invitations, by the end of these.
    grown: BTreeMap<Timestamp, BTreeSet<BundleId>>,
    /// Existing bundles that get another inviter.
    taken: BTreeSet<BundleId>,
    /// The newest mail of existing bundles.
    deliveries: Vec<(BundleId, DeliveryId)>,
}

/// Gives every row its outcome and makes what is to be made.
pub async fn run(
    tx: &mut Tx,
    job: &Job,
    rows: &[Row],
    now: Timestamp,
) -> Result<Done, StorageError> {
    let (decisions, rejected) = decided(tx, job, rows, now).await?;
    let mut counts = OutcomeCounts::new();
    let outcomes: Vec<NewOutcome> = rows
        .iter()
        .zip(decisions)
        .map(|(row, decision)| {
            *counts.entry(decision.outcome).or_default() += 1;
            NewOutcome {
                position: row.position,
                row: row.id,
                line: row.line,
                outcome: decision.outcome,
                field: decision.fault.field,
                code: decision.fault.code,
                message: decision.fault.message,
                bundle: decision.bundle,
                draft: row.draft.clone().filter(|_| decision.outcome.failed()),
            }
        })
        .collect();
    if let Some(import) = job.import {
        tx.insert_outcomes(import, outcomes).await?;
    }
    Ok(Done { counts, rejected })
}

/// Decides about every row and makes what is to be made: the same for a file's rows and
/// for a form's people. And whether `AllOrNothing` met a row that fails.
pub async fn decided(
    tx: &mut Tx,
    job: &Job,
    rows: &[Row],
    now: Timestamp,
) -> Result<(Vec<Decision>, bool), StorageError> {
    // First of all: whoever makes invitations holds the tenant, then bundles.
    let seats = tx.hold_seats(job.tenant.id).await?;
    let facts = facts(tx, job, rows, now).await?;
    let mut decisions: Vec<Decision> = rows.iter().map(|row| decide(row, &facts)).collect();
    limit::apply(tx, job, seats, rows, &mut decisions, &facts, now).await?;
    let rejected = job.mode == SubmitMode::AllOrNothing
        && decisions.iter().any(|decision| decision.outcome.failed());
    if rejected {
        for decision in &mut decisions {
            decision.take_over.clear();
            if decision.step != Step::Nothing {
                *decision = Decision::held_back();
            }
        }
    }
    write(tx, job, rows, &mut decisions, &facts, now).await?;
    Ok((decisions, rejected))
}

/// The highest role that `user` may give now; asked again for every slice, so that a
/// submitter who lost his rights meanwhile invites nobody more (S23, S24).
async fn ceiling(
    tx: &mut Tx,
    tenant: TenantId,
    user: UserId,
) -> Result<Option<Role>, StorageError> {
    let Some(submitter) = tx.submitter(tenant, user).await? else {
        return Ok(None);
    };
    let actor = UserActor {
        user,
        // No browser takes part, and no right hangs on one.
        session: SessionId(Uuid::nil()),
        super_admin: submitter.super_admin,
        email_verified: false,
        memberships: submitter
            .role
            .map(|role| (tenant, role))
            .into_iter()
            .collect(),
    };
    Ok(policy::role_ceiling(&actor, tenant))
}

async fn facts(
    tx: &mut Tx,
    job: &Job,
    rows: &[Row],
    now: Timestamp,
) -> Result<Facts, StorageError> {
    let tenant = job.tenant.id;
    let wishes: Vec<&Wish> = rows
        .iter()
        .filter_map(|row| row.wish.as_ref().ok())
        .collect();
    let emails: Vec<String> = wishes
        .iter()
        .map(|wish| wish.email())
        .collect::<BTreeSet<&str>>()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let mut accounts = tx.users_by_emails(tenant, &emails).await?;

    // Under the address as well where the account is verified: an invitation that was
    // made before keeps its key until it is re-keyed.
    let mut keys = emails.clone();
    keys.extend(verified(&accounts));
    let mut live: HashMap<String, Vec<(Uuid, BundleId)>> = HashMap::new();
    for invitation in still_live(tx, tenant, &keys, now).await? {
        live.entry(invitation.invitee_key)
            .or_default()
            .push((invitation.target, invitation.bundle));
    }
    let bundles: Vec<BundleId> = live
        .values()
        .flatten()
        .map(|(_, bundle)| *bundle)
        .collect::<HashSet<BundleId>>()
        .into_iter()
        .collect();
    let bundles = tx
        .live_bundles(&bundles)
        .await?
        .into_iter()
        .map(|bundle| (bundle.id, bundle))
        .collect();

    // On PostgreSQL each statement sees what was committed by then. Whoever accepted
    // before the live invitations were read must be a member here, or the same person
    // would be invited a second time; whoever accepts later is still invited above, and
    // `hold_bundles` finds that out.
    if tx.is_postgres() {
        let before: HashSet<String> = verified(&accounts).collect();
        accounts = tx.users_by_emails(tenant, &emails).await?;
        if verified(&accounts).any(|key| !before.contains(&key)) {
            return Err(StorageError::Retry);
        }
    }
    let ids: Vec<String> = wishes
        .iter()
        .map(|wish| wish.row.external_id.as_str())
        .filter(|id| !id.is_empty())
        .collect::<BTreeSet<&str>>()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let users: Vec<UserId> = accounts.values().map(|account| account.id).collect();
    let enrolled = tx
        .enrollments_among(tenant, &users)
        .await?
        .into_iter()
        .collect();

    Ok(Facts {
        tenant,
        ceiling: ceiling(tx, tenant, job.user).await?,
        courses: catalog(
            tx,
            tenant,
            InvitationKind::Course,
            wishes.iter().flat_map(|wish| &wish.row.courses),
        )
        .await?,
        programs: catalog(
            tx,
            tenant,
            InvitationKind::Program,
            wishes.iter().flat_map(|wish| &wish.row.programs),
        )
        .await?,
        accounts,
        enrolled,
        live,
        bundles,
        external_ids: tx.members_by_external_ids(tenant, &ids).await?,
        suppressed: suppressed(tx, job, emails).await?,
    })
}

/// Of these addresses those whose owners asked never to be invited.
async fn suppressed(
    tx: &mut Tx,
    job: &Job,
    emails: Vec<String>,
) -> Result<HashSet<String>, StorageError> {
    let hashes: Vec<[u8; 32]> = emails
        .iter()
        .map(|email| job.key.address_hash(email))
        .collect();
    let found = tx.suppressed_among(job.tenant.id, &hashes).await?;
    Ok(emails
        .into_iter()
        .zip(hashes)
        .filter(|(_, hash)| found.contains(hash))
        .map(|(email, _)| email)
        .collect())
}

/// The live invitations of these invitees. What has run out by `now` expires first: the
/// job that does it may not have come by yet, and nobody would be invited anew.
async fn still_live(
    tx: &mut Tx,
    tenant: TenantId,
    keys: &[String],
    now: Timestamp,
) -> Result<Vec<LiveInvitation>, StorageError> {
    let found = tx.live_among(tenant, keys).await?;
    let due: BTreeSet<BundleId> = found
        .iter()
        .filter(|invitation| invitation.expires_at <= now)
        .map(|invitation| invitation.bundle)
        .collect();
    if due.is_empty() {
        return Ok(found);
    }
    let due: Vec<BundleId> = due.into_iter().collect();
    let actor = audit_actor(&Actor::System(SystemJob::Expiry));
    tx.expire_bundles(&due, actor, now).await?;
    tx.live_among(tenant, keys).await
}

/// The invitee keys of the verified accounts.
fn verified(accounts: &HashMap<String, KnownUser>) -> impl Iterator<Item = String> + '_ {
    accounts
        .values()
        .filter(|account| account.email_verified)
        .map(|account| account.id.0.to_string())
}

/// The items that these keys mean to the tenant; each key is asked for once.
pub async fn catalog(
    tx: &mut Tx,
    tenant: TenantId,
    kind: InvitationKind,
    keys: impl Iterator<Item = &String>,
) -> Result<HashMap<String, CatalogItemId>, StorageError> {
    let keys: Vec<String> = keys.cloned().collect::<BTreeSet<_>>().into_iter().collect();
    Ok(tx
        .catalog_by_keys(tenant, kind, &keys)
        .await?
        .into_iter()
        .map(|(key, item)| (key, item.id))
        .collect())
}

async fn write(
    tx: &mut Tx,
    job: &Job,
    rows: &[Row],
    decisions: &mut [Decision],
    facts: &Facts,
    now: Timestamp,
) -> Result<(), StorageError> {
    let act = Act {
        tenant: job.tenant.id,
        inviter: job.user,
        import: job.import,
        at: now,
    };
    let mut batch = plan(job, rows, decisions, facts, now);
    let mut touched = batch.taken.clone();
    touched.extend(batch.grown.values().flatten());
    tx.hold_bundles(&touched).await?;
    // Who switched one off or on meanwhile decided whether it is mailed: read it all again.
    let on = tx.active_among(&touched).await?;
    let switched = |bundle: &BundleId| {
        let known = facts.bundles.get(bundle);
        known.is_some_and(|one| one.active != on.contains(bundle))
    };
    if touched.iter().any(switched) {
        return Err(StorageError::Retry);
    }
    keep_queued_mails(tx, job, &mut batch, decisions, facts, now).await?;
    for (expires_at, bundles) in &batch.grown {
        tx.extend_bundles(bundles, *expires_at).await?;
    }
    let taken: Vec<BundleId> = std::mem::take(&mut batch.taken).into_iter().collect();
    tx.take_over(&taken, job.user).await?;

    // In the order of the index that two imports may meet in: fewer deadlocks.
    batch
        .invitations
        .sort_unstable_by(|a, b| (a.target, &a.invitee_key).cmp(&(b.target, &b.invitee_key)));
    tx.insert_bundles(&act, std::mem::take(&mut batch.bundles))
        .await?;
    tx.insert_invitations(&act, &batch.invitations).await?;
    tx.insert_deliveries(batch.mails).await?;
    tx.set_deliveries(&batch.deliveries).await?;
    let event = |action, subject, subject_id| AuditEvent {
        tenant: Some(job.tenant.id),
        actor_id: Some(job.user.0),
        actor: job.actor,
        action,
        subject,
        subject_id,
        at: now,
    };
    let taken = taken
        .iter()
        .map(|bundle| event("invitation.taken_over", "bundle", bundle.0));
    let created = batch
        .invitations
        .iter()
        .map(|invitation| event("invitation.created", "invitation", invitation.id.0));
    tx.record(taken.chain(created).collect()).await
}

/// Turns decisions into rows to be written; a row that makes a bundle learns its id.
fn plan(
    job: &Job,
    rows: &[Row],
    decisions: &mut [Decision],
    facts: &Facts,
    now: Timestamp,
) -> Batch {
    let mut batch = Batch::default();
    for (row, decision) in rows.iter().zip(decisions) {
        let Ok(wish) = &row.wish else { continue };
        batch.taken.extend(&decision.take_over);
        let (bundle, targets, mailed) = match &decision.step {
            Step::Nothing => continue,
            Step::Create(targets) => {
                let bundle = BundleId(new_id(now));
                decision.bundle = Some(bundle);
                (bundle, targets, job.mail && wish.is_mailed())
            }
            Step::Add(bundle, targets) => {
                batch
                    .grown
                    .entry(wish.expires_at)
                    .or_default()
                    .insert(*bundle);
                // An inactive bundle is not mailed.
                let active = facts
                    .bundles
                    .get(bundle)
                    .is_some_and(|bundle| bundle.active);
                (*bundle, targets, job.mail && active)
            }
        };
        let (invitee_key, user) = invitee(facts.accounts.get(wish.email()), wish.email());
        let delivery = mailed.then(|| {
            let id = new_id(now);
            batch.mails.push(NewDelivery {
                id: DeliveryId(id),
                tenant: job.tenant.id,
                bundle,
                import: job.import,
                purpose: TokenPurpose::Mail,
                message_id: message_id(id, &job.public_url),
                not_before: if job.import.is_some() {
                    now.plus_seconds(job.tenant.hold_seconds)
                } else {
                    // Nobody takes a form back.
                    now
                },
                created_at: now,
            });
            DeliveryId(id)
        });
        if matches!(decision.step, Step::Create(_)) {
            batch.bundles.push(new_bundle(bundle, wish, user, delivery));
        } else if let Some(delivery) = delivery {
            batch.deliveries.push((bundle, delivery));
        }
        batch
            .invitations
            .extend(targets.iter().map(|target: &Target| NewInvitation {
                id: InvitationId(new_id(now)),
                bundle,
                kind: target.kind,
                target: target.id,
                binding: if user.is_some() {
                    Binding::User
                } else {
                    Binding::Email
                },
                invitee_key: invitee_key.clone(),
                expires_at: wish.expires_at,
                scheduled: wish.send_at().is_some(),
            }));
    }
    batch
}

fn new_bundle(
    id: BundleId,
    wish: &Wish,
    user: Option<UserId>,
    delivery: Option<DeliveryId>,
) -> NewBundle {
    NewBundle {
        id,
        email: wish.email().to_owned(),
        email_typed: wish.row.email.as_typed().to_owned(),
        user,
        first_name: wish.row.first_name.clone(),
        last_name: wish.row.last_name.clone(),
        search_text: wish.search_text.clone(),
        role: wish.row.role,
        labels: wish.row.labels.join("|"),
        external_id: Some(wish.row.external_id.clone()).filter(|id| !id.is_empty()),
        note: wish.row.note.clone(),
        metadata: wish.metadata.clone(),
        active: wish.by_hand.as_ref().is_none_or(|by| by.active),
        starts_at: wish.by_hand.as_ref().and_then(|by| by.starts_at),
        ends_at: wish.by_hand.as_ref().and_then(|by| by.ends_at),
        send_at: wish.send_at(),
        source: wish
            .by_hand
            .as_ref()
            .map_or_else(String::new, |by| by.source.clone()),
        redirect: wish
            .by_hand
            .as_ref()
            .map_or_else(String::new, |by| by.redirect.clone()),
        no_mail: wish.by_hand.as_ref().is_some_and(|by| !by.mail),
        delivery,
        expires_at: wish.expires_at,
    }
}

/// A bundle whose mail still waits untouched in the outbox needs no second one: the
/// mail is rendered when it is sent, and then tells of the new targets too.
async fn keep_queued_mails(
    tx: &mut Tx,
    job: &Job,
    batch: &mut Batch,
    decisions: &[Decision],
    facts: &Facts,
    now: Timestamp,
) -> Result<(), StorageError> {
    if batch.deliveries.is_empty() {
        return Ok(());
    }
    let waiting: Vec<DeliveryId> = decisions
        .iter()
        .filter_map(|decision| match &decision.step {
            Step::Add(bundle, _) => facts.bundles.get(bundle)?.delivery,
            Step::Nothing | Step::Create(_) => None,
        })
        .collect();
    let held = tx
        .put_off_queued(&waiting, now.plus_seconds(job.tenant.hold_seconds))
        .await?;
    let told: HashSet<BundleId> = facts
        .bundles
        .values()
        .filter(|bundle| bundle.delivery.is_some_and(|id| held.contains(&id)))
        .map(|bundle| bundle.id)
        .collect();
    batch
        .deliveries
        .retain(|(bundle, _)| !told.contains(bundle));
    batch.mails.retain(|mail| !told.contains(&mail.bundle));
    Ok(())
}

/// Adds `more` to `counts`.
pub fn add(counts: &mut OutcomeCounts, more: &BTreeMap<RowOutcome, u32>) {
    for (outcome, rows) in more {
        *counts.entry(*outcome).or_default() += rows;
    }
}
