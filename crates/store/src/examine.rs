//! What `tenure doctor` asks of a database. It changes nothing: nothing is made, and nothing is brought up to date.

use std::collections::BTreeSet;
use std::path::Path;

use uuid::Uuid;

use super::{Part, Store, StoreError, Tx, from_row, on};
use ambient::Timestamp;

/// How far a database is brought up to date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migrations {
    /// How many it has had.
    pub applied: usize,
    /// Those that it lacks.
    pub missing: Vec<i64>,
    /// Those that this version does not know: a newer one was here.
    pub unknown: Vec<i64>,
    /// Those that broke off.
    pub broken: Vec<i64>,
}

impl Store {
    /// Opens `part` as it stands.
    ///
    /// # Errors
    /// There is none, or it cannot be used.
    pub async fn look(part: Part, data: &Path, url: &str) -> Result<Self, StoreError> {
        if !url.is_empty() {
            return Self::postgres_as_it_is(part, url, 2).await;
        }
        let file = data.join(part.file());
        if !file.exists() {
            return Err(StoreError::Unavailable(format!("there is no {}", file.display())));
        }
        Self::sqlite(part, data, 1).await
    }

    /// Which migrations `part` has had.
    ///
    /// # Errors
    /// It cannot be read, or is no database of ours.
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

/// The lowest version that a release must know to go on with a database after a migration of this description: one that
/// takes away what older releases use says so in its name, `0020_contract_0015_...` (docs/migrations.md).
fn contracts(description: &str) -> Option<i64> {
    let mut words = description.split([' ', '_']);
    (words.next() == Some("contract")).then(|| words.next()?.parse().ok()).flatten()
}

impl Store {
    /// A newer release may have added to the database; what it took away must not be missed.
    pub(super) async fn refuse_what_took_too_much_away(&self, part: Part) -> Result<(), StoreError> {
        let newest = part.newest();
        let described = self.read().await?.described_migrations(newest).await?;
        match described.iter().find(|(_, description)| contracts(description).is_some_and(|needed| needed > newest)) {
            Some((version, description)) => Err(StoreError::Broken(format!(
                "a newer Tenure was here and took away what this one needs (migration {version}, {description}): start that version"
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
    /// The versions that the database has had, and whether each went through.
    pub async fn applied_migrations(&mut self) -> Result<Vec<(i64, bool)>, StoreError> {
        Ok(
            on!(self, connection => sqlx::query_as("SELECT version, success FROM _sqlx_migrations ORDER BY version").fetch_all(connection).await)?,
        )
    }

    /// The migrations after `version` that the database has had, each with its description.
    pub async fn described_migrations(&mut self, version: i64) -> Result<Vec<(i64, String)>, StoreError> {
        Ok(
            on!(self, connection => sqlx::query_as("SELECT version, description FROM _sqlx_migrations WHERE version > $1 ORDER BY version")
            .bind(version).fetch_all(connection).await)?,
        )
    }

    /// Changes a row that nothing else uses, of the data or the key ring: whether and how soon the commit after it succeeds is
    /// how the database takes writes. (SQLite writes nothing for a row that stays the same.)
    pub async fn probe_write(&mut self) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query(
            "INSERT INTO write_probe (place, number) VALUES (1, 1) ON CONFLICT (place) DO UPDATE SET number = write_probe.number + 1",
        ).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// When retention last ran, by its own time; `None` if it never did.
    pub async fn clock_mark(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(
            on!(self, connection => sqlx::query_scalar("SELECT seen_at FROM clock_mark WHERE place = 1").fetch_optional(connection).await)?,
        )
    }

    /// Notes when retention has run.
    pub async fn set_clock_mark(&mut self, seen_at: Timestamp) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query(
            "INSERT INTO clock_mark (place, seen_at) VALUES (1, $1) ON CONFLICT (place) DO UPDATE SET seen_at = $1",
        ).bind(seen_at).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// What decides whether an answered write survives a power cut, by name: of the database, or of its server.
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

    /// The time of the database's server; `None` where the database has no clock but this machine's.
    pub async fn server_time(&mut self) -> Result<Option<Timestamp>, StoreError> {
        match self {
            Self::Sqlite(_) => Ok(None),
            Self::Postgres(transaction) => {
                let micros = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
                Ok(Some(sqlx::query_scalar(micros).fetch_one(&mut **transaction).await?))
            }
        }
    }

    /// How many deliveries wait for a webhook of `partner`, and since when the oldest was to be told.
    pub async fn waiting_deliveries(
        &mut self,
        webhook: Uuid,
        partner: Uuid,
    ) -> Result<(i64, Option<Timestamp>), StoreError> {
        Ok(on!(self, connection => sqlx::query_as(
            "SELECT count(*), min(created_at) FROM delivery
              WHERE webhook_id = (SELECT id FROM webhook WHERE id = $1 AND partner_id = $2) AND state = 'waiting'",
        ).bind(webhook).bind(partner).fetch_one(connection).await)?)
    }

    /// When the oldest of what waits to be sent was due; `None` if nothing waits.
    pub async fn oldest_in_outbox(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(
            on!(self, connection => sqlx::query_scalar("SELECT min(due_at) FROM (SELECT due_at FROM outbox_message UNION ALL SELECT due_at FROM outbox) AS waiting").fetch_one(connection).await)?,
        )
    }
}
