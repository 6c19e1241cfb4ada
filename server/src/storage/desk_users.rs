//! Accounts as super-admins make, change and see them.

use std::collections::{HashMap, HashSet};

use app::domain::{
    id::{BundleId, UserId},
    invitation::{InvitationKind, InvitationStatus},
    role::Role,
    time::Timestamp,
};
use uuid::Uuid;

use super::{
    AccountLine, Arg, StorageError, Tx, fold, in_list, insert_many, invitations::status_of,
    users::role_of,
};
use crate::args;

/// An account that somebody makes for another. It has no password, and its mailbox is not
/// proved.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The account.
    pub id: UserId,
    /// Canonical.
    pub email: String,
    /// As typed.
    pub email_typed: String,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// In lower case.
    pub username: Option<String>,
    /// Now.
    pub created_at: Timestamp,
}

/// What an address or an account is known by.
#[derive(Clone, Debug)]
pub struct KnownAccount {
    /// The account.
    pub id: UserId,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// May be none.
    pub username: Option<String>,
    /// As typed.
    pub email_typed: String,
    /// Canonical.
    pub email: String,
}

/// An account with its facts.
#[derive(Clone, Debug)]
pub struct AccountFacts {
    /// What the list shows.
    pub line: AccountLine,
    /// May be none.
    pub username: Option<String>,
    /// Canonical.
    pub email: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// A membership, of a disabled tenant too.
#[derive(Clone, Debug)]
pub struct AccountMembership {
    /// In addresses.
    pub slug: String,
    /// On the screen.
    pub name: String,
    /// The role there.
    pub role: Role,
    /// The tenant is shut.
    pub disabled: bool,
    /// Since when.
    pub joined_at: Timestamp,
}

/// An invitation to the account or its address.
#[derive(Clone, Debug)]
pub struct AccountInvitation {
    /// Its bundle.
    pub bundle: BundleId,
    /// The tenant's slug.
    pub slug: String,
    /// The tenant's name.
    pub name: String,
    /// The tenant is shut.
    pub disabled: bool,
    /// What kind.
    pub kind: InvitationKind,
    /// The tenant's name or the item's title.
    pub title: String,
    /// Where it stands.
    pub status: InvitationStatus,
    /// Since when.
    pub status_changed_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct KnownRow {
    id: Uuid,
    email: String,
    email_typed: String,
    first_name: String,
    last_name: String,
    username: Option<String>,
}

#[derive(sqlx::FromRow)]
struct FactsRow {
    id: Uuid,
    email: String,
    email_typed: String,
    email_verified: i64,
    first_name: String,
    last_name: String,
    username: Option<String>,
    super_admin: i64,
    deactivated_at: Option<i64>,
    password_hash: Option<String>,
    search_text: String,
    created_at: i64,
}

#[derive(sqlx::FromRow)]
struct MembershipRow {
    slug: String,
    name: String,
    role: String,
    disabled_at: Option<i64>,
    created_at: i64,
}

#[derive(sqlx::FromRow)]
struct InvitationRow {
    bundle_id: Uuid,
    slug: String,
    name: String,
    disabled_at: Option<i64>,
    kind: String,
    title: String,
    status: String,
    status_changed_at: i64,
}

const FACTS: &str = "SELECT id, email, email_typed, email_verified, first_name, last_name,
        username, super_admin, deactivated_at, password_hash, search_text, created_at
    FROM users WHERE id = $1 AND deleted_at IS NULL";
const MEMBERSHIPS: &str = "SELECT t.slug, t.name, m.role, t.disabled_at, m.created_at
    FROM memberships m JOIN tenants t ON t.id = m.tenant_id
    WHERE m.user_id = $1 ORDER BY t.name, t.slug";
// $1 the account, $2 its canonical address.
const INVITATIONS: &str = "SELECT i.bundle_id, t.slug, t.name, t.disabled_at, i.kind,
        COALESCE(c.title, t.name) AS title, i.status, i.status_changed_at
    FROM invitations i
    JOIN tenants t ON t.id = i.tenant_id
    LEFT JOIN catalog_items c ON c.id = i.target_id
    WHERE i.bundle_id IN (
        SELECT b.id FROM bundles b WHERE b.user_id = $1
        UNION
        SELECT b.id FROM bundles b
        WHERE b.tenant_id IN (SELECT id FROM tenants) AND b.email = $2)
    ORDER BY i.id DESC LIMIT 100";

impl Tx {
    /// Stores accounts; an address or a username that is taken is `StorageError::Unique`.
    pub async fn insert_accounts(&mut self, accounts: Vec<NewAccount>) -> Result<(), StorageError> {
        let rows = accounts
            .into_iter()
            .map(|one| {
                let search = fold(&format!(
                    "{} {} {}",
                    one.first_name, one.last_name, one.email_typed
                ));
                args![
                    one.id,
                    one.email,
                    one.email_typed,
                    0_i64,
                    one.username,
                    one.first_name,
                    one.last_name,
                    search,
                    one.created_at,
                ]
            })
            .collect();
        insert_many(
            self,
            "INSERT INTO users (id, email, email_typed, email_verified, username, first_name,
             last_name, search_text, created_at)",
            9,
            "",
            rows,
        )
        .await?;
        Ok(())
    }

    /// Which of these canonical addresses have an account. Asks in batches of 1,000.
    pub async fn accounts_by_emails(
        &mut self,
        emails: &[String],
    ) -> Result<HashMap<String, KnownAccount>, StorageError> {
        let mut known = HashMap::new();
        for batch in emails.chunks(1_000) {
            let sql = format!(
                "SELECT id, email, email_typed, first_name, last_name, username
                 FROM users WHERE email IN ({})",
                in_list(1, batch.len())
            );
            let args = batch
                .iter()
                .map(|email| Arg::from(email.as_str()))
                .collect();
            for row in self.all_composed::<KnownRow>(sql, args).await? {
                known.insert(
                    row.email.clone(),
                    KnownAccount {
                        id: UserId(row.id),
                        first_name: row.first_name,
                        last_name: row.last_name,
                        username: row.username,
                        email_typed: row.email_typed,
                        email: row.email,
                    },
                );
            }
        }
        Ok(known)
    }

    /// Which of these usernames somebody has. Asks in batches of 1,000.
    pub async fn usernames_taken(
        &mut self,
        usernames: &[String],
    ) -> Result<HashSet<String>, StorageError> {
        let mut taken = HashSet::new();
        for batch in usernames.chunks(1_000) {
            let sql = format!(
                "SELECT username FROM users WHERE username IN ({})",
                in_list(1, batch.len())
            );
            let args = batch.iter().map(|name| Arg::from(name.as_str())).collect();
            let rows: Vec<(String,)> = self.all_composed(sql, args).await?;
            taken.extend(rows.into_iter().map(|(name,)| name));
        }
        Ok(taken)
    }

    /// One account that is not deleted.
    pub async fn account_facts(
        &mut self,
        user: UserId,
    ) -> Result<Option<AccountFacts>, StorageError> {
        let row = self.optional::<FactsRow>(FACTS, args![user]).await?;
        Ok(row.map(|row| AccountFacts {
            username: row.username,
            email: row.email,
            created_at: Timestamp(row.created_at),
            line: AccountLine {
                id: UserId(row.id),
                first_name: row.first_name,
                last_name: row.last_name,
                email_typed: row.email_typed,
                email_verified: row.email_verified != 0,
                super_admin: row.super_admin != 0,
                deactivated: row.deactivated_at.is_some(),
                without_password: row.password_hash.is_none(),
                search_text: row.search_text,
            },
        }))
    }

    /// Every tenant that the account is a member of, by name.
    pub async fn account_memberships(
        &mut self,
        user: UserId,
    ) -> Result<Vec<AccountMembership>, StorageError> {
        self.all::<MembershipRow>(MEMBERSHIPS, args![user])
            .await?
            .into_iter()
            .map(|row| {
                Ok(AccountMembership {
                    slug: row.slug,
                    name: row.name,
                    role: role_of(row.role)?,
                    disabled: row.disabled_at.is_some(),
                    joined_at: Timestamp(row.created_at),
                })
            })
            .collect()
    }

    /// The newest 100 invitations to the account or its address.
    pub async fn account_invitations(
        &mut self,
        user: UserId,
        email: &str,
    ) -> Result<Vec<AccountInvitation>, StorageError> {
        self.all::<InvitationRow>(INVITATIONS, args![user, email])
            .await?
            .into_iter()
            .map(|row| {
                Ok(AccountInvitation {
                    bundle: BundleId(row.bundle_id),
                    slug: row.slug,
                    name: row.name,
                    disabled: row.disabled_at.is_some(),
                    kind: InvitationKind::parse(&row.kind).ok_or(StorageError::BadData {
                        table: "invitations",
                        column: "kind",
                        value: row.kind,
                    })?,
                    title: row.title,
                    status: status_of(row.status)?,
                    status_changed_at: Timestamp(row.status_changed_at),
                })
            })
            .collect()
    }
}
