//! The worker of the mails about accounts: claims what is due, draws each mail's secret,
//! keeps its hash, sends, writes down. Beside the outbox's worker, so that nobody who
//! forgot a password waits behind ten thousand invitations.

use std::time::Duration;

use app::domain::{invitation::DeliveryStatus, time::Timestamp};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::outbox::back_off;
use crate::{
    clock::{Secret, new_id},
    mail::{FailureClass, MailFailure, Mailer, account},
    services::{Desk, password},
    storage::{AccountLetter, AccountMailPurpose, AccountSent, KEPT_DAYS, StorageError},
};

/// Mails that one claim takes, all on the wire at once.
const BATCH: u32 = 8;
/// Seconds that a claim holds its entries: longer than one mail may take.
const LEASE_SECONDS: i64 = 180;
/// How often the worker looks.
const EVERY: Duration = Duration::from_secs(1);
/// How often old rows are looked for.
const FORGET_EVERY: u32 = 3_600;
/// Minutes that a link or a code is good after it was mailed.
pub const GOOD_MINUTES: i64 = 30;

/// Sends what is due until `shutdown`; mails that are on the wire by then are finished.
pub async fn run(desk: Desk, mailer: Mailer, shutdown: CancellationToken) {
    for round in (0..FORGET_EVERY).cycle() {
        if round == 0
            && let Err(error) = forget_old(&desk).await
        {
            tracing::error!(%error, "old mails about accounts could not be forgotten");
        }
        match send_batch(&desk, &mailer).await {
            Ok(sent) if sent > 0 && !shutdown.is_cancelled() => continue,
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "mails about accounts failed; tried again"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Forgets mails, and the addresses in them, some days after they were queued.
pub async fn forget_old(desk: &Desk) -> Result<u64, StorageError> {
    let before = desk.now().plus_days(-KEPT_DAYS);
    desk.storage
        .write(move |tx| Box::pin(tx.forget_account_mails(before)))
        .await
}

/// Claims and sends one batch; how many entries it dealt with.
pub async fn send_batch(desk: &Desk, mailer: &Mailer) -> Result<usize, StorageError> {
    let now = desk.now();
    let due = desk
        .storage
        .read(move |tx| Box::pin(tx.account_mail_is_due(now)))
        .await?;
    if !due {
        return Ok(0);
    }
    let owner = new_id(now).simple().to_string();
    let until = now.plus_seconds(LEASE_SECONDS);
    let (letters, settled) = desk
        .storage
        .write(|tx| {
            let owner = owner.clone();
            Box::pin(async move { tx.claim_account_mails(&owner, now, until, BATCH).await })
        })
        .await?;
    let dealt_with = letters.len() + settled;
    let mut tasks = JoinSet::new();
    for letter in letters {
        let (desk, mailer, owner) = (desk.clone(), mailer.clone(), owner.clone());
        tasks.spawn(async move {
            // What fails here is taken up again when its lease has run out.
            if let Err(error) = send(&desk, &mailer, &owner, &letter).await {
                tracing::error!(%error, mail = %letter.id, "a mail about an account failed");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        if let Err(error) = done {
            tracing::error!(%error, "the task of a mail about an account died");
        }
    }
    Ok(dealt_with)
}

/// Arms, sends and records one mail.
async fn send(
    desk: &Desk,
    mailer: &Mailer,
    owner: &str,
    letter: &AccountLetter,
) -> Result<(), StorageError> {
    let secret = match draw(letter.purpose).await? {
        Some((secret, hash)) => {
            let until = desk.now().plus_seconds(GOOD_MINUTES * 60);
            let id = letter.id;
            let armed = desk
                .storage
                .write(|tx| {
                    let (owner, hash) = (owner.to_owned(), hash.clone());
                    Box::pin(async move { tx.arm_account_mail(id, &owner, &hash, until).await })
                })
                .await?;
            if !armed {
                return Ok(());
            }
            Some(secret)
        }
        None => None,
    };
    let sent = match account::write(letter, secret.as_ref(), &desk.settings, desk.now()) {
        Ok(mail) => mailer.send(&mail).await,
        Err(failure) => Err(failure),
    };
    let record = outcome(letter, sent, desk.now());
    desk.storage
        .write(|tx| {
            let (owner, record) = (owner.to_owned(), record.clone());
            Box::pin(async move { tx.record_account_mail(&owner, &record).await })
        })
        .await
}

/// The secret of a mail, and what the database keeps of it.
async fn draw(purpose: AccountMailPurpose) -> Result<Option<(Secret, String)>, StorageError> {
    let unavailable = |what: String| StorageError::Unavailable(what);
    match purpose {
        AccountMailPurpose::Reset => {
            let secret = Secret::draw().map_err(|error| unavailable(error.to_string()))?;
            let hash = secret.hash_hex();
            Ok(Some((secret, hash)))
        }
        // So few digits are found from a quick hash in no time: kept like a password.
        AccountMailPurpose::Verify | AccountMailPurpose::Change | AccountMailPurpose::Taken => {
            let secret = Secret::draw_code().map_err(|error| unavailable(error.to_string()))?;
            let hash = password::hash(secret.reveal())
                .await
                .map_err(|error| unavailable(error.to_string()))?;
            Ok(Some((secret, hash)))
        }
        AccountMailPurpose::Changed => Ok(None),
    }
}

/// What the result of one try means for its entry.
fn outcome(letter: &AccountLetter, result: Result<(), MailFailure>, now: Timestamp) -> AccountSent {
    let mut sent = AccountSent {
        id: letter.id,
        status: DeliveryStatus::Sent,
        note: String::new(),
        not_before: now,
        at: now,
    };
    let Err(failure) = result else {
        return sent;
    };
    tracing::warn!(mail = %letter.id, class = ?failure.class, text = %failure.text,
        "a mail about an account was not sent");
    sent.note = failure.text;
    sent.status = match failure.class {
        FailureClass::Unknown => DeliveryStatus::Unknown,
        FailureClass::Permanent => DeliveryStatus::Bounced,
        FailureClass::Transient => match back_off(letter.id, letter.attempt) {
            Some(seconds) => {
                sent.not_before = now.plus_seconds(seconds);
                DeliveryStatus::Deferred
            }
            None => DeliveryStatus::Dead,
        },
    };
    sent
}
