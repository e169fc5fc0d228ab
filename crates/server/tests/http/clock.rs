//! A clock that jumps ahead deletes nothing early; a server that was off deletes what has expired
//! meanwhile.

use std::time::Duration;

use ambient::Timestamp;
use axum::Router;
use axum::routing::get;
use credential::Type;
use serde_json::json;
use tenure::flows::document_fetch::fetch_due;
use tenure::flows::outbox::send_due;
use tenure::flows::webhook_delivery::deliver_due;
use tenure::jobs::run_retention;
use tenure::outbound::Lookup;
use uuid::Uuid;

use crate::support::app::{TestApp, TestPartner};
use crate::support::database::postgres_url;
use crate::support::https::{HttpsServer, serve};
use crate::support::names::{Table, addresses, table};
use crate::support::receiver::Receiver;
use crate::support::relay::{Relay, Step, Tls};
use crate::support::samples;
use crate::webhooks::support::{WEBHOOKS, tell};

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

impl TestApp {
    /// Sets the clock ahead; returns the time before.
    fn jump(&self, by: Duration) -> Timestamp {
        let now = self.app.now();
        self.app.clock().set(now + by);
        now
    }

    /// Advances the clock and runs retention once a minute.
    async fn run_retention(&self, minutes: u32) {
        for _ in 0..minutes {
            self.advance(MINUTE);
            run_retention(&self.app).await.expect("done");
        }
    }

    /// Returns whether the oldest epoch key exists.
    async fn has_epoch_key(&self) -> bool {
        let mut tx = self.app.keyring().store().read().await.expect("a transaction");
        tx.oldest_epoch_key().await.expect("read").is_some()
    }
}

/// Starts an application with one push, and runs retention.
async fn with_a_push() -> (TestApp, TestPartner, Uuid) {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let id = test.push(&test.token(&partner).await, "1").await;
    run_retention(&test.app).await.expect("done");
    (test, partner, id)
}

#[tokio::test]
async fn clock_that_jumps_for_two_minutes_destroys_nothing() {
    let (test, _, id) = with_a_push().await;
    let before = test.jump(52 * HOUR);
    test.run_retention(2).await;
    assert!(test.text("/metrics").await.contains("tenure_clock_ahead_seconds 187200"), "it is reported");
    test.app.clock().set(before + 2 * MINUTE);
    test.run_retention(1).await;
    assert!(test.text("/metrics").await.contains("tenure_clock_ahead_seconds 0"));
    let mut person = test.signed_in("ada@example.org").await;
    let location = person.open(id).await.redirect().to_owned();
    assert!(person.text(&location).await.contains("Marker-Lovelace"), "the link opens");
    person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
}

#[tokio::test]
async fn clock_that_jumps_reports_no_end_and_keeps_links() {
    let (test, partner, id) = with_a_push().await;
    let before = test.jump(52 * HOUR);
    let token = test.token(&partner).await;
    assert_eq!(test.status(&token, "1").await["status"], "incomplete");
    assert_eq!(test.push(&token, "1").await, id, "the link is that of the first push");
    let mut person = test.signed_in("ada@example.org").await;
    let location = person.open(id).await.redirect().to_owned();
    person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
    assert_eq!(test.status(&token, "1").await["status"], "verified");
    test.app.clock().set(before + 2 * MINUTE);
    assert_eq!(test.status(&test.token(&partner).await, "1").await["status"], "verified");
}

#[tokio::test]
async fn clock_that_is_ahead_at_the_start_reports_no_end() {
    let (test, partner, id) = with_a_push().await;
    test.app.close().await;
    let again = TestApp::builder().folder(test.folder).time("2026-11-25T21:00:00Z").start().await;
    let token = again.token(&partner).await;
    assert_eq!(again.status(&token, "1").await["status"], "incomplete");
    assert_eq!(again.push(&token, "1").await, id);
    again.run_retention(65).await;
    assert_eq!(again.status(&again.token(&partner).await, "1").await["status"], "canceled");
}

const HOST: &str = "documents.example.edu";

/// What an application with work to do depends on, all of which fails at first.
struct Dependencies {
    relay: Relay,
    receiver: Receiver,
    documents: HttpsServer,
    names: Table,
    folder: tempfile::TempDir,
}

impl Dependencies {
    async fn failing() -> Self {
        let (relay, receiver) = (Relay::start(Tls::None).await, Receiver::start().await);
        relay.fail(Some((Step::RcptTo, Some("450 4.2.0 greylisted"))));
        receiver.answer(&[500; 100]);
        let pdf = || async { samples::bytes(&mut samples::pdf(|_, _| {})) };
        let documents = serve(&[HOST], Router::new().route("/a.pdf", get(pdf))).await;
        // No server listens at this address.
        let names = table(&[(HOST, vec![addresses(&["127.0.0.2"])])]);
        Self { relay, receiver, documents, names, folder: tempfile::tempdir().expect("a folder") }
    }

    fn work(&self) {
        self.relay.fail(None);
        self.receiver.answer(&[]);
        self.names.lock().expect("a table").insert(HOST.to_owned(), vec![addresses(&["127.0.0.1"])]);
    }

    async fn server(&self) -> TestApp {
        let roots = self.folder.path().join("roots.pem");
        std::fs::write(&roots, &self.documents.certificate).expect("written");
        let (transport, roots) =
            (format!("smtp://tenure:secret@localhost:{}", self.relay.port), roots.display().to_string());
        let settings = [
            ("mail.transport", &*transport),
            ("webhooks.allow_loopback", "true"),
            ("outbound.allowed_networks", "127.0.0.0/8"),
            ("outbound.allowed_ports", "1-65535"),
            ("outbound.ca_file", &*roots),
            ("outbound.timeout", "2s"),
        ];
        TestApp::builder().settings(&settings).lookup(Lookup::Table(self.names.clone())).start().await
    }
}

/// Does the work that is due.
async fn work(test: &TestApp) {
    send_due(&test.app).await.expect("tried");
    fetch_due(&test.app).await.expect("tried");
    deliver_due(&test.app).await.expect("tried");
}

/// The jump takes mail, document and event beyond the time at which each is given up.
#[tokio::test]
async fn clock_that_jumps_for_two_minutes_loses_no_work() {
    let outside = Dependencies::failing().await;
    let test = outside.server().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let hook = json!({ "url": outside.receiver.url(), "events": ["vwsp_request.verified"] });
    test.post(WEBHOOKS, &token, &hook).await.assert_status(201);
    let mut body = ("education".parse::<Type>().expect("a type").sample)();
    let address = format!("https://{HOST}:{}/a.pdf", outside.documents.port);
    body["credential_id"] = json!("1");
    body["notify"] = json!({ "email": "ada@example.org" });
    body["assets"] = json!([{ "asset_id": "a", "asset_type": "pdf", "asset_data": address }]);
    test.post("/api/partner/v2/add/requests/education", &token, &body).await.assert_status(201);
    tell(&test, &partner, &["2"]).await;
    run_retention(&test.app).await.expect("done");
    test.advance(21 * HOUR);
    run_retention(&test.app).await.expect("done");
    let before = test.jump(52 * HOUR);
    for _ in 0..2 {
        test.run_retention(1).await;
        work(&test).await;
    }
    let tried = outside.receiver.received().len();
    assert!(tried >= 1, "work goes on while the clock is ahead");
    test.app.clock().set(before + 2 * MINUTE);
    outside.work();
    test.run_retention(1).await;
    work(&test).await;
    let accepted: Vec<String> = outside.relay.accepted().into_iter().map(|(recipient, _)| recipient).collect();
    assert_eq!(accepted, ["ada@example.org"]);
    assert_eq!(outside.receiver.received().len(), tried + 1, "delivered at the next attempt");
    let status = test.status(&test.token(&partner).await, "1").await;
    assert_eq!((&status["status"], &status["assets"][0]["state"]), (&json!("incomplete"), &json!("stored")));
    assert_eq!(status.get("notify"), None);
}

#[tokio::test]
async fn clock_that_stays_ahead_is_trusted_after_an_hour() {
    let (test, partner, _) = with_a_push().await;
    test.jump(52 * HOUR);
    test.run_retention(59).await;
    assert!(test.has_epoch_key().await, "not before");
    test.run_retention(3).await;
    assert!(!test.has_epoch_key().await);
    assert_eq!(test.status(&test.token(&partner).await, "1").await["status"], "canceled");
}

#[tokio::test]
async fn server_that_was_off_destroys_after_an_hour() {
    let (test, ..) = with_a_push().await;
    test.app.close().await;
    let again = TestApp::builder().folder(test.folder).time("2026-11-25T21:00:00Z").start().await;
    again.run_retention(50).await;
    assert!(again.has_epoch_key().await, "SQLite has no other clock");
    again.run_retention(15).await;
    assert!(!again.has_epoch_key().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn server_that_was_off_trusts_the_database_clock() {
    let url = postgres_url().await;
    let start = |builder: crate::support::app::TestAppBuilder| builder.setting("storage.database_url", &url).start();
    let first = start(TestApp::builder()).await;
    let real =
        first.app.store().read().await.expect("a transaction").server_time().await.expect("read").expect("a time");
    first.app.clock().set(real - 60 * HOUR);
    let token = first.token(&first.partner().await).await;
    first.push(&token, "1").await;
    run_retention(&first.app).await.expect("done");
    first.app.close().await;
    let again = start(TestApp::builder().folder(first.folder)).await;
    again.app.clock().set(real);
    run_retention(&again.app).await.expect("done");
    assert!(!again.has_epoch_key().await, "both clocks agree");
}
