//! A tenant's start page, and the list of tenants for super-admins.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

use super::ApiError;
#[cfg(feature = "ssr")]
use super::respond::{answer, caller, ports};
use crate::domain::{
    counts::Counts, id::TenantId, invitation::InvitationStatus, role::Role, time::CivilDate,
};

/// What the management pages need to know about their tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantOverview {
    /// The tenant.
    pub id: TenantId,
    /// In addresses.
    pub slug: String,
    /// On the screen.
    pub name: String,
    /// IANA name of the zone, such as `Europe/Lisbon`.
    pub time_zone: String,
    /// Today in that zone: the rules for `expires_on` start here.
    pub today: CivilDate,
    /// The highest role the caller may give.
    pub role_ceiling: Role,
    /// Days until an invitation expires where the row says nothing.
    pub default_expiry_days: u16,
    /// Seconds that mails are held after a submit.
    pub hold_seconds: u32,
    /// Members now.
    pub members: u64,
    /// People by status of their bundle.
    pub people_by_status: Counts<InvitationStatus, u64>,
    /// Imports so far.
    pub imports: u64,
    /// Catalog items that may be invited to: the tenant's own and the shared ones.
    pub courses: u64,
    /// The same for programs.
    pub programs: u64,
}

/// People who were invited: a blank placeholder that nobody has used is nobody.
pub fn invited(by_status: &Counts<InvitationStatus, u64>) -> u64 {
    by_status.values().sum::<u64>() - by_status.of(InvitationStatus::Unassigned)
}

/// Which tenants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListTenants {
    /// Words of the name or the slug; empty: all.
    pub search: String,
    /// True: the disabled ones instead.
    pub disabled: bool,
    /// Opaque, from the page before.
    pub after: Option<String>,
}

/// A page of tenants, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantsPage {
    /// At most 50.
    pub tenants: Vec<TenantLine>,
    /// Present where more follow.
    pub next: Option<String>,
}

/// A tenant in the super-admin's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantLine {
    /// The tenant.
    pub tenant: TenantId,
    /// In addresses.
    pub slug: String,
    /// On the screen.
    pub name: String,
    /// IANA name of the zone.
    pub time_zone: String,
    /// Days until an invitation expires where nothing is said.
    pub default_expiry_days: u16,
    /// Nobody acts in it and its links lead nowhere, until it is enabled.
    pub disabled: bool,
    /// Members now; where there are more than [`COUNTED`](crate::domain::counts::COUNTED), so many or
    /// more, as in all that follows.
    pub members: u64,
    /// Those of them who are admins and can sign in.
    pub admins: u64,
    /// People whose invitation is pending.
    pub pending: u64,
    /// Its seats; none: there is no limit.
    pub seats: Option<SeatsTaken>,
    /// More seats are taken than were counted.
    pub seats_partly: bool,
}

/// A tenant that is found while one types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundTenant {
    /// In addresses.
    pub slug: String,
    /// On the screen.
    pub name: String,
}

/// At most 20 tenants whose name or slug has all the words (super-admins).
#[server(name = TenantsFind, prefix = "/api", endpoint = "tenants/find", input = Json, output = Json)]
pub async fn find(search: String) -> Result<Vec<FoundTenant>, ApiError> {
    answer(ports().tenants.find(&caller(), search).await)
}

/// The seats of a tenant that has a limit: one a person (ADR 0011).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatsTaken {
    /// Taken by members, by people who are invited, and by blank invitations.
    pub used: u64,
    /// There are so many.
    pub limit: u64,
}

/// Sets how many seats a tenant has (super-admins).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetSeats {
    /// The tenant's slug.
    pub tenant: String,
    /// None: as many as one likes.
    pub limit: Option<u32>,
}

/// The tenant's seats; none: there is no limit.
#[server(name = TenantSeats, prefix = "/api", endpoint = "tenants/seats", input = Json, output = Json)]
pub async fn seats(tenant: String) -> Result<Option<SeatsTaken>, ApiError> {
    answer(ports().tenants.seats(&caller(), tenant).await)
}

/// Sets them; refused where more are taken.
#[server(name = TenantSetSeats, prefix = "/api", endpoint = "tenants/set_seats", input = Json, output = Json)]
pub async fn set_seats(input: SetSeats) -> Result<(), ApiError> {
    answer(ports().tenants.set_seats(&caller(), input).await)
}

/// What a tenant's admins decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantSettings {
    /// IANA name of the zone, such as `Europe/Lisbon`.
    pub time_zone: String,
    /// Days until an invitation expires where the row says nothing: 1–365.
    pub default_expiry_days: u16,
    /// Seconds that mails are held after a submit: 0–3,600.
    pub hold_seconds: u32,
    /// Whether the tenant's admins may see links (S26).
    pub reveal_links: bool,
    /// Days after the mail on which who has not answered is reminded: rising, at most
    /// [`MOST_REMINDERS`], each 1–90; none: nobody is.
    pub remind_days: Vec<u16>,
}

/// Reminders of one invitation, by the schedule and by hand.
pub const MOST_REMINDERS: usize = 3;

/// Changes a tenant's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeSettings {
    /// The tenant's slug.
    pub tenant: String,
    /// As they shall be.
    pub settings: TenantSettings,
}

/// A new tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTenant {
    /// On the screen.
    pub name: String,
    /// In addresses; it stays.
    pub slug: String,
    /// IANA name of the zone.
    pub time_zone: String,
    /// Days until an invitation expires where nothing is said: 1–365.
    pub default_expiry_days: u16,
}

/// What super-admins decide of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantFacts {
    /// On the screen.
    pub name: String,
    /// IANA name of the zone.
    pub time_zone: String,
    /// Days until an invitation expires where nothing is said: 1–365.
    pub default_expiry_days: u16,
}

/// A tenant as it shall be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditTenant {
    /// Which; a disabled one too.
    pub tenant: TenantId,
    /// As the caller saw it: 409 `tenant_changed` where it is something else by now.
    pub before: TenantFacts,
    /// As it shall be.
    pub now: TenantFacts,
}

/// Makes a tenant, which has no member yet (super-admins).
#[server(name = TenantCreate, prefix = "/api", endpoint = "tenants/create", input = Json, output = Json)]
pub async fn create(input: CreateTenant) -> Result<(), ApiError> {
    answer(ports().tenants.create(&caller(), input).await)
}

/// Changes a tenant (super-admins).
#[server(name = TenantEdit, prefix = "/api", endpoint = "tenants/edit", input = Json, output = Json)]
pub async fn edit(input: EditTenant) -> Result<(), ApiError> {
    answer(ports().tenants.edit(&caller(), input).await)
}

/// Shuts a tenant: its members cannot act in it and its links lead nowhere, until it is
/// enabled (super-admins).
#[server(name = TenantDisable, prefix = "/api", endpoint = "tenants/disable", input = Json, output = Json)]
pub async fn disable(tenant: TenantId) -> Result<(), ApiError> {
    answer(ports().tenants.disable(&caller(), tenant).await)
}

/// Opens a disabled tenant again (super-admins).
#[server(name = TenantEnable, prefix = "/api", endpoint = "tenants/enable", input = Json, output = Json)]
pub async fn enable(tenant: TenantId) -> Result<(), ApiError> {
    answer(ports().tenants.enable(&caller(), tenant).await)
}

/// The tenant's settings.
#[server(name = TenantSettingsFn, prefix = "/api", endpoint = "tenants/settings", input = Json, output = Json)]
pub async fn settings(tenant: String) -> Result<TenantSettings, ApiError> {
    answer(ports().tenants.settings(&caller(), tenant).await)
}

/// Changes them.
#[server(name = TenantChangeSettings, prefix = "/api", endpoint = "tenants/change_settings", input = Json, output = Json)]
pub async fn change_settings(input: ChangeSettings) -> Result<(), ApiError> {
    answer(ports().tenants.change_settings(&caller(), input).await)
}

/// The tenant's start page (tenant admins, super-admins).
#[server(name = TenantOverviewFn, prefix = "/api", endpoint = "tenants/overview", input = Json, output = Json)]
pub async fn overview(tenant: String) -> Result<TenantOverview, ApiError> {
    answer(ports().tenants.overview(&caller(), tenant).await)
}

/// A page of all tenants, by name (super-admins).
#[server(name = TenantsList, prefix = "/api", endpoint = "tenants/list", input = Json, output = Json)]
pub async fn list(input: ListTenants) -> Result<TenantsPage, ApiError> {
    answer(ports().tenants.list(&caller(), input).await)
}
