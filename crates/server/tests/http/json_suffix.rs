//! The suffix `.json` of API paths (docs/partner-api.md section 1).

use axum::http::Method;
use serde_json::{Value, json};
use tenure::api::openapi::DOCUMENT;

use crate::support::app::{PUSH, TestApp, career};
use crate::support::response::TestResponse;

/// Returns `path` with its parameters filled in.
fn filled(path: &str) -> String {
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

fn segment(template: &str) -> &str {
    match template {
        "{credential_id}" => "emp",
        "{request_id}" => "job",
        parameter if parameter.starts_with('{') => "0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70",
        literal => literal,
    }
}

/// Returns the status and, of an error, the body without the request's id.
fn outcome(answer: &TestResponse) -> (u16, Value) {
    let mut body = if answer.status.is_success() { Value::Null } else { answer.json() };
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    (answer.status.as_u16(), body)
}

#[tokio::test]
async fn every_documented_path_works_with_and_without_the_suffix() {
    let test = TestApp::builder().setting("rate_limit.enabled", "false").start().await;
    let token = test.token(&test.partner().await).await;
    let mut compared = 0;
    for (path, item) in DOCUMENT["paths"].as_object().expect("paths") {
        // An id that a partner chose is compared below.
        let is_own_id = path.ends_with("{credential_id}") || path.ends_with("{request_id}");
        if is_own_id || !path.starts_with("/api/partner/") {
            continue;
        }
        for (name, method) in
            [("get", Method::GET), ("post", Method::POST), ("put", Method::PUT), ("delete", Method::DELETE)]
        {
            if item.get(name).is_none() {
                continue;
            }
            let path = filled(path);
            let plain = test.send(test.api(method.clone(), &path, &token, "{}")).await;
            let suffixed = test.send(test.api(method.clone(), &format!("{path}.json"), &token, "{}")).await;
            assert_eq!(outcome(&suffixed), outcome(&plain), "{method} {path}");
            assert!(!plain.text.contains("No such path") && plain.status != 405, "{method} {path}");
            compared += 1;
        }
    }
    assert!(compared >= 30, "only {compared} were compared");
    test.get("/api/partner/openapi").await.assert_status(200);
    test.get("/api/partner/openapi.json").await.assert_status(200);
}

#[tokio::test]
async fn withdrawing_an_id_with_the_suffix_keeps_the_one_without() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let reason = json!({ "reason": "A test" }).to_string();
    let path = "/api/partner/v2/add/requests/career_history";
    test.push(&token, "emp").await;
    // The only id is `emp`.
    test.send(test.api(Method::DELETE, &format!("{path}/emp.json"), &token, &reason)).await.assert_status(404);
    test.push(&token, "emp.json").await;
    test.send(test.api(Method::DELETE, &format!("{path}/emp.json"), &token, &reason)).await.assert_status(204);
    assert_eq!(test.status(&token, "emp").await["status"], "incomplete");
    assert_eq!(test.status(&token, "emp.json").await["status"], "canceled");
    for (id, path) in [("a", "a/withdraw.json"), ("b.json", "b.json/withdraw"), ("c.json", "c.json/withdraw.json")] {
        test.post(PUSH, &token, &career(id)).await.assert_status(201);
        let path = format!("/api/partner/v2/add/requests/career_history/{path}");
        test.send(test.api(Method::POST, &path, &token, &reason)).await.assert_status(204);
        let status = format!("/api/partner/v1/submissions/{id}/status.json");
        assert_eq!(test.get_with(&status, &token).await.assert_status(200).json()["status"], "canceled");
    }
}

#[tokio::test]
async fn verification_request_with_the_suffix_is_another_one() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let path = "/api/partner/v2/verify/requests";
    let asked = json!({ "request_id": "job.json", "purpose": "Hiring" });
    test.post(&format!("{path}/career_history.json"), &token, &asked).await.assert_status(201);
    let found = test.get_with(&format!("{path}/job.json"), &token).await.assert_status(200).json();
    assert_eq!(found["request_id"], "job.json");
    test.get_with(&format!("{path}/job"), &token).await.assert_status(404);
    test.post(&format!("{path}/education"), &token, &json!({ "request_id": "job" })).await.assert_status(201);
    test.get_with(&format!("{path}/job"), &token).await.assert_status(200);
}
