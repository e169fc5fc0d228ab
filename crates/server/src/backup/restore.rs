//! Putting a backup back: into an empty data folder, or into an empty database of PostgreSQL.
//!
//! Everything is prepared in the folder `restoring` within the data folder, as SQLite and brought up to date there, whichever
//! database it is for. Then it is moved into place, the data last; or written to PostgreSQL in one transaction. Who is
//! killed before that has changed nothing that a server would read.

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

/// What was put back.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The backup.
    pub about: About,
    /// How many submissions nobody had accepted: they are ended.
    pub ended: u64,
    /// How many accounts were deleted since, and are deleted again; `None` without the list of them.
    pub deleted: Option<usize>,
    /// Its documents; `None` where a bucket has them.
    pub documents: Option<Copied>,
}

/// Where a restore prepares.
fn preparing(data: &Path) -> PathBuf {
    data.join("restoring")
}

/// Says so if a restore by the data folder `data`, into it or into the database `url`, broke off: what is there is not whole.
///
/// # Errors
/// It did.
pub fn refuse_unfinished(data: &Path, url: &str) -> Result<(), String> {
    let folder = preparing(data);
    // What is moved into place is whole by that. What was written to PostgreSQL is whole once the folder is gone.
    let is_whole = url.is_empty() && data.join(Part::Data.file()).exists();
    if folder.exists() && !is_whole {
        return Err(format!(
            "a restore into this folder, or into the database, broke off: run tenure restore again, or remove {} to begin with nothing",
            folder.display()
        ));
    }
    Ok(())
}

/// Puts the backup `from` back into what `config` names. To `rehearse` it, beside the server that it is of, it is given that
/// name: the name says which objects of a bucket are its own, and so it finds none there, and deletes none.
///
/// # Errors
/// See [`BackupError`]; nothing is changed then, but for tables of PostgreSQL that are made and empty, and documents that are
/// there already. If the connection is lost at the commit, another try says what became of it.
pub async fn restore(
    config: &Config,
    from: &Path,
    rehearse: Option<Uuid>,
    now: Timestamp,
    bar: &ProgressBar,
) -> Result<Restored, BackupError> {
    let (data, url) = (&config.storage.data, &config.storage.database_url);
    let from = std::path::absolute(from).map_err(at(from))?;
    let root = root_key(data).map_err(|error| {
        BackupError::Refused(format!(
            "{error}. Put the root.key of the server that the backup is of into {}, with mode 600",
            data.display()
        ))
    })?;
    let _lock = FolderLock::exclusive(data)?;
    bar.set_message("checking");
    let about = container::check(&from, &root, bar).await?;
    for (part, version) in [(Part::Data, about.data), (Part::Keyring, about.keyring)] {
        if version > part.newest() {
            let said =
                format!("the backup was made by Tenure {}, which is newer than this: use that one", about.tenure);
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
    // Documents of a folder are copied, and lie under the name that they had. What the server will be started with may say
    // something else than what is said here, so the backup counts too.
    let in_a_bucket = config.objects.kind == ObjectStoreKind::S3 || about.documents == "s3";
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
        // Should the answer be lost, nobody knows whether it is done: then the folder stays, and no server starts beside it.
        written.commit().await?;
    }
    std::fs::remove_dir_all(&place).map_err(at(&place))?;
    Ok(restored)
}

/// Has everything in `place` as it will be, and the documents where they belong.
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
    let data = &config.storage.data;
    let gone = deleted_accounts(data).map_err(at(data))?;
    let settled = settle(config, place, gone.as_ref(), rename, now).await?;
    let documents = copy_documents(config, place, from, bar).await?;
    Ok(Restored { about: about.clone(), ended: settled.ended, deleted: gone.map(|_| settled.deleted), documents })
}

/// Puts the databases of `place` where they belong; what it returns, if anything, is to be committed.
async fn put(config: &Config, place: &Path, bar: &ProgressBar) -> Result<Option<PgTransaction<'static>>, BackupError> {
    if config.storage.database_url.is_empty() {
        put_in_place(&config.storage.data, place)?;
        return Ok(None);
    }
    bar.set_message("to PostgreSQL");
    bar.set_position(0);
    write_to_postgres(config, place, bar).await
}

/// A folder that has data is not written to. What a restore that broke off has moved there already is removed.
fn refuse_folder(data: &Path) -> Result<(), BackupError> {
    let [whole, keys] = [Part::Data, Part::Keyring].map(|part| data.join(part.file()));
    if preparing(data).exists() && !whole.exists() && keys.exists() {
        std::fs::remove_file(&keys).map_err(at(&keys))?;
    }
    refuse_files(data)
}

/// Not even a log of an earlier database may be there: SQLite would play it into the one that is put back.
fn refuse_files(data: &Path) -> Result<(), BackupError> {
    let databases = [Part::Data, Part::Keyring].map(|part| data.join(part.file()));
    match databases.iter().flat_map(|file| database_files(file)).find(|file| file.exists()) {
        Some(file) => {
            let said = format!("{} is there: a backup is put back into an empty folder alone", file.display());
            Err(BackupError::Refused(said))
        }
        None => Ok(()),
    }
}

/// A database that a server has been started on is not written to.
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
                "the database is not empty (there are rows in {table}), and {folder} is there: the restore that left it had \
                 finished, unless another server was started on the database since. Look with tenure partner list. If all is \
                 there, remove {folder} and start the server; otherwise empty the database and restore again"
            )))
        }
        Some(table) => Err(not_empty(table)),
        None => Ok(()),
    }
}

fn not_empty(table: &str) -> BackupError {
    let said =
        format!("the database is not empty (there are rows in {table}): a backup is put back into an empty one alone");
    BackupError::Refused(said)
}

/// What a server fills as soon as it is started, and what people and partners have.
const FILLED: [&str; 6] =
    ["instance", "partner", "holder", "submission", "tenure_keyring.signing_key", "tenure_keyring.holder_key"];

/// The first of these tables with rows in it.
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

/// Brings what was put back up to date, and has it say the truth: what waited is over, accounts that were deleted since are
/// deleted again, and no place in a status list is given twice.
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
    let ended = tx.end_what_waits(now).await?;
    tx.close_status_lists(now + config.credentials.lifetime).await?;
    if let Some(name) = rename {
        tx.rename_instance(name).await?;
    }
    let keyed: HashSet<Uuid> = keys.holders_with_keys().await?.into_iter().collect();
    let accounts = tx.holder_ids().await?;
    // Of accounts that were deleted before, whose keys were still to be destroyed.
    for holder in keyed.difference(&accounts.iter().copied().collect()) {
        keys.destroy_holder_key(*holder).await?;
    }
    let mut deleted = 0;
    for holder in accounts {
        let was_deleted = gone.is_some_and(|gone| gone.contains(&holder));
        // Without a key it was deleted while the backup was made.
        if was_deleted || !keyed.contains(&holder) {
            flows::account::release(&mut tx, holder, now).await?;
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

/// Copies the documents that lie beside the backup.
async fn copy_documents(
    config: &Config,
    place: &Path,
    from: &Path,
    bar: &ProgressBar,
) -> Result<Option<Copied>, BackupError> {
    if config.objects.kind != ObjectStoreKind::Local {
        return Ok(None);
    }
    let mut file = scratch(Some(&place.join(Part::Data.file()))).await?;
    let named = named_objects(&mut file, Part::Data.newest()).await?;
    file.close().await?;
    let Some((instance, objects)) = named else { return Ok(Some(Copied::default())) };
    bar.set_message("documents");
    bar.set_position(0);
    let (beside, to) = (from.with_file_name(documents::FOLDER), config.storage.data.join("documents"));
    documents::copy(&beside, &to, instance, &objects, bar).map(Some)
}

/// Moves the databases to where a server looks for them. What was moved before something failed is taken away again.
fn put_in_place(data: &Path, place: &Path) -> Result<(), BackupError> {
    // Preparing takes minutes in which somebody may have started something else.
    refuse_files(data)?;
    let moved = move_all(data, place);
    if moved.is_err() {
        for part in [Part::Data, Part::Keyring] {
            let _ = std::fs::remove_file(data.join(part.file()));
        }
    }
    moved
}

/// The data last, since with it all is there.
fn move_all(data: &Path, place: &Path) -> Result<(), BackupError> {
    for part in [Part::Keyring, Part::Data] {
        let (from, to) = (place.join(part.file()), data.join(part.file()));
        std::fs::File::open(&from).and_then(|file| file.sync_all()).map_err(at(&from))?;
        std::fs::rename(&from, &to).map_err(at(&to))?;
        sync_folder(&to)?;
    }
    Ok(())
}

/// Writes both databases to PostgreSQL in one transaction, which is to be committed. Nodes that were started since the first
/// look have to wait for it, and what they had written by then is not written over.
async fn write_to_postgres(
    config: &Config,
    place: &Path,
    bar: &ProgressBar,
) -> Result<Option<PgTransaction<'static>>, BackupError> {
    let url = &config.storage.database_url;
    let ring = Store::open(Part::Keyring, &config.storage.data, url, 2).await?;
    let data = Store::open(Part::Data, &config.storage.data, url, 2).await?;
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
