//! The documents beside a backup: a folder of encrypted objects with the layout of the data folder.
//!
//! Objects never change, and names are never reused. So backups in the same folder share one folder
//! of documents, and each backup copies only the new ones. Nothing is deleted: objects become
//! unreadable when the backups with their keys are deleted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use uuid::Uuid;

use super::{BackupError, at, container::sync_folder};
use crate::objects::place;

/// Name of the folder beside a backup.
pub const FOLDER: &str = "tenure-documents";

/// The result of copying the documents of a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Number of copied documents.
    pub copied: usize,
    /// Number of documents that were already copied.
    pub there: usize,
    /// Documents that were not found.
    pub missing: Vec<Uuid>,
}

/// Copies the objects of `instance` from one folder to another, durably. Copies an incomplete
/// object again.
pub(super) fn copy(
    from: &Path,
    to: &Path,
    instance: Uuid,
    objects: &[Uuid],
    bar: &ProgressBar,
) -> Result<Copied, BackupError> {
    let instance = instance.simple().to_string();
    let (mut done, mut folders) = (Copied::default(), BTreeSet::new());
    bar.set_length(objects.len() as u64);
    for object in objects {
        bar.inc(1);
        let [instance, shard, name] = place(&instance, *object);
        let within = PathBuf::from(instance).join(shard);
        let (source, folder) = (from.join(&within).join(&name), to.join(&within));
        let target = folder.join(&name);
        let Ok(there) = std::fs::metadata(&source) else {
            done.missing.push(*object);
            continue;
        };
        if std::fs::metadata(&target).is_ok_and(|copy| copy.len() == there.len()) {
            done.there += 1;
            continue;
        }
        std::fs::create_dir_all(&folder).map_err(at(&folder))?;
        // Copied under another name first: a power failure may leave an empty file of the right
        // size.
        let unfinished = folder.join(format!("{name}#copy"));
        let copied = std::fs::copy(&source, &unfinished)
            .and_then(|_| std::fs::File::open(&unfinished)?.sync_all())
            .and_then(|()| std::fs::rename(&unfinished, &target));
        match copied {
            Ok(()) => done.copied += 1,
            // Deleted since it was listed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => done.missing.push(*object),
            Err(error) => return Err(at(&target)(error)),
        }
        folders.insert(target);
    }
    for written in folders {
        sync_folder(&written)?;
    }
    Ok(done)
}
