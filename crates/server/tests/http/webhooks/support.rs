//! A registered webhook and deliveries to it.

use std::time::Duration;

use aws_lc_rs::hmac;
use axum::http::Method;
use credential::encoding::hex;
use serde_json::{Value, json};
use store::{Announcement, AnnouncementKind};
use tenure::flows::webhook_delivery::deliver_due;

use crate::support::app::{TestApp, TestPartner};
use crate::support::receiver::Received;
use crate::support::response::TestResponse;

pub const WEBHOOKS: &str = "/api/partner/v2/webhooks";

pub const DAY: Duration = Duration::from_secs(86_400);

/// Every event type.
pub const ALL: [&str; 8] = [
    "vwsp_request.verified",
    "vwsp_request.canceled",
    "atsp_request.created",
    "atsp_request.opened",
    "atsp_request.signed_in",
    "atsp_request.verified",
    "atsp_request.canceled",
    "atsp_request.notify_failed",
];

/// Starts the application with webhooks to loopback addresses allowed.
pub async fn server() -> TestApp {
    TestApp::builder().setting("webhooks.allow_loopback", "true").setting("webhooks.timeout", "1s").start().await
}

pub async fn register(test: &TestApp, token: &str, url: &str, events: &[&str]) -> (String, String) {
    let body = json!({ "url": url, "name": "Production", "events": events });
    let answer = test.post(WEBHOOKS, token, &body).await.assert_status(201).json();
    let text = |name: &str| answer[name].as_str().expect("a text").to_owned();
    (text("id"), text("secret"))
}

pub async fn put(test: &TestApp, token: &str, path: &str, body: &Value) -> TestResponse {
    test.send(test.api(Method::PUT, path, token, &body.to_string())).await
}

/// Queues an event for each of `requests`, as if the holder had responded.
pub async fn tell(test: &TestApp, partner: &TestPartner, requests: &[&str]) {
    let mut tx = test.app.store().write().await.expect("a transaction");
    let told = requests.iter().map(|request_id| Announcement {
        partner: partner.id,
        kind: AnnouncementKind::RequestVerified,
        request_id,
        credential_id: None,
        at: test.app.now(),
        told_at: test.app.now(),
    });
    tx.announce(&told.collect::<Vec<_>>()).await.expect("told");
    tx.commit().await.expect("committed");
}

pub async fn deliver(test: &TestApp) -> usize {
    deliver_due(&test.app).await.expect("delivered")
}

pub async fn log(test: &TestApp, token: &str, id: &str) -> Vec<Value> {
    let answer = test.get_with(&format!("{WEBHOOKS}/{id}/deliveries"), token).await.assert_status(200).json();
    answer["deliveries"].as_array().expect("a list").clone()
}

pub fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

/// Returns whether the signature in `header` was created with `secret`.
pub fn is_signed(received: &Received, header: &str, secret: &str) -> bool {
    let time = received.header("x-timestamp");
    let message = [time.as_bytes(), b".", &received.body].concat();
    received.header(header) == hex(&mac(secret.as_bytes(), &message))
}
