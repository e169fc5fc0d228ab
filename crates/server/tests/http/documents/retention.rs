//! When documents are deleted.

use std::time::Duration;

use ambient::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::support::{
    EDUCATION, HOUR, MICRO, asset, body, clean, links, objects, open, pdf, push_awaiting_pdf, request_id,
};
use crate::support::app::TestApp;
use crate::support::samples;

#[tokio::test]
async fn unclaimed_documents_are_deleted_after_48_hours() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let data = json!(format!("data:image/png;base64,{}", STANDARD.encode(samples::png(5, 5))));
    let mut paths = Vec::new();
    for (id, email) in [("kept", "kept@example.org"), ("left", "left@example.org")] {
        let answer = test
            .post(MICRO, &token, &body("microcredential", id, &asset("png", data.clone())))
            .await
            .assert_status(201)
            .json();
        let (mut person, location) = open(&test, email, &answer).await;
        let page = person.text(&location).await;
        paths.push((links(&page).remove(0), request_id(&answer)));
        person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
    }
    test.advance(HOUR);
    let mut kept = test.signed_in("kept@example.org").await;
    test.advance(47 * HOUR - Duration::from_secs(10));
    tenure::jobs::run_retention(&test.app).await.expect("ended");
    assert_eq!(objects(&test), 2);
    test.advance(Duration::from_secs(10));
    tenure::jobs::run_retention(&test.app).await.expect("ended");
    assert_eq!(objects(&test), 1);
    kept.get(&paths[0].0).await.assert_status(200);
    let mut left = test.signed_in("left@example.org").await;
    left.get(&paths[1].0).await.assert_status(404);
    let record = left.text(&format!("/wallet/credentials/{}", paths[1].1)).await;
    assert!(record.contains("the wallet was not opened again in time"), "{record}");
    let wallet = left.text("/wallet").await;
    assert!(wallet.contains("Project Management Foundations"), "the credential stays");
    assert!(!wallet.contains("Includes"), "a deleted document is not counted: {wallet}");
    assert!(kept.text("/wallet").await.contains("Includes 1 document."));
    let token = test.token(&test.partner().await).await;
    test.get_with("/api/partner/v1/submissions/left/status", &token).await.assert_status(404);
    // Signing in later does not affect kept documents.
    test.advance(480 * HOUR);
    tenure::jobs::run_retention(&test.app).await.expect("ended");
    assert_eq!(objects(&test), 1);
}

#[tokio::test]
async fn opening_the_wallet_on_a_later_day_keeps_documents() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let data = json!(format!("data:image/png;base64,{}", STANDARD.encode(samples::png(5, 5))));
    let mut people = Vec::new();
    for name in ["same-day", "next-day"] {
        let pushed = body("microcredential", name, &asset("png", data.clone()));
        let answer = test.post(MICRO, &token, &pushed).await.assert_status(201).json();
        let (mut person, location) = open(&test, &format!("{name}@example.org"), &answer).await;
        let document = links(&person.text(&location).await).remove(0);
        person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
        people.push((person, document));
    }
    // It is 09:00; no further sign-in follows.
    test.advance(11 * HOUR);
    people[0].0.text("/wallet").await;
    test.advance(13 * HOUR);
    people[1].0.text("/wallet").await;
    test.advance(24 * HOUR);
    tenure::jobs::run_retention(&test.app).await.expect("ended");
    assert_eq!(objects(&test), 1);
    for (place, status) in [(0, 404), (1, 200)] {
        let (person, document) = &mut people[place];
        person.get(document).await.assert_status(status);
    }
}

#[tokio::test]
async fn missing_document_allows_consent_and_expiry_deletes_others() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let pushed = |id: &str| body("education", id, &asset("pdf", Value::Null));
    let answer = test.post(EDUCATION, &token, &pushed("1")).await.assert_status(201).json();
    let (mut person, location) = open(&test, "ada@example.org", &answer).await;
    person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
    let record = person.text(&format!("/wallet/credentials/{}", request_id(&answer))).await;
    assert!(record.contains("It had not arrived when you accepted"));
    let wallet = person.text("/wallet").await;
    assert!(!wallet.contains("Includes"), "a document that never arrived is not counted: {wallet}");
    let answer = test.post(EDUCATION, &token, &pushed("2")).await.assert_status(201).json();
    test.upload(&answer["assets"][0]["upload_url"], "application/pdf", pdf()).await.assert_status(204);
    test.advance(48 * HOUR);
    let token = test.token(&partner).await;
    tenure::jobs::run_retention(&test.app).await.expect("ended");
    assert_eq!(objects(&test), 0);
    let status = test.status(&token, "2").await;
    assert_eq!(status["status"], "canceled");
    assert!(status.get("assets").is_none());
    let again = test.post(EDUCATION, &token, &pushed("2")).await.assert_status(201).json();
    assert_ne!(again["redirect_uri"], answer["redirect_uri"]);
    assert_eq!(again["assets"].as_array().expect("a link").len(), 1);
}

#[tokio::test]
async fn account_deletion_deletes_documents() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let data = json!(format!("data:image/png;base64,{}", STANDARD.encode(samples::png(5, 5))));
    for id in ["accepted", "waiting"] {
        let answer = test
            .post(MICRO, &token, &body("microcredential", id, &asset("png", data.clone())))
            .await
            .assert_status(201)
            .json();
        let (mut person, location) = open(&test, "ada@example.org", &answer).await;
        if id == "accepted" {
            person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
        } else {
            person.post("/account/delete", &[("understood", "yes")]).await.assert_status(303);
        }
    }
    clean(&test).await;
    assert_eq!(objects(&test), 0);
}

#[tokio::test]
async fn only_orphaned_objects_are_swept() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = push_awaiting_pdf(&test, &token).await;
    test.upload(&answer["assets"][0]["upload_url"], "application/pdf", pdf()).await.assert_status(204);
    let orphan = test.app.id();
    let key = tenure::keys::Key::random(test.app.rng());
    test.app.documents().objects.put(orphan, &key, b"left by a server that was killed").await.expect("written");
    let sweep = || tenure::flows::document_sweep::delete_orphans(&test.app, Timestamp::from_micros(0));
    assert_eq!(sweep().await.expect("swept"), 0, "it may be on its way into its row");
    test.advance(HOUR + Duration::from_secs(1));
    assert_eq!(sweep().await.expect("swept"), 1);
    assert_eq!(sweep().await.expect("swept"), 0);
    assert_eq!(objects(&test), 1);
    let (mut person, location) = open(&test, "ada@example.org", &answer).await;
    let page = person.text(&location).await;
    person.get(&links(&page)[0]).await.assert_status(200);
}
