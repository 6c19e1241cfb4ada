//! The mails that an import may queue (S37): what is over a quota of the day is
//! `over_limit`, row by row, in their order.

use std::collections::BTreeSet;

use app::domain::{import::RowOutcome, time::Timestamp};

use super::{
    decide::{Decision, Step},
    rows::{Fault, Row, Wish},
    slice::Job,
};
use crate::storage::{StorageError, Tx};

/// Seconds that a quota is counted over.
const OVER: i64 = 86_400;

/// Turns down what is over a quota.
pub async fn apply(
    tx: &mut Tx,
    job: &Job,
    rows: &[Row],
    decisions: &mut [Decision],
    now: Timestamp,
) -> Result<(), StorageError> {
    let mailed = decisions
        .iter()
        .zip(rows)
        .filter(|(decision, row)| mails(row, decision))
        .count();
    if !job.mail || mailed == 0 {
        return Ok(());
    }
    let since = now.plus_seconds(-OVER);
    let tenant = job.tenant.id;
    let left = tx.mails_left(tenant, since).await?;
    let mut tenant_left = left.tenant;
    // One inviter has queued no more than the whole tenant: usually nothing is to be counted.
    let wanted = i64::try_from(mailed).unwrap_or(i64::MAX);
    let mut inviter_left = if left.used.saturating_add(wanted) > left.per_inviter {
        left.per_inviter - tx.mails_of_inviter(tenant, job.user, since).await?
    } else {
        left.per_inviter
    };
    let emails: BTreeSet<String> = rows
        .iter()
        .zip(&*decisions)
        .filter(|(row, decision)| mails(row, decision))
        .filter_map(|(row, _)| Some(row.wish.as_ref().ok()?.email().to_owned()))
        .collect();
    let emails: Vec<String> = emails.into_iter().collect();
    let got = tx.mails_to_addresses(tenant, &emails, since).await?;
    for (row, decision) in rows.iter().zip(decisions) {
        let Ok(wish) = &row.wish else { continue };
        if !mails(row, decision) {
            continue;
        }
        let to_address = got.get(wish.email()).copied().unwrap_or_default();
        let message = if to_address >= left.per_address {
            "This address got as many mails within 24 hours as one may get."
        } else if inviter_left <= 0 {
            "Your mails within 24 hours are used up."
        } else if tenant_left <= 0 {
            "The mails that this organisation may send within 24 hours are used up."
        } else {
            inviter_left -= 1;
            tenant_left -= 1;
            continue;
        };
        let message = format!("{message} Nothing was sent. Try again tomorrow.");
        *decision = Decision::plain(RowOutcome::OverLimit, Fault::new("", "over_quota", message));
    }
    Ok(())
}

/// Whether a mail is queued for what a row makes.
fn mails(row: &Row, decision: &Decision) -> bool {
    decision.step != Step::Nothing && row.wish.as_ref().is_ok_and(Wish::is_mailed)
}
