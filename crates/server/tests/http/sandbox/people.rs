//! Sandbox users who fail in other ways than declining, and those who decide later.

use std::time::Duration;

use serde_json::json;
use tenure::flows::outbox::send_due;

use super::{ASK, played, request_id, status, with_notify};
use crate::support::app::{PUSH, TestApp, career};

#[tokio::test]
async fn delayed_user_decides_after_the_delay() {
    let test = TestApp::new().await;
    let partner = test.sandbox_partner().await;
    for (person, seconds, expected) in [
        ("consents.30s@sandbox.invalid", 30, "verified"),
        ("declines.5m@sandbox.invalid", 300, "canceled"),
        ("consents.24h+late@sandbox.invalid", 86_400, "verified"),
    ] {
        let (_, early) = played(&test, &partner, person, person).await;
        assert_eq!(early, "incomplete", "{person}");
        test.advance(Duration::from_secs(seconds) - Duration::from_micros(1));
        assert_eq!(send_due(&test.app).await.expect("sent"), 0, "{person}: not a moment too early");
        test.advance(Duration::from_micros(1));
        while send_due(&test.app).await.expect("sent") > 0 {}
        let token = test.token(&partner).await;
        assert_eq!(status(&test, &token, person).await, expected, "{person}");
    }
}

#[tokio::test]
async fn delayed_user_responds_to_a_verification_request_later() {
    let test = TestApp::new().await;
    let partner = test.sandbox_partner().await;
    played(&test, &partner, "1", "consents@sandbox.invalid").await;
    let token = test.token(&partner).await;
    let body = json!({ "sandbox_person": "consents.30s@sandbox.invalid", "claims": ["full_name"] });
    let asked = test.post(ASK, &token, &body).await.assert_status(201).json();
    let path = format!("/api/partner/v2/verify/requests/{}", request_id(&asked));
    while send_due(&test.app).await.expect("sent") > 0 {}
    assert_eq!(test.get_with(&path, &token).await.json()["status"], "incomplete");
    test.advance(Duration::from_secs(30));
    while send_due(&test.app).await.expect("sent") > 0 {}
    assert_eq!(test.get_with(&path, &token).await.json()["status"], "verified", "from the wallet without a delay");
}

#[tokio::test]
async fn users_who_do_not_decide_leave_the_status_incomplete() {
    let test = TestApp::new().await;
    let partner = test.sandbox_partner().await;
    for (person, page) in [("ignores@sandbox.invalid", 200), ("unconfirmed@sandbox.invalid", 403)] {
        let (answer, status) = played(&test, &partner, person, person).await;
        assert_eq!(status, "incomplete", "{person}");
        let mut someone = test.signed_in("someone@example.org").await;
        someone.open(request_id(&answer)).await.assert_status(303);
        // Only an unopened link can still be opened.
        someone.get(&format!("/requests/{}", request_id(&answer))).await.assert_status(page);
    }
}

#[tokio::test]
async fn user_who_deletes_keeps_the_status_verified() {
    let test = TestApp::new().await;
    let partner = test.sandbox_partner().await;
    let (answer, status) = played(&test, &partner, "1", "deletes@sandbox.invalid").await;
    assert_eq!(status, "verified");
    let mut tx = test.app.store().read().await.expect("a transaction");
    let found = tx.linked_submission(request_id(&answer), test.app.now()).await.expect("read").expect("known");
    drop(tx);
    assert!(!found.stands(), "it is no longer in the wallet");
}

#[tokio::test]
async fn updates_are_covered_until_a_user_withdraws_the_consent() {
    let test = TestApp::new().await;
    let partner = test.sandbox_partner().await;
    let token = test.token(&partner).await;
    for (person, expected) in [("keeps-current", "verified"), ("stops-updates", "incomplete")] {
        let address = format!("{person}@sandbox.invalid");
        assert_eq!(played(&test, &partner, person, &address).await.1, "verified", "{person}");
        let newer = format!("{person}-2");
        let mut update = career(&newer);
        update["replaces"] = json!(person);
        update["fields"]["employment"][1]["last_processed_month"] = json!("2024-06");
        test.post(PUSH, &token, &update).await.assert_status(201);
        assert_eq!(status(&test, &token, &newer).await, expected, "{person}");
    }
    // With the address again, the user opens the link and does not decide.
    let mut asked = with_notify("stops-updates-3", "stops-updates@sandbox.invalid");
    asked["replaces"] = json!("stops-updates");
    test.post(PUSH, &token, &asked).await.assert_status(201);
    while send_due(&test.app).await.expect("sent") > 0 {}
    assert_eq!(status(&test, &token, "stops-updates-3").await, "incomplete");
    let other = played(&test, &partner, "stops-updates-4", "stops-updates@sandbox.invalid").await;
    assert_eq!(other.1, "verified", "a push that replaces nothing is accepted");
}
