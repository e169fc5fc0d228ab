//! Readiness: a node accepts requests while both databases take writes.
//!
//! Reads may still work on a full or read-only disk, so a probe updates a row in each database.
//! Pushes are larger than a probe and may fail before it does, so a recent failed push also makes
//! the node unready.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use store::{PushWriter, Store, StoreError};

/// How long the result of a probe is reused.
const PROBE_EVERY: Duration = Duration::from_secs(2);

/// How long a failed push makes the node unready, unless a later push succeeds. It must end by
/// itself: a load balancer sends no pushes to an unready node, so no push could succeed.
const FAILURE_COUNTS: Duration = Duration::from_secs(10);

/// Determines whether this node accepts requests.
#[derive(Debug)]
pub struct Readiness {
    data: Store,
    keyring: Store,
    committer: PushWriter,
    probed: Mutex<Probed>,
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
    pub fn new(data: Store, keyring: Store, committer: PushWriter) -> Self {
        Self { data, keyring, committer, probed: Mutex::default() }
    }

    /// Checks that both databases take writes.
    ///
    /// # Errors
    /// A write failed, or a recent push could not be stored.
    pub async fn check(&self) -> Result<(), StoreError> {
        // Concurrent callers wait for the same probe.
        let mut probed = self.probed.lock().await;
        self.probe(&mut probed).await?;
        let counts = probed.recovered.map_or(FAILURE_COUNTS, |at| at.elapsed().min(FAILURE_COUNTS));
        if self.committer.failed_within(counts) {
            return Err(StoreError::Unavailable("the last push could not be stored".to_owned()));
        }
        Ok(())
    }

    async fn probe(&self, probed: &mut Probed) -> Result<(), StoreError> {
        if let Some((at, outcome)) = &probed.last
            && at.elapsed() < PROBE_EVERY
        {
            return outcome.clone();
        }
        let outcome = async {
            probe(&self.data).await?;
            probe(&self.keyring).await
        };
        let outcome = outcome.await;
        let now = Instant::now();
        if outcome.is_ok() && matches!(probed.last, Some((_, Err(_)))) {
            probed.recovered = Some(now);
        }
        probed.last = Some((now, outcome.clone()));
        outcome
    }
}

async fn probe(store: &Store) -> Result<(), StoreError> {
    let write = async {
        let mut tx = store.write().await?;
        tx.probe_write().await?;
        tx.commit().await
    };
    store.cancel_on_disconnect(write).await
}
