//! A tenant's start page, and the list of tenants.

use app::{
    api::{
        ApiError, FieldError,
        tenants::{
            ChangeSettings, CreateTenant, EditTenant, FoundTenant, ListTenants, MOST_REMINDERS,
            SeatsTaken, SetSeats, TenantFacts, TenantLine, TenantOverview, TenantSettings,
            TenantsPage,
        },
    },
    domain::{
        id::TenantId,
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
use crate::storage::{
    AuditEvent, Gate, GateChange, NewTenant, Seats, StorageError, TenantCounts, audit_actor, fold,
};

/// Tenants that one search gives.
const FOUND: usize = 20;
/// Tenants on a page.
const PAGE: usize = 50;
/// Seconds that a new tenant's mails are held after a submit.
pub const HOLD_SECONDS: u32 = 60;
/// The longest name, in characters.
pub const LONGEST_NAME: usize = 100;

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

    fn event(caller: &Caller, tenant: TenantId, action: &'static str, at: Timestamp) -> AuditEvent {
        let (actor_id, actor) = audit_actor(&caller.actor);
        AuditEvent {
            tenant: Some(tenant),
            actor_id,
            actor,
            action,
            subject: "tenant",
            subject_id: tenant.0,
            at,
        }
    }

    async fn set_gate(
        &self,
        caller: &Caller,
        tenant: TenantId,
        gate: Gate,
    ) -> Result<(), ApiError> {
        let now = self.desk.now();
        let action = match gate {
            Gate::Shut => "tenant.disabled",
            Gate::Open => "tenant.enabled",
        };
        let event = Self::event(caller, tenant, action, now);
        let change = self
            .desk
            .storage
            .write(move |tx| {
                let event = event.clone();
                Box::pin(async move {
                    let change = tx.set_gate(tenant, gate, now).await?;
                    if change == GateChange::Done {
                        tx.record(vec![event]).await?;
                        tx.announce(tenant, now).await?;
                    }
                    Ok(change)
                })
            })
            .await
            .map_err(refuse)?;
        match change {
            GateChange::Done | GateChange::Already => Ok(()),
            GateChange::Missing => Err(ApiError::NotFound),
        }
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

    async fn list(&self, caller: &Caller, input: ListTenants) -> Result<TenantsPage, ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        let words = search_words(&input.search);
        self.desk
            .storage
            .read(move |tx| {
                let (words, input) = (words.clone(), input.clone());
                Box::pin(async move {
                    // There are few of them: no index is needed.
                    let mut all: Vec<(String, TenantId)> = tx
                        .every_tenant()
                        .await?
                        .into_iter()
                        .filter(|one| one.disabled == input.disabled)
                        .filter_map(|one| {
                            let text = fold(&format!("{} {}", one.name, one.slug));
                            let found = words.iter().all(|word| text.contains(word.as_str()));
                            found.then_some((text, one.id))
                        })
                        .filter(|(text, _)| input.after.as_ref().is_none_or(|after| text > after))
                        .collect();
                    all.sort();
                    let more = all.len() > PAGE;
                    all.truncate(PAGE);
                    let ids: Vec<TenantId> = all.iter().map(|(_, id)| *id).collect();
                    let mut lines = tx.tenants(&ids).await?;
                    lines.sort_by_key(|line| ids.iter().position(|id| *id == line.id));
                    Ok(TenantsPage {
                        tenants: lines.into_iter().map(line).collect(),
                        next: all.pop().filter(|_| more).map(|(text, _)| text),
                    })
                })
            })
            .await
            .map_err(refuse)
    }

    async fn create(&self, caller: &Caller, input: CreateTenant) -> Result<(), ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        let mut wrong = Wrong::default();
        let name = wrong.name(&input.name);
        let zone = wrong.zone(&input.time_zone);
        wrong.days(input.default_expiry_days);
        let slug = input.slug.trim().to_owned();
        if !is_slug(&slug) {
            wrong.say(
                "slug",
                "2 to 40 small letters, digits and hyphens, such as acme: it stands in addresses.",
            );
        }
        wrong.none("Nothing was made.")?;
        let (id, now) = (TenantId(self.desk.new_id()), self.desk.now());
        let days = input.default_expiry_days;
        let event = Self::event(caller, id, "tenant.created", now);
        let made = self
            .desk
            .storage
            .write(move |tx| {
                let (name, zone, slug, event) =
                    (name.clone(), zone.clone(), slug.clone(), event.clone());
                Box::pin(async move {
                    tx.insert_tenant(NewTenant {
                        id,
                        slug,
                        name,
                        time_zone: zone,
                        hold_seconds: HOLD_SECONDS,
                        created_at: now,
                    })
                    .await?;
                    if let Some(made) = tx.tenant_facts(id).await? {
                        let wanted = TenantFacts {
                            default_expiry_days: days,
                            ..made.clone()
                        };
                        tx.edit_tenant(id, &made, &wanted).await?;
                    }
                    tx.record(vec![event]).await
                })
            })
            .await;
        match made {
            Err(StorageError::Unique { .. }) => Err(ApiError::field(
                "slug",
                "Another tenant has this in its addresses. Nothing was made.",
            )),
            made => made.map_err(refuse),
        }
    }

    async fn edit(&self, caller: &Caller, input: EditTenant) -> Result<(), ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        let mut wrong = Wrong::default();
        let wanted = TenantFacts {
            name: wrong.name(&input.now.name),
            time_zone: wrong.zone(&input.now.time_zone),
            default_expiry_days: input.now.default_expiry_days,
        };
        wrong.days(wanted.default_expiry_days);
        wrong.none("Nothing was changed.")?;
        let (id, now, before) = (input.tenant, self.desk.now(), input.before);
        let event = Self::event(caller, id, "tenant.edited", now);
        let edited = self
            .desk
            .storage
            .write(move |tx| {
                let (before, wanted, event) = (before.clone(), wanted.clone(), event.clone());
                Box::pin(async move {
                    if tx.edit_tenant(id, &before, &wanted).await? {
                        tx.record(vec![event]).await?;
                        tx.announce(id, now).await?;
                        return Ok(Ok(()));
                    }
                    Ok(match tx.tenant_facts(id).await? {
                        None => Err(ApiError::NotFound),
                        // Again, after an answer that was lost.
                        Some(known) if known == wanted => Ok(()),
                        Some(known) => Err(changed(&before, &known)),
                    })
                })
            })
            .await;
        edited.map_err(refuse)?
    }

    async fn disable(&self, caller: &Caller, tenant: TenantId) -> Result<(), ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        self.set_gate(caller, tenant, Gate::Shut).await
    }

    async fn enable(&self, caller: &Caller, tenant: TenantId) -> Result<(), ApiError> {
        allow(policy::authorise(&caller.actor, Action::SeePlatform))?;
        self.set_gate(caller, tenant, Gate::Open).await
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
        let event = Self::event(caller, tenant.id, "tenant.settings_changed", now);
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

/// Says what somebody else changed of a tenant.
fn changed(before: &TenantFacts, known: &TenantFacts) -> ApiError {
    let mut parts = Vec::new();
    if before.name != known.name {
        parts.push(format!("the name is {} now", known.name));
    }
    if before.time_zone != known.time_zone {
        parts.push(format!("the time zone is {} now", known.time_zone));
    }
    if before.default_expiry_days != known.default_expiry_days {
        let days = known.default_expiry_days;
        parts.push(format!("an invitation expires after {days} days now"));
    }
    ApiError::conflict(
        "tenant_changed",
        format!(
            "Somebody else changed this tenant meanwhile: {}. Nothing of yours was saved. Close \
             this, look at the list, and change it again.",
            parts.join(", ")
        ),
    )
}

fn taken(seats: Seats) -> SeatsTaken {
    SeatsTaken {
        used: seats.used,
        limit: seats.limit,
    }
}

/// Settings that can be kept; or what is wrong with which field.
fn validated(settings: TenantSettings) -> Result<TenantSettings, ApiError> {
    let mut wrong = Wrong::default();
    let time_zone = wrong.zone(&settings.time_zone);
    wrong.days(settings.default_expiry_days);
    if settings.hold_seconds > 3_600 {
        wrong.say("hold_seconds", "Choose 0 to 3,600 seconds.");
    }
    let days = &settings.remind_days;
    if days.len() > MOST_REMINDERS
        || days.iter().any(|day| !(1..=90).contains(day))
        || !days.is_sorted_by(|a, b| a < b)
    {
        wrong.say(
            "remind_days",
            "Choose at most three numbers from 1 to 90, each greater than the one before.",
        );
    }
    wrong.none("Nothing was changed.")?;
    Ok(TenantSettings {
        time_zone,
        ..settings
    })
}

/// What is wrong with which field of a tenant.
#[derive(Default)]
struct Wrong(Vec<FieldError>);

impl Wrong {
    fn say(&mut self, field: &str, message: &str) {
        self.0.push(FieldError {
            field: field.to_owned(),
            message: message.to_owned(),
        });
    }

    /// The name, trimmed.
    fn name(&mut self, name: &str) -> String {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control)
        {
            self.say(
                "name",
                "Enter a name of at most 100 characters, on one line.",
            );
        }
        name.to_owned()
    }

    /// The zone as the list of zones has it: browsers are stricter than we are. What can be
    /// looked up is a name of the zone's database, never a path or an offset.
    fn zone(&mut self, zone: &str) -> String {
        let zone = zone.trim();
        let known = (zone.len() <= 64)
            .then(|| jiff::tz::TimeZone::get(zone).ok())
            .flatten()
            .and_then(|known| known.iana_name().map(str::to_owned));
        known.unwrap_or_else(|| {
            self.say(
                "time_zone",
                "There is no such time zone. Choose one such as Europe/Lisbon.",
            );
            String::new()
        })
    }

    fn days(&mut self, days: u16) {
        if !(1..=365).contains(&days) {
            self.say("default_expiry_days", "Choose 1 to 365 days.");
        }
    }

    fn none(self, kept: &str) -> Result<(), ApiError> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(ApiError::Invalid {
            message: format!("Correct the marked fields. {kept}"),
            fields: self.0,
        })
    }
}

/// Whether a slug is safe in an address.
#[must_use]
pub fn is_slug(text: &str) -> bool {
    (2..=40).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn line(counts: TenantCounts) -> TenantLine {
    TenantLine {
        tenant: counts.id,
        slug: counts.slug,
        name: counts.name,
        time_zone: counts.time_zone,
        default_expiry_days: u16::try_from(counts.default_expiry_days).unwrap_or(30),
        disabled: counts.disabled,
        members: counts.members,
        admins: counts.admins,
        pending: counts.pending,
        seats: counts.seats.map(taken),
        seats_partly: counts.seats_partly,
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
