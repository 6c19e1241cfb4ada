//! Faults (docs/trust.md, F): the real program is killed, stopped, cut off from its
//! database, and crowded; what it promised holds afterwards.

#![expect(clippy::unwrap_used, reason = "a test ends where a step fails")]

#[path = "../common/mod.rs"]
mod common;

mod away;
mod busy;
mod client;
mod kill;
mod mailbox;
mod no_mail;
mod office;
mod proxy;
mod random;
mod stop;
