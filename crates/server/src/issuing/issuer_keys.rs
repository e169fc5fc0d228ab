//! The keys that sign credentials and status lists: which one signs now, which are published, and
//! how they are rotated.
//!
//! A new key is published for a while before it signs, so that every verifier and every node knows
//! it by then. An old key stays published until every credential signed by it has expired.
//! Verification never fails during a rotation.
//!
//! While the operator configures a key of its own, that one signs, from the moment it is read. The
//! generated keys are rotated as ever, so that they can take over at once. Once its certificate
//! chain has expired, it signs without it (D-401).

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::format::{self, Issuer};
use credential::key::{Algorithm, PublicKey, SoftwareKey};
use serde_json::{Value, json};

use super::certificates::{self, Authority};
use super::chain_expiry::ChainExpiry;
use super::operator_key::OperatorKey;
use crate::certificate_chain::certified_key;
use crate::config::Credentials;
use crate::keys::{Key, Keyring, Purpose, SigningKey};
use crate::reloaded::Reloaded;
use ambient::Rng;
use ambient::Timestamp;
use store::StoreError;

/// How long a new key is published before it signs.
pub const PUBLISHED_BEFORE_USE: Duration = Duration::from_secs(86_400);

/// Maximum lifetime of a link shared with a hirer, independent of the lifetime of other
/// credentials.
const LONGEST_SHARE: Duration = Duration::from_secs(91 * 86_400);

/// How often the use of the operator's key is recorded.
const USE_RECORDED_EVERY: Duration = Duration::from_secs(86_400);

/// The issuer's name in credentials.
const NAME: &str = "Tenure";

/// The keys in use, shared between clones.
#[derive(Clone, Debug)]
pub struct IssuerKeys {
    address: String,
    settings: Credentials,
    ring: Keyring,
    rng: Rng,
    operator: Arc<Reloaded<Option<OperatorKey>>>,
    chain_expiry: Arc<ChainExpiry>,
    state: Arc<RwLock<Option<Arc<IssuerKeySet>>>>,
}

/// A snapshot of the keys.
#[derive(Debug)]
pub struct IssuerKeySet {
    /// Signs with the current key.
    pub issuer: Issuer<SoftwareKey>,
    /// Id of the current key.
    pub kid: String,
    /// Certificate chain of the current key without the trust anchor, base64 of DER. Empty if it
    /// has expired.
    pub certificates: Vec<String>,
    /// Key identifier of the authority of the operator's certificate in base64url, if that key
    /// signs.
    pub operator_authority: Option<String>,
    /// Ids and public keys of all keys that may have signed an unexpired credential, or soon will.
    pub published: Vec<(String, PublicKey)>,
    /// The certificate of the server's own authority in DER: the trust anchor of generated keys.
    pub authority: Vec<u8>,
}

impl IssuerKeys {
    /// Creates the keys of the issuer at `address`. [`IssuerKeys::refresh`] loads them from `ring`.
    ///
    /// # Errors
    /// The operator's files cannot be used. The message is for the operator.
    pub fn new(address: &str, settings: &Credentials, ring: Keyring, rng: Rng, now: Timestamp) -> Result<Self, String> {
        let operator = OperatorKey::read(settings, address, now)?;
        let names = "credentials.signing_key_file, credentials.certificate_chain_file";
        let operator = Arc::new(Reloaded::new(names, operator));
        let (address, settings) = (address.to_owned(), settings.clone());
        Ok(Self { address, settings, ring, rng, operator, chain_expiry: Arc::default(), state: Arc::default() })
    }

    /// Reads the operator's files again. Returns whether they have changed or their certificates
    /// have expired: then [`IssuerKeys::refresh`] takes over what signs now.
    pub fn reload(&self, now: Timestamp) -> bool {
        let is_new = self.operator.replace(OperatorKey::read(&self.settings, &self.address, now));
        let is_expiry = self.chain_expiry.observe(self.chain_valid_until(), now);
        is_new || is_expiry
    }

    /// Returns when the first certificate of the operator's chain expires; `None` without a chain.
    pub fn chain_valid_until(&self) -> Option<Timestamp> {
        (*self.operator.current()).as_ref().and_then(OperatorKey::valid_until)
    }

    /// Returns whether the operator's files are invalid, so that their earlier content is used.
    pub fn is_stale(&self) -> bool {
        self.operator.is_stale()
    }

    /// Loads the keys. Creates those that are due, and removes those under which no unexpired
    /// credential exists.
    ///
    /// # Errors
    /// The key ring cannot be used.
    pub async fn refresh(&self, now: Timestamp) -> Result<(), StoreError> {
        let authority = self.authority(now).await?;
        let generated = self.generated(&authority, now).await?;
        let files = self.operator.current();
        let operator = (*files).as_ref();
        let mut published = self.published_of_operator(operator, now).await?;
        published.extend(self.published(&generated, now).await?);
        let (kid, certificates, signer) = match operator {
            Some(operator) => {
                let has_expired = self.chain_expiry.has_expired();
                let certificates = if has_expired { Vec::new() } else { operator.chain.x5c() };
                (operator.kid.clone(), certificates, operator.signer.clone())
            }
            None => {
                // The newest key that has been published long enough. If none has, the first one
                // signs immediately.
                let known = |key: &&SigningKey| key.created_at + PUBLISHED_BEFORE_USE <= now;
                let signing = generated.iter().find(known).or(generated.last());
                let signing = signing.ok_or_else(|| StoreError::corrupt_row("signing_key", "gone at once"))?;
                let certificates = signing.certificate.iter().map(|der| STANDARD.encode(der)).collect();
                (signing.id.clone(), certificates, software(signing, self.settings.algorithm)?)
            }
        };
        let issuer = Issuer::new(&self.address, NAME, &kid, &certificates, signer);
        let operator_authority = operator.and_then(|operator| operator.chain.authority());
        let authority = authority.certificate;
        let state = IssuerKeySet { issuer, kid, certificates, operator_authority, published, authority };
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(state));
        Ok(())
    }

    /// Returns the generated keys, newest first. Creates the next one if it is due.
    async fn generated(&self, authority: &Authority, now: Timestamp) -> Result<Vec<SigningKey>, StoreError> {
        let (algorithm, key_age) = (self.settings.algorithm, self.settings.key_rotation_interval);
        let purpose = Purpose::Credential(algorithm);
        let is_due = |own: &[SigningKey]| {
            own.first().is_none_or(|newest| newest.created_at + key_age <= now + PUBLISHED_BEFORE_USE)
        };
        let make = || {
            let (id, secret, key) = new_key(algorithm, &self.rng)?;
            let serial = self.rng.bytes::<16>();
            let certificate = certificates::certify(&key, &self.address, &serial, authority, now)?;
            Ok(SigningKey { id, purpose, created_at: now, secret, certificate: Some(certificate) })
        };
        self.ring.signing_keys_or_new(purpose, is_due, make).await
    }

    /// Returns the published keys among the generated ones, of both algorithms. `own` are those of
    /// the algorithm in use.
    async fn published(&self, own: &[SigningKey], now: Timestamp) -> Result<Vec<(String, PublicKey)>, StoreError> {
        // A key signs until its successor does, and the last credential that it signed lives for a
        // whole lifetime after that.
        let key_age = self.settings.key_rotation_interval;
        let too_old = now - key_age - key_age - PUBLISHED_BEFORE_USE - self.longest_lifetime();
        let mut published = Vec::new();
        for algorithm in Algorithm::ALL {
            let purpose = Purpose::Credential(algorithm);
            let is_own = algorithm == self.settings.algorithm;
            if is_own && own.iter().any(|key| key.created_at < too_old) {
                self.ring.remove_signing_keys(purpose, too_old).await?;
            }
            let keys = if is_own { own.to_vec() } else { self.ring.signing_keys(purpose).await? };
            for key in keys.iter().filter(|key| key.created_at >= too_old) {
                published.push((key.id.clone(), software(key, algorithm)?.public().clone()));
            }
        }
        Ok(published)
    }

    /// Returns the published keys of the operator: the `current` one, and earlier ones until what
    /// they signed has expired. Records that the current one is in use.
    async fn published_of_operator(
        &self,
        current: Option<&OperatorKey>,
        now: Timestamp,
    ) -> Result<Vec<(String, PublicKey)>, StoreError> {
        let purpose = Purpose::Operator;
        let is_current = |key: &SigningKey| current.is_some_and(|current| current.kid == key.id);
        let mut stored = match current {
            None => self.ring.signing_keys(purpose).await?,
            Some(current) => {
                let (id, certificate) = (current.kid.clone(), Some(current.chain.first().to_vec()));
                let make = || {
                    let secret = Key::random(&self.rng);
                    Ok(SigningKey { id, purpose, created_at: now, secret, certificate })
                };
                self.ring.signing_keys_or_new(purpose, |keys| !keys.iter().any(is_current), make).await?
            }
        };
        if let Some(key) = stored.iter_mut().find(|key| is_current(key))
            && key.created_at + USE_RECORDED_EVERY <= now
        {
            self.ring.renew_signing_key(&key.id, now).await?;
            key.created_at = now;
        }
        let too_old = now - USE_RECORDED_EVERY - PUBLISHED_BEFORE_USE - self.longest_lifetime();
        if stored.iter().any(|key| key.created_at < too_old) {
            self.ring.remove_signing_keys(purpose, too_old).await?;
            stored.retain(|key| key.created_at >= too_old);
        }
        stored.sort_by_key(|key| !is_current(key));
        let public = |key: &SigningKey| {
            let public = key.certificate.as_deref().and_then(certified_key);
            let named = public.map(|public| (key.id.clone(), public));
            named.ok_or_else(|| StoreError::corrupt_row("signing_key", "no certificate"))
        };
        stored.iter().map(public).collect()
    }

    /// Returns the longest lifetime of what a key signs.
    fn longest_lifetime(&self) -> Duration {
        self.settings.lifetime.max(LONGEST_SHARE)
    }

    /// Returns the authority's key and certificate, which are created on the first start.
    pub(super) async fn authority(&self, now: Timestamp) -> Result<Authority, StoreError> {
        let purpose = Purpose::Authority;
        let make = || {
            let (id, secret, key) = new_key(Algorithm::Es256, &self.rng)?;
            let certificate = certificates::authority(&key, &self.address, &self.rng.bytes::<16>(), now)?;
            Ok(SigningKey { id, purpose, created_at: now, secret, certificate: Some(certificate) })
        };
        let mut stored = self.ring.signing_keys_or_new(purpose, <[SigningKey]>::is_empty, make).await?;
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
        self.settings.algorithm
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

    /// Returns the encoded JWS header of type `typ`, with the id and certificates of the current
    /// key.
    pub fn header(&self, typ: &str) -> String {
        let algorithm = self.issuer.signer().public().algorithm().name();
        let mut header = json!({ "alg": algorithm, "typ": typ, "kid": self.kid });
        if !self.certificates.is_empty() {
            header["x5c"] = json!(self.certificates);
        }
        credential::jws::protected(&header)
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
    use crate::config::Config;
    use store::{Part, Store};

    const YEAR: Duration = Duration::from_secs(365 * 86_400);

    #[tokio::test]
    async fn keys_are_published_before_use_and_until_credentials_expire() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(Part::Keyring, folder.path(), "", 2).await.expect("a store");
        let rng = Rng::seeded(1);
        let ring = Keyring::open(store, folder.path(), Duration::from_secs(3600), rng.clone()).await.expect("a ring");
        let mut now = Timestamp::from_micros(1_795_000_000_000_000);
        let settings = [("credentials.key_rotation_interval", "90d".to_owned())];
        let settings = Config::load(None, [], &settings).expect("settings").credentials;
        let keys = IssuerKeys::new("https://passport.example", &settings, ring, rng, now).expect("no files");
        keys.refresh(now).await.expect("keys");
        let first = keys.current().expect("loaded").kid.clone();
        let (mut signed_last, mut before) = (std::collections::HashMap::new(), first.clone());
        for _ in 0..1000 {
            let published: Vec<String> =
                keys.current().expect("loaded").published.iter().map(|(kid, _)| kid.clone()).collect();
            now = now + Duration::from_secs(12 * 3600);
            keys.refresh(now).await.expect("keys");
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
