//! Documents: how their bytes come in, are looked at and kept, whichever way they came.
//!
//! Owns the one path by which bytes become an object: they are written sealed as they arrive, then read back and
//! looked at, one at a time; what is refused is deleted again. No row is written here.

pub mod inspect;
mod upload_link;

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use credential::{AssetKind, AssetSource, Code, Fault, MOST_BYTES, Submission};
use futures::{Stream, TryStreamExt as _};
use tokio::sync::{Notify, mpsc, oneshot};
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::objects::Objects;
use crate::outbound::Outbound;
use crate::seal::Key;
use ambient::Timestamp;
use store::domain::asset::{Asset, AssetState, Failure, Object};
use store::domain::submission::Sealed;
use store::{Partner, StoreError};

pub use inspect::Refused;
pub use upload_link::{UploadPermit, upload_url};

/// Longest time between two pieces of a document that arrives.
const IDLE: Duration = Duration::from_secs(20);

/// What documents need.
#[derive(Debug)]
pub struct Documents {
    /// Where they are kept.
    pub objects: Objects,
    /// How they are fetched.
    pub outbound: Outbound,
    /// Wakes the job that fetches.
    pub to_fetch: Notify,
    looking: mpsc::Sender<Look>,
}

/// A document to be looked at, which arrives in pieces.
struct Look {
    kind: AssetKind,
    pieces: mpsc::Receiver<Bytes>,
    answer: oneshot::Sender<Result<(), Refused>>,
}

impl std::fmt::Debug for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Look").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Documents {
    /// Kept in `objects`, fetched by `outbound`. Documents are looked at one after the other, since each may take some ten
    /// megabytes while it is decoded; and on one thread with one buffer, so that those are the same ten megabytes.
    ///
    /// # Errors
    /// No thread can be had.
    pub fn new(objects: Objects, outbound: Outbound) -> std::io::Result<Self> {
        let (looking, mut looks) = mpsc::channel::<Look>(1);
        std::thread::Builder::new().name("documents".to_owned()).spawn(move || {
            let mut document = Vec::new();
            while let Some(Look { kind, mut pieces, answer }) = looks.blocking_recv() {
                document.clear();
                while let Some(piece) = pieces.blocking_recv() {
                    document.extend_from_slice(&piece);
                }
                let looked = std::panic::catch_unwind(|| inspect::inspect(kind, &document));
                let looked = looked.unwrap_or_else(|_| Err(Refused("The document cannot be read.".to_owned())));
                // Whoever asked may have gone away.
                let _ = answer.send(looked);
            }
        })?;
        Ok(Self { objects, outbound, to_fetch: Notify::new(), looking })
    }

    /// Has a document looked at. Its pieces are read once it is its turn.
    async fn look(
        &self,
        kind: AssetKind,
        source: impl Stream<Item = Result<Bytes, StoreError>>,
    ) -> Result<(), NotTaken> {
        let ended = || StoreError::Broken("nobody looks at documents any more".to_owned());
        let (sender, pieces) = mpsc::channel(4);
        let (answer, answered) = oneshot::channel();
        self.looking.send(Look { kind, pieces, answer }).await.map_err(|_| ended())?;
        let mut source = pin!(source);
        while let Some(piece) = source.try_next().await? {
            sender.send(piece).await.map_err(|_| ended())?;
        }
        drop(sender);
        Ok(answered.await.map_err(|_| ended())??)
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

/// Takes a document in as it arrives. If this is dropped or fails, nothing stays.
///
/// # Errors
/// See [`NotTaken`].
pub async fn take_in(
    app: &App,
    kind: AssetKind,
    source: impl Stream<Item = Result<Bytes, Failure>>,
) -> Result<Written, NotTaken> {
    let (name, key) = (app.id(), Key::random(app.rng()));
    let mut writer = app.documents().objects.writer(name, &key).await?;
    let (mut start, mut size) = (Vec::with_capacity(inspect::START), 0);
    let mut source = pin!(source);
    loop {
        // Whoever sends nothing holds a place that others wait for.
        let next = tokio::time::timeout(IDLE, source.try_next()).await.unwrap_or(Err(Failure::Unreachable));
        let chunk = match next {
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
    let source = app.documents().objects.read(written.name, &written.key).await?;
    app.documents().look(kind, source).await
}

/// Deletes an object that no row names. One that cannot be deleted now is left to the sweep.
pub async fn discard(app: &App, name: Uuid) {
    if let Err(error) = app.documents().objects.delete(name).await {
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
    let sealed = app.keyring().seal_within(period, &label(&asset), written.key.expose()).await?;
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
            app.keyring().open_sealed(&Sealed { period, bytes: object.sealed_key.clone() }, &label).await?
        }
        Owner::Holder(holder) => Some(app.keyring().open_for_holder(holder, &label, &object.sealed_key).await?),
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
pub async fn check(app: &App, partner: Uuid, submissions: &[Submission]) -> Result<(), Error> {
    let mut faults = Vec::new();
    let mut known: Option<Partner> = None;
    for asset in submissions.iter().flat_map(|submission| &submission.assets) {
        let fault =
            |(code, message)| Fault { pointer: asset.pointer.clone(), code, message, received: None, suggestion: None };
        // In a box, like all that few pushes do: each push would be moved about with room for it.
        faults.extend(Box::pin(refusal(app, partner, &asset.source, asset.kind, &mut known)).await?.map(fault));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// Why a document is not taken, if it is not. `known` is the partner, once it has been looked up.
async fn refusal(
    app: &App,
    partner: Uuid,
    source: &AssetSource,
    kind: AssetKind,
    known: &mut Option<Partner>,
) -> Result<Option<(Code, String)>, Error> {
    match source {
        AssetSource::Upload => Ok(None),
        AssetSource::Bytes(bytes) => {
            let whole = futures::stream::iter([Ok(bytes.clone())]);
            match app.documents().look(kind, whole).await {
                Ok(()) => Ok(None),
                Err(NotTaken::Store(error)) => Err(error.into()),
                Err(refused) => Ok(Some((Code::AssetDataContent, refused.to_string()))),
            }
        }
        AssetSource::Address(address) => {
            if known.is_none() {
                *known = app.store().read().await?.partner(partner).await?;
            }
            let host = Url::parse(address).ok().and_then(|url| url.host_str().map(ToOwned::to_owned));
            let allowed = known.as_ref().zip(host).is_some_and(|(partner, host)| partner.may_fetch_from(&host));
            let message = "This host is not on your list of hosts that documents are fetched from; ask the operator to add it, or upload the document.";
            Ok((!allowed).then(|| (Code::AssetDataAddress, message.to_owned())))
        }
    }
}

/// The rows of a submission's assets; documents that came along are written.
///
/// # Errors
/// The store cannot be used.
pub async fn rows(app: &App, submission: &Submission, id: Uuid, period: Timestamp) -> Result<Vec<Asset>, StoreError> {
    let mut rows = Vec::with_capacity(submission.assets.len());
    for (position, asset) in submission.assets.iter().enumerate() {
        let asset_id = app.id();
        let state = Box::pin(first_state(app, &asset.source, asset_id, period)).await?;
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

/// The state that an asset begins in; a document that came along is written. `None` if the period's key is gone.
async fn first_state(
    app: &App,
    source: &AssetSource,
    asset_id: Uuid,
    period: Timestamp,
) -> Result<Option<AssetState>, StoreError> {
    match source {
        AssetSource::Upload => Ok(Some(AssetState::Awaited)),
        AssetSource::Address(address) => {
            let sealed = app.keyring().seal_within(period, &label(&asset_id), address.as_bytes()).await?;
            Ok(sealed.map(|sealed| AssetState::Fetching { sealed }))
        }
        AssetSource::Bytes(bytes) => {
            let (name, key) = (app.id(), Key::random(app.rng()));
            app.documents().objects.put(name, &key, bytes).await?;
            stored(app, asset_id, period, Written { name, size: bytes.len() as u64, key }).await
        }
    }
}

/// Deletes the objects of rows that were not written after all.
pub async fn discard_rows(app: &App, rows: &[Asset]) {
    for row in rows {
        if let AssetState::Stored(object) = &row.state {
            Box::pin(discard(app, object.name)).await;
        }
    }
}
