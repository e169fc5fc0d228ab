//! Which ids `replaces` may name.

use std::time::Duration;

use axum::http::Method;
use credential::batch_sample;
use serde_json::json;

use super::support::{career_of, current, push, push_and_accept, replacing};
use crate::support::app::{PUSH, TestApp};
use crate::support::response::content;

const BATCH: &str = "/api/partner/v2/add/requests/batch";

const JOBS: [super::support::Job; 1] = [("Company A", "Clerk", "2020-01", "", "2026-09")];

#[tokio::test]
async fn replaces_names_a_credential_of_the_partner_and_type() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let other = test.token(&test.partner_named("HR Cloud", "write.career_history").await).await;
    push(&test, &other, &career_of("theirs", &JOBS)).await;
    test.post(BATCH, &token, &{
        let mut batch = batch_sample();
        batch["credential_id"] = json!("batch");
        batch
    })
    .await
    .assert_status(201);
    let mut degree = ("education".parse::<credential::Type>().expect("a type").sample)();
    degree["credential_id"] = json!("degree");
    degree.as_object_mut().expect("an object").remove("assets");
    test.post("/api/partner/v2/add/requests/education", &token, &degree).await.assert_status(201);
    for (replaces, code) in [
        ("nobody's", "replaces.unknown"),
        ("theirs", "replaces.unknown"),
        ("batch", "replaces.unknown"),
        ("degree", "replaces.type"),
        ("own", "replaces.self"),
    ] {
        let body = replacing(career_of("own", &JOBS), replaces);
        for path in [PUSH.to_owned(), format!("{PUSH}?dry_run=true")] {
            let refused = test.post(&path, &token, &body).await.assert_status(422);
            assert_eq!(refused.errors(), [(code.to_owned(), "/replaces".to_owned())], "{replaces}");
        }
        let batch = json!({ "credential_id": "b", "career_history": body });
        let refused = test.post(BATCH, &token, &batch).await.assert_status(422);
        assert_eq!(refused.errors(), [(code.to_owned(), "/career_history/replaces".to_owned())], "{replaces}");
    }
    assert_eq!(test.get_with("/api/partner/v1/submissions/own/status", &token).await.status, 404, "nothing was stored");
    let v1 = json!({ "id": "own", "document_type": "none", "credential_type": "career_history", "replaces": "degree",
        "data": { "credential": career_of("", &JOBS)["fields"] } });
    let refused = test.post("/api/partner/v1/add/career_history", &token, &v1).await.assert_status(422);
    assert_eq!(refused.errors(), [("field.unknown".to_owned(), "/replaces".to_owned())]);
}

#[tokio::test]
async fn unaccepted_credential_may_be_named() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let mut person = test.signed_in("ada@example.org").await;
    let declined = content(&push(&test, &token, &career_of("declined", &JOBS)).await);
    person.open(declined).await;
    person.post(&format!("/requests/{declined}/decline"), &[]).await.assert_status(303);
    push(&test, &token, &career_of("withdrawn", &JOBS)).await;
    let request = test.api(Method::DELETE, &format!("{PUSH}/withdrawn"), &token, r#"{"reason":"A mistake."}"#);
    test.send(request).await.assert_status(204);
    push(&test, &token, &career_of("expired", &JOBS)).await;
    test.advance(Duration::from_secs(49 * 3600));
    let token = test.token(&partner).await;
    push(&test, &token, &career_of("waiting", &JOBS)).await;
    for earlier in ["declined", "withdrawn", "expired", "waiting"] {
        let answer = push(&test, &token, &replacing(career_of(&format!("{earlier}-2"), &JOBS), earlier)).await;
        assert_eq!(answer["status"], json!(null), "{earlier}");
        assert_eq!(test.status(&token, &format!("{earlier}-2")).await["status"], "incomplete", "{earlier}");
    }
    let update = content(&push(&test, &token, &replacing(career_of("last", &JOBS), "waiting")).await);
    person.open(update).await;
    assert!(!person.text(&format!("/requests/{update}")).await.contains("would replace"), "nothing is in the wallet");
    person.accept(update).await;
    assert_eq!(current(&mut person).await, ["last"]);
}

#[tokio::test]
async fn another_replaces_is_another_body() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    push_and_accept(&test, &token, &mut person, &career_of("1", &JOBS)).await;
    let first = push(&test, &token, &replacing(career_of("2", &JOBS), "1")).await;
    let again = push(&test, &token, &replacing(career_of("2", &JOBS), "1")).await;
    assert_eq!((&again["redirect_uri"], &again["warnings"]), (&first["redirect_uri"], &json!(null)));
    let other = push(&test, &token, &career_of("2", &JOBS)).await;
    assert_eq!(
        (&other["redirect_uri"], &other["warnings"][0]["code"]),
        (&first["redirect_uri"], &json!("duplicate.different_body"))
    );
}

#[tokio::test]
async fn last_id_of_a_chain_stands_for_its_current_version() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let start = |title| [("Company A", title, "2020-01", "", "2026-09")];
    push_and_accept(&test, &token, &mut person, &career_of("1", &start("Clerk"))).await;
    let corrected = |id, title, month| {
        // The start date differs: this career does not cover the earlier one, so only `replaces`
        // relates them.
        replacing(career_of(id, &[("Company A", title, month, "", "2026-09")]), "1")
    };
    for (id, month) in [("2", "2020-02"), ("3", "2020-03")] {
        push_and_accept(&test, &token, &mut person, &corrected(id, "Clerk", month)).await;
        assert_eq!(current(&mut person).await, [id], "both name the first version");
    }
}
