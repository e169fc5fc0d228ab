//! The object store: encrypted documents in a local folder or an S3 bucket.
//!
//! Owns how an object is named, written whole or not at all, read back piece by piece, and listed by age. An object's
//! name is a UUIDv7, so that the names sort by time and the age of one that nothing knows can be told. Every object is
//! sealed under a key of its own; where that key is kept is the caller's affair.

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

use crate::config::{ObjectStoreKind, Objects as Settings, Outbound};
use crate::keys::{Key, PIECE, SEALED_PIECE, SealedStream};
use ambient::Timestamp;
use store::StoreError;

/// Bytes that are written to a local file at once.
const LOCAL_PART: usize = 256 * 1024;
/// S3's smallest part, but for the last.
const S3_PART: usize = 5 * 1024 * 1024;
/// Objects that may be written at once. To S3 each holds a part in memory.
const LOCAL_WRITERS: usize = 64;
const S3_WRITERS: usize = 12;
/// Longest wait for a place among them.
const TURN: Duration = Duration::from_secs(10);

/// The object store; cheap to clone.
#[derive(Clone, Debug)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    instance: Arc<str>,
    folder: Option<Arc<FilePath>>,
    part: usize,
    writers: Arc<Semaphore>,
}

/// Reports a failure of the object store as one of the store, which callers handle alike.
fn store_error(error: object_store::Error) -> StoreError {
    match error {
        object_store::Error::NotFound { .. } => StoreError::Broken("an object is not in the object store".to_owned()),
        other => StoreError::Unavailable(format!("the object store: {other}")),
    }
}

impl Objects {
    /// Opens the store that `settings` name; a local one is the folder `documents` in `data`. Every object is under the name
    /// of `instance`, so that a sweep sees what this database's server has written and nothing else.
    ///
    /// # Errors
    /// What is missing or wrong, in words for the operator.
    pub fn open(settings: &Settings, outbound: &Outbound, data: &FilePath, instance: Uuid) -> Result<Self, String> {
        match settings.kind {
            ObjectStoreKind::Local => {
                let folder = data.join("documents");
                let made = std::fs::create_dir_all(&folder);
                made.map_err(|error| format!("the folder {} cannot be made: {error}", folder.display()))?;
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

    /// Begins to write the object `name`; it is there once [`Writer::finish`] has returned.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn writer(&self, name: Uuid, key: &Key) -> Result<Writer, StoreError> {
        let permit = tokio::time::timeout(TURN, self.writers.clone().acquire_owned()).await;
        let permit = permit.ok().and_then(Result::ok);
        let permit = permit.ok_or_else(|| StoreError::Unavailable("too many documents arrive at once".to_owned()))?;
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

    /// Writes a whole object, which is in memory already and so waits for nobody.
    ///
    /// # Errors
    /// The store cannot be used; then there is no object.
    pub async fn put(&self, name: Uuid, key: &Key, bytes: &[u8]) -> Result<(), StoreError> {
        let mut writer = self.begin(name, key, None).await?;
        writer.write(bytes).await?;
        writer.finish().await.map(drop)
    }

    /// Reads an object piece by piece.
    ///
    /// # Errors
    /// It is not there, or the store cannot be used; while reading, that it is not what was written.
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
            // What may be the last piece waits for what follows, or for the end.
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

    /// Reads a whole object of at most `most` bytes, which are reserved for it.
    ///
    /// # Errors
    /// As [`Objects::read`], or it is longer.
    pub async fn read_whole(&self, name: Uuid, key: &Key, most: usize) -> Result<Vec<u8>, StoreError> {
        let mut pieces = std::pin::pin!(self.read(name, key).await?);
        let mut whole = Vec::with_capacity(most);
        while let Some(piece) = pieces.try_next().await? {
            if whole.len() + piece.len() > most {
                return Err(StoreError::Broken("an object is longer than any that is written".to_owned()));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }

    /// Some hours share a folder, so that none grows without end.
    fn path(&self, name: Uuid) -> Path {
        Path::from_iter(place(&self.instance, name))
    }

    /// Deletes an object; one that is not there is fine.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn delete(&self, name: Uuid) -> Result<(), StoreError> {
        match self.store.delete(&self.path(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(store_error(error)),
        }
    }

    /// The names of objects that were made from `since` on and before `before`.
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

    /// Deletes what writers that were killed have left in a local folder before `before`. In a bucket it is not to be
    /// seen; a rule of the bucket ends unfinished uploads (docs/operations.md).
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
        deleted.map_err(|error| StoreError::Unavailable(format!("the documents' folder: {error}")))
    }
}

/// Where an object of an instance lies, folder by folder.
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

/// An object that is being written. One that is dropped before it is finished leaves nothing.
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
    /// Adds bytes.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            // A full piece is sealed once it is known not to be the last.
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

    /// Ends the object: from now on it is there, and durable. Returns how many bytes were written.
    ///
    /// # Errors
    /// The store cannot be used; then there is no object.
    pub async fn finish(mut self) -> Result<u64, StoreError> {
        self.seal_piece(true);
        self.send_part().await?;
        self.upload.complete().await.map_err(store_error)?;
        Ok(self.size)
    }

    /// Gives the object up.
    pub async fn abort(mut self) {
        if let Err(error) = self.upload.abort().await {
            tracing::warn!(%error, "an unfinished object could not be given up");
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
        Objects::open(&config.objects, &config.outbound, folder, Uuid::nil()).expect("a folder")
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
            // A dropped writer's file is removed on a thread of its own.
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
