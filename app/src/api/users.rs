//! Everybody with an account, for super-admins.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

#[cfg(feature = "ssr")]
use super::respond::{answer, caller, ports};
use super::{ApiError, tenants::FoundTenant};
use crate::domain::id::UserId;

/// Which accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListUsers {
    /// Words of the name or the address; empty: everybody.
    pub search: String,
    /// Opaque, from the page before.
    pub after: Option<String>,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each shown by itself"
)]
pub struct UserLine {
    /// The account.
    pub user: UserId,
    /// First and last name, or the address where there is none.
    pub name: String,
    /// The address as typed.
    pub email: String,
    /// The mailbox is proved.
    pub email_verified: bool,
    /// Runs the whole platform.
    pub super_admin: bool,
    /// Can no longer sign in.
    pub deactivated: bool,
    /// Has never chosen a password.
    pub without_password: bool,
}

/// A page of accounts, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsersPage {
    /// At most 50.
    pub users: Vec<UserLine>,
    /// Present where more follow.
    pub next: Option<String>,
}

/// Somebody who is found while one types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundUser {
    /// The account.
    pub user: UserId,
    /// First and last name, or the address where there is none.
    pub name: String,
    /// The address as typed.
    pub email: String,
    /// Empty where there is none.
    pub username: String,
    /// The tenants that the person is a member of, by name.
    pub tenants: Vec<FoundTenant>,
}

/// At most 20 people whose name, address or username has all the words: their beginnings
/// from one character on, anything within a word from three.
#[server(name = UsersFind, prefix = "/api", endpoint = "users/find", input = Json, output = Json)]
pub async fn find(search: String) -> Result<Vec<FoundUser>, ApiError> {
    answer(ports().users.find(&caller(), search).await)
}

/// Everybody with an account.
#[server(name = UsersList, prefix = "/api", endpoint = "users/list", input = Json, output = Json)]
pub async fn list(input: ListUsers) -> Result<UsersPage, ApiError> {
    answer(ports().users.list(&caller(), input).await)
}

/// Says that the address is the person's, where no mail can prove it.
#[server(name = UserVouch, prefix = "/api", endpoint = "users/vouch", input = Json, output = Json)]
pub async fn vouch(user: UserId) -> Result<(), ApiError> {
    answer(ports().users.vouch(&caller(), user).await)
}

/// Ends the account's sessions and links, until it is reactivated. 409 `last_admin` where
/// nobody else does what only this account could do.
#[server(name = UserDeactivate, prefix = "/api", endpoint = "users/deactivate", input = Json, output = Json)]
pub async fn deactivate(user: UserId) -> Result<(), ApiError> {
    answer(ports().users.deactivate(&caller(), user).await)
}

/// Lets a deactivated account in again.
#[server(name = UserReactivate, prefix = "/api", endpoint = "users/reactivate", input = Json, output = Json)]
pub async fn reactivate(user: UserId) -> Result<(), ApiError> {
    answer(ports().users.reactivate(&caller(), user).await)
}

/// Takes the person out of the account, for good. 409 as for [`deactivate`].
#[server(name = UserDelete, prefix = "/api", endpoint = "users/delete", input = Json, output = Json)]
pub async fn delete(user: UserId) -> Result<(), ApiError> {
    answer(ports().users.delete(&caller(), user).await)
}
