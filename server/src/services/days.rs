//! A tenant's days: where they begin and end by the clocks of its zone.

use app::domain::time::{CivilDate, CivilTime, Timestamp};
use jiff::{civil::Date, tz::TimeZone};

fn date_of(day: CivilDate) -> Option<Date> {
    Date::new(
        day.year,
        i8::try_from(day.month).ok()?,
        i8::try_from(day.day).ok()?,
    )
    .ok()
}

/// The first moment of a day; `None` for no day, or an unknown zone.
#[must_use]
pub fn start_of(day: CivilDate, time_zone: &str) -> Option<Timestamp> {
    let zone = TimeZone::get(time_zone).ok()?;
    let start = date_of(day)?.to_zoned_datetime(zone).ok()?;
    Some(Timestamp(start.timestamp().as_millisecond()))
}

/// The last millisecond of a day, whatever the clocks do on it.
#[must_use]
pub fn end_of(day: CivilDate, time_zone: &str) -> Option<Timestamp> {
    let next = date_of(day)?.tomorrow().ok()?;
    let zone = TimeZone::get(time_zone).ok()?;
    let start = next.to_zoned_datetime(zone).ok()?;
    Some(Timestamp(start.timestamp().as_millisecond() - 1))
}

/// The moment at which the zone's clocks show it; where they are put forward over it, the
/// same time after that. `None` for no such day or time, or an unknown zone.
#[must_use]
pub fn at(time: CivilTime, time_zone: &str) -> Option<Timestamp> {
    let zone = TimeZone::get(time_zone).ok()?;
    let (hour, minute) = (
        i8::try_from(time.hour).ok()?,
        i8::try_from(time.minute).ok()?,
    );
    let clock = jiff::civil::Time::new(hour, minute, 0, 0).ok()?;
    let moment = date_of(time.day)?
        .to_datetime(clock)
        .to_zoned_datetime(zone)
        .ok()?;
    Some(Timestamp(moment.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_and_ends_by_the_zone_s_clock() {
        let day = |year, month, day| CivilDate { year, month, day };
        let told = |at: Option<Timestamp>| {
            jiff::Timestamp::from_millisecond(at.unwrap().0)
                .unwrap()
                .to_string()
        };
        // 23 hours: the clocks go forward on this day.
        let short = day(2027, 3, 28);
        assert_eq!(
            told(start_of(short, "Europe/Berlin")),
            "2027-03-27T23:00:00Z"
        );
        assert_eq!(
            told(end_of(short, "Europe/Berlin")),
            "2027-03-28T21:59:59.999Z"
        );
        let time = |hour, minute| CivilTime {
            day: short,
            hour,
            minute,
        };
        assert_eq!(
            told(at(time(9, 30), "Europe/Berlin")),
            "2027-03-28T07:30:00Z"
        );
        assert_eq!(
            told(at(time(2, 30), "Europe/Berlin")),
            "2027-03-28T01:30:00Z"
        );
        assert_eq!(at(time(24, 0), "Europe/Berlin"), None);
        assert_eq!(start_of(day(2027, 2, 30), "UTC"), None);
        assert_eq!(end_of(short, "Mars/Olympus"), None);
    }
}
