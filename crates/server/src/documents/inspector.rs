//! The thread that inspects documents, one at a time.

use std::pin::pin;

use bytes::Bytes;
use credential::AssetKind;
use futures::{Stream, TryStreamExt as _};
use tokio::sync::{mpsc, oneshot};

use super::inspect::{InspectError, inspect};
use super::upload_error::UploadError;
use store::StoreError;

/// Inspects documents one after the other, since each may take some ten megabytes while it is decoded; and on one thread with
/// one buffer, so that those are the same ten megabytes.
#[derive(Debug)]
pub struct Inspector(mpsc::Sender<Inspection>);

/// A document that arrives in pieces.
struct Inspection {
    kind: AssetKind,
    pieces: mpsc::Receiver<Bytes>,
    result: oneshot::Sender<Result<(), InspectError>>,
}

impl std::fmt::Debug for Inspection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inspection").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Inspector {
    /// Starts the thread, which ends when this is dropped.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start() -> std::io::Result<Self> {
        let (sender, mut inspections) = mpsc::channel::<Inspection>(1);
        std::thread::Builder::new().name("documents".to_owned()).spawn(move || {
            let mut document = Vec::new();
            while let Some(Inspection { kind, mut pieces, result }) = inspections.blocking_recv() {
                document.clear();
                while let Some(piece) = pieces.blocking_recv() {
                    document.extend_from_slice(&piece);
                }
                let inspected = std::panic::catch_unwind(|| inspect(kind, &document));
                let unreadable = |_| Err(InspectError("The document cannot be read.".to_owned()));
                // The caller may have been canceled.
                let _ = result.send(inspected.unwrap_or_else(unreadable));
            }
        })?;
        Ok(Self(sender))
    }

    /// Inspects the document in `source`, which is read when it is its turn.
    ///
    /// # Errors
    /// [`UploadError::Refused`] by the inspection, [`UploadError::Store`] if `source` cannot be read.
    pub async fn inspect(
        &self,
        kind: AssetKind,
        source: impl Stream<Item = Result<Bytes, StoreError>>,
    ) -> Result<(), UploadError> {
        let ended = || StoreError::Broken("the thread that inspects documents has ended".to_owned());
        let (sender, pieces) = mpsc::channel(4);
        let (result, inspected) = oneshot::channel();
        self.0.send(Inspection { kind, pieces, result }).await.map_err(|_| ended())?;
        let mut source = pin!(source);
        while let Some(piece) = source.try_next().await? {
            sender.send(piece).await.map_err(|_| ended())?;
        }
        drop(sender);
        Ok(inspected.await.map_err(|_| ended())??)
    }
}
