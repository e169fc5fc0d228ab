//! Creates a backup, with the server running or stopped.

use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::container::{About, Unfinished, describe};
use super::documents::{self, Copied};
use super::plan::{Planned, plan};
use super::{BackupError, postgres, sqlite, tables};
use crate::config::{Config, ObjectStoreKind};
use crate::keys::{Belonging, Keyring, root_key};
use ambient::Rng;
use ambient::{Clock, Timestamp};
use store::{Part, Store, StoreError};

/// A finished backup.
#[derive(Clone, Debug)]
pub struct Made {
    /// Path of the file.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
    /// The description.
    pub about: About,
    /// The copied documents; `None` if they are in a bucket.
    pub documents: Option<Copied>,
}

/// Creates a backup of the data of `config` in the file `to`, or in the folder `to` in a file named
/// after the time.
///
/// # Errors
/// See [`BackupError`]. There is no new backup then, and an older one is untouched.
pub async fn make(
    config: &Config,
    to: &Path,
    force: bool,
    clock: &Clock,
    bar: &ProgressBar,
) -> Result<Made, BackupError> {
    let folder = &config.storage.data_dir;
    let root = root_key(folder).map_err(|error| {
        let advice = format!("Put the root.key of this server into {}, with mode 600", folder.display());
        BackupError::Refused(format!("{error}. {advice}"))
    })?;
    let (data, data_version) = source(Part::Data, config).await?;
    let (ring, ring_version) = source(Part::Keyring, config).await?;
    let now = clock.now();
    if let Some(refusal) = belonging(&data, &ring, (data_version, ring_version), now).await?.refusal(&config.storage) {
        return Err(BackupError::Refused(refusal));
    }
    refuse_another_root_key(config, &ring).await?;
    let to = destination(to, now)?;
    let unfinished = Unfinished::begin(&to, force)?;
    bar.set_message("data");
    let plan = plan(tables::DATA, &mut Part::Data.create_schema(data_version, None).await?).await?;
    let (moment, mut rows) = read(&data, &unfinished, &plan, true, clock, bar).await?;
    bar.set_message("keys");
    let ring_plan = self::plan(tables::KEYRING, &mut Part::Keyring.create_schema(ring_version, None).await?).await?;
    rows.extend(read(&ring, &unfinished, &ring_plan, false, clock, bar).await?.1);
    data.close().await;
    ring.close().await;
    let mut file = unfinished.open().await?;
    let about = About {
        tenure: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: moment,
        database: if config.storage.database_url.is_empty() { "sqlite" } else { "postgresql" }.to_owned(),
        data: data_version,
        keyring: ring_version,
        documents: if config.object_storage.kind == ObjectStoreKind::Local { "local" } else { "s3" }.to_owned(),
        waiting: waiting(&mut file, moment).await?,
        rows,
    };
    describe(&mut file, &about).await?;
    let objects = named_objects(&mut file, data_version).await?;
    sqlx::Connection::close(file).await?;
    let documents = match (config.object_storage.kind, objects) {
        (ObjectStoreKind::S3, _) => None,
        (ObjectStoreKind::Local, None) => Some(Copied::default()),
        (ObjectStoreKind::Local, Some((instance, objects))) => {
            bar.set_message("documents");
            bar.set_position(0);
            let (from, beside) = (config.storage.data_dir.join("documents"), to.with_file_name(documents::FOLDER));
            Some(documents::copy(&from, &beside, instance, &objects, bar)?)
        }
    };
    let size = unfinished.finish(&root)?;
    Ok(Made { path: to, size, about, documents })
}

/// Refuses a root key that does not decrypt the ring. Otherwise the mistake would be noticed only
/// when the backup is needed.
async fn refuse_another_root_key(config: &Config, ring: &Store) -> Result<(), BackupError> {
    let data = &config.storage.data_dir;
    let keyring = Keyring::look(ring.clone(), data, config.retention.epoch_length(), Rng::System)?;
    let refused = |why: String| Err(BackupError::Refused(why));
    match keyring.is_opened_by_root_key().await? {
        Some(true) => Ok(()),
        Some(false) => {
            let root = data.join("root.key");
            refused(format!("{} does not decrypt the key ring: it belongs to another server", root.display()))
        }
        None => refused("there is nothing to back up: no server has been started on this data".to_owned()),
    }
}

/// Returns whether the keys belong to the data. Backups of data without its keys would displace
/// usable ones in a rotation.
async fn belonging(data: &Store, ring: &Store, versions: (i64, i64), now: Timestamp) -> Result<Belonging, StoreError> {
    /// Schema versions that introduced the names of data and key ring.
    const NAMED: (i64, i64) = (16, 4);
    if versions.0 >= NAMED.0 && versions.1 >= NAMED.1 {
        return Belonging::of(data, ring, now).await;
    }
    Belonging::of_earlier(data, ring, now).await
}

/// Returns the file to write. A name without an extension is refused: it is probably meant as a
/// folder, and every backup would replace the previous one.
fn destination(to: &Path, now: Timestamp) -> Result<PathBuf, BackupError> {
    if to.is_dir() {
        return Ok(to.join(format!("tenure-{}.backup", in_names(now))));
    }
    if to.extension().is_none() {
        let said =
            format!("the folder {0} does not exist. If it is a file name, add an extension: {0}.backup", to.display());
        return Err(BackupError::Refused(said));
    }
    Ok(to.to_owned())
}

/// Opens a part without migrating it, and returns its schema version, which this release must know.
async fn source(part: Part, config: &Config) -> Result<(Store, i64), BackupError> {
    let store = Store::look(part, &config.storage.data_dir, &config.storage.database_url).await?;
    let found = store.migrations(part).await?;
    if !found.unknown.is_empty() {
        let said = "the database was migrated by a newer version of Tenure: make the backup with that version";
        return Err(BackupError::Refused(said.to_owned()));
    }
    if !found.broken.is_empty() {
        return Err(BackupError::Refused("a database migration was interrupted: start the server first".to_owned()));
    }
    let version = store.read().await?.applied_migrations().await?.last().map_or(0, |(version, _)| *version);
    Ok((store, version))
}

/// Copies the planned rows. Returns the moment up to which the copy is complete, and the number of
/// rows.
async fn read(
    store: &Store,
    unfinished: &Unfinished,
    plan: &[Planned],
    of_one_moment: bool,
    clock: &Clock,
    bar: &ProgressBar,
) -> Result<(Timestamp, Vec<(String, i64)>), StoreError> {
    match store {
        Store::Sqlite { reader, .. } => sqlite::copy(reader, &unfinished.path, plan, of_one_moment, clock, bar).await,
        Store::Postgres { pools, .. } => {
            let mut file = unfinished.open().await?;
            let copied = postgres::copy(&pools.current(), &mut file, plan, clock, bar).await?;
            sqlx::Connection::close(file).await?;
            Ok(copied)
        }
    }
}

/// Returns the number of pending submissions at `now`.
async fn waiting(file: &mut SqliteConnection, now: Timestamp) -> Result<i64, StoreError> {
    let waiting = "SELECT count(*) FROM submission WHERE state = 'incomplete' AND expires_at > $1";
    Ok(sqlx::query_scalar(waiting).bind(now).fetch_one(file).await?)
}

/// Returns the objects that a backup refers to, and their instance; `None` if there are none.
pub(super) async fn named_objects(
    file: &mut SqliteConnection,
    version: i64,
) -> Result<Option<(Uuid, Vec<Uuid>)>, StoreError> {
    /// Schema version that introduced documents.
    const DOCUMENTS: i64 = 2;
    if version < DOCUMENTS {
        return Ok(None);
    }
    let instance: Option<Uuid> = sqlx::query_scalar("SELECT id FROM instance").fetch_optional(&mut *file).await?;
    let objects = "SELECT object FROM asset WHERE state = 'stored' AND object IS NOT NULL ORDER BY object";
    let objects: Vec<Uuid> = sqlx::query_scalar(objects).fetch_all(file).await?;
    Ok(instance.filter(|_| !objects.is_empty()).map(|instance| (instance, objects)))
}

/// Formats a time for file names, in UTC, so that names sort by time: `20261126T093000Z`.
fn in_names(now: Timestamp) -> String {
    now.to_string().replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backup_names_contain_the_time_in_utc() {
        assert_eq!(in_names(Timestamp::from_micros(1_706_000_000_987_654)), "20240123T085320Z");
    }
}
