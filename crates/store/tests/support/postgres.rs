//! New databases on the PostgreSQL server that `scripts/postgres` starts.

use ambient::{Rng, Timestamp};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _};
use std::str::FromStr as _;

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
