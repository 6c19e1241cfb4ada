//! What a tenant's admins see and change of the catalog, and super-admins of all of it.
//!
//! An owner is a tenant, or nobody: then the item is shared by all.

use std::collections::HashMap;

use app::domain::{
    id::{BundleId, CatalogItemId, InvitationId, TenantId},
    invitation::{InvitationKind, InvitationStatus},
    time::Timestamp,
};
use uuid::Uuid;

use super::{Arg, FromBoth, StorageError, Tx, contains_pattern, fold, in_list};
use crate::args;

/// Invitations that one transaction revokes.
const REVOKED_AT_ONCE: u32 = 500;

/// An item as the tenant's list shows it.
#[derive(Clone, Debug)]
pub struct ListedItem {
    /// The item.
    pub id: CatalogItemId,
    /// `Course` or `Program`.
    pub kind: InvitationKind,
    /// As it stands in a CSV.
    pub key: String,
    /// On the screen.
    pub title: String,
    /// Not shared.
    pub own: bool,
    /// Nobody can be invited to it.
    pub archived: bool,
    /// A program's courses.
    pub courses: u64,
    /// Live invitations of the tenant to it.
    pub live: u64,
    /// What the list is ordered by, then by the id.
    pub search_text: String,
}

/// Which items.
#[derive(Clone, Debug, Default)]
pub struct ItemFilter {
    /// Folded words of the key or the title.
    pub words: Vec<String>,
    /// Only this kind.
    pub kind: Option<InvitationKind>,
    /// The archived ones instead.
    pub archived: bool,
    /// After this search text and id.
    pub after: (String, Uuid),
}

/// Whose items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owned {
    /// Anybody's.
    ByAny,
    /// A tenant's, or the shared ones.
    By(Option<TenantId>),
}

/// An item, with the slug and name of the tenant whose it is.
#[derive(Clone, Debug)]
pub struct OwnedItem {
    /// The item.
    pub item: ListedItem,
    /// None: shared.
    pub owner: Option<(String, String)>,
}

/// An item that has a key, archived or not.
#[derive(Clone, Debug)]
pub struct KnownItem {
    /// The item.
    pub id: CatalogItemId,
    /// On the screen.
    pub title: String,
    /// Nobody can be invited to it.
    pub archived: bool,
}

/// How a change of an item ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemChange {
    /// Done.
    Done,
    /// There is no such item of the tenant's own, or it is archived.
    Missing,
    /// Somebody was invited to it: its key is fixed.
    KeyFixed,
}

#[derive(sqlx::FromRow)]
struct ItemRow {
    id: Uuid,
    tenant_id: Option<Uuid>,
    kind: String,
    key: String,
    title: String,
    search_text: String,
    archived_at: Option<i64>,
    courses: i64,
    live: i64,
}

#[derive(sqlx::FromRow)]
struct OwnedRow {
    #[sqlx(flatten)]
    item: ItemRow,
    slug: Option<String>,
    owner: Option<String>,
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    id: Uuid,
    key: String,
    title: String,
    archived_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct LiveRow {
    id: Uuid,
    bundle_id: Uuid,
    tenant_id: Uuid,
}

/// `$1` is the tenant.
macro_rules! item_sql {
    ($from:literal) => {
        concat!(
            "SELECT c.id, c.tenant_id, c.kind, c.key, c.title, c.search_text, c.archived_at,
                (SELECT COUNT(*) FROM program_courses p WHERE p.program_id = c.id) AS courses,
                (SELECT COUNT(*) FROM invitations i WHERE i.tenant_id = $1
                    AND i.target_id = c.id
                    AND i.status IN ('unassigned', 'scheduled', 'pending')
                    AND i.invitee_key IS NOT NULL) AS live ",
            $from
        )
    };
}

/// The live ones are the owner's, or everybody's to a shared one.
macro_rules! owned_sql {
    ($columns:literal, $from:literal) => {
        concat!(
            "SELECT c.id, c.tenant_id, c.kind, c.key, c.title, c.search_text, c.archived_at,
                (SELECT COUNT(*) FROM program_courses p WHERE p.program_id = c.id) AS courses,
                (SELECT COUNT(*) FROM invitations i WHERE i.target_id = c.id
                    AND i.tenant_id IN (SELECT o.id FROM tenants o
                        WHERE o.id = c.tenant_id OR c.tenant_id IS NULL)
                    AND i.status IN ('unassigned', 'scheduled', 'pending')
                    AND i.invitee_key IS NOT NULL) AS live ",
            $columns,
            $from
        )
    };
}

// $1 is the owner; none: shared.
const ONE: &str = owned_sql!(
    "",
    "FROM catalog_items c
     WHERE (c.tenant_id = $1 OR (c.tenant_id IS NULL AND $1 IS NULL)) AND c.id = $2"
);
const EVERYWHERE: &str = owned_sql!(
    ", t.slug, t.name AS owner ",
    "FROM catalog_items c LEFT JOIN tenants t ON t.id = c.tenant_id
     WHERE t.disabled_at IS NULL AND (c.search_text, c.id) > ($1, $2)"
);
const COURSES: &str = item_sql!(
    "FROM program_courses o JOIN catalog_items c ON c.id = o.course_id
     WHERE o.program_id = $2 AND (c.tenant_id = $1 OR c.tenant_id IS NULL)
     ORDER BY o.position"
);
const LIST: &str =
    item_sql!("FROM catalog_items c WHERE (c.tenant_id = $1 OR c.tenant_id IS NULL)");
const USED: &str = "SELECT id FROM invitations WHERE target_id = $2
    AND tenant_id IN (SELECT t.id FROM tenants t WHERE t.id = $1 OR $1 IS NULL) LIMIT 1";
const EDIT: &str = "UPDATE catalog_items SET key = $3, title = $4, search_text = $5
    WHERE (tenant_id = $1 OR (tenant_id IS NULL AND $1 IS NULL))
      AND id = $2 AND archived_at IS NULL
      AND (key = $3 OR NOT EXISTS (SELECT 1 FROM invitations i WHERE i.target_id = $2
        AND i.tenant_id IN (SELECT t.id FROM tenants t WHERE t.id = $1 OR $1 IS NULL)))";
const CLEAR_COURSES: &str = "DELETE FROM program_courses WHERE program_id = $1";
const ARCHIVE: &str = "UPDATE catalog_items SET archived_at = $3
    WHERE (tenant_id = $1 OR (tenant_id IS NULL AND $1 IS NULL))
      AND id = $2 AND archived_at IS NULL";
const LIVE_TO: &str = "SELECT id, bundle_id, tenant_id FROM invitations
    WHERE target_id = $2 AND status IN ('unassigned', 'scheduled', 'pending')
      AND tenant_id IN (SELECT t.id FROM tenants t WHERE t.id = $1 OR $1 IS NULL)
    ORDER BY bundle_id LIMIT $3";

impl Tx {
    /// A page of an owner's items and the shared ones.
    pub async fn list_items(
        &mut self,
        owner: Option<TenantId>,
        filter: &ItemFilter,
        limit: u32,
    ) -> Result<Vec<ListedItem>, StorageError> {
        let mut sql = LIST.to_owned();
        let args = args![owner, filter.after.0.as_str(), filter.after.1, limit];
        sql.push_str(" AND (c.search_text, c.id) > ($2, $3)");
        self.filtered::<ItemRow>(sql, args, filter, 4)
            .await?
            .into_iter()
            .map(listed)
            .collect()
    }

    /// A page of the items of the enabled tenants and the shared ones.
    pub async fn list_everywhere(
        &mut self,
        owned: Owned,
        filter: &ItemFilter,
        limit: u32,
    ) -> Result<Vec<OwnedItem>, StorageError> {
        let mut sql = EVERYWHERE.to_owned();
        let mut args = args![filter.after.0.as_str(), filter.after.1, limit];
        match owned {
            Owned::ByAny => {}
            Owned::By(None) => sql.push_str(" AND c.tenant_id IS NULL"),
            Owned::By(Some(tenant)) => {
                args.push(tenant.into());
                sql.push_str(" AND c.tenant_id = $4");
            }
        }
        self.filtered::<OwnedRow>(sql, args, filter, 3)
            .await?
            .into_iter()
            .map(|row| {
                Ok(OwnedItem {
                    item: listed(row.item)?,
                    owner: row.slug.zip(row.owner),
                })
            })
            .collect()
    }

    /// The rest of a page's statement; `limit` is the number of its argument.
    async fn filtered<R: FromBoth>(
        &mut self,
        mut sql: String,
        mut args: Vec<Arg>,
        filter: &ItemFilter,
        limit: usize,
    ) -> Result<Vec<R>, StorageError> {
        use std::fmt::Write as _;
        sql.push_str(if filter.archived {
            " AND c.archived_at IS NOT NULL"
        } else {
            " AND c.archived_at IS NULL"
        });
        if let Some(kind) = filter.kind {
            args.push(kind.as_str().into());
            let _infallible = write!(sql, " AND c.kind = ${}", args.len());
        }
        for word in &filter.words {
            args.push(Arg::from(contains_pattern(word)));
            let _infallible = write!(sql, " AND c.search_text LIKE ${} ESCAPE '\\'", args.len());
        }
        let _infallible = write!(sql, " ORDER BY c.search_text, c.id LIMIT ${limit}");
        self.all_planned::<R>(sql, args).await
    }

    /// Which of an owner's items have these keys, archived ones too. Asks in batches of 500.
    pub async fn items_by_keys(
        &mut self,
        owner: Option<TenantId>,
        kind: InvitationKind,
        keys: &[String],
    ) -> Result<HashMap<String, KnownItem>, StorageError> {
        let mut known = HashMap::new();
        for batch in keys.chunks(500) {
            let mut args = args![kind.as_str()];
            let whose = match owner {
                Some(tenant) => {
                    args.push(tenant.into());
                    "tenant_id = $2"
                }
                None => "tenant_id IS NULL",
            };
            let sql = format!(
                "SELECT id, key, title, archived_at FROM catalog_items
                 WHERE kind = $1 AND {whose} AND key IN ({})",
                in_list(args.len() + 1, batch.len())
            );
            args.extend(batch.iter().map(|key| Arg::from(key.as_str())));
            for row in self.all_composed::<KeyRow>(sql, args).await? {
                known.insert(
                    row.key,
                    KnownItem {
                        id: CatalogItemId(row.id),
                        title: row.title,
                        archived: row.archived_at.is_some(),
                    },
                );
            }
        }
        Ok(known)
    }

    /// One of an owner's items.
    pub async fn own_item(
        &mut self,
        owner: Option<TenantId>,
        item: CatalogItemId,
    ) -> Result<Option<ListedItem>, StorageError> {
        self.optional::<ItemRow>(ONE, args![owner, item])
            .await?
            .map(listed)
            .transpose()
    }

    /// A program's courses, in their order.
    pub async fn program_courses(
        &mut self,
        owner: Option<TenantId>,
        program: CatalogItemId,
    ) -> Result<Vec<ListedItem>, StorageError> {
        self.all::<ItemRow>(COURSES, args![owner, program])
            .await?
            .into_iter()
            .map(listed)
            .collect()
    }

    /// Whether anybody of the owner, or of any tenant to a shared one, was ever invited.
    pub async fn item_is_used(
        &mut self,
        owner: Option<TenantId>,
        item: CatalogItemId,
    ) -> Result<bool, StorageError> {
        let row = self.optional::<(Uuid,)>(USED, args![owner, item]).await?;
        Ok(row.is_some())
    }

    /// How many of these are courses that the owner may put into a program (S25).
    pub async fn count_courses(
        &mut self,
        owner: Option<TenantId>,
        courses: &[CatalogItemId],
    ) -> Result<usize, StorageError> {
        if courses.is_empty() {
            return Ok(0);
        }
        let sql = format!(
            "SELECT id FROM catalog_items WHERE kind = 'course'
             AND (tenant_id = $1 OR tenant_id IS NULL) AND id IN ({})",
            in_list(2, courses.len())
        );
        let mut args = args![owner];
        args.extend(courses.iter().map(|id| Arg::from(*id)));
        Ok(self.all_composed::<(Uuid,)>(sql, args).await?.len())
    }

    /// Changes an own item; a key that another has is `StorageError::Unique`.
    pub async fn edit_item(
        &mut self,
        owner: Option<TenantId>,
        item: CatalogItemId,
        key: &str,
        title: &str,
    ) -> Result<ItemChange, StorageError> {
        let search = fold(&format!("{key} {title}"));
        let done = self
            .execute(EDIT, args![owner, item, key, title, search])
            .await?;
        if done == 1 {
            return Ok(ItemChange::Done);
        }
        let known = self.own_item(owner, item).await?;
        Ok(if known.is_some_and(|known| !known.archived) {
            ItemChange::KeyFixed
        } else {
            ItemChange::Missing
        })
    }

    /// Gives a program other courses.
    pub async fn replace_program_courses(
        &mut self,
        program: CatalogItemId,
        courses: &[CatalogItemId],
    ) -> Result<(), StorageError> {
        self.execute(CLEAR_COURSES, args![program]).await?;
        self.insert_program_courses(program, courses).await
    }

    /// Archives an own item; false: there is none, or it is archived.
    pub async fn archive_item(
        &mut self,
        owner: Option<TenantId>,
        item: CatalogItemId,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        Ok(self.execute(ARCHIVE, args![owner, item, at]).await? == 1)
    }

    /// Revokes some of the live invitations to an item; how many. Fewer than 500: no more.
    pub async fn revoke_to_item(
        &mut self,
        owner: Option<TenantId>,
        item: CatalogItemId,
        reason: &str,
        actor: (Option<Uuid>, &'static str),
        at: Timestamp,
    ) -> Result<u64, StorageError> {
        let rows = self
            .all::<LiveRow>(LIVE_TO, args![owner, item, REVOKED_AT_ONCE])
            .await?;
        let mut bundles: Vec<BundleId> = rows.iter().map(|row| BundleId(row.bundle_id)).collect();
        bundles.dedup();
        self.lock_bundles(&bundles).await?;
        let ids: Vec<InvitationId> = rows.iter().map(|row| InvitationId(row.id)).collect();
        self.end_invitations(&ids, InvitationStatus::Revoked, reason, actor, at)
            .await?;
        let mut tenants: Vec<TenantId> = rows.iter().map(|row| TenantId(row.tenant_id)).collect();
        tenants.sort_unstable();
        tenants.dedup();
        for tenant in tenants {
            self.announce(tenant, at).await?;
        }
        Ok(ids.len() as u64)
    }
}

fn listed(row: ItemRow) -> Result<ListedItem, StorageError> {
    Ok(ListedItem {
        id: CatalogItemId(row.id),
        kind: InvitationKind::parse(&row.kind).ok_or(StorageError::BadData {
            table: "catalog_items",
            column: "kind",
            value: row.kind,
        })?,
        key: row.key,
        title: row.title,
        own: row.tenant_id.is_some(),
        archived: row.archived_at.is_some(),
        courses: row.courses.unsigned_abs(),
        live: row.live.unsigned_abs(),
        search_text: row.search_text,
    })
}
