//! Withdrawal: its effect for the partner, the holder and a verifier of an issued credential.

use std::time::Duration;

use crate::support::app::{PUSH, TestApp, career};
use crate::support::moments::without_times;
use crate::support::response::TestResponse;
use axum::http::Method;
use serde_json::{Value, json};
use store::domain::submission::SubmissionState;
use uuid::Uuid;

const REASON: &str = "It was sent for another Ada <b>by mistake</b>.";

async fn withdraw(test: &TestApp, token: &str, path: &str, body: &Value) -> TestResponse {
    let path = format!("/api/partner/v2/add/requests/{path}");
    test.send(test.api(Method::DELETE, &path, token, &body.to_string())).await
}

async fn state(test: &TestApp, id: Uuid) -> SubmissionState {
    let mut tx = test.app.store().read().await.expect("a transaction");
    tx.linked_submission(id, test.app.now()).await.expect("read").expect("known").state
}

#[tokio::test]
async fn withdrawal_deletes_an_undecided_submission() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let (seen, unseen) = (test.push(&token, "seen").await, test.push(&token, "unseen").await);
    let mut person = test.signed_in("ada@example.org").await;
    person.open(seen).await.assert_status(303);
    let mails = test.mails().await.len();
    test.advance(Duration::from_secs(60));
    for id in ["seen", "unseen"] {
        let answer = withdraw(&test, &token, &format!("career_history/{id}"), &json!({ "reason": REASON })).await;
        assert_eq!(answer.assert_status(204).text, "");
        assert_eq!(test.status(&token, id).await["status"], "canceled");
        assert_eq!(test.status(&token, id).await["finalized_at"], "2026-11-23T09:01:00Z");
    }
    assert_eq!(test.mails().await.len(), mails, "nobody has it, so nobody is told");
    let page = person.get(&format!("/requests/{seen}")).await.assert_status(200);
    assert!(page.text.contains("This was withdrawn"));
    assert!(without_times(&page.text).contains(
        "Withdrawn by <bdi>Acme Payroll</bdi> on 23 November 2026: <bdi>It was sent for another Ada &lt;b&gt;"
    ));
    assert!(!page.text.contains("Marker-Lovelace"));
    // The reason is for the holder, who is not known yet.
    person.open(unseen).await.assert_status(303);
    let page = person.get(&format!("/requests/{unseen}")).await.assert_status(410);
    assert!(page.text.contains("This was withdrawn") && !page.text.contains("another Ada"));
    let mut other = test.signed_in("eve@example.org").await;
    other.open(seen).await.assert_status(303);
    let page = other.get(&format!("/requests/{seen}")).await.assert_status(403);
    assert!(!page.text.contains("withdrawn") && !page.text.contains("Acme"));
    assert!(person.text("/wallet").await.contains("Nothing here yet"));
    person.post(&format!("/requests/{seen}/accept"), &[]).await.assert_status(303);
    assert!(
        matches!(state(&test, seen).await, SubmissionState::WithdrawnPending { .. }),
        "there is nothing left to accept"
    );
}

#[tokio::test]
async fn withdrawal_revokes_an_accepted_credential_and_mails() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let id = test.push(&test.token(&partner).await, "1").await;
    let mut person = test.signed_in("ada@example.org").await;
    person.accept(id).await;
    let place = test.sign(id).await.expect("signed");
    test.advance(Duration::from_secs(86_400));
    let token = test.token(&partner).await;
    let before = test.mails().await.len();
    withdraw(&test, &token, "career_history/1", &json!({ "reason": REASON })).await.assert_status(204);
    assert!(test.is_revoked(place).await);
    assert_eq!(test.sign(id).await, None, "nothing is signed any more");
    let told =
        json!({ "id": "1", "status": "canceled", "reason": "withdrawn", "finalized_at": "2026-11-24T09:00:00Z" });
    assert_eq!(test.status(&token, "1").await, told);

    let mails = test.mails().await;
    assert_eq!(mails.len(), before + 1);
    let mail = mails.last().expect("a mail");
    assert!(mail.contains("To: ada@example.org") && mail.contains("Acme Payroll has withdrawn"), "{mail}");
    assert!(mail.contains("Subject: Acme Payroll has withdrawn your career history"), "{mail}");
    assert!(mail.replace("=\r\n", "").contains(&format!("/wallet/credentials/{id}")), "{mail}");
    assert!(!mail.contains("another Ada") && !mail.contains("Marker"), "the mail says no more than it must: {mail}");

    let marked = "Withdrawn by <bdi>Acme Payroll</bdi> on 24 November 2026: <bdi>It was sent for another Ada &lt;b&gt;";
    let wallet = person.get("/wallet").await.assert_status(200);
    assert!(without_times(&wallet.text).contains(marked) && wallet.text.contains("Software Engineer at Company B"));
    assert!(!wallet.text.contains("of experience"), "nobody attests that career any more");
    let record = person.get(&format!("/wallet/credentials/{id}")).await.assert_status(200);
    assert!(
        without_times(&record.text).contains(marked) && record.text.contains("<bdi>Acme Payroll</bdi> withdrew it.")
    );
    assert!(record.text.contains("Marker-Lovelace") && record.text.contains("of experience"));
    assert!(!record.text.contains("/offer"), "it is not offered to another wallet");
    let sent_to = person.post(&format!("/wallet/credentials/{id}/offer"), &[]).await.redirect().to_owned();
    assert_eq!(sent_to, format!("/wallet/credentials/{id}"), "the page says that it was withdrawn");
    let export = person.get("/wallet/export").await.assert_status(200).json();
    assert_eq!(export["credentials"][0]["withdrawn"], json!({ "at": "2026-11-24T09:00:00Z", "reason": REASON }));
    assert_eq!(export["credentials"][0]["status"], "canceled");

    // Withdrawing again with another reason keeps the first reason and sends no second mail.
    withdraw(&test, &token, "career_history/1", &json!({ "reason": "No reason" })).await.assert_status(204);
    assert!(without_times(&person.text("/wallet").await).contains(marked));
    assert_eq!(test.mails().await.len(), before + 1);

    person.post(&format!("/wallet/credentials/{id}/delete"), &[]).await.assert_status(303);
    assert_eq!(test.status(&token, "1").await, told, "deleting it later changes nothing for the partner");
    assert!(person.text(&format!("/requests/{id}")).await.contains("You deleted this"));
}

#[tokio::test]
async fn withdrawal_reason_is_not_stored_in_plaintext() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let id = test.push(&token, "1").await;
    test.push(&token, "2").await;
    let mut person = test.signed_in("ada@example.org").await;
    person.accept(id).await;
    for id in ["1", "2"] {
        let body = json!({ "reason": "Marked reason" });
        withdraw(&test, &token, &format!("career_history/{id}"), &body).await.assert_status(204);
    }
    test.assert_no_file_contains(&["Marked reason"]);
}

#[tokio::test]
async fn withdrawal_keeps_expired_and_deleted_submissions() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let ids = [test.push(&token, "deleted").await, test.push(&token, "declined").await];
    test.push(&token, "expired").await;
    let mut person = test.signed_in("ada@example.org").await;
    for id in ids {
        person.open(id).await.assert_status(303);
    }
    person.post(&format!("/requests/{}/accept", ids[0]), &[]).await.assert_status(303);
    person.post(&format!("/wallet/credentials/{}/delete", ids[0]), &[]).await.assert_status(303);
    person.post(&format!("/requests/{}/decline", ids[1]), &[]).await.assert_status(303);
    test.advance(Duration::from_secs(49 * 3600));
    let token = test.token(&partner).await;
    let mails = test.mails().await.len();
    let mut ends = Vec::new();
    for id in ["deleted", "declined", "expired"] {
        withdraw(&test, &token, &format!("career_history/{id}"), &json!({ "reason": "x" })).await.assert_status(204);
        let status = test.status(&token, id).await;
        assert_eq!(status["status"], "canceled", "{id}");
        ends.push(status["finalized_at"].as_str().expect("a time").to_owned());
    }
    assert_eq!(ends[0], "2026-11-25T10:00:00Z", "the person had deleted it: now it is withdrawn as well");
    assert_eq!(ends[1..], ["2026-11-23T09:00:00Z", "2026-11-25T09:00:00Z"].map(str::to_owned), "these were over");
    assert_eq!(test.mails().await.len(), mails);
}

#[tokio::test]
async fn withdrawn_id_can_be_reused_immediately() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let (waiting, held) = (test.push(&token, "waiting").await, test.push(&token, "held").await);
    let mut person = test.signed_in("ada@example.org").await;
    person.accept(held).await;
    for (id, old) in [("waiting", waiting), ("held", held)] {
        withdraw(&test, &token, &format!("career_history/{id}"), &json!({ "reason": REASON })).await.assert_status(204);
        let mut body = career(id);
        body["fields"]["employment"][0]["role_title"] = json!("Corrected");
        let again = test.post(PUSH, &token, &body).await.assert_status(201).json();
        assert_ne!(again["request_id"], json!(old), "a new request with a new link");
        assert_eq!(again.get("warnings"), None);
        assert_eq!(test.status(&token, id).await["status"], "incomplete");
        assert_eq!(json!(test.push(&token, id).await), again["request_id"]);
    }
    assert!(matches!(state(&test, held).await, SubmissionState::Withdrawn { .. }), "the old one stays in the wallet");
    // Withdrawal applies to the current submission of the id.
    withdraw(&test, &token, "career_history/held", &json!({ "reason": "Again" })).await.assert_status(204);
    let record = person.get(&format!("/wallet/credentials/{held}")).await.assert_status(200);
    assert!(record.text.contains("It was sent for another Ada") && !record.text.contains("Again"));
}

#[tokio::test]
async fn withdrawal_matches_partner_type_and_item() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    test.push(&token, "1").await;
    let batch = json!({
        "credential_id": "b",
        "career_history": career("b1"),
        "right_to_work_items": [{ "credential_id": "b2", "fields": { "full_name": "Ada", "country": "NZ" } }],
    });
    test.post("/api/partner/v2/add/requests/batch", &token, &batch).await.assert_status(201);
    let other = test.token(&test.partner().await).await;
    let good = json!({ "reason": "x" });
    withdraw(&test, &other, "career_history/1", &good).await.assert_status(404);
    withdraw(&test, &token, "education/1", &good).await.assert_status(404);
    withdraw(&test, &token, "career_history/2", &good).await.assert_status(404);
    withdraw(&test, &token, "nothing/1", &good).await.assert_status(404);
    let answer = withdraw(&test, &token, "career_history/b", &good).await.assert_status(404).json();
    assert!(answer["detail"].as_str().expect("a detail").contains("Withdraw each item"), "{answer}");
    withdraw(&test, &other, "career_history/b", &good).await.assert_status(404);
    let read_only = test.token(&test.partner_with("write.education").await).await;
    withdraw(&test, &read_only, "career_history/1", &good).await.assert_status(403);

    for (body, code) in [
        (json!({}), "field.missing"),
        (json!({ "reason": "" }), "text.empty"),
        (json!({ "reason": "x".repeat(501) }), "text.too_long"),
        (json!({ "reason": "x", "why": "y" }), "field.unknown"),
    ] {
        let answer = withdraw(&test, &token, "career_history/1", &body).await.assert_status(422);
        assert_eq!(answer.errors()[0].0, code, "{body}");
    }
    let request = test.api(Method::DELETE, "/api/partner/v2/add/requests/career_history/1", &token, "reason");
    test.send(request).await.assert_status(400);
    assert_eq!(test.status(&token, "1").await["status"], "incomplete");
    assert_eq!(test.status(&token, "b").await["status"], "incomplete");

    withdraw(&test, &token, "right_to_work/b2", &good).await.assert_status(204);
    let status = test.status(&token, "b").await;
    assert_eq!((&status["status"], &status["items"][1]["status"]), (&json!("incomplete"), &json!("canceled")));
    withdraw(&test, &token, "career_history/b1", &json!({ "reason": REASON })).await.assert_status(204);
    assert_eq!(test.status(&token, "b").await["status"], "canceled");
    let again = test.post("/api/partner/v2/add/requests/batch", &token, &batch).await.assert_status(201).json();
    assert_eq!(again.get("warnings"), None, "all of it was withdrawn, so it starts anew");
    assert_eq!(test.status(&token, "b").await["status"], "incomplete");
}

#[tokio::test]
async fn batch_page_shows_withdrawn_items() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let batch = json!({
        "credential_id": "b",
        "career_history": career("b1"),
        "right_to_work_items": [
            { "credential_id": "b2", "fields": { "full_name": "Ada", "country": "NZ" } },
            { "credential_id": "b3", "fields": { "full_name": "Ada", "country": "AU" } },
        ],
    });
    let pushed = test.post("/api/partner/v2/add/requests/batch", &token, &batch).await.assert_status(201).json();
    let id: Uuid = pushed["request_id"].as_str().expect("an id").parse().expect("a UUID");
    let mut person = test.signed_in("ada@example.org").await;
    person.open(id).await.assert_status(303);
    let page = person.text(&format!("/requests/{id}")).await;
    let accept = page.split("/accept").next().and_then(|text| text.rsplit('/').next()).expect("an item").to_owned();
    person.post(&format!("/requests/{accept}/accept"), &[]).await.assert_status(303);
    for path in ["career_history/b1", "right_to_work/b2"] {
        withdraw(&test, &token, path, &json!({ "reason": "x" })).await.assert_status(204);
    }
    let page = person.text(&format!("/requests/{id}")).await;
    assert!(page.contains("Career history: added to your wallet, then withdrawn by the sender."), "{page}");
    assert!(page.contains("Right to work: withdrawn before you decided, and deleted."));
    assert!(page.contains("Add to my wallet"), "one still waits");
}
