//! Users and their memberships.

use std::collections::HashMap;

use app::domain::{
    id::{InvitationId, TenantId, UserId},
    role::Role,
    time::Timestamp,
};
use uuid::Uuid;

use super::{Arg, StorageError, Tx, fold, in_list, insert_many};
use crate::args;

/// A person with an account.
#[derive(Clone, Debug)]
pub struct User {
    /// The account.
    pub id: UserId,
    /// Canonical.
    pub email: String,
    /// As typed; mail goes here.
    pub email_typed: String,
    /// The mailbox is proved.
    pub email_verified: bool,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// Runs the whole platform.
    pub super_admin: bool,
    /// Can no longer sign in.
    pub deactivated: bool,
}

impl User {
    /// First and last name, or the address where there is none.
    #[must_use]
    pub fn name(&self) -> String {
        display_name(&self.first_name, &self.last_name, &self.email_typed)
    }
}

/// First and last name, or the address where there is none.
#[must_use]
pub fn display_name(first: &str, last: &str, email: &str) -> String {
    let name = format!("{} {}", first.trim(), last.trim());
    match name.trim() {
        "" => email.to_owned(),
        name => name.to_owned(),
    }
}

/// A PHC string; it cannot print.
#[derive(Clone)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(redacted)")
    }
}

/// A user to be stored.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The account.
    pub id: UserId,
    /// Canonical (`app::domain::email`).
    pub email: String,
    /// As typed.
    pub email_typed: String,
    /// The mailbox is proved.
    pub email_verified: bool,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// `None`: gets in by the reset path.
    pub password_hash: Option<PasswordHash>,
    /// Runs the whole platform.
    pub super_admin: bool,
    /// Now.
    pub created_at: Timestamp,
}

/// A membership to be stored.
#[derive(Clone, Debug)]
pub struct NewMembership {
    /// Where.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// The role there.
    pub role: Role,
    /// From the CSV's `group`.
    pub labels: String,
    /// Unique in the tenant.
    pub external_id: Option<String>,
    /// Now.
    pub created_at: Timestamp,
    /// The invitation it came from (I3).
    pub invitation: Option<InvitationId>,
}

/// One of a user's tenants.
#[derive(Clone, Debug)]
pub struct MembershipLine {
    /// The tenant.
    pub tenant: TenantId,
    /// In addresses.
    pub slug: String,
    /// On the screen.
    pub name: String,
    /// The role there.
    pub role: Role,
}

/// What is known about an address, as seen from one tenant.
#[derive(Clone, Debug)]
pub struct KnownUser {
    /// The account.
    pub id: UserId,
    /// The mailbox is proved.
    pub email_verified: bool,
    /// The role in that tenant; `None`: not a member.
    pub role: Option<Role>,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    email: String,
    email_typed: String,
    email_verified: i64,
    first_name: String,
    last_name: String,
    super_admin: i64,
    deactivated_at: Option<i64>,
    password_hash: Option<String>,
}

impl Row {
    fn split(self) -> (User, Option<PasswordHash>) {
        let user = User {
            id: UserId(self.id),
            email: self.email,
            email_typed: self.email_typed,
            email_verified: self.email_verified != 0,
            first_name: self.first_name,
            last_name: self.last_name,
            super_admin: self.super_admin != 0,
            deactivated: self.deactivated_at.is_some(),
        };
        (user, self.password_hash.map(PasswordHash))
    }
}

#[derive(sqlx::FromRow)]
struct MembershipRow {
    tenant_id: Uuid,
    slug: String,
    name: String,
    role: String,
}

#[derive(sqlx::FromRow)]
struct KnownRow {
    id: Uuid,
    email: String,
    email_verified: i64,
    role: Option<String>,
    first_name: String,
    last_name: String,
}

#[derive(sqlx::FromRow)]
struct Count {
    n: i64,
}

const BY_EMAIL: &str = "SELECT id, email, email_typed, email_verified, first_name, last_name,
    super_admin, deactivated_at, password_hash FROM users WHERE email = $1";
const BY_ID: &str = "SELECT id, email, email_typed, email_verified, first_name, last_name,
    super_admin, deactivated_at, password_hash FROM users WHERE id = $1";
const COUNT: &str = "SELECT COUNT(*) AS n FROM users";
const MAKE_SUPER: &str = "UPDATE users SET super_admin = 1, password_hash = $2 WHERE id = $1";
const MEMBERSHIPS: &str = "SELECT m.tenant_id, t.slug, t.name, m.role
    FROM memberships m JOIN tenants t ON t.id = m.tenant_id
    WHERE m.user_id = $1 AND t.disabled_at IS NULL ORDER BY t.name, t.slug";

/// Reads a role as the database has it.
pub(super) fn role_of(text: String) -> Result<Role, StorageError> {
    Role::parse(&text).ok_or(StorageError::BadData {
        table: "memberships",
        column: "role",
        value: text,
    })
}

impl Tx {
    /// The user of this canonical address, with the password's hash.
    pub async fn user_by_email(
        &mut self,
        canonical: &str,
    ) -> Result<Option<(User, Option<PasswordHash>)>, StorageError> {
        let row = self.optional::<Row>(BY_EMAIL, args![canonical]).await?;
        Ok(row.map(Row::split))
    }

    /// The user of this id.
    pub async fn user_by_id(&mut self, id: UserId) -> Result<Option<User>, StorageError> {
        let row = self.optional::<Row>(BY_ID, args![id]).await?;
        Ok(row.map(|row| row.split().0))
    }

    /// How many users there are.
    pub async fn count_users(&mut self) -> Result<u64, StorageError> {
        let count = self.one::<Count>(COUNT, args![]).await?;
        Ok(count.n.unsigned_abs())
    }

    /// Which of these canonical addresses have an account, and what it is in `tenant`.
    /// Asks in batches of 1,000.
    pub async fn users_by_emails(
        &mut self,
        tenant: TenantId,
        emails: &[String],
    ) -> Result<HashMap<String, KnownUser>, StorageError> {
        let mut known = HashMap::with_capacity(emails.len());
        for batch in emails.chunks(1_000) {
            let sql = format!(
                "SELECT u.id, u.email, u.email_verified, m.role,
                        u.first_name, u.last_name
                 FROM users u
                 LEFT JOIN memberships m ON m.user_id = u.id AND m.tenant_id = $1
                 WHERE u.email IN ({})",
                in_list(2, batch.len())
            );
            let mut args = args![tenant];
            args.extend(batch.iter().map(|email| Arg::from(email.as_str())));
            for row in self.all_composed::<KnownRow>(sql, args).await? {
                let user = KnownUser {
                    id: UserId(row.id),
                    email_verified: row.email_verified != 0,
                    role: row.role.map(role_of).transpose()?,
                    first_name: row.first_name,
                    last_name: row.last_name,
                };
                known.insert(row.email, user);
            }
        }
        Ok(known)
    }

    /// Stores users; an address that is taken is `StorageError::Unique`.
    pub async fn insert_users(&mut self, users: Vec<NewUser>) -> Result<(), StorageError> {
        let rows = users
            .into_iter()
            .map(|user| {
                let search = fold(&format!(
                    "{} {} {}",
                    user.first_name, user.last_name, user.email_typed
                ));
                args![
                    user.id,
                    user.email,
                    user.email_typed,
                    user.email_verified,
                    user.first_name,
                    user.last_name,
                    search,
                    user.password_hash.map(|hash| hash.0),
                    user.super_admin,
                    user.created_at,
                ]
            })
            .collect();
        insert_many(
            self,
            "INSERT INTO users (id, email, email_typed, email_verified, first_name, last_name,
             search_text, password_hash, super_admin, created_at)",
            10,
            "",
            rows,
        )
        .await?;
        Ok(())
    }

    /// Makes an account a super-admin with a new password (command line only).
    pub async fn make_super_admin(
        &mut self,
        user: UserId,
        hash: PasswordHash,
    ) -> Result<(), StorageError> {
        self.execute(MAKE_SUPER, args![user, hash.0]).await?;
        Ok(())
    }

    /// Stores memberships; who is a member already stays as he is. How many are new.
    pub async fn insert_memberships(
        &mut self,
        memberships: Vec<NewMembership>,
    ) -> Result<u64, StorageError> {
        let rows = memberships
            .into_iter()
            .map(|one| {
                args![
                    one.tenant,
                    one.user,
                    one.role.as_str(),
                    one.labels,
                    one.external_id,
                    one.created_at,
                    one.invitation,
                ]
            })
            .collect();
        insert_many(
            self,
            "INSERT INTO memberships
             (tenant_id, user_id, role, labels, external_id, created_at, invitation_id)",
            7,
            "ON CONFLICT (tenant_id, user_id) DO NOTHING",
            rows,
        )
        .await
    }

    /// The user's enabled tenants, by name.
    pub async fn memberships_of(
        &mut self,
        user: UserId,
    ) -> Result<Vec<MembershipLine>, StorageError> {
        self.all::<MembershipRow>(MEMBERSHIPS, args![user])
            .await?
            .into_iter()
            .map(|row| {
                Ok(MembershipLine {
                    tenant: TenantId(row.tenant_id),
                    slug: row.slug,
                    name: row.name,
                    role: role_of(row.role)?,
                })
            })
            .collect()
    }
}
