//! Time as a value. Nothing in this crate reads a clock.

use serde::{Deserialize, Serialize};

/// A date of the Gregorian calendar (ISO 8601), as the tenant's zone has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CivilDate {
    /// Year.
    pub year: i16,
    /// 1–12.
    pub month: u8,
    /// 1–31.
    pub day: u8,
}

/// A minute of a day, as the clocks of the tenant's zone show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CivilTime {
    /// The day.
    pub day: CivilDate,
    /// 0–23.
    pub hour: u8,
    /// 0–59.
    pub minute: u8,
}

/// Milliseconds since 1970-01-01T00:00:00Z, as both databases store it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This time plus `seconds` (negative: minus), saturating.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// This time plus whole days of 24 hours, saturating.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        self.plus_seconds(days.saturating_mul(86_400))
    }

    /// Whole seconds from `self` until `later`, rounded up, at least 0.
    #[must_use]
    pub const fn seconds_until(self, later: Self) -> u64 {
        let millis = later.0.saturating_sub(self.0);
        if millis <= 0 {
            0
        } else {
            (millis as u64).div_ceil(1000)
        }
    }
}
