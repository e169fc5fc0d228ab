//! Webhooks (partner-api section 11): registering, what arrives, what is tried again, and where nothing is ever sent.

use std::net::IpAddr;
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::encoding::hex;
use serde_json::{Value, json};
use store::domain::webhook::DeliveryState;
use store::{Announcement, AnnouncementKind, day};
use tenure::jobs::{deliver_due, end_what_is_over};
use tenure::outbound::Lookup;

use crate::support::app::{PUSH, TestApp, TestPartner, career};
use crate::support::names::{Table, addresses, table};
use crate::support::receiver::{Received, Receiver};
use crate::support::response::TestResponse;

const WEBHOOKS: &str = "/api/partner/v2/webhooks";
const DAY: Duration = Duration::from_secs(86_400);

/// Every type that there is.
const ALL: [&str; 7] = [
    "vwsp_request.verified",
    "vwsp_request.canceled",
    "atsp_request.created",
    "atsp_request.opened",
    "atsp_request.signed_in",
    "atsp_request.verified",
    "atsp_request.canceled",
];

/// A server that may send to this machine.
async fn server() -> TestApp {
    TestApp::builder().setting("webhooks.allow_loopback", "true").setting("webhooks.timeout", "1s").start().await
}

async fn register(test: &TestApp, token: &str, url: &str, events: &[&str]) -> (String, String) {
    let body = json!({ "url": url, "name": "Production", "events": events });
    let answer = test.post(WEBHOOKS, token, &body).await.assert_status(201).json();
    let text = |name: &str| answer[name].as_str().expect("a text").to_owned();
    (text("id"), text("secret"))
}

async fn put(test: &TestApp, token: &str, path: &str, body: &Value) -> TestResponse {
    test.send(test.api(Method::PUT, path, token, &body.to_string())).await
}

/// Lets verification requests be answered, as far as webhooks can tell.
async fn tell(test: &TestApp, partner: &TestPartner, requests: &[&str]) {
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

async fn deliver(test: &TestApp) -> usize {
    deliver_due(&test.app).await.expect("delivered")
}

async fn log(test: &TestApp, token: &str, id: &str) -> Vec<Value> {
    let answer = test.get_with(&format!("{WEBHOOKS}/{id}/deliveries"), token).await.assert_status(200).json();
    answer["deliveries"].as_array().expect("a list").clone()
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

/// Checks a delivery as the documentation says, in both ways.
fn is_signed(received: &Received, header: &str, secret: &str) -> bool {
    let time = received.header("x-timestamp");
    let message = [time.as_bytes(), b".", &received.body].concat();
    received.header(header) == hex(&mac(secret.as_bytes(), &message))
}

#[tokio::test]
async fn a_webhook_is_registered_shown_changed_and_deleted_by_its_partner_alone() {
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
fn the_documented_types_are_those_that_are_taken() {
    let documented = &tenure::api::openapi::DOCUMENT["components"]["schemas"]["EventType"]["enum"];
    assert_eq!(documented, &json!(credential::EVENT_TYPES.values));
}

#[tokio::test]
async fn every_fault_of_a_registration_is_told_at_once() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let body = json!({ "url": 7, "nmae": "x", "events": ["vwsp.verified"] });
    let answer = test.post(WEBHOOKS, &token, &body).await.assert_status(422);
    let mut codes: Vec<String> =
        answer.errors().into_iter().map(|(code, pointer)| format!("{pointer} {code}")).collect();
    codes.sort();
    assert_eq!(codes, ["/events/0 choice.unknown", "/nmae member.unknown", "/url type.mismatch"]);
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
async fn an_event_arrives_once_signed_in_both_ways_and_says_nothing_of_anybody() {
    let (test, receiver) = (server().await, Receiver::start().await);
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, secret) = register(&test, &token, &receiver.url(), &ALL).await;
    tell(&test, &partner, &["r1"]).await;
    assert_eq!(deliver(&test).await, 1);
    let received = receiver.received();
    assert_eq!(received.len(), 1);
    let (event, body) = (&received[0], received[0].json());
    let event_id = body["event_id"].as_str().expect("an id");
    assert_eq!(
        String::from_utf8_lossy(&event.body),
        format!(
            r#"{{"event_id":"{event_id}","request_id":"r1","type":"vwsp_request.verified","created_at":"2026-11-23T09:00:00Z"}}"#
        )
    );
    assert_eq!(event.header("content-type"), "application/json");
    assert_eq!(event.header("x-timestamp"), test.app.now().seconds().to_string());
    assert!(is_signed(event, "x-signature", &secret));
    assert_eq!(event.header("x-signature-previous"), "");
    assert_eq!(
        (event.header("webhook-id"), event.header("webhook-timestamp")),
        (event_id, event.header("x-timestamp"))
    );
    let message = [event_id.as_bytes(), b".", event.header("x-timestamp").as_bytes(), b".", &event.body].concat();
    assert_eq!(event.header("webhook-signature"), format!("v1,{}", STANDARD.encode(mac(secret.as_bytes(), &message))));
    assert_eq!(deliver(&test).await, 0, "it has it");
    let log = log(&test, &token, &id).await;
    assert_eq!((log.len(), &log[0]["state"], &log[0]["attempts"][0]["status"]), (1, &json!("delivered"), &json!(204)));
    assert_eq!((&log[0]["delivered_at"], &log[0]["next_attempt_at"]), (&json!("2026-11-23T09:00:00Z"), &Value::Null));
}

#[tokio::test]
async fn what_happens_to_a_push_is_told_in_order_to_who_opted_in() {
    let (test, opted, other) = (server().await, Receiver::start().await, Receiver::start().await);
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    register(&test, &token, &opted.url(), &ALL).await;
    test.post(WEBHOOKS, &token, &json!({ "url": other.url() })).await.assert_status(201);
    let mut body = career("mine");
    body["partner_chain"] = json!([{ "name": "Umbrella" }]);
    let pushed = test.post(PUSH, &token, &body).await.assert_status(201).json();
    let request = pushed["request_id"].as_str().expect("an id");
    // The link is handed over before anybody has signed in, by two browsers.
    for _ in 0..2 {
        test.advance(Duration::from_secs(1));
        test.browser().open(request.parse().expect("a UUID")).await.assert_status(303);
    }
    let mut person = test.signed_in("ada@example.org").await;
    person.accept(request.parse().expect("a UUID")).await;
    person.post(&format!("/wallet/credentials/{request}/delete"), &[]).await.assert_status(303);
    let declined = test.push(&token, "declined").await;
    person.open(declined).await.assert_status(303);
    person.post(&format!("/requests/{declined}/decline"), &[]).await.assert_status(303);
    deliver(&test).await;
    let told = |credential: &str| -> Vec<String> {
        let received = opted.received().into_iter().map(|event| event.json());
        let about = received.filter(|event| event["credential_id"] == credential);
        about
            .map(|event| event["type"].as_str().expect("a type").trim_start_matches("atsp_request.").to_owned())
            .collect()
    };
    assert_eq!(
        told("mine"),
        ["created", "opened", "signed_in", "verified"],
        "that it was deleted later is the person's affair"
    );
    assert_eq!(told("declined"), ["created", "opened", "signed_in", "canceled"]);
    for event in opted.received().iter().chain(&other.received()) {
        let text = String::from_utf8_lossy(&event.body).into_owned();
        assert!(!text.contains("Ada") && !text.contains("example.org") && !text.contains("Umbrella"), "{text}");
    }
    assert_eq!(other.received().len(), 0, "nobody opted in there");
    let tallies = test
        .app
        .store()
        .read()
        .await
        .expect("a transaction")
        .tallies(partner.id, day(test.app.now()))
        .await
        .expect("read");
    let chained: Vec<(&str, i64)> = tallies
        .iter()
        .filter(|tally| tally.chain == "Umbrella")
        .map(|tally| (tally.kind.name(), tally.count))
        .collect();
    assert_eq!(chained, [("accepted", 1), ("link_opened", 1), ("opened", 1), ("pushed", 1), ("removed", 1)]);
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_ever_more_seldom_and_given_up_after_three_days() {
    let (test, receiver) = (server().await, Receiver::start().await);
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, secret) = register(&test, &token, &receiver.url(), &ALL).await;
    receiver.answer(&[500, 302, 404]);
    tell(&test, &partner, &["r1"]).await;
    for tries in 1..=4 {
        deliver(&test).await;
        assert_eq!(receiver.received().len(), tries);
        assert_eq!(deliver(&test).await, 0, "not at once");
        test.advance(Duration::from_secs(80));
    }
    let received = receiver.received();
    assert!(received.iter().all(|event| event.body == received[0].body), "the same bytes each time");
    assert!(received.iter().all(|event| is_signed(event, "x-signature", &secret)));
    assert_ne!(received[0].header("x-timestamp"), received[3].header("x-timestamp"), "signed anew each time");
    let found = log(&test, &token, &id).await.remove(0);
    let statuses: Vec<&Value> =
        found["attempts"].as_array().expect("attempts").iter().map(|attempt| &attempt["status"]).collect();
    assert_eq!(
        (statuses, &found["state"]),
        (vec![&json!(500), &json!(302), &json!(404), &json!(204)], &json!("delivered"))
    );
    // Nobody listens any more.
    receiver.answer(&[500; 200]);
    tell(&test, &partner, &["r2"]).await;
    let begin = test.app.now();
    let token = async || test.token(&partner).await;
    while log(&test, &token().await, &id).await[0]["state"] == "waiting" {
        test.advance(Duration::from_secs(1800));
        deliver(&test).await;
        end_what_is_over(&test.app).await.expect("done");
        assert!(test.app.now().since(begin) < 4 * DAY);
    }
    let found = log(&test, &token().await, &id).await.remove(0);
    let attempts = found["attempts"].as_array().expect("attempts").len();
    assert_eq!(found["state"], "failed");
    assert!((15..100).contains(&attempts), "{attempts} attempts in three days");
    assert!(test.app.now().since(begin) > 2 * DAY);
    // It can be sent again, and is the same event.
    receiver.answer(&[]);
    let path = format!("{WEBHOOKS}/{id}/deliveries/{}/replay", found["event_id"].as_str().expect("an id"));
    test.post(&path, &token().await, &json!({})).await.assert_status(202);
    test.advance(Duration::from_secs(300));
    deliver(&test).await;
    assert_eq!(receiver.received().last().expect("an event").json()["event_id"], found["event_id"]);
    assert_eq!(log(&test, &token().await, &id).await[0]["state"], "delivered");
}

#[tokio::test]
async fn a_dead_receiver_is_left_alone_and_asked_by_one_event_at_a_time() {
    let (test, dead, alive) = (server().await, Receiver::start().await, Receiver::start().await);
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, _) = register(&test, &token, &dead.url(), &ALL).await;
    register(&test, &token, &alive.url(), &ALL).await;
    dead.answer(&[500; 1000]);
    let requests: Vec<String> = (0..100).map(|number| format!("r{number}")).collect();
    tell(&test, &partner, &requests.iter().map(String::as_str).collect::<Vec<_>>()).await;
    deliver(&test).await;
    assert_eq!(alive.received().len(), 100);
    let tried = dead.received().len();
    assert!((5..=13).contains(&tried), "what was under way when it was given up for now: {tried}");
    let shown = test.get_with(&format!("{WEBHOOKS}/{id}"), &token).await.assert_status(200).json();
    assert_eq!(shown["state"], "paused");
    assert_eq!(deliver(&test).await, 0);
    for probes in 1..4 {
        test.advance(Duration::from_secs(300));
        assert_eq!(deliver(&test).await, 1, "one to see whether it is back");
        assert_eq!(dead.received().len(), tried + probes);
    }
    dead.answer(&[]);
    test.advance(Duration::from_secs(300));
    deliver(&test).await;
    assert_eq!(test.get_with(&format!("{WEBHOOKS}/{id}"), &token).await.assert_status(200).json()["state"], "active");
    let state = |deliveries: &[Value]| deliveries.iter().filter(|delivery| delivery["state"] == "delivered").count();
    let mut page =
        test.get_with(&format!("{WEBHOOKS}/{id}/deliveries?limit=60"), &token).await.assert_status(200).json();
    let mut delivered = state(page["deliveries"].as_array().expect("a list"));
    let cursor = page["next_cursor"].as_i64().expect("more");
    page = test
        .get_with(&format!("{WEBHOOKS}/{id}/deliveries?limit=60&cursor={cursor}"), &token)
        .await
        .assert_status(200)
        .json();
    delivered += state(page["deliveries"].as_array().expect("a list"));
    assert_eq!((delivered, &page["next_cursor"]), (100, &Value::Null), "nothing is lost");
    for query in ["limit=0", "limit=101", "cursor=x", "state=lost"] {
        test.get_with(&format!("{WEBHOOKS}/{id}/deliveries?{query}"), &token).await.assert_status(400);
    }
}

#[tokio::test]
async fn nobody_is_waited_for_longer_than_agreed() {
    let (test, receiver) = (server().await, Receiver::start().await);
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, _) = register(&test, &token, &receiver.url(), &ALL).await;
    receiver.answer(&[Receiver::NEVER]);
    tell(&test, &partner, &["r1"]).await;
    assert_eq!(deliver(&test).await, 1);
    let found = log(&test, &token, &id).await.remove(0);
    assert_eq!((&found["attempts"][0]["error"], &found["attempts"][0]["status"]), (&json!("timed_out"), &Value::Null));
    let nobody = "http://127.0.0.1:1/";
    put(&test, &token, &format!("{WEBHOOKS}/{id}"), &json!({ "url": nobody })).await.assert_status(200);
    test.advance(Duration::from_secs(60));
    assert_eq!(deliver(&test).await, 1);
    assert_eq!(log(&test, &token, &id).await[0]["attempts"][1]["error"], "unreachable");
}

#[tokio::test]
async fn both_secrets_sign_for_a_day_after_a_rotation() {
    let (test, receiver) = (server().await, Receiver::start().await);
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, first) = register(&test, &token, &receiver.url(), &ALL).await;
    let path = format!("{WEBHOOKS}/{id}/secret");
    let refused = put(&test, &token, &path, &json!({ "secret": "mine" })).await.assert_status(422);
    assert_eq!(refused.errors(), [("member.unknown".to_owned(), "/secret".to_owned())]);
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
async fn a_webhook_is_tried_out_and_a_time_is_sent_again() {
    let (test, receiver) = (server().await, Receiver::start().await);
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, secret) = register(&test, &token, &receiver.url(), &["vwsp_request.verified"]).await;
    let answer = test.post(&format!("{WEBHOOKS}/{id}/test"), &token, &json!({})).await.assert_status(202).json();
    deliver(&test).await;
    let event = receiver.received().remove(0);
    assert_eq!((&event.json()["type"], &event.json()["event_id"]), (&json!("tenure.test"), &answer["event_id"]));
    assert!(is_signed(&event, "x-signature", &secret));
    for (request, pause) in [("r1", 600), ("r2", 600), ("r3", 600)] {
        test.advance(Duration::from_secs(pause));
        tell(&test, &partner, &[request]).await;
    }
    deliver(&test).await;
    let path = format!("{WEBHOOKS}/{id}/replay");
    let range = json!({ "from": "2026-11-23T09:10:00Z", "to": "2026-11-23T09:30:00Z" });
    assert_eq!(test.post(&path, &token, &range).await.assert_status(202).json(), json!({ "replayed": 2 }));
    deliver(&test).await;
    let requests: Vec<Value> =
        receiver.received()[4..].iter().map(|event| event.json()["request_id"].clone()).collect();
    assert_eq!(requests, ["r1", "r2"]);
    let failed = json!({ "from": "2026-11-23T09:00:00Z", "to": "2026-11-24T00:00:00Z", "state": "failed" });
    assert_eq!(test.post(&path, &token, &failed).await.assert_status(202).json(), json!({ "replayed": 0 }));
    let answer =
        test.post(&path, &token, &json!({ "from": "x", "to": "2026-11-24T00:00:00Z" })).await.assert_status(422);
    assert_eq!(answer.errors(), [("time.format".to_owned(), "/from".to_owned())]);
}

#[tokio::test]
async fn logs_are_forgotten_after_a_month_and_tallies_with_statuses() {
    let (test, receiver) = (server().await, Receiver::start().await);
    let partner = test.partner().await;
    let (id, _) = register(&test, &test.token(&partner).await, &receiver.url(), &ALL).await;
    test.push(&test.token(&partner).await, "1").await;
    deliver(&test).await;
    let today = day(test.app.now());
    let left = async || {
        let mut tx = test.app.store().read().await.expect("a transaction");
        let webhook = id.parse().expect("a UUID");
        let log = tx.deliveries(webhook, partner.id, Some(DeliveryState::Delivered), None, 10).await.expect("read");
        (log.len(), tx.tallies(partner.id, today).await.expect("read").len())
    };
    test.advance(30 * DAY - Duration::from_secs(1));
    end_what_is_over(&test.app).await.expect("done");
    deliver(&test).await;
    assert_eq!(left().await, (2, 2), "pushed, and expired meanwhile");
    test.advance(Duration::from_secs(2));
    end_what_is_over(&test.app).await.expect("done");
    assert_eq!(left().await, (1, 2));
    test.advance(372 * DAY);
    end_what_is_over(&test.app).await.expect("done");
    assert_eq!(left().await, (0, 0));
}

#[tokio::test]
async fn a_repeated_registration_gets_its_secret_again_and_no_file_holds_it() {
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

// Where nothing is ever sent. What a name means is looked at when something is sent; a literal address when it is
// registered, and again when something is sent.

const PRIVATE: [&str; 5] = ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "[fd00::1]"];
const LOOPBACK: [&str; 4] = ["127.0.0.1", "127.8.9.1", "0.0.0.0", "[::1]"];
const LINK_LOCAL: [&str; 2] = ["169.254.1.1", "[fe80::1]"];
const METADATA: [&str; 2] = ["169.254.169.254", "[fd00:ec2::254]"];
const MAPPED: [&str; 4] = ["[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"];
const SPELLED: [&str; 8] =
    ["2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0x7f000001", "017700000001", "2852039166", "0xa9.0xfe.0xa9.0xfe"];

async fn refuses(hosts: &[&str]) {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    for host in hosts {
        let answer =
            test.post(WEBHOOKS, &token, &json!({ "url": format!("https://{host}/hook") })).await.assert_status(422);
        assert_eq!(answer.errors(), [("url.address".to_owned(), "/url".to_owned())], "{host}");
    }
}

#[tokio::test]
async fn private_addresses_are_refused() {
    refuses(&PRIVATE).await;
}

#[tokio::test]
async fn loopback_addresses_are_refused() {
    refuses(&LOOPBACK).await;
}

#[tokio::test]
async fn link_local_addresses_are_refused() {
    refuses(&LINK_LOCAL).await;
}

#[tokio::test]
async fn metadata_services_are_refused() {
    refuses(&METADATA).await;
}

#[tokio::test]
async fn ipv4_addresses_in_ipv6_dress_are_refused() {
    refuses(&MAPPED).await;
}

#[tokio::test]
async fn decimal_octal_and_hexadecimal_spellings_are_refused() {
    refuses(&SPELLED).await;
}

/// A server that looks the name up in a table, and a webhook there.
async fn named(receiver: &Receiver, answers: Vec<Vec<IpAddr>>, allowed: &str) -> (TestApp, Table, TestPartner, String) {
    let table = table(&[("hooks.example.com", answers)]);
    let roots = receiver.roots.display().to_string();
    let settings =
        [("outbound.extra_roots", &*roots), ("outbound.allowed_networks", allowed), ("webhooks.timeout", "2s")];
    let test = TestApp::builder().settings(&settings).lookup(Lookup::Table(table.clone())).start().await;
    let partner = test.partner().await;
    let url = format!("https://hooks.example.com:{}/", receiver.port);
    let (id, _) = register(&test, &test.token(&partner).await, &url, &ALL).await;
    (test, table, partner, id)
}

async fn error_of_newest(test: &TestApp, partner: &TestPartner, id: &str) -> Value {
    log(test, &test.token(partner).await, id).await[0]["attempts"][0]["error"].clone()
}

#[tokio::test]
async fn a_name_that_means_an_inner_address_is_never_connected_to() {
    let receiver = Receiver::start_tls("hooks.example.com").await;
    for host in PRIVATE.iter().chain(&LOOPBACK).chain(&LINK_LOCAL).chain(&METADATA).chain(&MAPPED) {
        let (test, _, partner, id) = named(&receiver, vec![addresses(&[host])], "").await;
        tell(&test, &partner, &["r1"]).await;
        assert_eq!(deliver(&test).await, 1);
        assert_eq!(error_of_newest(&test, &partner, &id).await, "address_refused", "{host}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_name_that_changes_its_meaning_between_check_and_connection_gains_nothing() {
    let receiver = Receiver::start_tls("hooks.example.com").await;
    // Nothing listens at the one address that may be reached.
    let answers = vec![addresses(&["127.0.0.2"]), addresses(&["127.0.0.1"])];
    let (test, table, partner, id) = named(&receiver, answers, "127.0.0.2/32").await;
    tell(&test, &partner, &["r1"]).await;
    deliver(&test).await;
    assert_eq!(error_of_newest(&test, &partner, &id).await, "unreachable", "the first answer is the one connected to");
    assert_eq!(
        table.lock().expect("a table")["hooks.example.com"],
        [addresses(&["127.0.0.1"])],
        "it was asked for once"
    );
    test.advance(Duration::from_secs(60));
    tell(&test, &partner, &["r2"]).await;
    deliver(&test).await;
    assert_eq!(error_of_newest(&test, &partner, &id).await, "address_refused");
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn an_https_receiver_is_told_and_a_redirect_is_not_followed() {
    let receiver = Receiver::start_tls("hooks.example.com").await;
    let (test, _, partner, id) = named(&receiver, vec![addresses(&["127.0.0.1"])], "127.0.0.0/8").await;
    receiver.answer(&[204, 307]);
    tell(&test, &partner, &["r1"]).await;
    deliver(&test).await;
    tell(&test, &partner, &["r2"]).await;
    deliver(&test).await;
    assert_eq!(receiver.received().len(), 2, "the redirect leads to the receiver itself, and nobody goes there");
    let newest = log(&test, &test.token(&partner).await, &id).await.remove(0);
    assert_eq!((&newest["attempts"][0]["status"], &newest["state"]), (&json!(307), &json!("waiting")));
}
