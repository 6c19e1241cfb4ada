//! A tenant's start page, and the list of tenants.

use app::{
    api::{
        ApiError, FieldError,
        tenants::{
            ChangeSettings, FoundTenant, MOST_REMINDERS, SeatsTaken, SetSeats, TenantLine,
            TenantOverview, TenantSettings,
        },
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
    people::search_words,
};
use crate::storage::{AuditEvent, Seats, audit_actor, fold};

/// Tenants that one search gives.
const FOUND: usize = 20;

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

    async fn find(&self, caller: &Caller, search: String) -> Result<Vec<FoundTenant>, ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        let words = search_words(&search);
        let names = self
            .desk
            .storage
            .read(|tx| Box::pin(tx.tenant_names()))
            .await
            .map_err(refuse)?;
        // There are few of them: no index is needed.
        Ok(names
            .into_iter()
            .filter(|(slug, name)| {
                let text = fold(&format!("{name} {slug}"));
                words.iter().all(|word| text.contains(word.as_str()))
            })
            .take(FOUND)
            .map(|(slug, name)| FoundTenant { slug, name })
            .collect())
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
                seats: tenant.seats.map(taken),
            })
            .collect())
    }

    async fn seats(&self, caller: &Caller, slug: String) -> Result<Option<SeatsTaken>, ApiError> {
        let tenant = self.desk.tenant(caller, &slug, Action::Invite).await?;
        let seats = self
            .desk
            .storage
            .read(move |tx| Box::pin(tx.seats(tenant.id)))
            .await
            .map_err(refuse)?;
        Ok(seats.map(taken))
    }

    async fn set_seats(&self, caller: &Caller, input: SetSeats) -> Result<(), ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageTenant)
            .await?;
        let now = self.desk.now();
        let (actor_id, actor) = audit_actor(&caller.actor);
        let event = AuditEvent {
            tenant: Some(tenant.id),
            actor_id,
            actor,
            action: "tenant.seats_set",
            subject: "tenant",
            subject_id: tenant.id.0,
            at: now,
        };
        let too_many = self
            .desk
            .storage
            .write(move |tx| {
                let event = event.clone();
                Box::pin(async move {
                    let too_many = tx.set_seat_limit(tenant.id, input.limit).await?;
                    if too_many.is_none() {
                        tx.record(vec![event]).await?;
                        tx.announce(tenant.id, now).await?;
                    }
                    Ok(too_many)
                })
            })
            .await
            .map_err(refuse)?;
        match too_many {
            None => Ok(()),
            Some(used) => Err(ApiError::field(
                "limit",
                format!(
                    "{used} seats are taken. Choose that many or more, or free some first: \
                     nothing was changed."
                ),
            )),
        }
    }

    async fn settings(&self, caller: &Caller, slug: String) -> Result<TenantSettings, ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &slug, Action::ManageTenant)
            .await?;
        Ok(TenantSettings {
            time_zone: tenant.time_zone,
            default_expiry_days: u16::try_from(tenant.default_expiry_days).unwrap_or(30),
            hold_seconds: u32::try_from(tenant.hold_seconds).unwrap_or(60),
            reveal_links: tenant.reveal_links,
            remind_days: tenant.remind_days,
        })
    }

    async fn change_settings(
        &self,
        caller: &Caller,
        input: ChangeSettings,
    ) -> Result<(), ApiError> {
        let tenant = self
            .desk
            .tenant(caller, &input.tenant, Action::ManageTenant)
            .await?;
        let settings = validated(input.settings)?;
        let now = self.desk.now();
        let (actor_id, actor) = audit_actor(&caller.actor);
        let event = AuditEvent {
            tenant: Some(tenant.id),
            actor_id,
            actor,
            action: "tenant.settings_changed",
            subject: "tenant",
            subject_id: tenant.id.0,
            at: now,
        };
        self.desk
            .storage
            .write(move |tx| {
                let (settings, event) = (settings.clone(), event.clone());
                Box::pin(async move {
                    tx.change_settings(tenant.id, &settings).await?;
                    tx.record(vec![event]).await?;
                    tx.announce(tenant.id, now).await
                })
            })
            .await
            .map_err(refuse)
    }
}

fn taken(seats: Seats) -> SeatsTaken {
    SeatsTaken {
        used: seats.used,
        limit: seats.limit,
    }
}

/// Settings that can be kept; or what is wrong with which field.
fn validated(settings: TenantSettings) -> Result<TenantSettings, ApiError> {
    let mut fields = Vec::new();
    let mut wrong = |field: &str, message: &str| {
        fields.push(FieldError {
            field: field.to_owned(),
            message: message.to_owned(),
        });
    };
    // What can be looked up is a name of the zone's database, never a path or an offset.
    let known =
        settings.time_zone.len() <= 64 && jiff::tz::TimeZone::get(&settings.time_zone).is_ok();
    if !known {
        wrong(
            "time_zone",
            "There is no such time zone. Choose one such as Europe/Lisbon.",
        );
    }
    if !(1..=365).contains(&settings.default_expiry_days) {
        wrong("default_expiry_days", "Choose 1 to 365 days.");
    }
    if settings.hold_seconds > 3_600 {
        wrong("hold_seconds", "Choose 0 to 3,600 seconds.");
    }
    let days = &settings.remind_days;
    if days.len() > MOST_REMINDERS
        || days.iter().any(|day| !(1..=90).contains(day))
        || !days.is_sorted_by(|a, b| a < b)
    {
        wrong(
            "remind_days",
            "Choose at most three numbers from 1 to 90, each greater than the one before.",
        );
    }
    if fields.is_empty() {
        return Ok(settings);
    }
    Err(ApiError::Invalid {
        message: "Correct the marked fields. Nothing was changed.".to_owned(),
        fields,
    })
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
