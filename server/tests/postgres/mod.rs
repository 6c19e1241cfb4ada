//! A fresh PostgreSQL database for a test; shared by the three harnesses.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// The URL of a new database on the server that `BECKON_TEST_POSTGRES` names. A test
/// without a server fails: half a run must not look like a whole one.
pub async fn fresh_url() -> String {
    fresh_url_on("BECKON_TEST_POSTGRES").await
}

/// The same on the server that another variable names.
pub async fn fresh_url_on(variable: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let url = std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} names no PostgreSQL server: run cargo xtask test"));
    let number = NUMBER.fetch_add(1, Ordering::SeqCst);
    let name = format!("beckon_test_{}_{number}", std::process::id());
    let mut admin = PgConnection::connect(&url).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut admin)
        .await
        .unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}
