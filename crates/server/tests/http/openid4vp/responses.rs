//! Authorization responses: encryption, form, expiry, and which claims reach the partner.

use std::time::Duration;

use credential::jwe::Encryption;
use serde_json::{Value, json};
use tenure::jobs::end_what_is_over;

use super::support::{WalletRequest, refused, scene, seal, sent_to};
use crate::support::app::TestApp;

#[tokio::test]
async fn direct_post_accepts_unencrypted_responses() {
    let test = TestApp::builder().setting("openid4vp.response_mode", "direct_post").start().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, content, "same_device").await;
    assert_eq!(asked.text("response_mode"), "direct_post");
    assert!(asked.request["client_metadata"].get("jwks").is_none());
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert_eq!(scene.result(&request_id).await["status"], "verified");
}

#[tokio::test]
async fn encrypted_response_requires_the_key_of_its_request() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let (asked, other) = (
        scene.begin(&mut browser, content, "same_device").await,
        scene.begin(&mut browser, content, "same_device").await,
    );
    let body = |asked: &WalletRequest| json!({ "vp_token": { "credential": [scene.presentation(asked)] }, "state": asked.text("state") });
    let key_of = |asked: &WalletRequest| asked.request["client_metadata"]["jwks"]["keys"][0].clone();
    let send = async |sealed: String| scene.form(&asked.response_path(), &[("response", &sealed)]).await;
    refused(&send(seal(&key_of(&other), Encryption::A256Gcm, &body(&asked))).await, "cannot be decrypted");
    let mut renamed = key_of(&asked);
    renamed["kid"] = "another".into();
    refused(&send(seal(&renamed, Encryption::A256Gcm, &body(&asked))).await, "kid");
    let mut wrong = body(&asked);
    wrong["state"] = other.request["state"].clone();
    refused(&send(seal(&key_of(&asked), Encryption::A256Gcm, &wrong)).await, "state");
    refused(&send("x.y.z".to_owned()).await, "cannot be decrypted");
    let plain = body(&asked);
    let form = [("vp_token", plain["vp_token"].to_string()), ("state", asked.text("state").to_owned())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    refused(&scene.form(&asked.response_path(), &form).await, "encrypted");
    // The other supported content encryption algorithm.
    send(seal(&key_of(&asked), Encryption::A128Gcm, &body(&asked))).await.assert_status(200);
}

#[tokio::test]
async fn malformed_responses_leave_the_request_open() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, content, "same_device").await;
    let good = scene.presentation(&asked);
    for (vp_token, why) in [
        (json!({ "another": [good] }), "an id that was not requested"),
        (json!({ "credential": [good, good] }), "one presentation"),
        (json!({ "credential": good }), "one presentation"),
        (json!({}), "lacks a requested credential"),
        (json!([good]), "must be an object"),
        (Value::Null, "must be an object"),
    ] {
        refused(&scene.answer_with(&asked, json!({ "vp_token": vp_token, "state": asked.text("state") })).await, why);
    }
    // An error response needs the state, ends this presentation and leaves the verification request
    // open.
    refused(&scene.form(&asked.response_path(), &[("error", "access_denied")]).await, "state");
    let form = [("error", "access_denied"), ("error_description", "no"), ("state", asked.text("state"))];
    let answer = scene.form(&asked.response_path(), &form).await.assert_status(200);
    assert_eq!(sent_to(&test, &answer), format!("/presentations/{}", asked.id));
    assert!(browser.text(&format!("/presentations/{}", asked.id)).await.contains("You declined in your wallet"));
    refused(&scene.answer(&asked, &good).await, "answered");
    assert_eq!(scene.result(&request_id).await["status"], "incomplete");
    // Ten rejected responses end a presentation.
    let asked = scene.begin(&mut browser, content, "same_device").await;
    for _ in 0..10 {
        refused(&scene.answer(&asked, "x").await, "tilde");
    }
    refused(&scene.answer(&asked, &scene.presentation(&asked)).await, "answered");
    assert!(browser.text(&format!("/presentations/{}", asked.id)).await.contains("nothing was shared"));
}

#[tokio::test]
async fn presentation_request_expires_and_is_deleted() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let (late, unfetched) = (
        scene.begin(&mut browser, content, "same_device").await,
        scene.begin(&mut browser, content, "same_device").await,
    );
    let answer = scene.answer(&unfetched, &scene.presentation(&unfetched)).await.assert_status(200);
    test.advance(Duration::from_secs(601));
    refused(&scene.answer(&late, &scene.presentation(&late)).await, "has expired");
    assert_eq!(test.get(&format!("/openid4vp/requests/{}", late.id)).await.status, 400);
    browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert_eq!(scene.result(&request_id).await["status"], "incomplete", "it came too late");
    assert!(browser.text(&format!("/presentations/{}", late.id)).await.contains("has expired or was already answered"));
    test.advance(Duration::from_secs(3601));
    end_what_is_over(&test.app).await.expect("ended");
    assert_eq!(browser.get(&format!("/presentations/{}", late.id)).await.status, 404);
    assert_eq!(browser.get(&format!("/verifications/{content}/other-wallet")).await.status, 410);
}

#[tokio::test]
async fn unrequested_claims_are_not_returned() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask(&json!({ "claims": ["full_name"] })).await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, content, "same_device").await;
    assert_eq!(asked.request["dcql_query"]["credentials"][0]["claims"].as_array().map(Vec::len), Some(1));
    // A wallet that discloses everything.
    let all = scene.bind(&asked, &scene.credential);
    let answer = scene.answer(&asked, &all).await.assert_status(200);
    let back = browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert_eq!(back.header("location"), format!("/presentations/{}", asked.id), "the partner gave no address");
    let result = scene.result(&request_id).await;
    assert_eq!(result["credential"], json!({ "full_name": "Ada Marker-Lovelace" }));
    assert_eq!(result["verification"]["presentation"], Value::Null, "the token says more");
    assert!(!result.to_string().contains("Company A"));
}
