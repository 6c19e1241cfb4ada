//! What a tenant's admins change: people, catalog, settings.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

#[path = "tenant_desk/catalog.rs"]
mod catalog;
#[path = "tenant_desk/people.rs"]
mod people;
#[path = "tenant_desk/settings.rs"]
mod settings;
mod stage;
