//! Bodies with documents: their limit, and how many are in memory at once.

use std::pin::pin;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::MAX_VALUES;
use futures::future::{Either, select};
use serde_json::{Value, json};

use super::support::{EDUCATION, asset, body, objects};
use crate::support::app::{PUSH, TestApp, TestAppBuilder, career};
use crate::support::response::TestResponse;
use crate::support::samples;

const BATCH: &str = "/api/partner/v2/add/requests/batch";

fn limited() -> TestAppBuilder {
    TestApp::builder().setting("server.body_limit", "4000").setting("server.document_body_limit", "9000")
}

/// Returns a valid push of an education in `length` bytes.
fn education(id: &str, length: usize) -> Value {
    sized(body("education", id, &json!([])), length)
}

/// Adds names of institutions to `body`, which make it longer.
fn sized(mut body: Value, length: usize) -> Value {
    body["partner_chain"] = json!(vec![json!({ "name": "" }); 20]);
    let missing = length.checked_sub(body.to_string().len()).expect("a longer body");
    for (place, name) in body["partner_chain"].as_array_mut().expect("an array").iter_mut().enumerate() {
        name["name"] = json!("x".repeat(missing / 20 + usize::from(place < missing % 20)));
    }
    assert_eq!(body.to_string().len(), length);
    body
}

async fn post_with_key(test: &TestApp, token: &str, body: &Value, key: &str) -> TestResponse {
    let mut request = test.api(Method::POST, EDUCATION, token, &body.to_string());
    request.headers_mut().insert("idempotency-key", key.parse().expect("a header"));
    test.send(request).await
}

#[tokio::test]
async fn data_url_may_have_ten_mebibytes() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let url = |document: &[u8]| json!(format!("data:application/pdf;base64,{}", STANDARD.encode(document)));
    let large = asset("pdf", url(&samples::filled_pdf(10 * 1024 * 1024 - 2000)));
    test.post(EDUCATION, &token, &body("education", "single", &large)).await.assert_status(201);
    let item = body("education", "item", &large);
    let batch = json!({ "credential_id": "batch", "education_items": [item] });
    test.post(BATCH, &token, &batch).await.assert_status(201);
    assert_eq!(objects(&test), 2);
    let larger = asset("pdf", url(&samples::filled_pdf(10 * 1024 * 1024 + 1)));
    let answer = test.post(EDUCATION, &token, &body("education", "larger", &larger)).await.assert_status(422);
    assert!(answer.text.contains("/assets/0/asset_data"), "{}", answer.text);
}

#[tokio::test]
async fn only_bodies_with_documents_have_the_larger_limit() {
    let test = limited().start().await;
    let token = test.token(&test.partner().await).await;
    test.post(EDUCATION, &token, &education("1", 9000)).await.assert_status(201);
    let answer = test.post(EDUCATION, &token, &education("2", 9001)).await.assert_status(413).json();
    let detail = answer["detail"].as_str().expect("a text");
    assert!(detail.contains("9000") && detail.contains("4000"), "{detail}");
    test.post(PUSH, &token, &sized(career("3"), 4000)).await.assert_status(201);
    test.post(PUSH, &token, &sized(career("4"), 4001)).await.assert_status(413);
    let batch = |item| json!({ "credential_id": "b", "education_items": [item] });
    test.post(BATCH, &token, &batch(education("5", 8000))).await.assert_status(201);
    test.post(BATCH, &token, &batch(education("6", 9000))).await.assert_status(413);
    post_with_key(&test, &token, &education("7", 9000), "a").await.assert_status(201);
    post_with_key(&test, &token, &education("7", 9000), "a").await.assert_status(201);
    post_with_key(&test, &token, &education("8", 9001), "b").await.assert_status(413);
    // The length is known before the body arrives.
    let mut request = test.api(Method::POST, EDUCATION, &token, "{}");
    request.headers_mut().insert("content-length", "9001".parse().expect("a header"));
    test.send(request).await.assert_status(413);
}

#[tokio::test]
async fn body_with_too_many_values_is_413_and_names_the_limit() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let list = |items: usize| format!("[{}0]", "0,".repeat(items - 1));
    let in_push = |values: &str| format!(r#"{{"credential_id":"1","fields":{values}}}"#);
    let in_batch = |values: &str| format!(r#"{{"credential_id":"1","education_items":[{{"fields":{values}}}]}}"#);
    let many = list(MAX_VALUES);
    for (path, body) in [
        (PUSH, in_push(&many)),
        (EDUCATION, in_push(&many)),
        (BATCH, in_batch(&many)),
        ("/api/partner/v1/add/education", format!(r#"{{"id":"1","data":{many}}}"#)),
        ("/api/partner/v1/add/batch", format!(r#"{{"id":"1","credentials":{many}}}"#)),
        ("/api/partner/v2/webhooks", format!(r#"{{"url":{many}}}"#)),
    ] {
        let refusal = test.send(test.api(Method::POST, path, &token, &body)).await.assert_status(413).json();
        let detail = refusal["detail"].as_str().expect("a text");
        assert!(detail.contains("more than 400000 JSON values") && detail.contains("line 1, column 8"), "{detail}");
        assert_eq!(refusal["type"].as_str().map(|kind| kind.ends_with("#error-too-large")), Some(true), "{refusal}");
    }
    // The object, the text and the list are values too. At the maximum, the body is validated.
    test.send(test.api(Method::POST, EDUCATION, &token, &in_push(&list(MAX_VALUES - 3)))).await.assert_status(422);
    test.send(test.api(Method::POST, EDUCATION, &token, &in_push(&list(MAX_VALUES - 2)))).await.assert_status(413);
}

#[tokio::test]
async fn large_body_waits_for_the_partners_earlier_one() {
    let test = limited().start().await;
    let (partner, other) = (test.partner().await, test.partner().await);
    let (token, others) = (test.token(&partner).await, test.token(&other).await);
    let turn = test.app.documents().large_bodies.turn(partner.id).await.expect("a turn");
    test.post(EDUCATION, &token, &education("small", 4000)).await.assert_status(201);
    let large = education("large", 9000);
    let waiting = pin!(post_with_key(&test, &token, &large, "k"));
    let passing = pin!(test.post(EDUCATION, &others, &large));
    let Either::Right((passed, waiting)) = select(waiting, passing).await else { panic!("it did not wait") };
    passed.assert_status(201);
    drop(turn);
    waiting.await.assert_status(201);
    // Both turns were returned.
    test.post(EDUCATION, &token, &large).await.assert_status(201);
}
