//! Refuses a run that would write two of its files into one.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// What two paths to one file have in common.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    /// The device and the inode of an existing file.
    Existing(u64, u64),
    /// The path of a new file, with its folder resolved.
    New(PathBuf),
}

/// Maximum number of symbolic links that are followed to a file that does not exist.
const LINKS: usize = 8;

impl Identity {
    fn of(path: &Path) -> Self {
        if let Ok(metadata) = std::fs::metadata(path) {
            return Self::Existing(metadata.dev(), metadata.ino());
        }
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            let Ok(target) = std::fs::read_link(&path) else { break };
            path = folder(&path).join(target);
        }
        let parent = std::fs::canonicalize(folder(&path)).unwrap_or_else(|_| folder(&path).to_owned());
        Self::New(path.file_name().map_or_else(|| parent.clone(), |name| parent.join(name)))
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Refuses two names for one file, also by a link or a relative path.
pub fn are_distinct(files: &[(&str, &Path)]) -> Result<(), Error> {
    let known: Vec<(&str, &Path, Identity)> =
        files.iter().map(|(what, path)| (*what, *path, Identity::of(path))).collect();
    for (at, (what, path, identity)) in known.iter().enumerate() {
        if let Some((other, ..)) = known[..at].iter().find(|(.., other)| other == identity) {
            return Err(Error::Usage(format!("{other} and {what} are one file, {}. Name another one", path.display())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_under_two_names_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("there"), "x").expect("written");
        std::fs::create_dir(path("sub")).expect("made");
        std::os::unix::fs::symlink(path("there"), path("to_there")).expect("linked");
        std::os::unix::fs::symlink("new", path("to_new")).expect("linked");
        let of = |one: &str, other: &str| are_distinct(&[("--links", &path(one)), ("--state", &path(other))]);
        for (one, other) in [
            ("there", "there"),
            ("there", "sub/../there"),
            ("there", "to_there"),
            ("new", "sub/../new"),
            ("new", "to_new"),
        ] {
            let said = of(one, other).expect_err(other).to_string();
            assert!(said.contains("--links and --state are one file"), "{said}");
        }
        assert!(of("there", "new").is_ok() && of("new", "sub/new").is_ok());
    }
}
