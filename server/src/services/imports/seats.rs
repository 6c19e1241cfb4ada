//! Seats of a tenant: what has none left is `over_limit`, row by row, in their order. Pure;
//! the count is read while the tenant is held (ADR 0011).

use std::collections::HashSet;

use app::domain::{id::UserId, import::RowOutcome};

use super::{
    decide::{Decision, Facts, Step, live_of},
    rows::{Fault, Row},
};
use crate::storage::Seats;

/// Somebody who takes a seat: an account, or an address that has none.
#[derive(PartialEq, Eq, Hash)]
enum Person<'r> {
    Account(UserId),
    Address(&'r str),
}

/// Turns down who would take a seat that is not there.
pub fn apply(seats: Option<Seats>, rows: &[Row], decisions: &mut [Decision], facts: &Facts) {
    let Some(seats) = seats else { return };
    let mut free = seats.free();
    let mut seated: HashSet<Person> = HashSet::new();
    for (row, decision) in rows.iter().zip(decisions) {
        let (Ok(wish), Step::Create(_)) = (&row.wish, &decision.step) else {
            continue;
        };
        let account = facts.accounts.get(wish.email());
        let has_one = account.is_some_and(|account| account.role.is_some())
            || !live_of(wish, account, facts).is_empty();
        let person = account.map_or(Person::Address(wish.email()), |account| {
            Person::Account(account.id)
        });
        if has_one || seated.contains(&person) {
            continue;
        }
        if free == 0 {
            let message = format!(
                "All {} seats of this organisation are taken. Nobody was invited by this row. \
                 Revoke invitations that nobody needs, or ask who runs the platform for more.",
                seats.limit
            );
            *decision = Decision::plain(RowOutcome::OverLimit, Fault::new("", "no_seat", message));
        } else {
            free -= 1;
            seated.insert(person);
        }
    }
}
