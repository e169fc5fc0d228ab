//! Readiness: a node accepts requests while both databases take writes.
//!
//! Reads may still work on a full or read-only disk, so a probe updates a row in each database.
//! Pushes are larger than a probe and may fail before it does, so a recent failed push also makes
//! the node unready.
//!
//! A table that was dropped or renamed makes the node unready before the first request needs it.
//!
//! If the key ring is empty or cannot be written, its cached key is forgotten, so that pushes fail
//! as well.
//!
//! A database that is locked or silent may keep a probe waiting for longer than a load balancer
//! does. So a request waits a few seconds for it, and the probe goes on in a task of its own: one
//! at a time, so that it never uses more than one connection of each database.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, timeout};

use crate::keys::Keyring;
use store::{Part, PushWriter, Store, StoreError};

/// How long the result of a probe is reused.
const PROBE_EVERY: Duration = Duration::from_secs(2);

/// Timeout of a probe, after which the node is unready.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a failed push makes the node unready, unless a later push succeeds. It must end by
/// itself: a load balancer sends no pushes to an unready node, so no push could succeed.
const FAILURE_COUNTS: Duration = Duration::from_secs(10);

/// Determines whether this node accepts requests.
#[derive(Debug)]
pub struct Readiness {
    data: Store,
    keyring: Keyring,
    committer: PushWriter,
    probed: Arc<Mutex<Probed>>,
}

/// Results of earlier probes.
#[derive(Debug, Default)]
struct Probed {
    /// When the last probe ended, and its result.
    last: Option<(Instant, Result<(), StoreError>)>,
    /// When a probe last succeeded after a failed one. Earlier push failures belong to an outage
    /// that has ended.
    recovered: Option<Instant>,
}

impl Readiness {
    /// Creates a check of these databases and of the writer of pushes.
    pub fn new(data: Store, keyring: Keyring, committer: PushWriter) -> Self {
        Self { data, keyring, committer, probed: Arc::default() }
    }

    /// Checks that both databases take writes. Returns within a few seconds.
    ///
    /// # Errors
    /// A write failed or takes too long, or a recent push could not be stored.
    pub async fn check(&self) -> Result<(), StoreError> {
        let slow = || StoreError::Unavailable(format!("a write takes more than {} s", PROBE_TIMEOUT.as_secs()));
        timeout(PROBE_TIMEOUT, self.probe_and_check()).await.unwrap_or_else(|_| Err(slow()))
    }

    async fn probe_and_check(&self) -> Result<(), StoreError> {
        // Concurrent callers wait for the same probe.
        let mut probed = self.probed.clone().lock_owned().await;
        if probed.last.as_ref().is_none_or(|(at, _)| at.elapsed() >= PROBE_EVERY) {
            let probing = tokio::spawn(probe_both(self.data.clone(), self.keyring.clone(), probed));
            probed = probing.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        }
        if let Some((_, outcome)) = &probed.last {
            outcome.clone()?;
        }
        let counts = probed.recovered.map_or(FAILURE_COUNTS, |at| at.elapsed().min(FAILURE_COUNTS));
        if self.committer.failed_within(counts) {
            return Err(StoreError::Unavailable("the last push could not be stored".to_owned()));
        }
        Ok(())
    }
}

/// Probes both databases. Returns `probed` with the result.
async fn probe_both(data: Store, keyring: Keyring, mut probed: OwnedMutexGuard<Probed>) -> OwnedMutexGuard<Probed> {
    let outcome = async {
        probe(&data, Part::Data).await?;
        // A push needs only the cached key, and what it encrypts would be lost with the ring.
        let sealing = async {
            probe(keyring.store(), Part::Keyring).await?;
            keyring.check_begun().await
        };
        sealing.await.inspect_err(|_| keyring.forget_cached())
    };
    let outcome = outcome.await;
    let now = Instant::now();
    if outcome.is_ok() && matches!(probed.last, Some((_, Err(_)))) {
        probed.recovered = Some(now);
    }
    probed.last = Some((now, outcome));
    probed
}

async fn probe(store: &Store, part: Part) -> Result<(), StoreError> {
    let write = async {
        let mut tx = store.write().await?;
        tx.probe_write().await?;
        tx.commit().await?;
        let missing = store.missing_tables(part).await?;
        if missing.is_empty() {
            return Ok(());
        }
        Err(StoreError::Unavailable(format!("tables are missing: {}", missing.join(", "))))
    };
    store.cancel_on_disconnect(write).await
}
