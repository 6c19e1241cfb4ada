//! The members of a tenant.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

use super::ApiError;
#[cfg(feature = "ssr")]
use super::respond::{answer, caller, ports};
use crate::domain::{id::UserId, role::Role, time::Timestamp};

/// Which members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPeople {
    /// The tenant's slug.
    pub tenant: String,
    /// Words of the name or the address; empty: everybody.
    pub search: String,
    /// Opaque, from the page before.
    pub after: Option<String>,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonLine {
    /// The account.
    pub user: UserId,
    /// First and last name.
    pub name: String,
    /// The address as typed.
    pub email: String,
    /// The role in this tenant.
    pub role: Role,
    /// Labels, from the CSV's `group`.
    pub group: String,
    /// Since when.
    pub joined_at: Timestamp,
}

/// A page of members, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeoplePage {
    /// At most 50.
    pub people: Vec<PersonLine>,
    /// Present where more follow.
    pub next: Option<String>,
}

/// Names a member of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRef {
    /// The tenant's slug.
    pub tenant: String,
    /// The account.
    pub user: UserId,
}

/// What hangs on a member: what a question before a change has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberTies {
    /// People whose live invitations this member answers for.
    pub invited: u64,
    /// Live invitations to this member here.
    pub waiting: u64,
    /// Courses and programs of this member here.
    pub courses: u64,
}

/// What becomes of the live invitations of somebody who may invite no more (S24).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pendings {
    /// Whoever makes the change answers for them from now on.
    #[default]
    TakeOver,
    /// They are revoked, with the reason.
    Revoke,
}

/// Gives a member another role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRole {
    /// The tenant's slug.
    pub tenant: String,
    /// The account.
    pub user: UserId,
    /// The new role, up to the caller's own.
    pub role: Role,
    /// Where the member may invite no more.
    #[serde(default)]
    pub pendings: Pendings,
}

/// Gives a member other labels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetGroup {
    /// The tenant's slug.
    pub tenant: String,
    /// The account.
    pub user: UserId,
    /// Labels, separated by `|`; empty: none.
    pub group: String,
}

/// Ends a membership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveMember {
    /// The tenant's slug.
    pub tenant: String,
    /// The account.
    pub user: UserId,
    /// Where the member could invite.
    #[serde(default)]
    pub pendings: Pendings,
}

/// What hangs on a member.
#[server(name = PeopleTies, prefix = "/api", endpoint = "people/ties", input = Json, output = Json)]
pub async fn ties(input: MemberRef) -> Result<MemberTies, ApiError> {
    answer(ports().people.ties(&caller(), input).await)
}

/// Gives a member another role.
#[server(name = PeopleSetRole, prefix = "/api", endpoint = "people/set_role", input = Json, output = Json)]
pub async fn set_role(input: SetRole) -> Result<(), ApiError> {
    answer(ports().people.set_role(&caller(), input).await)
}

/// Gives a member other labels.
#[server(name = PeopleSetGroup, prefix = "/api", endpoint = "people/set_group", input = Json, output = Json)]
pub async fn set_group(input: SetGroup) -> Result<(), ApiError> {
    answer(ports().people.set_group(&caller(), input).await)
}

/// Ends a membership, with its courses and what waits for the person here.
#[server(name = PeopleRemove, prefix = "/api", endpoint = "people/remove", input = Json, output = Json)]
pub async fn remove(input: RemoveMember) -> Result<(), ApiError> {
    answer(ports().people.remove(&caller(), input).await)
}

/// The members of a tenant.
#[server(name = PeopleList, prefix = "/api", endpoint = "people/list", input = Json, output = Json)]
pub async fn list(input: ListPeople) -> Result<PeoplePage, ApiError> {
    answer(ports().people.list(&caller(), input).await)
}
