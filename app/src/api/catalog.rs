//! A tenant's courses and programs.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

#[cfg(feature = "ssr")]
use super::respond::{answer, caller, ports};
use super::{ApiError, tenants::FoundTenant};
use crate::bulk::table::RowDone;
use crate::domain::{id::CatalogItemId, invitation::InvitationKind};

/// Which items. Here and below an empty slug means those that are shared by all tenants,
/// which super-admins alone see apart and change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListCatalog {
    /// The tenant's slug.
    pub tenant: String,
    /// Words of the key or the title; empty: all.
    pub search: String,
    /// Only courses, or only programs.
    pub kind: Option<InvitationKind>,
    /// True: the archived ones instead.
    pub archived: bool,
    /// Opaque, from the page before.
    pub after: Option<String>,
}

/// A course or a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogLine {
    /// The item.
    pub item: CatalogItemId,
    /// `Course` or `Program`.
    pub kind: InvitationKind,
    /// As it stands in a CSV.
    pub key: String,
    /// On the screen.
    pub title: String,
    /// False: shared by all tenants, and not theirs to change.
    pub own: bool,
    /// Nobody can be invited to it any more.
    pub archived: bool,
    /// How many courses a program has.
    pub courses: u64,
    /// Live invitations of this tenant to it.
    pub live: u64,
}

/// A page of the catalog, by key and title.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogPage {
    /// At most 50.
    pub items: Vec<CatalogLine>,
    /// Present where more follow.
    pub next: Option<String>,
}

/// Which items of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEverywhere {
    /// Words of the key or the title; empty: all.
    pub search: String,
    /// Only courses, or only programs.
    pub kind: Option<InvitationKind>,
    /// Only one tenant's, by its slug; empty: only the shared ones.
    pub owner: Option<String>,
    /// True: the archived ones instead.
    pub archived: bool,
    /// Opaque, from the page before.
    pub after: Option<String>,
}

/// An item, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedLine {
    /// The item; `live` counts its owner's invitations, or everybody's to a shared one.
    pub line: CatalogLine,
    /// None: shared by all tenants.
    pub owner: Option<FoundTenant>,
}

/// A page of all items, by key and title.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EverywherePage {
    /// At most 50.
    pub items: Vec<OwnedLine>,
    /// Present where more follow.
    pub next: Option<String>,
}

/// Names an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogRef {
    /// The tenant's slug.
    pub tenant: String,
    /// The item.
    pub item: CatalogItemId,
}

/// An item with its courses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogDetail {
    /// What the list shows.
    pub line: CatalogLine,
    /// Somebody was invited to it: its key is fixed.
    pub used: bool,
    /// A program's courses, in their order.
    pub courses: Vec<CatalogLine>,
}

/// A new item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateItem {
    /// The tenant's slug.
    pub tenant: String,
    /// `Course` or `Program`.
    pub kind: InvitationKind,
    /// Unique among the tenant's items of this kind.
    pub key: String,
    /// On the screen.
    pub title: String,
    /// A program's courses, in their order.
    pub courses: Vec<CatalogItemId>,
}

/// An item as it shall be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditItem {
    /// The tenant's slug.
    pub tenant: String,
    /// The item.
    pub item: CatalogItemId,
    /// As it was, once somebody was invited to it.
    pub key: String,
    /// On the screen.
    pub title: String,
    /// A program's courses, in their order.
    pub courses: Vec<CatalogItemId>,
}

/// An item that is found while one types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundItem {
    /// The item.
    pub item: CatalogItemId,
    /// As it stands in a CSV.
    pub key: String,
    /// On the screen.
    pub title: String,
    /// Whose it is; none: shared by all tenants.
    pub tenant: Option<FoundTenant>,
}

/// At most 20 items of any tenant that may be invited to, by the words of their keys and
/// titles (super-admins).
#[server(name = CatalogFind, prefix = "/api", endpoint = "catalog/find", input = Json, output = Json)]
pub async fn find(search: String, kind: InvitationKind) -> Result<Vec<FoundItem>, ApiError> {
    answer(ports().catalog.find(&caller(), search, kind).await)
}

/// A page of the catalog: the tenant's own items and the shared ones.
#[server(name = CatalogList, prefix = "/api", endpoint = "catalog/list", input = Json, output = Json)]
pub async fn list(input: ListCatalog) -> Result<CatalogPage, ApiError> {
    answer(ports().catalog.list(&caller(), input).await)
}

/// A page of the items of every enabled tenant and the shared ones (super-admins).
#[server(name = CatalogEverywhere, prefix = "/api", endpoint = "catalog/everywhere", input = Json, output = Json)]
pub async fn everywhere(input: ListEverywhere) -> Result<EverywherePage, ApiError> {
    answer(ports().catalog.everywhere(&caller(), input).await)
}

/// One of the tenant's own items.
#[server(name = CatalogShow, prefix = "/api", endpoint = "catalog/show", input = Json, output = Json)]
pub async fn show(input: CatalogRef) -> Result<CatalogDetail, ApiError> {
    answer(ports().catalog.show(&caller(), input).await)
}

/// Makes an item.
#[server(name = CatalogCreate, prefix = "/api", endpoint = "catalog/create", input = Json, output = Json)]
pub async fn create(input: CreateItem) -> Result<CatalogItemId, ApiError> {
    answer(ports().catalog.create(&caller(), input).await)
}

/// Makes an item of each row that is right and new: cells in the order of
/// [`crate::bulk::table::ITEMS`]; what became of each, in their order. Again is harmless
/// (super-admins).
#[server(name = CatalogUpload, prefix = "/api", endpoint = "catalog/upload", input = Json, output = Json)]
pub async fn upload(rows: Vec<Vec<String>>) -> Result<Vec<RowDone>, ApiError> {
    answer(ports().catalog.upload(&caller(), rows).await)
}

/// Changes an item of the tenant's own.
#[server(name = CatalogEdit, prefix = "/api", endpoint = "catalog/edit", input = Json, output = Json)]
pub async fn edit(input: EditItem) -> Result<(), ApiError> {
    answer(ports().catalog.edit(&caller(), input).await)
}

/// Archives an item of the tenant's own; what is live to it is revoked. How many were.
#[server(name = CatalogArchive, prefix = "/api", endpoint = "catalog/archive", input = Json, output = Json)]
pub async fn archive(input: CatalogRef) -> Result<u64, ApiError> {
    answer(ports().catalog.archive(&caller(), input).await)
}
