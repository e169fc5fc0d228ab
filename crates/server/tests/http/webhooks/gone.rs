//! A receiver that responds 410 (Gone): its webhook is disabled, and no event is lost.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{ALL, WEBHOOKS, deliver, log, put, register, server, tell};
use crate::support::receiver::Receiver;

#[tokio::test]
async fn response_410_disables_the_webhook_and_keeps_its_events() {
    let (test, receiver) = (server().await, Receiver::start().await);
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, _) = register(&test, &token, &receiver.url(), &ALL).await;
    let path = format!("{WEBHOOKS}/{id}");
    let shown = test.get_with(&path, &token).await.assert_status(200).json();
    assert_eq!((&shown["status"], &shown["disabled_at"]), (&json!("enabled"), &Value::Null));
    // The first event is waiting for its retry when the receiver responds 410 to the second.
    receiver.answer(&[500, 410]);
    for request in ["r1", "r2"] {
        tell(&test, &partner, &[request]).await;
        assert_eq!(deliver(&test).await, 1);
    }
    let shown = test.get_with(&path, &token).await.assert_status(200).json();
    let expected = (&json!("disabled"), &json!("disabled"), &json!("2026-11-23T09:00:00Z"));
    assert_eq!((&shown["status"], &shown["state"], &shown["disabled_at"]), expected);
    assert_eq!(test.get_with(WEBHOOKS, &token).await.assert_status(200).json()["webhooks"], json!([shown]));
    // No event is sent any more, neither pending nor new ones.
    test.advance(Duration::from_secs(1800));
    tell(&test, &partner, &["r3"]).await;
    assert_eq!((deliver(&test).await, receiver.received().len()), (0, 2));
    let logged = log(&test, &token, &id).await;
    let summary = |entry: &Value| {
        let attempts = entry["attempts"].as_array().expect("a list");
        let statuses: Vec<i64> = attempts.iter().filter_map(|attempt| attempt["status"].as_i64()).collect();
        (entry["request_id"].clone(), entry["state"].clone(), statuses)
    };
    let failed = |request: &str, statuses: &[i64]| (json!(request), json!("failed"), statuses.to_vec());
    let found: Vec<_> = logged.iter().map(summary).collect();
    assert_eq!(found, [failed("r3", &[]), failed("r2", &[410]), failed("r1", &[500])]);
    // Sending through it is rejected, with a suggested fix.
    let event = logged[0]["event_id"].as_str().expect("an id");
    let range = json!({ "from": "2026-11-23T09:00:00Z", "to": "2026-11-24T00:00:00Z", "state": "failed" });
    for sending in ["test".to_owned(), "replay".to_owned(), format!("deliveries/{event}/replay")] {
        let refused = test.post(&format!("{path}/{sending}"), &token, &range).await.assert_status(409).json();
        assert!(refused["detail"].as_str().expect("a text").contains("Update the webhook to enable it"), "{refused}");
    }
    // An update enables the webhook, and a replay sends all events.
    let changed = put(&test, &token, &path, &json!({})).await.assert_status(200).json();
    let expected = (&json!("enabled"), &json!("active"), &Value::Null);
    assert_eq!((&changed["status"], &changed["state"], &changed["disabled_at"]), expected);
    assert_eq!(deliver(&test).await, 0, "what failed is sent when the partner asks for it");
    let replayed = test.post(&format!("{path}/replay"), &token, &range).await.assert_status(202).json();
    assert_eq!(replayed, json!({ "replayed": 3 }));
    assert_eq!((deliver(&test).await, receiver.received().len()), (3, 5));
    assert!(log(&test, &token, &id).await.iter().all(|entry| entry["state"] == "delivered"));
}

#[tokio::test]
async fn response_410_ends_the_round_and_leaves_other_webhooks() {
    let (test, gone, alive) = (server().await, Receiver::start().await, Receiver::start().await);
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, _) = register(&test, &token, &gone.url(), &ALL).await;
    register(&test, &token, &alive.url(), &ALL).await;
    gone.answer(&[410; 1000]);
    let requests: Vec<String> = (0..100).map(|number| format!("r{number}")).collect();
    tell(&test, &partner, &requests.iter().map(String::as_str).collect::<Vec<_>>()).await;
    deliver(&test).await;
    assert_eq!(alive.received().len(), 100);
    let tried = gone.received().len();
    assert!((1..=8).contains(&tried), "what was under way when the first response came: {tried}");
    let path = format!("{WEBHOOKS}/{id}/deliveries?limit=100&state=failed");
    let page = test.get_with(&path, &token).await.assert_status(200).json();
    assert_eq!(page["deliveries"].as_array().expect("a list").len(), 100, "none is lost");
}

#[tokio::test]
async fn updates_enable_a_webhook_and_a_rotation_does_not() {
    let (test, receiver) = (server().await, Receiver::start().await);
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, _) = register(&test, &token, &receiver.url(), &ALL).await;
    let path = format!("{WEBHOOKS}/{id}");
    for (update_path, body) in [(path.as_str(), json!({ "name": "New" })), (WEBHOOKS, json!({ "id": id }))] {
        receiver.answer(&[410]);
        tell(&test, &partner, &[update_path]).await;
        deliver(&test).await;
        let rotated = put(&test, &token, &format!("{path}/secret"), &json!({})).await.assert_status(200).json();
        assert_eq!(rotated["status"], "disabled", "{update_path}");
        put(&test, &token, &path, &json!({ "url": "http://hooks.example.com" })).await.assert_status(422);
        assert_eq!(test.get_with(&path, &token).await.assert_status(200).json()["status"], "disabled");
        let updated = put(&test, &token, update_path, &body).await.assert_status(200).json();
        assert_eq!(updated["status"], "enabled", "{update_path}");
    }
}
