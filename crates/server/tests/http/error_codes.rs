//! Every kind of error, by its `type`, and the codes that no other test produces. The test
//! `every_error_code_is_produced_by_a_test` looks for the codes in the sources of the tests.

use axum::body::Body;
use axum::http::{Method, Request, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tenure::error::Error;
use tenure::http::ErrorContext;

use crate::support::app::{PUSH, TestApp, TestPartner, career};
use crate::support::response::TestResponse;

const EDUCATION: &str = "/api/partner/v2/add/requests/education";

/// Returns the end of the problem's `type`.
#[track_caller]
fn kind(response: &TestResponse) -> String {
    let problem = response.json();
    assert_eq!(problem["status"], response.status.as_u16(), "{problem}");
    let kind = problem["type"].as_str().expect("a type");
    kind.strip_prefix("http://localhost:8080/docs#").expect("an address of the documentation").to_owned()
}

async fn push(test: &TestApp, token: &str, name: &str, value: &str, body: String) -> TestResponse {
    let mut request: Request<Body> = test.api(Method::POST, PUSH, token, &body);
    let name: header::HeaderName = name.parse().expect("a name");
    request.headers_mut().insert(name, value.parse().expect("a header"));
    test.send(request).await
}

#[tokio::test]
async fn requests_that_cannot_be_read_have_their_kinds() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let send = async |name: &str, value: &str, body: String| kind(&push(&test, &token, name, value, body).await);
    assert_eq!(send("accept", "*/*", "{".to_owned()).await, "error-malformed");
    assert_eq!(send("accept", "*/*", "{}".to_owned()).await, "error-invalid");
    assert_eq!(send("content-type", "text/plain", "{}".to_owned()).await, "error-unsupported-media-type");
    assert_eq!(send("content-encoding", "gzip", "{}".to_owned()).await, "error-compressed-body");
    let large = format!("\"{}\"", "x".repeat(20 * 1024 * 1024));
    assert_eq!(send("accept", "*/*", large).await, "error-too-large");
}

#[tokio::test]
async fn requests_that_are_not_allowed_have_their_kinds() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    assert_eq!(kind(&test.get("/api/partner/v2/webhooks").await), "error-unauthorized");
    let other: TestPartner = test.partner_with("write.education").await;
    let lacking = test.post(PUSH, &test.token(&other).await, &career("1")).await;
    assert_eq!(kind(&lacking), "error-missing-scope");
    let event = json!({ "type": "atsp_request.verified", "request_id": "r1", "credential_id": "c1" });
    let simulated = test.post("/api/partner/v2/sandbox/events", &token, &event).await;
    assert_eq!(kind(&simulated), "error-forbidden");
    let unknown = test.get_with("/api/partner/v2/submissions/unknown/status", &token).await;
    assert_eq!(kind(&unknown), "error-not-found");
    assert_eq!(kind(&test.get_with(PUSH, &token).await), "error-method-not-allowed");
    push(&test, &token, "idempotency-key", "k", career("1").to_string()).await.assert_status(201);
    let repeated = push(&test, &token, "idempotency-key", "k", career("2").to_string()).await;
    assert_eq!(kind(&repeated), "error-conflict");
}

#[tokio::test]
async fn requests_beyond_the_rate_limit_have_their_kind() {
    let settings = [("rate_limit.partner_per_second", "1"), ("rate_limit.partner_burst", "1")];
    let test = TestApp::builder().settings(&settings).start().await;
    let token = test.token(&test.partner().await).await;
    test.post(PUSH, &token, &career("1")).await.assert_status(201);
    assert_eq!(kind(&test.post(PUSH, &token, &career("2")).await), "error-too-many-requests");
}

#[tokio::test]
async fn expired_upload_urls_have_their_kind() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let assets = json!([{ "asset_id": "a", "asset_type": "pdf", "asset_data": null }]);
    let education: credential::Type = "education".parse().expect("a type");
    let mut body: Value = (education.sample)();
    body["assets"] = assets;
    let pushed = test.post(EDUCATION, &token, &body).await.assert_status(201).json();
    test.advance(std::time::Duration::from_secs(3600));
    let late = test.upload(&pushed["assets"][0]["upload_url"], "application/pdf", "%PDF-1.4").await;
    assert_eq!(kind(&late), "error-gone");
}

#[tokio::test]
async fn status_lists_in_refused_formats_have_their_kind() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let id = test.push(&token, "1").await;
    person.accept(id).await;
    let place = test.sign(id).await.expect("a position");
    let request = Request::get(format!("/status/{}", place.list)).header("accept", "application/statuslist+jwt;q=0");
    let list = test.send(request.body(Body::empty()).expect("a request")).await.assert_status(406);
    assert_eq!(kind(&list), "error-not-acceptable");
}

#[tokio::test]
async fn failures_of_the_server_have_their_kinds() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    test.app.store().close().await;
    let unavailable = test.post(PUSH, &token, &career("1")).await.assert_status(503);
    assert_eq!(kind(&unavailable), "error-unavailable");
    let error = Error::internal("a row cannot be read");
    let problem = error.problem("https://passport.example", "1");
    assert_eq!(problem.r#type, "https://passport.example/docs#error-internal");
    assert!(!problem.detail.contains("row"), "{}", problem.detail);
    let context = ErrorContext { request_id: "1", signed_in: false, partner: None };
    let response = tenure::api::token_error(&test.app, &error, context);
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body["error"], "server_error");
}

#[tokio::test]
async fn more_than_a_hundred_errors_are_truncated() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut body = career("1");
    for number in 0..150 {
        body["fields"][format!("unknown_{number}")] = json!(1);
    }
    let errors = test.post(PUSH, &token, &body).await.assert_status(422).errors();
    assert_eq!(errors.len(), 101);
    assert_eq!(errors.last().map(|(code, _)| code.as_str()), Some("errors.truncated"));
}
