//! Responses to requests with mistakes that integrators make: each has one error that says what to
//! do.

use axum::body::Body;
use axum::http::{HeaderValue, Method};
use credential::Type;
use serde_json::{Value, json};
use tenure::api::openapi::DOCUMENT;

use crate::support::app::{PUSH, TestApp, career};

/// Sends `body` as a push with these headers in addition, and returns the status and the body.
async fn send(test: &TestApp, token: &str, body: Vec<u8>, headers: &[(&'static str, &'static str)]) -> (u16, Value) {
    let mut request = test.api(Method::POST, PUSH, token, "");
    *request.body_mut() = Body::from(body);
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_static(value));
    }
    let answer = test.send(request).await;
    if answer.status == 415 {
        assert_eq!(answer.header("accept-encoding"), "identity");
    }
    (answer.status.as_u16(), answer.json())
}

#[tokio::test]
async fn unusual_bodies_are_accepted_or_named() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let body = career("1").to_string();
    let with_mark = [b"\xef\xbb\xbf", body.as_bytes()].concat();
    let (status, created) = send(&test, &token, with_mark, &[]).await;
    assert_eq!(status, 201, "{created}");
    let gzip = b"\x1f\x8b\x08\x00".to_vec();
    let utf_16: Vec<u8> = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (body, headers, status, said) in [
        (gzip.clone(), &[("content-encoding", "gzip")][..], 415, "compressed"),
        (gzip, &[], 415, "compressed"),
        (Vec::new(), &[], 400, "it is empty"),
        (utf_16, &[], 400, "UTF-16"),
        (b"{\"a\": \"\xe9\"}".to_vec(), &[], 400, "0xE9 is not UTF-8"),
    ] {
        let (found, problem) = send(&test, &token, body, headers).await;
        let detail = problem["detail"].as_str().expect("a text");
        assert!(found == status && detail.contains(said), "{found} {detail}");
    }
}

#[tokio::test]
async fn one_mistake_is_one_error() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let v1 = json!({ "id": "1", "document_type": "none", "credential_type": "career_history", "data": {} });
    let mut misspelt = career("1");
    let name = misspelt["fields"].as_object_mut().and_then(|fields| fields.remove("full_name"));
    misspelt["fields"]["fullname"] = name.expect("a name");
    let mut role = career("1");
    let job = role["fields"]["employment"][0].as_object_mut().expect("a job");
    let title = job.remove("role_title").expect("a title");
    job.remove("role_classification");
    job.insert("role_titel".to_owned(), title);
    let mut open = career("1");
    open["fields"]["employment"][0]["end_date"] = json!("present");
    for (body, code, pointer, said) in [
        (v1, "version.mismatch", "", "/api/partner/v1/add/career_history"),
        (misspelt, "field.unknown", "/fields/fullname", "full_name"),
        (role, "field.unknown", "/fields/employment/0/role_titel", "role_title"),
        (open, "date.format", "/fields/employment/0/end_date", "null"),
    ] {
        let answer = test.post(PUSH, &token, &body).await.assert_status(422);
        assert_eq!(answer.errors(), [(code.to_owned(), pointer.to_owned())]);
        let message = answer.json()["errors"][0]["message"].as_str().expect("a text").to_owned();
        assert!(message.contains(said), "{message}");
    }
}

#[tokio::test]
async fn bodies_on_the_wrong_path_are_one_error() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let batch = json!({ "credential_id": "b", "career_history": career("1") });
    let (single_v1, batch_v1) = ("/api/partner/v1/add/career_history", "/api/partner/v1/add/batch");
    let batch_v2 = "/api/partner/v2/add/requests/batch";
    for (path, body, code, said) in [
        (single_v1, career("1"), "version.mismatch", PUSH),
        (PUSH, batch.clone(), "batch.mismatch", batch_v2),
        (batch_v2, career("1"), "batch.mismatch", "/api/partner/v2/add/requests/{type}"),
        (batch_v2, credential::v1_batch_sample(), "version.mismatch", batch_v1),
        (batch_v1, batch, "version.mismatch", batch_v2),
    ] {
        let answer = test.post(path, &token, &body).await.assert_status(422);
        assert_eq!(answer.errors(), [(code.to_owned(), String::new())], "{path}");
        let message = answer.json()["errors"][0]["message"].as_str().expect("a text").to_owned();
        assert!(message.contains(&format!("Send it to {said}, or")), "{message}");
    }
}

#[tokio::test]
async fn unknown_query_parameters_are_rejected() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    for path in [
        format!("{PUSH}?dry-run=true"),
        format!("{PUSH}?page=2"),
        format!("{PUSH}?dry_run=true&page=2"),
        "/api/partner/v1/add/career_history?dry-run=true".to_owned(),
    ] {
        let answer = test.post(&path, &token, &career("1")).await.assert_status(400).json();
        assert!(answer["detail"].as_str().is_some_and(|detail| detail.contains("Unknown query parameter")), "{answer}");
    }
    test.get_with("/api/partner/v1/submissions/1/status?page=2", &token).await.assert_status(400);
    test.get("/api/partner/openapi.json?x=1").await.assert_status(400);
    test.post(&format!("{PUSH}?dry_run=true"), &token, &career("1")).await.assert_status(200);
    let v1 = Type::default().v1_sample().expect("v1 has it");
    test.post("/api/partner/v1/add/career_history?dry_run=true", &token, &v1).await.assert_status(200);
    let v1 = credential::v1_batch_sample();
    test.post("/api/partner/v1/add/batch?dry_run=true", &token, &v1).await.assert_status(200);
    test.get_with("/api/partner/v1/submissions/1/status", &token).await.assert_status(404);
}

#[tokio::test]
async fn access_tokens_are_rejected_with_the_cause() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let changed = format!("{signed}.{other}{}", &signature[1..]);
    let detail = async |authorization: Option<&str>| {
        let mut request = test.api(Method::POST, PUSH, &token, &career("1").to_string());
        match authorization {
            Some(value) => request.headers_mut().insert("authorization", value.parse().expect("a header")),
            None => request.headers_mut().remove("authorization"),
        };
        let answer = test.send(request).await.assert_status(401);
        let challenge = answer.header("www-authenticate").to_owned();
        let detail = answer.json()["detail"].as_str().expect("a text").to_owned();
        (challenge.contains("invalid_token"), detail)
    };
    for (authorization, has_code, said) in [
        (None, false, "Send the header Authorization: Bearer"),
        (Some("Basic YTpi"), false, "must be Bearer"),
        (Some("Bearer abc"), true, "not an access token of this server"),
        (Some(&*format!("Bearer {changed}")), true, "signature"),
    ] {
        let (code, found) = detail(authorization).await;
        assert!(code == has_code && found.contains(said), "{found}");
    }
    test.advance(std::time::Duration::from_secs(3600));
    let (_, found) = detail(Some(&format!("Bearer {token}"))).await;
    assert!(found.contains("expired at 2026-11-23T10:00:00Z"), "{found}");
}

#[tokio::test]
async fn wrong_methods_ids_and_missing_bodies_are_named() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    test.push(&token, "1").await;
    let detail = async |method: Method, path: &str, body: &str, status: u16| {
        let mut request = test.api(method, path, &token, body);
        if body.is_empty() {
            request.headers_mut().remove("content-type");
        }
        let answer = test.send(request).await.assert_status(status);
        answer.json()["detail"].as_str().expect("a text").to_owned()
    };
    let found = detail(Method::GET, PUSH, "", 405).await;
    assert!(found.contains("GET is not supported") && found.contains("Use POST"), "{found}");
    let found = detail(Method::GET, "/api/partner/v1/submissions/none/status", "", 404).await;
    assert!(found.contains("no submission with this id"), "{found}");
    let found = detail(Method::DELETE, &format!("{PUSH}/1"), "", 400).await;
    assert!(found.contains("reason") && found.contains("/withdraw"), "{found}");
    let (id, secret) = (partner.id.to_string(), &*partner.secret);
    let scope = "write.career_history,write.education";
    let form = [("grant_type", "client_credentials"), ("client_id", &*id), ("client_secret", secret), ("scope", scope)];
    let answer = test.token_form(&form, None).await.assert_status(400).json();
    assert!(answer["error_description"].as_str().is_some_and(|said| said.contains("with spaces")), "{answer}");
    let ids: Vec<String> = (0..31).map(|number| number.to_string()).collect();
    let answer = test.post("/api/partner/v1/submissions/status", &token, &json!({ "ids": ids })).await;
    let message = answer.assert_status(422).json()["errors"][0]["message"].clone();
    assert!(message.as_str().is_some_and(|said| said.contains("at most 30")), "{message}");
}

#[tokio::test]
async fn a_delete_without_a_body_needs_a_reason() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    test.push(&token, "1").await;
    let answer = test.send(test.api(Method::DELETE, &format!("{PUSH}/1"), &token, "")).await.assert_status(400);
    let problem = answer.json();
    let detail = problem["detail"].as_str().expect("a text");
    assert!(detail.contains("The body with the reason is missing") && detail.contains("/withdraw"), "{detail}");
}

#[tokio::test]
async fn wrong_methods_are_named_with_the_allowed_ones() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let unknown = Method::from_bytes(b"PROPFIND").expect("a method");
    let documented = DOCUMENT["paths"].as_object().expect("paths").keys().map(|path| path.replace(['{', '}'], ""));
    for path in documented.chain(["/api/partner/openapi".to_owned()]) {
        let answer = test.send(test.api(unknown.clone(), &path, &token, "")).await.assert_status(405);
        let mut allowed: Vec<&str> = answer.header("allow").split(',').collect();
        allowed.retain(|method| !["HEAD", "OPTIONS"].contains(method));
        allowed.sort_unstable();
        let said = format!("PROPFIND is not supported for this path. Use {}.", allowed.join(" or "));
        assert!(answer.text.contains(&said), "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn withdrawal_by_post_is_the_same_as_by_delete() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    test.push(&token, "1").await;
    let path = format!("{PUSH}/1/withdraw");
    test.post(&path, &token, &json!({})).await.assert_status(422);
    test.post(&path, &token, &json!({ "reason": "A mistake." })).await.assert_status(204);
    let status = test.status(&token, "1").await;
    assert_eq!((&status["status"], &status["reason"]), (&json!("canceled"), &json!("withdrawn")));
    test.post(&path, &token, &json!({ "reason": "A mistake." })).await.assert_status(204);
}
