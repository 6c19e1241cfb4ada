//! Mails about accounts: queued like the invitations' (`outbox`), under leases, with
//! back-off and a stable Message-ID. Each carries one secret, which is drawn when the mail
//! is sent, so that no secret of a mail that waits exists anywhere (S03).

use app::domain::{
    id::{DeliveryId, UserId},
    invitation::DeliveryStatus,
    time::Timestamp,
};
use uuid::Uuid;

use super::{Arg, StorageError, Tx, in_list};
use crate::args;

/// A mail that did not go out in this time is given up: whoever asked has asked again.
const SEND_BY_SECONDS: i64 = 7_200;
/// Wrong tries at one code.
pub const CODE_TRIES: i64 = 5;
/// Days after which a mail's row, and the address in it, goes.
pub const KEPT_DAYS: i64 = 7;

/// What a mail about an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountMailPurpose {
    /// A link to choose a new password.
    Reset,
    /// A code that proves the account's address.
    Verify,
    /// A code that proves the address that the account is to have.
    Change,
    /// Tells the old address that there is a new one.
    Changed,
    /// Tells an address that it has an account already. To whoever asked it is like
    /// `Change`, with a code that is in no mail (S27).
    Taken,
}

impl AccountMailPurpose {
    /// As the database has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Verify => "verify",
            Self::Change => "change",
            Self::Changed => "changed",
            Self::Taken => "taken",
        }
    }

    fn read(text: String) -> Result<Self, StorageError> {
        [
            Self::Reset,
            Self::Verify,
            Self::Change,
            Self::Changed,
            Self::Taken,
        ]
        .into_iter()
        .find(|one| one.as_str() == text)
        .ok_or(StorageError::BadData {
            table: "account_mails",
            column: "purpose",
            value: text,
        })
    }
}

/// A mail to be sent about an account.
#[derive(Clone, Debug)]
pub struct NewAccountMail {
    /// The entry.
    pub id: DeliveryId,
    /// Whose account.
    pub user: UserId,
    /// What for.
    pub purpose: AccountMailPurpose,
    /// Canonical address of whom it goes to.
    pub email: String,
    /// As typed.
    pub email_typed: String,
    /// With its angle brackets; the same for every try.
    pub message_id: String,
    /// Now.
    pub created_at: Timestamp,
}

/// What a worker needs to write one mail.
#[derive(Clone, Debug)]
pub struct AccountLetter {
    /// The entry.
    pub id: DeliveryId,
    /// What for.
    pub purpose: AccountMailPurpose,
    /// The same for every try.
    pub message_id: String,
    /// 1 for the first try.
    pub attempt: i64,
    /// As typed.
    pub to: String,
    /// First name of the account; may be empty.
    pub first_name: String,
    /// Last name of the account; may be empty.
    pub last_name: String,
}

/// What became of one try.
#[derive(Clone, Debug)]
pub struct AccountSent {
    /// The entry.
    pub id: DeliveryId,
    /// The new status.
    pub status: DeliveryStatus,
    /// Why, in words; empty where it was sent.
    pub note: String,
    /// `Deferred`: when to try again.
    pub not_before: Timestamp,
    /// When it was known.
    pub at: Timestamp,
}

/// A code that waits to be typed.
#[derive(Clone, Debug)]
pub struct OpenCode {
    /// The mail that it stands in.
    pub mail: DeliveryId,
    /// `Verify`, `Change` or `Taken`.
    pub purpose: AccountMailPurpose,
    /// The address that it proves, canonical.
    pub email: String,
    /// As typed.
    pub email_typed: String,
    /// PHC string; `None` while the mail is on its way.
    pub secret_hash: Option<String>,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    id: Uuid,
}

#[derive(sqlx::FromRow)]
struct LetterRow {
    id: Uuid,
    purpose: String,
    message_id: String,
    attempts: i64,
    created_at: i64,
    closed_at: Option<i64>,
    email_typed: String,
    first_name: String,
    last_name: String,
    deactivated_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct CodeRow {
    id: Uuid,
    purpose: String,
    email: String,
    email_typed: String,
    secret_hash: Option<String>,
}

#[derive(sqlx::FromRow)]
struct ResetRow {
    user_id: Uuid,
    email: String,
}

/// Stands in `last_error` while an entry whose worker died is sent once more.
const LOST: &str = "The server stopped while this mail was being sent; it is sent once more.";
const LOST_TWICE: &str =
    "The server stopped twice while this mail was being sent. It may have arrived.";

const CLOSE: &str = "UPDATE account_mails SET closed_at = $3
    WHERE user_id = $1 AND purpose = $2 AND closed_at IS NULL";
const CLOSE_CODES: &str = "UPDATE account_mails SET closed_at = $2
    WHERE user_id = $1 AND purpose IN ('verify', 'change', 'taken') AND closed_at IS NULL";
const QUEUE: &str = "INSERT INTO account_mails
    (id, user_id, purpose, email, email_typed, status, message_id, not_before, created_at)
    VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, $7)";
// One row whether the address has an account or not, so that both take alike (S30).
const QUEUE_RESET: &str = "INSERT INTO account_mails
    (id, user_id, purpose, email, email_typed, status, message_id, not_before, created_at)
    SELECT $1, u.id, 'reset', COALESCE(u.email, ''), COALESCE(u.email_typed, ''),
        CASE WHEN u.id IS NULL THEN 'suppressed' ELSE 'queued' END, $3, $4, $4
    FROM (SELECT 1 AS one) AS always
    LEFT JOIN users u ON u.email = $2 AND u.deactivated_at IS NULL";
const DUE: &str = "SELECT id FROM account_mails
    WHERE status IN ('queued', 'deferred', 'sending') AND not_before <= $1 AND lease_until <= $1
    LIMIT 1";
const GIVE_UP_LOST: &str = "UPDATE account_mails
    SET status = 'unknown', last_error = $3, lease_until = 0
    WHERE status = 'sending' AND not_before <= $1 AND lease_until <= $1 AND last_error = $2";
const CLAIM_SQLITE: &str = "UPDATE account_mails
    SET last_error = CASE WHEN status = 'sending' THEN $5 ELSE last_error END,
        status = 'sending', lease_until = $2, lease_owner = $3, attempts = attempts + 1
    WHERE id IN (SELECT id FROM account_mails
        WHERE status IN ('queued', 'deferred', 'sending')
          AND not_before <= $1 AND lease_until <= $1
        ORDER BY not_before LIMIT $4)
    RETURNING id";
const CLAIM_POSTGRES: &str = "UPDATE account_mails
    SET last_error = CASE WHEN status = 'sending' THEN $5 ELSE last_error END,
        status = 'sending', lease_until = $2, lease_owner = $3, attempts = attempts + 1
    WHERE id IN (SELECT id FROM account_mails
        WHERE status IN ('queued', 'deferred', 'sending')
          AND not_before <= $1 AND lease_until <= $1
        ORDER BY not_before LIMIT $4 FOR UPDATE SKIP LOCKED)
    RETURNING id";
const SETTLE: &str = "UPDATE account_mails
    SET status = 'dead', last_error = $2, lease_until = 0 WHERE id = $1";
const ARM: &str = "UPDATE account_mails SET secret_hash = $3, good_until = $4, tries = 0
    WHERE id = $1 AND lease_owner = $2 AND status = 'sending' AND closed_at IS NULL";
const RECORD: &str = "UPDATE account_mails SET status = $3, last_error = $4, not_before = $5,
        sent_at = $6, lease_until = 0
    WHERE id = $1 AND lease_owner = $2 AND status = 'sending'";
const RESET_OF: &str =
    "SELECT m.user_id, m.email FROM account_mails m JOIN users u ON u.id = m.user_id
    WHERE m.secret_hash = $1 AND m.purpose = 'reset' AND m.closed_at IS NULL
      AND m.good_until > $2 AND u.deactivated_at IS NULL AND u.email = m.email";
const USE_RESET: &str = "UPDATE account_mails SET closed_at = $2
    WHERE secret_hash = $1 AND purpose = 'reset' AND closed_at IS NULL AND good_until > $2
      AND EXISTS (SELECT 1 FROM users u WHERE u.id = account_mails.user_id
          AND u.deactivated_at IS NULL AND u.email = account_mails.email)
    RETURNING user_id, email";
const OPEN_CODE: &str = "SELECT id, purpose, email, email_typed, secret_hash FROM account_mails
    WHERE user_id = $1 AND purpose IN ('verify', 'change', 'taken') AND closed_at IS NULL
      AND tries < $3 AND (good_until > $2 OR (good_until IS NULL AND created_at > $4
          AND status IN ('queued', 'sending', 'deferred')))
    ORDER BY created_at DESC, id DESC LIMIT 1";
const TRY_CODE: &str = "UPDATE account_mails SET tries = tries + 1
    WHERE id = $1 AND closed_at IS NULL AND tries < $2 AND good_until > $3";
const USE_CODE: &str = "UPDATE account_mails SET closed_at = $3
    WHERE id = $1 AND secret_hash = $2 AND closed_at IS NULL AND good_until > $3";
const FORGET_OLD: &str = "DELETE FROM account_mails WHERE created_at < $1";
const FORGET_OF: &str = "DELETE FROM account_mails WHERE user_id = $1";

impl LetterRow {
    /// Why this mail is not to be sent after all.
    fn obstacle(&self, now: Timestamp) -> Option<&'static str> {
        if self.closed_at.is_some() {
            return Some("A newer mail took its place.");
        }
        if Timestamp(self.created_at).plus_seconds(SEND_BY_SECONDS) <= now {
            return Some("It could not be sent in time.");
        }
        // Whose account was deactivated meanwhile is told nothing.
        self.deactivated_at
            .is_some()
            .then_some("The account is deactivated.")
    }
}

impl Tx {
    /// Queues a mail about an account. Its secret takes the place of earlier ones for
    /// the same purpose; a code's, of every code.
    pub async fn insert_account_mail(&mut self, new: NewAccountMail) -> Result<(), StorageError> {
        use AccountMailPurpose::{Change, Taken, Verify};
        let replaces: &[AccountMailPurpose] = match new.purpose {
            Verify | Change | Taken => &[Verify, Change, Taken],
            _ => &[],
        };
        for purpose in replaces {
            self.execute(CLOSE, args![new.user, purpose.as_str(), new.created_at])
                .await?;
        }
        self.execute(
            QUEUE,
            args![
                new.id,
                new.user,
                new.purpose.as_str(),
                new.email,
                new.email_typed,
                new.message_id,
                new.created_at,
            ],
        )
        .await?;
        Ok(())
    }

    /// Queues a link for the account of this canonical address; without one, writes
    /// down as much.
    pub async fn queue_reset(
        &mut self,
        id: DeliveryId,
        email: &str,
        message_id: &str,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.execute(QUEUE_RESET, args![id, email, message_id, now])
            .await?;
        Ok(())
    }

    /// Whether a mail about an account is due; asked before a claim, which is a write.
    pub async fn account_mail_is_due(&mut self, now: Timestamp) -> Result<bool, StorageError> {
        Ok(self.optional::<IdRow>(DUE, args![now]).await?.is_some())
    }

    /// Takes up to `limit` due mails under a lease, and settles those that are not to be
    /// sent: `(to be sent, settled)`.
    pub async fn claim_account_mails(
        &mut self,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<(Vec<AccountLetter>, usize), StorageError> {
        let mut settled = usize::try_from(
            self.execute(GIVE_UP_LOST, args![now, LOST, LOST_TWICE])
                .await?,
        )
        .unwrap_or_default();
        let claim = if self.is_postgres() {
            CLAIM_POSTGRES
        } else {
            CLAIM_SQLITE
        };
        let ids = self
            .all::<IdRow>(claim, args![now, lease_until, owner, limit, LOST])
            .await?;
        if ids.is_empty() {
            return Ok((Vec::new(), settled));
        }
        let sql = format!(
            "SELECT m.id, m.purpose, m.message_id, m.attempts, m.created_at, m.closed_at,
                    m.email_typed, u.first_name, u.last_name, u.deactivated_at
             FROM account_mails m JOIN users u ON u.id = m.user_id
             WHERE m.id IN ({}) ORDER BY m.not_before, m.id",
            in_list(1, ids.len())
        );
        let ids = ids.iter().map(|row| Arg::from(row.id)).collect();
        let mut letters = Vec::new();
        for row in self.all_composed::<LetterRow>(sql, ids).await? {
            if let Some(reason) = row.obstacle(now) {
                self.execute(SETTLE, args![row.id, reason]).await?;
                settled += 1;
                continue;
            }
            letters.push(AccountLetter {
                id: DeliveryId(row.id),
                purpose: AccountMailPurpose::read(row.purpose)?,
                message_id: row.message_id,
                attempt: row.attempts,
                to: row.email_typed,
                first_name: row.first_name,
                last_name: row.last_name,
            });
        }
        Ok((letters, settled))
    }

    /// Writes down the hash of the secret that is about to be mailed, in place of an
    /// earlier try's; false: the lease is somebody else's by now, or a newer mail took
    /// its place.
    pub async fn arm_account_mail(
        &mut self,
        id: DeliveryId,
        owner: &str,
        secret_hash: &str,
        good_until: Timestamp,
    ) -> Result<bool, StorageError> {
        let armed = self
            .execute(ARM, args![id, owner, secret_hash, good_until])
            .await?;
        Ok(armed == 1)
    }

    /// Writes down what became of a try, if the lease is still the owner's.
    pub async fn record_account_mail(
        &mut self,
        owner: &str,
        sent: &AccountSent,
    ) -> Result<(), StorageError> {
        let sent_at = (sent.status == DeliveryStatus::Sent).then_some(sent.at);
        self.execute(
            RECORD,
            args![
                sent.id,
                owner,
                sent.status.as_str(),
                sent.note.as_str(),
                sent.not_before,
                sent_at,
            ],
        )
        .await?;
        Ok(())
    }

    /// The address that a link to choose a new password was mailed to, if the link is good.
    pub async fn reset_of(
        &mut self,
        secret_hash: &str,
        now: Timestamp,
    ) -> Result<Option<String>, StorageError> {
        let row = self
            .optional::<ResetRow>(RESET_OF, args![secret_hash, now])
            .await?;
        Ok(row.map(|row| row.email))
    }

    /// Uses a link up: whose it was, and the address that it was mailed to. `None`: it
    /// is not good, or somebody used it in the same moment.
    pub async fn use_reset(
        &mut self,
        secret_hash: &str,
        now: Timestamp,
    ) -> Result<Option<(UserId, String)>, StorageError> {
        let Some(row) = self
            .optional::<ResetRow>(USE_RESET, args![secret_hash, now])
            .await?
        else {
            return Ok(None);
        };
        let user = UserId(row.user_id);
        // Earlier links of the account go with it.
        self.close_resets(user, now).await?;
        Ok(Some((user, row.email)))
    }

    /// Ends every code that was mailed for this account.
    pub async fn close_codes(&mut self, user: UserId, at: Timestamp) -> Result<(), StorageError> {
        self.execute(CLOSE_CODES, args![user, at]).await?;
        Ok(())
    }

    /// Ends every link to choose a new password of this account.
    pub async fn close_resets(&mut self, user: UserId, at: Timestamp) -> Result<(), StorageError> {
        let purpose = AccountMailPurpose::Reset.as_str();
        self.execute(CLOSE, args![user, purpose, at]).await?;
        Ok(())
    }

    /// The code that this account's next try is compared with.
    pub async fn open_code(
        &mut self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Option<OpenCode>, StorageError> {
        let since = now.plus_seconds(-SEND_BY_SECONDS);
        let row = self
            .optional::<CodeRow>(OPEN_CODE, args![user, now, CODE_TRIES, since])
            .await?;
        row.map(|row| {
            Ok(OpenCode {
                mail: DeliveryId(row.id),
                purpose: AccountMailPurpose::read(row.purpose)?,
                email: row.email,
                email_typed: row.email_typed,
                secret_hash: row.secret_hash,
            })
        })
        .transpose()
    }

    /// Counts a try at a code, before it is compared: tries that are sent at once count
    /// like ones that are sent one after the other. False: there are none left.
    pub async fn try_code(
        &mut self,
        mail: DeliveryId,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let tried = self.execute(TRY_CODE, args![mail, CODE_TRIES, now]).await?;
        Ok(tried == 1)
    }

    /// Uses a code up; false: it is not the one that was compared any more.
    pub async fn use_code(
        &mut self,
        mail: DeliveryId,
        secret_hash: &str,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let used = self
            .execute(USE_CODE, args![mail, secret_hash, now])
            .await?;
        Ok(used == 1)
    }

    /// Forgets mails that were queued before `before`.
    pub async fn forget_account_mails(&mut self, before: Timestamp) -> Result<u64, StorageError> {
        self.execute(FORGET_OLD, args![before]).await
    }

    /// Forgets every mail about this account, and the addresses in them.
    pub async fn forget_account_mails_of(&mut self, user: UserId) -> Result<(), StorageError> {
        self.execute(FORGET_OF, args![user]).await?;
        Ok(())
    }
}
