//! Sandbox users: sandbox partners test an integration without a person.

mod clock;
mod marks;
mod people;
mod sign_up;

use crate::support::app::{PUSH, TestApp, TestPartner, career};
use crate::support::receiver::Receiver;
use serde_json::{Value, json};
use tenure::flows::outbox::send_due;
use tenure::flows::webhook_delivery::deliver_due;
use uuid::Uuid;

const BATCH: &str = "/api/partner/v2/add/requests/batch";

fn with_notify(credential_id: &str, email: &str) -> Value {
    let mut body = career(credential_id);
    body["notify"] = json!({ "email": email });
    body
}

/// Pushes for `person` and runs the sandbox; returns the response and the resulting status.
async fn played(test: &TestApp, partner: &TestPartner, credential_id: &str, person: &str) -> (Value, String) {
    let token = test.token(partner).await;
    let answer = test.post(PUSH, &token, &with_notify(credential_id, person)).await.assert_status(201).json();
    assert_eq!(status(test, &token, credential_id).await, "incomplete", "nobody acts before the push is answered");
    while send_due(&test.app).await.expect("sent") > 0 {}
    (answer, status(test, &token, credential_id).await)
}

async fn status(test: &TestApp, token: &str, credential_id: &str) -> String {
    test.status(token, credential_id).await["status"].as_str().expect("a status").to_owned()
}

fn request_id(answer: &Value) -> Uuid {
    answer["request_id"].as_str().expect("an id").parse().expect("a UUID")
}

#[tokio::test]
async fn sandbox_users_act_as_named_and_get_no_mail() {
    let test = TestApp::new().await;
    let partner = test.sandbox_partner().await;
    for (person, expected) in [
        ("consents@sandbox.invalid", "verified"),
        ("consents+2@Sandbox.Invalid", "verified"),
        ("declines@sandbox.invalid", "canceled"),
        ("expires@sandbox.invalid", "canceled"),
        ("stranger@sandbox.invalid", "incomplete"),
    ] {
        let (answer, status) = played(&test, &partner, person, person).await;
        assert_eq!(status, expected, "{person}");
        let id = request_id(&answer);
        let mut someone = test.signed_in("someone@example.org").await;
        someone.open(id).await.assert_status(303);
        // The page that a person sees when opening the link afterwards.
        let page = someone.get(&format!("/requests/{id}")).await;
        assert_eq!(page.status, if person.starts_with("expires") { 410 } else { 403 }, "{person}: {}", page.text);
        assert!(!page.text.contains("Marker-Lovelace"));
    }
    assert!(test.mails().await.iter().all(|mail| !mail.contains("sandbox.invalid")), "none but the codes");
}

#[tokio::test]
async fn finished_sandbox_id_can_be_reused() {
    let test = TestApp::new().await;
    let partner = test.sandbox_partner().await;
    let (first, _) = played(&test, &partner, "1", "expires@sandbox.invalid").await;
    let (second, status) = played(&test, &partner, "1", "consents@sandbox.invalid").await;
    assert_eq!(status, "verified");
    assert_ne!(first["redirect_uri"], second["redirect_uri"], "as after 48 hours: it starts anew");
}

#[tokio::test]
async fn sandbox_wallets_are_separate_per_partner() {
    let test = TestApp::new().await;
    let mut holders = Vec::new();
    for partner in [test.sandbox_partner().await, test.sandbox_partner().await] {
        let (answer, _) = played(&test, &partner, "1", "consents@sandbox.invalid").await;
        let mut tx = test.app.store().read().await.expect("a transaction");
        let found = tx.linked_submission(request_id(&answer), test.app.now()).await.expect("read").expect("there");
        holders.push(found.holder().expect("accepted"));
    }
    assert_ne!(holders[0], holders[1]);
}

#[tokio::test]
async fn sandbox_user_decides_a_whole_batch() {
    let test = TestApp::new().await;
    let partner = test.sandbox_partner().await;
    let token = test.token(&partner).await;
    for (person, expected) in [("consents", "verified"), ("declines", "canceled"), ("expires", "canceled")] {
        let body = json!({
            "credential_id": person,
            "career_history": career(&format!("{person}-career")),
            "notify": { "email": format!("{person}@sandbox.invalid") },
        });
        test.post(BATCH, &token, &body).await.assert_status(201);
        while send_due(&test.app).await.expect("sent") > 0 {}
        for id in [person.to_owned(), format!("{person}-career")] {
            assert_eq!(status(&test, &token, &id).await, expected, "{id}");
        }
    }
}

#[tokio::test]
async fn only_sandbox_partners_may_use_known_sandbox_users() {
    let test = TestApp::new().await;
    let real = test.token(&test.partner().await).await;
    let sandbox = test.token(&test.sandbox_partner().await).await;
    for (token, address, code) in [
        (&real, "consents@sandbox.invalid", "sandbox.only"),
        (&real, "nobody@sandbox.invalid", "sandbox.only"),
        (&real, "consents@x.SANDBOX.invalid", "sandbox.only"),
        (&sandbox, "nobody@sandbox.invalid", "choice.unknown"),
        (&sandbox, "consents.2d@sandbox.invalid", "choice.unknown"),
    ] {
        for path in [PUSH.to_owned(), format!("{PUSH}?dry_run=true")] {
            let problem = test.post(&path, token, &with_notify("1", address)).await.assert_status(422).json();
            assert_eq!(problem["errors"][0]["code"], code, "{address}");
            assert_eq!(problem["errors"][0]["pointer"], "/notify/email", "{address}");
        }
    }
    let batch = json!({
        "credential_id": "b", "career_history": career("1"), "notify": { "email": "consents@sandbox.invalid" },
    });
    test.post(BATCH, &real, &batch).await.assert_status(422);
    assert_eq!(test.app.store().read().await.expect("a transaction").outbox_length().await.expect("read"), 0);
}

#[tokio::test]
async fn sandbox_users_cannot_sign_in() {
    let test = TestApp::new().await;
    let partner = test.sandbox_partner().await;
    played(&test, &partner, "1", "consents@sandbox.invalid").await;
    let mut browser = test.browser();
    browser.ask_for_code(&format!("consents@{}.sandbox.invalid", partner.id)).await;
    while send_due(&test.app).await.expect("sent") > 0 {}
    assert_eq!(test.mails().await.len(), 0, "the code is sent nowhere");
}

const ASK: &str = "/api/partner/v2/verify/requests/career_history";
const EVENTS: &str = "/api/partner/v2/sandbox/events";

#[tokio::test]
async fn sandbox_verification_uses_the_same_users_credentials() {
    let test = TestApp::new().await;
    let partner = test.sandbox_partner().await;
    played(&test, &partner, "1", "consents@sandbox.invalid").await;
    let token = test.token(&partner).await;
    for (person, expected) in [
        ("consents@sandbox.invalid", "verified"),
        ("consents+nothing@sandbox.invalid", "canceled"),
        ("declines@sandbox.invalid", "canceled"),
        ("expires@sandbox.invalid", "canceled"),
        ("stranger@sandbox.invalid", "incomplete"),
    ] {
        let body = json!({ "sandbox_person": person, "claims": ["full_name"] });
        let asked = test.post(ASK, &token, &body).await.assert_status(201).json();
        let request = asked["request_id"].as_str().expect("an id");
        let path = format!("/api/partner/v2/verify/requests/{request}");
        assert_eq!(test.get_with(&path, &token).await.assert_status(200).json()["status"], "incomplete");
        while send_due(&test.app).await.expect("sent") > 0 {}
        let result = test.get_with(&path, &token).await.assert_status(200).json();
        assert_eq!(result["status"], expected, "{person}: {result}");
        if expected == "verified" {
            assert_eq!(result["credential"], json!({ "full_name": career("1")["fields"]["full_name"] }), "and no more");
            assert_eq!(result["verification"]["valid"], true);
        }
        if person.starts_with("stranger") {
            let mut someone = test.signed_in("someone@example.org").await;
            let content = asked["redirect_uri"].as_str().expect("a link").rsplit_once("content=").expect("an id").1;
            someone.get(&format!("/verifications/{content}")).await.assert_status(403);
        }
    }
    let real = test.token(&test.partner_named("Real", "write.career_history").await).await;
    let problem =
        test.post(ASK, &real, &json!({ "sandbox_person": "consents@sandbox.invalid" })).await.assert_status(422);
    assert_eq!(problem.errors(), [("sandbox.only".to_owned(), "/sandbox_person".to_owned())]);
    let problem = test.post(ASK, &token, &json!({ "sandbox_person": "jane@example.org" })).await.assert_status(422);
    assert_eq!(problem.errors(), [("choice.unknown".to_owned(), "/sandbox_person".to_owned())]);
}

#[tokio::test]
async fn simulated_event_is_delivered() {
    let test = TestApp::builder().setting("webhooks.allow_loopback", "true").start().await;
    let partner = test.sandbox_partner().await;
    let token = test.token(&partner).await;
    let receiver = Receiver::start().await;
    let webhook = json!({ "url": receiver.url(), "events": ["atsp_request.verified"] });
    test.post("/api/partner/v2/webhooks", &token, &webhook).await.assert_status(201);
    let event = json!({ "type": "atsp_request.verified", "request_id": "r1", "credential_id": "c1" });
    let told = test.post(EVENTS, &token, &event).await.assert_status(202).json();
    assert_eq!((&told["request_id"], &told["webhooks"]), (&json!("r1"), &json!(1)));
    assert_eq!(deliver_due(&test.app).await.expect("delivered"), 1);
    let received = receiver.received().remove(0);
    let body = received.json();
    assert_eq!(
        (&body["event_id"], &body["request_id"], &body["credential_id"]),
        (&told["event_id"], &json!("r1"), &json!("c1"))
    );
    assert_eq!(body["type"], "atsp_request.verified");

    let unwanted =
        test.post(EVENTS, &token, &json!({ "type": "vwsp_request.canceled" })).await.assert_status(202).json();
    assert_eq!(unwanted["webhooks"], 0, "which explains the silence");
    assert_eq!(deliver_due(&test.app).await.expect("delivered"), 0);
    let problem = test.post(EVENTS, &token, &json!({ "type": "vwsp_request.shown" })).await.assert_status(422);
    assert_eq!(problem.errors(), [("choice.unknown".to_owned(), "/type".to_owned())]);
    let real = test.token(&test.partner().await).await;
    let refused = test.post(EVENTS, &real, &event).await.assert_status(403).json();
    assert!(refused["type"].as_str().expect("a type").ends_with("forbidden"));
}

#[tokio::test]
async fn sandbox_actions_send_events() {
    let test = TestApp::builder().setting("webhooks.allow_loopback", "true").start().await;
    let partner = test.sandbox_partner().await;
    let token = test.token(&partner).await;
    let receiver = Receiver::start().await;
    let events = ["atsp_request.opened", "atsp_request.signed_in", "atsp_request.verified", "atsp_request.canceled"];
    let webhook = json!({ "url": receiver.url(), "events": events });
    test.post("/api/partner/v2/webhooks", &token, &webhook).await.assert_status(201);
    for (person, expected) in [
        ("consents", vec!["atsp_request.opened", "atsp_request.signed_in", "atsp_request.verified"]),
        ("declines", vec!["atsp_request.opened", "atsp_request.signed_in", "atsp_request.canceled"]),
        ("expires", vec!["atsp_request.canceled"]),
        ("stranger", vec!["atsp_request.opened", "atsp_request.signed_in"]),
    ] {
        played(&test, &partner, person, &format!("{person}@sandbox.invalid")).await;
        while deliver_due(&test.app).await.expect("delivered") > 0 {}
        let told = receiver.received().into_iter().map(|received| received.json());
        let told: Vec<Value> = told.filter(|event| event["credential_id"] == person).collect();
        assert_eq!(
            told.iter().map(|event| event["type"].as_str().expect("a type")).collect::<Vec<_>>(),
            expected,
            "{person}"
        );
    }
}
