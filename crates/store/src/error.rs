//! The store's error type, and which database errors are transient.

use sqlx::migrate::MigrateError;

use super::file_errors::note_error;

#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database or the object store cannot be reached or cannot write: full disk, read-only
    /// folder, connection lost, missing bucket. Retry.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A statement failed, or a row or an object is invalid or missing. This is a bug or lost data,
    /// not a condition to retry.
    #[error("the store returned an error or corrupt data: {0}")]
    Broken(String),
}

impl StoreError {
    /// Reports a row of `table` that this code cannot have written.
    pub fn corrupt_row(table: &str, what: impl std::fmt::Display) -> Self {
        Self::Broken(format!("a row of {table} is corrupt: {what}"))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let is_transient = match &error {
            // We send only our own statements, so a protocol error comes from the connection or
            // from a proxy that has no server.
            sqlx::Error::Io(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(database) => {
                database.code().is_some_and(|code| note_and_classify(&code)) || is_table_missing(database.message())
            }
            _ => false,
        };
        if is_transient { Self::Unavailable(error.to_string()) } else { Self::Broken(error.to_string()) }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error().map(|error| error.extended_code.to_string());
        let is_transient = code.is_some_and(|code| note_and_classify(&code)) || is_table_missing(&error.to_string());
        if is_transient { Self::Unavailable(error.to_string()) } else { Self::Broken(error.to_string()) }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            other => Self::Broken(other.to_string()),
        }
    }
}

/// Returns whether a message of SQLite, which has no code for it, says that a table is missing: the
/// file was replaced. It can be put back.
fn is_table_missing(message: &str) -> bool {
    message.starts_with("no such table")
}

/// Returns whether an error code of either database means a transient failure. If it concerns a
/// file of SQLite, the connections are opened again.
fn note_and_classify(code: &str) -> bool {
    note_error(code);
    is_transient(code)
}

/// Returns whether an error code means a transient failure.
///
/// SQLite: primary result codes for busy, locked, out of memory, read-only, I/O, full, cannot open.
///
/// PostgreSQL: SQLSTATE classes for connection (08), sign-in (28) and missing database (3D), which
/// occur while a password is changed or a server is set up; rollback (40), resources (53), operator
/// intervention (57), system error (58); read-only transaction (25006), from a demoted primary; a
/// database that accepts no connections (55000); lock timeout (55P03); a plan invalidated by a
/// newer node's migration (0A000, which our statements cannot cause otherwise); and a dropped
/// schema or table (3F000, 42P01), which can be restored.
pub(crate) fn is_transient(code: &str) -> bool {
    if let Ok(extended) = code.parse::<i32>()
        && code.len() < 5
    {
        return matches!(extended & 0xff, 5 | 6 | 7 | 8 | 10 | 13 | 14);
    }
    ["08", "28", "3D", "3F000", "40", "42P01", "53", "57", "58", "25006", "55000", "55P03", "0A000"]
        .iter()
        .any(|class| code.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transient_database_errors_are_recognised() {
        for passing in [
            "5", "13", "10", "778", "1544", "14", "08006", "28P01", "3D000", "53100", "57P01", "25006", "40001",
            "55000", "55P03", "3F000", "42P01",
        ] {
            assert!(is_transient(passing), "{passing}");
        }
        for ours in ["1", "19", "2067", "23505", "42601", "22001"] {
            assert!(!is_transient(ours), "{ours}");
        }
    }
}
