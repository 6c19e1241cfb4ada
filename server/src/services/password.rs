//! Passwords: argon2id (m = 19,456 KiB, t = 2, p = 1), off the async threads.

use std::sync::LazyLock;

use app::api::ApiError;
use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::{self, phc::PasswordHash},
};
use rand::{TryRngCore as _, rngs::OsRng};
use tokio::sync::Semaphore;

/// The shortest password that an account may have, in characters.
pub const SHORTEST: usize = 10;
/// The longest, in bytes: a hash of a megabyte is a way to keep the server busy.
pub const LONGEST: usize = 1_000;

/// Two hashes at a time: each takes 19 MB and 25 ms, and nobody else should wait for them.
static PERMITS: Semaphore = Semaphore::const_new(2);

/// What an unknown address is compared with, so that it takes as long as a known one.
static DUMMY: LazyLock<Option<String>> =
    LazyLock::new(|| hash_now("a password that nobody has").ok());

fn hasher() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes on this thread; for start-up code that has no async threads to spare.
pub fn hash_now(password: &str) -> Result<String, password_hash::Error> {
    let mut salt = [0_u8; 16];
    OsRng
        .try_fill_bytes(&mut salt)
        .map_err(|_| password_hash::Error::Crypto)?;
    let hash: PasswordHash = hasher().hash_password_with_salt(password.as_bytes(), &salt)?;
    Ok(hash.to_string())
}

/// The PHC string of a new password.
///
/// # Errors
/// `Internal` where the system has no randomness or no memory to give.
pub async fn hash(password: &str) -> Result<String, ApiError> {
    let password = password.to_owned();
    off_thread(move || hash_now(&password).map_err(|error| error.to_string()))
        .await?
        .map_err(|error| {
            tracing::error!(%error, "a password could not be hashed");
            ApiError::Internal
        })
}

/// Whether `password` is the one of `phc`; without a hash it takes as long and is `false`.
///
/// # Errors
/// `Internal` where the worker thread died.
pub async fn verify(password: &str, phc: Option<&str>) -> Result<bool, ApiError> {
    let password = password.to_owned();
    let known = phc.is_some();
    let phc = phc.map(str::to_owned);
    off_thread(move || {
        let Some(phc) = phc.or_else(|| DUMMY.clone()) else {
            return false;
        };
        let matches = PasswordHash::new(&phc)
            .is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok());
        matches && known
    })
    .await
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    let _permit = PERMITS.acquire().await.map_err(|_| ApiError::Unavailable)?;
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "the password thread died");
        ApiError::Internal
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_knows_its_password_and_no_other() {
        let phc = hash("correct horse").await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(verify("correct horse", Some(&phc)).await.unwrap());
        assert!(!verify("correct horsf", Some(&phc)).await.unwrap());
        assert!(!verify("a password that nobody has", None).await.unwrap());
        assert!(!verify("x", Some("not a hash")).await.unwrap());
    }

    #[test]
    fn two_hashes_of_one_password_differ() {
        assert_ne!(hash_now("same").unwrap(), hash_now("same").unwrap());
    }
}
