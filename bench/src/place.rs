//! Where a server keeps its data: a folder with SQLite, or a folder and a database on PostgreSQL.

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
    /// A file in the folder.
    Sqlite,
    /// The bench's own server.
    Postgres,
}

impl Database {
    /// As people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// As files and settings call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// A place for a server's data.
#[derive(Clone, Debug)]
pub enum Place {
    /// SQLite in the folder.
    Sqlite {
        /// The folder.
        data: PathBuf,
    },
    /// A database, and the folder for the rest.
    Postgres {
        /// The folder.
        data: PathBuf,
        /// The database.
        url: String,
    },
}

impl Place {
    /// The folder.
    pub fn data(&self) -> &Path {
        match self {
            Self::Sqlite { data } | Self::Postgres { data, .. } => data,
        }
    }

    /// Which database it is.
    pub fn database(&self) -> Database {
        match self {
            Self::Sqlite { .. } => Database::Sqlite,
            Self::Postgres { .. } => Database::Postgres,
        }
    }

    /// The SQLite file of `server`, for this process.
    pub fn sqlite(&self, server: &str) -> Result<SqliteConnectOptions, String> {
        let file = self.data().join(format!("{server}.sqlite"));
        SqliteConnectOptions::from_str(&format!("sqlite://{}", file.display())).map_err(|error| error.to_string())
    }

    /// A number from the database of `server`.
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

    /// Reads all of it once, and indexes into PostgreSQL's own memory, as on a server that has run for a while: what was kept since an
    /// earlier run would be measured on the disk, and what was filled in just now would not.
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

    /// Bytes on disk, once SQLite's log is folded into its file.
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

/// Runs what needs a database on a runtime of its own.
pub fn block_on<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(work).map_err(|error| error.to_string())
}
