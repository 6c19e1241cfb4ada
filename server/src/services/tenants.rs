//! A tenant's start page, and the list of tenants.

use app::{
    api::{
        ApiError,
        tenants::{TenantLine, TenantOverview},
    },
    domain::{
        policy::{self, Action},
        time::{CivilDate, Timestamp},
    },
    ports::{self, Caller},
};
use async_trait::async_trait;

use super::{
    Desk,
    desk::{allow, refuse},
};

/// See [`ports::Tenants`].
pub struct TenantsService {
    desk: Desk,
}

impl TenantsService {
    /// The service on this desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

#[async_trait]
impl ports::Tenants for TenantsService {
    async fn overview(&self, caller: &Caller, slug: String) -> Result<TenantOverview, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &slug, Action::SeeManagement)
            .await?;
        let role_ceiling =
            policy::role_ceiling(self.desk.user(caller)?, tenant.id).ok_or(ApiError::NotFound)?;
        let id = tenant.id;
        let (totals, (courses, programs)) = self
            .desk
            .storage
            .read(move |tx| {
                Box::pin(
                    async move { Ok((tx.tenant_totals(id).await?, tx.catalog_counts(id).await?)) },
                )
            })
            .await
            .map_err(refuse)?;
        let today = today(self.desk.now(), &tenant.time_zone).ok_or_else(|| {
            tracing::error!(tenant = %tenant.id, "the tenant's time zone is unknown");
            ApiError::Internal
        })?;
        Ok(TenantOverview {
            id: tenant.id,
            slug: tenant.slug,
            name: tenant.name,
            time_zone: tenant.time_zone,
            today,
            role_ceiling,
            default_expiry_days: u16::try_from(tenant.default_expiry_days).unwrap_or(30),
            hold_seconds: u32::try_from(tenant.hold_seconds).unwrap_or(60),
            members: totals.members,
            people_by_status: totals.people_by_status.into_iter().collect(),
            imports: totals.imports,
            courses,
            programs,
        })
    }

    async fn list(&self, caller: &Caller) -> Result<Vec<TenantLine>, ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        let tenants = self
            .desk
            .storage
            .read(|tx| Box::pin(tx.tenants()))
            .await
            .map_err(refuse)?;
        Ok(tenants
            .into_iter()
            .map(|tenant| TenantLine {
                slug: tenant.slug,
                name: tenant.name,
                members: tenant.members,
                pending: tenant.pending,
            })
            .collect())
    }
}

/// The date in an IANA zone; `None` for an unknown zone or a time out of range.
#[must_use]
pub fn today(now: Timestamp, time_zone: &str) -> Option<CivilDate> {
    let zone = jiff::tz::TimeZone::get(time_zone).ok()?;
    let date = jiff::Timestamp::from_millisecond(now.0)
        .ok()?
        .to_zoned_datetime(zone)
        .date();
    Some(CivilDate {
        year: date.year(),
        month: u8::try_from(date.month()).ok()?,
        day: u8::try_from(date.day()).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_is_the_zone_s_date() {
        // 2026-11-10T23:30:00Z
        let now = Timestamp(1_794_353_400_000);
        let date = |zone| today(now, zone).map(|d| (d.year, d.month, d.day));
        assert_eq!(date("Europe/Lisbon"), Some((2026, 11, 10)));
        assert_eq!(date("Asia/Tokyo"), Some((2026, 11, 11)));
        assert_eq!(date("Mars/Olympus"), None);
    }
}
