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

/// The members of a tenant.
#[server(name = PeopleList, prefix = "/api", endpoint = "people/list", input = Json, output = Json)]
pub async fn list(input: ListPeople) -> Result<PeoplePage, ApiError> {
    answer(ports().people.list(&caller(), input).await)
}
