//! Databases that store text in another encoding than UTF-8.

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _};
use store::{Part, Store};

use crate::database;

#[tokio::test]
async fn database_that_is_not_utf8_is_refused() {
    let mut url = url::Url::parse(&database::postgres_url().await).expect("a URL");
    let name = format!("{}_ascii", url.path().trim_start_matches('/'));
    let mut connection = PgConnectOptions::from_str(url.as_str()).expect("a URL").connect().await.expect("connected");
    let create = format!("CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
    connection.execute(sqlx::AssertSqlSafe(create)).await.expect("a new database");
    url.set_path(&name);
    let folder = tempfile::tempdir().expect("a folder");
    for part in [Part::Data, Part::Keyring] {
        let error = Store::open(part, folder.path(), url.as_str(), 2).await.expect_err("it is refused").to_string();
        assert!(error.contains("SQL_ASCII") && error.contains("ENCODING 'UTF8'"), "{error}");
    }
}
