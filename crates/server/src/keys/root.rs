//! The root key, a file in the data folder.
//!
//! There is no rotation of the root key: a key ring opens only with the one that created it.

use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::seal::Key;
use ambient::Rng;
use store::StoreError;

/// The root key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    /// The file cannot be read or created.
    #[error("the root key {path} cannot be used: {cause}")]
    File {
        /// The file.
        path: String,
        cause: std::io::Error,
    },
    /// Other users may read the file.
    #[error("other users can read the root key {0}; make it private: chmod 600 {0}")]
    NotPrivate(String),
    /// The file does not contain 32 bytes in base64.
    #[error("the root key {0} is not 32 bytes in base64; put back the correct file")]
    Malformed(String),
    /// The key ring contains keys, but the root key that wraps them is missing.
    #[error(
        "the key ring has keys, but their root key {0} is missing; put it back, or copy it from the node that has it \
         (a new one cannot decrypt them)"
    )]
    Missing(String),
    /// The key ring was created with another root key.
    #[error("the root key {0} does not belong to this key ring; copy root.key from the node that was started first")]
    Another(String),
    /// The key ring cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(super) fn path(data: &Path) -> PathBuf {
    data.join("root.key")
}

/// Reads the root key in `data`, which must exist.
///
/// # Errors
/// See [`RootKeyError`].
pub fn root_key(data: &Path) -> Result<Key, RootKeyError> {
    read(&path(data))
}

fn file_error(path: &Path, cause: std::io::Error) -> RootKeyError {
    RootKeyError::File { path: path.display().to_string(), cause }
}

/// Reads the root key from the file `path`.
pub(super) fn read(path: &Path) -> Result<Key, RootKeyError> {
    let text = std::fs::read(path).map(Zeroizing::new).map_err(|cause| file_error(path, cause))?;
    let shown = path.display().to_string();
    let metadata = std::fs::metadata(path).map_err(|cause| file_error(path, cause))?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(RootKeyError::NotPrivate(shown));
    }
    let bytes = STANDARD.decode(text.trim_ascii()).map(Zeroizing::new).ok();
    bytes.and_then(|bytes| Key::from_bytes(&bytes)).ok_or(RootKeyError::Malformed(shown))
}

/// Creates the root key in the file `path`. If another process with the same folder creates it
/// first, returns that key.
pub(super) fn create(path: &Path, rng: &Rng) -> Result<Key, RootKeyError> {
    let key = Key::random(rng);
    let text = Zeroizing::new(STANDARD.encode(key.expose()));
    let written =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
    match written {
        Ok(()) => Ok(key),
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => read(path),
        Err(cause) => Err(file_error(path, cause)),
    }
}
