//! `POST /api/partner/v2/add/requests/career_history`, and rules for every request
//! (docs/partner-api.md sections 1, 4, 8
//! and 9).

use std::time::Duration;

use crate::support::app::{PUSH, TestApp, career};
use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use credential::Type;
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn documented_sample_returns_the_documented_link() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let answer = test.post(PUSH, &token, &(Type::default().sample)()).await.assert_status(201);
    let body = answer.json();
    let id = body["request_id"].as_str().expect("an id");
    assert_eq!(body["credential_id"], "fa651300-b91a-49cb-8ee7-cac68b3fdf74");
    assert_ne!(id, "fa651300-b91a-49cb-8ee7-cac68b3fdf74");
    let expected = format!(
        "http://localhost:8080/partner/add/careerHistory#clientId={}&documentType=none&content={id}",
        partner.id
    );
    assert_eq!(body["redirect_uri"], expected);
    assert_eq!(body["credential_offer_uri"], format!("http://localhost:8080/oid4vci/requests/{id}/offer"));
    assert_eq!(body.as_object().expect("an object").len(), 4, "no warnings, no assets: {body}");
}

#[tokio::test]
async fn json_suffix_is_ignored() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let with = test.post(&format!("{PUSH}.json"), &token, &career("1")).await.assert_status(201).json();
    let without = test.post(PUSH, &token, &career("1")).await.assert_status(201).json();
    assert_eq!(with, without);
    test.get_with("/api/partner/v1/submissions/1/status.json", &token).await.assert_status(200);
    test.post("/api/partner/v1/submissions/status.json", &token, &json!({ "ids": ["1"] })).await.assert_status(200);
    // The suffix stands before the query.
    let previewed =
        test.post(&format!("{PUSH}.json?dry_run=true"), &token, &career("2")).await.assert_status(200).json();
    assert_eq!(previewed["dry_run"], true);
    test.get("/api/partner/openapi.json").await.assert_status(200);
}

#[tokio::test]
async fn repeated_id_within_48_hours_returns_the_same_link() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let first = test.post(PUSH, &token, &career("1")).await.assert_status(201).json();
    test.advance(HOUR / 2);
    let again = test.post(PUSH, &token, &career("1")).await.assert_status(201).json();
    assert_eq!(first, again, "the same body: no warning");
    let mut other = career("1");
    other["fields"]["full_name"] = json!("Somebody Else");
    let warned = test.post(PUSH, &token, &other).await.assert_status(201).json();
    assert_eq!(warned["redirect_uri"], first["redirect_uri"]);
    assert_eq!(warned["warnings"][0]["code"], "duplicate.different_body");
    let mut person = test.signed_in("ada@example.org").await;
    let page = person.open(first["request_id"].as_str().expect("an id").parse().expect("a UUID")).await;
    let page = person.get(page.header("location")).await.assert_status(200);
    assert!(page.text.contains("Ada Marker-Lovelace") && !page.text.contains("Somebody Else"));
}

#[tokio::test]
async fn expired_id_gets_a_new_link() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let first = test.push(&test.token(&partner).await, "1").await;
    test.advance(48 * HOUR);
    let token = test.token(&partner).await;
    assert_eq!(test.status(&token, "1").await["status"], "canceled");
    let second = test.push(&token, "1").await;
    assert_ne!(first, second);
    assert_eq!(test.status(&token, "1").await["status"], "incomplete");
    let mut person = test.signed_in("ada@example.org").await;
    let location = person.open(first).await.header("location").to_owned();
    let page = person.get(&location).await.assert_status(410);
    assert!(!page.text.contains("Marker"));
    let location = person.open(second).await.header("location").to_owned();
    person.get(&location).await.assert_status(200);
}

#[tokio::test]
async fn accepted_id_returns_its_credential_after_48_hours() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let id = test.push(&test.token(&partner).await, "1").await;
    let mut person = test.signed_in("ada@example.org").await;
    person.open(id).await;
    person.post(&format!("/requests/{id}/accept"), &[]).await.assert_status(303);
    test.advance(72 * HOUR);
    let token = test.token(&partner).await;
    assert_eq!(test.push(&token, "1").await, id);
    let location = person.open(id).await.header("location").to_owned();
    assert_eq!(person.get(&location).await.redirect(), format!("/wallet/credentials/{id}"));
}

#[tokio::test]
async fn partners_may_use_the_same_id() {
    let test = TestApp::new().await;
    let (one, other) = (test.token(&test.partner().await).await, test.token(&test.partner().await).await);
    assert_ne!(test.push(&one, "1").await, test.push(&other, "1").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_pushes_of_one_id_get_one_link() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let pushes = (0..64).map(|_| test.push(&token, "1"));
    let ids = futures::future::join_all(pushes).await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[tokio::test]
async fn dry_run_validates_and_stores_nothing() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let path = format!("{PUSH}?dry_run=true");
    let good = test.post(&path, &token, &career("1")).await.assert_status(200).json();
    assert_eq!((&good["dry_run"], &good["credential_id"]), (&json!(true), &json!("1")));
    assert_eq!(good["headline"], "Software Engineer at Company B, and one earlier job");
    test.post(&path, &token, &json!({})).await.assert_status(422);
    test.get_with("/api/partner/v1/submissions/1/status", &token).await.assert_status(404);
    test.post(&format!("{PUSH}?dry_run=maybe"), &token, &career("1")).await.assert_status(400);
}

#[tokio::test]
async fn all_field_errors_are_returned_as_problem_json() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut body = career("1");
    body["fields"]["employment"][0]["start_date"] = json!("01/2020");
    body["fields"]["employment"][1]["organization"] = json!("Company B");
    body["fields"]["full_name"] = Value::Null;
    let answer = test.post(PUSH, &token, &body).await.assert_status(422);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["type"], "http://localhost:8080/docs#error-invalid");
    assert_eq!((&problem["status"], &problem["title"]), (&json!(422), &json!("Validation failed")));
    assert_eq!(problem["request_id"], answer.header("x-request-id"));
    let mut field_errors = answer.errors();
    field_errors.sort();
    let expected = [
        ("date.format", "/fields/employment/0/start_date"),
        ("field.null", "/fields/full_name"),
        ("field.unknown", "/fields/employment/1/organization"),
    ];
    assert_eq!(field_errors, expected.map(|(code, pointer)| (code.to_owned(), pointer.to_owned())));
    let format = &problem["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .find(|field_error| field_error["code"] == "date.format")
        .expect("it")["suggestion"];
    assert_eq!(format, "2020-01");
    test.get_with("/api/partner/v1/submissions/1/status", &token).await.assert_status(404);
}

#[tokio::test]
async fn malformed_json_returns_400_with_line_and_column() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    for (body, place) in [
        ("{\n  \"credential_id\" 1\n}", "line 2, column 19"),
        ("", "it is empty"),
        ("{\"a\":1,\"a\":2}", "appears twice"),
    ] {
        let answer = test.send(test.api(Method::POST, PUSH, &token, body)).await.assert_status(400);
        let detail = answer.json()["detail"].as_str().expect("a text").to_owned();
        assert!(detail.contains(place), "{detail}");
    }
}

#[tokio::test]
async fn wrong_type_method_media_type_and_size_differ() {
    let test = TestApp::builder().setting("server.body_limit", "2000").start().await;
    let token = test.token(&test.partner().await).await;
    let unknown = test.post("/api/partner/v2/add/requests/salary", &token, &career("1")).await.assert_status(404);
    // A path that is not valid UTF-8 names no type.
    test.post("/api/partner/v2/add/requests/%FF", &token, &career("1")).await.assert_status(404);
    assert!(unknown.json()["detail"].as_str().expect("a text").contains("career_history"));
    let method = test.send(test.api(Method::PUT, PUSH, &token, "{}")).await.assert_status(405);
    assert_eq!(method.header("allow"), "POST");
    let bearer = format!("Bearer {token}");
    for content_type in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let request = Request::post(PUSH).header("authorization", &bearer).header("content-type", content_type);
        let answer =
            test.send(request.body(Body::from(career("1").to_string())).expect("a request")).await.assert_status(415);
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let request =
        Request::post(PUSH).header("authorization", &bearer).header("content-type", "Application/JSON; charset=utf-8");
    test.send(request.body(Body::from(career("1").to_string())).expect("a request")).await.assert_status(201);
    let mut large = career("2");
    large["fields"]["full_name"] = json!("x".repeat(2000));
    test.post(PUSH, &token, &large).await.assert_status(413);
    test.get("/api/partner/v3/nothing").await.assert_status(404);
}

#[tokio::test]
async fn request_id_header_is_kept_generated_or_replaced() {
    let test = TestApp::new().await;
    let with_id =
        |id: &str| Request::get("/healthz").header("x-request-id", id).body(Body::empty()).expect("a request");
    assert_eq!(test.send(with_id("order-66:a_b.c")).await.header("x-request-id"), "order-66:a_b.c");
    for odd in ["ada@example.org", "a b", &"x".repeat(129), ""] {
        let answered = test.send(with_id(odd)).await.header("x-request-id").to_owned();
        assert!(answered.parse::<uuid::Uuid>().is_ok(), "{odd}: {answered}");
    }
    let (one, other) = (test.get("/healthz").await, test.get("/healthz").await);
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
    let problem = test.get("/api/nothing").await.assert_status(404);
    assert_eq!(problem.json()["request_id"], problem.header("x-request-id"));
}

#[tokio::test]
async fn rate_limited_partner_gets_retry_after() {
    let test = TestApp::builder()
        .setting("rate_limit.partner_per_second", "1")
        .setting("rate_limit.partner_burst", "2")
        .start()
        .await;
    let token = test.token(&test.partner().await).await;
    let first = test.post(PUSH, &token, &career("1")).await.assert_status(201);
    assert_eq!(first.header("ratelimit-policy"), "\"partner\";q=2;w=2");
    assert_eq!(first.header("ratelimit"), "\"partner\";r=1;t=1");
    test.post(PUSH, &token, &career("2")).await.assert_status(201);
    let refused = test.post(PUSH, &token, &career("3")).await.assert_status(429);
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("ratelimit"), "\"partner\";r=0;t=1");
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let other = test.token(&test.partner().await).await;
    test.post(PUSH, &other, &career("3")).await.assert_status(201);
    test.advance(Duration::from_secs(1));
    test.post(PUSH, &token, &career("3")).await.assert_status(201);
}

#[tokio::test]
async fn every_response_has_security_headers() {
    let test = TestApp::new().await;
    for path in ["/", "/sign-in", "/api/nothing", "/nothing", "/healthz"] {
        let answer = test.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
    }
}

#[tokio::test]
async fn request_that_never_ends_times_out() {
    let test = TestApp::builder().setting("server.timeout", "1s").start().await;
    let token = test.token(&test.partner().await).await;
    let body = Body::from_stream(futures::stream::pending::<std::io::Result<Bytes>>());
    let request = Request::post(PUSH)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(body)
        .expect("a request");
    let answer = test.send(request).await.assert_status(503);
    assert!(answer.text.contains("timed out") && !answer.header("retry-after").is_empty(), "{}", answer.text);
}
