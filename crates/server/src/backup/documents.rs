//! The documents beside a backup: a folder of sealed objects, laid out as in the data folder.
//!
//! Objects never change and never come back under the same name, so backups in one place share one folder, and a backup copies
//! what is not there yet. Nothing is removed: an object's key is in the backups, and goes with them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use uuid::Uuid;

use super::{BackupError, at, container::sync_folder};
use crate::objects::place;

/// The folder's name, beside a backup.
pub const FOLDER: &str = "tenure-documents";

/// What became of the documents that a backup names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// How many were copied.
    pub copied: usize,
    /// How many were there already.
    pub there: usize,
    /// Those that were nowhere.
    pub missing: Vec<Uuid>,
}

/// Copies the objects of `instance` from one folder to another, durably. An object that is half there is copied anew.
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
        // Another name until it is whole: a power cut may leave a file of the right size with nothing in it.
        let unfinished = folder.join(format!("{name}#copy"));
        let copied = std::fs::copy(&source, &unfinished)
            .and_then(|_| std::fs::File::open(&unfinished)?.sync_all())
            .and_then(|()| std::fs::rename(&unfinished, &target));
        match copied {
            Ok(()) => done.copied += 1,
            // Deleted while we came to it.
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
