//! The server's own keys: signing keys, and decryption keys for messages to the server.

use super::purpose::Purpose;
use super::ring::{Keyring, WrappedKey, require_begun};
use super::seal::Key;
use ambient::Timestamp;
use store::{StoreError, Tx, WrappedSigningKey};

/// A key that signs, or decrypts messages to the server.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// The `kid`.
    pub id: String,
    pub purpose: Purpose,
    /// The time of creation.
    pub created_at: Timestamp,
    /// The private key.
    pub secret: Key,
    /// The certificate of the public key, DER, if there is one.
    pub certificate: Option<Vec<u8>>,
}

impl Keyring {
    /// Returns every signing key for `purpose`, newest first. If `is_missing` returns true, `make`
    /// creates one first. Nodes take turns, so that two nodes do not both create a key.
    ///
    /// # Errors
    /// The ring is unavailable, or `make` fails.
    pub async fn signing_keys_or_new(
        &self,
        purpose: Purpose,
        is_missing: impl Fn(&[SigningKey]) -> bool + Send,
        make: impl FnOnce() -> Result<SigningKey, StoreError> + Send,
    ) -> Result<Vec<SigningKey>, StoreError> {
        let keys = self.signing_keys(purpose).await?;
        if !is_missing(&keys) {
            return Ok(keys);
        }
        let mut tx = self.store.write().await?;
        require_begun(&mut tx).await?;
        tx.lock_root(&self.root_fingerprint()).await?;
        let keys = self.stored_signing_keys(&mut tx, purpose).await?;
        if !is_missing(&keys) {
            return Ok(keys);
        }
        let key = make()?;
        let wrapped = WrappedSigningKey {
            id: key.id.clone(),
            purpose: key.purpose.name().to_owned(),
            created_at: key.created_at,
            wrapped: self.wrap(&WrappedKey::Signing(&key.id), &key.secret),
            certificate: key.certificate.clone(),
        };
        tx.add_signing_key(&wrapped).await?;
        let keys = self.stored_signing_keys(&mut tx, purpose).await?;
        tx.commit().await?;
        Ok(keys)
    }

    /// Returns whether the root key decrypts the ring, or `None` if the ring contains no signing
    /// key to try. Every ring on which a server was started contains one.
    ///
    /// # Errors
    /// The ring cannot be read.
    pub async fn is_opened_by_root_key(&self) -> Result<Option<bool>, StoreError> {
        let key = self.store.acquire().await?.any_signing_key().await?;
        Ok(key.map(|(id, wrapped)| self.unwrap(&WrappedKey::Signing(&id), &wrapped).is_ok()))
    }

    /// Returns every signing key for `purpose`, newest first.
    ///
    /// # Errors
    /// The ring cannot be read.
    pub async fn signing_keys(&self, purpose: Purpose) -> Result<Vec<SigningKey>, StoreError> {
        self.stored_signing_keys(&mut self.store.acquire().await?, purpose).await
    }

    async fn stored_signing_keys(&self, tx: &mut Tx, purpose: Purpose) -> Result<Vec<SigningKey>, StoreError> {
        let stored = tx.signing_keys(purpose.name()).await?;
        let unwrapped = stored.into_iter().map(|key| {
            let secret = self.unwrap(&WrappedKey::Signing(&key.id), &key.wrapped)?;
            Ok(SigningKey { id: key.id, purpose, created_at: key.created_at, secret, certificate: key.certificate })
        });
        unwrapped.collect()
    }

    /// Moves the time of creation of a signing key to `now`, unless it is later.
    ///
    /// # Errors
    /// The ring cannot be written.
    pub async fn renew_signing_key(&self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        tx.renew_signing_key(id, now).await?;
        tx.commit().await
    }

    /// Removes the signing keys for `purpose` that were created before `before`.
    ///
    /// # Errors
    /// The ring cannot be written.
    pub async fn remove_signing_keys(&self, purpose: Purpose, before: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        tx.remove_signing_keys(purpose.name(), before).await?;
        tx.commit().await
    }
}
