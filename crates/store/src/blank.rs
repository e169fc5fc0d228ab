//! Empty SQLite databases as any release left them: what a backup's tables are read off, and what a backup is put back into
//! before it is brought up to date.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection};

use super::{Part, StoreError, embedded};

/// Opens a SQLite file, or memory, that counts for nothing until all of it is there: nothing is written twice, nothing is
/// synced on the way, and whoever is killed leaves rubbish.
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
    /// The version that this binary brings a database up to.
    pub fn newest(self) -> i64 {
        embedded::sqlite(self).iter().map(|migration| migration.version).max().unwrap_or_default()
    }

    /// An empty database as it was at `version`, in `file` or in memory.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn blank(self, version: i64, file: Option<&Path>) -> Result<SqliteConnection, StoreError> {
        let mut connection = scratch(file).await?;
        embedded::sqlite(self).run_to(version, &mut connection).await?;
        Ok(connection)
    }
}
