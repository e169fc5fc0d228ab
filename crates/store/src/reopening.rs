//! Closes SQLite's connections after an error of its files, so that new ones are opened.
//!
//! SQLite opens a file read-only if it may not write it, and the connection stays read-only when
//! the file becomes writable again. The connections of a process also share the index of the
//! write-ahead log. So all connections are closed before one is opened again (D-238).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::SqlitePool;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use crate::file_errors;
use crate::insert_thread::InsertThread;

/// Minimum time between two rounds: while the file cannot be used, every write fails.
const INTERVAL: Duration = Duration::from_secs(1);
/// Maximum time to wait for connections in use. Those that are used for longer stay open until a
/// later round.
const TIMEOUT: Duration = Duration::from_millis(500);
/// Time between two looks at connections in use.
const LOOK: Duration = Duration::from_millis(5);

/// Which errors the connections of a database were closed for. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reopening(Arc<Rounds>);

#[derive(Debug)]
struct Rounds {
    handled: AtomicU64,
    /// When the last round ended.
    last: Mutex<Option<Instant>>,
}

impl Reopening {
    /// Creates the state of a database that is opened now. Earlier errors do not concern it.
    pub(crate) fn new() -> Self {
        let handled = AtomicU64::new(file_errors::count());
        Self(Arc::new(Rounds { handled, last: Mutex::new(None) }))
    }

    fn is_due(&self) -> bool {
        self.0.handled.load(Ordering::Relaxed) != file_errors::count()
    }

    /// Closes the connections of `pools` and `inserts` if a file had an error since they were
    /// opened. Callers that need a connection meanwhile wait, so that none is opened beside the old
    /// ones.
    pub(crate) async fn close_after_errors(&self, pools: [&SqlitePool; 2], inserts: &InsertThread) {
        if !self.is_due() {
            return;
        }
        let mut last = self.0.last.lock().await;
        if !self.is_due() || last.is_some_and(|at| at.elapsed() < INTERVAL) {
            return;
        }
        let errors = file_errors::count();
        let closed = timeout(TIMEOUT, close_all(pools, inserts)).await;
        self.0.handled.store(errors, Ordering::Relaxed);
        *last = Some(Instant::now());
        let all = closed.is_ok();
        tracing::warn!(all, "SQLite could not use its files; its connections were closed and are opened again");
    }
}

async fn close_all(pools: [&SqlitePool; 2], inserts: &InsertThread) {
    inserts.close().await;
    loop {
        for pool in pools {
            while let Some(connection) = pool.try_acquire() {
                if let Err(error) = connection.close().await {
                    tracing::debug!(%error, "closing a connection to SQLite failed");
                }
            }
        }
        if pools.iter().all(|pool| pool.size() == 0) {
            return;
        }
        sleep(LOOK).await;
    }
}
