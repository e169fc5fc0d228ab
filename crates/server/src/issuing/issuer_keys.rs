//! The keys that sign credentials and status lists: which one signs now, which are published, and
//! how they are rotated.
//!
//! A new key is published for a while before it signs, so that every verifier and every node knows
//! it by then. An old key stays published until every credential signed by it has expired.
//! Verification never fails during a rotation.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::format::{self, Issuer};
use credential::key::{Algorithm, PublicKey, SoftwareKey};
use serde_json::{Value, json};

use super::certificates::{self, Authority};
use crate::keys::{Key, Keyring, Purpose, SigningKey};
use ambient::Rng;
use ambient::Timestamp;
use store::StoreError;

/// How long a new key is published before it signs.
pub const PUBLISHED_BEFORE_USE: Duration = Duration::from_secs(86_400);

/// Maximum lifetime of a link shared with a hirer, independent of the lifetime of other
/// credentials.
const LONGEST_SHARE: Duration = Duration::from_secs(91 * 86_400);

/// The issuer's name in credentials.
const NAME: &str = "Tenure";

/// The keys in use, shared between clones.
#[derive(Clone, Debug)]
pub struct IssuerKeys {
    address: String,
    algorithm: Algorithm,
    key_age: Duration,
    lifetime: Duration,
    state: Arc<RwLock<Option<Arc<IssuerKeySet>>>>,
}

/// A snapshot of the keys.
#[derive(Debug)]
pub struct IssuerKeySet {
    /// Signs with the current key.
    pub issuer: Issuer<SoftwareKey>,
    /// Id of the current key.
    pub kid: String,
    /// Certificate of the current key, base64 of DER.
    pub certificates: Vec<String>,
    /// Ids and public keys of all keys that may have signed an unexpired credential, or soon will.
    pub published: Vec<(String, PublicKey)>,
    /// The authority's certificate in DER: the trust anchor.
    pub authority: Vec<u8>,
}

impl IssuerKeys {
    /// Creates the keys of the issuer at `address`: of `algorithm`, rotated at the age `key_age`,
    /// for credentials with `lifetime`. [`IssuerKeys::refresh`] loads them.
    pub fn new(address: &str, algorithm: Algorithm, key_age: Duration, lifetime: Duration) -> Self {
        Self { address: address.to_owned(), algorithm, key_age, lifetime, state: Arc::default() }
    }

    /// Loads the keys. Creates those that are due, and removes those under which no unexpired
    /// credential exists.
    ///
    /// # Errors
    /// The key ring cannot be used.
    pub async fn refresh(&self, ring: &Keyring, rng: &Rng, now: Timestamp) -> Result<(), StoreError> {
        let authority = self.authority(ring, rng, now).await?;
        let purpose = Purpose::Credential(self.algorithm);
        let is_due = |own: &[SigningKey]| {
            own.first().is_none_or(|newest| newest.created_at + self.key_age <= now + PUBLISHED_BEFORE_USE)
        };
        let make = || {
            let (id, secret, key) = new_key(self.algorithm, rng)?;
            let certificate = certificates::certify(&key, &self.address, &rng.bytes::<16>(), &authority, now)?;
            Ok(SigningKey { id, purpose, created_at: now, secret, certificate: Some(certificate) })
        };
        let own = ring.signing_keys_or_new(purpose, is_due, make).await?;
        // A key signs until its successor does, and the last credential that it signed lives for a
        // whole lifetime after that.
        let too_old = now - self.key_age - self.key_age - PUBLISHED_BEFORE_USE - self.lifetime.max(LONGEST_SHARE);
        let mut published = Vec::new();
        for algorithm in Algorithm::ALL {
            let purpose = Purpose::Credential(algorithm);
            if algorithm == self.algorithm && own.iter().any(|key| key.created_at < too_old) {
                ring.remove_signing_keys(purpose, too_old).await?;
            }
            let keys = if algorithm == self.algorithm { own.clone() } else { ring.signing_keys(purpose).await? };
            for key in keys.iter().filter(|key| key.created_at >= too_old) {
                published.push((key.id.clone(), software(key, algorithm)?.public().clone()));
            }
        }
        // The newest key that has been published long enough. If none has, the first one signs
        // immediately.
        let signing = own.iter().find(|key| key.created_at + PUBLISHED_BEFORE_USE <= now).or(own.last());
        let signing = signing.ok_or_else(|| StoreError::corrupt_row("signing_key", "gone at once"))?;
        let certificates: Vec<String> = signing.certificate.iter().map(|der| STANDARD.encode(der)).collect();
        let signer = software(signing, self.algorithm)?;
        let issuer = Issuer::new(&self.address, NAME, &signing.id, &certificates, signer);
        let state =
            IssuerKeySet { issuer, kid: signing.id.clone(), certificates, published, authority: authority.certificate };
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(state));
        Ok(())
    }

    /// Returns the authority's key and certificate, which are created on the first start.
    pub(super) async fn authority(&self, ring: &Keyring, rng: &Rng, now: Timestamp) -> Result<Authority, StoreError> {
        let purpose = Purpose::Authority;
        let make = || {
            let (id, secret, key) = new_key(Algorithm::Es256, rng)?;
            let certificate = certificates::authority(&key, &self.address, &rng.bytes::<16>(), now)?;
            Ok(SigningKey { id, purpose, created_at: now, secret, certificate: Some(certificate) })
        };
        let mut stored = ring.signing_keys_or_new(purpose, <[SigningKey]>::is_empty, make).await?;
        let first = stored.pop().ok_or_else(|| StoreError::corrupt_row("signing_key", "gone at once"))?;
        let certificate =
            first.certificate.clone().ok_or_else(|| StoreError::corrupt_row("signing_key", "no certificate"))?;
        Ok(Authority { key: software(&first, Algorithm::Es256)?, certificate })
    }

    /// Returns the current keys.
    ///
    /// # Errors
    /// They were never loaded.
    pub fn current(&self) -> Result<Arc<IssuerKeySet>, StoreError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner).clone();
        state.ok_or_else(|| StoreError::Unavailable("there is no key to sign credentials with yet".to_owned()))
    }

    /// Drops the keys until the next [`IssuerKeys::refresh`]. Tests use it to simulate an
    /// unavailable key module.
    pub fn let_go(&self) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Returns the algorithm in use.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl IssuerKeySet {
    /// Returns the published keys for the member `keys` of a JWK Set (RFC 7517, section 5).
    pub fn jwks(&self) -> Vec<Value> {
        self.published.iter().map(|(kid, key)| key.published_jwk(kid)).collect()
    }

    /// Returns the issuer's DID document.
    pub fn did_document(&self) -> Value {
        format::did_document(self.issuer.address(), &self.published)
    }

    /// Returns the encoded JWS header of type `typ`, with the id and certificate of the current
    /// key.
    pub fn header(&self, typ: &str) -> String {
        let algorithm = self.issuer.signer().public().algorithm().name();
        credential::jws::protected(&json!({ "alg": algorithm, "typ": typ, "kid": self.kid, "x5c": self.certificates }))
    }
}

/// Creates a key. Returns its id (the JWK thumbprint, RFC 7638), its secret, and the key itself.
pub(crate) fn new_key(algorithm: Algorithm, rng: &Rng) -> Result<(String, Key, SoftwareKey), StoreError> {
    let secret = Key::random(rng);
    let key =
        SoftwareKey::from_bytes(algorithm, secret.expose()).map_err(|error| StoreError::Broken(error.to_string()))?;
    Ok((key.public().thumbprint(), secret, key))
}

pub(super) fn software(key: &SigningKey, algorithm: Algorithm) -> Result<SoftwareKey, StoreError> {
    SoftwareKey::from_bytes(algorithm, key.secret.expose())
        .map_err(|error| StoreError::corrupt_row("signing_key", error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::{Part, Store};

    const YEAR: Duration = Duration::from_secs(365 * 86_400);
    const AGE: Duration = Duration::from_secs(90 * 86_400);

    #[tokio::test]
    async fn keys_are_published_before_use_and_until_credentials_expire() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(Part::Keyring, folder.path(), "", 2).await.expect("a store");
        let rng = Rng::seeded(1);
        let ring = Keyring::open(store, folder.path(), Duration::from_secs(3600), rng.clone()).await.expect("a ring");
        let keys = IssuerKeys::new("https://passport.example", Algorithm::Es256, AGE, YEAR);
        let mut now = Timestamp::from_micros(1_795_000_000_000_000);
        keys.refresh(&ring, &rng, now).await.expect("keys");
        let first = keys.current().expect("loaded").kid.clone();
        let (mut signed_last, mut before) = (std::collections::HashMap::new(), first.clone());
        for _ in 0..1000 {
            let published: Vec<String> =
                keys.current().expect("loaded").published.iter().map(|(kid, _)| kid.clone()).collect();
            now = now + Duration::from_secs(12 * 3600);
            keys.refresh(&ring, &rng, now).await.expect("keys");
            let state = keys.current().expect("loaded");
            assert!(published.contains(&state.kid), "a key signs that was not published half a day before");
            signed_last.insert(state.kid.clone(), now);
            for (kid, last) in &signed_last {
                let is_published = state.published.iter().any(|(published, _)| published == kid);
                assert!(is_published || *last + YEAR < now, "a key is gone before what it signed");
            }
            before.clone_from(&state.kid);
        }
        assert_ne!(before, first, "keys follow each other");
        assert!(keys.current().expect("loaded").published.len() < 10, "old keys go");
    }
}
