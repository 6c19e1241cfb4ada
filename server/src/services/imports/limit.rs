//! What an import may not have: seats (ADR 0011), and mails over a quota of the day (S37).
//! Such a row is `over_limit`.

use std::collections::{BTreeSet, HashMap};

use app::domain::{import::RowOutcome, time::Timestamp};

use super::{
    decide::{Decision, Facts, Step},
    rows::{Fault, Row, Wish},
    seats::Seating,
    slice::Job,
};
use crate::storage::{Seats, StorageError, Tx};

/// Seconds that a quota is counted over.
const OVER: i64 = 86_400;

/// Turns down what is over a limit: row by row, in their order, and each row by both, so that
/// none takes a seat or a mail that it is then refused for want of the other.
pub async fn apply(
    tx: &mut Tx,
    job: &Job,
    seats: Option<Seats>,
    rows: &[Row],
    decisions: &mut [Decision],
    facts: &Facts,
    now: Timestamp,
) -> Result<(), StorageError> {
    let mut mails = Mails::read(tx, job, rows, decisions, now).await?;
    let mut seating = seats.map(Seating::new);
    for (row, decision) in rows.iter().zip(decisions) {
        let Ok(wish) = &row.wish else { continue };
        let newcomer = seating
            .as_ref()
            .and_then(|seating| seating.newcomer(wish, decision, facts));
        let mailed = mails.as_mut().filter(|_| mails_of(wish, decision));
        let no_seat = seating
            .as_ref()
            .filter(|_| newcomer.is_some())
            .and_then(Seating::refusal);
        let no_mail = || mailed.as_ref()?.refusal(wish.email());
        if let Some(refused) = no_seat.or_else(no_mail) {
            *decision = refused;
            continue;
        }
        if let (Some(seating), Some(person)) = (&mut seating, newcomer) {
            seating.seat(person);
        }
        if let Some(mails) = mailed {
            mails.take();
        }
    }
    Ok(())
}

/// The mails that may still be queued, as rows take them.
struct Mails {
    tenant: i64,
    inviter: i64,
    per_address: i64,
    /// What each address got already.
    got: HashMap<String, i64>,
}

impl Mails {
    /// Before the first row; `None` where none of them queues one.
    async fn read(
        tx: &mut Tx,
        job: &Job,
        rows: &[Row],
        decisions: &[Decision],
        now: Timestamp,
    ) -> Result<Option<Self>, StorageError> {
        let mailed: Vec<&str> = decisions
            .iter()
            .zip(rows)
            .filter_map(|(decision, row)| Some((decision, row.wish.as_ref().ok()?)))
            .filter(|(decision, wish)| mails_of(wish, decision))
            .map(|(_, wish)| wish.email())
            .collect();
        if !job.mail || mailed.is_empty() {
            return Ok(None);
        }
        let since = now.plus_seconds(-OVER);
        let tenant = job.tenant.id;
        let left = tx.mails_left(tenant, since).await?;
        // One inviter has queued no more than the whole tenant: usually nothing is to be
        // counted.
        let wanted = i64::try_from(mailed.len()).unwrap_or(i64::MAX);
        let inviter = if left.used.saturating_add(wanted) > left.per_inviter {
            left.per_inviter - tx.mails_of_inviter(tenant, job.user, since).await?
        } else {
            left.per_inviter
        };
        let emails: BTreeSet<&str> = mailed.into_iter().collect();
        let emails: Vec<String> = emails.into_iter().map(str::to_owned).collect();
        Ok(Some(Self {
            tenant: left.tenant,
            inviter,
            per_address: left.per_address,
            got: tx.mails_to_addresses(tenant, &emails, since).await?,
        }))
    }

    /// What becomes of a row whose mail is over a quota; `None`: it is within all of them.
    fn refusal(&self, email: &str) -> Option<Decision> {
        let to_address = self.got.get(email).copied().unwrap_or_default();
        let message = if to_address >= self.per_address {
            "This address got as many mails within 24 hours as one may get."
        } else if self.inviter <= 0 {
            "Your mails within 24 hours are used up."
        } else if self.tenant <= 0 {
            "The mails that this organisation may send within 24 hours are used up."
        } else {
            return None;
        };
        let message = format!("{message} Nothing was sent. Try again tomorrow.");
        let fault = Fault::new("", "over_quota", message);
        Some(Decision::plain(RowOutcome::OverLimit, fault))
    }

    /// Queues one.
    fn take(&mut self) {
        self.inviter -= 1;
        self.tenant -= 1;
    }
}

/// Whether a mail is queued for what a row makes.
fn mails_of(wish: &Wish, decision: &Decision) -> bool {
    decision.step != Step::Nothing && wish.is_mailed()
}
