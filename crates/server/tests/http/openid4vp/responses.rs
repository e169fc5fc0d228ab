//! Authorization responses: encryption, form, expiry, and which claims reach the partner.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::jwe::{self, Encryption};
use serde_json::{Map, Value, json};
use tenure::jobs::run_retention;

use super::support::{WalletRequest, refused, scene, seal, sent_to};
use crate::support::app::TestApp;

// Conforms: OpenID4VP 8.2; OIDF verifier: happy flow
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
async fn no_file_contains_a_pending_presentation() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, content, "same_device").await;
    let presentation = scene.presentation(&asked);
    let answer = scene.answer(&asked, &presentation).await.assert_status(200);
    // It is stored, because the browser that began can finish it.
    let parts: Vec<&str> = presentation.split(['~', '.']).filter(|part| part.len() > 20).collect();
    assert!(parts.len() > 4, "{presentation}");
    test.assert_no_file_contains(&parts);
    browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert_eq!(scene.result(&request_id).await["status"], "verified");
    test.assert_no_file_contains(&parts);
}

// Conforms: OpenID4VP 8.3; HAIP 5; HAIP 5.1; RFC 7516 5
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

// Conforms: OpenID4VP 8.3
#[tokio::test]
async fn unsupported_encryption_is_refused_by_name() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let asked = scene.begin(&mut test.browser(), content, "same_device").await;
    let jwk = &asked.request["client_metadata"]["jwks"]["keys"][0];
    let sealed = seal(jwk, Encryption::A256Gcm, &asked.response_body(&scene.presentation(&asked)));
    let (header, rest) = sealed.split_once('.').expect("parts");
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).expect("base64url")).expect("JSON");
    for (name, value, why) in [
        ("alg", json!("ECDH-ES+A256KW"), "alg must be ECDH-ES"),
        ("enc", json!("A256CBC-HS512"), "enc must be A128GCM or A256GCM"),
        ("zip", json!("DEF"), "zip (compression) is not supported"),
        ("crit", json!(["exp"]), "crit is not supported"),
        ("apu", json!(5), "apu and apv must be base64url"),
        ("apv", json!("="), "apu and apv must be base64url"),
    ] {
        let mut header = header.clone();
        header[name] = value;
        let changed = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()));
        refused(&scene.form(&asked.response_path(), &[("response", &changed)]).await, why);
    }
    let signed = jwe::encrypt(b"eyJhbGciOiJFUzI1NiJ9.e30.AA", jwk, Encryption::A256Gcm, Map::new()).expect("sealed");
    refused(&scene.form(&asked.response_path(), &[("response", &signed)]).await, "signed responses are not supported");
    scene.form(&asked.response_path(), &[("response", &sealed)]).await.assert_status(200);
}

#[tokio::test]
async fn responses_of_earlier_drafts_are_named() {
    let test = TestApp::builder().setting("openid4vp.response_mode", "direct_post").start().await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let asked = scene.begin(&mut test.browser(), content, "same_device").await;
    let shown = scene.presentation(&asked);
    let sent = async |vp_token: &str, more: &[(&str, &str)]| {
        let form = [[("vp_token", vp_token), ("state", asked.text("state"))].as_slice(), more].concat();
        scene.form(&asked.response_path(), &form).await
    };
    let submission = [("presentation_submission", r#"{ "id": "1", "descriptor_map": [] }"#)];
    refused(&sent(&shown, &submission).await, "drafts up to 24");
    refused(&sent(&shown, &[]).await, "drafts up to 24");
    refused(&sent(&json!(shown).to_string(), &[]).await, "drafts up to 24");
    refused(&sent(&json!([shown]).to_string(), &submission).await, "drafts up to 24");
    refused(&sent(&json!({ "credential": shown }).to_string(), &[]).await, "drafts 22 to 24");
    refused(&scene.form(&asked.response_path(), &[("response", "a.b.c.d.e")]).await, "must not be encrypted");
    // What else an earlier wallet sends beside a response of version 1.0 has no effect.
    sent(&json!({ "credential": [shown] }).to_string(), &submission).await.assert_status(200);
    // The object as text within an encrypted response.
    let test = TestApp::new().await;
    let scene = self::scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let asked = scene.begin(&mut test.browser(), content, "same_device").await;
    let mut body = asked.response_body(&scene.presentation(&asked));
    body["vp_token"] = body["vp_token"].to_string().into();
    scene.answer_with(&asked, body).await.assert_status(200);
}

// Conforms: OpenID4VP 8.1; HAIP 5
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
    let page = browser.text(&format!("/presentations/{}", asked.id)).await;
    assert!(page.contains("Nothing was shared, because what your wallet sent did not pass our checks."), "{page}");
}

// Conforms: OpenID4VP 14.2; HAIP 5.1
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
    run_retention(&test.app).await.expect("ended");
    assert_eq!(browser.get(&format!("/presentations/{}", late.id)).await.status, 404);
    assert_eq!(browser.get(&format!("/verifications/{content}/other-wallet")).await.status, 410);
}

// Conforms: OpenID4VP 15.4
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
