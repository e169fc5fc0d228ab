//! The clock of a sandbox partner.

use serde_json::{Value, json};
use tenure::flows::outbox::send_due;
use tenure::flows::webhook_delivery::deliver_due;

use super::{ASK, played, status, with_notify};
use crate::support::app::{PUSH, TestApp};
use crate::support::receiver::Receiver;

const CLOCK: &str = "/api/partner/v2/sandbox/clock";

async fn advance(test: &TestApp, token: &str, by: &str) -> Value {
    test.post(CLOCK, token, &json!({ "advance": by })).await.assert_status(200).json()
}

#[tokio::test]
async fn advanced_clock_expires_own_submissions_only() {
    let test = TestApp::builder().setting("webhooks.allow_loopback", "true").start().await;
    let (partner, other) = (test.sandbox_partner().await, test.sandbox_partner().await);
    let (token, others) = (test.token(&partner).await, test.token(&other).await);
    let receiver = Receiver::start().await;
    let webhook = json!({ "url": receiver.url(), "events": ["atsp_request.canceled"] });
    test.post("/api/partner/v2/webhooks", &token, &webhook).await.assert_status(201);
    played(&test, &partner, "1", "ignores@sandbox.invalid").await;
    played(&test, &other, "1", "ignores@sandbox.invalid").await;
    let asked = test.post(ASK, &token, &json!({})).await.assert_status(201).json();
    let before = test.app.now();
    let moved = advance(&test, &token, "47h").await;
    let expected = json!({ "submissions": 1, "verification_requests": 1, "delayed_decisions": 0 });
    assert_eq!(moved, expected);
    assert_eq!(status(&test, &token, "1").await, "incomplete", "there is an hour left");
    advance(&test, &token, "1h").await;
    let ended = test.get_with("/api/partner/v2/submissions/1/status", &token).await.assert_status(200).json();
    assert_eq!((&ended["status"], &ended["reason"]), (&json!("canceled"), &json!("expired")), "{ended}");
    assert_eq!(status(&test, &others, "1").await, "incomplete", "the other partner's clock did not move");
    assert_eq!(test.app.now(), before, "nor did that of the server");
    while deliver_due(&test.app).await.expect("delivered") > 0 {}
    let told: Vec<Value> = receiver.received().into_iter().map(|received| received.json()).collect();
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["type"], &told[0]["credential_id"]), (&json!("atsp_request.canceled"), &json!("1")));
    // An expired id starts anew, as after 48 hours.
    assert_eq!(played(&test, &partner, "1", "consents@sandbox.invalid").await.1, "verified");
    advance(&test, &token, "30d").await;
    let path = format!("/api/partner/v2/verify/requests/{}", asked["request_id"].as_str().expect("an id"));
    assert_eq!(test.get_with(&path, &token).await.json()["status"], "canceled");
    assert_eq!(status(&test, &token, "1").await, "verified", "what was decided stays");
}

#[tokio::test]
async fn advanced_clock_sends_the_warning_a_day_before() {
    let test = TestApp::new().await;
    let partner = test.sandbox_partner().await;
    let token = test.token(&partner).await;
    test.post(PUSH, &token, &with_notify("1", "dev@example.org")).await.assert_status(201);
    advance(&test, &token, "23h").await;
    assert_eq!(test.mails().await.len(), 1, "the link");
    advance(&test, &token, "1h").await;
    let mails = test.mails().await;
    assert_eq!(mails.iter().filter(|mail| mail.contains("Coming up soon:")).count(), 1, "and the warning");
    assert_eq!(status(&test, &token, "1").await, "incomplete");
}

#[tokio::test]
async fn advanced_clock_brings_delayed_decisions_forward() {
    let test = TestApp::new().await;
    let partner = test.sandbox_partner().await;
    let token = test.token(&partner).await;
    played(&test, &partner, "1", "consents.5m@sandbox.invalid").await;
    assert_eq!(advance(&test, &token, "4m").await["delayed_decisions"], 1);
    assert_eq!(send_due(&test.app).await.expect("sent"), 0);
    advance(&test, &token, "1m").await;
    while send_due(&test.app).await.expect("sent") > 0 {}
    assert_eq!(status(&test, &token, "1").await, "verified");
}

#[tokio::test]
async fn only_sandbox_partners_may_advance_their_clock() {
    let test = TestApp::new().await;
    let real = test.token(&test.partner().await).await;
    test.push(&real, "1").await;
    test.post(CLOCK, &real, &json!({ "advance": "48h" })).await.assert_status(403);
    assert_eq!(status(&test, &real, "1").await, "incomplete");
    let token = test.token(&test.sandbox_partner().await).await;
    for (body, code) in [
        (json!({ "advance": "31d" }), "period.format"),
        (json!({ "advance": "-48h" }), "period.format"),
        (json!({}), "field.missing"),
    ] {
        let problem = test.post(CLOCK, &token, &body).await.assert_status(422);
        assert_eq!(problem.errors()[0].0, code, "{body}");
    }
}
