//! What a tenant's admins see and change of the catalog.

use app::domain::{
    id::{BundleId, CatalogItemId, InvitationId, TenantId},
    invitation::{InvitationKind, InvitationStatus},
    time::Timestamp,
};
use uuid::Uuid;

use super::{Arg, StorageError, Tx, contains_pattern, fold, in_list};
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
struct LiveRow {
    id: Uuid,
    bundle_id: Uuid,
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

const ONE: &str = item_sql!("FROM catalog_items c WHERE c.tenant_id = $1 AND c.id = $2");
const COURSES: &str = item_sql!(
    "FROM program_courses o JOIN catalog_items c ON c.id = o.course_id
     WHERE o.program_id = $2 AND (c.tenant_id = $1 OR c.tenant_id IS NULL)
     ORDER BY o.position"
);
const LIST: &str =
    item_sql!("FROM catalog_items c WHERE (c.tenant_id = $1 OR c.tenant_id IS NULL)");
const USED: &str = "SELECT id FROM invitations WHERE tenant_id = $1 AND target_id = $2 LIMIT 1";
const EDIT: &str = "UPDATE catalog_items SET key = $3, title = $4, search_text = $5
    WHERE tenant_id = $1 AND id = $2 AND archived_at IS NULL
      AND (key = $3 OR NOT EXISTS (SELECT 1 FROM invitations i
        WHERE i.tenant_id = $1 AND i.target_id = $2))";
const CLEAR_COURSES: &str = "DELETE FROM program_courses WHERE program_id = $1";
const ARCHIVE: &str = "UPDATE catalog_items SET archived_at = $3
    WHERE tenant_id = $1 AND id = $2 AND archived_at IS NULL";
const LIVE_TO: &str = "SELECT id, bundle_id FROM invitations
    WHERE tenant_id = $1 AND target_id = $2 AND status IN ('unassigned', 'scheduled', 'pending')
    ORDER BY bundle_id LIMIT $3";

impl Tx {
    /// A page of the tenant's own items and the shared ones.
    pub async fn list_items(
        &mut self,
        tenant: TenantId,
        filter: &ItemFilter,
        limit: u32,
    ) -> Result<Vec<ListedItem>, StorageError> {
        use std::fmt::Write as _;
        let mut sql = LIST.to_owned();
        let mut args = args![tenant, filter.after.0.as_str(), filter.after.1, limit];
        sql.push_str(" AND (c.search_text, c.id) > ($2, $3)");
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
        sql.push_str(" ORDER BY c.search_text, c.id LIMIT $4");
        self.all_composed::<ItemRow>(sql, args)
            .await?
            .into_iter()
            .map(listed)
            .collect()
    }

    /// One of the tenant's own items.
    pub async fn own_item(
        &mut self,
        tenant: TenantId,
        item: CatalogItemId,
    ) -> Result<Option<ListedItem>, StorageError> {
        self.optional::<ItemRow>(ONE, args![tenant, item])
            .await?
            .map(listed)
            .transpose()
    }

    /// A program's courses, in their order.
    pub async fn program_courses(
        &mut self,
        tenant: TenantId,
        program: CatalogItemId,
    ) -> Result<Vec<ListedItem>, StorageError> {
        self.all::<ItemRow>(COURSES, args![tenant, program])
            .await?
            .into_iter()
            .map(listed)
            .collect()
    }

    /// Whether anybody of the tenant was ever invited to an item.
    pub async fn item_is_used(
        &mut self,
        tenant: TenantId,
        item: CatalogItemId,
    ) -> Result<bool, StorageError> {
        let row = self.optional::<(Uuid,)>(USED, args![tenant, item]).await?;
        Ok(row.is_some())
    }

    /// How many of these are courses that the tenant may put into a program (S25).
    pub async fn count_courses(
        &mut self,
        tenant: TenantId,
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
        let mut args = args![tenant];
        args.extend(courses.iter().map(|id| Arg::from(*id)));
        Ok(self.all_composed::<(Uuid,)>(sql, args).await?.len())
    }

    /// Changes an own item; a key that another has is `StorageError::Unique`.
    pub async fn edit_item(
        &mut self,
        tenant: TenantId,
        item: CatalogItemId,
        key: &str,
        title: &str,
    ) -> Result<ItemChange, StorageError> {
        let search = fold(&format!("{key} {title}"));
        let done = self
            .execute(EDIT, args![tenant, item, key, title, search])
            .await?;
        if done == 1 {
            return Ok(ItemChange::Done);
        }
        let known = self.own_item(tenant, item).await?;
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
        tenant: TenantId,
        item: CatalogItemId,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        Ok(self.execute(ARCHIVE, args![tenant, item, at]).await? == 1)
    }

    /// Revokes some of the live invitations to an item; how many. Fewer than 500: no more.
    pub async fn revoke_to_item(
        &mut self,
        tenant: TenantId,
        item: CatalogItemId,
        reason: &str,
        actor: (Option<Uuid>, &'static str),
        at: Timestamp,
    ) -> Result<u64, StorageError> {
        let rows = self
            .all::<LiveRow>(LIVE_TO, args![tenant, item, REVOKED_AT_ONCE])
            .await?;
        let mut bundles: Vec<BundleId> = rows.iter().map(|row| BundleId(row.bundle_id)).collect();
        bundles.dedup();
        self.lock_bundles(&bundles).await?;
        let ids: Vec<InvitationId> = rows.iter().map(|row| InvitationId(row.id)).collect();
        self.end_invitations(&ids, InvitationStatus::Revoked, reason, actor, at)
            .await?;
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
