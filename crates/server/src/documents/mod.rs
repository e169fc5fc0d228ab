//! Documents: how their bytes come in, are looked at and kept, whichever way they came.
//!
//! Owns the one path by which bytes become an object: they are written sealed as they arrive, then read back and
//! looked at, a few at a time; what is refused is deleted again. No row is written here.

pub mod inspect;
mod upload_link;

use std::pin::pin;

use bytes::Bytes;
use credential::{AssetKind, AssetSource, Code, Fault, MOST_BYTES, Submission};
use futures::{Stream, TryStreamExt as _};
use tokio::sync::{Notify, Semaphore};
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::domain::asset::{Asset, AssetState, Failure, Object};
use crate::domain::submission::Sealed;
use crate::error::Error;
use crate::objects::Objects;
use crate::outbound::Outbound;
use crate::seal::Key;
use crate::store::{Partner, StoreError};
use crate::time::Timestamp;

pub use inspect::Refused;
pub use upload_link::{UploadPermit, upload_url};

/// Documents that are looked at at once: each may take some ten megabytes while it is decoded.
const LOOKING: usize = 1;

/// What documents need.
#[derive(Debug)]
pub struct Documents {
    /// Where they are kept.
    pub objects: Objects,
    /// How they are fetched.
    pub outbound: Outbound,
    /// Wakes the job that fetches.
    pub to_fetch: Notify,
    looking: Semaphore,
}

impl Documents {
    /// Kept in `objects`, fetched by `outbound`.
    pub fn new(objects: Objects, outbound: Outbound) -> Self {
        Self { objects, outbound, to_fetch: Notify::new(), looking: Semaphore::new(LOOKING) }
    }
}

/// Why bytes did not become a document.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// They are refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There are more of them than allowed.
    #[error("the document is longer than {MOST_BYTES} bytes")]
    TooLarge,
    /// They did not arrive whole.
    #[error("the document did not arrive whole")]
    Interrupted(Failure),
    /// They cannot be kept now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An object that was written, with its key in the clear.
#[derive(Debug)]
pub struct Written {
    name: Uuid,
    size: u64,
    key: Key,
}

/// Looks at whole bytes, which are given back.
pub async fn look(app: &App, kind: AssetKind, bytes: Vec<u8>) -> Result<Vec<u8>, NotTaken> {
    let _one_at_a_time = app.documents.looking.acquire().await;
    let looked = tokio::task::spawn_blocking(move || inspect::inspect(kind, &bytes).map(|()| bytes));
    Ok(looked.await.map_err(|error| StoreError::Broken(error.to_string()))??)
}

/// Takes a document in as it arrives. If this is dropped or fails, nothing stays.
///
/// # Errors
/// See [`NotTaken`].
pub async fn take_in(
    app: &App,
    kind: AssetKind,
    source: impl Stream<Item = Result<Bytes, Failure>>,
) -> Result<Written, NotTaken> {
    let (name, key) = (app.id(), Key::random(&app.chance));
    let mut writer = app.documents.objects.writer(name, &key).await?;
    let (mut start, mut size) = (Vec::with_capacity(inspect::START), 0);
    let mut source = pin!(source);
    loop {
        let chunk = match source.try_next().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(failure) => {
                writer.abort().await;
                return Err(NotTaken::Interrupted(failure));
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
        if size > MOST_BYTES {
            writer.abort().await;
            return Err(NotTaken::TooLarge);
        }
        writer.write(&chunk).await?;
    }
    let size = writer.finish().await?;
    let written = Written { name, size, key };
    match look_at_object(app, kind, &written).await {
        Ok(()) => Ok(written),
        Err(refused) => {
            discard(app, name).await;
            Err(refused)
        }
    }
}

async fn look_at_object(app: &App, kind: AssetKind, written: &Written) -> Result<(), NotTaken> {
    let _one_at_a_time = app.documents.looking.acquire().await;
    let size = usize::try_from(written.size).unwrap_or(MOST_BYTES);
    let bytes = app.documents.objects.read_whole(written.name, &written.key, size).await?;
    let looked = tokio::task::spawn_blocking(move || inspect::inspect(kind, &bytes));
    Ok(looked.await.map_err(|error| StoreError::Broken(error.to_string()))??)
}

/// Deletes an object that no row names. One that cannot be deleted now is left to the sweep.
pub async fn discard(app: &App, name: Uuid) {
    if let Err(error) = app.documents.objects.delete(name).await {
        tracing::warn!(%error, "an object is left to the sweep");
    }
}

/// What an asset's sealed column is bound to.
pub fn label(asset: &Uuid) -> [&[u8]; 2] {
    [b"asset", asset.as_bytes()]
}

/// The state of an asset whose document was written; `None` if the key of its submission's ring period is gone, and the
/// object with it.
pub async fn stored(
    app: &App,
    asset: Uuid,
    period: Timestamp,
    written: Written,
) -> Result<Option<AssetState>, StoreError> {
    let sealed = app.keyring.seal_within(period, &label(&asset), written.key.expose()).await?;
    if sealed.is_none() {
        discard(app, written.name).await;
    }
    let Written { name, size, .. } = written;
    Ok(sealed.map(|sealed_key| AssetState::Stored(Object { name, size, sealed_key })))
}

/// The key of an object while its submission waits (`period`) or once `holder` has accepted it.
pub async fn object_key(app: &App, asset: Uuid, object: &Object, owner: Owner) -> Result<Option<Key>, StoreError> {
    let label = label(&asset);
    let opened = match owner {
        Owner::Ring(period) => {
            app.keyring.open_sealed(&Sealed { period, bytes: object.sealed_key.clone() }, &label).await?
        }
        Owner::Holder(holder) => Some(app.keyring.open_for_holder(holder, &label, &object.sealed_key).await?),
    };
    Ok(opened.and_then(|bytes| Key::from_bytes(&bytes)))
}

/// Whose key seals an object's key.
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    /// The ring's, of this period.
    Ring(Timestamp),
    /// The holder's.
    Holder(Uuid),
}

/// Looks at the documents that came with `submissions`, and at the addresses of those that are to be fetched.
///
/// # Errors
/// 422 with every fault.
pub async fn check(app: &App, partner: Uuid, submissions: &mut [Submission]) -> Result<(), Error> {
    let mut faults = Vec::new();
    let mut known: Option<Partner> = None;
    for asset in submissions.iter_mut().flat_map(|submission| &mut submission.assets) {
        let found = match &mut asset.source {
            AssetSource::Upload => None,
            AssetSource::Bytes(bytes) => match look(app, asset.kind, std::mem::take(bytes)).await {
                Ok(looked) => {
                    *bytes = looked;
                    None
                }
                Err(NotTaken::Store(error)) => return Err(error.into()),
                Err(refused) => Some((Code::AssetDataContent, refused.to_string())),
            },
            AssetSource::Address(address) => {
                if known.is_none() {
                    known = app.store.read().await?.partner(partner).await?;
                }
                let host = Url::parse(address).ok().and_then(|url| url.host_str().map(ToOwned::to_owned));
                let allowed = known.as_ref().zip(host).is_some_and(|(partner, host)| partner.may_fetch_from(&host));
                (!allowed).then(|| {
                    let message = "This host is not on your list of hosts that documents are fetched from; ask the operator to add it, or upload the document.";
                    (Code::AssetDataAddress, message.to_owned())
                })
            }
        };
        faults.extend(found.map(|(code, message)| Fault {
            pointer: asset.pointer.clone(),
            code,
            message,
            received: None,
            suggestion: None,
        }));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// The rows of a submission's assets; documents that came along are written.
///
/// # Errors
/// The store cannot be used.
pub async fn rows(app: &App, submission: &Submission, id: Uuid, period: Timestamp) -> Result<Vec<Asset>, StoreError> {
    let mut rows = Vec::with_capacity(submission.assets.len());
    for (position, asset) in submission.assets.iter().enumerate() {
        let asset_id = app.id();
        let state = match &asset.source {
            AssetSource::Upload => Some(AssetState::Awaited),
            AssetSource::Address(address) => {
                let sealed = app.keyring.seal_within(period, &label(&asset_id), address.as_bytes()).await?;
                sealed.map(|sealed| AssetState::Fetching { sealed })
            }
            AssetSource::Bytes(bytes) => {
                let (name, key) = (app.id(), Key::random(&app.chance));
                app.documents.objects.put(name, &key, bytes).await?;
                stored(app, asset_id, period, Written { name, size: bytes.len() as u64, key }).await?
            }
        };
        rows.push(Asset {
            id: asset_id,
            submission_id: id,
            position: i64::try_from(position).unwrap_or(i64::MAX),
            asset_id: asset.asset_id.clone(),
            kind: asset.kind,
            state: state.ok_or_else(|| StoreError::nonsense("ring_key", "gone at once"))?,
        });
    }
    Ok(rows)
}

/// Deletes the objects of rows that were not written after all.
pub async fn discard_rows(app: &App, rows: &[Asset]) {
    for row in rows {
        if let AssetState::Stored(object) = &row.state {
            discard(app, object.name).await;
        }
    }
}
