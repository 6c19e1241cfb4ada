//! Brakes on guessing: so many tries at once, then one each so often, per key.

use std::{hash::Hash, net::IpAddr, num::NonZeroU32, time::Duration};

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

/// The unit that throttles count peers by: an IPv4 address, an IPv6 /64, of which one
/// person has every address. An IPv4 peer of a socket that takes both (`::ffff:192.0.2.1`)
/// is an IPv4 address: in one /64 of its own, every such peer would share one brake.
#[must_use]
pub fn network_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        peer @ IpAddr::V4(_) => peer,
        IpAddr::V6(address) => {
            let kept = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(kept.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s10_an_ipv6_network_counts_as_one_peer_and_ipv4_peers_stay_apart() {
        let of = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("::ffff:192.0.2.1"), of("::ffff:192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

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
