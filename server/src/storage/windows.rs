//! Which bundles a list shows. An index is walked in the order of the list; what has no
//! index of its own is asked of at most so many of its rows, and the list goes on after
//! the last of them: no page and no search costs more than that, however many there are.

use app::{
    api::invitations::{LOOKED_AT, SortBy},
    domain::{id::BundleId, time::Timestamp},
};
use uuid::Uuid;

use super::{
    Arg, StorageError, Tx, contains_pattern,
    places::{AfterBundle, BundleFilter, BundleOrder, FoundBundles, More, SortValue},
};
use crate::{args, clock::first_id};

/// Rows that a count looks at, at most.
const COUNTED: u32 = 10_000;
/// Days by which an id's own time may be away from when its bundle was made.
const APART: i64 = 1;

/// What is walked along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Walk {
    /// The bundles in the order of the list.
    Bundles,
    /// The invitations of one kind or to one target, by their bundles' ids.
    Invitations,
}

/// The statements of a page.
#[derive(Debug)]
struct Walking {
    walk: Walk,
    /// The columns of the index before those of the order, each held at one value.
    held: Vec<(&'static str, Arg)>,
    /// What the index gives.
    inner: Vec<String>,
    /// What is asked of each row.
    outer: Vec<String>,
    /// Those of `inner` come first.
    args: Vec<Arg>,
    inner_args: usize,
    column: Option<&'static str>,
    up: bool,
    outbox: bool,
    looked_at: u32,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    id: Uuid,
}

#[derive(sqlx::FromRow)]
struct TimeRow {
    id: Uuid,
    at: i64,
}

#[derive(sqlx::FromRow)]
struct TextRow {
    id: Uuid,
    at: String,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    n: i64,
    live: i64,
}

#[derive(sqlx::FromRow)]
struct AnyRow {
    n: i64,
}

/// What the outer conditions and the orders read.
const COLUMNS: &str = "b.id, b.tenant_id, b.email, b.search_text, b.role, b.status, b.active,
    b.source, b.inviter_id, b.import_id, b.delivery_id, b.created_at, b.expires_at,
    b.changed_at";
const ANYBODY: &str = "SELECT COUNT(*) AS n FROM
    (SELECT 1 AS one FROM bundles WHERE email = $1 LIMIT 1) AS few";
const ANYBODY_OF: &str = "SELECT COUNT(*) AS n FROM
    (SELECT 1 AS one FROM bundles WHERE email = $1 AND tenant_id = $2 LIMIT 1) AS few";

/// `(a, b) < ($n, $n)`.
fn row(columns: &[&str], compared: &str) -> String {
    let values = vec!["$n"; columns.len()].join(", ");
    format!("({}) {compared} ({values})", columns.join(", "))
}

impl Walking {
    fn of(filter: &BundleFilter, order: &BundleOrder) -> Self {
        let asked = &filter.asked;
        let newest = order.sort == SortBy::Created;
        // A tenant's list walks along the tenant's own rows: where it goes on must say nothing
        // of what others have.
        let by_item = asked.target.is_some() || (asked.kind.is_some() && asked.import.is_none());
        let walk = if newest && filter.address.is_none() && filter.tenant.is_none() && by_item {
            Walk::Invitations
        } else {
            Walk::Bundles
        };
        let mut it = Self {
            walk,
            held: Vec::new(),
            inner: Vec::new(),
            outer: Vec::new(),
            args: Vec::new(),
            inner_args: 0,
            column: match order.sort {
                SortBy::Created => None,
                SortBy::Expires => Some("b.expires_at"),
                SortBy::Changed => Some("b.changed_at"),
                SortBy::Invitee => Some("b.search_text"),
            },
            // Names begin with A, times with the latest.
            up: order.reversed != (order.sort == SortBy::Invitee),
            outbox: asked.delivery.is_some(),
            looked_at: match order.looked_at {
                0 => LOOKED_AT,
                rows => rows,
            },
        };
        let left = it.walk_along(filter);
        // The few of one address are put in order; were the order a part of what the index
        // is asked for, an engine might walk along the order instead.
        let few = filter.address.is_some();
        if !few {
            it.bounds(filter, order);
        }
        it.inner_args = it.args.len();
        if few && let Some(after) = &order.after {
            let compared = if it.up { ">" } else { "<" };
            let (columns, values) = it.place(after);
            it.outer(&row(&columns, compared), values);
        }
        it.ask_of_each(filter, left);
        it
    }

    fn condition(&mut self, text: &str, args: impl IntoIterator<Item = Arg>) -> String {
        let mut text = text.to_owned();
        for arg in args {
            self.args.push(arg);
            text = text.replacen("$n", &format!("${}", self.args.len()), 1);
        }
        text
    }

    fn inner(&mut self, text: &str, args: impl IntoIterator<Item = Arg>) {
        let condition = self.condition(text, args);
        self.inner.push(condition);
    }

    fn outer(&mut self, text: &str, args: impl IntoIterator<Item = Arg>) {
        let condition = self.condition(text, args);
        self.outer.push(condition);
    }

    /// Chooses what the index gives; what of the filter is left for each row.
    fn walk_along(&mut self, filter: &BundleFilter) -> BundleFilter {
        let mut left = filter.clone();
        let newest = self.column.is_none();
        if self.walk == Walk::Invitations {
            if let Some(target) = left.asked.target.take() {
                self.held.push(("i.target_id", target.into()));
            } else if let Some(kind) = left.asked.kind.take() {
                self.held.push(("i.kind", kind.as_str().into()));
            }
            return left;
        }
        if let Some(address) = left.address.take() {
            left.words.clear();
            self.inner("b.email = $n", args![address]);
            return left;
        }
        if let Some(import) = left.asked.import.filter(|_| newest) {
            left.asked.import = None;
            self.held.push(("b.import_id", import.into()));
            return left;
        }
        if let Some(tenant) = left.tenant.take() {
            self.held.push(("b.tenant_id", tenant.into()));
        }
        if newest {
            let inviter = left.asked.inviter.filter(|_| filter.tenant.is_some());
            if let Some(inviter) = inviter {
                left.asked.inviter = None;
                self.held.push(("b.inviter_id", inviter.into()));
            } else if let Some(status) = left.asked.status.take() {
                self.held.push(("b.status", status.as_str().into()));
            }
        }
        left
    }

    const fn id(&self) -> &'static str {
        match self.walk {
            Walk::Bundles => "b.id",
            Walk::Invitations => "i.bundle_id",
        }
    }

    /// A place in the order: its columns and their values.
    fn place(&self, after: &AfterBundle) -> (Vec<&'static str>, Vec<Arg>) {
        let value = match &after.value {
            SortValue::Id => None,
            SortValue::Time(at) => Some(Arg::from(*at)),
            SortValue::Text(text) => Some(Arg::from(text.as_str())),
        };
        match (self.column, value) {
            (Some(column), Some(value)) => {
                (vec![column, self.id()], vec![value, after.bundle.into()])
            }
            _ => (vec![self.id()], vec![after.bundle.into()]),
        }
    }

    /// The two ends of what is walked along. The columns that are held are bounded, not
    /// equal, and stand in the order: so no other index gives that order, whatever an
    /// engine believes about how many rows there are and where.
    fn bounds(&mut self, filter: &BundleFilter, order: &BundleOrder) {
        // Ids are in the order of making: days are a part of the index.
        let by_day = |time: Option<Timestamp>, days: i64| {
            let time = time.filter(|_| self.column.is_none())?;
            Some((vec![self.id()], args![first_id(time.plus_days(days))]))
        };
        let mut ends = [
            (">=", by_day(filter.from, -APART)),
            ("<", by_day(filter.before, APART)),
        ];
        if let Some(after) = &order.after {
            let (end, compared) = if self.up { (0, ">") } else { (1, "<") };
            ends[end] = (compared, Some(self.place(after)));
        }
        for (end, (compared, place)) in ends.into_iter().enumerate() {
            let (columns, values) = place.clone().unwrap_or_default();
            let compared = match (&place, end) {
                (Some(_), _) => compared,
                (None, 0) => ">=",
                (None, _) => "<=",
            };
            let held = self.held.iter();
            let columns: Vec<_> = held
                .clone()
                .map(|(column, _)| *column)
                .chain(columns)
                .collect();
            let values: Vec<_> = held.map(|(_, value)| value.clone()).chain(values).collect();
            if !columns.is_empty() {
                self.inner(&row(&columns, compared), values);
            }
        }
    }

    fn ask_of_each(&mut self, filter: &BundleFilter, left: BundleFilter) {
        let asked = left.asked;
        if filter.asked.leaves_out_nobody() && !filter.blank {
            self.outer("b.status <> 'unassigned'", args![]);
        }
        if let Some(tenant) = left.tenant {
            self.outer("b.tenant_id = $n", args![tenant]);
        }
        if let Some(status) = asked.status {
            self.outer("b.status = $n", args![status.as_str()]);
        }
        if let Some(delivery) = asked.delivery {
            self.outer("o.status = $n", args![delivery.as_str()]);
        }
        if let Some(role) = asked.role {
            self.outer("b.role = $n", args![role.as_str()]);
        }
        if let Some(active) = asked.active {
            self.outer("b.active = $n", args![active]);
        }
        if !asked.source.is_empty() {
            self.outer("b.source = $n", args![asked.source.as_str()]);
        }
        if let Some(inviter) = asked.inviter {
            self.outer("b.inviter_id = $n", args![inviter]);
        }
        if let Some(import) = asked.import {
            self.outer("b.import_id = $n", args![import]);
        }
        if let Some(kind) = asked.kind {
            self.outer(
                "EXISTS (SELECT 1 FROM invitations k WHERE k.bundle_id = b.id AND k.kind = $n)",
                args![kind.as_str()],
            );
        }
        if let Some(target) = asked.target {
            self.outer(
                "EXISTS (SELECT 1 FROM invitations k
                    WHERE k.bundle_id = b.id AND k.target_id = $n)",
                args![target],
            );
        }
        if asked.placeholder {
            self.outer(
                "EXISTS (SELECT 1 FROM invitations k
                    WHERE k.bundle_id = b.id AND k.binding <> 'user')",
                args![],
            );
        }
        if filter.blank {
            self.outer(
                "EXISTS (SELECT 1 FROM invitations k
                    WHERE k.bundle_id = b.id AND k.binding = 'blank')",
                args![],
            );
        }
        if let Some(from) = filter.from {
            self.outer("b.created_at >= $n", args![from]);
        }
        if let Some(before) = filter.before {
            self.outer("b.created_at < $n", args![before]);
        }
        for word in &left.words {
            let pattern = contains_pattern(word);
            self.outer(
                r"(b.search_text LIKE $n ESCAPE '\' OR b.email LIKE $n ESCAPE '\')",
                args![pattern.as_str(), pattern.as_str()],
            );
        }
    }

    /// The rows of the index, in the order of the list: their ids and what else is asked.
    fn walked(&self, columns: &str, rows: &str) -> String {
        let held = self.held.iter().map(|(column, _)| *column);
        let order = held
            .clone()
            .chain(self.column)
            .chain([self.id()])
            .map(|column| format!("{column} {}", self.direction()))
            .collect::<Vec<_>>()
            .join(", ");
        let conditions = if self.inner.is_empty() {
            String::new()
        } else {
            format!("WHERE {}", self.inner.join(" AND "))
        };
        // What is distinct must name what it is ordered by.
        let (distinct, table) = match self.walk {
            Walk::Bundles => (String::new(), "bundles b"),
            Walk::Invitations => {
                let held: Vec<&str> = held.collect();
                (format!("DISTINCT {}, ", held.join(", ")), "invitations i")
            }
        };
        format!("SELECT {distinct}{columns} FROM {table} {conditions} ORDER BY {order} {rows}")
    }

    const fn direction(&self) -> &'static str {
        if self.up { "ASC" } else { "DESC" }
    }

    /// The rows that are looked at, as `b`; then those of them that the filter leaves.
    fn left(&self, columns: &str, rows: u32) -> String {
        let rows = format!("LIMIT {rows}");
        let from = match self.walk {
            Walk::Bundles => format!("({}) b", self.walked(COLUMNS, &rows)),
            Walk::Invitations => format!(
                // CROSS: SQLite takes the walk first, and never the other way round.
                "({}) w CROSS JOIN bundles b",
                self.walked("i.bundle_id AS id", &rows)
            ),
        };
        let joined = (self.walk == Walk::Invitations).then_some("b.id = w.id");
        let outbox = if self.outbox {
            "LEFT JOIN outbox o ON o.id = b.delivery_id"
        } else {
            ""
        };
        let conditions: Vec<&str> = joined
            .into_iter()
            .chain(self.outer.iter().map(String::as_str))
            .collect();
        let conditions = if conditions.is_empty() {
            String::new()
        } else {
            format!("WHERE {}", conditions.join(" AND "))
        };
        format!("SELECT {columns} FROM {from} {outbox} {conditions}")
    }

    fn page(&self, limit: u32) -> String {
        if self.outer.is_empty() {
            return self.walked(&format!("{} AS id", self.id()), &format!("LIMIT {limit}"));
        }
        // Word for word the order of the walk: an engine then stops at the last line.
        let (from, id) = match self.walk {
            Walk::Bundles => ("b", "b.id"),
            Walk::Invitations => ("w", "w.id"),
        };
        let held = self.held.iter().map(|(column, _)| {
            let name = column.split('.').next_back().unwrap_or(column);
            format!("{from}.{name}")
        });
        let order = held
            .chain(self.column.map(str::to_owned))
            .chain([id.to_owned()])
            .map(|column| format!("{column} {}", self.direction()))
            .collect::<Vec<_>>()
            .join(", ");
        format!(
            "{} ORDER BY {order} LIMIT {limit}",
            self.left("b.id", self.looked_at)
        )
    }

    /// The statement of the last row of `rows` that are looked at.
    fn end_of(&self, rows: u32) -> (String, Vec<Arg>) {
        let rows = format!("LIMIT 1 OFFSET {}", rows.saturating_sub(1));
        let args = self.args[..self.inner_args].to_vec();
        let column = self.column.unwrap_or("CAST(0 AS BIGINT)");
        let sql = self.walked(&format!("{} AS id, {column} AS at", self.id()), &rows);
        (sql, args)
    }

    /// The last row of `rows` that are looked at; none where there are fewer.
    async fn end(&self, tx: &mut Tx, rows: u32) -> Result<Option<AfterBundle>, StorageError> {
        let (sql, args) = self.end_of(rows);
        if self.column == Some("b.search_text") {
            let last = tx.all_planned::<TextRow>(sql, args).await?.pop();
            return Ok(last.map(|row| AfterBundle {
                value: SortValue::Text(row.at),
                bundle: BundleId(row.id),
            }));
        }
        let last = tx.all_planned::<TimeRow>(sql, args).await?.pop();
        Ok(last.map(|row| AfterBundle {
            value: match self.column {
                Some(_) => SortValue::Time(row.at),
                None => SortValue::Id,
            },
            bundle: BundleId(row.id),
        }))
    }
}

impl Tx {
    /// A page of bundles: at most `limit`.
    pub async fn find_bundles(
        &mut self,
        filter: &BundleFilter,
        order: &BundleOrder,
        limit: u32,
    ) -> Result<FoundBundles, StorageError> {
        let filter = self.meant(filter).await?;
        let walking = Walking::of(&filter, order);
        let sql = walking.page(limit + 1);
        let args = walking.args.clone();
        let rows = self.all_planned::<IdRow>(sql, args).await?;
        let mut bundles: Vec<BundleId> = rows.into_iter().map(|row| BundleId(row.id)).collect();
        let more = if bundles.len() > limit as usize {
            bundles.truncate(limit as usize);
            More::AfterLast
        } else if walking.outer.is_empty() {
            More::No
        } else {
            let end = walking.end(self, walking.looked_at).await?;
            // The few of one address are looked at from their first each time: it goes on no
            // further than they do.
            let before = order.after.as_ref().map(|after| after.bundle);
            end.filter(|end| Some(end.bundle) != before)
                .map_or(More::No, More::After)
        };
        Ok(FoundBundles { bundles, more })
    }

    /// How many bundles a filter leaves, how many of them are live, and whether the count
    /// stopped before its end.
    pub async fn count_matching(
        &mut self,
        filter: &BundleFilter,
    ) -> Result<(u64, u64, bool), StorageError> {
        let filter = self.meant(filter).await?;
        let walking = Walking::of(&filter, &BundleOrder::default());
        let sql = walking.left(
            "COUNT(*) AS n, COUNT(CASE WHEN b.status IN ('unassigned', 'scheduled', 'pending')
                THEN 1 END) AS live",
            COUNTED,
        );
        let args = walking.args.clone();
        let rows = self.all_planned::<CountRow>(sql, args).await?;
        let more = walking.end(self, COUNTED + 1).await?.is_some();
        Ok(rows.first().map_or((0, 0, more), |row| {
            (row.n.unsigned_abs(), row.live.unsigned_abs(), more)
        }))
    }

    /// A whole address means exactly that one, where somebody has it.
    async fn meant(&mut self, filter: &BundleFilter) -> Result<BundleFilter, StorageError> {
        let mut filter = filter.clone();
        if let Some(address) = filter.address.take() {
            let any = match filter.tenant {
                Some(tenant) => {
                    let args = args![address.as_str(), tenant];
                    self.one::<AnyRow>(ANYBODY_OF, args).await?
                }
                None => self.one::<AnyRow>(ANYBODY, args![address.as_str()]).await?,
            };
            filter.address = Some(address).filter(|_| any.n > 0);
        }
        // Nothing is walked along of another tenant's import.
        if let (Some(tenant), Some(import)) = (filter.tenant, filter.asked.import)
            && self.import(tenant, import).await?.is_none()
        {
            filter.before = Some(Timestamp(0));
        }
        Ok(filter)
    }

    /// How the engine would read a page, and its end, line by line: for the test that holds
    /// it to the indexes.
    pub async fn plan_of_page(
        &mut self,
        filter: &BundleFilter,
        order: &BundleOrder,
        limit: u32,
    ) -> Result<[Vec<String>; 2], StorageError> {
        let walking = Walking::of(filter, order);
        let page = self
            .plan_of(walking.page(limit + 1), walking.args.clone())
            .await?;
        let (sql, args) = walking.end_of(walking.looked_at);
        Ok([page, self.plan_of(sql, args).await?])
    }
}
