//! The data folder: private to its owner, and locked by the one server or restore that uses it.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// Suffixes of the files that belong to a SQLite database.
const COMPANIONS: [&str; 4] = ["", "-journal", "-shm", "-wal"];

/// Returns the paths of the SQLite database `file` and its companions, whether they exist or not.
pub fn database_files(file: &Path) -> impl Iterator<Item = PathBuf> + '_ {
    COMPANIONS.iter().map(|ending| {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(ending);
        file.with_file_name(name)
    })
}

/// Creates the data folder, readable by its owner only, unless it exists.
pub(crate) fn create(data: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(|error| {
        StoreError::Unavailable(format!("the data folder {} cannot be created: {error}", data.display()))
    })
}

/// Creates the database `file` with mode 0600 unless it exists. SQLite gives its other files the
/// same mode. Removes the access of others from existing files.
pub(crate) fn keep_private(file: &Path) -> Result<(), StoreError> {
    // An existing file must not be opened here: closing it would release the locks that SQLite has
    // on it in this process.
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    match created {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(StoreError::Unavailable(format!("{} cannot be created: {error}", file.display())));
        }
        _ => {}
    }
    for file in database_files(file) {
        if std::fs::metadata(&file).is_ok_and(|found| found.permissions().mode() & 0o077 != 0) {
            // A file of another owner cannot be changed. `tenure doctor` reports it.
            let _ = std::fs::set_permissions(&file, Permissions::from_mode(0o600));
        }
    }
    Ok(())
}

/// Error while locking the data folder.
#[derive(Debug, thiserror::Error)]
pub enum FolderLockError {
    /// Another process has locked it.
    #[error(
        "the data folder {0} is in use by another tenure server or restore: stop that one first, or use another folder (--data)"
    )]
    InUse(String),
    /// The folder cannot be opened or locked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lock on the data folder. It ends when it is dropped or the process ends, and leaves no file
/// behind.
#[derive(Debug)]
pub struct FolderLock {
    _folder: File,
}

impl FolderLock {
    /// Locks `data` for this process only, for a server on SQLite or a restore.
    ///
    /// # Errors
    /// See [`FolderLockError`].
    pub fn exclusive(data: &Path) -> Result<Self, FolderLockError> {
        Self::new(data, File::try_lock)
    }

    /// Locks `data` together with other servers that share a database on PostgreSQL. No restore can
    /// start meanwhile.
    ///
    /// # Errors
    /// See [`FolderLockError`].
    pub fn shared(data: &Path) -> Result<Self, FolderLockError> {
        Self::new(data, File::try_lock_shared)
    }

    fn new(data: &Path, lock: impl Fn(&File) -> Result<(), TryLockError>) -> Result<Self, FolderLockError> {
        create(data)?;
        let unavailable = |error: std::io::Error| {
            StoreError::Unavailable(format!("the data folder {} cannot be locked: {error}", data.display()))
        };
        let folder = File::open(data).map_err(unavailable)?;
        match lock(&folder) {
            Ok(()) => Ok(Self { _folder: folder }),
            // Some network file systems do not support locks.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                tracing::warn!(folder = %data.display(), "this file system does not support locks; nothing prevents a second server");
                Ok(Self { _folder: folder })
            }
            Err(TryLockError::Error(error)) => Err(unavailable(error).into()),
            Err(TryLockError::WouldBlock) => Err(FolderLockError::InUse(data.display().to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Part, Store};

    fn mode(file: &Path) -> u32 {
        std::fs::metadata(file).expect("it exists").permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn database_files_are_private_in_any_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("open to all");
        // An earlier release created this file readable by others.
        let old = folder.path().join("keyring.sqlite");
        std::fs::write(&old, "").expect("written");
        std::fs::set_permissions(&old, Permissions::from_mode(0o644)).expect("readable");
        for part in [Part::Data, Part::Keyring] {
            let store = Store::open(part, folder.path(), "", 2).await.expect("a store");
            let mut tx = store.write().await.expect("a transaction");
            tx.applied_migrations().await.expect("read");
            let there: Vec<PathBuf> =
                database_files(&folder.path().join(part.file())).filter(|file| file.exists()).collect();
            assert!(there.len() > 1, "the database and its log or journal: {there:?}");
            for file in there {
                assert_eq!(mode(&file), 0o600, "{}", file.display());
            }
        }
    }

    #[test]
    fn a_locked_folder_cannot_be_locked_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("new");
        let first = FolderLock::exclusive(&data).expect("locked");
        assert!(matches!(FolderLock::exclusive(&data), Err(FolderLockError::InUse(_))));
        assert!(matches!(FolderLock::shared(&data), Err(FolderLockError::InUse(_))));
        drop(first);
        let (_one, _other) = (FolderLock::shared(&data).expect("locked"), FolderLock::shared(&data).expect("shared"));
        assert!(matches!(FolderLock::exclusive(&data), Err(FolderLockError::InUse(_))));
    }
}
