//! The one error of the store, and which failures of the databases are temporary.

use sqlx::migrate::MigrateError;

/// Why the store could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or cannot write: full disk, read-only folder, connection lost. Try again.
    #[error("the database cannot be used: {0}")]
    Unavailable(String),
    /// A statement failed, or a row makes no sense: our mistake.
    #[error("the database refused or holds nonsense: {0}")]
    Broken(String),
}

impl StoreError {
    /// A row of `table` that no code of ours can have written.
    pub fn nonsense(table: &str, what: impl std::fmt::Display) -> Self {
        Self::Broken(format!("a row of {table} makes no sense: {what}"))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let passing = match &error {
            // All that is sent are our own statements: what breaks the protocol is the line, or a proxy that has no server.
            sqlx::Error::Io(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(database) => database.code().is_some_and(|code| is_passing(&code)),
            _ => false,
        };
        if passing { Self::Unavailable(error.to_string()) } else { Self::Broken(error.to_string()) }
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

/// SQLite's primary result codes for busy, locked, out of memory, read-only, I/O, full, cannot open; PostgreSQL's SQLSTATE
/// classes for connection (08), sign-in (28) and a database that is not there (3D), as while a password is changed or a server
/// is set up, rollback (40), resources (53), operator intervention (57), system error (58), read-only transaction (25006), as a
/// demoted primary answers, a lock that was not free in time (55P03), and a plan that a newer node's migration made useless
/// (0A000: nothing of ours asks for what is not supported).
pub(crate) fn is_passing(code: &str) -> bool {
    if let Ok(extended) = code.parse::<i32>()
        && code.len() < 5
    {
        return matches!(extended & 0xff, 5 | 6 | 7 | 8 | 10 | 13 | 14);
    }
    ["08", "28", "3D", "40", "53", "57", "58", "25006", "55P03", "0A000"].iter().any(|class| code.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transient_database_errors_are_recognised() {
        for passing in [
            "5", "13", "10", "778", "1544", "14", "08006", "28P01", "3D000", "53100", "57P01", "25006", "40001",
            "55P03",
        ] {
            assert!(is_passing(passing), "{passing}");
        }
        for ours in ["1", "19", "2067", "23505", "42601", "22001"] {
            assert!(!is_passing(ours), "{ours}");
        }
    }
}
