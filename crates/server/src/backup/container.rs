//! The file of a backup: a SQLite database with the kept tables, and a trailer that authenticates
//! it.
//!
//! The database has no column types and no indexes, because it is read once from front to back.
//! SQLite ignores the trailer: eight letters, the SHA-256 of everything before them, and a keyed
//! hash of that under the root key. It reveals a backup that was truncated, damaged, modified, or
//! created with another root key.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use indicatif::ProgressBar;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};
use subtle::ConstantTimeEq as _;

use super::plan::Planned;
use super::tables::{self, Kept};
use super::{BackupError, at};
use crate::keys::Key;
use ambient::Timestamp;
use store::{StoreError, scratch};

const LETTERS: &[u8; 8] = b"TENUREB1";
const HASH: usize = 32;
const TRAILER: usize = LETTERS.len() + 2 * HASH;
/// Label of the keyed hash.
const LABEL: &str = "backup";

/// Description of a backup, stored in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The release that created it.
    pub tenure: String,
    /// The moment whose data it contains.
    pub made_at: Timestamp,
    /// The database that it was read from: `sqlite` or `postgresql`.
    pub database: String,
    /// Schema version of the data.
    pub data: i64,
    /// Schema version of the key ring.
    pub keyring: i64,
    /// Where documents are stored: `local` or `s3`.
    pub documents: String,
    /// Number of pending submissions at that time. The backup contains none of their data.
    pub waiting: i64,
    /// Number of rows of each table.
    pub rows: Vec<(String, i64)>,
}

impl About {
    /// Returns the number of rows of a table.
    pub fn count(&self, table: &str) -> i64 {
        self.rows.iter().find(|(name, _)| name == table).map_or(0, |(_, count)| *count)
    }
}

/// A backup that is being written under a temporary name.
#[derive(Debug)]
pub(super) struct Unfinished {
    /// The temporary file.
    pub(super) path: PathBuf,
    to: PathBuf,
    _lock: BackupLock,
}

/// A lock file beside the backup, held while it is written. The backup itself is not locked: on a
/// network file system the lock could conflict with SQLite's own locks.
#[derive(Debug)]
struct BackupLock {
    path: PathBuf,
    _file: File,
}

impl BackupLock {
    fn of(part: &Path) -> Result<Self, BackupError> {
        let path = with_ending(part, "-lock");
        let in_use = || {
            let said = format!("{} is in use: another tenure backup is writing to this file", part.display());
            Err(BackupError::Refused(said))
        };
        let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = opened.map_err(at(&path))?;
        match file.try_lock() {
            // On a file system without locks, backups are not prevented.
            Ok(()) | Err(TryLockError::Error(_)) => {}
            Err(TryLockError::WouldBlock) => return in_use(),
        }
        // Between open and lock, another process may have finished and removed the file.
        let locked = file.metadata().map_err(at(&path))?;
        match std::fs::metadata(&path) {
            Ok(there) if there.ino() == locked.ino() => Ok(Self { path, _file: file }),
            _ => in_use(),
        }
    }
}

impl Drop for BackupLock {
    /// Removes the file while it is still locked, so that a later process creates a new one.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

impl Unfinished {
    /// Starts a backup that will be named `to`. Removes the file of an interrupted attempt, but
    /// refuses if that attempt is still running.
    pub(super) fn begin(to: &Path, force: bool) -> Result<Self, BackupError> {
        if !force && to.exists() {
            let said = format!("{} already exists; use --force to overwrite it", to.display());
            return Err(BackupError::Refused(said));
        }
        if to.file_name().is_none() {
            return Err(BackupError::Refused(format!("{} is not a regular file", to.display())));
        }
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            let said = format!("the folder {} does not exist. Create it, or choose another", folder.display());
            return Err(BackupError::Refused(said));
        }
        let path = with_ending(to, ".part");
        let lock = BackupLock::of(&path)?;
        if path.exists() {
            std::fs::remove_file(&path).map_err(at(&path))?;
        }
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(at(&path))?;
        Ok(Self { path, to: to.to_owned(), _lock: lock })
    }

    /// Opens the file for writing.
    pub(super) async fn open(&self) -> Result<SqliteConnection, StoreError> {
        scratch(Some(&self.path)).await
    }

    /// Appends the trailer, makes the file durable and renames it. Returns its size.
    pub(super) fn finish(self, root: &Key) -> Result<u64, BackupError> {
        let mut file = OpenOptions::new().read(true).append(true).open(&self.path).map_err(at(&self.path))?;
        let size = file.metadata().map_err(at(&self.path))?.len();
        let digest = digest(&mut file, size, &ProgressBar::hidden()).map_err(at(&self.path))?;
        let trailer = [&LETTERS[..], &digest, &root.fingerprint(LABEL, &digest)].concat();
        file.write_all(&trailer).and_then(|()| file.sync_all()).map_err(at(&self.path))?;
        std::fs::rename(&self.path, &self.to).map_err(at(&self.to))?;
        sync_folder(&self.to)?;
        Ok(size + trailer.len() as u64)
    }
}

impl Drop for Unfinished {
    /// Deletes an unfinished backup. A finished one has another name by then.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Makes a rename in the folder of `path` durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), BackupError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

fn digest(file: &mut File, size: u64, bar: &ProgressBar) -> std::io::Result<[u8; HASH]> {
    file.seek(SeekFrom::Start(0))?;
    let (mut context, mut left, mut buffer) = (Context::new(&SHA256), size, vec![0; 1 << 20]);
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let read = file.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        context.update(&buffer[..read]);
        left -= read as u64;
        bar.inc(read as u64);
    }
    let mut bytes = [0; HASH];
    bytes.copy_from_slice(context.finish().as_ref());
    Ok(bytes)
}

/// Returns the statement that creates the table of `planned`, without types and indexes.
pub(super) fn table(planned: &Planned, schema: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("CREATE TABLE {schema}.{} ({})", planned.table, planned.list()))
}

/// Writes the description of the backup, and the list of tables that it omits.
pub(super) async fn describe(file: &mut SqliteConnection, about: &About) -> Result<(), StoreError> {
    sqlx::query("CREATE TABLE backup (name TEXT NOT NULL, value TEXT NOT NULL)").execute(&mut *file).await?;
    sqlx::query("CREATE TABLE backup_table (name TEXT NOT NULL, rows BIGINT NOT NULL)").execute(&mut *file).await?;
    for (name, value) in [
        ("tenure", about.tenure.clone()),
        ("made_at", about.made_at.micros().to_string()),
        ("database", about.database.clone()),
        ("data", about.data.to_string()),
        ("keyring", about.keyring.to_string()),
        ("documents", about.documents.clone()),
        ("waiting", about.waiting.to_string()),
    ] {
        sqlx::query("INSERT INTO backup (name, value) VALUES ($1, $2)")
            .bind(name)
            .bind(value)
            .execute(&mut *file)
            .await?;
    }
    sqlx::query("CREATE TABLE backup_without (name TEXT NOT NULL, why TEXT NOT NULL)").execute(&mut *file).await?;
    for (name, kept) in tables::DATA.iter().chain(tables::KEYRING) {
        if let Kept::Nothing(why) = kept {
            let without = sqlx::query("INSERT INTO backup_without (name, why) VALUES ($1, $2)").bind(name).bind(why);
            without.execute(&mut *file).await?;
        }
    }
    for (name, rows) in &about.rows {
        sqlx::query("INSERT INTO backup_table (name, rows) VALUES ($1, $2)")
            .bind(name)
            .bind(rows)
            .execute(&mut *file)
            .await?;
    }
    Ok(())
}

/// Checks that a backup is complete and was created under `root`, and reads its description.
pub(super) async fn check(path: &Path, root: &Key, bar: &ProgressBar) -> Result<About, BackupError> {
    let mut file = File::open(path).map_err(at(path))?;
    let size = file.metadata().map_err(at(path))?.len();
    let refused = |why: &str| BackupError::Refused(format!("{} {why}", path.display()));
    let Some(before) = size.checked_sub(TRAILER as u64) else { return Err(refused("is not a backup")) };
    bar.set_length(before);
    let mut trailer = [0; TRAILER];
    file.seek(SeekFrom::Start(before)).and_then(|_| file.read_exact(&mut trailer)).map_err(at(path))?;
    let (letters, hashes) = trailer.split_at(LETTERS.len());
    let (stored, proof) = hashes.split_at(HASH);
    if letters != LETTERS {
        return Err(refused("is not a backup, or is incomplete"));
    }
    let digest = digest(&mut file, before, bar).map_err(at(path))?;
    if digest != stored {
        return Err(refused("is damaged: its checksum is wrong. Use another copy of it, or an older backup"));
    }
    if !bool::from(root.fingerprint(LABEL, &digest).ct_eq(proof)) {
        return Err(refused(
            "was made with another root key, or changed by someone without that key. Put the root.key of the server \
             that was backed up into the data folder",
        ));
    }
    let mut file = SqliteConnectOptions::new().filename(path).read_only(true).immutable(true).connect().await?;
    Ok(read(&mut file).await?)
}

async fn read(file: &mut SqliteConnection) -> Result<About, StoreError> {
    let said: Vec<(String, String)> = sqlx::query_as("SELECT name, value FROM backup").fetch_all(&mut *file).await?;
    let text = |wanted: &str| {
        let found = said.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone()).ok_or_else(|| StoreError::corrupt_row("backup", format!("no {wanted}")))
    };
    let number = |wanted: &str| text(wanted)?.parse().map_err(|error| StoreError::corrupt_row("backup", error));
    Ok(About {
        tenure: text("tenure")?,
        made_at: Timestamp::from_micros(number("made_at")?),
        database: text("database")?,
        data: number("data")?,
        keyring: number("keyring")?,
        documents: text("documents")?,
        waiting: number("waiting")?,
        rows: sqlx::query_as("SELECT name, rows FROM backup_table").fetch_all(file).await?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concurrent_backups_to_one_file_are_rejected() {
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("one.backup");
        std::fs::write(folder.path().join("one.backup.part"), "what a killed one left").expect("written");
        let first = Unfinished::begin(&to, false).expect("begun");
        std::fs::write(&first.path, "the first").expect("written");
        let second = Unfinished::begin(&to, true);
        assert!(matches!(&second, Err(BackupError::Refused(why)) if why.contains("is in use")), "{second:?}");
        assert_eq!(std::fs::read_to_string(&first.path).expect("it is there"), "the first");
        first.finish(&Key::random(&ambient::Rng::seeded(1))).expect("finished");
        let names = || std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(names(), 1, "the backup alone");
        drop(Unfinished::begin(&to, true).expect("the name is free again"));
        assert_eq!(names(), 1, "the backup of before");
    }
}
