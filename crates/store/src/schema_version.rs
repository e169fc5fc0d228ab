//! Schema versions and read-only checks for `tenure doctor`. Only the write probe and the clock
//! mark change anything.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use uuid::Uuid;

use super::{Part, Store, StoreError, Tx, dispatch, from_row};
use ambient::Timestamp;

/// The migrations of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migrations {
    /// Number of applied migrations.
    pub applied: usize,
    /// Migrations that are not applied yet.
    pub missing: Vec<i64>,
    /// Applied migrations that this binary does not know, from a newer release.
    pub unknown: Vec<i64>,
    /// Migrations that failed halfway.
    pub broken: Vec<i64>,
}

impl Store {
    /// Opens `part` without migrating it.
    ///
    /// # Errors
    /// The database does not exist, or cannot be used.
    pub async fn look(part: Part, data: &Path, url: &str) -> Result<Self, StoreError> {
        if !url.is_empty() {
            return Self::postgres_as_it_is(part, url, 2).await;
        }
        let file = data.join(part.file());
        if !is_there(&file)? {
            return Err(StoreError::Unavailable(format!("{} does not exist", file.display())));
        }
        // SQLite does not say why it cannot open a file.
        File::open(&file).map_err(|error| unreadable(&file, &error))?;
        Self::sqlite(part, data, 1).await
    }

    /// Returns whether `part` exists: its SQLite file, or its tables on PostgreSQL. Creates
    /// neither.
    ///
    /// # Errors
    /// The PostgreSQL server cannot be used.
    pub async fn exists(part: Part, data: &Path, url: &str) -> Result<bool, StoreError> {
        if url.is_empty() {
            return is_there(&data.join(part.file()));
        }
        let store = Self::postgres_as_it_is(part, url, 2).await?;
        let found = store.acquire().await?.has_migrations().await;
        store.close().await;
        found
    }

    /// Compares the applied migrations of `part` with the known ones.
    ///
    /// # Errors
    /// The database cannot be read, or is not a Tenure database.
    pub async fn migrations(&self, part: Part) -> Result<Migrations, StoreError> {
        let known: BTreeSet<i64> = self.migrator(part).iter().map(|migration| migration.version).collect();
        let applied = self.read().await?.applied_migrations().await?;
        let versions: BTreeSet<i64> = applied.iter().map(|(version, _)| *version).collect();
        Ok(Migrations {
            applied: applied.len(),
            missing: known.difference(&versions).copied().collect(),
            unknown: versions.difference(&known).copied().collect(),
            broken: applied.iter().filter(|(_, whole)| !whole).map(|(version, _)| *version).collect(),
        })
    }
}

/// Returns whether a file exists; an error if its folder cannot be read.
fn is_there(file: &Path) -> Result<bool, StoreError> {
    file.try_exists().map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{} cannot be read: {error}", file.display()))
}

/// Returns the lowest schema version that a release must know to use a database after a migration
/// with this description. A migration that removes something older releases use has it in its name:
/// `0020_contract_0015_...` (docs/develop/migrations.md).
fn contracts(description: &str) -> Option<i64> {
    let mut words = description.split([' ', '_']);
    (words.next() == Some("contract")).then(|| words.next()?.parse().ok()).flatten()
}

impl Store {
    /// Fails if a newer release removed something from the schema that this release needs.
    /// Additions are fine.
    pub(super) async fn check_schema_compat(&self, part: Part) -> Result<(), StoreError> {
        let newest = part.newest();
        let described = self.read().await?.described_migrations(newest).await?;
        match described.iter().find(|(_, description)| contracts(description).is_some_and(|needed| needed > newest)) {
            Some((version, description)) => Err(StoreError::Broken(format!(
                "a newer version of Tenure removed what this version needs (migration {version}, {description}): \
                 start that version"
            ))),
            None => Ok(()),
        }
    }
}

struct Setting {
    name: String,
    setting: String,
}
from_row!(Setting { name, setting });

impl Tx {
    /// Returns the attempted migrations, and whether each succeeded.
    pub async fn applied_migrations(&mut self) -> Result<Vec<(i64, bool)>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_as("SELECT version, success FROM _sqlx_migrations ORDER BY version").fetch_all(connection).await)?,
        )
    }

    /// Returns whether a migration was ever attempted. A SQLite file is created by the first one.
    async fn has_migrations(&mut self) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(_) => Ok(true),
            Self::Postgres(transaction) => {
                let table = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
                Ok(sqlx::query_scalar(table).fetch_one(&mut **transaction).await?)
            }
        }
    }

    /// Returns the applied migrations after `version` with their descriptions.
    pub async fn described_migrations(&mut self, version: i64) -> Result<Vec<(i64, String)>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_as("SELECT version, description FROM _sqlx_migrations WHERE version > $1 ORDER BY version")
            .bind(version).fetch_all(connection).await)?,
        )
    }

    /// Updates a row that nothing else uses, in the data or the key ring. Committing it shows
    /// whether the database accepts writes, and how fast. The value changes, since SQLite writes
    /// nothing for an unchanged row.
    pub async fn probe_write(&mut self) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "INSERT INTO write_probe (place, number) VALUES (1, 1) ON CONFLICT (place) DO UPDATE SET number = write_probe.number + 1",
        ).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Makes the commit of this transaction wait until standbys have what it has read.
    ///
    /// On PostgreSQL a commit without a write waits for no standby. It may have read a row whose
    /// own commit was interrupted while it waited: such a row is only on the primary, and a
    /// failover would lose it.
    ///
    /// # Errors
    /// The database cannot write.
    pub async fn wait_for_earlier_commits(&mut self) -> Result<(), StoreError> {
        if let Self::Postgres(connection) = self {
            sqlx::query("SELECT pg_logical_emit_message(true, 'tenure', '')").execute(&mut **connection).await?;
        }
        Ok(())
    }

    /// Returns when retention last ran by its own clock; `None` if it never did.
    pub async fn clock_mark(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_scalar("SELECT seen_at FROM clock_mark WHERE place = 1").fetch_optional(connection).await)?,
        )
    }

    /// Records when retention ran.
    pub async fn set_clock_mark(&mut self, seen_at: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "INSERT INTO clock_mark (place, seen_at) VALUES (1, $1) ON CONFLICT (place) DO UPDATE SET seen_at = $1",
        ).bind(seen_at).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns the settings that decide whether a committed write survives a power failure, by
    /// name.
    pub async fn durability(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        match self {
            Self::Sqlite(transaction) => {
                let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut **transaction).await?;
                let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut **transaction).await?;
                let synchronous = match synchronous {
                    0 => "off",
                    1 => "normal",
                    2 => "full",
                    _ => "extra",
                };
                Ok(vec![("journal_mode".to_owned(), mode), ("synchronous".to_owned(), synchronous.to_owned())])
            }
            Self::Postgres(transaction) => {
                let rows: Vec<Setting> = sqlx::query_as(
                    "SELECT name, setting FROM pg_settings
                      WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'max_connections', 'server_version')
                      ORDER BY name",
                )
                .fetch_all(&mut **transaction)
                .await?;
                Ok(rows.into_iter().map(|row| (row.name, row.setting)).collect())
            }
        }
    }

    /// Returns the server's clock; `None` on SQLite, which uses this machine's clock.
    pub async fn server_time(&mut self) -> Result<Option<Timestamp>, StoreError> {
        match self {
            Self::Sqlite(_) => Ok(None),
            Self::Postgres(transaction) => {
                let micros = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
                Ok(Some(sqlx::query_scalar(micros).fetch_one(&mut **transaction).await?))
            }
        }
    }

    /// Returns the number of waiting deliveries of a webhook of `partner`, and when the oldest was
    /// created.
    pub async fn waiting_deliveries(
        &mut self,
        webhook: Uuid,
        partner: Uuid,
    ) -> Result<(i64, Option<Timestamp>), StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as(
            "SELECT count(*), min(created_at) FROM delivery
              WHERE webhook_id = (SELECT id FROM webhook WHERE id = $1 AND partner_id = $2) AND state = 'waiting'",
        ).bind(webhook).bind(partner).fetch_one(connection).await)?)
    }

    /// Returns when the oldest message in the outbox was due; `None` if the outbox is empty.
    pub async fn oldest_in_outbox(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_scalar("SELECT min(due_at) FROM (SELECT due_at FROM outbox_message UNION ALL SELECT due_at FROM outbox) AS waiting").fetch_one(connection).await)?,
        )
    }
}
