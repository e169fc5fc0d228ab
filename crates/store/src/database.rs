//! A database with its connections: opening it, bringing it up to date, and beginning transactions.

use std::path::Path;
use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{Connection as _, PgConnection, Postgres, Sqlite, SqliteConnection};

use crate::changes::Changes;
use crate::embedded;
use crate::error::StoreError;
use crate::folder;
use crate::part::Part;
use crate::pools::Pools;
use crate::postgres_url::connect_options;
use crate::tx::{Handle, Tx};

/// Most connections that read from SQLite: each is a thread, and keeps pages of its own.
const READERS: u32 = 4;

/// A database with its connections: the data, or the key ring.
#[derive(Clone, Debug)]
pub enum Store {
    /// SQLite has one writer, so writes queue for one connection and reads have their own.
    Sqlite {
        /// The one connection that writes.
        writer: SqlitePool,
        /// Connections that read a snapshot.
        reader: SqlitePool,
        /// What is changed through them.
        changes: Changes,
    },
    /// PostgreSQL.
    Postgres {
        /// Its connections.
        pools: Pools,
        /// What is changed through them, or by other nodes.
        changes: Changes,
    },
}

/// Whether a connection can be used again. On a full disk SQLite ends a transaction by itself; the driver's own rollback
/// then fails, it goes on to count a transaction that is no more, and every later one on that connection would fail.
async fn is_at_rest(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A rollback may still be under way; what answers a ping has done with it.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// Whether a connection to PostgreSQL can be used: one that has rested for long may have been ended by something in between.
/// Under load none rests, and none costs a trip for this.
async fn is_alive(connection: &mut PgConnection, idle_for: Duration) -> Result<bool, sqlx::Error> {
    if idle_for > Duration::from_secs(5) {
        connection.ping().await?;
    }
    Ok(true)
}

impl Store {
    /// Opens, and brings up to date, `part` in the folder `data` (made for its owner alone if it is not there) or, if `url` is not empty, on PostgreSQL.
    ///
    /// # Errors
    /// The folder or server cannot be used, or a migration fails.
    pub async fn open(part: Part, data: &Path, url: &str, connections: u32) -> Result<Self, StoreError> {
        folder::create(data)?;
        let store = if url.is_empty() {
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
            // A destroyed key must not stay in a write-ahead log, in free pages, or in a deleted journal, whose blocks the file
            // system frees as they are. The journal stays and is overwritten in place (`erasure.rs`).
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
        let reader = pool(connections.clamp(1, READERS)).min_connections(1).connect_lazy_with(options);
        Ok(Self::Sqlite { writer, reader, changes: Changes::new(true) })
    }

    async fn postgres(part: Part, url: &str, connections: u32) -> Result<Self, StoreError> {
        if part == Part::Keyring {
            let one = PoolOptions::<Postgres>::new().max_connections(1).acquire_timeout(Duration::from_secs(5));
            let pool = one.connect_with(connect_options(url)?).await?;
            let mut transaction = pool.begin().await?;
            // Of two nodes that start at once, IF NOT EXISTS alone would have one fail.
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
        let pool = PoolOptions::<Postgres>::new()
            .max_connections(connections.max(2))
            .test_before_acquire(false)
            .before_acquire(|connection, known| Box::pin(is_alive(connection, known.idle_for)))
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options)
            .await?;
        let encoding: String = sqlx::query_scalar("SHOW server_encoding").fetch_one(&pool).await?;
        if encoding != "UTF8" {
            // Texts would be lost or refused row by row, long after the start.
            return Err(StoreError::Broken(format!(
                "the database's encoding is {encoding}; create it with ENCODING 'UTF8' TEMPLATE template0"
            )));
        }
        Ok(Self::Postgres { pools: Pools::of(pool), changes: Changes::new(false) })
    }

    async fn migrate(&self, part: Part) -> Result<(), StoreError> {
        let mut migrator = self.migrator(part);
        // A newer release may have been here: its nodes and ours run side by side while it is rolled out (docs/migrations.md).
        migrator.set_ignore_missing(true);
        match self {
            Self::Sqlite { writer, .. } => migrator.run(writer).await?,
            Self::Postgres { pools, .. } => {
                // A connection of its own, since migrations wait for locks as long as they themselves say.
                let mut connection = pools.acquire().await?.detach();
                sqlx::query("SET lock_timeout = 0").execute(&mut connection).await?;
                migrator.run(&mut connection).await?;
                connection.close().await?;
            }
        }
        self.refuse_what_took_too_much_away(part).await
    }

    pub(crate) fn migrator(&self, part: Part) -> Migrator {
        match self {
            Self::Sqlite { .. } => embedded::sqlite(part),
            Self::Postgres { .. } => embedded::postgres(part),
        }
    }

    /// A transaction that reads.
    ///
    /// Like the other ways to a transaction and its end, this returns a boxed future without its type: the compiler proves of each
    /// handler's future that it is `Send`, and walked through the whole driver for each.
    ///
    /// # Errors
    /// No connection can be had.
    pub fn read(&self) -> BoxFuture<'_, Result<Tx, StoreError>> {
        Box::pin(async move {
            Ok(match self {
                Self::Sqlite { reader, changes, .. } => Tx::Sqlite(Handle::transaction(reader.begin().await?, changes)),
                Self::Postgres { pools, changes } => Tx::Postgres(Handle::transaction(pools.begin().await?, changes)),
            })
        })
    }

    /// Reads outside of a transaction: for one statement, or for several that need not see the same moment. Beginning and
    /// ending a transaction would cost as much as two more statements.
    ///
    /// # Errors
    /// No connection can be had.
    pub fn glance(&self) -> BoxFuture<'_, Result<Tx, StoreError>> {
        Box::pin(async move {
            Ok(match self {
                Self::Sqlite { reader, changes, .. } => Tx::Sqlite(Handle::alone(reader.acquire().await?, changes)),
                Self::Postgres { pools, changes } => Tx::Postgres(Handle::alone(pools.acquire().await?, changes)),
            })
        })
    }

    /// A transaction that writes. SQLite takes its write lock at the start, so that no statement finds it gone later.
    ///
    /// # Errors
    /// No connection can be had, or the lock is not free in time.
    pub fn write(&self) -> BoxFuture<'_, Result<Tx, StoreError>> {
        Box::pin(async move {
            Ok(match self {
                Self::Sqlite { writer, changes, .. } => {
                    Tx::Sqlite(Handle::transaction(writer.begin_with("BEGIN IMMEDIATE").await?, changes))
                }
                Self::Postgres { pools, changes } => Tx::Postgres(Handle::transaction(pools.begin().await?, changes)),
            })
        })
    }

    /// What has changed of submissions.
    pub fn changes(&self) -> &Changes {
        match self {
            Self::Sqlite { changes, .. } | Self::Postgres { changes, .. } => changes,
        }
    }

    /// Closes the connections after what is under way; SQLite's log is folded into its file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, reader, .. } => {
                reader.close().await;
                writer.close().await;
            }
            Self::Postgres { pools, .. } => pools.close().await,
        }
    }

    /// Lets go of connections that are of no use any more; what is under way on them is not broken off.
    pub fn renew(&self) {
        if let Self::Postgres { pools, .. } = self {
            pools.renew();
        }
    }

    /// Lets go of connections from which nothing comes back, and gives up what is under way on them.
    pub fn give_up(&self) {
        if let Self::Postgres { pools, .. } = self {
            pools.give_up();
        }
    }

    /// Does `work`, unless its connections are given up meanwhile: a server that is gone does not always say so, and who has all
    /// the time in the world would wait for it for ever.
    ///
    /// # Errors
    /// That of `work`, or [`StoreError::Unavailable`]; what was under way is given up then.
    pub async fn unless_lost<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let Self::Postgres { pools, .. } = self else { return work.await };
        tokio::select! {
            done = work => done,
            () = pools.lost() => Err(StoreError::Unavailable("the connection to the database was lost".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
