//! New databases: SQLite in a temporary folder, or one on the test server.

#[path = "postgres.rs"]
mod postgres;

use store::{Part, Store};
use tempfile::TempDir;

pub use postgres::postgres_url;

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
