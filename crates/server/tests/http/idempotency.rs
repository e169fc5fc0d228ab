//! `Idempotency-Key` on every POST that needs a token.

use std::time::Duration;

use crate::support::app::{PUSH, TestApp, career};
use crate::support::response::TestResponse;
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

async fn post(test: &TestApp, path: &str, token: &str, key: &str, body: &Value) -> TestResponse {
    let mut request: Request<Body> = test.api(Method::POST, path, token, &body.to_string());
    request.headers_mut().insert("idempotency-key", key.parse().expect("a header"));
    test.send(request).await
}

#[tokio::test]
async fn exact_repeat_returns_the_stored_response() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let first = post(&test, PUSH, &token, "k", &career("1")).await.assert_status(201);
    assert_eq!(first.header("idempotency-replayed"), "");
    assert_eq!(first.headers.get_all("content-type").iter().count(), 1);
    test.advance(Duration::from_secs(23 * 3600));
    let token = test.token(&partner).await;
    let again = post(&test, PUSH, &token, "k", &career("1")).await.assert_status(201);
    assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
    assert_eq!(again.header("content-type"), first.header("content-type"));
}

const ASK: &str = "/api/partner/v2/verify/requests/career_history";

#[tokio::test]
async fn conflict_is_replayed_exactly() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let asked = json!({ "request_id": "taken", "purpose": "Hiring" });
    post(&test, ASK, &token, "first", &asked).await.assert_status(201);
    let elsewhere = "/api/partner/v2/verify/requests/education";
    let first = post(&test, elsewhere, &token, "k", &asked).await.assert_status(409);
    let again = post(&test, elsewhere, &token, "k", &asked).await.assert_status(409);
    assert_eq!(first.text, again.text);
    assert_eq!(again.header("content-type"), "application/problem+json");
    assert_eq!(first.json()["request_id"], first.header("x-request-id"));
}

#[tokio::test]
async fn corrected_request_may_use_the_key_of_a_rejected_one() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    post(&test, PUSH, &token, "k", &json!({})).await.assert_status(422);
    post(&test, PUSH, &token, "k", &career("1")).await.assert_status(201);
    post(&test, PUSH, &token, "k", &career("2")).await.assert_status(409);
}

#[tokio::test]
async fn key_with_a_different_request_conflicts() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    post(&test, PUSH, &token, "k", &career("1")).await.assert_status(201);
    post(&test, PUSH, &token, "k", &career("2")).await.assert_status(409);
    test.get_with("/api/partner/v1/submissions/2/status", &token).await.assert_status(404);
    post(&test, PUSH, &token, "another", &career("2")).await.assert_status(201);
    let other = test.token(&test.partner().await).await;
    post(&test, PUSH, &other, "k", &career("2")).await.assert_status(201);
}

#[tokio::test]
async fn request_in_progress_conflicts_until_its_claim_expires() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    // Simulates a server that claimed the key for this request and crashed.
    post(&test, PUSH, &token, "k", &career("1")).await.assert_status(201);
    let mut tx = test.app.store().write().await.expect("a transaction");
    let stored = tx.stored_answer(partner.id, "k").await.expect("read").expect("there");
    tx.forget_answer(partner.id, "k", stored.created_at).await.expect("let go");
    tx.claim_idempotency_key(partner.id, "k", &stored.request_hash, test.app.now()).await.expect("claimed");
    tx.commit().await.expect("committed");
    let under_way = post(&test, PUSH, &token, "k", &career("1")).await.assert_status(409);
    assert_eq!(under_way.header("retry-after"), "1");
    test.advance(Duration::from_secs(60));
    post(&test, PUSH, &token, "k", &career("1")).await.assert_status(201);
}

#[tokio::test]
async fn expired_claim_does_not_overwrite_its_successor() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    test.advance(Duration::from_secs(3600));
    let token = test.token(&partner).await;
    // The push needs a new epoch key, which cannot be created while this transaction is open.
    let held = test.app.keyring().store().write().await.expect("a transaction");
    let slow = async { post(&test, PUSH, &token, "k", &career("1")).await };
    let taking_over = async {
        let claimed = loop {
            let known = test.app.store().read().await.expect("a transaction").stored_answer(partner.id, "k").await;
            if let Some(claimed) = known.expect("read") {
                break claimed;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        test.advance(Duration::from_secs(60));
        let mut tx = test.app.store().write().await.expect("a transaction");
        tx.forget_answer(partner.id, "k", claimed.created_at).await.expect("let go");
        assert!(tx.claim_idempotency_key(partner.id, "k", b"another", test.app.now()).await.expect("claimed"));
        tx.commit().await.expect("committed");
        drop(held);
    };
    let (answer, ()) = tokio::join!(slow, taking_over);
    answer.assert_status(201);
    let mut tx = test.app.store().read().await.expect("a transaction");
    let known = tx.stored_answer(partner.id, "k").await.expect("read").expect("still claimed");
    assert_eq!((known.status, known.request_hash.as_slice()), (0, b"another".as_slice()));
}

#[tokio::test]
async fn key_expires_after_a_day() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    post(&test, PUSH, &test.token(&partner).await, "k", &career("1")).await.assert_status(201);
    test.advance(Duration::from_secs(24 * 3600));
    post(&test, PUSH, &test.token(&partner).await, "k", &career("2")).await.assert_status(201);
}

#[tokio::test]
async fn transient_errors_are_not_stored() {
    let test = TestApp::builder()
        .setting("rate_limit.partner_per_second", "1")
        .setting("rate_limit.partner_burst", "1")
        .start()
        .await;
    let token = test.token(&test.partner_with("read.something").await).await;
    post(&test, PUSH, &token, "k", &career("1")).await.assert_status(403);
    post(&test, PUSH, &token, "k", &career("1")).await.assert_status(429);
    test.advance(Duration::from_secs(2));
    let again = post(&test, PUSH, &token, "k", &career("1")).await.assert_status(403);
    assert_eq!(again.header("idempotency-replayed"), "");
}

#[tokio::test]
async fn status_requests_accept_keys_and_reject_malformed_ones() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let path = "/api/partner/v1/submissions/status";
    let first = post(&test, path, &token, "k", &json!({ "ids": ["1"] })).await.assert_status(200);
    test.push(&token, "1").await;
    assert_eq!(post(&test, path, &token, "k", &json!({ "ids": ["1"] })).await.assert_status(200).text, first.text);
    post(&test, path, &token, "", &json!({ "ids": [] })).await.assert_status(400);
    post(&test, path, &token, &"x".repeat(256), &json!({ "ids": [] })).await.assert_status(400);
}

#[tokio::test]
async fn dry_run_leaves_the_key_to_the_push() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let dry_run = format!("{PUSH}?dry_run=true");
    for id in ["1", "2"] {
        let dry = post(&test, &dry_run, &token, "k", &career(id)).await.assert_status(200);
        assert_eq!((dry.json()["credential_id"].as_str(), dry.header("idempotency-replayed")), (Some(id), ""));
    }
    post(&test, PUSH, &token, "k", &career("1")).await.assert_status(201);
    post(&test, &dry_run, &token, "k", &career("2")).await.assert_status(200);
    let again = post(&test, PUSH, &token, "k", &career("1")).await.assert_status(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    post(&test, &dry_run, &token, "", &career("1")).await.assert_status(400);
}

#[tokio::test]
async fn two_keys_are_rejected() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut request = test.api(Method::POST, PUSH, &token, &career("1").to_string());
    for key in ["a", "b"] {
        request.headers_mut().append("idempotency-key", key.parse().expect("a header"));
    }
    let answer = test.send(request).await.assert_status(400);
    assert!(answer.text.contains("sent twice"), "{}", answer.text);
    assert_eq!(test.get_with("/api/partner/v2/submissions/1/status", &token).await.status, 404);
}

#[tokio::test]
async fn response_is_not_replayed_to_a_token_with_fewer_scopes() {
    let test = TestApp::new().await;
    let partner = test.partner_with("write.career_history read.something").await;
    let strong = test.token(&partner).await;
    let id = partner.id.to_string();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", partner.secret.as_str()),
        ("scope", "read.something"),
    ];
    let weak = test.token_form(&form, None).await.assert_status(200).json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    post(&test, PUSH, &strong, "k", &career("1")).await.assert_status(201);
    let refused = post(&test, PUSH, &weak, "k", &career("1")).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
}

/// Units of 1 KiB of stored responses that a partner may use in a day.
const STORED: u32 = 256 * 1024;

#[tokio::test]
async fn stored_responses_are_returned_beyond_the_storage_limit() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let first = post(&test, PUSH, &token, "k", &career("1")).await.assert_status(201);
    let limit = &test.app.limits().idempotency_bytes;
    limit.spend(&partner.id, STORED - 100).expect("most of it");
    while limit.check(&partner.id).is_ok() {}
    let again = post(&test, PUSH, &token, "k", &career("1")).await.assert_status(201);
    assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
    post(&test, PUSH, &token, "k", &career("2")).await.assert_status(409);
    let refused = post(&test, PUSH, &token, "new", &career("2")).await.assert_status(429);
    assert_eq!(refused.header("retry-after"), "3600");
    test.post(PUSH, &token, &career("2")).await.assert_status(201);
    let other = test.token(&test.partner().await).await;
    post(&test, PUSH, &other, "new", &career("2")).await.assert_status(201);
    test.advance(Duration::from_secs(86_400));
    post(&test, PUSH, &test.token(&partner).await, "new", &career("3")).await.assert_status(201);
}

#[tokio::test]
async fn last_response_uses_up_what_is_left_of_the_storage() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    test.app.limits().idempotency_bytes.spend(&partner.id, STORED - 3).expect("most of it");
    let ids: Vec<String> = (0..30).map(|number| format!("{number}-{}", "x".repeat(200))).collect();
    let path = "/api/partner/v1/submissions/status";
    let long = post(&test, path, &token, "long", &json!({ "ids": ids })).await.assert_status(200);
    assert!(long.bytes.len() > 4 * 1024, "{}", long.text);
    post(&test, PUSH, &token, "next", &career("1")).await.assert_status(429);
}
