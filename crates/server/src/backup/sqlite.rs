//! SQLite backups: SQLite copies from one file to the other, so that few rows pass through here.

use std::path::Path;

use indicatif::ProgressBar;
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Sqlite, SqlitePool};

use super::container;
use super::plan::Planned;
use ambient::{Clock, Timestamp};
use store::StoreError;

/// Rows per statement, which is the step of the progress bar.
const CHUNK: i64 = 20_000;

/// Copies the planned tables into the backup at `path`, from one snapshot if `of_one_moment`.
///
/// The data uses a snapshot, because readers of a write-ahead log block no writers. The key ring
/// has no such log, and a reader blocks its writers. So it is read in small chunks: keys are added
/// and deleted, but never changed.
pub(super) async fn copy(
    pool: &SqlitePool,
    path: &Path,
    plan: &[Planned],
    of_one_moment: bool,
    clock: &Clock,
    bar: &ProgressBar,
) -> Result<(Timestamp, Vec<(String, i64)>), StoreError> {
    let mut connection = pool.acquire().await?;
    let file = path.display().to_string();
    sqlx::query("ATTACH DATABASE $1 AS backup").bind(file).execute(&mut *connection).await?;
    // An interrupted file is discarded, and a complete one is synced at the end.
    for setting in ["PRAGMA backup.journal_mode = OFF", "PRAGMA backup.synchronous = OFF"] {
        sqlx::query(setting).execute(&mut *connection).await?;
    }
    for planned in plan {
        sqlx::query(container::table(planned, "backup")).execute(&mut *connection).await?;
    }
    if of_one_moment {
        sqlx::query("BEGIN").execute(&mut *connection).await?;
    }
    // The transaction's snapshot is taken by the first query, which follows.
    let moment = clock.now();
    let mut spans = Vec::with_capacity(plan.len());
    for planned in plan {
        let span = span(&mut connection, planned).await?;
        bar.inc_length(span.map_or(0, |(first, last)| last.abs_diff(first) + 1));
        spans.push(span);
    }
    let mut counts = Vec::with_capacity(plan.len());
    for (planned, span) in plan.iter().zip(spans) {
        counts.push((planned.table.to_owned(), copy_table(&mut connection, planned, span, path, bar).await?));
    }
    if of_one_moment {
        sqlx::query("COMMIT").execute(&mut *connection).await?;
    }
    sqlx::query("DETACH DATABASE backup").execute(&mut *connection).await?;
    Ok((moment, counts))
}

/// Returns the first and the last rowid of a table.
async fn span(connection: &mut PoolConnection<Sqlite>, planned: &Planned) -> Result<Option<(i64, i64)>, StoreError> {
    let ends = format!("SELECT min(rowid), max(rowid) FROM main.{}", planned.table);
    let (first, last): (Option<i64>, Option<i64>) =
        sqlx::query_as(AssertSqlSafe(ends)).fetch_one(&mut **connection).await?;
    Ok(first.zip(last))
}

async fn copy_table(
    connection: &mut PoolConnection<Sqlite>,
    planned: &Planned,
    span: Option<(i64, i64)>,
    path: &Path,
    bar: &ProgressBar,
) -> Result<i64, StoreError> {
    let Some((mut first, last)) = span else { return Ok(0) };
    // A name without a schema resolves to the first database that has it: the source.
    let statement = format!(
        "INSERT INTO backup.{} ({}) {} AND rowid BETWEEN $1 AND $2",
        planned.table,
        planned.list(),
        planned.select()
    );
    let mut count = 0;
    while first <= last {
        let until = first.saturating_add(CHUNK - 1).min(last);
        let copied = sqlx::query(AssertSqlSafe(statement.clone())).bind(first).bind(until);
        count += copied.execute(&mut **connection).await?.rows_affected();
        // Sync as we go: one sync of everything at the end would delay the commits of the server.
        sync(path).await?;
        bar.inc(until.abs_diff(first) + 1);
        first = until.saturating_add(1);
    }
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

async fn sync(path: &Path) -> Result<(), StoreError> {
    let file = tokio::fs::File::open(path).await;
    let synced = match file {
        Ok(file) => file.sync_data().await,
        Err(error) => Err(error),
    };
    synced.map_err(|error| StoreError::Unavailable(error.to_string()))
}
