//! What the tenant may know beforehand about addresses and keys. Nothing is kept or
//! logged, and the answer is only about this tenant's members and live invitations: an
//! address with an account elsewhere looks like one without (S27, S29).

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use app::{
    api::{
        ApiError,
        imports::{CheckAnswer, CheckBatch},
    },
    domain::{
        id::{TenantId, UserId},
        invitation::InvitationKind,
        time::Timestamp,
    },
};

use super::{
    super::desk::{Desk, refuse},
    decide::invitee,
    slice::catalog,
};

/// Addresses or keys of each sort in one batch.
const BATCH_MAX: usize = 1_000;
/// Addresses a user may ask about in an hour: a file of the largest size four times.
const HOURLY_ADDRESSES: usize = 400_000;
const HOUR: i64 = 3_600;

/// How many addresses each user has asked about in the hour that runs. In memory: it
/// brakes a flood, and a restart forgives.
#[derive(Default)]
pub struct Quota(Mutex<HashMap<UserId, (Timestamp, usize)>>);

impl Quota {
    /// Takes `addresses` from the user's hour, or says how many seconds to wait.
    fn take(&self, user: UserId, addresses: usize, now: Timestamp) -> Result<(), ApiError> {
        let mut hours = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hours.len() >= 10_000 {
            hours.retain(|_, (since, _)| now < since.plus_seconds(HOUR));
        }
        let (since, spent) = hours.entry(user).or_insert((now, 0));
        // Also where the clock jumped back: nobody waits longer than an hour.
        if now >= since.plus_seconds(HOUR) || now < *since {
            (*since, *spent) = (now, 0);
        }
        if *spent + addresses > HOURLY_ADDRESSES {
            return Err(ApiError::TooMany {
                retry_after: now.seconds_until(since.plus_seconds(HOUR)),
            });
        }
        *spent += addresses;
        Ok(())
    }
}

/// Answers a batch.
pub async fn check(
    desk: &Desk,
    quota: &Quota,
    tenant: TenantId,
    user: UserId,
    input: CheckBatch,
) -> Result<CheckAnswer, ApiError> {
    for (field, values) in [
        ("emails", &input.emails),
        ("courses", &input.courses),
        ("programs", &input.programs),
    ] {
        if values.len() > BATCH_MAX {
            return Err(ApiError::field(field, "At most 1,000 at a time."));
        }
        if values.iter().collect::<HashSet<_>>().len() != values.len() {
            return Err(ApiError::field(field, "Each one only once."));
        }
        // No key or address is longer, and PostgreSQL refuses NUL in a text.
        if values
            .iter()
            .any(|value| value.len() > 1_000 || value.contains('\0'))
        {
            return Err(ApiError::field(
                field,
                "One of these cannot be what it should be.",
            ));
        }
    }
    // A user id is an invitee key as well, but nothing to ask about.
    if !input.emails.iter().all(|email| email.contains('@')) {
        return Err(ApiError::field("emails", "One of these is no address."));
    }
    let now = desk.now();
    quota.take(user, input.emails.len(), now)?;

    let input = std::sync::Arc::new(input);
    desk.storage
        .read(move |tx| {
            let input = input.clone();
            Box::pin(async move {
                let accounts = tx.users_by_emails(tenant, &input.emails).await?;
                let key_of = |email: &String| invitee(accounts.get(email), email).0;
                // Under the address as well: see `decide::live_of`.
                let keys: Vec<String> = input
                    .emails
                    .iter()
                    .cloned()
                    .chain(input.emails.iter().map(key_of))
                    .collect::<HashSet<_>>()
                    .into_iter()
                    .collect();
                let live: HashSet<String> = tx
                    .live_among(tenant, &keys)
                    .await?
                    .into_iter()
                    .filter(|invitation| invitation.expires_at > now)
                    .map(|invitation| invitation.invitee_key)
                    .collect();
                let is_member =
                    |email: &&String| accounts.get(*email).is_some_and(|user| user.role.is_some());
                let is_invited =
                    |email: &&String| live.contains(*email) || live.contains(&key_of(email));
                let mut unknown = Vec::new();
                for (kind, keys) in [
                    (InvitationKind::Course, &input.courses),
                    (InvitationKind::Program, &input.programs),
                ] {
                    let known = catalog(tx, tenant, kind, keys.iter()).await?;
                    let missing = keys.iter().filter(|key| !known.contains_key(*key));
                    unknown.push(missing.cloned().collect::<Vec<String>>());
                }
                let unknown_programs = unknown.pop().unwrap_or_default();
                let unknown_courses = unknown.pop().unwrap_or_default();
                Ok(CheckAnswer {
                    members: input.emails.iter().filter(is_member).cloned().collect(),
                    invited: input.emails.iter().filter(is_invited).cloned().collect(),
                    unknown_courses,
                    unknown_programs,
                })
            })
        })
        .await
        .map_err(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_its_quota_and_ends() {
        let quota = Quota::default();
        let user = UserId(uuid::Uuid::from_u128(1));
        let other = UserId(uuid::Uuid::from_u128(2));
        let start = Timestamp(1_800_000_000_000);
        for _ in 0..400 {
            quota.take(user, 1_000, start).unwrap();
        }
        assert_eq!(
            quota.take(user, 1, start.plus_seconds(600)),
            Err(ApiError::TooMany { retry_after: 3_000 })
        );
        quota.take(other, 1_000, start).unwrap();
        quota.take(user, 1_000, start.plus_seconds(3_600)).unwrap();
    }
}
