//! Deliveries: signatures, order, retries, pauses, replays and retention of the log.

use std::time::Duration;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use store::day;
use store::domain::webhook::DeliveryState;
use tenure::jobs::run_retention;

use super::support::{ALL, DAY, WEBHOOKS, deliver, is_signed, log, mac, put, register, server, tell};
use crate::support::app::{PUSH, career};
use crate::support::receiver::{Received, Receiver};
use crate::support::response::content;

const ASK: &str = "/api/partner/v2/verify/requests/career_history";

#[tokio::test]
async fn event_is_delivered_once_signed_and_without_personal_data() {
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
async fn push_events_are_delivered_in_order_to_subscribers() {
    let (test, opted, other) = (server().await, Receiver::start().await, Receiver::start().await);
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    register(&test, &token, &opted.url(), &ALL).await;
    test.post(WEBHOOKS, &token, &json!({ "url": other.url() })).await.assert_status(201);
    let mut body = career("mine");
    body["partner_chain"] = json!([{ "name": "Umbrella" }]);
    let pushed = test.post(PUSH, &token, &body).await.assert_status(201).json();
    let request = pushed["request_id"].as_str().expect("an id");
    // Two browsers submit the link before any account has signed in.
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
        .tallies(partner.id, day(test.app.now()), 10)
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
async fn canceled_events_give_a_reason() {
    let (test, receiver) = (server().await, Receiver::start().await);
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, _) = register(&test, &token, &receiver.url(), &ALL).await;
    let mut person = test.signed_in("ada@example.org").await;
    let [declined, _] = [test.push(&token, "declined").await, test.push(&token, "expired").await];
    person.open(declined).await.assert_status(303);
    person.post(&format!("/requests/{declined}/decline"), &[]).await.assert_status(303);
    let accepted = test.push(&token, "withdrawn").await;
    person.accept(accepted).await;
    let reason = json!({ "reason": "It was sent twice." }).to_string();
    test.send(test.api(Method::DELETE, &format!("{PUSH}/withdrawn"), &token, &reason)).await.assert_status(204);
    for name in ["no", "silent"] {
        let asked = test.post(ASK, &token, &json!({ "request_id": name })).await.assert_status(201).json();
        let page = person.open_verification(content(&asked)).await;
        if name == "no" {
            person.post(&format!("{page}/cancel"), &[]).await.assert_status(303);
        }
    }
    test.advance(2 * DAY);
    run_retention(&test.app).await.expect("done");
    deliver(&test).await;
    let received: Vec<Value> = receiver.received().iter().map(Received::json).collect();
    let reason_of = |about: &str| {
        let is_it = |event: &&Value| event["credential_id"] == about || event["request_id"] == about;
        let last = received.iter().rfind(is_it).expect("an event");
        (last["type"].as_str().expect("a type").to_owned(), last["reason"].as_str().map(str::to_owned))
    };
    for (about, kind, reason) in [
        ("declined", "atsp_request.canceled", "declined"),
        ("expired", "atsp_request.canceled", "expired"),
        ("withdrawn", "atsp_request.canceled", "withdrawn"),
        ("no", "vwsp_request.canceled", "declined"),
        ("silent", "vwsp_request.canceled", "expired"),
    ] {
        assert_eq!(reason_of(about), (kind.to_owned(), Some(reason.to_owned())), "{about}");
    }
    for event in received.iter().filter(|event| event["reason"].is_null()) {
        assert!(event.get("reason").is_none() && !event["type"].as_str().expect("a type").ends_with("canceled"));
    }
    let logged = log(&test, &test.token(&partner).await, &id).await;
    assert_eq!(logged.iter().filter(|entry| entry["reason"] == "expired").count(), 2);
}

#[tokio::test]
async fn failed_delivery_is_retried_with_backoff_for_three_days() {
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
    // The receiver fails from now on.
    receiver.answer(&[500; 200]);
    tell(&test, &partner, &["r2"]).await;
    let begin = test.app.now();
    let token = async || test.token(&partner).await;
    while log(&test, &token().await, &id).await[0]["state"] == "waiting" {
        test.advance(Duration::from_secs(1800));
        deliver(&test).await;
        run_retention(&test.app).await.expect("done");
        assert!(test.app.now().since(begin) < 4 * DAY);
    }
    let found = log(&test, &token().await, &id).await.remove(0);
    let attempts = found["attempts"].as_array().expect("attempts").len();
    assert_eq!(found["state"], "failed");
    assert!((15..100).contains(&attempts), "{attempts} attempts in three days");
    assert!(test.app.now().since(begin) > 2 * DAY);
    // A replay sends the same event.
    receiver.answer(&[]);
    let path = format!("{WEBHOOKS}/{id}/deliveries/{}/replay", found["event_id"].as_str().expect("an id"));
    test.post(&path, &token().await, &json!({})).await.assert_status(202);
    test.advance(Duration::from_secs(300));
    deliver(&test).await;
    assert_eq!(receiver.received().last().expect("an event").json()["event_id"], found["event_id"]);
    assert_eq!(log(&test, &token().await, &id).await[0]["state"], "delivered");
}

#[tokio::test]
async fn failing_receiver_is_paused_and_probed() {
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
async fn slow_receiver_times_out() {
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
async fn webhook_sends_a_test_event_and_replays_a_time_range() {
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
    let backwards = json!({ "from": "2026-11-24T00:00:00Z", "to": "2026-11-23T00:00:00Z" });
    let answer = test.post(&path, &token, &backwards).await.assert_status(422);
    assert_eq!(answer.errors(), [("time.order".to_owned(), "/to".to_owned())]);
}

#[tokio::test]
async fn delivery_log_is_deleted_after_30_days() {
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
        (log.len(), tx.tallies(partner.id, today, 10).await.expect("read").len())
    };
    test.advance(30 * DAY - Duration::from_secs(1));
    run_retention(&test.app).await.expect("done");
    deliver(&test).await;
    assert_eq!(left().await, (2, 2), "pushed, and expired meanwhile");
    test.advance(Duration::from_secs(2));
    run_retention(&test.app).await.expect("done");
    assert_eq!(left().await, (1, 2));
    test.advance(372 * DAY);
    run_retention(&test.app).await.expect("done");
    assert_eq!(left().await, (0, 0));
}
