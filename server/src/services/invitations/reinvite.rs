//! Making what came to an end anew: the same person, the same targets, by whoever asks, by
//! the rules of an invitation that is made by hand; linked to the one before.

use app::{
    api::{ApiError, invitations::BundleLine},
    domain::{
        id::{BundleId, CatalogItemId, TenantId},
        import::RowOutcome,
        invitation::{InvitationKind, InvitationStatus},
    },
    ports::Caller,
};

use super::{acts::Act, line, listed};
use crate::{
    services::{
        Desk,
        desk::refuse,
        imports::by_hand::{self, Asked, Made, Person, Target},
    },
    storage::{Before, StorageError, Tenant, Tx, is_deleted},
};

/// Makes one bundle anew.
pub async fn reinvite(
    desk: &Desk,
    caller: &Caller,
    tenant: &Tenant,
    bundle: BundleId,
) -> Result<BundleLine, ApiError> {
    let act = Act::new(desk, caller, tenant);
    let answer = desk
        .storage
        .write(move |tx| {
            let (desk, act) = (desk.clone(), act.clone());
            Box::pin(async move { reinvite_in(tx, &desk, &act, bundle).await })
        })
        .await;
    desk.wake.notify_waiters();
    answer.map_err(refuse)?
}

async fn reinvite_in(
    tx: &mut Tx,
    desk: &Desk,
    act: &Act,
    bundle: BundleId,
) -> Result<Result<BundleLine, ApiError>, StorageError> {
    // The tenant before its bundles, as everybody who makes invitations takes them.
    tx.hold_seats(act.tenant.id).await?;
    // Two who do it at once meet at the unique index: the second finds a live one.
    tx.lock_bundle(bundle).await?;
    let Some(before) = tx.bundle_before(act.tenant.id, bundle).await? else {
        return Ok(Err(ApiError::NotFound));
    };
    if before.status.is_live() {
        return Ok(refused(
            "still_live",
            "This invitation still waits for its person. Resend or extend it.",
        ));
    }
    let mut ended = false;
    let mut targets = Vec::new();
    for (kind, id, status) in &before.targets {
        if *status == InvitationStatus::Accepted {
            continue;
        }
        ended = true;
        let item = CatalogItemId(*id);
        let there = *kind == InvitationKind::Platform
            || tx.invitable(act.tenant.id, item).await? == Some(*kind);
        // A bundle may have held one twice: declined, then added anew by the same list.
        if there && !targets.iter().any(|known: &Target| known.id == *id) {
            targets.push(Target {
                kind: *kind,
                id: *id,
            });
        }
    }
    if before.ends_at.is_some_and(|end| end <= act.now) {
        return Ok(refused(
            "access_over",
            "The access that it gave is over. Make a new invitation with other days. Nothing was made.",
        ));
    }
    if targets.is_empty() {
        return Ok(if ended {
            refused(
                "archived",
                "What it invited to is archived. Nothing was made.",
            )
        } else {
            refused(
                "accepted",
                "The person accepted all of it. Nothing was made.",
            )
        });
    }
    let Some(person) = person(tx, act.tenant.id, &before).await? else {
        return Ok(refused(
            "deactivated",
            "The person's account is deactivated or deleted. Nothing was made.",
        ));
    };
    let asked = Asked {
        role: before.role,
        expires_on: None,
        note: before.note,
        targets,
        active: true,
        mail: !before.no_mail,
        send_at: None,
        metadata: before.metadata,
        source: before.source,
        redirect: before.redirect,
        starts_at: before.starts_at,
        ends_at: before.ends_at,
    };
    let rows = match by_hand::read(&act.tenant, &[person], &asked, act.now) {
        Ok(rows) => rows,
        Err(fault) => return Ok(refused("invalid", &fault.message)),
    };
    let Some(user) = act.user else {
        return Ok(Err(ApiError::SignInFirst));
    };
    let made = by_hand::make(tx, desk, (&act.tenant, user), &rows, act.now).await?;
    let Some(made) = made.into_iter().next() else {
        return Ok(Err(ApiError::Internal));
    };
    let Some(new) = made.bundle.filter(|_| made.outcome == RowOutcome::Created) else {
        return Ok(why(&made));
    };
    tx.link_previous(new, bundle).await?;
    tx.record(vec![act.event("invitation.reinvited", bundle)])
        .await?;
    tx.announce(act.tenant.id, act.now).await?;
    let listed = listed(tx, act.tenant.id, new).await?;
    Ok(listed.map(line).ok_or(ApiError::NotFound))
}

/// The person: a member at the address that the account has by now, anybody else at the one
/// that was invited, whatever became of an account that this tenant knows nothing of (S29).
/// `None`: the member is deactivated, or the person's data was deleted.
async fn person(
    tx: &mut Tx,
    tenant: TenantId,
    before: &Before,
) -> Result<Option<Person>, StorageError> {
    let mut person = Person {
        email: before.email.clone(),
        first_name: before.first_name.clone(),
        last_name: before.last_name.clone(),
        group: before.labels.clone(),
        external_id: before.external_id.clone().unwrap_or_default(),
    };
    if let Some(user) = before.user
        && tx.is_member(tenant, user).await?
    {
        match tx.user_by_id(user).await? {
            Some(user) if !user.deactivated => person.email = user.email_typed,
            _ => return Ok(None),
        }
    }
    Ok(Some(person).filter(|person| !is_deleted(&person.email)))
}

fn refused<T>(code: &str, message: &str) -> Result<T, ApiError> {
    Err(ApiError::Conflict {
        code: code.to_owned(),
        message: message.to_owned(),
    })
}

/// Why nothing was made, in words.
fn why(made: &Made) -> Result<BundleLine, ApiError> {
    let message = match made.outcome {
        RowOutcome::AlreadyInvited => {
            "The person has a live invitation to the same by now. Nothing was made."
        }
        RowOutcome::AlreadyMember => "The person has all of it by now. Nothing was made.",
        _ if !made.message.is_empty() => &made.message,
        _ => "Nothing was made.",
    };
    refused(made.outcome.as_str(), message)
}
