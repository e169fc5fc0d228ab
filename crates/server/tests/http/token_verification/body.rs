//! Access control and validation of the body.

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::{Value, json};

use super::{VERIFY, access_token};
use crate::support::app::TestApp;

#[tokio::test]
async fn any_scope_suffices_and_a_token_is_needed() {
    let test = TestApp::new().await;
    let read_only = access_token(&test, "read.education").await;
    let body = json!({ "token": "hello" });
    for path in [VERIFY.to_owned(), format!("{VERIFY}.json")] {
        test.post(&path, &read_only, &body).await.assert_status(200);
        test.post(&path, "none", &body).await.assert_status(401);
    }
    test.get_with(VERIFY, &read_only).await.assert_status(405);
}

#[tokio::test]
async fn field_errors_of_the_body_are_reported() {
    let test = TestApp::new().await;
    let token = access_token(&test, "").await;
    let field_errors = async |body: Value| test.post(VERIFY, &token, &body).await.assert_status(422).errors();
    let field_error = |code: &str, pointer: &str| vec![(code.to_owned(), pointer.to_owned())];
    assert_eq!(field_errors(json!({})).await, field_error("field.missing", ""));
    assert_eq!(field_errors(json!({ "token": 7 })).await, field_error("type.mismatch", "/token"));
    assert_eq!(field_errors(json!({ "token": "x", "nonse": "n" })).await, field_error("field.unknown", "/nonse"));
    test.send(test.api(Method::POST, VERIFY, &token, "{")).await.assert_status(400);
    let long = json!({ "token": "e".repeat(2 * 1024 * 1024) });
    test.post(VERIFY, &token, &long).await.assert_status(413);
    let form = Request::post(VERIFY).header(header::AUTHORIZATION, format!("Bearer {token}"));
    test.send(form.body(Body::from("token=x")).expect("a request")).await.assert_status(415);
}
