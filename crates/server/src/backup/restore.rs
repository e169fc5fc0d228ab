//! Restores a backup into an empty data folder, or into an empty PostgreSQL database.
//!
//! The databases are prepared as SQLite in the folder `restoring` within the data folder, and
//! migrated there, whatever the target. Then they are moved into position, the data last, or
//! written to PostgreSQL in one transaction. A restore that is killed before that has changed
//! nothing that a server would read.

use std::collections::HashSet;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgTransaction};
use uuid::Uuid;

use super::container::{self, About, sync_folder};
use super::documents::{self, Copied};
use super::load::load;
use super::make::named_objects;
use super::plan::plan;
use super::{BackupError, at, postgres, tables};
use crate::config::{Config, ObjectStoreKind};
use crate::flows;
use crate::keys::{deleted_accounts, root_key};
use ambient::Timestamp;
use store::{FolderLock, Part, Store, StoreError, database_files, scratch};

/// The result of a restore.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The description of the backup.
    pub about: About,
    /// Number of pending submissions, which were ended.
    pub ended: u64,
    /// Number of accounts that were deleted after the backup, and deleted again. `None` without a
    /// record of deleted accounts.
    pub deleted: Option<usize>,
    /// The copied documents; `None` if they are in a bucket.
    pub documents: Option<Copied>,
}

/// Returns the folder in which a restore prepares the databases.
fn preparing(data: &Path) -> PathBuf {
    data.join("restoring")
}

/// Checks that no restore through the data folder `data`, into it or into the database `url`, was
/// interrupted.
///
/// # Errors
/// One was interrupted, so the data is incomplete.
pub fn refuse_unfinished(data: &Path, url: &str) -> Result<(), String> {
    let folder = preparing(data);
    // In a folder, the data is complete once it is moved there. In PostgreSQL, it is complete once
    // the folder is gone.
    let is_whole = url.is_empty() && data.join(Part::Data.file()).exists();
    if folder.exists() && !is_whole {
        return Err(format!(
            "a restore to this folder or database was interrupted: run tenure restore again, or delete {} to start \
             empty",
            folder.display()
        ));
    }
    Ok(())
}

/// Restores the backup `from` into the storage of `config`.
///
/// `rehearse` allows a test beside the original server: the restored server gets this instance
/// name. The name says which objects of a bucket belong to a server, so it finds none and deletes
/// none.
///
/// # Errors
/// See [`BackupError`]. Nothing is changed then, except for empty tables in PostgreSQL and
/// documents that are already copied. If the connection is lost during the commit, another attempt
/// shows the outcome.
pub async fn restore(
    config: &Config,
    from: &Path,
    rehearse: Option<Uuid>,
    now: Timestamp,
    bar: &ProgressBar,
) -> Result<Restored, BackupError> {
    let (data, url) = (&config.storage.data_dir, &config.storage.database_url);
    let from = std::path::absolute(from).map_err(at(from))?;
    let root = root_key(data).map_err(|error| {
        BackupError::Refused(format!(
            "{error}. Put the root.key of the server that was backed up into {}, with mode 600",
            data.display()
        ))
    })?;
    let _lock = FolderLock::exclusive(data)?;
    bar.set_message("checking");
    let about = container::check(&from, &root, bar).await?;
    for (part, version) in [(Part::Data, about.data), (Part::Keyring, about.keyring)] {
        if version > part.newest() {
            let said = format!(
                "the backup was made by Tenure {}, which is newer than this version: restore it with that version",
                about.tenure
            );
            return Err(BackupError::Refused(said));
        }
    }
    if url.is_empty() {
        refuse_folder(data)?;
    } else {
        refuse_database(data, url).await?;
    }
    let place = preparing(data);
    if place.exists() {
        std::fs::remove_dir_all(&place).map_err(at(&place))?;
    }
    std::fs::DirBuilder::new().mode(0o700).create(&place).map_err(at(&place))?;
    // Documents in a folder are copied, and keep the name of their instance. The settings of this
    // command may differ from those of the server, so the backup's own kind counts too.
    let in_a_bucket = config.object_storage.kind == ObjectStoreKind::S3 || about.documents == "s3";
    let rename = rehearse.filter(|_| in_a_bucket);
    let done = async {
        let restored = prepare(config, &place, &from, (&about, rename), now, bar).await?;
        Ok((restored, put(config, &place, bar).await?))
    };
    let done: Result<_, BackupError> = done.await;
    if done.is_err() {
        let _ = std::fs::remove_dir_all(&place);
    }
    let (restored, written) = done?;
    if let Some(written) = written {
        // If the connection is lost during the commit, the outcome is unknown. The folder then
        // stays, and no server starts with it.
        written.commit().await?;
    }
    std::fs::remove_dir_all(&place).map_err(at(&place))?;
    Ok(restored)
}

/// Prepares the databases in `place`, and copies the documents to their destination.
async fn prepare(
    config: &Config,
    place: &Path,
    from: &Path,
    (about, rename): (&About, Option<Uuid>),
    now: Timestamp,
    bar: &ProgressBar,
) -> Result<Restored, BackupError> {
    bar.set_message("data and keys");
    bar.set_position(0);
    bar.set_length(about.rows.iter().map(|(_, rows)| rows.unsigned_abs()).sum());
    load(Part::Data, about.data, &place.join(Part::Data.file()), from, tables::DATA, bar).await?;
    load(Part::Keyring, about.keyring, &place.join(Part::Keyring.file()), from, tables::KEYRING, bar).await?;
    let data = &config.storage.data_dir;
    let gone = deleted_accounts(data).map_err(at(data))?;
    let settled = settle(config, place, gone.as_ref(), rename, now).await?;
    let documents = copy_documents(config, place, from, bar).await?;
    Ok(Restored { about: about.clone(), ended: settled.ended, deleted: gone.map(|_| settled.deleted), documents })
}

/// Moves the databases of `place` to their destination. Returns the transaction to commit, if any.
async fn put(config: &Config, place: &Path, bar: &ProgressBar) -> Result<Option<PgTransaction<'static>>, BackupError> {
    if config.storage.database_url.is_empty() {
        put_in_place(&config.storage.data_dir, place)?;
        return Ok(None);
    }
    bar.set_message("to PostgreSQL");
    bar.set_position(0);
    write_to_postgres(config, place, bar).await
}

/// Refuses a folder that contains data. Removes what an interrupted restore has moved there.
fn refuse_folder(data: &Path) -> Result<(), BackupError> {
    let [whole, keys] = [Part::Data, Part::Keyring].map(|part| data.join(part.file()));
    if preparing(data).exists() && !whole.exists() && keys.exists() {
        std::fs::remove_file(&keys).map_err(at(&keys))?;
    }
    refuse_files(data)
}

/// Refuses any file of a database, even the log of an earlier one: SQLite would apply it to the
/// restored database.
fn refuse_files(data: &Path) -> Result<(), BackupError> {
    let databases = [Part::Data, Part::Keyring].map(|part| data.join(part.file()));
    match databases.iter().flat_map(|file| database_files(file)).find(|file| file.exists()) {
        Some(file) => {
            let said = format!("{} already exists: restore to an empty folder", file.display());
            Err(BackupError::Refused(said))
        }
        None => Ok(()),
    }
}

/// Refuses a database on which a server has been started.
async fn refuse_database(data: &Path, url: &str) -> Result<(), BackupError> {
    let store = Store::look(Part::Data, Path::new(""), url).await?;
    let Store::Postgres { pools, .. } = &store else { return Ok(()) };
    let mut connection = pools.current().acquire().await?;
    let full = first_filled(&mut connection).await?;
    drop(connection);
    store.close().await;
    let folder = preparing(data);
    match full {
        Some(table) if folder.exists() => {
            let folder = folder.display();
            Err(BackupError::Refused(format!(
                "the database is not empty (there are rows in {table}), and {folder} exists: the earlier restore had \
                 completed, unless another server was started on the database since. Check with tenure partner list. \
                 If the data is complete, delete {folder} and start the server; otherwise empty the database and \
                 restore again"
            )))
        }
        Some(table) => Err(not_empty(table)),
        None => Ok(()),
    }
}

fn not_empty(table: &str) -> BackupError {
    let said = format!("the database is not empty (there are rows in {table}): restore to an empty database");
    BackupError::Refused(said)
}

/// Tables that a server fills when it starts, or that contain data of people and partners.
const FILLED: [&str; 6] =
    ["instance", "partner", "holder", "submission", "tenure_keyring.signing_key", "tenure_keyring.holder_key"];

/// Returns the first of these tables that has rows.
async fn first_filled(connection: &mut PgConnection) -> Result<Option<&'static str>, StoreError> {
    for table in FILLED {
        let is_there: bool =
            sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(table).fetch_one(&mut *connection).await?;
        let is_filled = AssertSqlSafe(format!("SELECT EXISTS (SELECT 1 FROM {table})"));
        if is_there && sqlx::query_scalar(is_filled).fetch_one(&mut *connection).await? {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

struct Settled {
    ended: u64,
    deleted: usize,
}

/// Brings the restored data up to date: ends pending submissions, deletes accounts again that were
/// deleted after the backup, and closes status lists so that no index is assigned twice.
async fn settle(
    config: &Config,
    place: &Path,
    gone: Option<&HashSet<Uuid>>,
    rename: Option<Uuid>,
    now: Timestamp,
) -> Result<Settled, StoreError> {
    let data = Store::open(Part::Data, place, "", 1).await?;
    let ring = Store::open(Part::Keyring, place, "", 1).await?;
    let (mut tx, mut keys) = (data.write().await?, ring.write().await?);
    let ended = tx.end_pending(now).await?;
    tx.close_status_lists(now + config.credentials.lifetime).await?;
    if let Some(name) = rename {
        tx.rename_instance(name).await?;
    }
    let keyed: HashSet<Uuid> = keys.holders_with_keys().await?.into_iter().collect();
    let accounts = tx.holder_ids().await?;
    // Keys of accounts that were deleted before the backup, and still had to be destroyed.
    for holder in keyed.difference(&accounts.iter().copied().collect()) {
        keys.destroy_holder_key(*holder).await?;
    }
    let mut deleted = 0;
    for holder in accounts {
        let was_deleted = gone.is_some_and(|gone| gone.contains(&holder));
        // An account without a key was deleted during the backup.
        if was_deleted || !keyed.contains(&holder) {
            flows::account::release(&mut tx, holder, now.into()).await?;
            keys.destroy_holder_key(holder).await?;
            deleted += 1;
        }
    }
    tx.commit().await?;
    keys.commit().await?;
    ring.erase_destroyed().await?;
    data.close().await;
    ring.close().await;
    Ok(Settled { ended, deleted })
}

/// Copies the documents from the folder beside the backup.
async fn copy_documents(
    config: &Config,
    place: &Path,
    from: &Path,
    bar: &ProgressBar,
) -> Result<Option<Copied>, BackupError> {
    if config.object_storage.kind != ObjectStoreKind::Local {
        return Ok(None);
    }
    let mut file = scratch(Some(&place.join(Part::Data.file()))).await?;
    let named = named_objects(&mut file, Part::Data.newest()).await?;
    file.close().await?;
    let Some((instance, objects)) = named else { return Ok(Some(Copied::default())) };
    bar.set_message("documents");
    bar.set_position(0);
    let (beside, to) = (from.with_file_name(documents::FOLDER), config.storage.data_dir.join("documents"));
    documents::copy(&beside, &to, instance, &objects, bar).map(Some)
}

/// Moves the databases into the data folder. If that fails, removes those already moved.
fn put_in_place(data: &Path, place: &Path) -> Result<(), BackupError> {
    // Preparing takes minutes, in which another process may have created a database.
    refuse_files(data)?;
    let moved = move_all(data, place);
    if moved.is_err() {
        for part in [Part::Data, Part::Keyring] {
            let _ = std::fs::remove_file(data.join(part.file()));
        }
    }
    moved
}

/// Moves the data last, because its presence marks the restore as complete.
fn move_all(data: &Path, place: &Path) -> Result<(), BackupError> {
    for part in [Part::Keyring, Part::Data] {
        let (from, to) = (place.join(part.file()), data.join(part.file()));
        std::fs::File::open(&from).and_then(|file| file.sync_all()).map_err(at(&from))?;
        std::fs::rename(&from, &to).map_err(at(&to))?;
        sync_folder(&to)?;
    }
    Ok(())
}

/// Writes both databases to PostgreSQL in one transaction, which the caller commits. The table
/// locks make nodes that were started meanwhile wait, and rows that they have already written are
/// refused, not overwritten.
async fn write_to_postgres(
    config: &Config,
    place: &Path,
    bar: &ProgressBar,
) -> Result<Option<PgTransaction<'static>>, BackupError> {
    let url = &config.storage.database_url;
    let ring = Store::open(Part::Keyring, &config.storage.data_dir, url, 2).await?;
    let data = Store::open(Part::Data, &config.storage.data_dir, url, 2).await?;
    ring.close().await;
    let Store::Postgres { pools, .. } = &data else { return Ok(None) };
    let mut tx = pools.current().begin().await?;
    let lock = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", FILLED.join(", "));
    sqlx::query(AssertSqlSafe(lock)).execute(&mut *tx).await?;
    if let Some(table) = first_filled(&mut tx).await? {
        return Err(not_empty(table));
    }
    for (part, tables, schema) in
        [(Part::Data, tables::DATA, None), (Part::Keyring, tables::KEYRING, Some("tenure_keyring"))]
    {
        let mut file = scratch(Some(&place.join(part.file()))).await?;
        let plan: Vec<_> = plan(tables, &mut file).await?.iter().map(super::plan::Planned::as_it_stands).collect();
        postgres::fill(&mut tx, schema, &mut file, &plan, bar).await?;
        file.close().await?;
    }
    Ok(Some(tx))
}
