//! The record of deleted accounts: a file beside the root key, with one account id per line. The
//! ids reveal nothing about a person.
//!
//! A backup still contains the keys of accounts that were deleted later. `tenure restore` reads
//! this file and removes them.

use std::collections::HashSet;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;

pub(super) fn path(data: &Path) -> PathBuf {
    data.join("deleted-accounts")
}

/// Appends `holder` to the file `path` on a new line, because an earlier write may have been
/// interrupted.
pub(super) fn append(path: &Path, holder: Uuid) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    file.write_all(format!("\n{holder}\n").as_bytes())?;
    file.sync_data()
}

/// Returns the accounts that are recorded as deleted in `data`, or `None` if there is no record.
///
/// # Errors
/// The file cannot be read.
pub fn deleted_accounts(data: &Path) -> std::io::Result<Option<HashSet<Uuid>>> {
    match std::fs::read_to_string(path(data)) {
        // A line whose write was interrupted is not an id. Its deletion was retried and recorded
        // again.
        Ok(text) => Ok(Some(text.lines().filter_map(|line| line.trim().parse().ok()).collect())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interrupted_line_does_not_hide_the_next_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = path(folder.path());
        let [first, second] = [1, 2].map(Uuid::from_u128);
        std::fs::write(&path, format!("{first}\n00000000-0000-00")).expect("written");
        append(&path, second).expect("appended");
        let known = deleted_accounts(folder.path()).expect("read").expect("a file");
        assert_eq!(known, HashSet::from([first, second]));
    }
}
