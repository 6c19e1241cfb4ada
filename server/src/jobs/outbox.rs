//! The outbox's worker: claims due mails, mints their tokens, sends, writes down.
//!
//! At least once: a worker that dies between the mail server's answer and our
//! commit leaves its entries under a lease; when it has run out they are sent once
//! more under the same Message-ID (F02). Whatever a result was, the write counts
//! only while the lease is the worker's own.

use std::{collections::HashMap, sync::Arc, time::Duration};

use app::domain::{id::DeliveryId, invitation::DeliveryStatus, time::Timestamp};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::{Secret, new_id},
    failpoint::{Point, hit},
    mail::{FailureClass, MailFailure, Mailer, invitation},
    services::Desk,
    storage::{Claimed, Letter, Sent, StorageError},
};

/// Entries that one claim takes.
const BATCH: usize = 32;
/// Mails on the wire at once.
const PARALLEL: usize = 8;
/// Seconds that a claim holds its entries: a batch takes at most four rounds of the
/// 90 seconds that one mail may take.
const LEASE_SECONDS: i64 = 420;
/// Without a wake-up the worker looks this often.
const EVERY: Duration = Duration::from_secs(1);
/// Seconds until the next try, by the number of tries so far; after these, dead.
const BACK_OFF: [i64; 5] = [60, 300, 1_800, 7_200, 21_600];

/// How long to wait after each try to write a result down.
const WRITE_AGAIN: [Duration; 6] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::ZERO,
];

/// Sends what is due until `shutdown`; mails that are on the wire by then are finished,
/// the others of their batch are given back (F18).
pub async fn run(desk: Desk, mailer: Mailer, shutdown: CancellationToken) {
    loop {
        match send_until(&desk, &mailer, &shutdown).await {
            // More may be due at once.
            Ok(sent) if sent > 0 && !shutdown.is_cancelled() => continue,
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "the outbox failed; it is tried again"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = desk.wake.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Claims and sends one batch; how many entries it dealt with.
pub async fn send_batch(desk: &Desk, mailer: &Mailer) -> Result<usize, StorageError> {
    send_until(desk, mailer, &CancellationToken::new()).await
}

/// Like [`send_batch`]; after `shutdown` no further mail of the batch is begun.
pub async fn send_until(
    desk: &Desk,
    mailer: &Mailer,
    shutdown: &CancellationToken,
) -> Result<usize, StorageError> {
    let now = desk.now();
    let due = desk
        .storage
        .read(move |tx| Box::pin(tx.mail_is_due(now)))
        .await?;
    if !due {
        return Ok(0);
    }
    let owner = new_id(now).simple().to_string();
    let (claimed, secrets) = claim(desk, &owner, now).await?;
    hit(Point::MailClaimed);
    let dealt_with = claimed.letters.len() + claimed.settled;
    send_all(desk, mailer, &owner, claimed.letters, &secrets, shutdown).await;
    Ok(dealt_with)
}

async fn claim(
    desk: &Desk,
    owner: &str,
    now: Timestamp,
) -> Result<(Claimed, Vec<Secret>), StorageError> {
    // Drawn before the transaction, which may run twice.
    let secrets: Vec<Secret> = (0..BATCH)
        .map(|_| Secret::draw())
        .collect::<Result<_, _>>()
        .map_err(|error| StorageError::Unavailable(error.to_string()))?;
    let hashes: Vec<[u8; 32]> = secrets.iter().map(Secret::hash).collect();
    let until = now.plus_seconds(LEASE_SECONDS);
    let claimed = desk
        .storage
        .write(|tx| {
            let (owner, hashes) = (owner.to_owned(), hashes.clone());
            Box::pin(async move { tx.claim(&owner, now, until, &hashes).await })
        })
        .await?;
    Ok((claimed, secrets))
}

/// Sends the letters, at most eight at once, and writes results down as they come.
async fn send_all(
    desk: &Desk,
    mailer: &Mailer,
    owner: &str,
    letters: Vec<Letter>,
    secrets: &[Secret],
    shutdown: &CancellationToken,
) {
    let permits = Arc::new(Semaphore::new(PARALLEL));
    let mut tasks = JoinSet::new();
    let mut by_task = HashMap::new();
    for letter in letters {
        let Some(token) = secrets.get(letter.secret).cloned() else {
            continue;
        };
        let (desk, mailer, permits) = (desk.clone(), mailer.clone(), Arc::clone(&permits));
        let shutdown = shutdown.clone();
        let kept = letter.clone();
        let task = tasks.spawn(async move {
            let _permit = permits.acquire_owned().await;
            // A mail server that hangs would keep the whole batch's time from ending.
            if shutdown.is_cancelled() {
                return Try::NotBegun;
            }
            Try::Ended(
                match invitation::write(&letter, &token, &desk.settings, desk.now()) {
                    Ok(mail) => {
                        let sent = mailer.send(&mail).await;
                        hit(Point::MailSent);
                        sent
                    }
                    Err(failure) => Err(failure),
                },
            )
        });
        by_task.insert(task.id(), kept);
    }
    while let Some(first) = tasks.join_next_with_id().await {
        let mut results = Vec::new();
        let mut not_begun = Vec::new();
        let mut next = Some(first);
        // Whatever else is done by now is written in the same transaction.
        while let Some(joined) = next {
            let (task, result) = match joined {
                Ok((task, result)) => (task, result),
                // A poison entry harms itself alone (F12); nobody knows how far it got.
                Err(error) => (
                    error.id(),
                    Try::Ended(Err(MailFailure::new(
                        FailureClass::Unknown,
                        "The server failed while it sent this mail. It may have arrived.",
                    ))),
                ),
            };
            match (by_task.remove(&task), result) {
                (Some(letter), Try::Ended(result)) => {
                    results.push(outcome(&letter, result, desk.now()));
                }
                (Some(letter), Try::NotBegun) => not_begun.push(letter),
                (None, _) => {}
            }
            next = tasks.try_join_next_with_id();
        }
        write_down(desk, owner, &results, &not_begun).await;
    }
}

/// How one letter's task ended.
enum Try {
    /// The server is ending; it is as if the letter had not been claimed.
    NotBegun,
    /// Sent, or not.
    Ended(Result<(), MailFailure>),
}

/// Writes results down; again for a while where the database is away, because a result
/// that is lost is a mail that is sent twice. Whatever is not written by then is taken
/// up again when its lease has run out.
async fn write_down(desk: &Desk, owner: &str, results: &[Sent], not_begun: &[Letter]) {
    let now = desk.now();
    for wait in WRITE_AGAIN {
        let written = desk
            .storage
            .write(|tx| {
                let (owner, results) = (owner.to_owned(), results.to_vec());
                let not_begun = not_begun.to_vec();
                Box::pin(async move {
                    tx.give_back(&owner, &not_begun, now).await?;
                    let written = tx.record_sent(&owner, &results).await?;
                    hit(Point::MailWritten);
                    Ok(written)
                })
            })
            .await;
        match written {
            Ok(_) => {
                hit(Point::MailRecorded);
                return;
            }
            Err(error) => {
                tracing::error!(%error, "what became of a mail could not be written down");
            }
        }
        tokio::time::sleep(wait).await;
    }
}

/// What the result of one try means for its entry.
fn outcome(letter: &Letter, result: Result<(), MailFailure>, now: Timestamp) -> Sent {
    let mut sent = Sent {
        id: letter.id,
        bundle: letter.bundle,
        tenant: letter.tenant,
        status: DeliveryStatus::Sent,
        note: String::new(),
        not_before: now,
        dead_link: None,
        at: now,
    };
    let Err(failure) = result else {
        return sent;
    };
    tracing::warn!(delivery = %letter.id, class = ?failure.class, text = %failure.text,
        "a mail was not sent");
    sent.note = failure.text;
    match failure.class {
        FailureClass::Unknown => sent.status = DeliveryStatus::Unknown,
        FailureClass::Permanent => {
            sent.status = DeliveryStatus::Bounced;
            sent.dead_link = Some(letter.token_hash);
        }
        FailureClass::Transient => {
            sent.dead_link = Some(letter.token_hash);
            if let Some(seconds) = back_off(letter.id, letter.attempt) {
                sent.status = DeliveryStatus::Deferred;
                sent.not_before = now.plus_seconds(seconds);
            } else {
                sent.status = DeliveryStatus::Dead;
                sent.note = format!("Given up after {} tries. {}", letter.attempt, sent.note);
            }
        }
    }
    sent
}

/// Seconds until the next try after `attempt` tries, up to a fifth longer so that what
/// failed together is not tried together; `None`: give up.
pub(super) fn back_off(entry: DeliveryId, attempt: i64) -> Option<i64> {
    let step = usize::try_from(attempt.max(1) - 1).ok()?;
    let seconds = *BACK_OFF.get(step)?;
    // The id's last bytes are random.
    let random = i64::from(entry.0.as_bytes()[15]);
    Some(seconds + seconds * random / (255 * 5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn tries_get_rarer_with_jitter_and_end() {
        let low = DeliveryId(Uuid::from_u128(0));
        let high = DeliveryId(Uuid::from_u128(255));
        assert_eq!(back_off(low, 1), Some(60));
        assert_eq!(back_off(high, 1), Some(72));
        assert_eq!(back_off(low, 5), Some(21_600));
        assert_eq!(back_off(low, 6), None);
    }

    #[test]
    fn a_lease_outlasts_its_batch() {
        let rounds = i64::try_from(BATCH.div_ceil(PARALLEL)).unwrap();
        let longest = i64::try_from(crate::mail::LONGEST_SEND.as_secs()).unwrap();
        assert!(LEASE_SECONDS > rounds * longest);
    }
}
