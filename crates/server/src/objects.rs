//! The object store: encrypted documents in a local folder or an S3 bucket.
//!
//! Owns how objects are named, written atomically, read back piece by piece, and listed by age. An
//! object's name is a UUIDv7: names sort by creation time, and the name of an orphaned object tells
//! its age. Every object has its own encryption key, which the caller stores.

mod s3;

use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::config::{ObjectStorage as Settings, ObjectStoreKind, Outbound};
use crate::keys::{Key, PIECE, SEALED_PIECE, SealedStream};
use ambient::Timestamp;
use store::StoreError;

/// Size of one write to a local file, in bytes.
const LOCAL_PART: usize = 256 * 1024;
/// Minimum size of an S3 part except the last, in bytes.
const S3_PART: usize = 5 * 1024 * 1024;
/// Maximum number of concurrent writers. For S3, each buffers one part in memory.
const LOCAL_WRITERS: usize = 64;
const S3_WRITERS: usize = 12;
/// Timeout for acquiring a writer permit.
const TURN: Duration = Duration::from_secs(10);

/// The object store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    instance: Arc<str>,
    folder: Option<Arc<FilePath>>,
    part: usize,
    writers: Arc<Semaphore>,
}

/// Converts an error of the object store into a [`StoreError`], so that callers handle both alike.
fn store_error(error: object_store::Error) -> StoreError {
    match error {
        object_store::Error::NotFound { .. } => {
            StoreError::Broken("an object is missing in the object store".to_owned())
        }
        other => StoreError::Unavailable(format!("the object store is unavailable: {other}")),
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
                    folder: Some(folder.into()),
                    part: LOCAL_PART,
                    writers: Arc::new(Semaphore::new(LOCAL_WRITERS)),
                })
            }
            ObjectStoreKind::S3 => Ok(Self {
                store: Arc::new(s3::bucket(settings, outbound)?),
                instance: instance.simple().to_string().into(),
                folder: None,
                part: S3_PART,
                writers: Arc::new(Semaphore::new(S3_WRITERS)),
            }),
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
        Ok(Writer {
            upload: self.store.put_multipart(&self.path(name)).await.map_err(store_error)?,
            seal: SealedStream::new(key),
            piece: Vec::with_capacity(SEALED_PIECE),
            part: Vec::with_capacity(self.part.min(LOCAL_PART) + SEALED_PIECE),
            part_size: self.part,
            size: 0,
            _permit: permit,
        })
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
        let source =
            self.store.get_opts(&self.path(name), GetOptions::default()).await.map_err(store_error)?.into_stream();
        let state = (source, Vec::with_capacity(2 * SEALED_PIECE), SealedStream::new(key), false);
        Ok(futures::stream::try_unfold(state, |(mut source, mut pending, mut stream, ended)| async move {
            if ended {
                return Ok(None);
            }
            // The last piece is authenticated as such: read on until more than one piece is
            // buffered, or the object ends.
            while pending.len() <= SEALED_PIECE {
                match source.try_next().await.map_err(store_error)? {
                    Some(chunk) => pending.extend_from_slice(&chunk),
                    None => {
                        stream.open(&mut pending, true).map_err(broken)?;
                        return Ok(Some((Bytes::from(pending), (source, Vec::new(), stream, true))));
                    }
                }
            }
            let rest = pending.split_off(SEALED_PIECE);
            stream.open(&mut pending, false).map_err(broken)?;
            Ok(Some((Bytes::from(pending), (source, rest, stream, false))))
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
            Err(error) => Err(store_error(error)),
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
            let name = meta.map_err(store_error)?.location.filename().and_then(|name| Uuid::try_parse(name).ok());
            names.extend(name.filter(|name| made_at(*name) < before));
        }
        Ok(names)
    }

    /// Deletes files that killed writers have left in a local folder before `before`. Unfinished
    /// uploads in a bucket are not visible here; a bucket rule ends them
    /// (docs/operate/configure.md).
    ///
    /// # Errors
    /// The folder cannot be used.
    pub async fn delete_unfinished(&self, before: Timestamp) -> Result<usize, StoreError> {
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

/// Returns the path of an object of an instance, by path segment.
pub fn place(instance: &str, name: Uuid) -> [String; 3] {
    let name = name.simple().to_string();
    [instance.to_owned(), name[..6].to_owned(), name]
}

fn broken(error: crate::keys::DecryptError) -> StoreError {
    StoreError::Broken(error.to_string())
}

fn made_at(name: Uuid) -> Timestamp {
    let millis = i64::try_from(name.as_u128() >> 80).unwrap_or_default();
    Timestamp::from_micros(millis * 1000)
}

/// An object that is being written. Dropping it before [`Writer::finish`] leaves nothing behind.
pub struct Writer {
    upload: Box<dyn MultipartUpload>,
    seal: SealedStream,
    piece: Vec<u8>,
    part: Vec<u8>,
    part_size: usize,
    size: u64,
    _permit: Option<OwnedSemaphorePermit>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Writer {
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

    async fn send_part(&mut self) -> Result<(), StoreError> {
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(self.part_size + SEALED_PIECE));
        self.upload.put_part(PutPayload::from(part)).await.map_err(store_error)
    }

    /// Completes the object. On return it is durable and readable. Returns the number of bytes
    /// written.
    ///
    /// # Errors
    /// The store cannot be used; the object then does not exist.
    pub async fn finish(mut self) -> Result<u64, StoreError> {
        self.seal_piece(true);
        self.send_part().await?;
        self.upload.complete().await.map_err(store_error)?;
        Ok(self.size)
    }

    /// Aborts the upload and discards the object.
    pub async fn abort(mut self) {
        if let Err(error) = self.upload.abort().await {
            tracing::warn!(%error, "aborting an unfinished upload failed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use ambient::Rng;

    fn local(folder: &FilePath) -> Objects {
        let config = Config::load(None, [], &[]).expect("the default is good");
        Objects::open(&config.object_storage, &config.outbound, folder, Uuid::nil()).expect("a folder")
    }

    fn count(folder: &FilePath) -> usize {
        let Ok(shards) = std::fs::read_dir(folder.join("documents").join(Uuid::nil().simple().to_string())) else {
            return 0;
        };
        shards.map(|shard| std::fs::read_dir(shard.expect("a shard").path()).expect("a folder").count()).sum()
    }

    #[tokio::test]
    async fn objects_of_any_length_are_encrypted_and_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let (objects, rng) = (local(folder.path()), Rng::System);
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 5 * PIECE + 7] {
            let bytes: Vec<u8> = b"a working life ".iter().copied().cycle().take(length).collect();
            let (name, key) = (rng.id(Timestamp::from_micros(0)), Key::random(&rng));
            objects.put(name, &key, &bytes).await.expect("written");
            assert_eq!(objects.read_whole(name, &key, length).await.expect("read"), bytes, "{length}");
            let file =
                std::fs::read(folder.path().join("documents").join(objects.path(name).as_ref())).expect("a file");
            assert!(!file.windows(12).any(|window| window == b"working life"));
            let other = Key::random(&rng);
            assert!(objects.read_whole(name, &other, length).await.is_err(), "another key");
            std::fs::write(folder.path().join("documents").join(objects.path(name).as_ref()), &file[..file.len() - 1])
                .unwrap();
            assert!(objects.read_whole(name, &key, length).await.is_err(), "cut off");
            objects.delete(name).await.expect("deleted");
            objects.delete(name).await.expect("deleted twice");
            assert!(objects.read_whole(name, &key, length).await.is_err());
        }
        assert_eq!(count(folder.path()), 0);
    }

    #[tokio::test]
    async fn unfinished_objects_are_unreadable_and_deleted() {
        let folder = tempfile::tempdir().expect("a folder");
        let (objects, rng) = (local(folder.path()), Rng::System);
        let at = Timestamp::from_micros(1_700_000_000_000_000);
        let key = Key::random(&rng);
        for abort in [true, false] {
            let name = rng.id(at);
            let mut writer = objects.writer(name, &key).await.expect("a writer");
            writer.write(&[7; 3 * LOCAL_PART]).await.expect("written");
            assert!(objects.read_whole(name, &key, 10).await.is_err());
            if abort {
                writer.abort().await;
            } else {
                drop(writer);
            }
            // The file of a dropped writer is deleted on another thread.
            while count(folder.path()) > 0 {
                tokio::task::yield_now().await;
            }
        }
        let name = rng.id(at);
        let path = folder.path().join("documents").join(objects.path(name).as_ref());
        let shard = path.parent().expect("a shard");
        std::fs::create_dir_all(shard).expect("a folder");
        std::fs::write(shard.join(format!("{}#1", name.simple())), b"left by a killed writer").expect("a file");
        assert_eq!(objects.delete_unfinished(at).await.expect("looked"), 0, "it may still be written");
        assert_eq!(objects.delete_unfinished(at + std::time::Duration::from_secs(1)).await.expect("looked"), 1);
    }

    #[tokio::test]
    async fn objects_are_listed_by_creation_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let (objects, rng) = (local(folder.path()), Rng::System);
        let at = |hours: i64| Timestamp::from_micros(1_700_000_000_000_000 + hours * 3_600_000_000);
        let mut names = Vec::new();
        for hours in 0..12 {
            let name = rng.id(at(hours));
            objects.put(name, &Key::random(&rng), b"x").await.expect("written");
            names.push(name);
        }
        let mut found = objects.made_between(at(3), at(9)).await.expect("listed");
        found.sort();
        assert_eq!(found, names[3..9]);
        assert_eq!(objects.made_between(Timestamp::from_micros(0), at(99)).await.expect("listed").len(), 12);
    }
}
