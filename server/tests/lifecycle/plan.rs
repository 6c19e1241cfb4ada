//! The pure model: what an invitation is, and what becomes of it.

use app::domain::invitation::{InvitationEvent as E, InvitationStatus as S};

use crate::stage::LIFE;

pub const DAY: i64 = 86_400;
/// The days of the schedule, as a tenant has it by default.
pub const SCHEDULE: [i64; 2] = [3, 7];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mail {
    Queued,
    Sent,
    Dead,
}

/// One invitation of the model.
#[derive(Clone, Debug)]
pub struct One {
    pub person: usize,
    pub status: S,
    pub active: bool,
    pub send_at: Option<i64>,
    pub expires_at: i64,
    pub decline_at: Option<i64>,
    pub reminders: usize,
    pub remind_from: Option<i64>,
    pub remind_after: i64,
    /// Made when, is it a reminder, and where it stands.
    pub mails: Vec<(i64, bool, Mail)>,
    pub previous: Option<usize>,
}

impl One {
    pub fn new(person: usize, now: i64) -> Self {
        Self {
            person,
            status: S::Pending,
            active: true,
            send_at: None,
            expires_at: now + LIFE * 1000,
            decline_at: None,
            reminders: 0,
            remind_from: None,
            remind_after: i64::MIN,
            mails: Vec::new(),
            previous: None,
        }
    }

    /// The machine itself decides; what is at an end has no mail on its way.
    pub fn happen(&mut self, event: E) {
        if let Some(status) = self.status.after(event) {
            self.status = status;
        }
        if !self.status.is_live() {
            self.give_up();
        }
    }

    pub fn give_up(&mut self) {
        for mail in &mut self.mails {
            if mail.2 == Mail::Queued {
                mail.2 = Mail::Dead;
            }
        }
    }

    pub fn queue(&mut self, reminder: bool, now: i64) {
        self.mails.push((now, reminder, Mail::Queued));
    }

    pub fn is_open(&self, now: i64) -> bool {
        self.status.is_live() && self.expires_at > now
    }

    pub fn is_offered(&self, now: i64) -> bool {
        self.status == S::Pending && self.active && self.expires_at > now
    }

    pub fn too_soon(&self, now: i64) -> bool {
        let last = self.mails.iter().map(|mail| mail.0).max();
        last.is_some_and(|at| at + 60_000 > now)
    }

    pub fn told(&self) -> bool {
        let newest = self.mails.iter().rev().find(|mail| !mail.1);
        newest.is_some_and(|mail| mail.2 == Mail::Sent)
    }

    pub fn on_its_way(&self) -> bool {
        self.mails.iter().any(|mail| mail.2 == Mail::Queued)
    }

    pub fn send(&mut self, now: i64) {
        self.happen(E::Send);
        self.send_at = None;
        if self.active {
            self.queue(false, now);
        }
    }

    pub fn remind(&mut self, now: i64) -> bool {
        let may = self.is_offered(now)
            && self.reminders < 3
            && self.told()
            && !self.on_its_way()
            && !self.too_soon(now);
        if may {
            let gap = if self.reminders == 0 {
                SCHEDULE[1] - SCHEDULE[0]
            } else {
                1
            };
            self.remind_after = now + gap * DAY * 1000;
            self.reminders += 1;
            self.queue(true, now);
        }
        may
    }
}

#[derive(Default)]
pub struct Model {
    pub all: Vec<One>,
}

impl Model {
    pub fn has(&self, person: usize) -> bool {
        let accepted = |one: &&One| one.person == person && one.status == S::Accepted;
        self.all.iter().any(|one| accepted(&one))
    }

    /// Whoever is to be invited is freed of what ran out first.
    pub fn is_free(&mut self, person: usize, now: i64) -> bool {
        for one in self.all.iter_mut().filter(|one| one.person == person) {
            if one.status.is_live() && one.expires_at <= now {
                one.happen(E::Expire);
            }
        }
        let live = |one: &One| one.person == person && one.status.is_live();
        !self.has(person) && !self.all.iter().any(live)
    }
}
