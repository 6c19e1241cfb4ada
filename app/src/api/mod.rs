//! The wire: one `#[server]` function per use case, its request, its answer.
//! A body is one delegating line to a port; rules live in the services.

pub mod accounts;
pub mod apps;
pub mod audit;
pub mod blanks;
pub mod catalog;
#[cfg(feature = "csr")]
pub mod client;
pub mod demo;
pub mod error;
pub mod imports;
pub mod invitations;
pub mod landing;
pub mod mine;
pub mod people;
pub mod redeem;
#[cfg(feature = "ssr")]
mod respond;
pub mod session;
pub mod tenants;
pub mod users;

pub use error::{ApiError, FieldError};

/// Where the server functions live.
pub const PREFIX: &str = "/api";
/// The stream of changes (server-sent events): `GET /api/events?tenant=<slug>`.
pub const EVENTS_PATH: &str = "/api/events";
