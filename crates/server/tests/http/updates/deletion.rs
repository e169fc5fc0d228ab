//! A partner cannot distinguish a deletion from a revoked standing consent.

use axum::http::Method;
use serde_json::{Value, json};

use super::support::{DAY, Job, career_of, push, push_and_allow, replacing};
use crate::support::app::{PUSH, TestApp};

const JOBS: [Job; 1] = [("Company A", "Clerk", "2020-01", "", "2026-09")];

/// Returns what a partner sees three days after pushing `1`, once the person has posted `action`
/// for that credential: the responses to an update, to a repeat of the first push, to a repeat with
/// another body, and to a withdrawal, each followed by the statuses.
async fn seen_after(action: &str) -> Vec<Value> {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut person = test.signed_in("ada@example.org").await;
    let id = push_and_allow(&test, &test.token(&partner).await, &mut person, &career_of("1", &JOBS)).await;
    person.post(&format!("/wallet/credentials/{id}/{action}"), &[]).await.assert_status(303);
    test.advance(DAY * 3);
    let token = test.token(&partner).await;
    let mut changed = career_of("1", &JOBS);
    changed["fields"]["full_name"] = json!("Somebody Else");
    let mut seen = Vec::new();
    for body in [replacing(career_of("2", &JOBS), "1"), career_of("1", &JOBS), changed] {
        let mut answer = push(&test, &token, &body).await;
        // These differ for every request.
        for random in ["redirect_uri", "request_id", "credential_offer_uri"] {
            answer[random] = Value::Null;
        }
        seen.extend([answer, test.status(&token, "1").await, test.status(&token, "2").await]);
    }
    let request = test.api(Method::DELETE, &format!("{PUSH}/1"), &token, r#"{"reason":"A mistake."}"#);
    test.send(request).await.assert_status(204);
    seen.push(test.status(&token, "1").await);
    seen
}

#[tokio::test]
async fn deletion_and_ended_consent_look_the_same_to_the_partner() {
    let [ended, deleted] = [seen_after("updates/stop").await, seen_after("delete").await];
    assert_eq!(ended, deleted);
    assert_eq!(ended[0]["status"], Value::Null, "the update waits: {ended:?}");
    assert_eq!(ended[2]["status"], "incomplete", "{ended:?}");
    assert_eq!(ended[6].get("warnings"), None, "another body is not compared any more: {ended:?}");
}
