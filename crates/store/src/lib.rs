//! The store: one SQL text on SQLite or PostgreSQL.
//!
//! Owns connections, transactions and the classification of database errors. Each aggregate's SQL is in its own file
//! as methods of [`Tx`]; every one of them is called by the contract suite on both databases. Nothing here decides
//! what is allowed: callers pass the owner, and the SQL holds it.

mod allowance;
mod asset;
mod blank;
mod ceremony;
mod changes;
mod commit;
mod console;
mod delivery;
pub mod domain;
mod event;
mod examine;
mod expiry;
mod group;
mod holder;
mod idempotency;
mod insertion;
mod issuance;
mod issuing;
mod keyring;
mod listing;
#[cfg(test)]
mod migrations;
mod notice;
mod outbox;
mod partner;
mod passkey;
mod payload;
mod pools;
mod presentation;
mod restored;
mod session;
mod share;
mod sign_in;
mod status;
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
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{
    Connection as _, Database, Encode, PgConnection, Postgres, QueryBuilder, Sqlite, SqliteConnection, Transaction,
    Type,
};
use uuid::Uuid;

use changes::Changed;

pub use allowance::Charge;
pub use blank::scratch;
pub use ceremony::Ceremony;
pub use changes::Changes;
pub use commit::{Committer, NewRequest, Pushed};
pub use console::{ConsolePasskey, ConsoleSession};
pub use delivery::{Announcement, AnnouncementKind, Attempt, Settled, TRIED_FOR};
pub use event::{Event, EventKind, Subject};
pub use examine::Migrations;
pub use expiry::LONGEST_RING_PERIOD;
pub use holder::Holder;
pub use idempotency::StoredAnswer;
pub use issuance::{Deferred, GrantIssued, Redemption};
pub use issuing::{IssueRequest, Issued, Issuing, STATUS_LIST_CAPACITY};
pub use keyring::WrappedSigningKey;
pub use listing::{Found, ListedState, ListedSubmission, Listing};
pub use notice::{Notice, Notices};
pub use outbox::OutboxItem;
pub use partner::Partner;
pub use passkey::StoredPasskey;
pub use pools::Pools;
pub use session::Session;
pub use share::ShareEntry;
pub use sign_in::SignIn;
pub use status::{CredentialStatus, Statuses};
pub use status_list::{StatusEntry, StatusList, StatusPlace, WantedEntry};
pub use submission::{NewBatch, NewSubmission, joined_chain};
pub use tally::{Tally, day};
pub use verification::{EndedVerification, NewVerification, VerificationEnd};

/// Runs one body in both arms of a [`Tx`], with the native connection as `$connection`.
macro_rules! on {
    ($tx:expr, $connection:ident => $body:expr) => {
        match $tx {
            $crate::Tx::Sqlite(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
            $crate::Tx::Postgres(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
        }
    };
}
pub(crate) use on;

/// Of `left` rows, how many go into one statement of many values: so many that few statements do, of few different lengths,
/// since each length is prepared once and kept.
fn rows_at_once(left: usize) -> usize {
    const STEP: usize = 16;
    if left < STEP { left } else { left.min(256) / STEP * STEP }
}

/// Writes `values` in brackets, for what comes after `IN`.
fn push_list<DB, T>(query: &mut QueryBuilder<DB>, values: impl IntoIterator<Item = T>)
where
    DB: Database,
    T: for<'t> Encode<'t, DB> + Type<DB>,
{
    query.push("(");
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value);
    }
    query.push(")");
}

/// Most connections that read from SQLite: each is a thread, and keeps pages of its own.
const READERS: u32 = 4;

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
/// classes for connection (08), sign-in (28) and a database that is not there (3D), as while a password is changed or a server
/// is set up, rollback (40), resources (53), operator intervention (57), system error (58), read-only transaction (25006), as a
/// demoted primary answers, a lock that was not free in time (55P03), and a plan that a newer node's migration made useless
/// (0A000: nothing of ours asks for what is not supported).
fn is_passing(code: &str) -> bool {
    if let Ok(extended) = code.parse::<i32>()
        && code.len() < 5
    {
        return matches!(extended & 0xff, 5 | 6 | 7 | 8 | 10 | 13 | 14);
    }
    ["08", "28", "3D", "40", "53", "57", "58", "25006", "55P03", "0A000"].iter().any(|class| code.starts_with(class))
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

/// One transaction, on either database; or a connection alone, from [`Store::glance`].
#[derive(Debug)]
pub enum Tx {
    /// On SQLite.
    Sqlite(Handle<Sqlite>),
    /// On PostgreSQL.
    Postgres(Handle<Postgres>),
}

/// What a [`Tx`] speaks through, and what it has changed.
#[derive(Debug)]
pub struct Handle<D: Database> {
    way: Way<D>,
    changed: Changed,
}

#[derive(Debug)]
enum Way<D: Database> {
    Transaction(Transaction<'static, D>),
    /// A connection outside of any.
    Alone(PoolConnection<D>),
}

impl<D: Database> Deref for Handle<D> {
    type Target = D::Connection;
    fn deref(&self) -> &D::Connection {
        match &self.way {
            Way::Transaction(transaction) => transaction,
            Way::Alone(connection) => connection,
        }
    }
}

impl<D: Database> DerefMut for Handle<D> {
    fn deref_mut(&mut self) -> &mut D::Connection {
        match &mut self.way {
            Way::Transaction(transaction) => transaction,
            Way::Alone(connection) => connection,
        }
    }
}

impl<D: Database> Handle<D> {
    fn transaction(transaction: Transaction<'static, D>, changes: &Changes) -> Self {
        Self { way: Way::Transaction(transaction), changed: Changed::new(changes) }
    }

    fn alone(connection: PoolConnection<D>, changes: &Changes) -> Self {
        Self { way: Way::Alone(connection), changed: Changed::new(changes) }
    }

    async fn commit(self) -> Result<(), sqlx::Error> {
        let Self { way, changed } = self;
        let Way::Transaction(transaction) = way else { return Ok(()) };
        if changed.submissions.is_empty() {
            return transaction.commit().await;
        }
        // In a task of its own: a caller that goes away does not keep the database from committing, and what has changed must
        // not be told before it has.
        let committing = tokio::spawn(async move {
            let committed = transaction.commit().await;
            drop(changed);
            committed
        });
        committing.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
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

/// Whether a connection to PostgreSQL can be used: one that has rested for long may have been ended by something in between.
/// Under load none rests, and none costs a trip for this.
async fn is_alive(connection: &mut PgConnection, idle_for: Duration) -> Result<bool, sqlx::Error> {
    if idle_for > Duration::from_secs(5) {
        connection.ping().await?;
    }
    Ok(true)
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
    pub fn file(self) -> &'static str {
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
        let reader = pool(connections.clamp(1, READERS)).min_connections(1).connect_lazy_with(options);
        Ok(Self::Sqlite { writer, reader, changes: Changes::new(true) })
    }

    async fn postgres(part: Part, url: &str, connections: u32) -> Result<Self, StoreError> {
        if part == Part::Keyring {
            let one = PoolOptions::<Postgres>::new().max_connections(1).acquire_timeout(Duration::from_secs(5));
            let pool = one.connect_with(PgConnectOptions::from_str(url)?).await?;
            let mut transaction = pool.begin().await?;
            // Of two nodes that start at once, IF NOT EXISTS alone would have one fail.
            sqlx::query("SELECT pg_advisory_xact_lock(hashtext('tenure_keyring'))").execute(&mut *transaction).await?;
            sqlx::query("CREATE SCHEMA IF NOT EXISTS tenure_keyring").execute(&mut *transaction).await?;
            transaction.commit().await?;
            pool.close().await;
        }
        Self::postgres_as_it_is(part, url, connections).await
    }

    async fn postgres_as_it_is(part: Part, url: &str, connections: u32) -> Result<Self, StoreError> {
        let options = Pools::settled(PgConnectOptions::from_str(url)?);
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

    fn migrator(&self, part: Part) -> Migrator {
        match (self, part) {
            (Self::Sqlite { .. }, part) => blank::migrator(part),
            (Self::Postgres { .. }, Part::Data) => sqlx::migrate!("migrations/postgres"),
            (Self::Postgres { .. }, Part::Keyring) => sqlx::migrate!("migrations/postgres-keyring"),
        }
    }

    /// A transaction that reads.
    ///
    /// # Errors
    /// No connection can be had.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { reader, changes, .. } => Tx::Sqlite(Handle::transaction(reader.begin().await?, changes)),
            Self::Postgres { pools, changes } => Tx::Postgres(Handle::transaction(pools.begin().await?, changes)),
        })
    }

    /// Reads outside of a transaction: for one statement, or for several that need not see the same moment. Beginning and
    /// ending a transaction would cost as much as two more statements.
    ///
    /// # Errors
    /// No connection can be had.
    pub async fn glance(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { reader, changes, .. } => Tx::Sqlite(Handle::alone(reader.acquire().await?, changes)),
            Self::Postgres { pools, changes } => Tx::Postgres(Handle::alone(pools.acquire().await?, changes)),
        })
    }

    /// A transaction that writes. SQLite takes its write lock at the start, so that no statement finds it gone later.
    ///
    /// # Errors
    /// No connection can be had, or the lock is not free in time.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, changes, .. } => {
                Tx::Sqlite(Handle::transaction(writer.begin_with("BEGIN IMMEDIATE").await?, changes))
            }
            Self::Postgres { pools, changes } => Tx::Postgres(Handle::transaction(pools.begin().await?, changes)),
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

    /// Notes that what partners are told of these submissions has changed.
    fn note_changed(&mut self, submissions: &[Uuid]) {
        match self {
            Self::Sqlite(transaction) => transaction.changed.submissions.extend(submissions),
            Self::Postgres(transaction) => transaction.changed.submissions.extend(submissions),
        }
    }

    /// Answers if the database does: what `/readyz` asks.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&mut self) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("SELECT count(*) FROM partner").execute(connection).await.map(drop))?;
        Ok(())
    }

    /// How a statement that takes rows for itself leaves those that another node is taking. SQLite has one writer.
    fn skip_taken(&self) -> &'static str {
        if matches!(self, Self::Postgres(_)) { "FOR UPDATE SKIP LOCKED" } else { "" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_databases_are_told_apart() {
        for passing in [
            "5", "13", "10", "778", "1544", "14", "08006", "28P01", "3D000", "53100", "57P01", "25006", "40001",
            "55P03",
        ] {
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
