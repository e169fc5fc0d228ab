//! Tokens that this server has signed.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use credential::format::sd_jwt_vc::SdJwtVc;
use serde_json::{Value, json};

use super::{Scene, VERIFY, not_passed};
use crate::support::app::TestApp;

const NOT_SHOWN: &str = "holder not_checked -";

#[tokio::test]
async fn own_presentation_is_valid_with_its_claims() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let token = scene.presentation().await;
    let report = scene.verify(&token).await;
    assert_eq!(not_passed(&report), Vec::<String>::new(), "{report}");
    let base = test.app.config().base();
    for (member, expected) in [
        ("valid", json!(true)),
        ("verdict", json!("valid")),
        ("checked_at", json!("2026-11-23T09:00:00Z")),
        ("format", json!("dc+sd-jwt")),
        ("issuer", json!({ "id": base, "trust": "own" })),
        ("credential_type", json!("career_history")),
        ("attested_by", json!("Acme Payroll")),
        ("attested_at", json!("2026-11-23")),
    ] {
        assert_eq!(report[member], expected, "{member}");
    }
    assert_eq!(report["claims"]["full_name"], "Ada Marker-Lovelace");
    assert_eq!(report["claims"]["employment"].as_array().map(Vec::len), Some(1), "what was not shown is not there");
    let names: Vec<_> = report["checks"].as_array().expect("checks").iter().map(|check| &check["name"]).collect();
    assert_eq!(names, ["signature", "issuer", "holder", "status", "dates", "schema"]);
}

#[tokio::test]
async fn own_credentials_are_valid_in_both_formats() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let sd_jwt = scene.credential("career_history_dc+sd-jwt").await;
    let report = scene.verify(&sd_jwt).await;
    assert_eq!((&report["valid"], not_passed(&report)), (&json!(true), vec![NOT_SHOWN.to_owned()]), "{report}");
    let vc_jwt = scene.credential("career_history_vc+jwt").await;
    let report = scene.verify(&vc_jwt).await;
    assert_eq!(not_passed(&report), [NOT_SHOWN, "schema not_checked -"], "{report}");
    assert_eq!((&report["valid"], &report["format"]), (&json!(true), &json!("vc+jwt")));
    assert_eq!(report["issuer"], json!({ "id": "did:web:localhost%3A8080", "trust": "own" }));
    assert_eq!((&report["attested_by"], &report["attested_at"]), (&json!("Acme Payroll"), &json!("2026-11-23")));
    assert_eq!(report["claims"]["credentialSubject"]["full_name"], "Ada Marker-Lovelace");
    for token in [&sd_jwt, &vc_jwt] {
        let report = scene.verify(token).await;
        let reason = "It contains one name. Whether it is that of the person who gave it to you was not checked.";
        assert_eq!(report["names_check"], json!({ "outcome": "not_checked", "reason": reason }));
        let job = json!({ "organisation": "Company B", "data_to": "2024-05", "passed_end": null });
        let reason = "Acme Payroll has no data on Company B after May 2024, so the job may have ended since. \
                      Ask Ada Marker-Lovelace for an update.";
        assert_eq!(report["career_data"], json!({ "data_to": "2024-05", "old_jobs": [job], "reason": reason }));
    }
    scene.delete().await;
    for token in [&sd_jwt, &vc_jwt] {
        let report = scene.verify(token).await;
        assert_eq!(report["verdict"], "invalid");
        assert!(not_passed(&report).contains(&"status failed revoked".to_owned()), "{report}");
        assert!(report["claims"].is_object(), "its issuer did sign it");
    }
}

#[tokio::test]
async fn pasted_text_around_a_token_does_no_harm() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let token = scene.presentation().await;
    let lines: Vec<&str> = token.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    for pasted in [
        format!("\u{feff} \"{token}\"\r\n"),
        lines.join("\r\n"),
        json!({ "credentials": [{ "credential": token }] }).to_string(),
    ] {
        assert_eq!(scene.verify(&pasted).await["verdict"], "valid", "{pasted}");
    }
    for (pasted, code) in [("hello", "not_a_token"), ("eyJ9.e30.AA, eyJ8.e30.AA", "several_tokens")] {
        let report = scene.verify(pasted).await;
        assert_eq!((&report["valid"], &report["verdict"]), (&json!(false), &json!("invalid")));
        assert_eq!(not_passed(&report)[0], format!("signature failed {code}"));
        assert_eq!([&report["claims"], &report["issuer"], &report["format"]], [&json!(null); 3]);
    }
}

#[tokio::test]
async fn changed_token_is_invalid_and_returns_no_claims() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let token = scene.presentation().await;
    let (issued, disclosures) = token.split_once('~').expect("a tilde");
    let (signed, _) = issued.rsplit_once('.').expect("three parts");
    let forged = format!("{signed}.{}~{disclosures}", "A".repeat(86));
    let report = scene.verify(&forged).await;
    assert!(not_passed(&report).contains(&"signature failed signature".to_owned()), "{report}");
    for member in ["claims", "issuer", "credential_type", "attested_by", "attested_at", "names_check", "career_data"] {
        assert_eq!(report[member], json!(null), "{member}");
    }
    assert_eq!((&report["valid"], &report["format"]), (&json!(false), &json!("dc+sd-jwt")));
    assert!(!report.to_string().contains("Marker"), "{report}");
}

/// The page `/verify` shows the same results: see `flows/verify-token.test.mjs`.
#[tokio::test]
async fn unsigned_token_and_one_without_its_tilde_are_invalid() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let token = scene.presentation().await;
    let (issued, _) = token.split_once('~').expect("a tilde");
    let (_, signed) = token.split_once('.').expect("three parts");
    // {"alg":"none","typ":"dc+sd-jwt"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiZGMrc2Qtand0In0.{signed}");
    for (token, code) in [(unsigned.as_str(), "algorithm"), (issued, "malformed")] {
        let report = scene.verify(token).await;
        assert_eq!((&report["valid"], &report["verdict"]), (&json!(false), &json!("invalid")), "{report}");
        assert_eq!(not_passed(&report)[0], format!("signature failed {code}"));
        assert_eq!([&report["claims"], &report["subject"]], [&json!(null); 2]);
    }
}

#[tokio::test]
async fn audience_and_nonce_must_be_the_signed_ones() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let token = scene.presentation().await;
    let read = SdJwtVc::read(&token).expect("a presentation");
    let signed = read.sd_jwt.key_binding.expect("a key binding").payload;
    for (name, value, code) in [
        ("audience", &signed["aud"], None),
        ("nonce", &signed["nonce"], None),
        ("audience", &json!("https://elsewhere.example"), Some("audience")),
        ("nonce", &json!("another"), Some("nonce")),
    ] {
        let report = scene.verify_body(&json!({ "token": token, name: value })).await;
        let expected: Vec<String> = code.map(|code| format!("holder failed {code}")).into_iter().collect();
        assert_eq!(not_passed(&report), expected, "{name} {value}");
    }
    let bare = scene.credential("career_history_dc+sd-jwt").await;
    let report = scene.verify_body(&json!({ "token": bare, "audience": "https://hr.example" })).await;
    assert_eq!(not_passed(&report), ["holder failed not_bound"]);
    test.advance(Duration::from_secs(900));
    let challenge = json!({ "token": token, "audience": signed["aud"], "nonce": signed["nonce"] });
    let report = scene.verify_body(&challenge).await;
    assert_eq!((&report["verdict"], not_passed(&report).len()), (&json!("valid"), 0), "its age does not count");
}

#[tokio::test]
async fn idempotency_key_does_not_repeat_an_old_result() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let token = scene.presentation().await;
    assert_eq!(verify_with_key(&scene, &token).await, "valid");
    scene.delete().await;
    assert_eq!(verify_with_key(&scene, &token).await, "invalid");
}

/// Verifies with the same `Idempotency-Key` each time; returns the verdict.
async fn verify_with_key(scene: &Scene<'_>, token: &str) -> Value {
    let request = Request::post(VERIFY)
        .header(header::AUTHORIZATION, format!("Bearer {}", scene.token))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", "same")
        .body(Body::from(json!({ "token": token }).to_string()))
        .expect("a request");
    scene.test.send(request).await.assert_status(200).json()["verdict"].clone()
}
