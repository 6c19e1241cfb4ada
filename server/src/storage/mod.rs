//! The only place that knows SQL (ADR 0002).
//!
//! A statement is written once, with `$1`, and runs on both engines through
//! [`Tx`]; `sqlite/` and `postgres/` hold what truly differs: opening, pragmas,
//! error mapping. Reads take [`Storage::read`], changes [`Storage::write`]: one
//! intention, one transaction, retried where the engine asks for it.

mod audit;
mod engine;
mod error;
mod fold;
mod postgres;
mod sessions;
mod sqlite;
mod tenants;
mod users;

pub use audit::{AuditEvent, audit_actor};
pub use engine::{Arg, FromBoth, Storage, Tx, TxFuture, in_list, insert_many};
pub use error::StorageError;
pub use fold::{contains_pattern, fold};
pub use sessions::{LiveSession, NewSession};
pub use tenants::Tenant;
pub use users::{
    KnownUser, MembershipLine, NewMembership, NewUser, PasswordHash, User, display_name,
};
