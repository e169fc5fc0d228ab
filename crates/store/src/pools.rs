//! Connections to PostgreSQL that can be let go of all at once.
//!
//! After a failover every connection of a pool is dead, or silent for as long as the network takes to notice, and each
//! would cost a request, or keep its place for ever. So the pool is exchanged as a whole once one of its connections is
//! known to be lost: by whoever begins a transaction on it, or by the one who listens for notices.

use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{PgTransaction, Postgres};
use tokio::sync::watch;
use tokio::time::timeout;

use super::error::{StoreError, is_passing};

/// How long a transaction may take to begin: a connection is waited for half as long.
const PATIENCE: Duration = Duration::from_secs(10);

/// What every session asks of the server. Nobody waits for a lock for longer than any request is waited for; and what a node
/// holds whose machine is gone, it holds for a dozen seconds.
const SESSION: [(&str, &str); 5] = [
    ("lock_timeout", "20s"),
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "2"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "10s"),
];

/// A pool, how many there were before it, and how often the server was given up.
#[derive(Clone, Debug)]
struct Current {
    pool: PgPool,
    generation: u64,
    losses: u64,
    is_closed: bool,
}

/// A pool that can be exchanged; cheap to clone.
#[derive(Clone, Debug)]
pub struct Pools(Arc<watch::Sender<Current>>);

impl Pools {
    pub(super) fn of(pool: PgPool) -> Self {
        Self(Arc::new(watch::Sender::new(Current { pool, generation: 0, losses: 0, is_closed: false })))
    }

    /// The settings of a session of ours.
    pub(super) fn settled(options: PgConnectOptions) -> PgConnectOptions {
        options.options(SESSION)
    }

    /// The pool now.
    pub fn current(&self) -> PgPool {
        self.0.borrow().pool.clone()
    }

    /// Begins a transaction. A connection that turns out to be lost takes the others along, and it is tried once more.
    pub(super) async fn begin(&self) -> Result<PgTransaction<'static>, StoreError> {
        let Current { pool, generation, .. } = self.0.borrow().clone();
        match timeout(PATIENCE, pool.begin()).await {
            Ok(Err(error)) if is_lost(&error) => {
                self.renew_after(generation);
                let pool = self.current();
                Ok(timeout(PATIENCE, pool.begin()).await.map_err(|_| silent())??)
            }
            Ok(begun) => Ok(begun?),
            Err(_) => {
                self.renew_after(generation);
                Err(silent())
            }
        }
    }

    /// A connection outside of any transaction.
    pub(super) async fn acquire(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        match self.current().acquire().await {
            // It was exchanged meanwhile.
            Err(sqlx::Error::PoolClosed) => Ok(self.current().acquire().await?),
            acquired => Ok(acquired?),
        }
    }

    /// Lets go of all connections. What is under way on them goes on; who waits for one gets a fresh one.
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

    /// Lets go of all connections, since nothing comes back from them: what is under way on them is given up.
    pub(super) fn give_up(&self) {
        self.0.send_modify(|current| {
            current.renew();
            current.losses += 1;
        });
    }

    /// Returns once the connections of now have been given up.
    pub(super) async fn lost(&self) {
        let mut watched = self.0.subscribe();
        let losses = watched.borrow().losses;
        // It cannot fail while `self` is there.
        let _ = watched.wait_for(|current| current.losses != losses).await;
    }

    pub(super) async fn close(&self) {
        self.0.send_modify(|current| current.is_closed = true);
        self.current().close().await;
    }
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
        // Idle connections end now, others when they come back; those that never do are left behind.
        tokio::spawn(async move { old.close().await });
    }
}

fn silent() -> StoreError {
    StoreError::Unavailable("the database does not answer".to_owned())
}

/// Whether an error at the begin of a transaction means that the connection, and so all of its kind, are of no use.
fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolClosed => true,
        sqlx::Error::Database(database) => database.code().is_some_and(|code| is_passing(&code)),
        _ => false,
    }
}
