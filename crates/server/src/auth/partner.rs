//! Partners: whether one is active, and authentication by client id and secret.

use std::time::Duration;

use credential::encoding::sha256;
use quick_cache::sync::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use ambient::Timestamp;
use store::{Partner, Store, StoreError};

/// How long the cache is used before a partner is read again, unless a change notice comes earlier.
///
/// The cache only saves a database read: a push checks the partner again in its own transaction.
const ACTIVE_FOR: Duration = Duration::from_secs(1);

/// Caches which partners are active.
#[derive(Debug)]
pub struct ActivePartners {
    store: Store,
    cache: Cache<Uuid, (Timestamp, bool)>,
}

impl ActivePartners {
    /// Creates an empty cache of the partners in `store`.
    pub fn new(store: Store) -> Self {
        Self { store, cache: Cache::new(10_000) }
    }

    /// Clears the cache, after any partner has changed.
    pub fn clear(&self) {
        self.cache.clear();
    }

    /// Returns whether `partner` exists and is not disabled.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn is_active(&self, partner: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        if let Some((read_at, active)) = self.cache.get(&partner)
            && now.since(read_at) < ACTIVE_FOR
        {
            return Ok(active);
        }
        // Boxed because it is rare: otherwise its state would enlarge the future of every request.
        Box::pin(self.read(partner, now)).await
    }

    async fn read(&self, partner: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let active = self.store.acquire().await?.partner(partner).await?.is_some_and(|partner| partner.is_active());
        self.cache.insert(partner, (now, active));
        Ok(active)
    }
}

/// Returns the active partner with this id and secret.
///
/// The database is always read and a secret always compared, so the response time does not reveal
/// which of the two was wrong.
///
/// # Errors
/// The store cannot be used.
pub async fn by_secret(store: &Store, id: &str, secret: &SecretString) -> Result<Option<Partner>, StoreError> {
    let partner = store.acquire().await?.partner(id.parse().unwrap_or(Uuid::nil())).await?;
    let expected = partner.as_ref().map_or_else(|| vec![0; 32], |partner| partner.secret_hash.clone());
    let matches = bool::from(sha256(secret.expose_secret().as_bytes()).as_slice().ct_eq(&expected));
    Ok(partner.filter(|partner| matches && partner.is_active()))
}
