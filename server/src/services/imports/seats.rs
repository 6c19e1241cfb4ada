//! Seats of a tenant: who would take one that is not there is `over_limit`. Pure; the count
//! is read while the tenant is held (ADR 0011).

use std::collections::HashSet;

use app::domain::{id::UserId, import::RowOutcome};

use super::{
    decide::{Decision, Facts, Step, live_of},
    rows::{Fault, Wish},
};
use crate::storage::Seats;

/// Somebody who takes a seat: an account, or an address that has none.
#[derive(PartialEq, Eq, Hash)]
pub enum Person<'r> {
    /// An account.
    Account(UserId),
    /// An address.
    Address(&'r str),
}

/// The seats as rows take them, one after the other.
pub struct Seating<'r> {
    limit: u64,
    free: u64,
    seated: HashSet<Person<'r>>,
}

impl<'r> Seating<'r> {
    /// Before the first row.
    pub fn new(seats: Seats) -> Self {
        Self {
            limit: seats.limit,
            free: seats.free(),
            seated: HashSet::new(),
        }
    }

    /// Who takes a seat by this row; `None`: nobody who has none.
    pub fn newcomer(
        &self,
        wish: &'r Wish,
        decision: &Decision,
        facts: &Facts,
    ) -> Option<Person<'r>> {
        if !matches!(decision.step, Step::Create(_)) {
            return None;
        }
        let account = facts.accounts.get(wish.email());
        let has_one = account.is_some_and(|account| account.role.is_some())
            || !live_of(wish, account, facts).is_empty();
        let person = account.map_or(Person::Address(wish.email()), |account| {
            Person::Account(account.id)
        });
        (!has_one && !self.seated.contains(&person)).then_some(person)
    }

    /// What becomes of a row whose person finds none; `None`: there is one.
    pub fn refusal(&self) -> Option<Decision> {
        (self.free == 0).then(|| {
            let message = format!(
                "All {} seats of this organisation are taken. Nobody was invited by this row. \
                 Revoke invitations that nobody needs, or ask who runs the platform for more.",
                self.limit
            );
            Decision::plain(RowOutcome::OverLimit, Fault::new("", "no_seat", message))
        })
    }

    /// Gives the next one.
    pub fn seat(&mut self, person: Person<'r>) {
        self.free -= 1;
        self.seated.insert(person);
    }
}
