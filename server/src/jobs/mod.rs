//! Work that nobody waits for: one file per job, each idempotent, each safe to kill.

pub mod account_mails;
pub mod declines;
pub mod expiry;
pub mod imports;
pub mod inviters;
pub mod outbox;
pub mod reminders;
pub mod schedule;
pub mod words;
