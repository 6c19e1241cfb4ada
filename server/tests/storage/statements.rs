//! Every SQL constant is prepared on both engines: read from the source, so that none
//! can be forgotten. What is composed at run time is run by the other modules here.

use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

use crate::db::Db;

/// How a statement begins.
const VERBS: [&str; 5] = [
    "SELECT ",
    "INSERT INTO ",
    "UPDATE ",
    "DELETE FROM ",
    "WITH ",
];
/// Clauses that PostgreSQL alone knows; the statement has a twin or is left out on SQLite.
const POSTGRES_ONLY: [&str; 3] = ["FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE"];

/// A statement in the source.
#[derive(Clone, Debug)]
struct Statement {
    /// The file, for the message.
    file: String,
    /// The text; of an insert of many rows, with one row of values.
    sql: String,
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The string literals of Rust source: `(what stands before it, its value)`. Enough of
/// the language for this folder: comments, plain strings with line continuations, raw
/// strings without `#`.
fn literals(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut before = String::new();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => while chars.next_if(|c| *c != '\n').is_some() {},
            '\'' => {
                // A character, or the tick of a lifetime.
                before.push(c);
                match (chars.next(), chars.peek()) {
                    (Some('\\'), _) => while chars.next().is_some_and(|c| c != '\'') {},
                    (Some(_), Some('\'')) => drop(chars.next()),
                    _ => {}
                }
            }
            '"' => {
                let raw = before.ends_with('r');
                let mut value = String::new();
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' if !raw => match chars.next() {
                            Some('\n') => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                            Some('n') => value.push('\n'),
                            Some(escaped) => value.push(escaped),
                            None => {}
                        },
                        c => value.push(c),
                    }
                }
                found.push((std::mem::take(&mut before), value));
            }
            c => before.push(c),
        }
    }
    found
}

/// One row of values for the head of an insert of many rows.
fn with_values(sql: &str) -> String {
    let complete = ["VALUES", "SELECT"].iter().any(|word| sql.contains(word));
    if !sql.starts_with("INSERT INTO ") || complete {
        return sql.to_owned();
    }
    let columns = sql.matches(',').count() + 1;
    let values: Vec<String> = (1..=columns).map(|n| format!("${n}")).collect();
    format!("{sql} VALUES ({})", values.join(", "))
}

fn statements() -> Vec<Statement> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storage");
    let mut found = Vec::new();
    for path in sources(&folder) {
        let source = std::fs::read_to_string(&path).unwrap();
        let file = path.strip_prefix(&folder).unwrap().display().to_string();
        for (before, sql) in literals(&source) {
            let composed = before.trim_end().ends_with("format!(")
                // The pieces of the offers' conditions: `links` runs all three.
                || before.trim_end().ends_with("concat!(")
                // `people` adds conditions to it: `users` runs it.
                || file == "people.rs";
            if !composed && VERBS.iter().any(|verb| sql.starts_with(verb)) {
                let sql = with_values(&sql);
                found.push(Statement {
                    file: file.clone(),
                    sql,
                });
            }
        }
    }
    found.extend(for_operators());
    found
}

/// What the documents tell operators to run.
fn for_operators() -> Vec<Statement> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operator");
    let mut found = Vec::new();
    for path in std::fs::read_dir(folder).unwrap() {
        let path = path.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for block in text.split("```sql\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            let lines = block
                .lines()
                .map(|line| line.split("--").next().unwrap_or(line));
            let block = lines.collect::<Vec<_>>().join("\n");
            let each = block
                .split(';')
                .map(str::trim)
                .filter(|sql| !sql.is_empty());
            found.extend(each.map(|sql| Statement {
                file: path.display().to_string(),
                sql: sql.to_owned(),
            }));
        }
    }
    assert_eq!(found.len(), 4, "the documents are read");
    found
}

async fn on_sqlite(connection: &mut SqliteConnection, sql: &str) -> Result<(), sqlx::Error> {
    // Compiles the statement and says how it would run.
    sqlx::raw_sql(AssertSqlSafe(format!("EXPLAIN {sql}")))
        .execute(connection)
        .await
        .map(drop)
}

async fn on_postgres(connection: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(format!(
        "PREPARE one AS {sql}; DEALLOCATE one"
    )))
    .execute(connection)
    .await
    .map(drop)
}

fn complain(failed: &[String]) {
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
fn the_source_is_read() {
    let all = statements();
    assert!(all.len() > 80, "{} statements", all.len());
    for file in [
        "accept.rs",
        "audit.rs",
        "bulk_lookup.rs",
        "catalog.rs",
        "import_rows.rs",
        "imports.rs",
        "invariants.rs",
        "outbox.rs",
        "sessions.rs",
    ] {
        assert!(all.iter().any(|one| one.file == file), "{file}");
    }
    let read = literals(
        "// \"SELECT 1\"\nconst A: &str = \"SELECT \\\n    2\"; let c = '\"'; r\"a\\b\" 'a: &'a",
    );
    let values: Vec<&str> = read.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(values, ["SELECT 2", r"a\b"]);
}

#[tokio::test]
async fn every_constant_is_prepared_on_sqlite() {
    let db = Db::sqlite().await;
    let mut connection = SqliteConnection::connect(&db.place).await.unwrap();
    let mut failed = Vec::new();
    for one in statements() {
        if POSTGRES_ONLY.iter().any(|clause| one.sql.contains(clause)) {
            continue;
        }
        if let Err(error) = on_sqlite(&mut connection, &one.sql).await {
            failed.push(format!("{}: {error}\n{}", one.file, one.sql));
        }
    }
    complain(&failed);
    assert!(
        on_sqlite(&mut connection, "SELECT lost FROM users")
            .await
            .is_err(),
        "a broken one is found"
    );
}

#[tokio::test]
async fn every_constant_is_prepared_on_postgres() {
    let db = Db::postgres().await;
    let mut connection = PgConnection::connect(&db.place).await.unwrap();
    let mut failed = Vec::new();
    for one in statements() {
        if let Err(error) = on_postgres(&mut connection, &one.sql).await {
            failed.push(format!("{}: {error}\n{}", one.file, one.sql));
        }
    }
    complain(&failed);
    assert!(
        on_postgres(&mut connection, "SELECT lost FROM users")
            .await
            .is_err(),
        "a broken one is found"
    );
}

/// The list of batches and a batch's page cost what they show, however many are invited.
#[tokio::test]
async fn batches_are_read_from_their_indexes() {
    let db = Db::sqlite().await;
    let mut connection = SqliteConnection::connect(&db.place).await.unwrap();
    for (begins, indexes) in [
        (
            "SELECT p.source, p.made",
            &["blank_batches_newest", "bundles_unassigned"][..],
        ),
        (
            "SELECT b.status, COUNT(*) AS n, MIN(b.created_at)",
            &["COVERING INDEX bundles_batch"],
        ),
        (
            "SELECT id FROM bundles\n    WHERE tenant_id = $1 AND source = $2 AND status",
            &["bundles_unassigned"],
        ),
    ] {
        let found = statements();
        let one = found
            .iter()
            .find(|one| one.file == "blanks.rs" && one.sql.starts_with(begins))
            .unwrap_or_else(|| panic!("no statement begins with {begins}"));
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", one.sql));
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let plan: Vec<String> = plan.into_iter().map(|line| line.3).collect();
        let plan = plan.join("\n");
        for index in indexes {
            assert!(plan.contains(index), "{begins}: {plan}");
        }
        assert!(!plan.contains("TEMP B-TREE"), "{begins}: {plan}");
    }
}
