//! Time and randomness, as parameters: the only place that asks the system.

use std::sync::atomic::{AtomicI64, Ordering};

use app::domain::time::Timestamp;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRngCore, rngs::OsRng};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Tells the time, cut to milliseconds.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock"
    )]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that tests set.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// Stands at `at`.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.0))
    }

    /// Moves on.
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A new UUID v7 (RFC 9562 §5.7) at `now`, its random part from the system.
/// A process-wide counter keeps ids that are made in one millisecond in order.
#[must_use]
pub fn new_id(now: Timestamp) -> Uuid {
    static COUNTER: std::sync::LazyLock<std::sync::Mutex<uuid::ContextV7>> =
        std::sync::LazyLock::new(|| std::sync::Mutex::new(uuid::ContextV7::new()));
    let millis = u64::try_from(now.0).unwrap_or_default();
    let counter = COUNTER
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let nanos = u32::try_from(millis % 1000).unwrap_or_default() * 1_000_000;
    Uuid::new_v7(uuid::Timestamp::from_unix(&*counter, millis / 1000, nanos))
}

/// The smallest id that [`new_id`] could give at `since`: later ones are greater.
#[must_use]
pub fn first_id(since: Timestamp) -> Uuid {
    Uuid::from_u128(u128::from(u64::try_from(since.0).unwrap_or_default()) << 80)
}

/// A secret of 32 bytes from the system (256 bits), as it stands in a cookie or a
/// link: 43 characters of base64url without padding (RFC 4648 §5). It cannot print.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

impl Secret {
    /// Draws one; the only constructor of a new secret (S02).
    ///
    /// # Errors
    /// Where the system has no randomness to give.
    pub fn draw() -> Result<Self, rand::rand_core::OsError> {
        let mut bytes = [0_u8; 32];
        OsRng.try_fill_bytes(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Reads one that came from outside; `None` unless it has exactly the form.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32 && text.len() == 43).then(|| Self(text.to_owned()))
    }

    /// Draws a code of eight digits, for a person to type; kept as a slow hash alone.
    ///
    /// # Errors
    /// Where the system has no randomness to give.
    pub fn draw_code() -> Result<Self, rand::rand_core::OsError> {
        const CODES: u64 = 100_000_000;
        loop {
            let mut bytes = [0_u8; 8];
            OsRng.try_fill_bytes(&mut bytes)?;
            let drawn = u64::from_le_bytes(bytes);
            // Beyond the last whole hundred million some codes would be likelier.
            if drawn < u64::MAX - u64::MAX % CODES {
                return Ok(Self(format!("{:08}", drawn % CODES)));
            }
        }
    }

    /// [`Secret::hash`] as text.
    #[must_use]
    pub fn hash_hex(&self) -> String {
        use std::fmt::Write as _;
        self.hash().iter().fold(String::new(), |mut text, byte| {
            let _infallible = write!(text, "{byte:02x}");
            text
        })
    }

    /// What the database keeps: SHA-256 of the text.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The text, for a cookie or a link and nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_millisecond_stay_in_order() {
        let now = Timestamp(1_795_000_000_123);
        let ids: Vec<Uuid> = (0..1000).map(|_| new_id(now)).collect();
        assert!(ids.is_sorted());
        assert_eq!(
            ids[0].get_timestamp().map(|t| t.to_unix().0),
            Some(1_795_000_000)
        );
    }

    #[test]
    fn a_first_id_parts_earlier_ids_from_later_ones() {
        let at = Timestamp(1_795_000_000_123);
        assert!(new_id(Timestamp(at.0 - 1)) < first_id(at));
        assert!(first_id(at) < new_id(at));
        assert_eq!(first_id(Timestamp(-5)), Uuid::nil());
    }

    #[test]
    fn a_code_is_eight_digits() {
        let code = Secret::draw_code().unwrap();
        let digits = |text: &str| text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
        assert!(digits(code.reveal()));
        assert_eq!(format!("{code:?}"), "Secret(redacted)");
    }

    #[test]
    fn a_secret_reads_back_and_nothing_else_does() {
        let secret = Secret::draw().unwrap();
        assert_eq!(Secret::read(secret.reveal()), Some(secret.clone()));
        assert_eq!(Secret::read(&secret.reveal()[1..]), None);
        assert_eq!(Secret::read(&format!("{}A", secret.reveal())), None);
        assert_eq!(format!("{secret:?}"), "Secret(redacted)");
    }
}
