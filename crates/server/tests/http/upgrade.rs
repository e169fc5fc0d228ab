//! Upgrades from the first release: SQLite files and a PostgreSQL dump (see
//! tests/fixtures/first-release).

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::app::{PUSH, TestApp, TestPartner, career};
use crate::support::database;

/// One hour after the first release was stopped, before its pending submissions expire.
const AN_HOUR_LATER: &str = "2026-11-26T03:05:44Z";
const STATUSES: &str = "/api/partner/v1/submissions/status";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/first-release").join(name)
}

fn known(database: &str) -> Value {
    let text = std::fs::read_to_string(fixture(&format!("{database}.json"))).expect("what is known");
    serde_json::from_str(&text).expect("JSON")
}

/// Returns a folder with the root key of the first release's server on `database`.
fn folder(database: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("root.key");
    std::fs::copy(fixture(&format!("{database}.root.key")), &root).expect("copied");
    std::fs::set_permissions(root, std::fs::Permissions::from_mode(0o600)).expect("private");
    folder
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}"))
}

fn content(link: &str) -> Uuid {
    link.rsplit_once("content=").expect("a content").1.parse().expect("an id")
}

async fn everybody_finds_what_they_had(test: &TestApp, known: &Value) {
    let link = |id: &str| text(&known["links"], id).to_owned();
    // The session is still valid, and the wallet has its credentials with their history.
    let mut ada = test.browser();
    ada.cookies.insert("tenure-session".to_owned(), text(known, "session").to_owned());
    let wallet = ada.text("/wallet").await;
    assert!(wallet.contains("Engineer at Company A"), "{wallet}");
    assert_eq!(wallet.matches("View details</a>").count(), 1, "what she deleted is gone");
    let record = ada.text(&format!("/wallet/credentials/{}", content(&link("accepted")))).await;
    let history = [
        "<bdi>Acme Payroll</bdi> sent it.",
        "You opened it, so the link works only for you.",
        "You added it to your wallet.",
    ];
    let places: Vec<Option<usize>> = history.iter().map(|said| record.find(said)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{record}");
    // The partner's secret is valid, statuses are unchanged, and repeated pushes return the same
    // links.
    let partner = TestPartner {
        id: text(known, "client_id").parse().expect("an id"),
        secret: text(known, "client_secret").to_owned(),
    };
    let token = test.token(&partner).await;
    let ids = ["accepted", "declined", "removed", "opened", "waiting"];
    let told = test.post(STATUSES, &token, &json!({ "ids": ids })).await.assert_status(200).json();
    let told: Vec<(&str, &str, bool)> = told["credentials"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|status| (text(status, "id"), text(status, "status"), status["finalized_at"].is_string()))
        .collect();
    assert_eq!(
        told,
        [
            ("accepted", "verified", true),
            ("declined", "canceled", true),
            ("removed", "verified", true),
            ("opened", "incomplete", false),
            ("waiting", "incomplete", false),
        ]
    );
    for id in ["accepted", "opened", "waiting"] {
        let again = test.post(PUSH, &token, &career(id)).await.assert_status(201).json();
        assert_eq!(text(&again, "redirect_uri"), link(id), "{id}");
    }
    // Data encrypted by the first release is decrypted and re-encrypted.
    let mut bob = test.signed_in("bob@example.org").await;
    assert!(bob.get("/wallet").await.text.contains("Acme Payroll"), "what he has not answered yet");
    let page = bob.open(content(&link("waiting"))).await.redirect().to_owned();
    assert!(bob.text(&page).await.contains("Company A"));
    bob.post(&format!("{page}/accept"), &[]).await.assert_status(303);
    assert_eq!(test.status(&token, "waiting").await["status"], "verified");
    // The account is found by its email after the session has expired.
    let mut again = test.signed_in("ada@example.org").await;
    assert!(again.get("/wallet").await.text.contains("Engineer at Company A"));
    // Undecided submissions expire and can be pushed again.
    test.advance(Duration::from_secs(48 * 3600));
    tenure::jobs::run_retention(&test.app).await.expect("ended");
    let token = test.token(&partner).await;
    assert_eq!(test.status(&token, "opened").await["status"], "canceled");
    assert_ne!(
        content(text(&test.post(PUSH, &token, &career("opened")).await.assert_status(201).json(), "redirect_uri")),
        content(&link("opened"))
    );
    // Features of this release work with data of the first one.
    assert!(test.sign(content(&link("accepted"))).await.is_some());
}

#[tokio::test]
async fn first_release_sqlite_data_is_upgraded() {
    let folder = folder("sqlite");
    for file in ["tenure.sqlite", "keyring.sqlite"] {
        std::fs::copy(fixture(file), folder.path().join(file)).expect("copied");
    }
    let test = TestApp::builder().time(AN_HOUR_LATER).folder(folder).start().await;
    everybody_finds_what_they_had(&test, &known("sqlite")).await;
}

#[tokio::test]
async fn first_release_postgres_data_is_upgraded() {
    let url = database::postgres_url().await;
    let dump = std::fs::read_to_string(fixture("postgres.sql")).expect("a dump");
    let mut connection = PgConnection::connect(&url).await.expect("connected");
    connection.execute(sqlx::raw_sql(AssertSqlSafe(dump))).await.expect("the dump is read");
    connection.close().await.expect("closed");
    let settings = [("storage.database_url", url.as_str())];
    let test = TestApp::builder().time(AN_HOUR_LATER).folder(folder("postgres")).settings(&settings).start().await;
    everybody_finds_what_they_had(&test, &known("postgres")).await;
}
