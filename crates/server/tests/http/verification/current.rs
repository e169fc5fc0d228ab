//! A result reports the current checks when it is fetched, next to those at the time of sharing.

use std::time::Duration;

use axum::http::Method;
use credential::Type;
use serde_json::{Value, json};

use super::support::{HOUR, accept, ask, asker, result, share_all};
use crate::support::app::{PUSH, TestApp, career};
use crate::support::browser::Browser;
use crate::support::response::content;

/// A moment between the presentation and its end, so that their times differ.
const MOMENT: Duration = Duration::from_secs(2);

/// Returns the outcome and code of the check `name`.
fn check<'a>(result: &'a Value, name: &str) -> (&'a Value, &'a Value) {
    let checks = result["verification"]["checks"].as_array().expect("checks");
    let found = checks.iter().find(|check| check["name"] == name).expect("the check");
    (&found["outcome"], &found["code"])
}

/// Asserts that `result` was valid at 09:00 and no longer is.
#[track_caller]
fn assert_ended(result: &Value, verdict: &str, checked_at: &str) {
    let checked = &result["verification"];
    assert_eq!((&checked["valid"], &checked["verdict"]), (&json!(false), &json!(verdict)), "{result}");
    assert_eq!(checked["checked_at"], checked_at);
    assert_eq!(checked["at_consent"], json!({ "valid": true, "checked_at": "2026-11-23T09:00:00Z" }));
    assert_eq!(
        (&result["status"], &result["finalized_at"]),
        (&json!("verified"), &json!("2026-11-23T09:00:00Z")),
        "that the person showed it stays so"
    );
}

/// Signs in the holder of a career, who shares all of it; returns the browser, the pushing
/// partner's token and the request's id.
async fn shown<'a>(test: &'a TestApp, token: &str) -> (Browser<'a>, String, String) {
    let source = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    accept(test, &mut person, &source, PUSH, &career("1")).await;
    let (request_id, asked) = ask(test, token, &json!({})).await;
    share_all(&mut person, asked).await;
    (person, source, request_id)
}

#[tokio::test]
async fn withdrawn_credential_is_revoked_in_the_first_result() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let (_, source, request_id) = shown(&test, &token).await;
    let request = test.api(Method::DELETE, &format!("{PUSH}/1"), &source, r#"{"reason":"A mistake."}"#);
    test.send(request).await.assert_status(204);
    test.advance(MOMENT);
    let found = result(&test, &token, &request_id).await;
    assert_ended(&found, "invalid", "2026-11-23T09:00:02Z");
    assert_eq!(check(&found, "status"), (&json!("failed"), &json!("revoked")));
    assert_eq!(check(&found, "signature"), (&json!("passed"), &Value::Null));
}

/// The clock stands still, so whatever is cached is still current.
#[tokio::test]
async fn every_end_is_in_the_first_result_after_its_commit() {
    for (end, verdict) in [("withdrawn", "invalid"), ("deleted", "invalid"), ("replaced", "replaced")] {
        let test = TestApp::new().await;
        let (_, token) = asker(&test).await;
        let source = test.token(&test.partner().await).await;
        let mut person = test.signed_in("ada@example.org").await;
        let id = accept(&test, &mut person, &source, PUSH, &career("1")).await;
        let (request_id, asked) = ask(&test, &token, &json!({})).await;
        share_all(&mut person, asked).await;
        assert_eq!(result(&test, &token, &request_id).await["verification"]["verdict"], "valid");
        match end {
            "withdrawn" => {
                let request = test.api(Method::DELETE, &format!("{PUSH}/1"), &source, r#"{"reason":"A mistake."}"#);
                test.send(request).await.assert_status(204);
            }
            "deleted" => {
                person.post(&format!("/wallet/credentials/{id}/delete"), &[]).await.assert_status(303);
            }
            _ => {
                let newer = test.push(&source, "newer").await;
                person.accept(newer).await;
            }
        }
        let found = result(&test, &token, &request_id).await;
        let checked = &found["verification"];
        assert_eq!((&checked["valid"], &checked["verdict"]), (&json!(false), &json!(verdict)), "{end}: {found}");
        assert_eq!(check(&found, "status").0, &json!("failed"), "{end}");
    }
}

#[tokio::test]
async fn standing_credential_stays_valid_in_each_result() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let (_, _, request_id) = shown(&test, &token).await;
    let first = result(&test, &token, &request_id).await;
    test.advance(HOUR / 2);
    let later = result(&test, &token, &request_id).await;
    for (found, at) in [(&first, "2026-11-23T09:00:00Z"), (&later, "2026-11-23T09:30:00Z")] {
        let checked = &found["verification"];
        assert_eq!((&checked["valid"], &checked["verdict"]), (&json!(true), &json!("valid")), "{found}");
        assert_eq!(checked["checked_at"], at);
        assert_eq!(checked["at_consent"], json!({ "valid": true, "checked_at": "2026-11-23T09:00:00Z" }));
    }
    assert_eq!((&first["credential"], &first["subject"]), (&later["credential"], &later["subject"]));
    assert_eq!(first["verification"]["presentation"], later["verification"]["presentation"]);
}

#[tokio::test]
async fn replaced_and_revoked_credentials_have_different_results() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let (mut person, source, request_id) = shown(&test, &token).await;
    let newer = test.push(&source, "newer").await;
    person.accept(newer).await;
    test.advance(MOMENT);
    let found = result(&test, &token, &request_id).await;
    assert_ended(&found, "replaced", "2026-11-23T09:00:02Z");
    assert_eq!(check(&found, "status"), (&json!("failed"), &json!("replaced")));
}

#[tokio::test]
async fn credential_that_expires_later_is_expired_in_the_result() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let known: Type = "universal_credential".parse().expect("a type");
    let mut licence = (known.sample)();
    licence["assets"] = json!([]);
    licence["fields"]["expiry_date"] = json!("2026-11-23");
    let source = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    accept(&test, &mut person, &source, &format!("/api/partner/v2/add/requests/{known}"), &licence).await;
    let path = format!("/api/partner/v2/verify/requests/{known}");
    let asked = test.post(&path, &token, &json!({})).await.assert_status(201).json();
    share_all(&mut person, content(&asked)).await;
    let request_id = asked["request_id"].as_str().expect("an id");
    assert_eq!(result(&test, &token, request_id).await["verification"]["verdict"], "valid");
    test.advance(30 * HOUR);
    let token = test.token(&partner).await;
    let found = result(&test, &token, request_id).await;
    assert_ended(&found, "expired", "2026-11-24T15:00:00Z");
    assert_eq!(found["verification"]["expired_on"], "2026-11-23");
    assert_eq!(check(&found, "dates").0, &json!("failed"));
}

#[tokio::test]
async fn deleted_credential_is_not_shown_as_valid() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let source = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let id = accept(&test, &mut person, &source, PUSH, &career("1")).await;
    let (request_id, asked) = ask(&test, &token, &json!({})).await;
    share_all(&mut person, asked).await;
    person.post(&format!("/wallet/credentials/{id}/delete"), &[]).await.assert_status(303);
    test.advance(MOMENT);
    assert_ended(&result(&test, &token, &request_id).await, "invalid", "2026-11-23T09:00:02Z");
}
