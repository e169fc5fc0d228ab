//! Replay detection for proofs that carry a `jti`.

use std::time::Duration;

use credential::encoding::sha256;

use ambient::Timestamp;
use store::{Store, StoreError};

/// Accepted proofs of all nodes. They are stored, so a restart does not lose them.
#[derive(Debug)]
pub(super) struct SeenProofs {
    store: Store,
    lifetime: Duration,
}

impl SeenProofs {
    /// Stores each proof in `store` for `lifetime`.
    pub(super) fn new(store: Store, lifetime: Duration) -> Self {
        Self { store, lifetime }
    }

    /// Stores the proof of `kind` with this `jti`. Returns false if it was used before.
    ///
    /// # Errors
    /// The store cannot be used.
    pub(super) async fn insert(&self, kind: &str, jti: &str, now: Timestamp) -> Result<bool, StoreError> {
        let hash = sha256(&[kind.as_bytes(), b"\0", jti.as_bytes()].concat());
        let mut tx = self.store.write().await?;
        let is_new = !tx.take_nonces(&[hash], now + self.lifetime).await?.is_empty();
        tx.commit().await?;
        Ok(is_new)
    }
}
