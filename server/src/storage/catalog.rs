//! Courses and programs.

use std::collections::HashMap;

use app::domain::{
    id::{CatalogItemId, TenantId},
    invitation::InvitationKind,
    time::Timestamp,
};
use uuid::Uuid;

use super::{Arg, StorageError, Tx, fold, in_list, insert_many};
use crate::args;

/// A course or a program that may be invited to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogItem {
    /// The item.
    pub id: CatalogItemId,
    /// As it stands in a CSV.
    pub key: String,
    /// On the screen.
    pub title: String,
}

/// An item to be stored.
#[derive(Clone, Debug)]
pub struct NewCatalogItem {
    /// The item.
    pub id: CatalogItemId,
    /// `None`: shared by all tenants.
    pub tenant: Option<TenantId>,
    /// `Course` or `Program`.
    pub kind: InvitationKind,
    /// Unique per owner and kind.
    pub key: String,
    /// On the screen.
    pub title: String,
    /// Now.
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    tenant_id: Option<Uuid>,
    key: String,
    title: String,
    archived_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct KindCount {
    kind: String,
    n: i64,
}

const TITLE: &str = "SELECT title FROM catalog_items WHERE id = $1";
const TITLE_OF: &str = "SELECT title FROM catalog_items
    WHERE id = $1 AND (tenant_id = $2 OR tenant_id IS NULL)";
// A tenant's own key hides a shared one, so that a key counts once.
const COUNTS: &str = "SELECT kind, COUNT(DISTINCT key) AS n FROM catalog_items
    WHERE (tenant_id = $1 OR tenant_id IS NULL) AND archived_at IS NULL GROUP BY kind";

impl Tx {
    /// An item's title.
    pub async fn item_title(
        &mut self,
        item: CatalogItemId,
    ) -> Result<Option<String>, StorageError> {
        let row = self.optional::<(String,)>(TITLE, args![item]).await?;
        Ok(row.map(|(title,)| title))
    }

    /// What these keys mean in `tenant`: its own items first, then the shared ones.
    /// Archived and unknown keys are not in the answer; an own item hides a shared one
    /// of its key also where it is archived, lest people land in another course than
    /// the one they know under that key. Asks in batches of 500.
    pub async fn catalog_by_keys(
        &mut self,
        tenant: TenantId,
        kind: InvitationKind,
        keys: &[String],
    ) -> Result<HashMap<String, CatalogItem>, StorageError> {
        let mut items: HashMap<String, (bool, Option<CatalogItem>)> = HashMap::new();
        for batch in keys.chunks(500) {
            let sql = format!(
                "SELECT id, tenant_id, key, title, archived_at FROM catalog_items
                 WHERE tenant_id = $1 AND kind = $2 AND key IN ({keys})
                 UNION ALL
                 SELECT id, tenant_id, key, title, archived_at FROM catalog_items
                 WHERE tenant_id IS NULL AND kind = $2 AND key IN ({keys})",
                keys = in_list(3, batch.len())
            );
            let mut args = args![tenant, kind.as_str()];
            args.extend(batch.iter().map(|key| Arg::from(key.as_str())));
            for row in self.all_composed::<Row>(sql, args).await? {
                let own = row.tenant_id.is_some();
                let item = row.archived_at.is_none().then(|| CatalogItem {
                    id: CatalogItemId(row.id),
                    key: row.key.clone(),
                    title: row.title,
                });
                let known_own = items.get(&row.key).is_some_and(|(own, _)| *own);
                if !known_own {
                    items.insert(row.key, (own, item));
                }
            }
        }
        Ok(items
            .into_iter()
            .filter_map(|(key, (_, item))| Some((key, item?)))
            .collect())
    }

    /// An item's title; of a tenant, only of its own and the shared ones.
    pub async fn title_of(
        &mut self,
        tenant: Option<TenantId>,
        item: CatalogItemId,
    ) -> Result<Option<String>, StorageError> {
        let row: Option<(String,)> = match tenant {
            Some(tenant) => self.optional(TITLE_OF, args![item, tenant]).await?,
            None => self.optional(TITLE, args![item]).await?,
        };
        Ok(row.map(|(title,)| title))
    }

    /// How many courses and programs may be invited to: `(courses, programs)`.
    pub async fn catalog_counts(&mut self, tenant: TenantId) -> Result<(u64, u64), StorageError> {
        let counts = self.all::<KindCount>(COUNTS, args![tenant]).await?;
        let of = |kind: InvitationKind| {
            counts
                .iter()
                .find(|count| count.kind == kind.as_str())
                .map_or(0, |count| count.n.unsigned_abs())
        };
        Ok((of(InvitationKind::Course), of(InvitationKind::Program)))
    }

    /// Stores items; a key that its owner has is `StorageError::Unique`.
    pub async fn insert_catalog_items(
        &mut self,
        items: Vec<NewCatalogItem>,
    ) -> Result<(), StorageError> {
        let rows = items
            .into_iter()
            .map(|item| {
                let search = fold(&format!("{} {}", item.key, item.title));
                args![
                    item.id,
                    item.tenant,
                    item.kind.as_str(),
                    item.key,
                    item.title,
                    search,
                    item.created_at,
                ]
            })
            .collect();
        insert_many(
            self,
            "INSERT INTO catalog_items (id, tenant_id, kind, key, title, search_text, created_at)",
            7,
            "",
            rows,
        )
        .await?;
        Ok(())
    }

    /// Stores a program's courses, in their order.
    pub async fn insert_program_courses(
        &mut self,
        program: CatalogItemId,
        courses: &[CatalogItemId],
    ) -> Result<(), StorageError> {
        let rows = courses
            .iter()
            .zip(0_i64..)
            .map(|(course, position)| args![program, *course, position])
            .collect();
        insert_many(
            self,
            "INSERT INTO program_courses (program_id, course_id, position)",
            3,
            "",
            rows,
        )
        .await?;
        Ok(())
    }
}
