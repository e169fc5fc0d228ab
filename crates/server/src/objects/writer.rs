//! The writer of one object, which ends its upload in the store whatever happens.

use std::sync::Arc;
use std::time::Duration;

use object_store::{MultipartUpload, PutPayload};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

use super::error::unavailable;
use crate::keys::{PIECE, SEALED_PIECE, SealedStream};
use store::StoreError;

/// Capacity that is reserved for a part before its first piece, in bytes.
const RESERVED: usize = 256 * 1024;
/// Timeout of ending an upload that was not completed. The sweep ends those that remain.
const ABORT_TIMEOUT: Duration = Duration::from_secs(60);

/// An object that is being written. Dropping it before [`Writer::finish`] has returned aborts the
/// upload in the background: a bucket would keep the parts, which are not listed as objects.
pub struct Writer {
    /// `None` once it was completed or is being aborted.
    upload: Option<Box<dyn MultipartUpload>>,
    seal: SealedStream,
    piece: Vec<u8>,
    part: Vec<u8>,
    part_size: usize,
    size: u64,
    place: Arc<str>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.begin_abort());
    }
}

impl Writer {
    /// Creates the writer of an upload in `place`, the name of the store in messages.
    pub(super) fn new(
        upload: Box<dyn MultipartUpload>,
        seal: SealedStream,
        place: Arc<str>,
        part_size: usize,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self {
        let (piece, part) = (Vec::with_capacity(SEALED_PIECE), Vec::with_capacity(RESERVED + SEALED_PIECE));
        Self { upload: Some(upload), seal, piece, part, part_size, size: 0, place, _permit: permit }
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            // A full piece is encrypted only once more bytes follow, because the last piece is
            // marked.
            if self.piece.len() == PIECE {
                self.seal_piece(false);
                if self.part.len() >= self.part_size {
                    self.send_part().await?;
                }
            }
            let (now, later) = bytes.split_at(bytes.len().min(PIECE - self.piece.len()));
            self.piece.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    fn seal_piece(&mut self, last: bool) {
        self.seal.seal(&mut self.piece, last);
        self.part.append(&mut self.piece);
    }

    fn upload(&mut self) -> Result<&mut Box<dyn MultipartUpload>, StoreError> {
        self.upload.as_mut().ok_or_else(|| StoreError::Broken("an upload was used after its end".to_owned()))
    }

    async fn send_part(&mut self) -> Result<(), StoreError> {
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(self.part_size + SEALED_PIECE));
        let sending = self.upload()?.put_part(PutPayload::from(part));
        sending.await.map_err(|error| unavailable(&self.place, &error))
    }

    /// Completes the object. On return it is durable and readable. Returns the number of bytes
    /// written.
    ///
    /// # Errors
    /// The store cannot be used; the object then does not exist, or the sweep finds it.
    pub async fn finish(mut self) -> Result<u64, StoreError> {
        self.seal_piece(true);
        self.send_part().await?;
        let completed = self.upload()?.complete().await;
        completed.map_err(|error| unavailable(&self.place, &error))?;
        self.upload = None;
        Ok(self.size)
    }

    /// Aborts the upload and discards the object.
    pub async fn abort(mut self) {
        if let Some(aborting) = self.begin_abort() {
            // The task logs its own failure.
            let _ = aborting.await;
        }
    }

    /// Starts to abort an upload that was not completed. Runs in its own task, which a caller that
    /// goes away does not cancel.
    fn begin_abort(&mut self) -> Option<JoinHandle<()>> {
        let mut upload = self.upload.take()?;
        // Without a runtime the process is ending. A local file is deleted on drop.
        let runtime = Handle::try_current().ok()?;
        Some(runtime.spawn(async move {
            match tokio::time::timeout(ABORT_TIMEOUT, upload.abort()).await {
                // After an error of the last request the upload may have been completed or aborted.
                Ok(Ok(()) | Err(object_store::Error::NotFound { .. })) => {}
                Ok(Err(error)) => tracing::warn!(%error, "aborting an unfinished upload failed"),
                Err(_) => tracing::warn!("aborting an unfinished upload timed out"),
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;
    use futures::FutureExt as _;
    use object_store::{PutResult, Result, UploadPart};

    use super::*;
    use crate::keys::Key;
    use ambient::Rng;

    /// What the store does with parts and with the completion.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum FakeResponse {
        Good,
        Error,
        Silence,
    }

    #[derive(Debug)]
    struct Upload {
        part: FakeResponse,
        completion: FakeResponse,
        aborted: Arc<AtomicU32>,
    }

    fn failed() -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: "500".into() }
    }

    #[async_trait]
    impl MultipartUpload for Upload {
        fn put_part(&mut self, _: PutPayload) -> UploadPart {
            match self.part {
                FakeResponse::Good => std::future::ready(Ok(())).boxed(),
                FakeResponse::Error => std::future::ready(Err(failed())).boxed(),
                FakeResponse::Silence => std::future::pending().boxed(),
            }
        }

        async fn complete(&mut self) -> Result<PutResult> {
            match self.completion {
                FakeResponse::Good => Ok(PutResult { e_tag: None, version: None, extensions: Default::default() }),
                FakeResponse::Error => Err(failed()),
                FakeResponse::Silence => std::future::pending().await,
            }
        }

        async fn abort(&mut self) -> Result<()> {
            self.aborted.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    }

    /// Writes an object and returns how often its upload was aborted. A silent store is given up by
    /// dropping the future.
    async fn aborts(part: FakeResponse, completion: FakeResponse) -> u32 {
        let aborted = Arc::new(AtomicU32::new(0));
        let upload = Upload { part, completion, aborted: aborted.clone() };
        let seal = SealedStream::new(&Key::random(&Rng::System));
        let writer = Writer::new(Box::new(upload), seal, "the bucket".into(), 1, None);
        let written = async move {
            let mut writer = writer;
            writer.write(&vec![7; 3 * PIECE]).await?;
            writer.finish().await
        };
        let ended = tokio::time::timeout(Duration::from_secs(1), written).await;
        let is_written = matches!(ended, Ok(Ok(_)));
        assert_eq!(is_written, part == FakeResponse::Good && completion == FakeResponse::Good);
        // The abort runs in its own task.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        aborted.load(Ordering::SeqCst)
    }

    #[tokio::test(start_paused = true)]
    async fn every_upload_that_is_not_completed_is_aborted() {
        assert_eq!(aborts(FakeResponse::Good, FakeResponse::Good).await, 0);
        for (part, completion) in [
            (FakeResponse::Error, FakeResponse::Good),
            (FakeResponse::Silence, FakeResponse::Good),
            (FakeResponse::Good, FakeResponse::Error),
            (FakeResponse::Good, FakeResponse::Silence),
        ] {
            assert_eq!(aborts(part, completion).await, 1, "{part:?} {completion:?}");
        }
    }
}
