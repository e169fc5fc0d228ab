//! Where a server stores its data: a folder with SQLite, or a folder and a PostgreSQL database.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

/// One of the two databases.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Database {
    /// SQLite, a file in the folder.
    Sqlite,
    /// PostgreSQL, on the server that the bench starts.
    Postgres,
}

impl Database {
    /// Returns the name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// Returns the name in files and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// Where a server stores its data.
#[derive(Clone, Debug)]
pub enum Place {
    /// SQLite in a folder.
    Sqlite {
        /// The folder.
        data: PathBuf,
    },
    /// A PostgreSQL database, and a folder for the other files.
    Postgres {
        /// The folder.
        data: PathBuf,
        /// The URL of the database.
        url: String,
    },
}

impl Place {
    /// Returns the folder.
    pub fn data(&self) -> &Path {
        match self {
            Self::Sqlite { data } | Self::Postgres { data, .. } => data,
        }
    }

    /// Returns the kind of the database.
    pub fn database(&self) -> Database {
        match self {
            Self::Sqlite { .. } => Database::Sqlite,
            Self::Postgres { .. } => Database::Postgres,
        }
    }

    /// Returns options to open the SQLite file of `server` in this process.
    pub fn sqlite(&self, server: &str) -> Result<SqliteConnectOptions, String> {
        let file = self.data().join(format!("{server}.sqlite"));
        SqliteConnectOptions::from_str(&format!("sqlite://{}", file.display())).map_err(|error| error.to_string())
    }

    /// Queries a number from the database of `server`.
    pub fn number(&self, server: &str, question: &str) -> Result<i64, String> {
        match self {
            Self::Sqlite { .. } => {
                let options = self.sqlite(server)?;
                block_on(async {
                    let mut connection = SqliteConnection::connect_with(&options).await?;
                    let number = sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(&mut connection).await?;
                    connection.close().await?;
                    Ok(number)
                })
            }
            Self::Postgres { url, .. } => block_on(async {
                let mut connection = PgConnection::connect(url).await?;
                sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(&mut connection).await
            }),
        }
    }

    /// Reads the whole database once, and indexes into PostgreSQL's buffers, as on a server that
    /// has run for a while. Otherwise databases kept from an earlier run would be read from disk,
    /// and newly filled ones from memory.
    pub fn warm(&self, server: &str) -> Result<(), String> {
        match self {
            Self::Sqlite { data } => {
                let file = std::fs::File::open(data.join(format!("{server}.sqlite")));
                let read = file.and_then(|mut file| std::io::copy(&mut file, &mut std::io::sink()));
                read.map(drop).map_err(|error| error.to_string())
            }
            Self::Postgres { url, .. } => block_on(async {
                let mut connection = PgConnection::connect(url).await?;
                sqlx::raw_sql(
                    "CREATE EXTENSION IF NOT EXISTS pg_prewarm;
                     SELECT pg_prewarm(oid, CASE relkind WHEN 'i' THEN 'buffer' ELSE 'read' END) FROM pg_class
                      WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace",
                )
                .execute(&mut connection)
                .await
                .map(drop)
            }),
        }
    }

    /// Returns the size on disk in bytes, after a SQLite checkpoint.
    pub fn bytes(&self, server: &str) -> Result<u64, String> {
        match self {
            Self::Sqlite { data } => {
                self.number(server, "SELECT 1")?;
                Ok(std::fs::metadata(data.join(format!("{server}.sqlite"))).map_or(0, |file| file.len()))
            }
            Self::Postgres { .. } => {
                let bytes = self.number(server, "SELECT pg_database_size(current_database())")?;
                Ok(u64::try_from(bytes).unwrap_or_default())
            }
        }
    }
}

/// Runs a database operation on its own runtime.
pub fn block_on<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(work).map_err(|error| error.to_string())
}
