//! The admin's list of bundles: filtered, sorted, counted, page by page.

use std::collections::HashMap;

use app::{
    api::invitations::{InvitationFilter, SortBy},
    domain::{
        id::{BundleId, InvitationId, TenantId, UserId},
        invitation::{DeliveryStatus, InvitationKind, InvitationStatus},
        role::Role,
        time::Timestamp,
    },
};
use uuid::Uuid;

use super::{
    Arg, StorageError, Tx, contains_pattern, in_list, invitations::status_of, outbox::HELD,
    users::display_name,
};
use crate::args;

/// Which bundles of a tenant.
#[derive(Clone, Debug)]
pub struct BundleFilter {
    /// Whose.
    pub tenant: TenantId,
    /// What else must hold; its search and its days are read from the fields below.
    pub asked: InvitationFilter,
    /// Folded words; each must be part of the name or the address.
    pub words: Vec<String>,
    /// Only bundles made then or later.
    pub from: Option<Timestamp>,
    /// Only bundles made before.
    pub before: Option<Timestamp>,
    /// Only this bundle.
    pub only: Option<BundleId>,
}

/// Where a page begins, and in which order it goes on.
#[derive(Clone, Debug, Default)]
pub struct BundleOrder {
    /// What decides.
    pub sort: SortBy,
    /// Earliest first, or from Z to A.
    pub reversed: bool,
    /// After this bundle.
    pub after: Option<AfterBundle>,
}

/// The last bundle of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AfterBundle {
    /// What it is ordered by.
    pub value: SortValue,
    /// Its id.
    pub bundle: BundleId,
}

/// What a bundle is ordered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortValue {
    /// By the id alone, which is in the order of making.
    Id,
    /// A time.
    Time(i64),
    /// The folded name and address.
    Text(String),
}

/// A bundle as the list shows it.
#[derive(Clone, Debug)]
pub struct ListedBundle {
    /// The bundle.
    pub id: BundleId,
    /// As typed.
    pub email: String,
    /// First and last name; may be empty.
    pub name: String,
    /// On acceptance.
    pub role: Role,
    /// Leading.
    pub status: InvitationStatus,
    /// Switched on.
    pub active: bool,
    /// The newest mail's state, when it was or is to be sent, and why not.
    pub delivery: Option<(DeliveryStatus, Option<Timestamp>, String)>,
    /// When it goes out, where it is scheduled.
    pub send_at: Option<Timestamp>,
    /// Reminders so far.
    pub reminders: u8,
    /// Name of who invited.
    pub invited_by: String,
    /// The import's file name, or what a form names as the source; may be empty.
    pub source: String,
    /// When.
    pub created_at: Timestamp,
    /// When the live ones expire.
    pub expires_at: Timestamp,
    /// When the leading status changed.
    pub changed_at: Timestamp,
    /// Folded name and address.
    pub search_text: String,
    /// The tenant first, then programs, then courses.
    pub targets: Vec<ListedTarget>,
}

impl ListedBundle {
    /// Where the list goes on after it.
    #[must_use]
    pub fn place(&self, sort: SortBy) -> AfterBundle {
        AfterBundle {
            value: match sort {
                SortBy::Created => SortValue::Id,
                SortBy::Expires => SortValue::Time(self.expires_at.0),
                SortBy::Changed => SortValue::Time(self.changed_at.0),
                SortBy::Invitee => SortValue::Text(self.search_text.clone()),
            },
            bundle: self.id,
        }
    }
}

/// One invitation of a listed bundle.
#[derive(Clone, Debug)]
pub struct ListedTarget {
    /// The invitation.
    pub id: InvitationId,
    /// What kind.
    pub kind: InvitationKind,
    /// The tenant's name or the item's title.
    pub title: String,
    /// Its own status.
    pub status: InvitationStatus,
    /// Since when.
    pub status_changed_at: Timestamp,
    /// Why; may be empty.
    pub reason: String,
}

#[derive(sqlx::FromRow)]
struct BundleRow {
    id: Uuid,
    email_typed: String,
    first_name: String,
    last_name: String,
    search_text: String,
    role: String,
    status: String,
    active: i64,
    delivery_status: Option<String>,
    delivery_sent_at: Option<i64>,
    delivery_not_before: Option<i64>,
    delivery_error: Option<String>,
    send_at: Option<i64>,
    reminders: i64,
    inviter_first: String,
    inviter_last: String,
    inviter_email: String,
    source: Option<String>,
    created_at: i64,
    expires_at: i64,
    changed_at: i64,
}

#[derive(sqlx::FromRow)]
struct TargetRow {
    id: Uuid,
    bundle_id: Uuid,
    kind: String,
    title: Option<String>,
    status: String,
    status_changed_at: i64,
    reason: String,
}

#[derive(sqlx::FromRow)]
struct MatchingRow {
    n: i64,
    live: i64,
}

#[derive(sqlx::FromRow)]
struct InviterRow {
    id: Uuid,
    first_name: String,
    last_name: String,
    email_typed: String,
}

const INVITERS: &str = "SELECT u.id, u.first_name, u.last_name, u.email_typed
    FROM (SELECT DISTINCT inviter_id FROM bundles WHERE tenant_id = $1) AS b
    JOIN users u ON u.id = b.inviter_id
    ORDER BY u.search_text, u.id LIMIT 200";

/// Conditions of a statement, with the arguments that they name.
struct Conditions {
    text: String,
    args: Vec<Arg>,
}

impl Conditions {
    fn add(&mut self, text: &str, args: impl IntoIterator<Item = Arg>) {
        let mut text = text.to_owned();
        for arg in args {
            self.args.push(arg);
            text = text.replacen("$n", &format!("${}", self.args.len()), 1);
        }
        self.text.push_str(" AND ");
        self.text.push_str(&text);
    }

    fn of(filter: &BundleFilter) -> Self {
        let mut all = Self {
            text: String::from("b.tenant_id = $1"),
            args: args![filter.tenant],
        };
        let asked = &filter.asked;
        if let Some(only) = filter.only {
            all.add("b.id = $n", args![only]);
        }
        if let Some(status) = asked.status {
            all.add("b.status = $n", args![status.as_str()]);
        }
        if let Some(delivery) = asked.delivery {
            all.add("o.status = $n", args![delivery.as_str()]);
        }
        if let Some(role) = asked.role {
            all.add("b.role = $n", args![role.as_str()]);
        }
        if let Some(kind) = asked.kind {
            all.add(
                "EXISTS (SELECT 1 FROM invitations k WHERE k.bundle_id = b.id AND k.kind = $n)",
                args![kind.as_str()],
            );
        }
        if let Some(inviter) = asked.inviter {
            all.add("b.inviter_id = $n", args![inviter]);
        }
        if let Some(import) = asked.import {
            all.add("b.import_id = $n", args![import]);
        }
        if let Some(from) = filter.from {
            all.add("b.created_at >= $n", args![from]);
        }
        if let Some(before) = filter.before {
            all.add("b.created_at < $n", args![before]);
        }
        for word in &filter.words {
            let pattern = contains_pattern(word);
            all.add(
                r"(b.search_text LIKE $n ESCAPE '\' OR b.email LIKE $n ESCAPE '\')",
                args![pattern.as_str(), pattern.as_str()],
            );
        }
        all
    }
}

impl Tx {
    /// A page of bundles with what they are for.
    pub async fn list_bundles(
        &mut self,
        filter: &BundleFilter,
        order: &BundleOrder,
        limit: u32,
    ) -> Result<Vec<ListedBundle>, StorageError> {
        let mut all = Conditions::of(filter);
        // Names begin with A, times with the latest.
        let up = order.reversed != (order.sort == SortBy::Invitee);
        let (compared, direction) = if up { (">", "ASC") } else { ("<", "DESC") };
        let column = match order.sort {
            SortBy::Created => None,
            SortBy::Expires => Some("b.expires_at"),
            SortBy::Changed => Some("b.changed_at"),
            SortBy::Invitee => Some("b.search_text"),
        };
        if let Some(after) = &order.after {
            let value = match &after.value {
                SortValue::Id => None,
                SortValue::Time(at) => Some(Arg::from(*at)),
                SortValue::Text(text) => Some(Arg::from(text.as_str())),
            };
            match (column, value) {
                (Some(column), Some(value)) => all.add(
                    &format!("({column}, b.id) {compared} ($n, $n)"),
                    [value, after.bundle.into()],
                ),
                _ => all.add(&format!("b.id {compared} $n"), args![after.bundle]),
            }
        }
        let by = column.map_or_else(String::new, |column| format!("{column} {direction}, "));
        all.args.push(limit.into());
        let sql = format!(
            "SELECT b.id, b.email_typed, b.first_name, b.last_name, b.search_text, b.role,
                    b.status, b.active,
                    o.status AS delivery_status, o.sent_at AS delivery_sent_at,
                    o.not_before AS delivery_not_before, o.last_error AS delivery_error, b.send_at, b.reminders,
                    u.first_name AS inviter_first, u.last_name AS inviter_last,
                    u.email_typed AS inviter_email,
                    COALESCE(f.file_name, b.source) AS source,
                    b.created_at, b.expires_at, b.changed_at
             FROM bundles b
             JOIN users u ON u.id = b.inviter_id
             LEFT JOIN outbox o ON o.id = b.delivery_id
             LEFT JOIN imports f ON f.id = b.import_id
             WHERE {} ORDER BY {by}b.id {direction} LIMIT ${}",
            all.text,
            all.args.len()
        );
        let rows = self.all_composed::<BundleRow>(sql, all.args).await?;
        let mut targets = self.targets_of(&rows).await?;
        rows.into_iter()
            .map(|row| {
                let own = targets.remove(&row.id).unwrap_or_default();
                listed(row, own)
            })
            .collect()
    }

    /// How many bundles a filter leaves, and how many of them are live.
    pub async fn count_matching(
        &mut self,
        filter: &BundleFilter,
    ) -> Result<(u64, u64), StorageError> {
        let all = Conditions::of(filter);
        let sql = format!(
            "SELECT COUNT(*) AS n,
                    COUNT(CASE WHEN b.status IN ('unassigned', 'scheduled', 'pending')
                        THEN 1 END) AS live
             FROM bundles b LEFT JOIN outbox o ON o.id = b.delivery_id WHERE {}",
            all.text
        );
        let rows = self.all_composed::<MatchingRow>(sql, all.args).await?;
        Ok(rows.first().map_or((0, 0), |row| {
            (row.n.unsigned_abs(), row.live.unsigned_abs())
        }))
    }

    /// The ids of the bundles that a filter leaves, newest first, before one of them.
    pub async fn matching_bundles(
        &mut self,
        filter: &BundleFilter,
        before: Option<BundleId>,
        limit: u32,
    ) -> Result<Vec<BundleId>, StorageError> {
        let mut all = Conditions::of(filter);
        if let Some(before) = before {
            all.add("b.id < $n", args![before]);
        }
        all.args.push(limit.into());
        let sql = format!(
            "SELECT b.id FROM bundles b LEFT JOIN outbox o ON o.id = b.delivery_id
             WHERE {} ORDER BY b.id DESC LIMIT ${}",
            all.text,
            all.args.len()
        );
        let rows = self.all_composed::<(Uuid,)>(sql, all.args).await?;
        Ok(rows.into_iter().map(|(id,)| BundleId(id)).collect())
    }

    /// Who invited in this tenant, by name: at most 200.
    pub async fn inviters(
        &mut self,
        tenant: TenantId,
    ) -> Result<Vec<(UserId, String)>, StorageError> {
        let rows = self.all::<InviterRow>(INVITERS, args![tenant]).await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let name = display_name(&row.first_name, &row.last_name, &row.email_typed);
                (UserId(row.id), name)
            })
            .collect())
    }

    async fn targets_of(
        &mut self,
        bundles: &[BundleRow],
    ) -> Result<HashMap<Uuid, Vec<ListedTarget>>, StorageError> {
        let mut of_bundle: HashMap<Uuid, Vec<ListedTarget>> = HashMap::new();
        if bundles.is_empty() {
            return Ok(of_bundle);
        }
        let sql = format!(
            "SELECT i.id, i.bundle_id, i.kind, COALESCE(c.title, t.name) AS title,
                    i.status, i.status_changed_at, i.reason
             FROM invitations i
             JOIN tenants t ON t.id = i.tenant_id
             LEFT JOIN catalog_items c ON c.id = i.target_id
             WHERE i.bundle_id IN ({})
             ORDER BY CASE i.kind WHEN 'platform' THEN 0 WHEN 'program' THEN 1 ELSE 2 END,
                      c.title, i.id",
            in_list(1, bundles.len())
        );
        let args = bundles.iter().map(|row| Arg::from(row.id)).collect();
        for row in self.all_composed::<TargetRow>(sql, args).await? {
            let target = ListedTarget {
                id: InvitationId(row.id),
                kind: InvitationKind::parse(&row.kind).ok_or(StorageError::BadData {
                    table: "invitations",
                    column: "kind",
                    value: row.kind,
                })?,
                title: row.title.unwrap_or_default(),
                status: status_of(row.status)?,
                status_changed_at: Timestamp(row.status_changed_at),
                reason: row.reason,
            };
            of_bundle.entry(row.bundle_id).or_default().push(target);
        }
        Ok(of_bundle)
    }
}

fn listed(row: BundleRow, targets: Vec<ListedTarget>) -> Result<ListedBundle, StorageError> {
    let delivery = row
        .delivery_status
        .map(|text| {
            let at = row.delivery_sent_at.or(row.delivery_not_before);
            let note = row.delivery_error.unwrap_or_default();
            // What is held has no time.
            let at = at.filter(|at| *at < HELD.0).map(Timestamp);
            Ok::<_, StorageError>((delivery_of(text)?, at, note))
        })
        .transpose()?;
    Ok(ListedBundle {
        id: BundleId(row.id),
        email: row.email_typed,
        name: format!("{} {}", row.first_name, row.last_name)
            .trim()
            .to_owned(),
        role: Role::parse(&row.role).ok_or(StorageError::BadData {
            table: "bundles",
            column: "role",
            value: row.role,
        })?,
        status: status_of(row.status)?,
        active: row.active != 0,
        delivery,
        send_at: row.send_at.map(Timestamp),
        reminders: u8::try_from(row.reminders).unwrap_or(u8::MAX),
        invited_by: display_name(&row.inviter_first, &row.inviter_last, &row.inviter_email),
        source: row.source.unwrap_or_default(),
        created_at: Timestamp(row.created_at),
        expires_at: Timestamp(row.expires_at),
        changed_at: Timestamp(row.changed_at),
        search_text: row.search_text,
        targets,
    })
}

/// Reads a mail's state as the database has it.
pub(super) fn delivery_of(text: String) -> Result<DeliveryStatus, StorageError> {
    DeliveryStatus::parse(&text).ok_or(StorageError::BadData {
        table: "outbox",
        column: "status",
        value: text,
    })
}
