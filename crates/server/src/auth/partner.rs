//! Partners: the scopes of active ones, and authentication by client id and secret.

use std::sync::Arc;
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

/// Caches which partners are active, and their scopes.
#[derive(Debug)]
pub struct ActivePartners {
    store: Store,
    cache: Cache<Uuid, Cached>,
}

/// When a partner was read, and its scopes if it was active.
type Cached = (Timestamp, Option<Arc<str>>);

impl ActivePartners {
    /// Creates an empty cache of the partners in `store`.
    pub fn new(store: Store) -> Self {
        Self { store, cache: Cache::new(10_000) }
    }

    /// Clears the cache, after any partner has changed.
    pub fn clear(&self) {
        self.cache.clear();
    }

    /// Returns the scopes of `partner`, separated by spaces; `None` if it does not exist or is
    /// disabled.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn scopes(&self, partner: Uuid, now: Timestamp) -> Result<Option<Arc<str>>, StoreError> {
        if let Some((read_at, scopes)) = self.cache.get(&partner)
            && now.since(read_at) < ACTIVE_FOR
        {
            return Ok(scopes);
        }
        // Boxed because it is rare: otherwise its state would enlarge the future of every request.
        Box::pin(self.read(partner, now)).await
    }

    async fn read(&self, partner: Uuid, now: Timestamp) -> Result<Option<Arc<str>>, StoreError> {
        let active = self.store.acquire().await?.partner(partner).await?.filter(Partner::is_active);
        let scopes = active.map(|partner| Arc::<str>::from(partner.scopes));
        self.cache.insert(partner, (now, scopes.clone()));
        Ok(scopes)
    }
}

/// Which of its secrets a partner sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentSecret {
    Current,
    /// The one before, during a rotation with an overlap.
    Previous,
}

/// Returns the active partner with this id and secret, and which of its secrets it is at `now`.
///
/// The database is always read and two secrets always compared, so the response time does not
/// reveal whether the id or the secret was wrong, nor whether the partner has a second secret.
///
/// # Errors
/// The store cannot be used.
pub async fn by_secret(
    store: &Store,
    id: &str,
    secret: &SecretString,
    now: Timestamp,
) -> Result<Option<(Partner, SentSecret)>, StoreError> {
    let partner = store.acquire().await?.partner(id.parse().unwrap_or(Uuid::nil())).await?;
    Ok(partner_with(partner, &sha256(secret.expose_secret().as_bytes()), now))
}

/// Compares the hash of the sent secret with both secrets of `partner`, or with zeros in place of a
/// missing one.
fn partner_with(partner: Option<Partner>, sent: &[u8], now: Timestamp) -> Option<(Partner, SentSecret)> {
    let missing = [0_u8; 32];
    let current = partner.as_ref().map_or(missing.as_slice(), |partner| partner.secret_hash.as_slice());
    let previous = partner.as_ref().and_then(|partner| partner.previous_secret_at(now));
    let previous = previous.map_or(missing.as_slice(), |(hash, _)| hash);
    let (is_current, is_previous) = (sent.ct_eq(current), sent.ct_eq(previous));
    let sent = if bool::from(is_current) { SentSecret::Current } else { SentSecret::Previous };
    let is_known = bool::from(is_current | is_previous);
    partner.filter(|partner| is_known && partner.is_active()).map(|partner| (partner, sent))
}
