//! Rows by the million: made by the engine itself, indexes last.

use std::time::Instant;

use server::{
    args,
    storage::{Arg, Storage, StorageError},
};

use crate::Outcome;

/// Rows of one transaction.
const BATCH: i64 = 250_000;

/// An id as an expression: its time in milliseconds, a tag of four hexadecimal digits,
/// and a number.
pub fn id(postgres: bool, at: &str, tag: &str, n: &str) -> String {
    if postgres {
        format!(
            "CAST(LPAD(TO_HEX(CAST({at} AS BIGINT)), 12, '0') || '7000{tag}'
                || LPAD(TO_HEX(CAST({n} AS BIGINT)), 12, '0') AS UUID)"
        )
    } else {
        format!("unhex(printf('%012x7000{tag}%012x', {at}, {n}))")
    }
}

/// One statement.
pub async fn run(storage: &Storage, sql: &str, args: Vec<Arg>) -> Outcome<u64> {
    let sql = sql.to_owned();
    let done = storage
        .write(move |tx| {
            let (sql, args) = (sql.clone(), args.clone());
            Box::pin(async move {
                if tx.is_postgres() {
                    // What is made here holds together; each row need not be looked up.
                    tx.execute("SET LOCAL session_replication_role = replica", args![])
                        .await?;
                }
                tx.execute_composed(sql, args).await
            })
        })
        .await;
    done.map_err(|error| error.to_string())
}

/// Whether a table has rows.
pub async fn filled(storage: &Storage, table: &str) -> Outcome<bool> {
    let sql = format!("SELECT id FROM {table} LIMIT 1");
    let rows = storage
        .read(move |tx| {
            let sql = sql.clone();
            Box::pin(async move { tx.all_composed::<(uuid::Uuid,)>(sql, args![]).await })
        })
        .await
        .map_err(|error| error.to_string())?;
    Ok(!rows.is_empty())
}

/// `INSERT INTO … SELECT … FROM numbers` for 1 to `rows`, in batches; `numbers` has the
/// column `n`.
pub async fn numbered(storage: &Storage, what: &str, rows: i64, insert: &str) -> Outcome {
    let began = Instant::now();
    let mut from = 1;
    while from <= rows {
        let to = (from + BATCH - 1).min(rows);
        let sql = format!(
            "WITH RECURSIVE numbers(n) AS (SELECT CAST({from} AS BIGINT)
                UNION ALL SELECT n + 1 FROM numbers WHERE n < {to}) {insert}"
        );
        run(storage, &sql, args![]).await?;
        from = to + 1;
    }
    println!("{rows} {what}: {} s", began.elapsed().as_secs());
    Ok(())
}

/// Takes the indexes of `tables` away; the statements that make them again.
pub async fn without_indexes(storage: &Storage, tables: &[&str]) -> Outcome<Vec<String>> {
    let names = tables
        .iter()
        .map(|table| format!("'{table}'"))
        .collect::<Vec<_>>()
        .join(",");
    let sql = if storage.is_postgres() {
        format!(
            "SELECT CAST(indexname AS TEXT), indexdef FROM pg_indexes
             WHERE schemaname = 'public' AND tablename IN ({names})
               AND indexname NOT LIKE '%pkey'"
        )
    } else {
        format!(
            "SELECT name, sql FROM sqlite_master
             WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({names})"
        )
    };
    let found = storage
        .read(move |tx| {
            let sql = sql.clone();
            Box::pin(async move { tx.all_composed::<(String, String)>(sql, args![]).await })
        })
        .await
        .map_err(|error: StorageError| error.to_string())?;
    let mut again = Vec::new();
    for (name, sql) in found {
        run(storage, &format!("DROP INDEX {name}"), args![]).await?;
        again.push(sql);
    }
    Ok(again)
}

/// Makes them again, and lets PostgreSQL look at what is there.
pub async fn with_indexes(storage: &Storage, indexes: Vec<String>) -> Outcome {
    let began = Instant::now();
    for sql in &indexes {
        run(storage, sql, args![]).await?;
    }
    if storage.is_postgres() {
        run(storage, "ANALYZE", args![]).await?;
    }
    println!("{} indexes: {} s", indexes.len(), began.elapsed().as_secs());
    Ok(())
}
