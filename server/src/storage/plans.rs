//! How an engine would run a statement: for the tests that hold lists to their indexes.

use super::{Arg, StorageError, Tx};

#[derive(sqlx::FromRow)]
struct SqlitePlanRow {
    detail: String,
}

impl Tx {
    /// How the engine would run a statement, line by line.
    pub(super) async fn plan_of(
        &mut self,
        sql: String,
        args: Vec<Arg>,
    ) -> Result<Vec<String>, StorageError> {
        if self.is_postgres() {
            let sql = format!("EXPLAIN {sql}");
            let rows: Vec<(String,)> = self.all_composed(sql, args).await?;
            return Ok(rows.into_iter().map(|(line,)| line).collect());
        }
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        let rows = self.all_composed::<SqlitePlanRow>(sql, args).await?;
        Ok(rows.into_iter().map(|row| row.detail).collect())
    }
}
