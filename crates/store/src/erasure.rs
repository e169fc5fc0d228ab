//! Erases destroyed keys from the database's files.
//!
//! A deleted row is invisible to queries, but its bytes are still in a file: in SQLite's rollback
//! journal, which contains the pages from before the transaction, or in PostgreSQL's heap as a dead
//! row. Each destruction is counted in its own transaction, so that the erasure stays due after a
//! crash.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Connection as _};
use tokio::time::{Instant, sleep};

use super::{Pools, Store, StoreError, Tx, dispatch};
use crate::folder::database_files;
use ambient::micros;

/// Timeout for transactions that may still see a destroyed key.
const TIMEOUT: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(20);

/// Multiple of the time that a rewrite took, to wait before the next rewrite of the same table. The
/// rewrite's lock blocks readers, who are thus blocked for at most one per cent of the time.
const REST: u32 = 100;

/// A table with destroyed keys in its files.
#[derive(Clone, Debug)]
struct Due {
    table: String,
    /// Number of destructions in it.
    destroyed: i64,
}

impl Tx {
    /// Counts a destruction of keys in a table of the key ring.
    pub(crate) async fn count_destroyed(&mut self, table: &str) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE erasure SET destroyed = destroyed + 1 WHERE name = $1")
            .bind(table).execute(connection).await.map(drop))?;
        Ok(())
    }

    async fn due_erasures(&mut self) -> Result<Vec<Due>, StoreError> {
        let rows: Vec<(String, i64)> = dispatch!(self, connection => sqlx::query_as(
            "SELECT name, destroyed FROM erasure WHERE destroyed > erased ORDER BY name").fetch_all(connection).await)?;
        Ok(rows.into_iter().map(|(table, destroyed)| Due { table, destroyed }).collect())
    }

    async fn note_erased(&mut self, due: &Due) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE erasure SET erased = $2 WHERE name = $1 AND erased < $2")
            .bind(&due.table).bind(due.destroyed).execute(connection).await.map(drop))?;
        Ok(())
    }
}

impl Store {
    /// Erases destroyed keys from the files of the key ring. Returns false if it has to be retried:
    /// on PostgreSQL another node is erasing, an older transaction is running, or a large table was
    /// rewritten recently.
    ///
    /// # Errors
    /// The database cannot be used.
    pub async fn erase_destroyed(&self) -> Result<bool, StoreError> {
        let due = self.acquire().await?.due_erasures().await?;
        if due.is_empty() {
            return Ok(true);
        }
        match self {
            Self::Sqlite { writer, .. } => {
                overwrite_journal(writer).await?;
                let mut tx = self.write().await?;
                for due in &due {
                    tx.note_erased(due).await?;
                }
                tx.commit().await?;
                Ok(true)
            }
            Self::Postgres { pools, .. } => rewrite(pools, &due).await,
        }
    }
}

/// Overwrites the rollback journal in place. `secure_delete` has overwritten the key in the
/// database file, but the journal contains the page from before.
async fn overwrite_journal(writer: &SqlitePool) -> Result<(), StoreError> {
    // The write lock keeps every process from using the journal. This transaction does not use it
    // either, since SQLite opens the journal at the first change.
    let transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    let database = writer.connect_options().get_filename().to_owned();
    let journal = database_files(&database).find(|file| file.to_string_lossy().ends_with("-journal"));
    let overwritten = tokio::task::spawn_blocking(move || journal.map_or(Ok(()), |journal| overwrite(&journal))).await;
    transaction.rollback().await?;
    let failed = |error: String| {
        StoreError::Unavailable(format!("the SQLite journal of the key ring cannot be erased: {error}"))
    };
    overwritten.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))
}

fn overwrite(file: &Path) -> std::io::Result<()> {
    let mut file = match std::fs::OpenOptions::new().write(true).open(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let (zeros, mut left) = ([0; 4096], file.metadata()?.len());
    file.seek(SeekFrom::Start(0))?;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(zeros.len()).min(zeros.len());
        file.write_all(&zeros[..length])?;
        left -= length as u64;
    }
    file.sync_data()
}

/// Rewrites the tables with destroyed keys into new files. A plain VACUUM would leave the bytes in
/// the free space of a page.
async fn rewrite(pools: &Pools, due: &[Due]) -> Result<bool, StoreError> {
    // Detached, and closed at the end, so that its lock and settings end with it.
    let mut connection = pools.acquire().await?.detach();
    let rewritten = rewrite_on(&mut connection, due).await;
    connection.close().await?;
    rewritten
}

async fn rewrite_on(connection: &mut PgConnection, due: &[Due]) -> Result<bool, StoreError> {
    let is_first: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtext('tenure_keyring.erasure'))")
        .fetch_one(&mut *connection)
        .await?;
    if !is_first || !older_transactions_have_ended(connection).await? {
        return Ok(false);
    }
    // With a long reader, such as a backup, waiting for the lock would block every later reader.
    sqlx::raw_sql("SET lock_timeout = '200ms'").execute(&mut *connection).await?;
    let mut is_done = true;
    for Due { table, destroyed } in due {
        let now = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
        let may = format!("SELECT due_at <= {now} FROM erasure WHERE name = $1");
        if !sqlx::query_scalar::<_, bool>(AssertSqlSafe(may)).bind(table).fetch_one(&mut *connection).await? {
            is_done = false;
            continue;
        }
        let begun = Instant::now();
        sqlx::raw_sql(AssertSqlSafe(format!("VACUUM (FULL) {table}"))).execute(&mut *connection).await?;
        let rest = micros(begun.elapsed() * REST);
        let note = format!("UPDATE erasure SET erased = greatest(erased, $2), due_at = {now} + $3 WHERE name = $1");
        sqlx::query(AssertSqlSafe(note)).bind(table).bind(destroyed).bind(rest).execute(&mut *connection).await?;
    }
    Ok(is_done)
}

/// Waits until all transactions that are running now have ended. One that began before a key was
/// destroyed may still see it, and VACUUM then keeps the row.
async fn older_transactions_have_ended(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let running: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT locks.virtualtransaction FROM pg_locks locks JOIN pg_stat_activity activity USING (pid)
          WHERE locks.locktype = 'virtualxid' AND locks.pid <> pg_backend_pid()
            AND activity.datid = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .fetch_all(&mut *connection)
    .await?;
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let are_running =
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'virtualxid' AND virtualtransaction = ANY($1))";
        if !sqlx::query_scalar::<_, bool>(are_running).bind(&running).fetch_one(&mut *connection).await? {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        sleep(POLL).await;
    }
}
