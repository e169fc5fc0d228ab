//! The key ring: which key seals what, and when it is destroyed.
//!
//! Owns the root key and every key that it wraps. What nobody has accepted is sealed under the ring key of its period
//! (an hour); when the last submission of that period has had its 48 hours, the key is destroyed and no copy of the
//! data can be opened any more. What a person accepted is sealed under that person's key; deleting the account
//! destroys it.

use std::collections::HashSet;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::key::Algorithm;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::seal::Key;
use ambient::Rng;
use ambient::Timestamp;
use store::domain::submission::Sealed;
use store::{Store, StoreError, Tx, WrappedSigningKey};

/// The file beside the root key that names the accounts that were deleted, one a line: ids that say nothing of a person.
const DELETED_ACCOUNTS: &str = "deleted-accounts";

/// Why the root key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    /// The file cannot be read or made.
    #[error("the root key {path} cannot be used: {cause}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// Others may read the file.
    #[error("the root key {0} may be read by others; make it private with: chmod 600 {0}")]
    NotPrivate(String),
    /// Not 32 bytes in base64.
    #[error("the root key {0} is not 32 bytes in base64; put back the right file")]
    Malformed(String),
    /// Keys are wrapped by a root key that is gone.
    #[error(
        "the key ring holds keys, but their root key {0} is missing; put it back, or copy it from the node that has it \
         (a new one could not open anything)"
    )]
    Missing(String),
    /// The ring was begun with another root key.
    #[error(
        "the root key {0} is not the one that the key ring was begun with; copy root.key from the node that was started \
         first"
    )]
    Another(String),
    /// The ring cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a signing key is for. A key has one purpose all its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Partners' access tokens.
    Token,
    /// Credentials and status lists, by this algorithm.
    Credential(Algorithm),
    /// The certificates of the keys that sign credentials.
    Authority,
    /// To open what wallets send encrypted.
    Encryption,
    /// What wallets are asked for.
    Request,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Credential(Algorithm::Es256) => "credential.ES256",
            Self::Credential(Algorithm::EdDsa) => "credential.EdDSA",
            Self::Authority => "authority",
            Self::Encryption => "encryption",
            Self::Request => "request",
        }
    }
}

/// A key that signs, or opens what was encrypted for the server.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// Its name: the `kid`.
    pub id: String,
    /// What it is for.
    pub purpose: Purpose,
    /// When it was made.
    pub created_at: Timestamp,
    /// The private part.
    pub secret: Key,
    /// The certificate of its public part, DER, if it has one.
    pub certificate: Option<Vec<u8>>,
}

/// The keys, and the database that they are in.
#[derive(Clone, Debug)]
pub struct Keyring {
    store: Store,
    root: Key,
    rng: Rng,
    period: Duration,
    deleted: PathBuf,
    current: Arc<RwLock<Option<(Timestamp, Key)>>>,
}

impl Keyring {
    /// Opens the ring with the root key in `data`, which is made on the first start.
    ///
    /// # Errors
    /// See [`RootKeyError`].
    pub async fn open(store: Store, data: &Path, period: Duration, rng: Rng) -> Result<Self, RootKeyError> {
        let path = data.join("root.key");
        let (root, is_new) = match std::fs::read_to_string(&path) {
            Ok(text) => (read_root_key(&path, &Zeroizing::new(text))?, false),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
                if store.read().await?.has_keys().await? {
                    return Err(RootKeyError::Missing(path.display().to_string()));
                }
                (make_root_key(&path, &rng)?, true)
            }
            Err(cause) => return Err(RootKeyError::File { path: path.display().to_string(), cause }),
        };
        let deleted = data.join(DELETED_ACCOUNTS);
        let ring = Self { store, root, rng, period, deleted, current: Arc::default() };
        if ring.begin().await? {
            return Ok(ring);
        }
        if is_new {
            // Another node began the ring meanwhile. This key has sealed nothing, and nobody should take it for the right one.
            let _ = std::fs::remove_file(&path);
        }
        Err(RootKeyError::Another(path.display().to_string()))
    }

    /// The ring of `store` as it stands, which may be an older release's, with the root key in `data`, which must be there.
    ///
    /// # Errors
    /// See [`RootKeyError`].
    pub fn look(store: Store, data: &Path, period: Duration, rng: Rng) -> Result<Self, RootKeyError> {
        let (root, deleted) = (root_key(data)?, data.join(DELETED_ACCOUNTS));
        Ok(Self { store, root, rng, period, deleted, current: Arc::default() })
    }

    /// Begins the ring, if it was not begun. False if that was with another root key.
    async fn begin(&self) -> Result<bool, StoreError> {
        let fingerprint = self.root_fingerprint();
        let mut tx = self.store.write().await?;
        if tx.hold_root(&fingerprint).await? != fingerprint {
            return Ok(false);
        }
        // A ring may be older than the note of what it was begun with.
        let key = tx.signing_keys(Purpose::Token.name()).await?.into_iter().next();
        if key.is_some_and(|key| self.unwrap(&Wrapped::Signing(&key.id), &key.wrapped).is_err()) {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    fn root_fingerprint(&self) -> [u8; 32] {
        self.root.fingerprint("root", b"")
    }

    /// The database behind the ring.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Keyed hash under the root key, to find what must not be readable.
    pub fn fingerprint(&self, label: &str, value: &[u8]) -> [u8; 32] {
        self.root.fingerprint(label, value)
    }

    /// Seals under the ring key of `now`'s period.
    ///
    /// # Errors
    /// The ring cannot be read or written.
    pub async fn seal(&self, now: Timestamp, label: &[&[u8]], plain: &[u8]) -> Result<Sealed, StoreError> {
        let (period, key) = self.current(now).await?;
        Ok(Sealed { period, bytes: key.seal(label, plain, &self.rng) })
    }

    /// Seals under the ring key of an earlier `period`, for what belongs to something that was sealed then; `None` if
    /// that key is destroyed.
    ///
    /// # Errors
    /// The ring cannot be read.
    pub async fn seal_within(
        &self,
        period: Timestamp,
        label: &[&[u8]],
        plain: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let wrapped = self.store.glance().await?.ring_key(period).await?;
        let Some(wrapped) = wrapped else { return Ok(None) };
        let key = self.unwrap(&Wrapped::Ring(period), &wrapped)?;
        Ok(Some(key.seal(label, plain, &self.rng)))
    }

    /// Opens what [`Keyring::seal`] sealed; `None` if its key is destroyed.
    ///
    /// # Errors
    /// The ring cannot be read, or the bytes do not open.
    pub async fn open_sealed(
        &self,
        sealed: &Sealed,
        label: &[&[u8]],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let wrapped = self.store.glance().await?.ring_key(sealed.period).await?;
        let Some(wrapped) = wrapped else { return Ok(None) };
        let key = self.unwrap(&Wrapped::Ring(sealed.period), &wrapped)?;
        open(&key, label, &sealed.bytes).map(Some)
    }

    /// Whether there is a ring key of a period before `first`.
    ///
    /// # Errors
    /// The ring cannot be read.
    pub async fn has_before(&self, first: Timestamp) -> Result<bool, StoreError> {
        Ok(self.store.glance().await?.oldest_ring_key().await?.is_some_and(|oldest| oldest < first))
    }

    /// Destroys the ring keys of periods before `first`, but for those of `kept`.
    ///
    /// # Errors
    /// The ring cannot be written.
    pub async fn destroy_before(&self, first: Timestamp, kept: &[Timestamp]) -> Result<u64, StoreError> {
        let mut tx = self.store.write().await?;
        let destroyed = tx.destroy_ring_keys(first, kept).await?;
        tx.commit().await?;
        Ok(destroyed)
    }

    /// Makes the key of a new account.
    ///
    /// # Errors
    /// The ring cannot be written.
    pub async fn create_holder_key(&self, holder: Uuid) -> Result<(), StoreError> {
        let wrapped = self.wrap(&Wrapped::Holder(holder), &Key::random(&self.rng));
        let mut tx = self.store.write().await?;
        tx.add_holder_key(holder, &wrapped).await?;
        tx.commit().await
    }

    /// Destroys an account's key: what it sealed stays shut in every copy that has no copy of the key. A backup has one, so
    /// the account is noted first, for whoever puts that back; without the note the key stays, for another try.
    ///
    /// # Errors
    /// The ring, or the note, cannot be written.
    pub async fn destroy_holder_key(&self, holder: Uuid) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        if tx.holder_key(holder).await?.is_none() {
            return Ok(());
        }
        note_deleted(&self.deleted, holder).map_err(|error| {
            StoreError::Unavailable(format!("a deleted account cannot be noted in {}: {error}", self.deleted.display()))
        })?;
        tx.destroy_holder_key(holder).await?;
        tx.commit().await
    }

    /// Seals under `holder`'s key.
    ///
    /// # Errors
    /// The ring cannot be read, or the account's key is gone.
    pub async fn seal_for_holder(&self, holder: Uuid, label: &[&[u8]], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(self.holder_key(holder).await?.seal(label, plain, &self.rng))
    }

    /// Opens what was sealed under `holder`'s key.
    ///
    /// # Errors
    /// The ring cannot be read, the account's key is gone, or the bytes do not open.
    pub async fn open_for_holder(
        &self,
        holder: Uuid,
        label: &[&[u8]],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        open(&self.holder_key(holder).await?, label, sealed)
    }

    /// Seals under the root key, for what must be read as long as its row is there and is nobody's personal data. Whoever
    /// moves it to another row finds it shut: the label names the row.
    pub fn seal_permanent(&self, label: &[&[u8]], plain: &[u8]) -> Vec<u8> {
        self.root.derive(&[b"permanent"]).seal(label, plain, &self.rng)
    }

    /// Opens what [`Keyring::seal_permanent`] sealed.
    ///
    /// # Errors
    /// The bytes do not open.
    pub fn open_permanent(&self, label: &[&[u8]], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        open(&self.root.derive(&[b"permanent"]), label, sealed)
    }

    /// Every signing key for `purpose`, newest first, after `make` has made one if one `is_missing`. Nodes look and make one
    /// after the other: no two make one for the same reason, and each finds what the first has made.
    ///
    /// # Errors
    /// The ring cannot be used, or none can be made.
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
        tx.hold_root(&self.root_fingerprint()).await?;
        let keys = self.stored_signing_keys(&mut tx, purpose).await?;
        if !is_missing(&keys) {
            return Ok(keys);
        }
        let key = make()?;
        let wrapped = WrappedSigningKey {
            id: key.id.clone(),
            purpose: key.purpose.name().to_owned(),
            created_at: key.created_at,
            wrapped: self.wrap(&Wrapped::Signing(&key.id), &key.secret),
            certificate: key.certificate.clone(),
        };
        tx.add_signing_key(&wrapped).await?;
        let keys = self.stored_signing_keys(&mut tx, purpose).await?;
        tx.commit().await?;
        Ok(keys)
    }

    /// Whether the root key opens the ring; `None` where there is nothing to try. (Every ring that a server was started on has
    /// a signing key.)
    ///
    /// # Errors
    /// The ring cannot be read.
    pub async fn is_opened_by_root_key(&self) -> Result<Option<bool>, StoreError> {
        let key = self.store.glance().await?.any_signing_key().await?;
        Ok(key.map(|(id, wrapped)| self.unwrap(&Wrapped::Signing(&id), &wrapped).is_ok()))
    }

    /// Every signing key for `purpose`, newest first.
    ///
    /// # Errors
    /// The ring cannot be read.
    pub async fn signing_keys(&self, purpose: Purpose) -> Result<Vec<SigningKey>, StoreError> {
        self.stored_signing_keys(&mut self.store.glance().await?, purpose).await
    }

    async fn stored_signing_keys(&self, tx: &mut Tx, purpose: Purpose) -> Result<Vec<SigningKey>, StoreError> {
        let stored = tx.signing_keys(purpose.name()).await?;
        let unwrapped = stored.into_iter().map(|key| {
            let secret = self.unwrap(&Wrapped::Signing(&key.id), &key.wrapped)?;
            Ok(SigningKey { id: key.id, purpose, created_at: key.created_at, secret, certificate: key.certificate })
        });
        unwrapped.collect()
    }

    /// Removes the signing keys for `purpose` that were made before `before`.
    ///
    /// # Errors
    /// The ring cannot be written.
    pub async fn remove_signing_keys(&self, purpose: Purpose, before: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        tx.remove_signing_keys(purpose.name(), before).await?;
        tx.commit().await
    }

    async fn holder_key(&self, holder: Uuid) -> Result<Key, StoreError> {
        let wrapped = self.store.glance().await?.holder_key(holder).await?;
        let wrapped = wrapped.ok_or_else(|| StoreError::nonsense("holder_key", format!("{holder} has none")))?;
        self.unwrap(&Wrapped::Holder(holder), &wrapped)
    }

    async fn current(&self, now: Timestamp) -> Result<(Timestamp, Key), StoreError> {
        let period = now.floor(self.period);
        if let Some((cached, key)) = &*self.current.read().unwrap_or_else(PoisonError::into_inner)
            && *cached == period
        {
            return Ok((period, key.clone()));
        }
        // In a box, since it is seldom: every push would be moved about with room for it.
        Box::pin(self.begin_period(period)).await
    }

    /// The key of a period in which this node has sealed nothing yet; made, if no other node has.
    async fn begin_period(&self, period: Timestamp) -> Result<(Timestamp, Key), StoreError> {
        let which = Wrapped::Ring(period);
        let mut tx = self.store.write().await?;
        tx.add_ring_key(period, &self.wrap(&which, &Key::random(&self.rng))).await?;
        let wrapped = tx.ring_key(period).await?.ok_or_else(|| StoreError::nonsense("ring_key", "gone at once"))?;
        tx.commit().await?;
        let key = self.unwrap(&which, &wrapped)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some((period, key.clone()));
        Ok((period, key))
    }

    fn wrap(&self, which: &Wrapped<'_>, key: &Key) -> Vec<u8> {
        self.root.seal(&[&which.label()], key.expose(), &self.rng)
    }

    fn unwrap(&self, which: &Wrapped<'_>, wrapped: &[u8]) -> Result<Key, StoreError> {
        let plain = open(&self.root, &[&which.label()], wrapped)?;
        Key::from_bytes(&plain).ok_or_else(|| StoreError::nonsense("key ring", "a key's length"))
    }
}

/// Which wrapped key is meant: the label binds it to its row.
enum Wrapped<'a> {
    Ring(Timestamp),
    Holder(Uuid),
    Signing(&'a str),
}

impl Wrapped<'_> {
    fn label(&self) -> Vec<u8> {
        match self {
            Self::Ring(period) => format!("ring:{}", period.micros()),
            Self::Holder(holder) => format!("holder:{holder}"),
            Self::Signing(id) => format!("signing:{id}"),
        }
        .into_bytes()
    }
}

fn open(key: &Key, label: &[&[u8]], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    key.open(label, sealed).map(Zeroizing::new).map_err(|error| StoreError::Broken(error.to_string()))
}

/// The root key in `data`, which must be there.
///
/// # Errors
/// See [`RootKeyError`].
pub fn root_key(data: &Path) -> Result<Key, RootKeyError> {
    let path = data.join("root.key");
    match std::fs::read_to_string(&path) {
        Ok(text) => read_root_key(&path, &Zeroizing::new(text)),
        Err(cause) => Err(RootKeyError::File { path: path.display().to_string(), cause }),
    }
}

/// Begins a line of its own: a note that was cut off must not take this one along.
fn note_deleted(path: &Path, holder: Uuid) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    file.write_all(format!("\n{holder}\n").as_bytes())?;
    file.sync_data()
}

/// The accounts that are noted as deleted in `data`; `None` where there is no such file.
///
/// # Errors
/// The file cannot be read.
pub fn deleted_accounts(data: &Path) -> std::io::Result<Option<HashSet<Uuid>>> {
    match std::fs::read_to_string(data.join(DELETED_ACCOUNTS)) {
        // Lines may be cut off; what is no id names nobody, and was noted again.
        Ok(text) => Ok(Some(text.lines().filter_map(|line| line.trim().parse().ok()).collect())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_root_key(path: &Path, text: &str) -> Result<Key, RootKeyError> {
    let shown = path.display().to_string();
    let metadata = std::fs::metadata(path).map_err(|cause| RootKeyError::File { path: shown.clone(), cause })?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(RootKeyError::NotPrivate(shown));
    }
    let bytes = STANDARD.decode(text.trim()).map(Zeroizing::new).ok();
    bytes.and_then(|bytes| Key::from_bytes(&bytes)).ok_or(RootKeyError::Malformed(shown))
}

fn make_root_key(path: &Path, rng: &Rng) -> Result<Key, RootKeyError> {
    let key = Key::random(rng);
    let text = Zeroizing::new(STANDARD.encode(key.expose()));
    let written =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
    match written {
        Ok(()) => Ok(key),
        // Another process of the same folder was quicker: its key is the key.
        Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => {
            let text = std::fs::read_to_string(path)
                .map_err(|cause| RootKeyError::File { path: path.display().to_string(), cause })?;
            read_root_key(path, &Zeroizing::new(text))
        }
        Err(cause) => Err(RootKeyError::File { path: path.display().to_string(), cause }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Part;

    #[test]
    fn a_note_that_was_cut_off_takes_no_other_along() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(DELETED_ACCOUNTS);
        let [first, second] = [1, 2].map(Uuid::from_u128);
        // As it was written before, and then as a full disk leaves it.
        std::fs::write(&path, format!("{first}\n00000000-0000-00")).expect("written");
        note_deleted(&path, second).expect("noted");
        let known = deleted_accounts(folder.path()).expect("read").expect("a file");
        assert_eq!(known, HashSet::from([first, second]));
    }

    #[tokio::test]
    async fn the_key_of_an_account_that_cannot_be_noted_stays_for_another_try() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(Part::Keyring, folder.path(), "", 2).await.expect("a store");
        let hour = Duration::from_secs(3600);
        let ring = Keyring::open(store, folder.path(), hour, Rng::seeded(1)).await.expect("a ring");
        let holder = Uuid::from_u128(1);
        ring.create_holder_key(holder).await.expect("a key");
        let in_the_way = folder.path().join(DELETED_ACCOUNTS);
        std::fs::create_dir(&in_the_way).expect("a folder");
        let refused = ring.destroy_holder_key(holder).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        ring.seal_for_holder(holder, &[b"label"], b"plain").await.expect("the key is there");
        std::fs::remove_dir(&in_the_way).expect("removed");
        ring.destroy_holder_key(holder).await.expect("destroyed");
        assert!(ring.seal_for_holder(holder, &[b"label"], b"plain").await.is_err(), "the key is gone");
        let known = deleted_accounts(folder.path()).expect("read").expect("a file");
        assert_eq!(known, HashSet::from([holder]));
    }
}
