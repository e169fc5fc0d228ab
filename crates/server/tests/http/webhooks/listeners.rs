//! Listeners: a partner fetches its events, signed as for a webhook, instead of getting them.

use std::time::{Duration, Instant};

use axum::http::Method;
use credential::encoding::hex;
use serde_json::{Value, json};
use tenure::jobs::run_retention;
use uuid::Uuid;

use super::support::{WEBHOOKS, deliver, log, mac, put, register, server, tell};
use crate::support::app::{PUSH, TestApp, career};
use crate::support::receiver::Receiver;

pub const LISTENERS: &str = "/api/partner/v2/listeners";

/// Creates a listener for all events; returns its id and secret.
pub async fn listen(test: &TestApp, token: &str) -> (String, String) {
    let made = test.post(LISTENERS, token, &json!({})).await.assert_status(201).json();
    let text = |name: &str| made[name].as_str().expect("a text").to_owned();
    (text("id"), text("secret"))
}

/// Polls without waiting; returns the events.
pub async fn poll(test: &TestApp, token: &str, id: &str, results: &Value) -> Vec<Value> {
    let body = json!({ "results": results });
    let answer = test.post(&format!("{LISTENERS}/{id}/poll"), token, &body).await.assert_status(200).json();
    answer["events"].as_array().expect("a list").clone()
}

fn result(event: &Value, status: u16) -> Value {
    json!([{ "event_id": event["event_id"], "status": status, "duration_ms": 7 }])
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("a text")
}

async fn delete(test: &TestApp, token: &str, path: &str) -> u16 {
    test.send(test.api(Method::DELETE, path, token, "")).await.status.as_u16()
}

#[tokio::test]
async fn listener_gets_the_request_that_a_webhook_gets() {
    let (test, receiver) = (server().await, Receiver::start().await);
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    register(&test, &token, &receiver.url(), &["vwsp_request.verified"]).await;
    let answer = test.post(LISTENERS, &token, &json!({})).await.assert_status(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    let made = answer.json();
    let (id, secret) = (text(&made, "id"), text(&made, "secret"));
    assert_eq!((secret.len(), made["events"].as_array().map(Vec::len)), (64, Some(8)));
    assert_eq!(made["expires_at"], "2026-11-23T09:05:00Z");
    tell(&test, &partner, &["r1"]).await;
    assert_eq!(deliver(&test).await, 1, "nothing is sent to the listener");
    let events = poll(&test, &token, id, &json!([])).await;
    let (event, sent) = (&events[0], &receiver.received()[0]);
    assert_eq!(events.len(), 1);
    assert_eq!(text(event, "body").as_bytes(), &*sent.body, "the same bytes");
    assert_eq!((text(event, "type"), &event["event_id"]), ("vwsp_request.verified", &sent.json()["event_id"]));
    let headers = event["headers"].as_object().expect("headers");
    for name in ["content-type", "x-timestamp", "webhook-id", "webhook-timestamp"] {
        assert_eq!(headers[name], sent.header(name), "{name}");
    }
    let message = format!("{}.{}", text(&event["headers"], "x-timestamp"), text(event, "body"));
    assert_eq!(headers["x-signature"], hex(&mac(secret.as_bytes(), message.as_bytes())));
    assert!(text(&event["headers"], "webhook-signature").starts_with("v1,"));
}

#[tokio::test]
async fn results_are_logged_and_failures_can_be_replayed() {
    let test = server().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, _) = listen(&test, &token).await;
    tell(&test, &partner, &["r1", "r2"]).await;
    let events = poll(&test, &token, &id, &json!([])).await;
    assert_eq!(events.len(), 2);
    assert!(poll(&test, &token, &id, &json!([])).await.is_empty(), "they are reserved");
    let (first, second) = (&events[0], &events[1]);
    poll(&test, &token, &id, &result(first, 204)).await;
    let down = json!([{ "event_id": second["event_id"], "error": "unreachable", "duration_ms": 1 }]);
    poll(&test, &token, &id, &down).await;
    assert!(poll(&test, &token, &id, &down).await.is_empty(), "a repeated result changes nothing");
    let entries = log(&test, &token, &id).await;
    let shown: Vec<(&Value, &Value, usize)> = entries
        .iter()
        .map(|entry| {
            let attempts = entry["attempts"].as_array().expect("attempts");
            (&entry["state"], &attempts[0]["error"], attempts.len())
        })
        .collect();
    let expected = [(&json!("failed"), &json!("unreachable"), 1), (&json!("delivered"), &Value::Null, 1)];
    assert_eq!(shown, expected);
    test.advance(Duration::from_secs(200));
    assert!(poll(&test, &token, &id, &json!([])).await.is_empty(), "failures are not retried");
    let path = format!("{WEBHOOKS}/{id}/deliveries/{}/replay", text(second, "event_id"));
    test.post(&path, &token, &json!({})).await.assert_status(202);
    let again = poll(&test, &token, &id, &json!([])).await;
    assert_eq!((again.len(), &again[0]["body"]), (1, &second["body"]));
    assert_ne!(again[0]["headers"]["x-timestamp"], second["headers"]["x-timestamp"], "it is signed again");
    test.advance(Duration::from_secs(181));
    let repeated = poll(&test, &token, &id, &json!([])).await;
    assert_eq!(repeated.len(), 1, "a missing result is not a delivery");
}

#[tokio::test]
async fn listener_without_polls_ends_with_its_log() {
    let test = server().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, _) = listen(&test, &token).await;
    test.advance(Duration::from_secs(299));
    poll(&test, &token, &id, &json!([])).await;
    test.advance(Duration::from_secs(299));
    run_retention(&test.app).await.expect("ended");
    poll(&test, &token, &id, &json!([])).await;
    tell(&test, &partner, &["r1"]).await;
    test.advance(Duration::from_secs(300));
    let token = test.token(&partner).await;
    test.post(&format!("{LISTENERS}/{id}/poll"), &token, &json!({})).await.assert_status(404);
    assert_eq!(log(&test, &token, &id).await.len(), 1);
    run_retention(&test.app).await.expect("ended");
    test.get_with(&format!("{WEBHOOKS}/{id}/deliveries"), &token).await.assert_status(404);
    let mut tx = test.app.store().write().await.expect("a transaction");
    assert_eq!(tx.delete_deliveries(id.parse().expect("a UUID"), 10).await.expect("none"), 0);
}

#[tokio::test]
async fn each_of_a_partners_five_listeners_gets_each_event() {
    let test = server().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(listen(&test, &token).await.0);
    }
    test.post(LISTENERS, &token, &json!({})).await.assert_status(409);
    let other = test.token(&test.partner().await).await;
    listen(&test, &other).await;
    tell(&test, &partner, &["r1"]).await;
    let mut events = Vec::new();
    for id in &ids {
        events.extend(poll(&test, &token, id, &json!([])).await);
    }
    assert_eq!(events.len(), 5);
    assert!(events.iter().all(|event| event["body"] == events[0]["body"]));
    assert_eq!(delete(&test, &token, &format!("{LISTENERS}/{}", ids[0])).await, 204);
    listen(&test, &token).await;
}

#[tokio::test]
async fn listener_belongs_to_its_partner_and_is_no_webhook() {
    let (test, receiver) = (server().await, Receiver::start().await);
    let partner = test.partner().await;
    let (token, other) = (test.token(&partner).await, test.token(&test.partner().await).await);
    let (id, _) = listen(&test, &token).await;
    let (webhook, _) = register(&test, &token, &receiver.url(), &["vwsp_request.verified"]).await;
    for (token, path) in [
        (&other, format!("{LISTENERS}/{id}")),
        (&token, format!("{LISTENERS}/{webhook}")),
        (&token, format!("{LISTENERS}/{}", Uuid::nil())),
        (&token, format!("{LISTENERS}/x")),
    ] {
        test.post(&format!("{path}/poll"), token, &json!({})).await.assert_status(404);
        assert_eq!(delete(&test, token, &path).await, 404, "{path}");
    }
    let hook = format!("{WEBHOOKS}/{id}");
    test.get_with(&hook, &token).await.assert_status(404);
    put(&test, &token, &hook, &json!({ "url": receiver.url() })).await.assert_status(404);
    put(&test, &token, &format!("{hook}/secret"), &json!({})).await.assert_status(404);
    let list = test.get_with(WEBHOOKS, &token).await.assert_status(200).json();
    assert_eq!(list["webhooks"].as_array().map(Vec::len), Some(1));
    test.post(&format!("{hook}/test"), &token, &json!({})).await.assert_status(202);
    assert_eq!(text(&poll(&test, &token, &id, &json!([])).await[0], "type"), "tenure.test");
}

#[tokio::test]
async fn disabled_partner_gets_no_events() {
    let test = server().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, _) = listen(&test, &token).await;
    tell(&test, &partner, &["r1"]).await;
    test.disable(&partner).await;
    test.advance(Duration::from_secs(5));
    for path in [LISTENERS.to_owned(), format!("{LISTENERS}/{id}/poll")] {
        test.post(&path, &token, &json!({})).await.assert_status(401);
    }
}

#[tokio::test]
async fn polls_and_new_listeners_are_validated() {
    let test = server().await;
    let token = test.token(&test.partner().await).await;
    let refused = test.post(LISTENERS, &token, &json!({ "events": ["nothing"] })).await.assert_status(422);
    assert_eq!(refused.errors(), [("choice.unknown".to_owned(), "/events/0".to_owned())]);
    let (id, _) = listen(&test, &token).await;
    let path = format!("{LISTENERS}/{id}/poll");
    for query in ["wait=16", "wait=-1", "wait=soon", "after=1"] {
        test.post(&format!("{path}?{query}"), &token, &json!({})).await.assert_status(400);
    }
    let body = json!({ "results": [{ "event_id": "x", "duration_ms": 1 }] });
    let refused = test.post(&path, &token, &body).await.assert_status(422);
    assert_eq!(refused.errors(), [("field.missing".to_owned(), "/results/0".to_owned())]);
    // Results of unknown events are ignored.
    assert!(poll(&test, &token, &id, &result(&json!({ "event_id": Uuid::nil() }), 204)).await.is_empty());
    assert!(poll(&test, &token, &id, &result(&json!({ "event_id": "x" }), 204)).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_poll_returns_an_event_when_it_happens() {
    let test = server().await;
    let token = test.token(&test.partner().await).await;
    let (id, _) = listen(&test, &token).await;
    let path = format!("{LISTENERS}/{id}/poll?wait=15");
    let body = json!({});
    let waiting = test.post(&path, &token, &body);
    let career = career("mine");
    let (polled, pushed) = tokio::join!(waiting, test.post(PUSH, &token, &career));
    pushed.assert_status(201);
    let events = polled.assert_status(200).json()["events"].clone();
    assert_eq!(events[0]["type"], "atsp_request.created");
    assert!(!text(&events[0], "body").contains("Ada"), "no personal data");
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_poll_ends_the_wait_of_an_older_one() {
    let test = server().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, _) = listen(&test, &token).await;
    let listener: Uuid = id.parse().expect("a UUID");
    let ends = async || {
        let mut tx = test.app.store().read().await.expect("a transaction");
        tx.webhook(listener, partner.id).await.expect("read").and_then(|found| found.listens_until)
    };
    let before = ends().await;
    test.advance(Duration::from_secs(1));
    let began = Instant::now();
    let path = format!("{LISTENERS}/{id}/poll?wait=15");
    let body = json!({});
    let older = test.post(&path, &token, &body);
    let newer = async {
        while ends().await == before {
            tokio::task::yield_now().await;
        }
        test.advance(Duration::from_secs(1));
        poll(&test, &token, &id, &json!([])).await
    };
    let (older, newer) = tokio::join!(older, newer);
    assert_eq!((older.assert_status(200).json()["events"].clone(), newer.len()), (json!([]), 0));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
