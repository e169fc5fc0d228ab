//! Access tokens: RFC 9068 JWTs, signed with Ed25519 (RFC 8037), and the keys that sign them.
//!
//! Owns issuing, verification, the cache of verified tokens and the rotation of signing keys. A
//! verified token is cached until it expires, so a push needs no signature check. Callers check
//! separately that the partner is still active.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use credential::encoding::sha256;
use credential::jws::{self, Jws};
use credential::key::{Algorithm, PublicKey, SoftwareKey};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::keys::{Key, Keyring, Purpose, SigningKey as Stored};
use crate::links::Links;
use ambient::Rng;
use ambient::Timestamp;
use store::StoreError;

/// Maximum number of cached tokens.
const CACHED_TOKENS: usize = 10_000;

/// Minimum age of the loaded keys before a token with an unknown key id reloads them.
const RELOAD_INTERVAL: Duration = Duration::from_secs(1);

/// How long a new key is published before it signs, at most. It is half of
/// `tokens.key_rotation_interval` if that is shorter.
///
/// It is longer than [`RELOAD_INTERVAL`], so every node may load the key before it receives a token
/// signed by it.
const PUBLISHED_BEFORE_USE: Duration = Duration::from_secs(60);

/// Claims of an access token (RFC 9068, section 2.2).
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    client_id: Uuid,
    scope: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

/// A verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The partner's `client_id`.
    pub partner_id: Uuid,
    /// The granted scopes.
    pub scopes: Vec<String>,
    expires_at: i64,
}

/// Why an access token is refused. The message is returned to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not an access token of this server.
    #[error("This is not an access token of this server. Send the value of access_token unchanged.")]
    Malformed,
    /// The key is unknown, or was removed.
    #[error("The access token was signed with a key that this server does not have. Request a new token.")]
    UnknownKey,
    /// The signature does not verify.
    #[error("The signature of the access token is not valid. Send the value of access_token unchanged.")]
    Signature,
    /// It has expired.
    #[error("The access token expired at {0}. Request a new one from the token endpoint.")]
    Expired(Timestamp),
}

impl Verified {
    /// Returns whether `scope` was granted.
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }

    /// Returns the token without scopes that its partner no longer has. `current` are the partner's
    /// scopes, separated by spaces.
    pub fn within(token: Arc<Self>, current: &str) -> Arc<Self> {
        let granted = || token.scopes.iter().map(String::as_str);
        // Most tokens have all scopes of their partner, in its order.
        if granted().eq(current.split(' ')) {
            return token;
        }
        let is_current = |scope: &&str| current.split(' ').any(|known| known == *scope);
        if granted().all(|scope| is_current(&scope)) {
            return token;
        }
        let scopes = granted().filter(is_current).map(ToOwned::to_owned).collect();
        Arc::new(Self { scopes, ..Self::clone(&token) })
    }
}

/// Issues and verifies access tokens.
#[derive(Debug)]
pub struct Tokens {
    issuer: String,
    audience: String,
    lifetime: Duration,
    key_age: Duration,
    ring: Keyring,
    rng: Rng,
    keys: RwLock<Keys>,
    verified: Cache<[u8; 32], Arc<Verified>>,
}

#[derive(Debug)]
struct Keys {
    /// Newest first.
    signing: Vec<SigningKey>,
    /// By key id.
    verifying: HashMap<String, PublicKey>,
    loaded_at: Timestamp,
}

#[derive(Clone, Debug)]
struct SigningKey {
    id: String,
    created_at: Timestamp,
    /// The encoded JWS header of every token that this key signs.
    header: String,
    key: SoftwareKey,
}

impl Tokens {
    /// Creates an issuer whose keys are in `ring`. [`Tokens::refresh_keys`] loads them.
    pub fn new(links: &Links, lifetime: Duration, key_age: Duration, ring: Keyring, rng: Rng) -> Self {
        let loaded_at = Timestamp::from_micros(i64::MIN / 2);
        let keys = Keys { signing: Vec::new(), verifying: HashMap::new(), loaded_at };
        Self {
            issuer: links.base().to_owned(),
            audience: links.partner_api(),
            lifetime,
            key_age,
            ring,
            rng,
            keys: RwLock::new(keys),
            verified: Cache::new(CACHED_TOKENS),
        }
    }

    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Loads the keys. Creates a signing key if there is none or the newest is too old, and removes
    /// keys under which no unexpired token exists.
    ///
    /// # Errors
    /// The key ring cannot be used.
    pub async fn refresh_keys(&self, now: Timestamp) -> Result<(), StoreError> {
        let is_due = |keys: &[Stored]| keys.first().is_none_or(|key| key.created_at + self.key_age <= now);
        let make = || {
            let (id, secret) = (self.rng.anonymous_id().to_string(), Key::random(&self.rng));
            Ok(Stored { id, purpose: Purpose::Token, created_at: now, secret, certificate: None })
        };
        let mut stored = self.ring.signing_keys_or_new(Purpose::Token, is_due, make).await?;
        let too_old = now - self.key_age - self.key_age - self.published_before_use() - self.lifetime;
        if stored.iter().any(|key| key.created_at < too_old) {
            self.ring.remove_signing_keys(Purpose::Token, too_old).await?;
            stored.retain(|key| key.created_at >= too_old);
        }
        let mut keys = Keys { signing: Vec::new(), verifying: HashMap::new(), loaded_at: now };
        for key in stored {
            let signing = SigningKey::new(key.id, key.created_at, &key.secret)?;
            keys.verifying.insert(signing.id.clone(), signing.key.public().clone());
            keys.signing.push(signing);
        }
        self.replace_keys(keys);
        Ok(())
    }

    /// Replaces all keys.
    fn replace_keys(&self, keys: Keys) {
        let mut held = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let is_one_gone = held.verifying.keys().any(|known| !keys.verifying.contains_key(known));
        *held = keys;
        if is_one_gone {
            // A key was removed, for example by an operator: tokens that it signed are no longer
            // valid, even if they are cached.
            self.verified.clear();
        }
    }

    fn published_before_use(&self) -> Duration {
        PUBLISHED_BEFORE_USE.min(self.key_age / 2)
    }

    /// Returns the newest key that has been published long enough. If none has, as on the first
    /// start, returns the oldest.
    fn signing_key(&self, now: Timestamp) -> Option<SigningKey> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let usable = now - self.published_before_use();
        keys.signing.iter().find(|key| key.created_at <= usable).or(keys.signing.last()).cloned()
    }

    /// Issues a token for `partner_id` with `scope`.
    ///
    /// # Errors
    /// There is no signing key.
    pub fn issue(&self, partner_id: Uuid, scope: &str, id: Uuid, now: Timestamp) -> Result<String, StoreError> {
        let signing = self.signing_key(now);
        let signing = signing.ok_or_else(|| StoreError::Unavailable("there is no signing key yet".to_owned()))?;
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: partner_id,
            client_id: partner_id,
            scope: scope.to_owned(),
            iat: now.seconds(),
            exp: (now + self.lifetime).seconds(),
            jti: id,
        };
        let claims = serde_json::to_vec(&claims).map_err(|error| StoreError::Broken(error.to_string()))?;
        jws::sign(&signing.header, &claims, &signing.key).map_err(|error| StoreError::Broken(error.to_string()))
    }

    /// Returns the content of a token that this server issued.
    ///
    /// # Errors
    /// [`TokenError`]; the token has expired at `now`, for example.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<Verified>, TokenError> {
        self.verify_then(token, now, || {})
    }

    /// Like [`Self::verify`]; calls `checked` after the signature check and before the token is
    /// cached, so that a test can remove the key at that point.
    fn verify_then(&self, token: &str, now: Timestamp, checked: impl FnOnce()) -> Result<Arc<Verified>, TokenError> {
        let hash = sha256(token.as_bytes());
        let verified = match self.verified.get(&hash) {
            Some(verified) => verified,
            None => {
                // The lock is held until the token is cached. A concurrent removal of the key waits
                // for it and then clears the cache.
                let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
                let verified = Arc::new(self.check(token, &keys)?);
                checked();
                self.verified.insert(hash, verified.clone());
                verified
            }
        };
        if verified.expires_at <= now.seconds() {
            return Err(TokenError::Expired(Timestamp::from_micros(verified.expires_at.saturating_mul(1_000_000))));
        }
        Ok(verified)
    }

    /// Returns whether to reload the keys before rejecting `token`, because it names a key that
    /// another node may have created. True at most once per [`RELOAD_INTERVAL`].
    pub fn should_reload(&self, token: &str, now: Timestamp) -> bool {
        let Ok(jws) = Jws::read(token) else { return false };
        let Some(kid) = jws.header_text("kid") else { return false };
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        !keys.verifying.contains_key(kid) && now.since(keys.loaded_at) >= RELOAD_INTERVAL
    }

    fn check(&self, token: &str, keys: &Keys) -> Result<Verified, TokenError> {
        let jws = Jws::read(token).map_err(|_| TokenError::Malformed)?;
        jws.require_type("at+jwt").map_err(|_| TokenError::Malformed)?;
        let kid = jws.header_text("kid").ok_or(TokenError::Malformed)?;
        let key = keys.verifying.get(kid).ok_or(TokenError::UnknownKey)?;
        jws.verify(key).map_err(|_| TokenError::Signature)?;
        // `exp` is compared with the clock on every use, also of a cached token. No allowance for
        // clock skew is needed, since this server issued the token.
        let claims: Claims = serde_json::from_value(Value::Object(jws.payload)).map_err(|_| TokenError::Malformed)?;
        if claims.iss != self.issuer || claims.aud != self.audience {
            return Err(TokenError::Malformed);
        }
        Ok(Verified {
            partner_id: claims.client_id,
            scopes: claims.scope.split(' ').map(ToOwned::to_owned).collect(),
            expires_at: claims.exp,
        })
    }

    /// Returns the public keys for the member `keys` of a JWK Set (RFC 7517, section 5).
    pub fn jwks(&self) -> Vec<Value> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let mut jwks: Vec<Value> = keys.verifying.iter().map(|(id, key)| key.published_jwk(id)).collect();
        jwks.sort_by_key(|jwk| jwk["kid"].as_str().map(ToOwned::to_owned));
        jwks
    }
}

impl SigningKey {
    fn new(id: String, created_at: Timestamp, seed: &Key) -> Result<Self, StoreError> {
        let key = SoftwareKey::from_bytes(Algorithm::EdDsa, seed.expose())
            .map_err(|error| StoreError::corrupt_row("signing_key", error))?;
        let header = jws::protected(&json!({ "alg": Algorithm::EdDsa.name(), "typ": "at+jwt", "kid": id }));
        Ok(Self { id, created_at, header, key })
    }
}

#[cfg(test)]
mod tests {
    use store::{Part, Store};
    use tempfile::TempDir;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    fn keys(known: &[SigningKey]) -> Keys {
        Keys {
            signing: known.to_vec(),
            verifying: known.iter().map(|key| (key.id.clone(), key.key.public().clone())).collect(),
            loaded_at: NOW,
        }
    }

    /// Returns tokens without keys, and the folder of their key ring.
    async fn tokens() -> (Tokens, TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(Part::Keyring, folder.path(), "", 2).await.expect("a store");
        let (hour, rng) = (Duration::from_secs(3600), Rng::seeded(1));
        let ring = Keyring::open(store, folder.path(), hour, rng.clone()).await.expect("a ring");
        (Tokens::new(&Links::new("https://passport.example"), hour, hour, ring, rng), folder)
    }

    /// A node that has just loaded its keys may not load them again for [`RELOAD_INTERVAL`], and
    /// would reject a token signed by a newer key.
    #[tokio::test]
    async fn new_key_signs_only_after_it_was_published() {
        let key = |id: &str, seconds| {
            let created_at = NOW + Duration::from_secs(seconds);
            SigningKey::new(id.to_owned(), created_at, &Key::random(&Rng::seeded(seconds))).expect("a key")
        };
        let (tokens, _folder) = tokens().await;
        let signs = |seconds| tokens.signing_key(NOW + Duration::from_secs(seconds)).expect("a key").id;
        tokens.replace_keys(keys(&[key("first", 0)]));
        assert_eq!(signs(0), "first", "there is no other");
        tokens.replace_keys(keys(&[key("second", 3600), key("first", 0)]));
        assert_eq!([signs(3600), signs(3659), signs(3660)], ["first", "first", "second"]);
        // The first key was removed.
        tokens.replace_keys(keys(&[key("second", 3600)]));
        assert_eq!(signs(3600), "second");
    }

    #[tokio::test]
    async fn removing_a_key_during_verification_leaves_no_cached_token() {
        let key = SigningKey::new("one".to_owned(), NOW, &Key::random(&Rng::seeded(1))).expect("a key");
        let (tokens, _folder) = tokens().await;
        tokens.replace_keys(keys(std::slice::from_ref(&key)));
        let token = tokens.issue(Uuid::nil(), "write.career_history", Uuid::nil(), NOW).expect("a token");
        // Removes the key between verification and caching if the lock allows it, and afterwards
        // otherwise.
        let mut is_blocked = false;
        let verified = tokens.verify_then(&token, NOW, || {
            is_blocked = tokens.keys.try_write().is_err();
            if !is_blocked {
                tokens.replace_keys(keys(&[]));
            }
        });
        assert!(verified.is_ok(), "the key existed when the token was checked");
        if is_blocked {
            tokens.replace_keys(keys(&[]));
        }
        assert_eq!(tokens.verify(&token, NOW), Err(TokenError::UnknownKey));
    }
}
