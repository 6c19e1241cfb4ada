//! The form of blank placeholders: all of them in one transaction, or none.

use std::sync::Arc;

use app::{
    api::{
        ApiError, FieldError,
        blanks::{BlanksMade, CreateBlanks, LONGEST_SOURCE, MOST_BLANKS},
    },
    domain::{
        id::{BundleId, InvitationId},
        policy::Action,
        role::Role,
        time::{CivilDate, Timestamp},
    },
    ports::Caller,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::{
    clock::new_id,
    keys::draw_code,
    services::{
        Desk,
        apps::{bad_answer, invalid, known_answer, targets, wrong},
        days,
        desk::refuse,
        imports::by_hand::Target,
        invitations::{acts, read_key},
    },
    storage::{BatchKey, BlankAct, NewBlank, StorageError, Tenant, Tx, fold},
};

/// Invitations of one form, at most: each target of each blank one is one.
const MOST_INVITATIONS: usize = 50_000;

/// What is made once the targets are known, and the codes, which stay the same where the
/// transaction is tried again.
struct Plan {
    act: BlankAct,
    codes: Vec<Drawn>,
}

/// A bundle with the code that was drawn for it.
struct Drawn {
    bundle: BundleId,
    code_hash: [u8; 32],
    sealed: Vec<u8>,
}

pub(super) async fn create(
    desk: &Desk,
    caller: &Caller,
    input: CreateBlanks,
) -> Result<BlanksMade, ApiError> {
    let input = CreateBlanks {
        source: input.source.trim().to_owned(),
        ..input
    };
    let missing = missing(&input);
    if !missing.is_empty() {
        return Err(invalid(missing));
    }
    let tenant = desk.tenant(caller, &input.tenant, Action::Invite).await?;
    let user = desk.user(caller)?.user;
    let key = BatchKey {
        tenant: tenant.id,
        user,
        key: read_key(&input.idempotency_key)?,
        content_hash: content_hash(&input),
    };
    let now = desk.now();
    let (starts_at, ends_at) = window(&input, &tenant)?;
    let act = BlankAct {
        tenant: tenant.id,
        inviter: user,
        search_text: fold(&input.source),
        source: input.source.clone(),
        role: input.role,
        active: input.active,
        starts_at,
        ends_at,
        expires_at: match input.expires_on {
            None => now.plus_days(tenant.default_expiry_days),
            Some(day) => acts::until(desk.now(), &tenant.time_zone, day).map_err(at_expiry)?,
        },
        targets: Vec::new(),
        at: now,
    };
    let plan = Arc::new(Plan {
        codes: codes(desk, input.count, now)?,
        act,
    });
    let answer = desk
        .storage
        .write(move |tx| {
            let (plan, tenant) = (plan.clone(), tenant.clone());
            let (key, input) = (key.clone(), input.clone());
            Box::pin(async move { create_in(tx, &plan, &tenant, &key, &input).await })
        })
        .await
        .map_err(refuse)??;
    Ok(answer)
}

/// Draws the codes of so many bundles, and seals them.
fn codes(desk: &Desk, count: u32, now: Timestamp) -> Result<Vec<Drawn>, ApiError> {
    let one = || {
        let bundle = BundleId(new_id(now));
        let code = draw_code()?;
        let sealed = desk.key.seal(&code, bundle)?;
        Ok(Drawn {
            bundle,
            code_hash: desk.key.code_hash(&code),
            sealed,
        })
    };
    (0..count)
        .map(|_| one())
        .collect::<std::io::Result<_>>()
        .map_err(|error| {
            tracing::error!(%error, "no randomness");
            ApiError::Internal
        })
}

async fn create_in(
    tx: &mut Tx,
    plan: &Plan,
    tenant: &Tenant,
    key: &BatchKey,
    input: &CreateBlanks,
) -> Result<Result<BlanksMade, ApiError>, StorageError> {
    let now = plan.act.at;
    // Held before the key is asked about: the same form, sent twice, waits here.
    let seats = tx.hold_seats(tenant.id).await?;
    // What was saved is answered again, whatever has changed since.
    if let Some(answer) = known_answer(tx.known_batch(key).await?)? {
        return Ok(answer);
    }
    // Refusals come before the key is taken: it stays good for the corrected form.
    let targets = match targets(tx, tenant, input.platform, &input.courses, &input.programs).await?
    {
        Ok(targets) => targets,
        Err(error) => return Ok(Err(error)),
    };
    if plan.codes.len() * targets.len() > MOST_INVITATIONS {
        return Ok(Err(wrong(
            "count",
            "So many for so many courses and programs is more than 50,000 invitations. Make \
             fewer at a time.",
        )));
    }
    // Each takes a seat from now on (ADR 0011).
    if let Some(seats) = seats.filter(|seats| seats.free() < u64::from(input.count)) {
        return Ok(Err(wrong(
            "count",
            format!(
                "{} of {} seats of {} are taken. Make at most {}, or give it more seats.",
                seats.used,
                seats.limit,
                tenant.name,
                seats.free()
            ),
        )));
    }
    if let Some(answer) = known_answer(tx.claim_batch(key, now).await?)? {
        return Ok(answer);
    }
    let act = BlankAct {
        targets: targets
            .iter()
            .map(|target| (target.kind, target.id))
            .collect(),
        ..plan.act.clone()
    };
    tx.insert_blanks(&act, &blanks(plan, &targets, now)).await?;
    let answer = BlanksMade {
        source: act.source,
        made: input.count,
    };
    let text = serde_json::to_string(&answer).map_err(|error| bad_answer(error.to_string()))?;
    tx.answer_batch(key, &text).await?;
    tx.announce(tenant.id, now).await?;
    Ok(Ok(answer))
}

fn blanks(plan: &Plan, targets: &[Target], now: Timestamp) -> Vec<NewBlank> {
    plan.codes
        .iter()
        .map(|drawn| NewBlank {
            bundle: drawn.bundle,
            code_hash: drawn.code_hash,
            sealed: drawn.sealed.clone(),
            invitations: targets.iter().map(|_| InvitationId(new_id(now))).collect(),
        })
        .collect()
}

/// What the form lacks, field by field.
fn missing(input: &CreateBlanks) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    let mut at = |field: &str, message: &str| {
        wrong.push(FieldError {
            field: field.to_owned(),
            message: message.to_owned(),
        });
    };
    if !(1..=MOST_BLANKS).contains(&input.count) {
        at("count", "Choose 1 to 10,000.");
    }
    if input.source.is_empty() {
        at(
            "source",
            "Name where they are handed out, such as “Open day 2026”: they are found by it.",
        );
    } else if input.source.chars().count() > LONGEST_SOURCE {
        at("source", "A source has at most 100 characters.");
    } else if input.source.chars().any(char::is_control) {
        at(
            "source",
            "A source has no line breaks or control characters.",
        );
    }
    if input.courses.len() + input.programs.len() > app::api::apps::MOST {
        at("target", "At most 20 courses and programs in one form.");
    }
    if input.role == Role::Admin {
        at(
            "role",
            "A code makes nobody an administrator: whoever finds it would be one. Invite \
             administrators by their address.",
        );
    } else if input.role != Role::Learner && !input.platform {
        at(
            "role",
            "Courses and programs are for learners. Choose the platform alone for another role.",
        );
    }
    if input.tenant.is_empty() {
        at("tenant", "Choose the tenant that invites.");
    } else if !input.platform && input.courses.is_empty() && input.programs.is_empty() {
        at("target", "Choose what to invite to.");
    }
    wrong
}

/// What was asked, key aside.
fn content_hash(input: &CreateBlanks) -> String {
    let content = CreateBlanks {
        idempotency_key: String::new(),
        ..input.clone()
    };
    let content = serde_json::to_vec(&content).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(Sha256::digest(content))
}

/// The days of the access window, by the tenant's clocks.
fn window(
    input: &CreateBlanks,
    tenant: &Tenant,
) -> Result<(Option<Timestamp>, Option<Timestamp>), ApiError> {
    let read = |field, day: Option<CivilDate>, of: fn(CivilDate, &str) -> Option<Timestamp>| {
        day.map(|day| {
            of(day, &tenant.time_zone).ok_or_else(|| wrong(field, "There is no such day."))
        })
        .transpose()
    };
    let starts_at = read("access_from", input.access_from, days::start_of)?;
    let ends_at = read("access_until", input.access_until, days::end_of)?;
    if starts_at
        .zip(ends_at)
        .is_some_and(|(start, end)| start > end)
    {
        return Err(wrong(
            "access_until",
            "The access would end before it begins. Choose a later day.",
        ));
    }
    Ok((starts_at, ends_at))
}

/// The same sentence at the form's own field.
fn at_expiry(error: ApiError) -> ApiError {
    match error {
        ApiError::Invalid { message, .. } => wrong("expires_on", message),
        error => error,
    }
}
