//! The key ring: the keys that encrypt data, and when they are destroyed.
//!
//! Owns the root key and every key that it wraps. Data that has not been accepted is encrypted with
//! the epoch key of its hour. When the last submission of that epoch has expired, the key is
//! destroyed, and no copy of the data can be decrypted any more. Data that a person accepted is
//! encrypted with that person's key. Deleting the account destroys it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::deleted_accounts;
use super::purpose::Purpose;
use super::root::{self, RootKeyError, root_key};
use super::seal::Key;
use ambient::{Rng, Timestamp};
use store::{Store, StoreError, Tx};

/// The keys, and the database that contains them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Keyring {
    pub(super) store: Store,
    root: Key,
    pub(super) rng: Rng,
    /// Length of an epoch.
    pub(super) period: Duration,
    /// The file that records deleted accounts.
    pub(super) deleted: PathBuf,
    /// The current epoch key, cached.
    pub(super) current: Arc<RwLock<Option<(Timestamp, Key)>>>,
}

/// Identifies a wrapped key. Its label binds the wrapped bytes to their row.
pub(super) enum WrappedKey<'a> {
    Epoch(Timestamp),
    Holder(Uuid),
    Signing(&'a str),
}

impl WrappedKey<'_> {
    fn label(&self) -> Vec<u8> {
        match self {
            Self::Epoch(start) => format!("ring:{}", start.micros()),
            Self::Holder(holder) => format!("holder:{holder}"),
            Self::Signing(id) => format!("signing:{id}"),
        }
        .into_bytes()
    }
}

impl Keyring {
    /// Opens the ring with the root key in `data`, which is created on the first start.
    ///
    /// # Errors
    /// See [`RootKeyError`].
    pub async fn open(store: Store, data: &Path, period: Duration, rng: Rng) -> Result<Self, RootKeyError> {
        let path = root::path(data);
        let (root, is_new) = match root::read(&path) {
            Ok(root) => (root, false),
            Err(RootKeyError::File { cause, .. }) if cause.kind() == ErrorKind::NotFound => {
                if store.read().await?.has_keys().await? {
                    return Err(RootKeyError::Missing(path.display().to_string()));
                }
                (root::create(&path, &rng)?, true)
            }
            Err(error) => return Err(error),
        };
        let ring = Self::new(store, root, data, period, rng);
        if ring.begin().await? {
            return Ok(ring);
        }
        if is_new {
            // Another node has created the ring meanwhile. This key has encrypted nothing, and must
            // not be mistaken for the correct one.
            let _ = std::fs::remove_file(&path);
        }
        Err(RootKeyError::Another(path.display().to_string()))
    }

    /// Opens the ring without creating or changing anything. The ring may be of an older release.
    /// The root key in `data` must exist.
    ///
    /// # Errors
    /// See [`RootKeyError`].
    pub fn look(store: Store, data: &Path, period: Duration, rng: Rng) -> Result<Self, RootKeyError> {
        Ok(Self::new(store, root_key(data)?, data, period, rng))
    }

    fn new(store: Store, root: Key, data: &Path, period: Duration, rng: Rng) -> Self {
        Self { store, root, rng, period, deleted: deleted_accounts::path(data), current: Arc::default() }
    }

    /// Creates the ring if it does not exist. Returns false if it was created with another root
    /// key.
    async fn begin(&self) -> Result<bool, StoreError> {
        let fingerprint = self.root_fingerprint();
        let mut tx = self.store.write().await?;
        if tx.lock_root(&fingerprint).await? != fingerprint {
            return Ok(false);
        }
        // Rings of older releases have keys, but no fingerprint.
        let key = tx.signing_keys(Purpose::Token.name()).await?.into_iter().next();
        if key.is_some_and(|key| self.unwrap(&WrappedKey::Signing(&key.id), &key.wrapped).is_err()) {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Checks that the ring was not emptied or replaced.
    ///
    /// # Errors
    /// It was, or it cannot be read.
    pub async fn check_begun(&self) -> Result<(), StoreError> {
        require_begun(&mut self.store.acquire().await?).await
    }

    /// Forgets the cached epoch key, so that the next use needs the database.
    pub fn forget_cached(&self) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn root_fingerprint(&self) -> [u8; 32] {
        self.root.fingerprint("root", b"")
    }

    /// Returns the database of the ring.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns a keyed hash under the root key, to look up values that are not stored in the clear.
    pub fn fingerprint(&self, label: &str, value: &[u8]) -> [u8; 32] {
        self.root.fingerprint(label, value)
    }

    /// Encrypts with the root key, for impersonal data that stays readable as long as its row
    /// exists. The label names the row: bytes that are moved to another row cannot be decrypted.
    pub fn seal_permanent(&self, label: &[&[u8]], plain: &[u8]) -> Vec<u8> {
        self.root.derive(&[b"permanent"]).seal(label, plain, &self.rng)
    }

    /// Decrypts the result of [`Keyring::seal_permanent`].
    ///
    /// # Errors
    /// The bytes cannot be decrypted.
    pub fn open_permanent(&self, label: &[&[u8]], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        open(&self.root.derive(&[b"permanent"]), label, sealed)
    }

    /// Erases the bytes of destroyed keys from the database's files. Returns false if it has to be
    /// retried.
    ///
    /// # Errors
    /// The ring cannot be used.
    pub async fn erase_destroyed(&self) -> Result<bool, StoreError> {
        self.store.erase_destroyed().await
    }

    pub(super) fn wrap(&self, which: &WrappedKey<'_>, key: &Key) -> Vec<u8> {
        self.root.seal(&[&which.label()], key.expose(), &self.rng)
    }

    pub(super) fn unwrap(&self, which: &WrappedKey<'_>, wrapped: &[u8]) -> Result<Key, StoreError> {
        let plain = open(&self.root, &[&which.label()], wrapped)?;
        Key::from_bytes(&plain).ok_or_else(|| StoreError::corrupt_row("key ring", "a key's length"))
    }
}

/// Refuses to create a key in a ring that is empty: it was emptied or replaced while the server
/// runs. Its keys are lost, and data encrypted with new ones would hide that.
pub(super) async fn require_begun(tx: &mut Tx) -> Result<(), StoreError> {
    match tx.has_keys().await? {
        true => Ok(()),
        false => Err(StoreError::Unavailable("the key ring is empty: put it back".to_owned())),
    }
}

pub(super) fn open(key: &Key, label: &[&[u8]], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    key.open(label, sealed).map(Zeroizing::new).map_err(|error| StoreError::Broken(error.to_string()))
}
