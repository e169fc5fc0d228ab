//! PostgreSQL connection pools that can be replaced at once.
//!
//! After a failover every pooled connection is dead, or silent until the network reports it. Each
//! would fail a request or occupy a slot of the pool forever. So the whole pool is replaced once
//! one of its connections is known to be lost, either when a transaction begins on it or by the
//! connection that listens for notifications.

use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{Connection as _, PgConnection, PgTransaction, Postgres};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout};

use super::error::{StoreError, is_transient};

/// Timeout for beginning a transaction. At most half of it is spent waiting for a connection.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Settings of every session. The lock timeout is shorter than the default request timeout of 30 s.
/// The keepalives release the locks of a crashed machine after 11 s.
const SESSION: [(&str, &str); 5] = [
    ("lock_timeout", "20s"),
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "2"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "10s"),
];

/// A pool, the number of pools before it, and how often the server was lost.
#[derive(Clone, Debug)]
struct Current {
    pool: PgPool,
    generation: u64,
    losses: u64,
    is_closed: bool,
}

/// A pool that can be replaced; cheap to clone.
#[derive(Clone, Debug)]
pub struct Pools(Arc<watch::Sender<Current>>, Arc<Mutex<Option<Cause>>>);

/// When a timeout was last explained, and how.
type Cause = (Instant, Option<StoreError>);

/// How long the cause of a timeout is reused, and the timeout of finding it.
const EXPLAINED_FOR: Duration = Duration::from_secs(5);
const EXPLANATION_TIMEOUT: Duration = Duration::from_secs(2);

impl Pools {
    pub(super) fn of(pool: PgPool) -> Self {
        let current = Current { pool, generation: 0, losses: 0, is_closed: false };
        Self(Arc::new(watch::Sender::new(current)), Arc::default())
    }

    /// Adds [`SESSION`] to the options.
    pub(super) fn settled(options: PgConnectOptions) -> PgConnectOptions {
        options.options(SESSION)
    }

    pub fn current(&self) -> PgPool {
        self.0.borrow().pool.clone()
    }

    /// Begins a transaction. If the connection is lost, replaces the pool and tries once more.
    pub(super) async fn begin(&self) -> Result<PgTransaction<'static>, StoreError> {
        let Current { pool, generation, .. } = self.0.borrow().clone();
        match timeout(TIMEOUT, begin(pool)).await {
            Ok(Err(error)) if is_lost(&error) => {
                self.renew_after(generation);
                Ok(timeout(TIMEOUT, begin(self.current())).await.map_err(|_| silent())??)
            }
            Ok(Err(sqlx::Error::PoolTimedOut)) => Err(self.explained().await),
            Ok(begun) => Ok(begun?),
            Err(_) => {
                self.renew_after(generation);
                Err(silent())
            }
        }
    }

    /// Returns a connection outside a transaction.
    pub(super) async fn acquire(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        match self.current().acquire().await {
            // The pool was replaced in the meantime.
            Err(sqlx::Error::PoolClosed) => Ok(self.current().acquire().await?),
            Err(sqlx::Error::PoolTimedOut) => Err(self.explained().await),
            acquired => Ok(acquired?),
        }
    }

    /// Returns why no connection became free in time. One caller tries a connection; the others use
    /// its result.
    async fn explained(&self) -> StoreError {
        let busy = || StoreError::from(sqlx::Error::PoolTimedOut);
        let Ok(mut known) = self.1.try_lock() else { return busy() };
        if known.as_ref().is_none_or(|(at, _)| at.elapsed() >= EXPLAINED_FOR) {
            let options = (*self.current().connect_options()).clone();
            *known = Some((Instant::now(), connection_error(&options).await));
        }
        known.as_ref().and_then(|(_, cause)| cause.clone()).unwrap_or_else(busy)
    }

    /// Replaces the pool. Work in progress continues on the old connections; waiting callers get a
    /// new one.
    pub(super) fn renew(&self) {
        self.0.send_modify(Current::renew);
    }

    fn renew_after(&self, generation: u64) {
        self.0.send_if_modified(|current| {
            let is_known = current.generation == generation;
            if is_known {
                current.renew();
            }
            is_known
        });
    }

    /// Replaces the pool and cancels the work in progress, because the server does not respond.
    pub(super) fn give_up(&self) {
        self.0.send_modify(|current| {
            current.renew();
            current.losses += 1;
        });
    }

    /// Waits until the current connections are given up.
    pub(super) async fn lost(&self) {
        let mut watched = self.0.subscribe();
        let losses = watched.borrow().losses;
        // The sender lives in `self`, so this cannot fail.
        let _ = watched.wait_for(|current| current.losses != losses).await;
    }

    pub(super) async fn close(&self) {
        self.0.send_modify(|current| current.is_closed = true);
        self.current().close().await;
    }
}

/// Returns why a connection cannot be made. A pool retries some errors until its timeout, and then
/// reports only the timeout.
async fn connection_error(options: &PgConnectOptions) -> Option<StoreError> {
    match timeout(EXPLANATION_TIMEOUT, PgConnection::connect_with(options)).await {
        Ok(Err(error)) => Some(error.into()),
        Ok(Ok(connection)) => {
            // The result is known, so an error while closing does not matter.
            let _ = connection.close().await;
            None
        }
        Err(_) => Some(silent()),
    }
}

/// Returns the cause of an error of a new pool: that of a timeout is not in it.
pub(super) async fn explained(error: sqlx::Error, options: &PgConnectOptions) -> StoreError {
    match error {
        sqlx::Error::PoolTimedOut => connection_error(options).await.unwrap_or_else(|| error.into()),
        other => other.into(),
    }
}

/// Begins a transaction in a task of its own, which ends even if the caller is dropped, for example
/// because a client has disconnected.
///
/// If `BEGIN` were dropped before its response, sqlx would return the connection to the pool with
/// the transaction open. A later statement that is its own transaction, such as a push, would then
/// be acknowledged and never committed.
async fn begin(pool: PgPool) -> Result<PgTransaction<'static>, sqlx::Error> {
    tokio::spawn(async move { pool.begin().await }).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

impl Current {
    fn renew(&mut self) {
        if self.is_closed {
            return;
        }
        let options = (*self.pool.connect_options()).clone();
        let fresh = self.pool.options().clone().connect_lazy_with(options);
        let old = std::mem::replace(&mut self.pool, fresh);
        self.generation += 1;
        // Closes idle connections now and the others when they are returned. Those that never
        // return are abandoned.
        tokio::spawn(async move { old.close().await });
    }
}

fn silent() -> StoreError {
    StoreError::Unavailable("the database does not respond".to_owned())
}

/// Returns whether an error of `BEGIN` means that the server's connections are unusable.
fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolClosed => true,
        sqlx::Error::Database(database) => database.code().is_some_and(|code| is_transient(&code)),
        _ => false,
    }
}
