//! New databases: SQLite in a temporary folder, or one on the PostgreSQL server that
//! `scripts/postgres` starts.

use ambient::Rng;
use ambient::Timestamp;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _};
use std::str::FromStr as _;
use store::{Part, Store, StoreError};
use tempfile::TempDir;

/// The data and the key ring of one test.
#[derive(Debug)]
pub struct Databases {
    pub data: Store,
    /// The key ring.
    pub keyring: Store,
    /// Removed on drop.
    pub folder: TempDir,
    pub url: String,
}

impl Databases {
    /// Opens the data the way another node does.
    pub async fn open_again(&self) -> Result<Store, StoreError> {
        Store::open(Part::Data, self.folder.path(), &self.url, 2).await
    }
}

/// Creates two SQLite files.
pub async fn sqlite() -> Databases {
    open("").await
}

/// Creates a database on the test server.
pub async fn postgres() -> Databases {
    open(&postgres_url().await).await
}

async fn open(url: &str) -> Databases {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = Store::open(Part::Data, folder.path(), url, 8).await.expect("the data opens");
    let keyring = Store::open(Part::Keyring, folder.path(), url, 2).await.expect("the key ring opens");
    Databases { data, keyring, folder, url: url.to_owned() }
}

/// Creates an empty database and returns its URL.
#[expect(clippy::disallowed_methods, reason = "the test server is named by the script that starts it")]
pub async fn postgres_url() -> String {
    let server = std::env::var("TENURE_TEST_POSTGRES")
        .expect("TENURE_TEST_POSTGRES names a PostgreSQL server; run the tests by scripts/test");
    let name = format!("test_{}", Rng::System.id(Timestamp::from_micros(0)).simple());
    let mut connection =
        PgConnectOptions::from_str(&server).expect("a URL").connect().await.expect("the test server answers");
    connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("a new database");
    let mut url = url::Url::parse(&server).expect("a URL");
    url.set_path(&name);
    url.to_string()
}
