//! A database with its connections: opening, migrating, and beginning transactions.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{Connection as _, PgConnection, Postgres, Sqlite, SqliteConnection};
use tokio::time::sleep;

use crate::embedded;
use crate::error::StoreError;
use crate::folder;
use crate::insert_thread::InsertThread;
use crate::invalidation::Changes;
use crate::new_submission::NewSubmission;
use crate::part::Part;
use crate::pools::{Pools, explained};
use crate::postgres_url::connect_options;
use crate::reopening::Reopening;
use crate::tx::{Conn, Tx};

/// Most connections that read from SQLite. Each has a thread and a page cache.
const READERS: u32 = 4;

/// A database with its connections: either the data or the key ring.
#[derive(Clone, Debug)]
pub enum Store {
    /// SQLite. It has one writer, so writes queue for one connection and reads use others.
    Sqlite {
        /// The connection that writes.
        writer: SqlitePool,
        /// Connections that read a snapshot.
        reader: SqlitePool,
        /// Tracks changes to submissions.
        changes: Changes,
        /// Inserts pushes on a third kind of connection.
        inserts: InsertThread,
        /// Closes the connections after errors of the files.
        reopening: Reopening,
    },
    /// PostgreSQL.
    Postgres {
        /// Its connections.
        pools: Pools,
        /// Tracks changes to submissions, including those of other nodes.
        changes: Changes,
    },
}

/// Returns whether a connection can be reused.
///
/// On a full disk SQLite ends a transaction by itself. The driver's own rollback then fails, but
/// the driver still counts the transaction as open, and every later one on that connection would
/// fail.
async fn is_at_rest(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A rollback may still be running. A response to the ping proves that it has finished.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// Returns whether a connection to PostgreSQL can be used.
///
/// A firewall or proxy may have closed an idle connection, so those are pinged. Under load no
/// connection is idle, and none costs this round trip.
async fn is_alive(connection: &mut PgConnection, idle_for: Duration) -> Result<bool, sqlx::Error> {
    if idle_for > Duration::from_secs(5) {
        connection.ping().await?;
    }
    Ok(true)
}

/// How often a node looks whether another one still migrates.
const MIGRATION_POLL: Duration = Duration::from_millis(100);

/// Waits until no other node migrates, and keeps others from it as long as the connection is open.
///
/// sqlx waits for its own lock in a statement, and `CREATE INDEX CONCURRENTLY` waits for the end of
/// every earlier statement, so two nodes that start together would deadlock (D-218).
async fn wait_to_migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
    let lock = "SELECT pg_try_advisory_lock(hashtext('tenure_migrations'))";
    while !sqlx::query_scalar::<_, bool>(lock).fetch_one(&mut *connection).await? {
        sleep(MIGRATION_POLL).await;
    }
    Ok(())
}

impl Store {
    /// Opens `part` and applies its migrations: on PostgreSQL at `url`, or on SQLite in the folder
    /// `data` if `url` is empty. On SQLite it creates the folder, readable by its owner only,
    /// unless
    /// it exists.
    ///
    /// # Errors
    /// The folder or server cannot be used, or a migration fails.
    pub async fn open(part: Part, data: &Path, url: &str, connections: u32) -> Result<Self, StoreError> {
        let store = if url.is_empty() {
            folder::create(data)?;
            folder::keep_private(&data.join(part.file()))?;
            Self::sqlite(part, data, connections).await?
        } else {
            Self::postgres(part, url, connections).await?
        };
        store.migrate(part).await?;
        Ok(store)
    }

    pub(crate) async fn sqlite(part: Part, data: &Path, connections: u32) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .create_if_missing(true)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .optimize_on_close(false, None);
        let options = match part {
            Part::Data => options.filename(data.join(part.file())).journal_mode(SqliteJournalMode::Wal),
            // A destroyed key must not remain in a write-ahead log, in free pages, or in the freed
            // blocks of a deleted journal. The journal is kept and overwritten in place
            // (`erasure.rs`).
            Part::Keyring => options
                .filename(data.join(part.file()))
                .journal_mode(SqliteJournalMode::Persist)
                .pragma("secure_delete", "ON"),
        };
        let pool = |size| {
            PoolOptions::<Sqlite>::new()
                .max_connections(size)
                .test_before_acquire(false)
                .acquire_timeout(Duration::from_secs(5))
        };
        let writer = pool(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_release(|connection, _| Box::pin(is_at_rest(connection)));
        let writer = writer.connect_with(options.clone()).await?;
        // A file that is deleted later must not be replaced by an empty one.
        let options = options.create_if_missing(false);
        writer.set_connect_options(options.clone());
        // No minimum: the pool would open a reader at once while the others are closed after an
        // error.
        let reader = pool(connections.clamp(1, READERS)).connect_lazy_with(options);
        let inserts = InsertThread::new(&data.join(part.file()));
        Ok(Self::Sqlite { writer, reader, inserts, changes: Changes::new(true), reopening: Reopening::new() })
    }

    async fn postgres(part: Part, url: &str, connections: u32) -> Result<Self, StoreError> {
        if part == Part::Keyring {
            let one = PoolOptions::<Postgres>::new().max_connections(1).acquire_timeout(Duration::from_secs(5));
            let options = connect_options(url)?;
            let pool = match one.connect_with(options.clone()).await {
                Err(error) => return Err(explained(error, &options).await),
                Ok(pool) => pool,
            };
            let mut transaction = pool.begin().await?;
            // IF NOT EXISTS is not atomic: without the lock, one of two nodes that start together
            // would fail.
            sqlx::query("SELECT pg_advisory_xact_lock(hashtext('tenure_keyring'))").execute(&mut *transaction).await?;
            sqlx::query("CREATE SCHEMA IF NOT EXISTS tenure_keyring").execute(&mut *transaction).await?;
            transaction.commit().await?;
            pool.close().await;
        }
        Self::postgres_as_it_is(part, url, connections).await
    }

    pub(crate) async fn postgres_as_it_is(part: Part, url: &str, connections: u32) -> Result<Self, StoreError> {
        let options = Pools::settled(connect_options(url)?);
        let (options, connections) = match part {
            Part::Data => (options, connections),
            Part::Keyring => (options.options([("search_path", "tenure_keyring")]), 4),
        };
        let connecting = PoolOptions::<Postgres>::new()
            .max_connections(connections.max(2))
            .test_before_acquire(false)
            .before_acquire(|connection, known| Box::pin(is_alive(connection, known.idle_for)))
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options.clone());
        let pool = match connecting.await {
            Err(error) => return Err(explained(error, &options).await),
            Ok(pool) => pool,
        };
        let encoding: String = sqlx::query_scalar("SHOW server_encoding").fetch_one(&pool).await?;
        if encoding != "UTF8" {
            // Texts would be lost or rejected row by row, long after the start.
            return Err(StoreError::Broken(format!(
                "the database has the encoding {encoding}; create it with ENCODING 'UTF8' TEMPLATE template0"
            )));
        }
        Ok(Self::Postgres { pools: Pools::of(pool), changes: Changes::new(false) })
    }

    async fn migrate(&self, part: Part) -> Result<(), StoreError> {
        let mut migrator = self.migrator(part);
        // A newer release may have migrated already: its nodes and ours run together during a
        // rolling update (docs/develop/migrations.md).
        migrator.set_ignore_missing(true);
        match self {
            Self::Sqlite { writer, .. } => migrator.run(writer).await?,
            Self::Postgres { pools, .. } => {
                // Migrations get their own connection, since they set their own lock timeouts.
                let mut connection = pools.acquire().await?.detach();
                sqlx::query("SET lock_timeout = 0").execute(&mut connection).await?;
                wait_to_migrate(&mut connection).await?;
                migrator.run(&mut connection).await?;
                connection.close().await?;
            }
        }
        self.check_schema_compat(part).await
    }

    pub(crate) fn migrator(&self, part: Part) -> Migrator {
        match self {
            Self::Sqlite { .. } => embedded::sqlite(part),
            Self::Postgres { .. } => embedded::postgres(part),
        }
    }

    /// Begins a transaction that reads.
    ///
    /// Like all functions that begin or end a transaction, it returns a type-erased boxed future.
    /// The compiler has to prove that each handler's future is `Send`, and would otherwise go
    /// through the types of the whole driver for each handler.
    ///
    /// # Errors
    /// No connection is available.
    pub fn read(&self) -> BoxFuture<'_, Result<Tx, StoreError>> {
        Box::pin(async move {
            Ok(match self {
                Self::Sqlite { writer, reader, inserts, changes, reopening } => {
                    reopening.close_after_errors([writer, reader], inserts).await;
                    Tx::Sqlite(Conn::transaction(reader.begin().await?, changes))
                }
                Self::Postgres { pools, changes } => Tx::Postgres(Conn::transaction(pools.begin().await?, changes)),
            })
        })
    }

    /// Returns a connection for reading outside of a transaction: for one statement, or for several
    /// that do not need the same snapshot. Beginning and ending a transaction costs two more
    /// statements.
    ///
    /// # Errors
    /// No connection is available.
    pub fn acquire(&self) -> BoxFuture<'_, Result<Tx, StoreError>> {
        Box::pin(async move {
            Ok(match self {
                Self::Sqlite { writer, reader, inserts, changes, reopening } => {
                    reopening.close_after_errors([writer, reader], inserts).await;
                    Tx::Sqlite(Conn::autocommit(reader.acquire().await?, changes))
                }
                Self::Postgres { pools, changes } => Tx::Postgres(Conn::autocommit(pools.acquire().await?, changes)),
            })
        })
    }

    /// Begins a transaction that writes. On SQLite it takes the write lock now, so that no later
    /// statement fails to get it.
    ///
    /// # Errors
    /// No connection is available, or the lock timed out.
    pub fn write(&self) -> BoxFuture<'_, Result<Tx, StoreError>> {
        Box::pin(async move {
            Ok(match self {
                Self::Sqlite { writer, reader, inserts, changes, reopening } => {
                    reopening.close_after_errors([writer, reader], inserts).await;
                    Tx::Sqlite(Conn::transaction(writer.begin_with("BEGIN IMMEDIATE").await?, changes))
                }
                Self::Postgres { pools, changes } => Tx::Postgres(Conn::transaction(pools.begin().await?, changes)),
            })
        })
    }

    /// Inserts those of `new` that need nothing but their row, on SQLite (see
    /// [`InsertThread::insert`]). Returns which were inserted; on PostgreSQL none.
    pub(crate) async fn insert_each(&self, new: Vec<Arc<NewSubmission>>) -> Result<Vec<bool>, StoreError> {
        let Self::Sqlite { writer, reader, inserts, reopening, .. } = self else { return Ok(vec![false; new.len()]) };
        reopening.close_after_errors([writer, reader], inserts).await;
        inserts.insert(new, writer.acquire().await?).await
    }

    /// Returns the tracker of changes to submissions.
    pub fn changes(&self) -> &Changes {
        match self {
            Self::Sqlite { changes, .. } | Self::Postgres { changes, .. } => changes,
        }
    }

    /// Closes the connections after running statements have finished. SQLite merges its log into
    /// the database file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, reader, inserts, .. } => {
                reader.close().await;
                inserts.close().await;
                writer.close().await;
            }
            Self::Postgres { pools, .. } => pools.close().await,
        }
    }

    /// Replaces all connections. Running statements can finish.
    pub fn renew(&self) {
        if let Self::Postgres { pools, .. } = self {
            pools.renew();
        }
    }

    /// Replaces all connections after the server stopped responding. Running statements are
    /// cancelled.
    pub fn give_up(&self) {
        if let Self::Postgres { pools, .. } = self {
            pools.give_up();
        }
    }

    /// Runs `work`, and cancels it if [`Store::give_up`] is called meanwhile. Without this, work
    /// without a timeout would wait forever for a server that disappeared silently.
    ///
    /// # Errors
    /// The error of `work`, or [`StoreError::Unavailable`] if it was cancelled.
    pub async fn cancel_on_disconnect<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let Self::Postgres { pools, .. } = self else { return work.await };
        tokio::select! {
            done = work => done,
            () = pools.lost() => Err(StoreError::Unavailable("the connection to the database was lost".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Executor as _;

    use super::*;

    async fn write(store: &Store) -> Result<(), StoreError> {
        let mut tx = store.write().await?;
        tx.probe_write().await?;
        tx.commit().await
    }

    async fn is_query_only(tx: &mut Tx) -> bool {
        let Tx::Sqlite(connection) = tx else { panic!("on SQLite") };
        sqlx::query_scalar("PRAGMA query_only").fetch_one(&mut **connection).await.expect("read")
    }

    /// `query_only` makes a connection refuse writes with the code of a file that was opened
    /// read-only, and like that lasts as long as the connection. The count of errors belongs to the
    /// process, so this is one test.
    #[tokio::test]
    async fn read_only_connections_are_replaced_after_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        for is_reader_in_use in [false, true] {
            let store = Store::open(Part::Data, folder.path(), "", 1).await.expect("opened");
            let Store::Sqlite { writer, reader, .. } = &store else { panic!("on SQLite") };
            writer.execute("PRAGMA query_only = ON").await.expect("set");
            reader.execute("PRAGMA query_only = ON").await.expect("set");
            let mut held = store.read().await.expect("a connection");
            assert!(is_query_only(&mut held).await);
            let held = is_reader_in_use.then_some(held);
            let error = write(&store).await.expect_err("the connection is read-only");
            assert!(matches!(&error, StoreError::Unavailable(cause) if cause.contains("readonly")), "{error}");
            write(&store).await.expect("a new connection writes");
            if held.is_none() {
                assert!(!is_query_only(&mut store.read().await.expect("a connection")).await, "readers too");
            }
            drop(held);
            store.close().await;
        }
    }

    #[test]
    fn both_databases_have_the_same_migrations() {
        let names = |folder: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
            let mut names: Vec<_> = std::fs::read_dir(path)
                .expect("the folder is there")
                .map(|entry| entry.expect("readable").file_name())
                .collect();
            names.sort();
            names
        };
        assert_eq!(names("sqlite"), names("postgres"));
        assert_eq!(names("sqlite-keyring"), names("postgres-keyring"));
    }
}
