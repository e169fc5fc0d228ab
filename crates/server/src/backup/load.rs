//! Loads a backup into empty SQLite databases of the backup's schema version.

use std::path::Path;

use indicatif::ProgressBar;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use super::plan::plan;
use super::tables::Kept;
use store::{Part, StoreError};

/// Creates a database file of `part` at schema `version` and loads the backup's rows into it.
pub(super) async fn load(
    part: Part,
    version: i64,
    file: &Path,
    backup: &Path,
    tables: &[(&'static str, Kept)],
    bar: &ProgressBar,
) -> Result<(), StoreError> {
    let mut connection = part.create_schema(version, Some(file)).await?;
    let plan = plan(tables, &mut connection).await?;
    let backup = backup.display().to_string();
    sqlx::query("ATTACH DATABASE $1 AS backup").bind(backup).execute(&mut connection).await?;
    // Indexes are recreated after loading: one pass for each, instead of one search per row.
    let indexes: Vec<(String, String)> =
        sqlx::query_as("SELECT name, sql FROM main.sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
            .fetch_all(&mut connection)
            .await?;
    sqlx::query("BEGIN").execute(&mut connection).await?;
    for (name, _) in &indexes {
        run(&mut connection, format!("DROP INDEX main.{name}")).await?;
    }
    // Rows that migrations insert are in the backup as well.
    for planned in plan.iter().rev() {
        run(&mut connection, format!("DELETE FROM main.{}", planned.table)).await?;
    }
    for planned in &plan {
        let (table, columns) = (planned.table, planned.list());
        // Skip keys of accounts that are newer than the data.
        let rows = if table == "holder_key" { "holder_id IN (SELECT id FROM backup.holder)" } else { "TRUE" };
        let copy = format!(
            "INSERT INTO main.{table} ({columns}) SELECT {columns} FROM backup.{table} WHERE {rows} ORDER BY rowid"
        );
        bar.inc(run(&mut connection, copy).await?);
    }
    for (_, statement) in indexes {
        run(&mut connection, statement).await?;
    }
    sqlx::query("COMMIT").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

async fn run(connection: &mut SqliteConnection, statement: String) -> Result<u64, StoreError> {
    Ok(sqlx::query(AssertSqlSafe(statement)).execute(connection).await?.rows_affected())
}
