//! Sessions of signed-in browsers.

use app::domain::{
    id::{SessionId, UserId},
    time::Timestamp,
};
use uuid::Uuid;

use super::{StorageError, Tx};
use crate::args;

/// A session to be stored.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// SHA-256 of the cookie's text.
    pub token_hash: [u8; 32],
    /// Names the session where its secret must not stand.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// Now.
    pub created_at: Timestamp,
    /// When it ends unless it is used.
    pub expires_at: Timestamp,
    /// At most 200 characters.
    pub user_agent: String,
}

/// A stored session with what its user may do everywhere.
#[derive(Clone, Debug)]
pub struct LiveSession {
    /// The session.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// Since when.
    pub created_at: Timestamp,
    /// When a request last wrote it down.
    pub last_seen_at: Timestamp,
    /// Runs the whole platform.
    pub super_admin: bool,
    /// The mailbox is proved.
    pub email_verified: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    created_at: i64,
    last_seen_at: i64,
    super_admin: i64,
    email_verified: i64,
}

const INSERT: &str = "INSERT INTO sessions
    (token_hash, id, user_id, created_at, last_seen_at, expires_at, user_agent)
    VALUES ($1, $2, $3, $4, $4, $5, $6)";
const LIVE: &str = "SELECT s.id, s.user_id, s.created_at, s.last_seen_at,
        u.super_admin, u.email_verified
    FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE s.token_hash = $1 AND s.expires_at > $2 AND u.deactivated_at IS NULL";
const TOUCH: &str = "UPDATE sessions SET last_seen_at = $2, expires_at = $3
    WHERE id = $1 AND last_seen_at < $2";
const DELETE: &str = "DELETE FROM sessions WHERE id = $1";
const DELETE_OF_USER: &str = "DELETE FROM sessions WHERE user_id = $1";
const DELETE_EXPIRED_OF_USER: &str = "DELETE FROM sessions WHERE user_id = $1 AND expires_at <= $2";

impl Tx {
    /// Stores a new session.
    pub async fn insert_session(&mut self, new: NewSession) -> Result<(), StorageError> {
        self.execute(
            INSERT,
            args![
                new.token_hash,
                new.id,
                new.user,
                new.created_at,
                new.expires_at,
                new.user_agent
            ],
        )
        .await?;
        Ok(())
    }

    /// The session of this cookie, unless it or its user has ended by `now`.
    pub async fn live_session(
        &mut self,
        token_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<LiveSession>, StorageError> {
        let row = self.optional::<Row>(LIVE, args![token_hash, now]).await?;
        Ok(row.map(|row| LiveSession {
            id: SessionId(row.id),
            user: UserId(row.user_id),
            created_at: Timestamp(row.created_at),
            last_seen_at: Timestamp(row.last_seen_at),
            super_admin: row.super_admin != 0,
            email_verified: row.email_verified != 0,
        }))
    }

    /// Writes down that the session was used, unless a later use is.
    pub async fn touch_session(
        &mut self,
        id: SessionId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StorageError> {
        self.execute(TOUCH, args![id, now, expires_at]).await?;
        Ok(())
    }

    /// Ends a session.
    pub async fn delete_session(&mut self, id: SessionId) -> Result<(), StorageError> {
        self.execute(DELETE, args![id]).await?;
        Ok(())
    }

    /// Ends every session of a user; how many there were.
    pub async fn delete_sessions_of(&mut self, user: UserId) -> Result<u64, StorageError> {
        self.execute(DELETE_OF_USER, args![user]).await
    }

    /// Forgets the user's sessions that have run out.
    pub async fn delete_expired_sessions_of(
        &mut self,
        user: UserId,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.execute(DELETE_EXPIRED_OF_USER, args![user, now])
            .await?;
        Ok(())
    }
}
