//! The session's cookie: 32 random bytes in the browser, their SHA-256 in the database.

use app::{
    api::ApiError,
    domain::id::{SessionId, UserId},
};

use super::{Desk, Settings, desk::refuse};
use crate::{clock::Secret, storage::NewSession};

/// Days without a request after which a session ends.
pub const IDLE_DAYS: i64 = 7;
/// Days after which it ends whatever happens.
pub const ABSOLUTE_DAYS: i64 = 30;

/// A session that is drawn but not yet stored, and the header that hands it out.
#[derive(Clone, Debug)]
pub struct DrawnSession {
    /// For [`crate::storage::Tx::insert_session`], in the transaction that makes it true.
    pub row: NewSession,
    /// The `Set-Cookie` header's value.
    pub cookie: SetCookie,
}

/// A `Set-Cookie` value; it cannot print.
#[derive(Clone)]
pub struct SetCookie(pub String);

impl std::fmt::Debug for SetCookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetCookie(redacted)")
    }
}

/// The cookie's name: `__Host-` binds it to this very host where the site is https.
#[must_use]
pub fn name(settings: &Settings) -> &'static str {
    if settings.secure_cookies {
        "__Host-beckon"
    } else {
        "beckon_session"
    }
}

/// Draws a new session of `user`. Store its row, then send its cookie.
///
/// # Errors
/// `Internal` where the system has no randomness to give.
pub fn draw(desk: &Desk, user: UserId, user_agent: &str) -> Result<DrawnSession, ApiError> {
    let secret = Secret::draw().map_err(|error| {
        tracing::error!(%error, "no randomness");
        ApiError::Internal
    })?;
    let now = desk.now();
    Ok(DrawnSession {
        row: NewSession {
            token_hash: secret.hash(),
            id: SessionId(desk.new_id()),
            user,
            created_at: now,
            expires_at: now.plus_days(IDLE_DAYS),
            user_agent: user_agent.chars().take(200).collect(),
        },
        cookie: SetCookie(set(&desk.settings, secret.reveal(), ABSOLUTE_DAYS * 86_400)),
    })
}

/// Draws and stores a new session; the `Set-Cookie` value.
///
/// # Errors
/// As [`draw`]; `Unavailable` where the database is away.
pub async fn start_session(
    desk: &Desk,
    user: UserId,
    user_agent: &str,
) -> Result<String, ApiError> {
    let drawn = draw(desk, user, user_agent)?;
    let row = drawn.row;
    desk.storage
        .write(move |tx| {
            let row = row.clone();
            Box::pin(async move { tx.insert_session(row).await })
        })
        .await
        .map_err(refuse)?;
    Ok(drawn.cookie.0)
}

/// The `Set-Cookie` value that removes the cookie.
#[must_use]
pub fn clear(settings: &Settings) -> String {
    set(settings, "", 0)
}

fn set(settings: &Settings, value: &str, max_age: i64) -> String {
    let secure = if settings.secure_cookies {
        "; Secure"
    } else {
        ""
    };
    format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}",
        name(settings)
    )
}
