//! Registering, changing and deleting webhooks, and their secrets.

use std::time::Duration;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::support::{ALL, DAY, WEBHOOKS, deliver, is_signed, put, register, server, tell};
use crate::support::app::TestApp;
use crate::support::receiver::Receiver;

#[tokio::test]
async fn webhook_is_managed_by_its_partner_only() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let other = test.token(&test.partner().await).await;
    let body = json!({ "url": "https://hooks.example.com/tenure", "name": "Production", "description": "Updates our records" });
    let answer = test.post(WEBHOOKS, &token, &body).await.assert_status(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    let made = answer.json();
    let (id, secret) = (made["id"].as_str().expect("an id"), made["secret"].as_str().expect("a secret"));
    assert!(secret.len() == 64 && secret.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{secret}");
    assert_eq!(made["standard_webhooks_secret"], format!("whsec_{}", STANDARD.encode(secret)));
    let shown = json!({
        "id": id, "url": "https://hooks.example.com/tenure", "name": "Production", "description": "Updates our records",
        "events": ["vwsp_request.verified", "vwsp_request.canceled"], "state": "active", "paused_until": null,
        "status": "enabled", "disabled_at": null,
        "previous_secret_until": null, "created_at": "2026-11-23T09:00:00Z", "updated_at": "2026-11-23T09:00:00Z",
    });
    let path = format!("{WEBHOOKS}/{id}");
    assert_eq!(test.get_with(&path, &token).await.assert_status(200).json(), shown, "the secret is not shown again");
    assert_eq!(test.get_with(WEBHOOKS, &token).await.assert_status(200).json(), json!({ "webhooks": [shown] }));
    assert_eq!(test.get_with(WEBHOOKS, &other).await.assert_status(200).json(), json!({ "webhooks": [] }));
    test.advance(Duration::from_secs(60));
    let changed = put(&test, &token, &path, &json!({ "name": null, "events": ["atsp_request.created"] }))
        .await
        .assert_status(200)
        .json();
    assert_eq!(
        (&changed["name"], &changed["url"], &changed["updated_at"]),
        (&Value::Null, &shown["url"], &json!("2026-11-23T09:01:00Z"))
    );
    let changed = put(&test, &token, WEBHOOKS, &json!({ "id": id, "url": "https://hooks.example.com/new" }))
        .await
        .assert_status(200)
        .json();
    assert_eq!(
        (&changed["events"], &changed["url"]),
        (&json!(["atsp_request.created"]), &json!("https://hooks.example.com/new"))
    );
    let mismatch = put(&test, &token, &path, &json!({ "id": "another", "url": "https://hooks.example.com" }))
        .await
        .assert_status(422);
    assert_eq!(mismatch.errors(), [("id.mismatch".to_owned(), "/id".to_owned())]);
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::PUT, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::PUT, format!("{path}/secret")),
        (Method::GET, format!("{path}/deliveries")),
        (Method::POST, format!("{path}/deliveries/{id}/replay")),
        (Method::POST, format!("{path}/replay")),
        (Method::POST, format!("{path}/test")),
    ] {
        let body = if path.ends_with("/replay") {
            json!({ "from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z" })
        } else {
            json!({})
        };
        test.send(test.api(method, &path, &other, &body.to_string())).await.assert_status(404);
    }
    test.send(test.api(Method::DELETE, &path, &token, "")).await.assert_status(204);
    test.get_with(&path, &token).await.assert_status(404);
}

#[test]
fn documented_event_types_match_the_accepted_ones() {
    let documented = &tenure::api::openapi::DOCUMENT["components"]["schemas"]["EventType"]["enum"];
    assert_eq!(documented, &json!(credential::EVENT_TYPES.values));
}

#[tokio::test]
async fn webhook_registration_reports_all_field_errors() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let body = json!({ "url": 7, "nmae": "x", "events": ["vwsp.verified"] });
    let answer = test.post(WEBHOOKS, &token, &body).await.assert_status(422);
    let mut codes: Vec<String> =
        answer.errors().into_iter().map(|(code, pointer)| format!("{pointer} {code}")).collect();
    codes.sort();
    assert_eq!(codes, ["/events/0 choice.unknown", "/nmae field.unknown", "/url type.mismatch"]);
    for (url, code) in [
        ("hooks.example.com", "url.format"),
        ("http://hooks.example.com", "url.format"),
        ("ftp://hooks.example.com", "url.format"),
        ("https://user:secret@hooks.example.com", "url.format"),
        ("https://user@hooks.example.com", "url.format"),
        ("https://hooks.example.com/#part", "url.format"),
        ("https://", "url.format"),
        ("https://localhost/", "url.address"),
        ("https://hooks.localhost./", "url.address"),
    ] {
        let answer = test.post(WEBHOOKS, &token, &json!({ "url": url })).await.assert_status(422);
        assert_eq!(answer.errors(), [(code.to_owned(), "/url".to_owned())], "{url}");
    }
    for number in 0..20 {
        test.post(WEBHOOKS, &token, &json!({ "url": format!("https://hooks.example.com/{number}") }))
            .await
            .assert_status(201);
    }
    test.post(WEBHOOKS, &token, &json!({ "url": "https://hooks.example.com/more" })).await.assert_status(409);
}

#[tokio::test]
async fn previous_secret_signs_for_a_day_after_rotation() {
    let (test, receiver) = (server().await, Receiver::start().await);
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, first) = register(&test, &token, &receiver.url(), &ALL).await;
    let path = format!("{WEBHOOKS}/{id}/secret");
    let refused = put(&test, &token, &path, &json!({ "secret": "mine" })).await.assert_status(422);
    assert_eq!(refused.errors(), [("field.unknown".to_owned(), "/secret".to_owned())]);
    let answer = test.send(test.api(Method::PUT, &path, &token, "")).await.assert_status(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let second = answer.json()["secret"].as_str().expect("a secret").to_owned();
    assert_ne!(first, second);
    assert_eq!(answer.json()["previous_secret_until"], "2026-11-24T09:00:00Z");
    tell(&test, &partner, &["r1"]).await;
    deliver(&test).await;
    let event = &receiver.received()[0];
    assert!(is_signed(event, "x-signature", &second) && is_signed(event, "x-signature-previous", &first));
    assert_eq!(event.header("webhook-signature").split(' ').count(), 2);
    test.advance(DAY);
    tell(&test, &partner, &["r2"]).await;
    deliver(&test).await;
    let event = &receiver.received()[1];
    assert!(is_signed(event, "x-signature", &second));
    assert_eq!((event.header("x-signature-previous"), event.header("webhook-signature").split(' ').count()), ("", 1));
}

#[tokio::test]
async fn repeated_registration_returns_the_unstored_secret() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let body = json!({ "url": "https://hooks.example.com" }).to_string();
    let request = || {
        let mut request = test.api(Method::POST, WEBHOOKS, &token, &body);
        request.headers_mut().insert("idempotency-key", "once".parse().expect("a header"));
        request
    };
    let first = test.send(request()).await.assert_status(201).json();
    let again = test.send(request()).await.assert_status(201);
    assert_eq!((again.header("idempotency-replayed"), again.json()), ("true", first.clone()));
    test.assert_no_file_contains(&[first["secret"].as_str().expect("a secret")]);
}
