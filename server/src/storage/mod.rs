//! The only place that knows SQL (ADR 0002).
//!
//! A statement is written once, with `$1`, and runs on both engines through
//! [`Tx`]; `sqlite/` and `postgres/` hold what truly differs: opening, pragmas,
//! error mapping. Reads take [`Storage::read`], changes [`Storage::write`]: one
//! intention, one transaction, retried where the engine asks for it.

mod accept;
mod account_mails;
mod accounts;
mod apps;
mod audit;
mod blanks;
mod bulk_acts;
mod bulk_lookup;
mod bulk_write;
mod bundles;
mod catalog;
mod changes;
mod declines;
mod desk_catalog;
mod desk_tenants;
mod desk_users;
mod engine;
mod error;
mod find;
mod fold;
mod import_chunks;
mod import_rows;
mod imports;
pub mod invariants;
mod invitations;
mod key_marks;
mod links;
mod members;
mod mine;
mod offers;
mod outbox;
mod people;
mod places;
mod plans;
mod postgres;
mod quotas;
mod read_audit;
mod reinvite;
mod rekey;
mod reminders;
mod schedule;
mod seats;
mod sessions;
mod sqlite;
mod suppressions;
mod switch;
mod tenants;
mod timeline;
mod undo;
mod users;
mod windows;

pub use accept::{AcceptOutcome, Claimant};
pub use account_mails::{
    AccountLetter, AccountMailPurpose, AccountSent, CODE_TRIES, KEPT_DAYS, NewAccountMail, OpenCode,
};
pub use accounts::{AccountLine, AccountProfile, MayGo, is_deleted};
pub use audit::{AuditEvent, audit_actor};
pub use blanks::{Assigned, BatchFacts, BlankAct, BlankBatch, BlankLine, NewBlank, SealedCode};
pub use bulk_acts::{BatchKey, KnownBatch};
pub use bulk_lookup::{LiveBundle, LiveInvitation, Submitter};
pub use bulk_write::{Act, NewBundle, NewInvitation};
pub use bundles::{ListedBundle, ListedTarget};
pub use catalog::{CatalogItem, NewCatalogItem};
pub use changes::Change;
pub use declines::Declining;
pub use desk_catalog::{ItemChange, ItemFilter, KnownItem, ListedItem, Owned, OwnedItem};
pub use desk_tenants::{Gate, GateChange, TenantCounts, TenantName};
pub use desk_users::{
    AccountFacts, AccountInvitation, AccountMembership, KnownAccount, NewAccount,
};
pub use engine::{Arg, FromBoth, Storage, Tx, TxFuture, in_list, insert_many};
pub use error::StorageError;
pub use find::{FoundAccount, FoundCatalogItem, Words};
pub use fold::{contains_pattern, fold};
pub use import_chunks::{ChunkStored, NewChunk, StoredChunk};
pub use imports::{Import, NewImport, NewOutcome, OutcomeCounts};
pub use invitations::BundleState;
pub use links::{LANDING_MINUTES, NewLink};
pub use members::{InviterGone, Ties};
pub use mine::{OwnInvitation, OwnItem};
pub use offers::{Offer, OfferedTarget};
pub use outbox::{Claimed, HELD, Letter, NewDelivery, Sent};
pub use people::{AfterMember, Member};
pub use places::{AfterBundle, BundleFilter, BundleOrder, FoundBundles, More, SortValue};
pub use quotas::MailsLeft;
pub use read_audit::{AuditNames, AuditQuery, ReadEvent};
pub use reinvite::Before;
pub use rekey::LateKey;
pub use reminders::Reminding;
pub use seats::Seats;
pub use sessions::{LiveSession, NewSession};
pub use suppressions::Mailbox;
pub use tenants::{NewTenant, Tenant, TenantTotals};
pub use timeline::{Audited, BundleFacts, MailLine};
pub use users::{
    KnownUser, MembershipLine, NewMembership, NewUser, PasswordHash, User, display_name,
};
