//! The request body: callback URLs, field errors, ids and idempotency keys.

use std::time::Duration;

use axum::http::Method;
use credential::presentation_request_sample;
use serde_json::json;

use super::support::{ASK, CALLBACK, ask, asker, holder, result, share_all};
use crate::support::app::TestApp;
use crate::support::response::content;

#[tokio::test]
async fn callback_url_must_be_registered() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    test.post(ASK, &token, &json!({ "callback_url": "https://HR.example:443/other" })).await.assert_status(201);
    for bad in [
        "https://hr.example/",
        "https://hr.example/other?x=1",
        "https://hr.example/back",
        "https://hr.example/back?case=8",
        "https://hr.example/back?case=7#x",
        "https://hr.example.eve.example/other",
        "https://hr.example@eve.example/other",
        "https://eve.example/?https://hr.example/other",
        "http://hr.example/other",
        "javascript:alert(1)",
        "/other",
        "//hr.example/other",
        "nonsense",
    ] {
        let answer = test.post(ASK, &token, &json!({ "callback_url": bad })).await.assert_status(422);
        assert_eq!(answer.errors(), [("callback_url.unknown".to_owned(), "/callback_url".to_owned())], "{bad}");
        assert!(answer.text.contains("https://hr.example/other"), "the list is told to its partner");
    }
    let without = test.token(&test.partner().await).await;
    let answer = test.post(ASK, &without, &json!({ "callback_url": CALLBACK })).await.assert_status(422);
    assert!(answer.text.contains("The list is empty"), "{}", answer.text);
}

#[tokio::test]
async fn verification_request_reports_all_field_errors() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let body = json!({ "request_id": "", "purpos": "x", "purpose": 7, "claims": ["full_name", "emploiment"] });
    let answer = test.post(ASK, &token, &body).await.assert_status(422);
    let mut field_errors = answer.errors();
    field_errors.sort();
    let expected = [
        ("choice.unknown", "/claims/1"),
        ("field.unknown", "/purpos"),
        ("text.empty", "/request_id"),
        ("type.mismatch", "/purpose"),
    ];
    assert_eq!(field_errors, expected.map(|(code, pointer)| (code.to_owned(), pointer.to_owned())));
    test.send(test.api(Method::POST, ASK, &token, "{")).await.assert_status(400);
    test.send(test.api(Method::POST, ASK, &token, "[]")).await.assert_status(422);
    for known in credential::ALL {
        let path = format!("/api/partner/v2/verify/requests/{known}");
        test.post(&path, &token, &presentation_request_sample(*known)).await.assert_status(201);
    }
}

#[tokio::test]
async fn verification_request_honours_the_idempotency_key() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let request = || {
        let mut request = test.api(Method::POST, ASK, &token, "{}");
        request.headers_mut().insert("idempotency-key", "k1".parse().expect("a value"));
        request
    };
    let first = test.send(request()).await.assert_status(201).json();
    let again = test.send(request()).await.assert_status(201);
    assert_eq!((again.json(), again.header("idempotency-replayed")), (first, "true"));
}

#[tokio::test]
async fn request_id_is_reusable_while_open_and_taken_afterwards() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let (other_partner, _) = asker(&test).await;
    let other = test.token(&other_partner).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let body = json!({ "request_id": "HIRE-1", "purpose": "For a post", "claims": ["employment", "full_name"] });
    let first = test.post(ASK, &token, &body).await.assert_status(201).json();
    test.advance(Duration::from_secs(60));
    let same = json!({ "request_id": "HIRE-1", "purpose": " For a post ", "claims": null });
    assert_eq!(test.post(ASK, &token, &same).await.assert_status(201).json(), first, "the same in other words");
    let differing = test.post(ASK, &token, &json!({ "request_id": "HIRE-1" })).await.assert_status(201).json();
    assert_eq!((&differing["redirect_uri"], &differing["expires_at"]), (&first["redirect_uri"], &first["expires_at"]));
    assert_eq!(differing["warnings"][0]["code"], "request.differs");
    let elsewhere = "/api/partner/v2/verify/requests/education";
    test.post(elsewhere, &token, &json!({ "request_id": "HIRE-1" })).await.assert_status(409);
    let theirs = test.post(ASK, &other, &body).await.assert_status(201).json();
    assert_ne!(theirs["redirect_uri"], first["redirect_uri"], "another partner's ids are its own");
    share_all(&mut person, content(&first)).await;
    let taken = test.post(ASK, &token, &body).await.assert_status(409).json();
    assert!(taken["detail"].as_str().is_some_and(|detail| detail.contains("use a new request_id")), "{taken}");
    assert_eq!(result(&test, &token, "HIRE-1").await["status"], "verified");
    test.post(ASK, &other, &body).await.assert_status(201);
    // Requests without an id are distinct.
    let (one, two) = (ask(&test, &token, &json!({})).await, ask(&test, &token, &json!({})).await);
    assert!(one.0 != two.0 && one.1 != two.1);
}
