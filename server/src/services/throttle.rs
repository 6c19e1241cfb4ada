//! Brakes on guessing: so many tries at once, then one each so often, per key.

use std::{hash::Hash, num::NonZeroU32, time::Duration};

use app::api::ApiError;
use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock as _, DefaultClock},
};

/// Above this many keys the ones that have recovered are forgotten.
const MANY: usize = 10_000;

/// Allows `burst` tries at once and one more every `every`, for each key apart.
pub struct Throttle<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> Throttle<K> {
    /// A new one; nobody has tried yet.
    #[must_use]
    pub fn new(burst: NonZeroU32, every: Duration) -> Self {
        let quota = Quota::with_period(every)
            .unwrap_or(Quota::per_second(NonZeroU32::MIN))
            .allow_burst(burst);
        Self {
            limiter: DefaultKeyedRateLimiter::keyed(quota),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a try of `key`.
    ///
    /// # Errors
    /// `TooMany` with the seconds to wait.
    pub fn count(&self, key: &K) -> Result<(), ApiError> {
        if self.limiter.len() > MANY {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            ApiError::TooMany {
                retry_after: wait.as_secs() + 1,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_s_guesses_do_not_slow_another() {
        let throttle = Throttle::new(NonZeroU32::new(3).unwrap(), Duration::from_mins(1));
        for _ in 0..3 {
            assert_eq!(throttle.count(&"a"), Ok(()));
        }
        let Err(ApiError::TooMany { retry_after }) = throttle.count(&"a") else {
            panic!("the fourth try was allowed");
        };
        assert!((1..=61).contains(&retry_after), "{retry_after}");
        assert_eq!(throttle.count(&"b"), Ok(()));
    }
}
