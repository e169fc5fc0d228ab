//! Backups: one file with the data and the keys of a running server, and its restore.
//!
//! Owns the contents of a backup ([`tables`]), its file ([`container`]) and both directions
//! ([`make()`], [`restore()`]). A backup has the same form whether it was read from SQLite or from
//! PostgreSQL, and can be restored into either.
//!
//! It has two guarantees. First, it contains nothing of submissions that have not been accepted:
//! neither the encrypted data nor the epoch keys. Second, it is consistent. The data is read in one
//! transaction, the keys after it. Every account in the data had its key before, so the backup
//! contains it, unless the account was deleted in between; restoring then deletes it. Keys that are
//! newer than the data decrypt nothing and are dropped.

mod container;
mod documents;
mod load;
mod make;
mod plan;
mod postgres;
mod restore;
mod sqlite;
mod tables;
mod without_keys;

pub use container::About;
pub use documents::{Copied, FOLDER};
pub use make::{Made, make};
pub use restore::{Restored, refuse_unfinished, restore};
pub use without_keys::{GivenUp, give_up_keys};

use std::path::Path;

use crate::keys::RootKeyError;
use store::{FolderLockError, StoreError};

/// A backup or restore failed. The message is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A database is unavailable.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The root key cannot be used.
    #[error(transparent)]
    RootKey(#[from] RootKeyError),
    /// A file cannot be used.
    #[error("{path}: {cause}")]
    File { path: String, cause: std::io::Error },
    /// The data folder is in use.
    #[error(transparent)]
    Locked(#[from] FolderLockError),
    /// The operation is refused.
    #[error("{0}")]
    Refused(String),
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Adds the path to an I/O error.
fn at(path: &Path) -> impl Fn(std::io::Error) -> BackupError + '_ {
    move |cause| BackupError::File { path: path.display().to_string(), cause }
}
