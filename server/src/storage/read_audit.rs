//! The record of who did what, read page by page: by an index, and by at most so many of
//! its rows where a filter has none of its own; and the names of what it is about.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use app::{
    api::invitations::LOOKED_AT,
    domain::{
        id::{TenantId, UserId},
        time::Timestamp,
    },
};
use uuid::Uuid;

use super::{Arg, StorageError, Tx, display_name, in_list};
use crate::clock::first_id;

/// Days by which an id's own time may be away from its event's.
const APART: i64 = 1;

/// Which events.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Of this tenant; `None`: of any, and of none.
    pub tenant: Option<TenantId>,
    /// Done by this account.
    pub who: Option<UserId>,
    /// Such acts.
    pub action: Option<String>,
    /// Done to this.
    pub subject: Option<Uuid>,
    /// Then or later.
    pub from: Option<Timestamp>,
    /// Before.
    pub before: Option<Timestamp>,
    /// Older than this event.
    pub after: Option<Uuid>,
    /// Rows that are looked at, at most; 0: the usual number.
    pub looked_at: u32,
}

/// An event as it is kept.
#[derive(Clone, Debug)]
pub struct ReadEvent {
    /// The event.
    pub id: Uuid,
    /// In which tenant, if in one.
    pub tenant: Option<Uuid>,
    /// Whose act.
    pub actor_id: Option<Uuid>,
    /// `user`, `anonymous`, or the job's name.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what kind of thing.
    pub subject: String,
    /// Which.
    pub subject_id: Uuid,
    /// When.
    pub at: Timestamp,
}

/// What events are about, by id: names of now.
#[derive(Clone, Debug, Default)]
pub struct AuditNames {
    /// Accounts; in a tenant's record its members and super-admins alone.
    pub people: HashMap<Uuid, String>,
    /// Slug and name.
    pub tenants: HashMap<Uuid, (String, String)>,
    /// Bundles, invitations, imports, courses and programs.
    pub things: HashMap<Uuid, String>,
    /// The bundles of invitations.
    pub bundles: HashMap<Uuid, Uuid>,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    id: Uuid,
    tenant_id: Option<Uuid>,
    actor_id: Option<Uuid>,
    actor: String,
    action: String,
    subject: String,
    subject_id: Uuid,
    at: i64,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    id: Uuid,
}

#[derive(sqlx::FromRow)]
struct PersonRow {
    id: Uuid,
    first_name: String,
    last_name: String,
    email_typed: String,
}

#[derive(sqlx::FromRow)]
struct InvitationRow {
    id: Uuid,
    bundle_id: Uuid,
    first_name: String,
    last_name: String,
    email_typed: String,
}

#[derive(sqlx::FromRow)]
struct NamedRow {
    id: Uuid,
    name: String,
}

#[derive(sqlx::FromRow)]
struct TenantRow {
    id: Uuid,
    slug: String,
    name: String,
}

/// Conditions with their arguments.
#[derive(Default)]
struct Conditions {
    /// The column whose index is walked along, held at one value.
    held: Option<&'static str>,
    inner: Vec<String>,
    outer: Vec<String>,
    args: Vec<Arg>,
    inner_args: usize,
}

impl Conditions {
    fn number(&mut self, arg: Arg) -> usize {
        self.args.push(arg);
        self.args.len()
    }

    fn of(query: &AuditQuery) -> Self {
        let mut all = Self::default();
        let who = query.who.map(Arg::from);
        let action = query.action.as_deref().map(Arg::from);
        let subject = query.subject.map(Arg::from);
        let tenant = query.tenant.map(Arg::from);
        let (mut left, mut held) = (Vec::new(), None);
        // The one that leaves fewest is walked along; in a tenant's record the tenant's own
        // events are, since where it goes on must say nothing of what happens elsewhere.
        for (column, value) in [
            ("a.tenant_id", tenant),
            ("a.subject_id", subject),
            ("a.actor_id", who),
            ("a.action", action),
        ] {
            let Some(value) = value else { continue };
            if held.is_none() {
                held = Some(value);
                all.held = Some(column);
            } else {
                left.push((column, "=", value));
            }
        }
        let later = query.from.map(|from| first_id(from.plus_days(-APART)));
        let earlier = query.before.map(|before| first_id(before.plus_days(APART)));
        let earlier = match (query.after, earlier) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        all.bound(">=", held.clone(), later);
        all.bound("<", held, earlier);
        all.inner_args = all.args.len();
        let from = query.from.map(|from| ("a.at", ">=", Arg::from(from)));
        let before = query.before.map(|before| ("a.at", "<", Arg::from(before)));
        for (column, compared, value) in left.into_iter().chain(from).chain(before) {
            let n = all.number(value);
            all.outer.push(format!("{column} {compared} ${n}"));
        }
        all
    }

    /// One end of what is walked along. What is held is bounded, not equal, and stands in the
    /// order: no other index gives that one (ADR 0012).
    fn bound(&mut self, compared: &str, held: Option<Arg>, id: Option<Uuid>) {
        let Some(column) = self.held else {
            if let Some(id) = id {
                let n = self.number(id.into());
                self.inner.push(format!("a.id {compared} ${n}"));
            }
            return;
        };
        let Some(value) = held else { return };
        let n = self.number(value);
        let end = match id {
            Some(id) => {
                let of = self.number(id.into());
                format!("({column}, a.id) {compared} (${n}, ${of})")
            }
            None if compared == "<" => format!("{column} <= ${n}"),
            None => format!("{column} >= ${n}"),
        };
        self.inner.push(end);
    }

    /// The newest first.
    fn order(&self) -> String {
        let held = self
            .held
            .map_or_else(String::new, |column| format!("{column} DESC, "));
        format!("ORDER BY {held}a.id DESC")
    }

    fn walked(&self, columns: &str, rows: &str) -> String {
        let conditions = if self.inner.is_empty() {
            String::new()
        } else {
            format!("WHERE {}", self.inner.join(" AND "))
        };
        let order = self.order();
        format!("SELECT {columns} FROM audit_events a {conditions} {order} {rows}")
    }

    /// The statement of a page: some more rows than its lines, or those that the filter
    /// leaves of the rows that are looked at, in the very order of the walk.
    fn page(&self, limit: u32, looked_at: u32) -> String {
        if self.outer.is_empty() {
            return self.walked(COLUMNS, &format!("LIMIT {limit}"));
        }
        format!(
            "SELECT {COLUMNS} FROM ({}) a WHERE {} {} LIMIT {limit}",
            self.walked(COLUMNS, &format!("LIMIT {looked_at}")),
            self.outer.join(" AND "),
            self.order(),
        )
    }
}

const COLUMNS: &str = "a.id, a.tenant_id, a.actor_id, a.actor, a.action, a.subject,
    a.subject_id, a.at";

impl Tx {
    /// At most `limit` events, the newest first, and after which one the record goes on.
    pub async fn list_events(
        &mut self,
        query: &AuditQuery,
        limit: u32,
    ) -> Result<(Vec<ReadEvent>, Option<Uuid>), StorageError> {
        let looked_at = match query.looked_at {
            0 => LOOKED_AT,
            rows => rows,
        };
        let all = Conditions::of(query);
        let sql = all.page(limit + 1, looked_at);
        let mut rows = self.all_planned::<EventRow>(sql, all.args.clone()).await?;
        let next = if rows.len() > limit as usize {
            rows.truncate(limit as usize);
            rows.last().map(|row| row.id)
        } else if all.outer.is_empty() {
            None
        } else {
            let last = format!("LIMIT 1 OFFSET {}", looked_at.saturating_sub(1));
            let sql = all.walked("a.id", &last);
            let args = all.args[..all.inner_args].to_vec();
            self.all_planned::<IdRow>(sql, args)
                .await?
                .pop()
                .map(|row| row.id)
        };
        let events = rows
            .into_iter()
            .map(|row| ReadEvent {
                id: row.id,
                tenant: row.tenant_id,
                actor_id: row.actor_id,
                actor: row.actor,
                action: row.action,
                subject: row.subject,
                subject_id: row.subject_id,
                at: Timestamp(row.at),
            })
            .collect();
        Ok((events, next))
    }

    /// How the engine would read a page, line by line: for the test that holds it to the
    /// indexes.
    pub async fn plan_of_events(
        &mut self,
        query: &AuditQuery,
    ) -> Result<Vec<String>, StorageError> {
        let all = Conditions::of(query);
        let sql = all.page(50, LOOKED_AT);
        self.plan_of(sql, all.args.clone()).await
    }

    /// What events are about. For a tenant's record, of accounts the names of its members
    /// and of super-admins alone (S29).
    pub async fn names_of_events(
        &mut self,
        events: &[ReadEvent],
        tenant: Option<TenantId>,
    ) -> Result<AuditNames, StorageError> {
        let mut ids: BTreeMap<&str, BTreeSet<Uuid>> = BTreeMap::new();
        for event in events {
            let subject = event.subject.as_str();
            ids.entry(subject).or_default().insert(event.subject_id);
            if let Some(actor) = event.actor_id {
                ids.entry("user").or_default().insert(actor);
            }
            if let Some(of) = event.tenant {
                ids.entry("tenant").or_default().insert(of);
            }
        }
        let mut names = AuditNames::default();
        for (kind, ids) in ids {
            let ids: Vec<Uuid> = ids.into_iter().collect();
            match kind {
                "user" => self.name_people(&ids, tenant, &mut names).await?,
                "tenant" => {
                    let sql = "SELECT id, slug, name FROM tenants WHERE id IN ($1)";
                    for row in self.by_ids::<TenantRow>(sql, &ids).await? {
                        names.tenants.insert(row.id, (row.slug, row.name));
                    }
                }
                "bundle" => {
                    let sql = "SELECT id, first_name, last_name, email_typed
                        FROM bundles WHERE id IN ($1)";
                    for row in self.by_ids::<PersonRow>(sql, &ids).await? {
                        let name = display_name(&row.first_name, &row.last_name, &row.email_typed);
                        names.things.insert(row.id, name);
                    }
                }
                "invitation" => {
                    let sql = "SELECT i.id, i.bundle_id, b.first_name, b.last_name,
                            b.email_typed
                        FROM invitations i JOIN bundles b ON b.id = i.bundle_id
                        WHERE i.id IN ($1)";
                    for row in self.by_ids::<InvitationRow>(sql, &ids).await? {
                        let name = display_name(&row.first_name, &row.last_name, &row.email_typed);
                        names.things.insert(row.id, name);
                        names.bundles.insert(row.id, row.bundle_id);
                    }
                }
                "import" => {
                    let sql = "SELECT id, file_name AS name FROM imports WHERE id IN ($1)";
                    self.name_things(sql, &ids, &mut names).await?;
                }
                "catalog_item" => {
                    let sql = "SELECT id, title AS name FROM catalog_items WHERE id IN ($1)";
                    self.name_things(sql, &ids, &mut names).await?;
                }
                _ => {}
            }
        }
        Ok(names)
    }

    async fn name_people(
        &mut self,
        ids: &[Uuid],
        tenant: Option<TenantId>,
        names: &mut AuditNames,
    ) -> Result<(), StorageError> {
        let sql = format!(
            "SELECT u.id, u.first_name, u.last_name, u.email_typed FROM users u
             WHERE u.id IN ({}){}",
            in_list(1, ids.len()),
            tenant.map_or_else(String::new, |_| format!(
                " AND (u.super_admin = 1 OR EXISTS (SELECT 1 FROM memberships m
                    WHERE m.tenant_id = ${} AND m.user_id = u.id))",
                ids.len() + 1
            ))
        );
        let args = ids
            .iter()
            .map(|id| Arg::from(*id))
            .chain(tenant.map(Arg::from))
            .collect();
        for row in self.all_composed::<PersonRow>(sql, args).await? {
            let name = display_name(&row.first_name, &row.last_name, &row.email_typed);
            names.people.insert(row.id, name);
        }
        Ok(())
    }

    async fn name_things(
        &mut self,
        sql: &str,
        ids: &[Uuid],
        names: &mut AuditNames,
    ) -> Result<(), StorageError> {
        for row in self.by_ids::<NamedRow>(sql, ids).await? {
            names.things.insert(row.id, row.name);
        }
        Ok(())
    }

    /// The rows of `sql` for many ids in the place of its `$1`.
    async fn by_ids<R: super::FromBoth>(
        &mut self,
        sql: &str,
        ids: &[Uuid],
    ) -> Result<Vec<R>, StorageError> {
        let sql = sql.replace("$1", &in_list(1, ids.len()));
        let args = ids.iter().map(|id| Arg::from(*id)).collect();
        self.all_composed(sql, args).await
    }
}
