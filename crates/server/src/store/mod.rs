//! The store: one SQL text on SQLite or PostgreSQL.
//!
//! Owns connections, transactions and the classification of database errors. Each aggregate's SQL is in its own file
//! as methods of [`Tx`]; every one of them is called by the contract suite on both databases. Nothing here decides
//! what is allowed: callers pass the owner, and the SQL holds it.

mod asset;
mod ceremony;
mod commit;
mod console;
mod delivery;
mod event;
mod examine;
mod expiry;
mod group;
mod holder;
mod idempotency;
mod issuance;
mod issuing;
mod keyring;
mod listing;
mod outbox;
mod partner;
mod passkey;
mod payload;
mod presentation;
mod session;
mod share;
mod sign_in;
mod status_list;
mod submission;
mod tally;
mod verification;
mod webhook;

use std::ops::{Deref, DerefMut};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{Connection as _, Database, Postgres, Sqlite, SqliteConnection, Transaction};

pub use ceremony::Ceremony;
pub use commit::{Committer, NewRequest, Pushed};
pub use console::{ConsolePasskey, ConsoleSession};
pub use delivery::{Announcement, AnnouncementKind, Attempt, Settled, TRIED_FOR};
pub use event::{Event, EventKind, Subject};
pub use examine::Migrations;
pub use holder::Holder;
pub use idempotency::StoredAnswer;
pub use issuance::{Deferred, GrantIssued, Redemption};
pub use issuing::{IssueRequest, Issued, Issuing, STATUS_LIST_CAPACITY};
pub use keyring::WrappedSigningKey;
pub use listing::{Found, ListedState, ListedSubmission, Listing};
pub use outbox::OutboxItem;
pub use partner::Partner;
pub use passkey::StoredPasskey;
pub use session::Session;
pub use share::ShareEntry;
pub use sign_in::SignIn;
pub use status_list::{StatusEntry, StatusList, StatusPlace, WantedEntry};
pub use submission::{CredentialStatus, NewBatch, NewSubmission, joined_chain};
pub use tally::{Tally, day};
pub use verification::{EndedVerification, NewVerification, VerificationEnd};

/// Runs one body in both arms of a [`Tx`], with the native connection as `$connection`.
macro_rules! on {
    ($tx:expr, $connection:ident => $body:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
            $crate::store::Tx::Postgres(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
        }
    };
}
pub(crate) use on;

/// Why the store could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or cannot write: full disk, read-only folder, connection lost. Try again.
    #[error("the database cannot be used: {0}")]
    Unavailable(String),
    /// A statement failed, or a row makes no sense: our mistake.
    #[error("the database refused or holds nonsense: {0}")]
    Broken(String),
}

impl StoreError {
    /// A row of `table` that no code of ours can have written.
    pub fn nonsense(table: &str, what: impl std::fmt::Display) -> Self {
        Self::Broken(format!("a row of {table} makes no sense: {what}"))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let passing = match &error {
            // All that is sent are our own statements: what breaks the protocol is the line, or a proxy that has no server.
            sqlx::Error::Io(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(database) => database.code().is_some_and(|code| is_passing(&code)),
            _ => false,
        };
        if passing { Self::Unavailable(error.to_string()) } else { Self::Broken(error.to_string()) }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            other => Self::Broken(other.to_string()),
        }
    }
}

/// SQLite's primary result codes for busy, locked, out of memory, read-only, I/O, full, cannot open; PostgreSQL's SQLSTATE
/// classes for connection (08), rollback (40), resources (53), operator intervention (57), system error (58), read-only
/// transaction (25006), as a demoted primary answers, and a lock that was not free in time (55P03).
fn is_passing(code: &str) -> bool {
    if let Ok(extended) = code.parse::<i32>()
        && code.len() < 5
    {
        return matches!(extended & 0xff, 5 | 6 | 7 | 8 | 10 | 13 | 14);
    }
    ["08", "40", "53", "57", "58", "25006", "55P03"].iter().any(|class| code.starts_with(class))
}

/// A database with its connections: the data, or the key ring.
#[derive(Clone, Debug)]
pub enum Store {
    /// SQLite has one writer, so writes queue for one connection and reads have their own.
    Sqlite {
        /// The one connection that writes.
        writer: SqlitePool,
        /// Connections that read a snapshot.
        reader: SqlitePool,
    },
    /// PostgreSQL.
    Postgres(PgPool),
}

/// One transaction, on either database; or a connection alone, from [`Store::glance`].
#[derive(Debug)]
pub enum Tx {
    /// On SQLite.
    Sqlite(Handle<Sqlite>),
    /// On PostgreSQL.
    Postgres(Handle<Postgres>),
}

/// What a [`Tx`] speaks through.
#[derive(Debug)]
pub enum Handle<D: Database> {
    /// A transaction.
    Transaction(Transaction<'static, D>),
    /// A connection outside of any.
    Alone(PoolConnection<D>),
}

impl<D: Database> Deref for Handle<D> {
    type Target = D::Connection;
    fn deref(&self) -> &D::Connection {
        match self {
            Self::Transaction(transaction) => transaction,
            Self::Alone(connection) => connection,
        }
    }
}

impl<D: Database> DerefMut for Handle<D> {
    fn deref_mut(&mut self) -> &mut D::Connection {
        match self {
            Self::Transaction(transaction) => transaction,
            Self::Alone(connection) => connection,
        }
    }
}

impl<D: Database> Handle<D> {
    async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Transaction(transaction) => transaction.commit().await,
            Self::Alone(_) => Ok(()),
        }
    }
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

/// Which of the two databases: they differ in place and migrations alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Partners, holders, submissions: what a backup carries.
    Data,
    /// Wrapped keys: what a backup of the data must not carry.
    Keyring,
}

impl Part {
    /// The file of SQLite in the data folder.
    fn file(self) -> &'static str {
        match self {
            Self::Data => "tenure.sqlite",
            Self::Keyring => "keyring.sqlite",
        }
    }
}

impl Store {
    /// Opens, and brings up to date, `part` in the folder `data` (made for its owner alone if it is not there) or, if `url` is not empty, on PostgreSQL.
    ///
    /// # Errors
    /// The folder or server cannot be used, or a migration fails.
    pub async fn open(part: Part, data: &Path, url: &str, connections: u32) -> Result<Self, StoreError> {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data);
        made.map_err(|error| {
            StoreError::Unavailable(format!("the data folder {} cannot be made: {error}", data.display()))
        })?;
        let store = if url.is_empty() {
            Self::sqlite(part, data, connections).await?
        } else {
            Self::postgres(part, url, connections).await?
        };
        store.migrate(part).await?;
        Ok(store)
    }

    async fn sqlite(part: Part, data: &Path, connections: u32) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .create_if_missing(true)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .optimize_on_close(false, None);
        let options = match part {
            Part::Data => options.filename(data.join(part.file())).journal_mode(SqliteJournalMode::Wal),
            // A destroyed key must not linger in a write-ahead log or in free pages.
            Part::Keyring => options
                .filename(data.join(part.file()))
                .journal_mode(SqliteJournalMode::Delete)
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
        let reader = pool(connections.max(1)).min_connections(1).connect_lazy_with(options);
        Ok(Self::Sqlite { writer, reader })
    }

    async fn postgres(part: Part, url: &str, connections: u32) -> Result<Self, StoreError> {
        if part == Part::Keyring {
            let pool = PgPool::connect_with(PgConnectOptions::from_str(url)?).await?;
            sqlx::query("CREATE SCHEMA IF NOT EXISTS tenure_keyring").execute(&pool).await?;
            pool.close().await;
        }
        Self::postgres_as_it_is(part, url, connections).await
    }

    async fn postgres_as_it_is(part: Part, url: &str, connections: u32) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?;
        let (options, connections) = match part {
            Part::Data => (options, connections),
            Part::Keyring => (options.options([("search_path", "tenure_keyring")]), 4),
        };
        let pool = PoolOptions::<Postgres>::new()
            .max_connections(connections.max(2))
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options)
            .await?;
        Ok(Self::Postgres(pool))
    }

    async fn migrate(&self, part: Part) -> Result<(), StoreError> {
        let migrator = self.migrator(part);
        match self {
            Self::Sqlite { writer, .. } => migrator.run(writer).await?,
            Self::Postgres(pool) => migrator.run(pool).await?,
        }
        Ok(())
    }

    fn migrator(&self, part: Part) -> Migrator {
        match (self, part) {
            (Self::Sqlite { .. }, Part::Data) => sqlx::migrate!("migrations/sqlite"),
            (Self::Sqlite { .. }, Part::Keyring) => sqlx::migrate!("migrations/sqlite-keyring"),
            (Self::Postgres(_), Part::Data) => sqlx::migrate!("migrations/postgres"),
            (Self::Postgres(_), Part::Keyring) => sqlx::migrate!("migrations/postgres-keyring"),
        }
    }

    /// A transaction that reads.
    ///
    /// # Errors
    /// No connection can be had.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { reader, .. } => Tx::Sqlite(Handle::Transaction(reader.begin().await?)),
            Self::Postgres(pool) => Tx::Postgres(Handle::Transaction(pool.begin().await?)),
        })
    }

    /// Reads outside of a transaction: for one statement, or for several that need not see the same moment. Beginning and
    /// ending a transaction would cost as much as two more statements.
    ///
    /// # Errors
    /// No connection can be had.
    pub async fn glance(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { reader, .. } => Tx::Sqlite(Handle::Alone(reader.acquire().await?)),
            Self::Postgres(pool) => Tx::Postgres(Handle::Alone(pool.acquire().await?)),
        })
    }

    /// A transaction that writes. SQLite takes its write lock at the start, so that no statement finds it gone later.
    ///
    /// # Errors
    /// No connection can be had, or the lock is not free in time.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(Handle::Transaction(writer.begin_with("BEGIN IMMEDIATE").await?)),
            Self::Postgres(pool) => Tx::Postgres(Handle::Transaction(pool.begin().await?)),
        })
    }

    /// Closes the connections after what is under way; SQLite's log is folded into its file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, reader } => {
                reader.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Makes the transaction's changes durable and visible. A transaction that is dropped instead is undone.
    ///
    /// # Errors
    /// The database could not write; nothing of it counts then.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await?,
            Self::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    /// Answers if the database does: what `/readyz` asks.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&mut self) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("SELECT count(*) FROM partner").execute(connection).await.map(drop))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_databases_are_told_apart() {
        for passing in ["5", "13", "10", "778", "1544", "14", "08006", "53100", "57P01", "25006", "40001"] {
            assert!(is_passing(passing), "{passing}");
        }
        for ours in ["1", "19", "2067", "23505", "42601", "22001"] {
            assert!(!is_passing(ours), "{ours}");
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
