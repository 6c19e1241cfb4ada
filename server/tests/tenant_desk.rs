//! What a tenant's admins change: people, catalog, settings.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

#[path = "tenant_desk/accounts_list.rs"]
mod accounts_list;
#[path = "tenant_desk/catalog.rs"]
mod catalog;
#[path = "tenant_desk/everywhere.rs"]
mod everywhere;
#[path = "tenant_desk/learner.rs"]
mod learner;
#[path = "tenant_desk/people.rs"]
mod people;
#[path = "tenant_desk/settings.rs"]
mod settings;
mod stage;
#[path = "tenant_desk/tenants.rs"]
mod tenants;
#[path = "tenant_desk/upload.rs"]
mod upload;
#[path = "tenant_desk/users.rs"]
mod users;
