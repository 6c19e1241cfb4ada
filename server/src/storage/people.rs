//! The members of a tenant, by name.

use app::domain::{
    id::{TenantId, UserId},
    role::Role,
    time::Timestamp,
};
use uuid::Uuid;

use super::{Arg, StorageError, Tx, contains_pattern, users::role_of};
use crate::args;

/// One member.
#[derive(Clone, Debug)]
pub struct Member {
    /// The account.
    pub user: UserId,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// As typed.
    pub email: String,
    /// The role there.
    pub role: Role,
    /// Labels.
    pub labels: String,
    /// Since when.
    pub joined_at: Timestamp,
    /// What the page is ordered by, then by the id.
    pub search_text: String,
}

/// Where a page begins: after this member.
#[derive(Clone, Debug, Default)]
pub struct AfterMember {
    /// Its folded name and address.
    pub search_text: String,
    /// Its id.
    pub user: Uuid,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    first_name: String,
    last_name: String,
    email_typed: String,
    role: String,
    labels: String,
    created_at: i64,
    search_text: String,
}

impl Tx {
    /// Members whose folded name or address contains every one of `words`.
    pub async fn members(
        &mut self,
        tenant: TenantId,
        words: &[String],
        after: AfterMember,
        limit: u32,
    ) -> Result<Vec<Member>, StorageError> {
        use std::fmt::Write as _;
        let mut sql = "SELECT u.id, u.first_name, u.last_name, u.email_typed, m.role, m.labels,
                m.created_at, u.search_text
            FROM memberships m JOIN users u ON u.id = m.user_id
            WHERE m.tenant_id = $1 AND u.deleted_at IS NULL AND (u.search_text, u.id) > ($2, $3)"
            .to_owned();
        let mut args = args![tenant, after.search_text, after.user, limit];
        for word in words {
            args.push(Arg::from(contains_pattern(word)));
            let _infallible = write!(sql, " AND u.search_text LIKE ${} ESCAPE '\\'", args.len());
        }
        sql.push_str(" ORDER BY u.search_text, u.id LIMIT $4");
        self.all_planned::<Row>(sql, args)
            .await?
            .into_iter()
            .map(|row| {
                Ok(Member {
                    user: UserId(row.id),
                    first_name: row.first_name,
                    last_name: row.last_name,
                    email: row.email_typed,
                    role: role_of(row.role)?,
                    labels: row.labels,
                    joined_at: Timestamp(row.created_at),
                    search_text: row.search_text,
                })
            })
            .collect()
    }
}
