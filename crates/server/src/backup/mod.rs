//! Backups: one file with the data and the keys of a running server, and its restore.
//!
//! Owns what a backup holds ([`tables`]), its file ([`container`]) and the two ways ([`make()`], [`restore()`]). A backup is
//! the same whether it was read from SQLite or from PostgreSQL, and goes into either.
//!
//! Two promises. Nothing that nobody has accepted is in it: neither the sealed data nor the ring keys. And it is of one
//! moment: the data is read in one transaction, the keys after it. An account of that moment had its key before, and so it
//! has it in the backup; unless it was deleted in between, and then it is deleted when the backup is put back. A key that
//! is newer than the data opens nothing and is dropped.

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

/// Why there is no backup, or nothing was restored: in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The root key cannot be used.
    #[error(transparent)]
    RootKey(#[from] RootKeyError),
    /// A file cannot be used.
    #[error("{path}: {cause}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The data folder is in use.
    #[error(transparent)]
    Locked(#[from] FolderLockError),
    /// It must not be done.
    #[error("{0}")]
    Refused(String),
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Says which file it was.
fn at(path: &Path) -> impl Fn(std::io::Error) -> BackupError + '_ {
    move |cause| BackupError::File { path: path.display().to_string(), cause }
}
