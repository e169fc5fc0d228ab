//! Epoch keys, which encrypt data that has not been accepted yet.

use std::sync::PoisonError;

use zeroize::Zeroizing;

use super::ring::{Keyring, WrappedKey, open, require_begun};
use super::seal::Key;
use ambient::Timestamp;
use store::StoreError;
use store::domain::submission::Sealed;

impl Keyring {
    /// Encrypts with the key of the current epoch.
    ///
    /// # Errors
    /// The ring cannot be read or written.
    pub async fn seal(&self, now: Timestamp, label: &[&[u8]], plain: &[u8]) -> Result<Sealed, StoreError> {
        let (period, key) = self.current_epoch(now).await?;
        Ok(Sealed { period, bytes: key.seal(label, plain, &self.rng) })
    }

    /// Encrypts with the key of an earlier epoch, for data that belongs to something encrypted
    /// then. Returns `None` if that key is destroyed.
    ///
    /// # Errors
    /// The ring cannot be read.
    pub async fn seal_within(
        &self,
        epoch: Timestamp,
        label: &[&[u8]],
        plain: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.epoch_key(epoch).await?.map(|key| key.seal(label, plain, &self.rng)))
    }

    /// Decrypts the result of [`Keyring::seal`]. Returns `None` if its key is destroyed.
    ///
    /// # Errors
    /// The ring cannot be read, or the bytes cannot be decrypted.
    pub async fn open_sealed(
        &self,
        sealed: &Sealed,
        label: &[&[u8]],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let key = self.epoch_key(sealed.period).await?;
        key.map(|key| open(&key, label, &sealed.bytes)).transpose()
    }

    /// Returns whether the key of an epoch before `first` exists.
    ///
    /// # Errors
    /// The ring cannot be read.
    pub async fn has_before(&self, first: Timestamp) -> Result<bool, StoreError> {
        Ok(self.store.acquire().await?.oldest_epoch_key().await?.is_some_and(|oldest| oldest < first))
    }

    /// Destroys the keys of the epochs before `first`, except those of `kept`.
    ///
    /// # Errors
    /// The ring cannot be written.
    pub async fn destroy_before(&self, first: Timestamp, kept: &[Timestamp]) -> Result<u64, StoreError> {
        let mut tx = self.store.write().await?;
        let destroyed = tx.destroy_ring_keys(first, kept).await?;
        tx.commit().await?;
        Ok(destroyed)
    }

    async fn epoch_key(&self, epoch: Timestamp) -> Result<Option<Key>, StoreError> {
        let mut tx = self.store.acquire().await?;
        let wrapped = tx.ring_key(epoch).await?;
        if wrapped.is_none() {
            // In an empty ring the key is missing, and not destroyed.
            require_begun(&mut tx).await?;
        }
        wrapped.map(|wrapped| self.unwrap(&WrappedKey::Epoch(epoch), &wrapped)).transpose()
    }

    async fn current_epoch(&self, now: Timestamp) -> Result<(Timestamp, Key), StoreError> {
        let epoch = now.floor(self.period);
        if let Some((cached, key)) = &*self.current.read().unwrap_or_else(PoisonError::into_inner)
            && *cached == epoch
        {
            return Ok((epoch, key.clone()));
        }
        // Boxed because it is rare and would enlarge the future of every push.
        Box::pin(self.begin_epoch(epoch)).await
    }

    /// Returns the key of an epoch that this node has not used yet, and creates it unless another
    /// node has.
    async fn begin_epoch(&self, epoch: Timestamp) -> Result<(Timestamp, Key), StoreError> {
        let which = WrappedKey::Epoch(epoch);
        let mut tx = self.store.write().await?;
        // SQLite reports a deleted file only when it writes, and an existing key is only read.
        tx.probe_write().await?;
        require_begun(&mut tx).await?;
        tx.add_ring_key(epoch, &self.wrap(&which, &Key::random(&self.rng))).await?;
        let wrapped = tx.ring_key(epoch).await?.ok_or_else(|| StoreError::corrupt_row("ring_key", "gone at once"))?;
        tx.commit().await?;
        let key = self.unwrap(&which, &wrapped)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some((epoch, key.clone()));
        Ok((epoch, key))
    }
}
