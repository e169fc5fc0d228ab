//! Documents: their inspection, encryption keys and upload tokens.
//!
//! Owns the only way to store uploaded bytes as an object. They are encrypted and written as they
//! arrive, then read back and inspected by another process. A refused object is deleted again; a
//! rewritten one replaces the original. This module writes no database rows.

pub mod confine;
pub mod inspect;
mod inspector;
mod pace;
mod upload_error;
mod upload_slots;
mod upload_token;

use std::path::PathBuf;

use bytes::Bytes;
use credential::opencerts::Summary;
use credential::{AssetKind, AssetSource, MAX_BYTES};
use futures::Stream;
use tokio::sync::Notify;
use url::Url;
use uuid::Uuid;

use crate::fair_queue::FairQueue;
use crate::keys::{Key, Keyring};
use crate::objects::Objects;
use crate::outbound::Outbound;
use ambient::{Clock, Rng, Timestamp};
use inspector::Rewritten;
use store::StoreError;
use store::domain::asset::{Asset, AssetState, Failure, Object};
use store::domain::submission::Sealed;

pub use inspect::InspectError;
pub use inspector::{Inspected, Inspector};
pub use pace::Paced;
pub use upload_error::UploadError;
pub use upload_slots::{UploadSlot, UploadSlotError, UploadSlots};
pub use upload_token::UploadToken;

/// Maximum number of bodies beyond `server.body_limit` that are in memory, in total and of one
/// partner. One of 15 MiB needs about 60 MiB while it is parsed and its documents are inspected.
const LARGE_BODIES: usize = 2;
const OF_ONE_PARTNER: usize = 1;

/// Stores, inspects and reads documents.
#[derive(Debug)]
pub struct Documents {
    /// The object store.
    pub objects: Objects,
    /// The client that fetches documents.
    pub outbound: Outbound,
    /// Wakes the job that fetches documents.
    pub to_fetch: Notify,
    /// The documents that are being uploaded.
    pub upload_slots: UploadSlots,
    /// The bodies with documents that are in memory.
    pub large_bodies: FairQueue,
    inspector: Inspector,
    keyring: Keyring,
    clock: Clock,
    rng: Rng,
}

/// A stored object, with its key in the clear.
#[derive(Debug)]
pub struct Written {
    name: Uuid,
    size: u64,
    key: Key,
    is_signed: bool,
}

/// An inspected document from a request body.
#[derive(Clone, Debug)]
pub struct InspectedBytes {
    /// The bytes to deliver.
    pub bytes: Bytes,
    /// Whether it is digitally signed.
    pub is_signed: bool,
}

/// Returns the path of the running program. On Linux the path stays valid when the file is
/// replaced.
///
/// # Errors
/// The system does not report it.
pub fn own_program() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok(PathBuf::from("/proc/self/exe")) } else { std::env::current_exe() }
}

/// Identifies the key that encrypts an object's key.
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    /// The epoch key of this period: the submission has not been accepted yet.
    Epoch(Timestamp),
    /// The key of this holder.
    Holder(Uuid),
}

/// Label that binds an asset's encrypted column to its row.
pub fn label(asset: &Uuid) -> [&[u8]; 2] {
    [b"asset", asset.as_bytes()]
}

impl Documents {
    /// Creates a handle that stores in `objects`, fetches with `outbound`, and inspects with the
    /// program at the path `inspector`.
    pub fn new(
        objects: Objects,
        outbound: Outbound,
        inspector: PathBuf,
        keyring: Keyring,
        clock: Clock,
        rng: Rng,
    ) -> Self {
        let (to_fetch, upload_slots) = (Notify::new(), UploadSlots::default());
        let large_bodies = FairQueue::new(LARGE_BODIES, OF_ONE_PARTNER);
        let inspector = Inspector::new(inspector);
        Self { objects, outbound, to_fetch, upload_slots, large_bodies, inspector, keyring, clock, rng }
    }

    /// Generates a name and a key for a new object.
    fn new_object(&self) -> (Uuid, Key) {
        (self.rng.id(self.clock.now()), Key::random(&self.rng))
    }

    /// Stores and inspects a document of `partner` as it arrives. On failure the object is deleted.
    ///
    /// # Errors
    /// See [`UploadError`].
    pub async fn take_in(
        &self,
        partner: Uuid,
        kind: AssetKind,
        source: impl Stream<Item = Result<Bytes, Failure>>,
    ) -> Result<Written, UploadError> {
        let (name, key) = self.new_object();
        let mut writer = self.objects.writer(name, &key).await?;
        let (mut start, mut size) = (Vec::with_capacity(inspect::START), 0);
        let mut source = Paced::new(source);
        loop {
            let chunk = match source.next().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(failure) => {
                    writer.abort().await;
                    return Err(UploadError::Interrupted(failure));
                }
            };
            size += chunk.len();
            if start.len() < inspect::START {
                start.extend_from_slice(&chunk[..chunk.len().min(inspect::START - start.len())]);
                if start.len() == inspect::START
                    && let Err(refused) = inspect::starts_as(kind, &start)
                {
                    writer.abort().await;
                    return Err(refused.into());
                }
            }
            if size > MAX_BYTES {
                writer.abort().await;
                return Err(UploadError::TooLarge);
            }
            writer.write(&chunk).await?;
        }
        let size = writer.finish().await?;
        let written = Written { name, size, key, is_signed: false };
        let inspected = self.inspect_object(partner, kind, written).await;
        if inspected.as_ref().map_or(true, |kept| kept.name != name) {
            self.discard(name).await;
        }
        inspected
    }

    /// Inspects an object. Returns it, or the rewritten object that replaces it.
    async fn inspect_object(&self, partner: Uuid, kind: AssetKind, written: Written) -> Result<Written, UploadError> {
        let source = self.objects.read_back(written.name, &written.key).await?;
        match self.inspector.inspect(partner, kind, source).await? {
            Inspected::Unchanged | Inspected::OpenCert(_) => Ok(written),
            Inspected::Signed => Ok(Written { is_signed: true, ..written }),
            Inspected::Rewritten(rewritten) => self.write_anew(*rewritten).await,
        }
    }

    async fn write_anew(&self, mut rewritten: Rewritten) -> Result<Written, UploadError> {
        let (name, key) = self.new_object();
        let mut writer = self.objects.writer(name, &key).await?;
        loop {
            match rewritten.next().await {
                Ok(Some(piece)) => writer.write(&piece).await?,
                Ok(None) => break,
                Err(error) => {
                    writer.abort().await;
                    return Err(error);
                }
            }
        }
        let size = writer.finish().await?;
        self.verify(name, &key).await?;
        Ok(Written { name, size, key, is_signed: false })
    }

    /// Verifies that an object was stored as it was written, and deletes it otherwise.
    async fn verify(&self, name: Uuid, key: &Key) -> Result<(), StoreError> {
        let verified = self.objects.verify(name, key).await;
        if verified.is_err() {
            self.discard(name).await;
        }
        verified
    }

    /// Inspects a document from a request body of `partner`.
    ///
    /// # Errors
    /// [`UploadError::Refused`] by the inspection.
    pub async fn inspect_bytes(
        &self,
        partner: Uuid,
        kind: AssetKind,
        bytes: Bytes,
    ) -> Result<InspectedBytes, UploadError> {
        let source = futures::stream::iter([Ok(bytes.clone())]);
        let (bytes, is_signed) = match self.inspector.inspect(partner, kind, source).await? {
            Inspected::Unchanged | Inspected::OpenCert(_) => (bytes, false),
            Inspected::Signed => (bytes, true),
            Inspected::Rewritten(rewritten) => {
                // Freed before as many bytes are read.
                drop(bytes);
                (rewritten.whole().await?, false)
            }
        };
        Ok(InspectedBytes { bytes, is_signed })
    }

    /// Reads the displayed values of a stored OpenCerts document of `partner`, in a separate
    /// process. Returns `None` if the document cannot be read.
    ///
    /// # Errors
    /// The object store cannot be used, or no process is available.
    pub async fn open_cert(&self, partner: Uuid, name: Uuid, key: &Key) -> Result<Option<Summary>, UploadError> {
        let source = self.objects.read(name, key).await?;
        match self.inspector.inspect(partner, AssetKind::OpenCert, source).await {
            Ok(Inspected::OpenCert(summary)) => Ok(Some(summary)),
            Ok(_) | Err(UploadError::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes an object that no row refers to. If that fails, the sweep deletes it later.
    pub async fn discard(&self, name: Uuid) {
        if let Err(error) = self.objects.delete(name).await {
            tracing::warn!(%error, "deleting an object failed; the sweep will delete it");
        }
    }

    /// Deletes the objects of rows that were not inserted.
    pub async fn discard_rows(&self, rows: &[Asset]) {
        for row in rows {
            if let AssetState::Stored(object) = &row.state {
                Box::pin(self.discard(object.name)).await;
            }
        }
    }

    /// Returns the state of an asset whose document was stored. Returns `None` if the epoch key of
    /// its submission is destroyed; the object is then deleted.
    ///
    /// # Errors
    /// The key ring cannot be used.
    pub async fn stored(
        &self,
        asset: Uuid,
        period: Timestamp,
        written: Written,
    ) -> Result<Option<AssetState>, StoreError> {
        let sealed = self.keyring.seal_within(period, &label(&asset), written.key.expose()).await?;
        if sealed.is_none() {
            self.discard(written.name).await;
        }
        let Written { name, size, is_signed, .. } = written;
        Ok(sealed.map(|sealed_key| AssetState::Stored(Object { name, size, sealed_key, is_signed })))
    }

    /// Returns the first state of an asset that a partner pushed. Stores a document from the
    /// request body, which is `inspected`. Returns `None` if the epoch key is destroyed.
    ///
    /// # Errors
    /// The object store or the key ring cannot be used.
    pub async fn first_state(
        &self,
        source: &AssetSource,
        inspected: Option<&InspectedBytes>,
        (partner, asset): (Uuid, Uuid),
        period: Timestamp,
    ) -> Result<Option<AssetState>, StoreError> {
        match source {
            AssetSource::Upload => Ok(Some(AssetState::Awaited)),
            AssetSource::Address(address) => {
                let sealed = self.keyring.seal_within(period, &label(&asset), address.as_bytes()).await?;
                let host = self.host_tag(partner, Url::parse(address).ok().as_ref());
                Ok(sealed.map(|sealed| AssetState::Fetching { sealed, host }))
            }
            AssetSource::Bytes(_) | AssetSource::Taken(_) => {
                let not_inspected = || StoreError::Broken("a document was not inspected".to_owned());
                let InspectedBytes { bytes, is_signed } = inspected.ok_or_else(not_inspected)?;
                let (name, key) = self.new_object();
                self.objects.put(name, &key, bytes).await?;
                self.verify(name, &key).await?;
                let written = Written { name, size: bytes.len() as u64, key, is_signed: *is_signed };
                self.stored(asset, period, written).await
            }
        }
    }

    /// Returns the keyed hash of a partner and the host of an address, by which documents to fetch
    /// take turns. It is never 0, which is stored where there is none.
    pub fn host_tag(&self, partner: Uuid, address: Option<&Url>) -> i64 {
        let host = address.and_then(Url::host_str).unwrap_or_default();
        let hash = self.keyring.fingerprint("document host", &[&partner.as_bytes()[..], host.as_bytes()].concat());
        hash.first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes)) | 1
    }

    /// Decrypts the key of an object. Returns `None` if the key that encrypts it is destroyed.
    ///
    /// # Errors
    /// The key ring cannot be used.
    pub async fn object_key(&self, asset: Uuid, object: &Object, owner: Owner) -> Result<Option<Key>, StoreError> {
        let label = label(&asset);
        let opened = match owner {
            Owner::Epoch(period) => {
                self.keyring.open_sealed(&Sealed { period, bytes: object.sealed_key.clone() }, &label).await?
            }
            Owner::Holder(holder) => Some(self.keyring.open_for_holder(holder, &label, &object.sealed_key).await?),
        };
        Ok(opened.and_then(|bytes| Key::from_bytes(&bytes)))
    }
}
