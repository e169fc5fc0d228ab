//! The key that wallets encrypt requests to.

use credential::jwe;
use credential::key::Algorithm;
use serde_json::Value;

use super::issuer_keys::new_key;
use crate::keys::{Key, Keyring, Purpose, SigningKey};
use ambient::{Rng, Timestamp};
use store::StoreError;

/// The key that wallets encrypt requests to (OpenID4VCI 1.0, section 10).
#[derive(Clone, Debug)]
pub struct EncryptionKey {
    /// The public JWK.
    pub jwk: Value,
    secret: Key,
}

impl EncryptionKey {
    /// Loads the key from the key ring, and creates it on the first start.
    ///
    /// # Errors
    /// The key ring cannot be used.
    pub async fn open(ring: &Keyring, rng: &Rng, now: Timestamp) -> Result<Self, StoreError> {
        let purpose = Purpose::Encryption;
        let make = || {
            let (id, secret, _) = new_key(Algorithm::Es256, rng)?;
            Ok(SigningKey { id, purpose, created_at: now, secret, certificate: None })
        };
        let mut stored = ring.signing_keys_or_new(purpose, <[SigningKey]>::is_empty, make).await?;
        let first = stored.pop().ok_or_else(|| StoreError::corrupt_row("signing_key", "gone at once"))?;
        let jwk = jwe::encryption_jwk(first.secret.expose(), &first.id);
        let jwk = jwk.ok_or_else(|| StoreError::corrupt_row("signing_key", "no key on P-256"))?;
        Ok(Self { jwk, secret: first.secret })
    }

    /// Decrypts a JWE that was encrypted to this key.
    ///
    /// # Errors
    /// See [`jwe::DecryptError`].
    pub fn decrypt(&self, text: &str) -> Result<jwe::Opened, jwe::DecryptError> {
        jwe::decrypt(text, self.secret.expose())
    }
}
