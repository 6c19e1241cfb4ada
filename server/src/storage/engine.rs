//! One handle over both engines.

use std::{future::Future, path::PathBuf, pin::Pin, time::Duration};

use sqlx::{
    AssertSqlSafe, PgPool, Postgres, Sqlite, SqlitePool, postgres::PgRow, sqlite::SqliteRow,
};
use uuid::Uuid;

use super::{StorageError, postgres, sqlite};

/// A value for a `$n`. `None` keeps its type, as PostgreSQL wants it.
#[derive(Clone, Debug)]
pub enum Arg {
    /// UUID.
    Uuid(Option<Uuid>),
    /// BIGINT.
    Int(Option<i64>),
    /// TEXT.
    Text(Option<String>),
    /// BYTEA or BLOB.
    Bytes(Option<Vec<u8>>),
}

macro_rules! args_from {
    ($($from:ty => $variant:ident $map:expr;)+) => {$(
        impl From<$from> for Arg {
            fn from(value: $from) -> Self {
                let map: fn($from) -> _ = $map;
                Self::$variant(Some(map(value)))
            }
        }
        impl From<Option<$from>> for Arg {
            fn from(value: Option<$from>) -> Self {
                let map: fn($from) -> _ = $map;
                Self::$variant(value.map(map))
            }
        }
    )+};
}

args_from! {
    Uuid => Uuid |v| v;
    i64 => Int |v| v;
    u32 => Int |v| i64::from(v);
    bool => Int |v| i64::from(v);
    String => Text |v| v;
    &str => Text |v| v.to_owned();
    Vec<u8> => Bytes |v| v;
    [u8; 32] => Bytes |v| v.to_vec();
    app::domain::time::Timestamp => Int |v| v.0;
    app::domain::id::TenantId => Uuid |v| v.0;
    app::domain::id::UserId => Uuid |v| v.0;
    app::domain::id::InvitationId => Uuid |v| v.0;
    app::domain::id::BundleId => Uuid |v| v.0;
    app::domain::id::ImportId => Uuid |v| v.0;
    app::domain::id::CatalogItemId => Uuid |v| v.0;
    app::domain::id::DeliveryId => Uuid |v| v.0;
    app::domain::id::SessionId => Uuid |v| v.0;
}

/// Builds the arguments of a statement: `args![tenant, "text", 5_i64]`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::storage::Arg::from($value)),*] };
}

/// A row struct that reads from both engines (`#[derive(sqlx::FromRow)]` gives it).
pub trait FromBoth:
    for<'r> sqlx::FromRow<'r, SqliteRow> + for<'r> sqlx::FromRow<'r, PgRow> + Send + Unpin
{
}
impl<T> FromBoth for T where
    T: for<'r> sqlx::FromRow<'r, SqliteRow> + for<'r> sqlx::FromRow<'r, PgRow> + Send + Unpin
{
}

/// Where everything is kept. Cheap to clone.
#[derive(Clone)]
pub struct Storage {
    pools: Pools,
}

#[derive(Clone)]
enum Pools {
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// A transaction on either engine.
pub enum Tx {
    /// SQLite.
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// PostgreSQL.
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// What a transaction's closure gives back.
pub type TxFuture<'t, T> = Pin<Box<dyn Future<Output = Result<T, StorageError>> + Send + 't>>;

const TRIES: u32 = 8;

impl Storage {
    /// Opens SQLite at `path`; makes the file if it is missing.
    pub async fn open_sqlite(path: PathBuf) -> Result<Self, StorageError> {
        let (writer, readers) = sqlite::open(&path).await?;
        Ok(Self {
            pools: Pools::Sqlite { writer, readers },
        })
    }

    /// Connects to PostgreSQL.
    pub async fn open_postgres(url: &str) -> Result<Self, StorageError> {
        Ok(Self {
            pools: Pools::Postgres(postgres::open(url).await?),
        })
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> Result<(), StorageError> {
        let result = match &self.pools {
            Pools::Sqlite { writer, .. } => sqlite::MIGRATIONS.run(writer).await,
            Pools::Postgres(pool) => postgres::MIGRATIONS.run(pool).await,
        };
        result.map_err(|error| StorageError::Unavailable(error.to_string()))
    }

    /// True where many servers may share the database.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self.pools, Pools::Postgres(_))
    }

    /// Ends every connection; waits for those at work.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    /// Runs `work` in a read transaction (one snapshot).
    pub async fn read<T, F>(&self, work: F) -> Result<T, StorageError>
    where
        F: for<'t> Fn(&'t mut Tx) -> TxFuture<'t, T> + Send + Sync,
        T: Send,
    {
        self.run(false, work).await
    }

    /// Runs `work` in a write transaction, all or nothing; again where the
    /// engine asks for it, so `work` must not have side effects of its own.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StorageError>
    where
        F: for<'t> Fn(&'t mut Tx) -> TxFuture<'t, T> + Send + Sync,
        T: Send,
    {
        self.run(true, work).await
    }

    /// [`Storage::write`] on all of `items` at once; where something in them cannot be done,
    /// on each alone, so that what is broken holds up nothing else (F12): it is logged with
    /// `failed`, and counts for none. What `work` returns is summed.
    pub async fn write_apart<I, F>(
        &self,
        items: &[I],
        failed: &'static str,
        work: F,
    ) -> Result<usize, StorageError>
    where
        I: Clone + std::fmt::Debug + Send + Sync,
        F: for<'t> Fn(&'t mut Tx, Vec<I>) -> TxFuture<'t, usize> + Send + Sync,
    {
        let mut parts = vec![items];
        let mut done = 0;
        while let Some(part) = parts.pop() {
            match self.write(|tx| work(tx, part.to_vec())).await {
                Ok(more) => done += more,
                Err(error @ (StorageError::Unavailable(_) | StorageError::Retry)) => {
                    return Err(error);
                }
                Err(error) if part.len() > 1 => {
                    tracing::warn!(%error, "{failed}; each is tried alone");
                    parts.extend(part.chunks(1).rev());
                }
                Err(error) => tracing::error!(%error, ?part, "{failed}"),
            }
        }
        Ok(done)
    }

    async fn run<T, F>(&self, write: bool, work: F) -> Result<T, StorageError>
    where
        F: for<'t> Fn(&'t mut Tx) -> TxFuture<'t, T> + Send + Sync,
        T: Send,
    {
        let mut tried = 0;
        loop {
            tried += 1;
            let result = async {
                let mut tx = self.begin(write).await?;
                match work(&mut tx).await {
                    Ok(value) => tx.commit().await.map(|()| value),
                    Err(error) => {
                        tx.rollback().await;
                        Err(error)
                    }
                }
            }
            .await;
            match result {
                Err(StorageError::Retry) if tried < TRIES => {
                    tokio::time::sleep(Duration::from_millis(5 << tried)).await;
                }
                Err(StorageError::Retry) => {
                    return Err(StorageError::Unavailable("too many retries".to_owned()));
                }
                done => return done,
            }
        }
    }

    async fn begin(&self, write: bool) -> Result<Tx, StorageError> {
        Ok(match &self.pools {
            Pools::Sqlite { writer, readers } => Tx::Sqlite(if write {
                writer.begin_with("BEGIN IMMEDIATE").await?
            } else {
                readers.begin().await?
            }),
            Pools::Postgres(pool) => Tx::Postgres(if write {
                pool.begin().await?
            } else {
                // By default each statement has a snapshot of its own.
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?
            }),
        })
    }
}

macro_rules! bound {
    ($query:expr, $args:expr) => {{
        let mut query = $query;
        for arg in $args {
            query = match arg {
                Arg::Uuid(value) => query.bind(value),
                Arg::Int(value) => query.bind(value),
                Arg::Text(value) => query.bind(value),
                Arg::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}

impl Tx {
    /// All rows of `sql`.
    pub async fn all<R: FromBoth>(
        &mut self,
        sql: &'static str,
        args: Vec<Arg>,
    ) -> Result<Vec<R>, StorageError> {
        Ok(match self {
            Self::Sqlite(tx) => {
                bound!(sqlx::query_as(sql), args)
                    .fetch_all(&mut **tx)
                    .await?
            }
            Self::Postgres(tx) => {
                bound!(sqlx::query_as(sql), args)
                    .fetch_all(&mut **tx)
                    .await?
            }
        })
    }

    /// Like [`Tx::all`], for text that this crate composed (a list of `$n`); never of a person's input.
    pub async fn all_composed<R: FromBoth>(
        &mut self,
        sql: String,
        args: Vec<Arg>,
    ) -> Result<Vec<R>, StorageError> {
        let sql = AssertSqlSafe(sql);
        Ok(match self {
            Self::Sqlite(tx) => {
                bound!(sqlx::query_as(sql), args)
                    .fetch_all(&mut **tx)
                    .await?
            }
            Self::Postgres(tx) => {
                bound!(sqlx::query_as(sql), args)
                    .fetch_all(&mut **tx)
                    .await?
            }
        })
    }

    /// Like [`Tx::all_composed`], planned for its values each time: for what may read a
    /// handful of rows or millions. PostgreSQL keeps one plan for all values of a statement
    /// that comes again, which takes a two-hundredth of a table for any range.
    pub async fn all_planned<R: FromBoth>(
        &mut self,
        sql: String,
        args: Vec<Arg>,
    ) -> Result<Vec<R>, StorageError> {
        match self {
            Self::Sqlite(_) => self.all_composed(sql, args).await,
            Self::Postgres(tx) => Ok(bound!(sqlx::query_as(AssertSqlSafe(sql)), args)
                .persistent(false)
                .fetch_all(&mut **tx)
                .await?),
        }
    }

    /// The one row of `sql`, or none.
    pub async fn optional<R: FromBoth>(
        &mut self,
        sql: &'static str,
        args: Vec<Arg>,
    ) -> Result<Option<R>, StorageError> {
        Ok(match self {
            Self::Sqlite(tx) => {
                bound!(sqlx::query_as(sql), args)
                    .fetch_optional(&mut **tx)
                    .await?
            }
            Self::Postgres(tx) => {
                bound!(sqlx::query_as(sql), args)
                    .fetch_optional(&mut **tx)
                    .await?
            }
        })
    }

    /// The one row of `sql`; its absence is an error (aggregates).
    pub async fn one<R: FromBoth>(
        &mut self,
        sql: &'static str,
        args: Vec<Arg>,
    ) -> Result<R, StorageError> {
        self.optional(sql, args)
            .await?
            .ok_or(StorageError::Database(sqlx::Error::RowNotFound))
    }

    /// Runs `sql`; the number of rows it touched.
    pub async fn execute(
        &mut self,
        sql: &'static str,
        args: Vec<Arg>,
    ) -> Result<u64, StorageError> {
        Ok(match self {
            Self::Sqlite(tx) => bound!(sqlx::query(sql), args)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
            Self::Postgres(tx) => bound!(sqlx::query(sql), args)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
        })
    }

    /// Like [`Tx::execute`], for text that this crate composed.
    pub async fn execute_composed(
        &mut self,
        sql: String,
        args: Vec<Arg>,
    ) -> Result<u64, StorageError> {
        let sql = AssertSqlSafe(sql);
        Ok(match self {
            Self::Sqlite(tx) => bound!(sqlx::query(sql), args)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
            Self::Postgres(tx) => bound!(sqlx::query(sql), args)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
        })
    }

    /// True on PostgreSQL: for the few clauses that differ (`FOR UPDATE SKIP LOCKED`).
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    async fn commit(self) -> Result<(), StorageError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    async fn rollback(self) {
        // A failed rollback only means that the connection is gone, and with it the transaction.
        let _gone = match self {
            Self::Sqlite(tx) => tx.rollback().await,
            Self::Postgres(tx) => tx.rollback().await,
        };
    }
}

/// Inserts many rows with multi-row VALUES (500 rows a statement, fewer where the
/// columns would pass the engines' limit of 32,766 arguments).
///
/// `head` is `INSERT INTO t (a, b)`, `tail` for example `ON CONFLICT DO NOTHING`.
/// The number of rows that were inserted.
pub async fn insert_many(
    tx: &mut Tx,
    head: &str,
    columns: usize,
    tail: &str,
    rows: Vec<Vec<Arg>>,
) -> Result<u64, StorageError> {
    let per_statement = (32_000 / columns.max(1)).clamp(1, 500);
    let mut inserted = 0;
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let batch: Vec<Vec<Arg>> = rows.by_ref().take(per_statement).collect();
        let sql = format!(
            "{head} VALUES {} {tail}",
            placeholders(tx, batch.len(), columns)
        );
        inserted += tx
            .execute_composed(sql, batch.into_iter().flatten().collect())
            .await?;
    }
    Ok(inserted)
}

/// `($1,$2),($3,$4)` for two rows of two columns. SQLite gets `(?,?),(?,?)`: it looks a
/// numbered one up among all before it, which takes seconds for thousands of them.
pub(super) fn placeholders(tx: &Tx, rows: usize, columns: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(rows * columns * 6);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            if column > 0 {
                text.push(',');
            }
            match tx {
                Tx::Sqlite(_) => text.push('?'),
                Tx::Postgres(_) => {
                    let _infallible = write!(text, "${}", row * columns + column + 1);
                }
            }
        }
        text.push(')');
    }
    text
}

/// `$from,$from+1,…` for `IN (…)`.
pub fn in_list(from: usize, count: usize) -> String {
    (from..from + count)
        .map(|n| format!("${n}"))
        .collect::<Vec<_>>()
        .join(",")
}
