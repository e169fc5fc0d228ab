//! Making a backup, while the server serves or while it is stopped.

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

/// A backup that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// Where it is.
    pub path: PathBuf,
    /// How long it is, bytes.
    pub size: u64,
    /// What it holds.
    pub about: About,
    /// Its documents; `None` where a bucket has them.
    pub documents: Option<Copied>,
}

/// Makes a backup of what `config` names, into the file `to`, or into a file named after the time in the folder `to`.
///
/// # Errors
/// See [`BackupError`]; then there is no backup, and an older one is untouched.
pub async fn make(
    config: &Config,
    to: &Path,
    force: bool,
    clock: &Clock,
    bar: &ProgressBar,
) -> Result<Made, BackupError> {
    let root = root_key(&config.storage.data)?;
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
    let plan = plan(tables::DATA, &mut Part::Data.blank(data_version, None).await?).await?;
    let (moment, mut rows) = read(&data, &unfinished, &plan, true, clock, bar).await?;
    bar.set_message("keys");
    let ring_plan = self::plan(tables::KEYRING, &mut Part::Keyring.blank(ring_version, None).await?).await?;
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
        documents: if config.objects.kind == ObjectStoreKind::Local { "local" } else { "s3" }.to_owned(),
        waiting: waiting(&mut file, moment).await?,
        rows,
    };
    describe(&mut file, &about).await?;
    let objects = named_objects(&mut file, data_version).await?;
    sqlx::Connection::close(file).await?;
    let documents = match (config.objects.kind, objects) {
        (ObjectStoreKind::S3, _) => None,
        (ObjectStoreKind::Local, None) => Some(Copied::default()),
        (ObjectStoreKind::Local, Some((instance, objects))) => {
            bar.set_message("documents");
            bar.set_position(0);
            let (from, beside) = (config.storage.data.join("documents"), to.with_file_name(documents::FOLDER));
            Some(documents::copy(&from, &beside, instance, &objects, bar)?)
        }
    };
    let size = unfinished.finish(&root)?;
    Ok(Made { path: to, size, about, documents })
}

/// A backup under a root key that opens nothing would be found out on the worst day.
async fn refuse_another_root_key(config: &Config, ring: &Store) -> Result<(), BackupError> {
    let data = &config.storage.data;
    let keyring = Keyring::look(ring.clone(), data, config.retention.ring_period(), Rng::System)?;
    let refused = |why: String| Err(BackupError::Refused(why));
    match keyring.is_opened_by_root_key().await? {
        Some(true) => Ok(()),
        Some(false) => {
            let root = data.join("root.key");
            refused(format!("{} does not open the key ring: it is another server's", root.display()))
        }
        None => refused("there is nothing to back up: no server has been started on this yet".to_owned()),
    }
}

/// Whether the keys are those of the data: a backup of data that nothing opens would rotate the good ones out.
async fn belonging(data: &Store, ring: &Store, versions: (i64, i64), now: Timestamp) -> Result<Belonging, StoreError> {
    /// The schemas that named the data and the key ring.
    const NAMED: (i64, i64) = (16, 4);
    if versions.0 >= NAMED.0 && versions.1 >= NAMED.1 {
        return Belonging::of(data, ring, now).await;
    }
    Belonging::of_earlier(data, ring, now).await
}

/// The file to write. A name without an ending is meant as a folder, and would be found out on the day when it is full.
fn destination(to: &Path, now: Timestamp) -> Result<PathBuf, BackupError> {
    if to.is_dir() {
        return Ok(to.join(format!("tenure-{}.backup", in_names(now))));
    }
    if to.extension().is_none() {
        let said = format!("there is no folder {0}; as a file's name it needs an ending: {0}.backup", to.display());
        return Err(BackupError::Refused(said));
    }
    Ok(to.to_owned())
}

/// Opens a part as it stands, with the version of its schema, which this release must know.
async fn source(part: Part, config: &Config) -> Result<(Store, i64), BackupError> {
    let store = Store::look(part, &config.storage.data, &config.storage.database_url).await?;
    let found = store.migrations(part).await?;
    if !found.unknown.is_empty() {
        let said = "a newer Tenure was here: make the backup with that version";
        return Err(BackupError::Refused(said.to_owned()));
    }
    if !found.broken.is_empty() {
        return Err(BackupError::Refused("a migration of the database broke off: start the server first".to_owned()));
    }
    let version = store.read().await?.applied_migrations().await?.last().map_or(0, |(version, _)| *version);
    Ok((store, version))
}

/// Copies what is planned. Returns the moment, of which nothing that was done before it is missing, and how many rows.
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

/// How many submissions waited at `now`.
async fn waiting(file: &mut SqliteConnection, now: Timestamp) -> Result<i64, StoreError> {
    let waiting = "SELECT count(*) FROM submission WHERE state = 'incomplete' AND expires_at > $1";
    Ok(sqlx::query_scalar(waiting).bind(now).fetch_one(file).await?)
}

/// The objects that a backup names, and the instance whose they are; `None` if there are none.
pub(super) async fn named_objects(
    file: &mut SqliteConnection,
    version: i64,
) -> Result<Option<(Uuid, Vec<Uuid>)>, StoreError> {
    /// The release that brought documents.
    const DOCUMENTS: i64 = 2;
    if version < DOCUMENTS {
        return Ok(None);
    }
    let instance: Option<Uuid> = sqlx::query_scalar("SELECT id FROM instance").fetch_optional(&mut *file).await?;
    let objects = "SELECT object FROM asset WHERE state = 'stored' AND object IS NOT NULL ORDER BY object";
    let objects: Vec<Uuid> = sqlx::query_scalar(objects).fetch_all(file).await?;
    Ok(instance.filter(|_| !objects.is_empty()).map(|instance| (instance, objects)))
}

/// A time as file names have it, UTC, sorting by itself: `20261126T093000Z`.
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
