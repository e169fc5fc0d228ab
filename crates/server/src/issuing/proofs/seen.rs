//! Replay detection for proofs that carry a `jti`.

use std::time::Duration;

use credential::encoding::sha256;
use quick_cache::sync::{Cache, GuardResult};

use ambient::Timestamp;

/// Number of proofs that are remembered.
const CAPACITY: usize = 100_000;

/// Proofs that this node has accepted. A copied proof could still be used on another node until it expires, but only
/// together with the token that it is bound to (RFC 9449, section 11.1).
#[derive(Debug)]
pub(super) struct SeenProofs {
    cache: Cache<[u8; 32], Timestamp>,
    lifetime: Duration,
}

impl SeenProofs {
    /// Remembers each proof for `lifetime`.
    pub(super) fn new(lifetime: Duration) -> Self {
        Self { cache: Cache::new(CAPACITY), lifetime }
    }

    /// Remembers the proof of `kind` with this `jti`. False if it was seen before.
    pub(super) fn insert(&self, kind: &str, jti: &str, now: Timestamp) -> bool {
        let hash = sha256(&[kind.as_bytes(), b"\0", jti.as_bytes()].concat());
        let expiry = now + self.lifetime;
        match self.cache.get_value_or_guard(&hash, None) {
            GuardResult::Value(seen) if seen > now => false,
            GuardResult::Guard(guard) => {
                let _ = guard.insert(expiry);
                true
            }
            _ => {
                self.cache.insert(hash, expiry);
                true
            }
        }
    }
}
