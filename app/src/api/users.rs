//! Everybody with an account, for super-admins.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

#[cfg(feature = "ssr")]
use super::respond::{answer, caller, ports};
use super::{ApiError, tenants::FoundTenant};
use crate::bulk::table::RowDone;
use crate::domain::{
    id::{BundleId, UserId},
    invitation::{InvitationKind, InvitationStatus},
    role::Role,
    time::Timestamp,
};

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

/// A new account. It has no password: the person gets in by a mailed link to choose one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateUser {
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// Nobody else's.
    pub email: String,
    /// Empty: none. Nobody else's.
    pub username: String,
    /// Mails that link now.
    pub mail: bool,
}

/// An account as it shall be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditUser {
    /// Which.
    pub user: UserId,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// Another one than before counts as proved: the caller answers for it. Refused for the
    /// caller's own account and for another super-admin's.
    pub email: String,
    /// The address that the caller saw: refused where it is another one by now.
    pub email_before: String,
    /// Empty: none.
    pub username: String,
}

/// A tenant that somebody is a member of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserMembership {
    /// The tenant.
    pub tenant: FoundTenant,
    /// The role there.
    pub role: Role,
    /// The tenant is disabled.
    pub disabled: bool,
    /// Since when.
    pub joined_at: Timestamp,
}

/// An invitation to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInvitation {
    /// Its bundle.
    pub bundle: BundleId,
    /// Who offers.
    pub tenant: FoundTenant,
    /// The tenant is disabled: nothing of it can be opened.
    pub disabled: bool,
    /// What kind.
    pub kind: InvitationKind,
    /// The tenant's name or the item's title.
    pub title: String,
    /// Where it stands.
    pub status: InvitationStatus,
    /// Since when.
    pub status_changed_at: Timestamp,
}

/// One account with what hangs on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDetail {
    /// What the list shows.
    pub line: UserLine,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// Empty where there is none.
    pub username: String,
    /// Since when.
    pub created_at: Timestamp,
    /// By name.
    pub memberships: Vec<UserMembership>,
    /// The newest 100, also those to the address alone.
    pub invitations: Vec<UserInvitation>,
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

/// One account.
#[server(name = UserShow, prefix = "/api", endpoint = "users/show", input = Json, output = Json)]
pub async fn show(user: UserId) -> Result<UserDetail, ApiError> {
    answer(ports().users.show(&caller(), user).await)
}

/// Makes an account.
#[server(name = UserCreate, prefix = "/api", endpoint = "users/create", input = Json, output = Json)]
pub async fn create(input: CreateUser) -> Result<UserId, ApiError> {
    answer(ports().users.create(&caller(), input).await)
}

/// Makes an account of each row that is right and new: cells in the order of
/// [`crate::bulk::table::USERS`]; what became of each, in their order. Again is harmless.
#[server(name = UsersUpload, prefix = "/api", endpoint = "users/upload", input = Json, output = Json)]
pub async fn upload(rows: Vec<Vec<String>>) -> Result<Vec<RowDone>, ApiError> {
    answer(ports().users.upload(&caller(), rows).await)
}

/// Changes names and address of an account that is not deactivated.
#[server(name = UserEdit, prefix = "/api", endpoint = "users/edit", input = Json, output = Json)]
pub async fn edit(input: EditUser) -> Result<(), ApiError> {
    answer(ports().users.edit(&caller(), input).await)
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
