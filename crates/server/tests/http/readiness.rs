//! `/readyz` is 200 only while writes succeed.

use std::time::{Duration, Instant};

use axum::http::Method;
use futures::future::join_all;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqliteConnection};

use crate::support::app::{PUSH, TestApp, career};
use crate::support::database::postgres_url;

async fn probes(test: &TestApp) -> i64 {
    let store::Store::Sqlite { reader, .. } = test.app.store() else { panic!("on SQLite") };
    sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM write_probe").fetch_one(reader).await.expect("read")
}

/// Polls `/readyz` until its status is `wanted`.
async fn until_ready_is(test: &TestApp, wanted: u16) {
    for _ in 0..300 {
        if test.get("/readyz").await.status == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("/readyz is never {wanted}");
}

#[tokio::test]
async fn readiness_probes_write_at_most_every_two_seconds() {
    let test = TestApp::new().await;
    let begun = Instant::now();
    for _ in 0..20 {
        test.get("/readyz").await.assert_status(200);
    }
    let most = 1 + begun.elapsed().as_secs() / 2;
    let probes = probes(&test).await;
    assert!((1..=most).contains(&probes.unsigned_abs()), "{probes} of at most {most}");
}

#[tokio::test]
async fn missing_table_makes_the_node_unready() {
    let test = TestApp::new().await;
    until_ready_is(&test, 200).await;
    for part in [test.app.store(), test.app.keyring().store()] {
        let store::Store::Sqlite { writer, .. } = part else { panic!("on SQLite") };
        let table = if std::ptr::eq(part, test.app.store()) { "idempotency" } else { "signing_key" };
        let rename = async |from: &str, to: &str| {
            let rename = format!("ALTER TABLE {from} RENAME TO {to}");
            sqlx::query(AssertSqlSafe(rename)).execute(writer).await.expect("renamed");
        };
        rename(table, "elsewhere").await;
        until_ready_is(&test, 503).await;
        rename("elsewhere", table).await;
        until_ready_is(&test, 200).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_database_is_not_ready() {
    let url = postgres_url().await;
    let test = TestApp::builder().setting("storage.database_url", &url).start().await;
    until_ready_is(&test, 200).await;
    let name = url.rsplit('/').next().expect("a name");
    let set = async |is_read_only: bool| {
        let mut connection = PgConnection::connect(&url).await.expect("connected");
        connection.execute("SET default_transaction_read_only = off").await.expect("set");
        let setting = format!("ALTER DATABASE {name} SET default_transaction_read_only = {is_read_only}");
        connection.execute(AssertSqlSafe(setting)).await.expect("set");
        // The setting applies to new connections.
        test.app.store().renew();
        test.app.keyring().store().renew();
    };
    set(true).await;
    until_ready_is(&test, 503).await;
    set(false).await;
    until_ready_is(&test, 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hanging_postgres_is_reported_in_time_by_one_probe() {
    let url = postgres_url().await;
    let test = TestApp::builder().setting("storage.database_url", &url).start().await;
    until_ready_is(&test, 200).await;
    let mut connection = PgConnection::connect(&url).await.expect("connected");
    let mut held = connection.begin().await.expect("begun");
    held.execute("LOCK TABLE write_probe IN ACCESS EXCLUSIVE MODE").await.expect("locked");
    // The result of the last probe is reused for two seconds.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let begun = Instant::now();
    for answer in join_all((0..5).map(|_| test.get("/readyz"))).await {
        answer.assert_status(503);
    }
    // The lock timeout of a session is 20 seconds.
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    let waiting = "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
                    WHERE NOT granted AND relation = 'write_probe'::regclass AND datname = current_database()";
    let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&mut *held).await.expect("read");
    assert_eq!(waiting, 1, "requests wait for the same probe");
    held.rollback().await.expect("unlocked");
    until_ready_is(&test, 200).await;
}

#[tokio::test]
async fn locked_sqlite_is_not_ready_until_it_is_unlocked() {
    let test = TestApp::new().await;
    until_ready_is(&test, 200).await;
    let file = test.folder.path().join(store::Part::Data.file()).display().to_string();
    let mut other = SqliteConnection::connect(&file).await.expect("opened");
    other.execute("BEGIN IMMEDIATE").await.expect("locked");
    until_ready_is(&test, 503).await;
    other.execute("ROLLBACK").await.expect("unlocked");
    until_ready_is(&test, 200).await;
}

#[tokio::test]
async fn failed_push_makes_the_node_not_ready() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    test.get("/readyz").await.assert_status(200);
    let store::Store::Sqlite { writer, .. } = test.app.store() else { panic!("on SQLite") };
    // Another process has the write lock for longer than the lock timeout of a push.
    let held = writer.begin_with("BEGIN IMMEDIATE").await.expect("the lock");
    let push = test.api(Method::POST, PUSH, &token, &career("1").to_string());
    test.send(push).await.assert_status(503);
    drop(held);
    // The failed push makes the node not ready, although the last probe succeeded.
    test.get("/readyz").await.assert_status(503);
    test.push(&token, "2").await;
    test.get("/readyz").await.assert_status(200);
}

/// Expects that the node is not ready and accepts no pushes, although its epoch key was cached.
async fn expect_no_pushes(test: &TestApp, token: &str) {
    until_ready_is(test, 503).await;
    for id in ["8", "9"] {
        let push = test.api(Method::POST, PUSH, token, &career(id).to_string());
        test.send(push).await.assert_status(503);
        // Meanwhile the connections are closed and opened again.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    test.get("/readyz").await.assert_status(503);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_key_ring_stops_pushes_and_is_not_replaced() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    test.push(&token, "1").await;
    let file = test.folder.path().join(store::Part::Keyring.file());
    let aside = test.folder.path().join("aside");
    std::fs::rename(&file, &aside).expect("moved");
    expect_no_pushes(&test, &token).await;
    assert!(!file.exists(), "no new key ring is made");
    std::fs::rename(&aside, &file).expect("put back");
    until_ready_is(&test, 200).await;
    test.push(&token, "2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_key_ring_stops_pushes_and_is_not_replaced() {
    let url = postgres_url().await;
    let test = TestApp::builder().setting("storage.database_url", &url).start().await;
    let token = test.token(&test.partner().await).await;
    test.push(&token, "1").await;
    let mut connection = PgConnection::connect(&url).await.expect("connected");
    connection.execute("DROP SCHEMA tenure_keyring CASCADE").await.expect("dropped");
    expect_no_pushes(&test, &token).await;
    let found = "SELECT to_regnamespace('tenure_keyring')::text";
    let found: Option<String> = sqlx::query_scalar(found).fetch_one(&mut connection).await.expect("read");
    assert_eq!(found, None, "no new key ring is made");
}

#[tokio::test(flavor = "multi_thread")]
async fn emptied_key_ring_gets_no_new_keys() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    test.push(&token, "1").await;
    let file = test.folder.path().join(store::Part::Keyring.file()).display().to_string();
    let mut other = SqliteConnection::connect(&file).await.expect("opened");
    for table in ["root", "ring_key", "holder_key", "signing_key"] {
        other.execute(AssertSqlSafe(format!("DELETE FROM {table}"))).await.expect("emptied");
    }
    expect_no_pushes(&test, &token).await;
    let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM ring_key").fetch_one(&mut other).await.expect("read");
    assert_eq!(keys, 0);
}
