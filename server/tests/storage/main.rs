//! The contract of the storage, the same on both engines: what a method promises
//! whoever calls it, beneath every service.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

mod audit;
mod catalog;
mod changes;
mod db;
mod engine;
mod imports;
mod invitations;
mod links;
mod machine;
mod outbox;
mod rekey;
mod sessions;
mod statements;
mod tenants;
mod users;
mod windows;
