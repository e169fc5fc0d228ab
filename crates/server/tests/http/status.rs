//! Statuses (docs/partner-api.md section 8).

use std::time::Duration;

use crate::console::support::console;
use crate::support::app::{PUSH, TestApp, career};
use crate::support::response::content;
use crate::support::samples;
use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::Type;
use serde_json::{Value, json};

const BULK: &str = "/api/partner/v1/submissions/status";
const MICRO: &str = "/api/partner/v2/add/requests/microcredential";
const BATCH: &str = "/api/partner/v2/add/requests/batch";
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn status_reports_the_outcome_and_its_time() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let mut person = test.signed_in("ada@example.org").await;
    for (id, choice) in [("yes", "accept"), ("no", "decline")] {
        let request = test.push(&token, id).await;
        person.open(request).await;
        assert_eq!(test.status(&token, id).await, json!({ "id": id, "status": "incomplete", "finalized_at": null }));
        person.post(&format!("/requests/{request}/{choice}"), &[]).await.assert_status(303);
    }
    test.push(&token, "silent").await;
    assert_eq!(
        test.status(&token, "yes").await,
        json!({ "id": "yes", "status": "verified", "finalized_at": "2026-11-23T09:00:00Z" })
    );
    assert_eq!(
        test.status(&token, "no").await,
        json!({ "id": "no", "status": "canceled", "reason": "declined", "finalized_at": "2026-11-23T09:00:00Z" })
    );
    test.advance(49 * HOUR);
    let token = test.token(&partner).await;
    let over =
        json!({ "id": "silent", "status": "canceled", "reason": "expired", "finalized_at": "2026-11-25T09:00:00Z" });
    assert_eq!(test.status(&token, "silent").await, over, "before the job has come by");
    tenure::jobs::run_retention(&test.app).await.expect("done");
    assert_eq!(test.status(&token, "silent").await, over, "and after");
    let v2 = test.get_with("/api/partner/v2/submissions/yes/status", &token).await.assert_status(200).json();
    assert_eq!(v2["status"], "verified");
}

#[tokio::test]
async fn canceled_statuses_give_a_reason() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let mut person = test.signed_in("ada@example.org").await;
    for (id, choice) in [("accepted", "accept"), ("declined", "decline")] {
        let request = test.push(&token, id).await;
        person.open(request).await;
        person.post(&format!("/requests/{request}/{choice}"), &[]).await.assert_status(303);
    }
    for id in ["waiting", "withdrawn", "expired"] {
        test.push(&token, id).await;
    }
    let batch = json!({ "credential_id": "batch", "career_history": career("item") });
    let batch = content(&test.post(BATCH, &token, &batch).await.assert_status(201).json());
    person.open(batch).await;
    person.post(&format!("/requests/{batch}/decline"), &[]).await.assert_status(303);
    let withdraw = format!("{PUSH}/withdrawn");
    let reason = json!({ "reason": "It was sent twice." }).to_string();
    test.send(test.api(Method::DELETE, &withdraw, &token, &reason)).await.assert_status(204);
    let ids = ["accepted", "declined", "withdrawn", "expired", "waiting", "batch", "item"];
    let reasons = async |token: &str| {
        let bulk = test.post(BULK, token, &json!({ "ids": ids })).await.assert_status(200).json();
        let mut found = Vec::new();
        for status in bulk["credentials"].as_array().expect("a list") {
            let id = status["id"].as_str().expect("an id");
            assert_eq!(&test.status(token, id).await, status, "the same in both");
            found.push(status.get("reason").cloned());
        }
        found
    };
    let [declined, withdrawn, expired] = ["declined", "withdrawn", "expired"].map(|reason| Some(json!(reason)));
    let no = &declined;
    assert_eq!(
        reasons(&token).await,
        [None, no.clone(), withdrawn.clone(), None, None, no.clone(), no.clone()],
        "of what is not canceled there is none"
    );
    assert_eq!(test.status(&token, "batch").await["items"][0]["reason"], "declined");
    test.advance(48 * HOUR);
    let after = reasons(&test.token(&partner).await).await;
    assert_eq!(after, [None, no.clone(), withdrawn, expired.clone(), expired, no.clone(), no.clone()]);
}

#[tokio::test]
async fn status_is_kept_for_400_days() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    test.push(&test.token(&partner).await, "1").await;
    test.advance(48 * HOUR + 399 * 24 * HOUR);
    tenure::jobs::run_retention(&test.app).await.expect("done");
    assert_eq!(test.status(&test.token(&partner).await, "1").await["status"], "canceled");
    test.advance(2 * 24 * HOUR);
    tenure::jobs::run_retention(&test.app).await.expect("done");
    let token = test.token(&partner).await;
    test.get_with("/api/partner/v1/submissions/1/status", &token).await.assert_status(404);
}

#[tokio::test]
async fn deletion_by_the_person_changes_nothing_for_the_partner() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut pushed = Vec::new();
    for id in ["deleted", "account"] {
        let mut body = ("microcredential".parse::<Type>().expect("a type").sample)();
        let image = format!("data:image/png;base64,{}", STANDARD.encode(samples::png(5, 5)));
        body["credential_id"] = json!(id);
        body["assets"] = json!([{ "asset_id": "badge", "asset_type": "png", "asset_data": image }]);
        let answer = test.post(MICRO, &test.token(&partner).await, &body).await.assert_status(201).json();
        // The second sign-in keeps the documents.
        for _ in 0..2 {
            test.signed_in(&format!("{id}@example.org")).await;
        }
        test.signed_in(&format!("{id}@example.org")).await.accept(content(&answer)).await;
        pushed.push((id, body, content(&answer)));
    }
    let seen = async || {
        let token = test.token(&partner).await;
        let mut console = console(&test, &partner).await;
        let mut seen = vec![console.text("/console/submissions").await];
        let ids = pushed.iter().map(|(id, ..)| *id).collect::<Vec<_>>();
        seen.push(test.post(BULK, &token, &json!({ "ids": ids })).await.assert_status(200).text);
        for (id, body, content) in &pushed {
            seen.push(test.status(&token, id).await.to_string());
            seen.push(console.text(&format!("/console/submissions/{content}")).await);
            seen.push(test.text(&format!("/oid4vci/requests/{content}/offer")).await);
            seen.push(test.post(MICRO, &token, body).await.assert_status(201).text);
        }
        seen
    };
    test.advance(390 * 24 * HOUR);
    let before = seen().await;
    assert!(before[1].contains(r#""status":"verified""#) && before[1].contains(r#""state":"stored""#), "{}", before[1]);
    let delete = format!("/wallet/credentials/{}/delete", pushed[0].2);
    test.signed_in("deleted@example.org").await.post(&delete, &[]).await.assert_status(303);
    let understood = [("understood", "yes")];
    test.signed_in("account@example.org").await.post("/account/delete", &understood).await.assert_status(303);
    for days in [0, 20, 379] {
        test.advance(days * 24 * HOUR);
        tenure::jobs::run_retention(&test.app).await.expect("done");
        assert_eq!(seen().await, before, "{days} days later");
    }
    test.advance(2 * 24 * HOUR);
    tenure::jobs::run_retention(&test.app).await.expect("done");
    let token = test.token(&partner).await;
    test.get_with("/api/partner/v1/submissions/deleted/status", &token).await.assert_status(404);
}

#[tokio::test]
async fn unknown_and_foreign_ids_get_identical_responses() {
    let test = TestApp::new().await;
    let (one, other) = (test.token(&test.partner().await).await, test.token(&test.partner().await).await);
    test.push(&one, "1").await;
    let unknown = test.get_with("/api/partner/v1/submissions/none/status", &other).await.assert_status(404).json();
    let theirs = test.get_with("/api/partner/v1/submissions/1/status", &other).await.assert_status(404).json();
    assert_eq!(unknown["detail"], theirs["detail"]);
    for odd in ["%00", "%0A", &"x".repeat(300)] {
        test.get_with(&format!("/api/partner/v1/submissions/{odd}/status"), &other).await.assert_status(404);
    }
    let bulk = test.post(BULK, &other, &json!({ "ids": ["1"] })).await.assert_status(200).json();
    assert_eq!(bulk, json!({ "credentials": [], "not_found": ["1"] }));
}

#[tokio::test]
async fn up_to_30_statuses_are_returned_in_request_order() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    for id in ["b", "a", "c"] {
        test.push(&token, id).await;
    }
    let answer =
        test.post(BULK, &token, &json!({ "ids": ["c", "x", "a", "c", "x", "b"] })).await.assert_status(200).json();
    let ids: Vec<&Value> =
        answer["credentials"].as_array().expect("a list").iter().map(|status| &status["id"]).collect();
    assert_eq!(ids, ["c", "a", "b"]);
    assert_eq!(answer["not_found"], json!(["x"]));
    let thirty: Vec<String> = (0..30).map(|number| number.to_string()).collect();
    test.post(BULK, &token, &json!({ "ids": thirty })).await.assert_status(200);
    let many: Vec<String> = (0..31).map(|number| number.to_string()).collect();
    let refused = test.post(BULK, &token, &json!({ "ids": many })).await.assert_status(422);
    assert_eq!(refused.errors(), [("list.too_long".to_owned(), "/ids".to_owned())]);
    test.post("/api/partner/v2/submissions/status", &token, &json!({ "ids": [] })).await.assert_status(200);
}

#[tokio::test]
async fn status_request_is_json_for_any_content_type() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    test.push(&token, "1").await;
    for content_type in ["application/x-www-form-urlencoded", "text/plain", "application/json"] {
        let request = Request::post(format!("{BULK}.json"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", content_type);
        let answer =
            test.send(request.body(Body::from(r#"{"ids":["1"]}"#)).expect("a request")).await.assert_status(200);
        assert_eq!(answer.json()["credentials"][0]["status"], "incomplete");
    }
    let request = Request::post(BULK).header("authorization", format!("Bearer {token}")).body(Body::from("ids=1"));
    test.send(request.expect("a request")).await.assert_status(400);
}

#[tokio::test]
async fn v1_names_its_successor() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    test.push(&token, "1").await;
    let old = test.get_with("/api/partner/v1/submissions/1/status", &token).await.assert_status(200);
    assert_eq!(old.header("deprecation"), "@1795392000");
    assert_eq!(old.header("link"), "</api/partner/v2/submissions/1/status>; rel=\"successor-version\"");
    let new = test.get_with("/api/partner/v2/submissions/1/status", &token).await.assert_status(200);
    assert_eq!((new.header("deprecation"), new.header("link")), ("", ""));
    assert_eq!(old.text, new.text);
}
