//! Brakes on guessing: so many tries at once, then one each so often, per key.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use app::api::ApiError;

/// Above this many keys the ones that have recovered are forgotten.
const MANY: usize = 10_000;

/// Allows `burst` tries at once and one more every `every`, for each key apart.
pub struct Throttle<K> {
    every: Duration,
    burst: Duration,
    keys: Mutex<Keys<K>>,
}

struct Keys<K> {
    /// When each key has all its tries again: each try moves it on by `every`.
    whole_at: HashMap<K, Instant>,
    /// So many keys are worth the next look for ones that have recovered.
    clean_at: usize,
}

impl<K: Hash + Eq + Clone> Throttle<K> {
    /// A new one; nobody has tried yet.
    #[must_use]
    pub fn new(burst: NonZeroU32, every: Duration) -> Self {
        Self {
            every,
            burst: every * burst.get(),
            keys: Mutex::new(Keys {
                whole_at: HashMap::new(),
                clean_at: MANY,
            }),
        }
    }

    /// Whether `key` may try now; counts nothing.
    ///
    /// # Errors
    /// As [`Throttle::count`].
    pub fn look(&self, key: &K) -> Result<(), ApiError> {
        self.look_at(key, Instant::now())
    }

    fn look_at(&self, key: &K, now: Instant) -> Result<(), ApiError> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        self.then(&keys, key, now).map(drop)
    }

    /// Until when `key` is slowed by a try now.
    fn then(&self, keys: &Keys<K>, key: &K, now: Instant) -> Result<Instant, ApiError> {
        let whole_at = keys.whole_at.get(key).copied().unwrap_or(now).max(now);
        let then = whole_at + self.every;
        match then.duration_since(now).checked_sub(self.burst) {
            Some(wait) if !wait.is_zero() => Err(ApiError::TooMany {
                retry_after: wait.as_secs() + 1,
            }),
            _ => Ok(then),
        }
    }

    /// Counts a try of `key`.
    ///
    /// # Errors
    /// `TooMany` with the seconds to wait; such a try is not counted.
    pub fn count(&self, key: &K) -> Result<(), ApiError> {
        self.count_at(key, Instant::now())
    }

    fn count_at(&self, key: &K, now: Instant) -> Result<(), ApiError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.whole_at.len() >= keys.clean_at {
            keys.whole_at.retain(|_, whole_at| *whole_at > now);
            // While most are still slowed, looking at all of them each time is a way to
            // keep the server busy.
            keys.clean_at = MANY.max(keys.whole_at.len() * 2);
        }
        let then = self.then(&keys, key, now)?;
        keys.whole_at.insert(key.clone(), then);
        Ok(())
    }

    /// Takes back a try that was counted and need not have been.
    pub fn give_back(&self, key: &K) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(whole_at) = keys.whole_at.get_mut(key)
            && let Some(before) = whole_at.checked_sub(self.every)
        {
            *whole_at = before;
        }
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

    #[test]
    fn tries_come_back_one_by_one_and_one_that_is_given_back_at_once() {
        let throttle = Throttle::new(NonZeroU32::new(2).unwrap(), Duration::from_secs(10));
        let began = Instant::now();
        let at = |seconds| throttle.count_at(&"a", began + Duration::from_secs(seconds));
        assert_eq!((at(0), at(0)), (Ok(()), Ok(())));
        assert_eq!(at(1), Err(ApiError::TooMany { retry_after: 10 }));
        assert_eq!((at(10), at(10).is_err()), (Ok(()), true));
        throttle.give_back(&"a");
        assert_eq!((at(10), at(10).is_err()), (Ok(()), true));
        assert_eq!((at(30), at(30), at(30).is_err()), (Ok(()), Ok(()), true));
    }

    #[test]
    fn keys_that_have_recovered_are_forgotten() {
        let throttle = Throttle::new(NonZeroU32::new(2).unwrap(), Duration::from_secs(1));
        let began = Instant::now();
        for key in 0..MANY {
            throttle.count_at(&key, began).unwrap();
        }
        throttle
            .count_at(&MANY, began + Duration::from_secs(2))
            .unwrap();
        assert_eq!(throttle.keys.lock().unwrap().whole_at.len(), 1);
    }
}
