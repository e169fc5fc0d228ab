//! Holder keys: each encrypts the data of one account.

use uuid::Uuid;
use zeroize::Zeroizing;

use super::deleted_accounts;
use super::ring::{Keyring, WrappedKey, open, require_begun};
use super::seal::Key;
use store::StoreError;

impl Keyring {
    /// Creates the key of a new account.
    ///
    /// # Errors
    /// The ring cannot be written.
    pub async fn create_holder_key(&self, holder: Uuid) -> Result<(), StoreError> {
        let wrapped = self.wrap(&WrappedKey::Holder(holder), &Key::random(&self.rng));
        let mut tx = self.store.write().await?;
        require_begun(&mut tx).await?;
        tx.add_holder_key(holder, &wrapped).await?;
        tx.commit().await
    }

    /// Destroys an account's key, so that its data cannot be decrypted any more. Backups still
    /// contain the key. So the account is recorded first, for a restore. If that fails, the key
    /// stays, and the deletion can be retried.
    ///
    /// # Errors
    /// The ring, or the record, cannot be written.
    pub async fn destroy_holder_key(&self, holder: Uuid) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        if tx.holder_key(holder).await?.is_none() {
            return Ok(());
        }
        deleted_accounts::append(&self.deleted, holder).map_err(|error| {
            StoreError::Unavailable(format!(
                "a deleted account cannot be recorded in {}: {error}",
                self.deleted.display()
            ))
        })?;
        tx.destroy_holder_key(holder).await?;
        tx.commit().await
    }

    /// Encrypts with `holder`'s key.
    ///
    /// # Errors
    /// The ring cannot be read, or the key is destroyed.
    pub async fn seal_for_holder(&self, holder: Uuid, label: &[&[u8]], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(self.holder_key(holder).await?.seal(label, plain, &self.rng))
    }

    /// Decrypts data that was encrypted with `holder`'s key.
    ///
    /// # Errors
    /// The ring cannot be read, the key is destroyed, or the bytes cannot be decrypted.
    pub async fn open_for_holder(
        &self,
        holder: Uuid,
        label: &[&[u8]],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        open(&self.holder_key(holder).await?, label, sealed)
    }

    async fn holder_key(&self, holder: Uuid) -> Result<Key, StoreError> {
        let mut tx = self.store.acquire().await?;
        let Some(wrapped) = tx.holder_key(holder).await? else {
            require_begun(&mut tx).await?;
            return Err(StoreError::corrupt_row("holder_key", format!("{holder} has no key")));
        };
        self.unwrap(&WrappedKey::Holder(holder), &wrapped)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use ambient::Rng;
    use store::{Part, Store};

    use super::*;
    use crate::keys::deleted_accounts;

    #[tokio::test]
    async fn key_is_kept_if_its_deletion_cannot_be_recorded() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(Part::Keyring, folder.path(), "", 2).await.expect("a store");
        let hour = Duration::from_secs(3600);
        let ring = Keyring::open(store, folder.path(), hour, Rng::seeded(1)).await.expect("a ring");
        let holder = Uuid::from_u128(1);
        ring.create_holder_key(holder).await.expect("a key");
        // A folder with the file's name makes the append fail.
        std::fs::create_dir(&ring.deleted).expect("a folder");
        let refused = ring.destroy_holder_key(holder).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        ring.seal_for_holder(holder, &[b"label"], b"plain").await.expect("the key is there");
        std::fs::remove_dir(&ring.deleted).expect("removed");
        ring.destroy_holder_key(holder).await.expect("destroyed");
        assert!(ring.seal_for_holder(holder, &[b"label"], b"plain").await.is_err(), "the key is gone");
        let known = deleted_accounts(folder.path()).expect("read").expect("a file");
        assert_eq!(known, HashSet::from([holder]));
    }
}
