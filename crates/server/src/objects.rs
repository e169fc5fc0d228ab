//! The object store: encrypted documents in a local folder or an S3 bucket.
//!
//! Owns how objects are named, written atomically, read back piece by piece, and listed by age. An
//! object's name is a UUIDv7: names sort by creation time, and the name of an orphaned object tells
//! its age. Every object has its own encryption key, which the caller stores.

mod error;
mod name;
mod s3;
#[cfg(test)]
mod tests;
mod writer;

use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore, ObjectStoreExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::config::{ObjectStorage as Settings, ObjectStoreKind, Outbound};
use crate::keys::{Key, SEALED_PIECE, SealedStream};
use ambient::Timestamp;
use store::StoreError;

use error::{broken, not_as_written, unavailable, unreadable};
use name::made_at;

pub use name::place;
pub use writer::Writer;

/// Size of one write to a local file, in bytes.
const LOCAL_PART: usize = 256 * 1024;
/// Minimum size of an S3 part except the last, in bytes.
const S3_PART: usize = 5 * 1024 * 1024;
/// Maximum number of concurrent writers. For S3, each buffers one part in memory.
const LOCAL_WRITERS: usize = 64;
const S3_WRITERS: usize = 12;
/// Timeout for acquiring a writer permit.
const TURN: Duration = Duration::from_secs(10);
/// Timeout of the start of an object and of each further chunk while it is read. Shorter than the
/// default request timeout, so that a silent store is logged as the cause.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The object store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    instance: Arc<str>,
    folder: Option<Arc<FilePath>>,
    bucket: Option<Arc<s3::Bucket>>,
    /// The name of the store in messages to the operator.
    place: Arc<str>,
    part: usize,
    writers: Arc<Semaphore>,
}

/// Runs a read with [`READ_TIMEOUT`].
async fn in_time<T>(
    place: &str,
    reading: impl Future<Output = Result<T, object_store::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(READ_TIMEOUT, reading).await {
        Ok(read) => read.map_err(|error| unreadable(place, &error)),
        Err(_) => Err(StoreError::Unavailable(format!("the object store does not respond ({place})"))),
    }
}

impl Objects {
    /// Opens the store described by `settings`; a local one is the folder `documents` in `data`.
    /// Object paths begin with `instance`, so that a sweep only lists objects that belong to this
    /// database.
    ///
    /// # Errors
    /// A setting is missing or wrong; the message is for the operator.
    pub fn open(settings: &Settings, outbound: &Outbound, data: &FilePath, instance: Uuid) -> Result<Self, String> {
        match settings.kind {
            ObjectStoreKind::Local => {
                let folder = data.join("documents");
                let made = std::fs::create_dir_all(&folder);
                made.map_err(|error| format!("the folder {} cannot be created: {error}", folder.display()))?;
                let store = LocalFileSystem::new_with_prefix(&folder).map_err(|error| error.to_string())?;
                Ok(Self {
                    store: Arc::new(store.with_fsync(true)),
                    instance: instance.simple().to_string().into(),
                    place: format!("the folder {}", folder.display()).into(),
                    folder: Some(folder.into()),
                    bucket: None,
                    part: LOCAL_PART,
                    writers: Arc::new(Semaphore::new(LOCAL_WRITERS)),
                })
            }
            ObjectStoreKind::S3 => {
                let bucket = s3::bucket(settings, outbound)?;
                Ok(Self {
                    store: Arc::new(bucket.store.clone()),
                    instance: instance.simple().to_string().into(),
                    folder: None,
                    bucket: Some(Arc::new(bucket)),
                    place: format!("the bucket \"{}\" (object_storage.bucket)", settings.bucket).into(),
                    part: S3_PART,
                    writers: Arc::new(Semaphore::new(S3_WRITERS)),
                })
            }
        }
    }

    /// Starts writing the object `name`, which exists once [`Writer::finish`] has returned.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn writer(&self, name: Uuid, key: &Key) -> Result<Writer, StoreError> {
        let permit = tokio::time::timeout(TURN, self.writers.clone().acquire_owned()).await;
        let permit = permit.ok().and_then(Result::ok);
        let permit = permit.ok_or_else(|| StoreError::Unavailable("too many concurrent uploads".to_owned()))?;
        self.begin(name, key, Some(permit)).await
    }

    async fn begin(&self, name: Uuid, key: &Key, permit: Option<OwnedSemaphorePermit>) -> Result<Writer, StoreError> {
        // Runs in its own task: if the caller goes away while the store begins the upload, the task
        // still gets its id, and the unused writer ends it.
        let (store, path, place) = (self.store.clone(), self.path(name), self.place.clone());
        let (seal, part_size) = (SealedStream::new(key), self.part);
        let began = tokio::spawn(async move {
            let upload = store.put_multipart(&path).await.map_err(|error| unavailable(&place, &error))?;
            Ok::<_, StoreError>(Writer::new(upload, seal, place, part_size, permit))
        });
        began.await.map_err(|error| StoreError::Broken(error.to_string()))?
    }

    /// Writes a whole object from memory. Needs no writer permit, since it never waits for further
    /// input.
    ///
    /// # Errors
    /// The store cannot be used; the object then does not exist.
    pub async fn put(&self, name: Uuid, key: &Key, bytes: &[u8]) -> Result<(), StoreError> {
        let mut writer = self.begin(name, key, None).await?;
        writer.write(bytes).await?;
        writer.finish().await.map(drop)
    }

    /// Reads an object piece by piece.
    ///
    /// # Errors
    /// The object does not exist or the store cannot be used. The stream fails if a piece cannot be
    /// authenticated.
    pub async fn read(
        &self,
        name: Uuid,
        key: &Key,
    ) -> Result<impl Stream<Item = Result<Bytes, StoreError>> + Send + use<>, StoreError> {
        let place = self.place.clone();
        let path = self.path(name);
        let source = in_time(&place, self.store.get_opts(&path, GetOptions::default())).await?.into_stream();
        let pending = Vec::with_capacity(2 * SEALED_PIECE);
        let state = (source, pending, SealedStream::new(key), Some(place));
        Ok(futures::stream::try_unfold(state, |(mut source, mut pending, mut stream, place)| async move {
            // `None` once the object has ended.
            let Some(place) = place else { return Ok(None) };
            // The last piece is authenticated as such: read on until more than one piece is
            // buffered, or the object ends.
            while pending.len() <= SEALED_PIECE {
                match in_time(&place, source.try_next()).await? {
                    Some(chunk) => pending.extend_from_slice(&chunk),
                    None => {
                        stream.open(&mut pending, true).map_err(|error| broken(&place, &error))?;
                        return Ok(Some((Bytes::from(pending), (source, Vec::new(), stream, None))));
                    }
                }
            }
            let rest = pending.split_off(SEALED_PIECE);
            stream.open(&mut pending, false).map_err(|error| broken(&place, &error))?;
            Ok(Some((Bytes::from(pending), (source, rest, stream, Some(place)))))
        }))
    }

    /// Reads a whole object of at most `most` bytes, and reserves that capacity.
    ///
    /// # Errors
    /// As [`Objects::read`], or the object is longer.
    pub async fn read_whole(&self, name: Uuid, key: &Key, most: usize) -> Result<Vec<u8>, StoreError> {
        let mut pieces = std::pin::pin!(self.read(name, key).await?);
        let mut whole = Vec::with_capacity(most);
        while let Some(piece) = pieces.try_next().await? {
            if whole.len() + piece.len() > most {
                return Err(StoreError::Broken("an object is larger than any that this server writes".to_owned()));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }

    /// Reads a whole object to verify that it was stored as it was written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it was not, or the store cannot be used: the document was not
    /// accepted yet, and can be sent again.
    pub async fn verify(&self, name: Uuid, key: &Key) -> Result<(), StoreError> {
        let mut pieces = std::pin::pin!(self.read_back(name, key).await?);
        while pieces.try_next().await?.is_some() {}
        Ok(())
    }

    /// Reads an object that was just written, piece by piece.
    ///
    /// # Errors
    /// As [`Objects::verify`].
    pub async fn read_back(
        &self,
        name: Uuid,
        key: &Key,
    ) -> Result<impl Stream<Item = Result<Bytes, StoreError>> + Send + use<>, StoreError> {
        Ok(self.read(name, key).await.map_err(not_as_written)?.map_err(not_as_written))
    }

    /// Returns the path of an object. Folders are named by time, which bounds their size.
    fn path(&self, name: Uuid) -> Path {
        Path::from_iter(place(&self.instance, name))
    }

    /// Deletes an object. Succeeds if it does not exist.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn delete(&self, name: Uuid) -> Result<(), StoreError> {
        match self.store.delete(&self.path(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(&self.place, &error)),
        }
    }

    /// Returns the names of objects created from `since` (inclusive) to `before` (exclusive).
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn made_between(&self, since: Timestamp, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        let offset = self.path(since.lowest_id());
        let mut found = self.store.list_with_offset(Some(&Path::from(&*self.instance)), &offset);
        let mut names = Vec::new();
        while let Some(meta) = found.next().await {
            let meta = meta.map_err(|error| unavailable(&self.place, &error))?;
            let name = meta.location.filename().and_then(|name| Uuid::try_parse(name).ok());
            names.extend(name.filter(|name| made_at(*name) < before));
        }
        Ok(names)
    }

    /// Returns whether [`Objects::delete_unfinished`] finds unfinished uploads. If not, only a
    /// lifecycle rule of the bucket ends them (docs/operate/configure.md).
    ///
    /// # Errors
    /// The bucket cannot be used.
    pub async fn lists_unfinished(&self) -> Result<bool, StoreError> {
        let Some(bucket) = &self.bucket else { return Ok(true) };
        let listed = in_time(&self.place, bucket.unfinished(&self.instance)).await?;
        Ok(listed.is_some())
    }

    /// Deletes what killed writers, and writers whose abort failed, have left before `before`:
    /// files in a local folder, unfinished uploads in a bucket.
    ///
    /// # Errors
    /// The folder or the bucket cannot be used.
    pub async fn delete_unfinished(&self, before: Timestamp) -> Result<usize, StoreError> {
        if let Some(bucket) = &self.bucket {
            let aborted = bucket.abort_unfinished(&self.instance, before).await;
            return aborted.map_err(|error| unavailable(&self.place, &error));
        }
        let Some(folder) = self.folder.as_ref().map(|folder| folder.join(&*self.instance)) else { return Ok(0) };
        if !folder.exists() {
            return Ok(0);
        }
        let deleted = tokio::task::spawn_blocking(move || -> std::io::Result<usize> {
            let mut deleted = 0;
            for shard in std::fs::read_dir(&folder)? {
                let shard = shard?.path();
                if !shard.is_dir() {
                    continue;
                }
                for file in std::fs::read_dir(shard)? {
                    let file = file?;
                    let name = file.file_name();
                    let staged = name.to_str().and_then(|name| name.split_once('#'));
                    let name = staged.and_then(|(name, _)| Uuid::try_parse(name).ok());
                    if name.is_some_and(|name| made_at(name) < before) {
                        std::fs::remove_file(file.path())?;
                        deleted += 1;
                    }
                }
            }
            Ok(deleted)
        });
        let deleted = deleted.await.map_err(|error| StoreError::Broken(error.to_string()))?;
        deleted.map_err(|error| StoreError::Unavailable(format!("the documents folder is unavailable: {error}")))
    }
}
