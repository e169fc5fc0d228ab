//! Empty SQLite databases with the schema of any release. A backup reads its tables from one, and a
//! restore fills one before migrating it.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection};

use super::{Part, StoreError, embedded};

/// Opens a SQLite file or an in-memory database that is useless until it is complete. It has no
/// journal and never syncs, so a crash leaves a corrupt file.
///
/// # Errors
/// The file cannot be opened.
pub async fn scratch(file: Option<&Path>) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .foreign_keys(false)
        .optimize_on_close(false, None);
    let options = match file {
        Some(file) => options.filename(file),
        None => options.in_memory(true),
    };
    Ok(options.connect().await?)
}

impl Part {
    /// Returns the newest schema version that this binary knows.
    pub fn newest(self) -> i64 {
        embedded::sqlite(self).iter().map(|migration| migration.version).max().unwrap_or_default()
    }

    /// Creates an empty database with the schema of `version`, in `file` or in memory.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn create_schema(self, version: i64, file: Option<&Path>) -> Result<SqliteConnection, StoreError> {
        let mut connection = scratch(file).await?;
        embedded::sqlite(self).run_to(version, &mut connection).await?;
        Ok(connection)
    }
}
