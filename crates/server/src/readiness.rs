//! Whether this node takes requests: both databases take writes.
//!
//! Reads may still work on a full or read-only disk, so a probe changes a row of each database. Pushes are larger than a probe
//! and may fail before it does, so their last outcome counts too.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use store::{Committer, Store, StoreError};

/// How long the outcome of a probe is used, however often it is asked for.
const PROBE_EVERY: Duration = Duration::from_secs(2);

/// How long a failed push counts, unless one is stored since. A load balancer that sends nothing here would otherwise never
/// find out that it may.
const FAILURE_COUNTS: Duration = Duration::from_secs(10);

/// Finds out whether this node takes requests.
#[derive(Debug)]
pub struct Readiness {
    data: Store,
    keyring: Store,
    committer: Committer,
    probed: Mutex<Probed>,
}

/// What probes found.
#[derive(Debug, Default)]
struct Probed {
    /// When the last probe ended, and how.
    last: Option<(Instant, Result<(), StoreError>)>,
    /// When a probe last succeeded after one that had failed: what failed before then was because of an outage that has ended.
    recovered: Option<Instant>,
}

impl Readiness {
    /// Of these databases, and what writes pushes.
    pub fn new(data: Store, keyring: Store, committer: Committer) -> Self {
        Self { data, keyring, committer, probed: Mutex::default() }
    }

    /// Checks that both databases take writes.
    ///
    /// # Errors
    /// One does not, or a push could not be stored a moment ago.
    pub async fn check(&self) -> Result<(), StoreError> {
        // Those who ask meanwhile wait for the same probe.
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
    store.unless_lost(write).await
}
