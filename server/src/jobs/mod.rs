//! Work that nobody waits for: one file per job, each idempotent, each safe to kill.

pub mod account_mails;
pub mod expiry;
pub mod imports;
pub mod outbox;
pub mod words;
