//! Partners: whether one is active, and which one has a client id and secret.

use std::time::Duration;

use credential::encoding::sha256;
use quick_cache::sync::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use ambient::Timestamp;
use store::{Partner, Store, StoreError};

/// How long a partner counts as active after it was read, unless a notice comes before. A push reads it again in its own
/// transaction.
const ACTIVE_FOR: Duration = Duration::from_secs(1);

/// Caches which partners are active.
#[derive(Debug)]
pub struct ActivePartners {
    store: Store,
    cache: Cache<Uuid, (Timestamp, bool)>,
}

impl ActivePartners {
    /// A cache of the partners in `store`.
    pub fn new(store: Store) -> Self {
        Self { store, cache: Cache::new(10_000) }
    }

    /// Clears the cache: some partner has changed.
    pub fn clear(&self) {
        self.cache.clear();
    }

    /// Whether `partner` exists and is not disabled.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn is_active(&self, partner: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        if let Some((read_at, active)) = self.cache.get(&partner)
            && now.since(read_at) < ACTIVE_FOR
        {
            return Ok(active);
        }
        // Boxed, since it is rare: its state would add to the size of every request's future.
        Box::pin(self.read(partner, now)).await
    }

    async fn read(&self, partner: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let active = self.store.glance().await?.partner(partner).await?.is_some_and(|partner| partner.is_active());
        self.cache.insert(partner, (now, active));
        Ok(active)
    }
}

/// The active partner with this id and secret. The database is read and a secret compared in every case, so that the time says
/// nothing of which was wrong.
///
/// # Errors
/// The store cannot be used.
pub async fn by_secret(store: &Store, id: &str, secret: &SecretString) -> Result<Option<Partner>, StoreError> {
    let partner = store.glance().await?.partner(id.parse().unwrap_or(Uuid::nil())).await?;
    let expected = partner.as_ref().map_or_else(|| vec![0; 32], |partner| partner.secret_hash.clone());
    let matches = bool::from(sha256(secret.expose_secret().as_bytes()).as_slice().ct_eq(&expected));
    Ok(partner.filter(|partner| matches && partner.is_active()))
}
