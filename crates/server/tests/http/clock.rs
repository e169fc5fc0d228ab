//! A clock that jumps ahead deletes nothing early; a server that was off deletes what has expired
//! meanwhile.

use std::time::Duration;

use ambient::Timestamp;
use tenure::jobs::end_what_is_over;
use uuid::Uuid;

use crate::support::app::{TestApp, TestPartner};
use crate::support::database::postgres_url;

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
            end_what_is_over(&self.app).await.expect("done");
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
    end_what_is_over(&test.app).await.expect("done");
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
async fn clock_that_stays_ahead_is_believed_after_an_hour() {
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
async fn server_that_was_off_believes_the_database() {
    let url = postgres_url().await;
    let start = |builder: crate::support::app::TestAppBuilder| builder.setting("storage.database_url", &url).start();
    let first = start(TestApp::builder()).await;
    let real =
        first.app.store().read().await.expect("a transaction").server_time().await.expect("read").expect("a time");
    first.app.clock().set(real - 60 * HOUR);
    let token = first.token(&first.partner().await).await;
    first.push(&token, "1").await;
    end_what_is_over(&first.app).await.expect("done");
    first.app.close().await;
    let again = start(TestApp::builder().folder(first.folder)).await;
    again.app.clock().set(real);
    end_what_is_over(&again.app).await.expect("done");
    assert!(!again.has_epoch_key().await, "both clocks agree");
}
