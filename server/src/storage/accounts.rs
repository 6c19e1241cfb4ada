//! What a person, or a super-admin, changes about an account.

use app::domain::{
    id::{BundleId, InvitationId, UserId},
    invitation::InvitationStatus,
    time::Timestamp,
};
use uuid::Uuid;

use super::{
    Arg, AuditEvent, InviterGone, PasswordHash, StorageError, Tx, bulk_write::BATCH,
    contains_pattern, find::FEW_USERS, fold,
};
use crate::args;

/// What the settings page shows of an account.
#[derive(Clone, Debug)]
pub struct AccountProfile {
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// Unique on the platform.
    pub username: Option<String>,
    /// As typed.
    pub email_typed: String,
    /// The mailbox is proved.
    pub email_verified: bool,
    /// May be `None`: gets in by the reset path.
    pub password_hash: Option<PasswordHash>,
}

/// An account in a super-admin's list.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each shown by itself"
)]
pub struct AccountLine {
    /// The account.
    pub id: UserId,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// As typed.
    pub email_typed: String,
    /// The mailbox is proved.
    pub email_verified: bool,
    /// Runs the platform.
    pub super_admin: bool,
    /// Can no longer sign in.
    pub deactivated: bool,
    /// Has never chosen a password.
    pub without_password: bool,
    /// What the list is ordered by, then by the id.
    pub search_text: String,
}

/// Whether an account may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MayGo {
    /// It was active, and somebody else does what only it could do.
    Yes,
    /// There is no such active account.
    Missing,
    /// Nobody else runs the platform.
    LastSuperAdmin,
    /// Nobody else is an admin of this tenant.
    LastAdmin(String),
}

#[derive(sqlx::FromRow)]
struct ProfileRow {
    first_name: String,
    last_name: String,
    username: Option<String>,
    email_typed: String,
    email_verified: i64,
    password_hash: Option<String>,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    id: Uuid,
    first_name: String,
    last_name: String,
    email_typed: String,
    email_verified: i64,
    super_admin: i64,
    deactivated_at: Option<i64>,
    without_password: i64,
    search_text: String,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    id: Uuid,
}

#[derive(sqlx::FromRow)]
struct NameRow {
    name: String,
}

#[derive(sqlx::FromRow)]
struct EmailRow {
    email: String,
}

const PROFILE: &str = "SELECT first_name, last_name, username, email_typed, email_verified,
    password_hash FROM users WHERE id = $1 AND deactivated_at IS NULL";
const RENAME: &str = "UPDATE users SET first_name = $2, last_name = $3, username = $4,
    search_text = $5 WHERE id = $1 AND deactivated_at IS NULL";
const SET_PASSWORD: &str = "UPDATE users SET password_hash = $2
    WHERE id = $1 AND deactivated_at IS NULL";
// Only while the password is the one that was typed: of two changes at once one wins.
const CHANGE_PASSWORD: &str = "UPDATE users SET password_hash = $3
    WHERE id = $1 AND password_hash = $2 AND deactivated_at IS NULL";
const VERIFY: &str = "UPDATE users SET email_verified = 1
    WHERE id = $1 AND email = $2 AND deactivated_at IS NULL";
const TO_VOUCH: &str = "SELECT email FROM users
    WHERE id = $1 AND email_verified = 0 AND deactivated_at IS NULL";
const MOVE: &str = "UPDATE users SET email = $2, email_typed = $3, email_verified = 1,
    search_text = $4 WHERE id = $1 AND deactivated_at IS NULL";
const RESPELL: &str = "UPDATE users SET email_typed = $2
    WHERE id = $1 AND deactivated_at IS NULL";
const LINE: &str = "u.id, u.first_name, u.last_name, u.email_typed, u.email_verified,
    u.super_admin, u.deactivated_at, u.search_text,
    CASE WHEN u.password_hash IS NULL THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END
        AS without_password";
const DELETE_OTHER_SESSIONS: &str = "DELETE FROM sessions WHERE user_id = $1 AND id <> $2";
// Whose going could leave a place without its last admin waits for others: for a change
// of a role or the end of a membership at the tenant, for another super-admin at the users.
const LOCK_TENANTS: &str = "SELECT id FROM tenants WHERE id IN
    (SELECT tenant_id FROM memberships WHERE user_id = $1 AND role = 'admin')
    ORDER BY id FOR NO KEY UPDATE";
const LOCK_SUPER_ADMINS: &str = "SELECT id FROM users WHERE super_admin = 1
    ORDER BY id FOR NO KEY UPDATE";
const IS_ACTIVE: &str = "SELECT id FROM users WHERE id = $1 AND deactivated_at IS NULL";
const IS_PRESENT: &str = "SELECT id FROM users WHERE id = $1 AND deleted_at IS NULL";
const IS_LAST_SUPER: &str = "SELECT u.id FROM users u WHERE u.id = $1 AND u.super_admin = 1
    AND u.deactivated_at IS NULL AND NOT EXISTS (SELECT 1 FROM users o
        WHERE o.super_admin = 1 AND o.id <> $1 AND o.deactivated_at IS NULL)";
const IS_LAST_ADMIN: &str = "SELECT t.name FROM memberships m JOIN tenants t ON t.id = m.tenant_id
    WHERE m.user_id = $1 AND m.role = 'admin' AND t.disabled_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM memberships a JOIN users o ON o.id = a.user_id
          WHERE a.tenant_id = m.tenant_id AND a.role = 'admin' AND a.user_id <> $1
            AND o.deactivated_at IS NULL)
    ORDER BY t.name LIMIT 1";
const DEACTIVATE: &str = "UPDATE users SET deactivated_at = $2
    WHERE id = $1 AND deactivated_at IS NULL";
const REACTIVATE: &str = "UPDATE users SET deactivated_at = NULL
    WHERE id = $1 AND deactivated_at IS NOT NULL AND deleted_at IS NULL";
const DELETE: &str = "UPDATE users SET deleted_at = $2,
        deactivated_at = COALESCE(deactivated_at, $2), email = $3, email_typed = $3,
        email_verified = 0, username = NULL, first_name = '', last_name = '',
        search_text = '', password_hash = NULL, super_admin = 0
    WHERE id = $1 AND deleted_at IS NULL";
const FORGET_BUNDLES: &str = "UPDATE bundles SET email = $2, email_typed = $2, first_name = '',
        last_name = '', search_text = '', note = '', metadata = '{}', external_id = NULL
    WHERE user_id = $1";
const FORGET_UNBOUND: &str = "UPDATE bundles SET email = $2, email_typed = $2, first_name = '',
        last_name = '', search_text = '', note = '', metadata = '{}', external_id = NULL
    WHERE tenant_id IN (SELECT id FROM tenants) AND email = $1 AND user_id IS NULL";
const FORGET_KEYS: &str = "UPDATE invitations SET invitee_key = $2
    WHERE tenant_id IN (SELECT id FROM tenants) AND invitee_key = $1
      AND status NOT IN ('unassigned', 'scheduled', 'pending')";
// What the account accepted before its address was proved has the address as its key.
const FORGET_ACCEPTED_KEYS: &str = "UPDATE invitations SET invitee_key = $2
    WHERE bundle_id IN (SELECT id FROM bundles WHERE user_id = $1)
      AND status NOT IN ('unassigned', 'scheduled', 'pending')";
const FORGET_EXTERNAL: &str = "UPDATE memberships SET external_id = NULL, labels = ''
    WHERE user_id = $1";
const BUNDLES_OF_KEYS: &str = "SELECT DISTINCT bundle_id AS id FROM invitations
    WHERE tenant_id IN (SELECT id FROM tenants) AND invitee_key IN ($1, $2)
      AND status IN ('unassigned', 'scheduled', 'pending') ORDER BY bundle_id";
const LIVE_OF_KEYS: &str = "SELECT id FROM invitations
    WHERE tenant_id IN (SELECT id FROM tenants) AND invitee_key IN ($1, $2)
      AND status IN ('unassigned', 'scheduled', 'pending') ORDER BY id";

/// What an account is called that has no person any more.
const DELETED_DOMAIN: &str = "deleted.invalid";

/// Whether an address is what is left of somebody whose account was deleted.
#[must_use]
pub fn is_deleted(email: &str) -> bool {
    email
        .rsplit_once('@')
        .is_some_and(|(_, domain)| domain == DELETED_DOMAIN)
}

impl Tx {
    /// What the settings page shows; `None` for one who is gone or deactivated.
    pub async fn account_profile(
        &mut self,
        user: UserId,
    ) -> Result<Option<AccountProfile>, StorageError> {
        let row = self.optional::<ProfileRow>(PROFILE, args![user]).await?;
        Ok(row.map(|row| AccountProfile {
            first_name: row.first_name,
            last_name: row.last_name,
            username: row.username,
            email_typed: row.email_typed,
            email_verified: row.email_verified != 0,
            password_hash: row.password_hash.map(PasswordHash),
        }))
    }

    /// Changes the names; `Unique` where somebody else has the username.
    pub async fn rename_account(
        &mut self,
        (user, by): (UserId, UserId),
        first_name: &str,
        last_name: &str,
        username: Option<&str>,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let Some(profile) = self.account_profile(user).await? else {
            return Ok(false);
        };
        let search = fold(&format!("{first_name} {last_name} {}", profile.email_typed));
        let args = args![user, first_name, last_name, username, search];
        let renamed = self.execute(RENAME, args).await? == 1;
        if renamed {
            self.account_event(user, "user.renamed", (Some(by.0), "user"), at)
                .await?;
        }
        Ok(renamed)
    }

    /// Sets a password by the reset path, ends every session and every other link to
    /// choose one, and takes the address that the link was mailed to as proved.
    pub async fn reset_password(
        &mut self,
        secret_hash: &str,
        hash: &PasswordHash,
        at: Timestamp,
    ) -> Result<Option<UserId>, StorageError> {
        let Some((user, email)) = self.use_reset(secret_hash, at).await? else {
            return Ok(None);
        };
        // Bundles are locked before users, as an accept does.
        self.rekey(&email, user, (Some(user.0), "user"), at).await?;
        if self.execute(VERIFY, args![user, email]).await? != 1
            || self
                .execute(SET_PASSWORD, args![user, hash.0.as_str()])
                .await?
                != 1
        {
            // Deactivated, or moved to another address, in the same moment: nothing is kept.
            return Err(StorageError::Retry);
        }
        self.delete_sessions_of(user).await?;
        self.account_event(user, "user.password_reset", (Some(user.0), "user"), at)
            .await?;
        Ok(Some(user))
    }

    /// Changes the password from `old` and ends the other sessions; false: it was
    /// changed meanwhile.
    pub async fn change_password(
        &mut self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let args = args![user, old.0.as_str(), new.0.as_str()];
        if self.execute(CHANGE_PASSWORD, args).await? != 1 {
            return Ok(false);
        }
        self.close_resets(user, at).await?;
        self.account_event(user, "user.password_changed", (Some(user.0), "user"), at)
            .await?;
        Ok(true)
    }

    /// Ends every session of the user but this one.
    pub async fn delete_other_sessions(
        &mut self,
        user: UserId,
        kept: app::domain::id::SessionId,
    ) -> Result<(), StorageError> {
        self.execute(DELETE_OTHER_SESSIONS, args![user, kept])
            .await?;
        Ok(())
    }

    /// The account's own address is proved: what waits for it becomes the account's.
    /// `Retry` where it is not its address any more.
    pub async fn verify_account(
        &mut self,
        user: UserId,
        email: &str,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        self.rekey(email, user, (Some(user.0), "user"), at).await?;
        if self.execute(VERIFY, args![user, email]).await? != 1 {
            return Err(StorageError::Retry);
        }
        self.account_event(user, "user.verified", (Some(user.0), "user"), at)
            .await?;
        Ok(true)
    }

    /// A super-admin says whose the address is; false: there is nothing to vouch for.
    pub async fn vouch(
        &mut self,
        user: UserId,
        by: UserId,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let Some(row) = self.optional::<EmailRow>(TO_VOUCH, args![user]).await? else {
            return Ok(false);
        };
        // Bundles are locked before users, as an accept does.
        self.rekey(&row.email, user, (Some(by.0), "user"), at)
            .await?;
        if self.execute(VERIFY, args![user, row.email]).await? != 1 {
            return Err(StorageError::Retry);
        }
        self.account_event(user, "user.vouched", (Some(by.0), "user"), at)
            .await?;
        Ok(true)
    }

    /// Writes the account's address in other letters; what it is found by follows with the
    /// name ([`Tx::rename_account`]).
    pub async fn respell_account(
        &mut self,
        (user, by): (UserId, UserId),
        email_typed: &str,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        if self.execute(RESPELL, args![user, email_typed]).await? == 1 {
            self.account_event(user, "user.email_changed", (Some(by.0), "user"), at)
                .await?;
        }
        Ok(())
    }

    /// Gives the account a new, proved address: what waits for that becomes the
    /// account's. `Unique` where somebody else has it.
    pub async fn move_account(
        &mut self,
        (user, by): (UserId, UserId),
        email: &str,
        email_typed: &str,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let Some(profile) = self.account_profile(user).await? else {
            return Ok(false);
        };
        let search = fold(&format!(
            "{} {} {email_typed}",
            profile.first_name, profile.last_name
        ));
        self.rekey(email, user, (Some(by.0), "user"), at).await?;
        if self
            .execute(MOVE, args![user, email, email_typed, search])
            .await?
            != 1
        {
            return Err(StorageError::Retry);
        }
        self.close_resets(user, at).await?;
        // A code that was asked for before would move it away again.
        self.close_codes(user, at).await?;
        self.account_event(user, "user.email_changed", (Some(by.0), "user"), at)
            .await?;
        Ok(true)
    }

    /// Accounts, also deactivated ones, whose folded name, address or username contains
    /// every one of `words`.
    pub async fn accounts(
        &mut self,
        words: &[String],
        after: super::AfterMember,
        limit: u32,
    ) -> Result<Vec<AccountLine>, StorageError> {
        use std::fmt::Write as _;
        let few = self.few_users(words).await?;
        // CROSS: SQLite takes the few first.
        let from = few.as_ref().map_or_else(
            || "users u".to_owned(),
            |_| format!("{FEW_USERS} CROSS JOIN users u"),
        );
        let joined = few.as_ref().map_or("", |_| "u.id = f.id AND");
        let mut sql = format!(
            "SELECT {LINE} FROM {from}
             WHERE {joined} u.deleted_at IS NULL AND (u.search_text, u.id) > ($1, $2)"
        );
        let mut args = args![after.search_text, after.user, limit];
        args.extend(few.into_iter().flatten().map(Arg::from));
        for word in words {
            args.push(Arg::from(contains_pattern(word)));
            let _infallible = write!(
                sql,
                " AND u.search_text || ' ' || COALESCE(u.username, '') LIKE ${} ESCAPE '\\'",
                args.len()
            );
        }
        sql.push_str(" ORDER BY u.search_text, u.id LIMIT $3");
        let rows = self.all_planned::<LineRow>(sql, args).await?;
        Ok(rows
            .into_iter()
            .map(|row| AccountLine {
                id: UserId(row.id),
                first_name: row.first_name,
                last_name: row.last_name,
                email_typed: row.email_typed,
                email_verified: row.email_verified != 0,
                super_admin: row.super_admin != 0,
                deactivated: row.deactivated_at.is_some(),
                without_password: row.without_password != 0,
                search_text: row.search_text,
            })
            .collect())
    }

    /// Ends the account's sessions and links until it is reactivated.
    pub async fn deactivate(
        &mut self,
        user: UserId,
        by: UserId,
        at: Timestamp,
    ) -> Result<MayGo, StorageError> {
        let may = self.may_go(user, IS_ACTIVE).await?;
        if may != MayGo::Yes {
            return Ok(may);
        }
        if self.execute(DEACTIVATE, args![user, at]).await? != 1 {
            return Ok(MayGo::Missing);
        }
        self.delete_sessions_of(user).await?;
        self.account_event(user, "user.deactivated", (Some(by.0), "user"), at)
            .await?;
        Ok(MayGo::Yes)
    }

    /// Lets a deactivated account in again; false: it is not deactivated.
    pub async fn reactivate(
        &mut self,
        user: UserId,
        by: UserId,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        if self.execute(REACTIVATE, args![user]).await? != 1 {
            return Ok(false);
        }
        self.account_event(user, "user.reactivated", (Some(by.0), "user"), at)
            .await?;
        Ok(true)
    }

    /// Takes the person out of the account: name, address, username and password go, here
    /// and in the invitations to it; what was waiting is revoked, and what it had sent
    /// out is noted to be ([`Tx::note_gone`]). The id stays, because events name it.
    pub async fn delete_account(
        &mut self,
        user: UserId,
        by: UserId,
        at: Timestamp,
    ) -> Result<MayGo, StorageError> {
        let may = self.may_go(user, IS_PRESENT).await?;
        if may != MayGo::Yes {
            return Ok(may);
        }
        let Some(account) = self.user_by_id(user).await? else {
            return Ok(MayGo::Missing);
        };
        let key = user.to_string();
        // What is addressed to a mailbox that was never proved may be somebody else's.
        let address = if account.email_verified {
            account.email.as_str()
        } else {
            key.as_str()
        };
        let bundles: Vec<BundleId> = self
            .all::<IdRow>(BUNDLES_OF_KEYS, args![key.as_str(), address])
            .await?
            .into_iter()
            .map(|row| BundleId(row.id))
            .collect();
        for batch in bundles.chunks(BATCH) {
            self.lock_bundles(batch).await?;
        }
        let live: Vec<InvitationId> = self
            .all::<IdRow>(LIVE_OF_KEYS, args![key.as_str(), address])
            .await?
            .into_iter()
            .map(|row| InvitationId(row.id))
            .collect();
        self.end_invitations(
            &live,
            InvitationStatus::Revoked,
            "The account was deleted.",
            (Some(by.0), "user"),
            at,
        )
        .await?;
        let nobody = format!("{}@{DELETED_DOMAIN}", user.0.simple());
        if account.email_verified {
            self.execute(FORGET_KEYS, args![address, key.as_str()])
                .await?;
            self.execute(FORGET_UNBOUND, args![address, nobody.as_str()])
                .await?;
        }
        self.execute(FORGET_ACCEPTED_KEYS, args![user, key.as_str()])
            .await?;
        self.execute(FORGET_BUNDLES, args![user, nobody.as_str()])
            .await?;
        self.execute(FORGET_EXTERNAL, args![user]).await?;
        self.forget_account_mails_of(user).await?;
        self.delete_sessions_of(user).await?;
        for tenant in self.tenants_invited_in(user).await? {
            self.note_gone(&InviterGone {
                tenant,
                inviter: user,
                by,
                at,
            })
            .await?;
        }
        if self
            .execute(DELETE, args![user, at, nobody.as_str()])
            .await?
            != 1
        {
            return Err(StorageError::Retry);
        }
        self.account_event(user, "user.deleted", (Some(by.0), "user"), at)
            .await?;
        Ok(MayGo::Yes)
    }

    /// Whether somebody else runs the platform, and each tenant that this user runs.
    /// `present` says which accounts there are.
    async fn may_go(&mut self, user: UserId, present: &'static str) -> Result<MayGo, StorageError> {
        if self.is_postgres() {
            self.all::<IdRow>(LOCK_TENANTS, args![user]).await?;
            self.all::<IdRow>(LOCK_SUPER_ADMINS, args![]).await?;
        }
        if self
            .optional::<IdRow>(present, args![user])
            .await?
            .is_none()
        {
            return Ok(MayGo::Missing);
        }
        let last = self.optional::<IdRow>(IS_LAST_SUPER, args![user]).await?;
        if last.is_some() {
            return Ok(MayGo::LastSuperAdmin);
        }
        // Who is deactivated already runs nothing.
        if self
            .optional::<IdRow>(IS_ACTIVE, args![user])
            .await?
            .is_some()
            && let Some(tenant) = self.optional::<NameRow>(IS_LAST_ADMIN, args![user]).await?
        {
            return Ok(MayGo::LastAdmin(tenant.name));
        }
        Ok(MayGo::Yes)
    }

    /// Records what was done to an account.
    pub async fn account_event(
        &mut self,
        user: UserId,
        action: &'static str,
        actor: (Option<Uuid>, &'static str),
        at: Timestamp,
    ) -> Result<(), StorageError> {
        self.record(vec![AuditEvent {
            tenant: None,
            actor_id: actor.0,
            actor: actor.1,
            action,
            subject: "user",
            subject_id: user.0,
            at,
        }])
        .await
    }
}
