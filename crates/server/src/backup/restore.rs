//! Putting a backup back: into an empty data folder, or into an empty database of PostgreSQL.
//!
//! Everything is prepared in the folder `restoring` within the data folder, as SQLite and brought up to date there, whichever
//! database it is for. Then it is moved into place, the data last; or written to PostgreSQL in one transaction. Who is
//! killed before that has changed nothing that a server would read.

use std::collections::HashSet;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use sqlx::{Connection as _, PgPool};
use uuid::Uuid;

use super::container::{self, About, sync_folder};
use super::documents::{self, Copied};
use super::load::load;
use super::make::named_objects;
use super::plan::plan;
use super::{BackupError, at, postgres, tables};
use crate::auth;
use crate::config::{Config, ObjectStoreKind};
use crate::keyring::{deleted_accounts, root_key};
use crate::store::{Part, Store, StoreError, scratch};
use crate::time::Timestamp;

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

/// Says so if a restore into the data folder `data` broke off: what is there is not whole.
///
/// # Errors
/// It did.
pub fn refuse_unfinished(data: &Path) -> Result<(), String> {
    if preparing(data).exists() && !data.join(Part::Data.file()).exists() {
        let folder = preparing(data);
        return Err(format!(
            "a restore into this folder broke off: run tenure restore again, or remove {} to begin with nothing",
            folder.display()
        ));
    }
    Ok(())
}

/// Puts the backup `from` back into what `config` names.
///
/// # Errors
/// See [`BackupError`]; nothing is changed then, but for tables of PostgreSQL that are made and empty.
pub async fn restore(config: &Config, from: &Path, now: Timestamp, bar: &ProgressBar) -> Result<Restored, BackupError> {
    let (data, url) = (&config.storage.data, &config.storage.database_url);
    let from = std::path::absolute(from).map_err(at(from))?;
    let root = root_key(data).map_err(|error| {
        BackupError::Refused(format!(
            "{error}. Put the root.key of the server that the backup is of into {}, with mode 600",
            data.display()
        ))
    })?;
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
        refuse_database(url).await?;
    }
    let place = preparing(data);
    if place.exists() {
        std::fs::remove_dir_all(&place).map_err(at(&place))?;
    }
    std::fs::DirBuilder::new().mode(0o700).create(&place).map_err(at(&place))?;
    let prepared = prepare(config, &place, &from, &about, now, bar).await;
    if prepared.is_err() {
        let _ = std::fs::remove_dir_all(&place);
    }
    let restored = prepared?;
    if url.is_empty() {
        put_in_place(data, &place)?;
    } else {
        bar.set_message("to PostgreSQL");
        bar.set_position(0);
        write_to_postgres(config, &place, bar).await?;
    }
    std::fs::remove_dir_all(&place).map_err(at(&place))?;
    Ok(restored)
}

/// Has everything in `place` as it will be, and the documents where they belong.
async fn prepare(
    config: &Config,
    place: &Path,
    from: &Path,
    about: &About,
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
    let settled = settle(config, place, gone.as_ref(), now).await?;
    let documents = copy_documents(config, place, from, bar).await?;
    Ok(Restored { about: about.clone(), ended: settled.ended, deleted: gone.map(|_| settled.deleted), documents })
}

/// A folder that has data is not written to. What a restore that broke off has moved there already is removed.
fn refuse_folder(data: &Path) -> Result<(), BackupError> {
    let [whole, keys] = [Part::Data, Part::Keyring].map(|part| data.join(part.file()));
    if preparing(data).exists() && !whole.exists() && keys.exists() {
        std::fs::remove_file(&keys).map_err(at(&keys))?;
    }
    match [whole, keys].iter().find(|file| file.exists()) {
        Some(file) => {
            let said = format!("{} is there: a backup is put back into an empty folder alone", file.display());
            Err(BackupError::Refused(said))
        }
        None => Ok(()),
    }
}

/// A database that a server has been started on is not written to.
async fn refuse_database(url: &str) -> Result<(), BackupError> {
    let store = Store::look(Part::Data, Path::new(""), url).await?;
    let Store::Postgres(pools) = &store else { return Ok(()) };
    let full = first_filled(&pools.current()).await?;
    store.close().await;
    match full {
        Some(table) => {
            let said = format!(
                "the database is not empty (there are rows in {table}): a backup is put back into an empty one alone"
            );
            Err(BackupError::Refused(said))
        }
        None => Ok(()),
    }
}

/// The first table with rows in it, among those that a server fills as soon as it is started.
async fn first_filled(pool: &PgPool) -> Result<Option<&'static str>, StoreError> {
    for table in
        ["instance", "partner", "holder", "submission", "tenure_keyring.signing_key", "tenure_keyring.holder_key"]
    {
        let is_there: bool =
            sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(table).fetch_one(pool).await?;
        let is_filled = sqlx::AssertSqlSafe(format!("SELECT EXISTS (SELECT 1 FROM {table})"));
        if is_there && sqlx::query_scalar(is_filled).fetch_one(pool).await? {
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
    now: Timestamp,
) -> Result<Settled, StoreError> {
    let data = Store::open(Part::Data, place, "", 1).await?;
    let ring = Store::open(Part::Keyring, place, "", 1).await?;
    let (mut tx, mut keys) = (data.write().await?, ring.write().await?);
    let ended = tx.end_what_waits(now).await?;
    tx.close_status_lists(now + config.credentials.lifetime).await?;
    let keyed: HashSet<Uuid> = keys.holders_with_keys().await?.into_iter().collect();
    let mut deleted = 0;
    for holder in tx.holder_ids().await? {
        let was_deleted = gone.is_some_and(|gone| gone.contains(&holder));
        // Without a key it was deleted while the backup was made.
        if was_deleted || !keyed.contains(&holder) {
            auth::holder::release(&mut tx, holder, now).await?;
            keys.destroy_holder_key(holder).await?;
            deleted += 1;
        }
    }
    tx.commit().await?;
    keys.commit().await?;
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

/// Moves the databases to where a server looks for them: the data last, since with it all is there.
fn put_in_place(data: &Path, place: &Path) -> Result<(), BackupError> {
    for part in [Part::Keyring, Part::Data] {
        let (from, to) = (place.join(part.file()), data.join(part.file()));
        std::fs::File::open(&from).and_then(|file| file.sync_all()).map_err(at(&from))?;
        std::fs::rename(&from, &to).map_err(at(&to))?;
        sync_folder(&to)?;
    }
    Ok(())
}

/// Writes both databases to PostgreSQL in one transaction.
async fn write_to_postgres(config: &Config, place: &Path, bar: &ProgressBar) -> Result<(), BackupError> {
    let url = &config.storage.database_url;
    let ring = Store::open(Part::Keyring, &config.storage.data, url, 2).await?;
    let data = Store::open(Part::Data, &config.storage.data, url, 2).await?;
    if let Store::Postgres(pools) = &data {
        let mut tx = pools.current().begin().await?;
        for (part, tables, schema) in
            [(Part::Data, tables::DATA, None), (Part::Keyring, tables::KEYRING, Some("tenure_keyring"))]
        {
            let mut file = scratch(Some(&place.join(part.file()))).await?;
            let plan: Vec<_> = plan(tables, &mut file).await?.iter().map(super::plan::Planned::as_it_stands).collect();
            postgres::fill(&mut tx, schema, &mut file, &plan, bar).await?;
            file.close().await?;
        }
        tx.commit().await?;
    }
    data.close().await;
    ring.close().await;
    Ok(())
}
