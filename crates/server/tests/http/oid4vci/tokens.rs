//! Pre-authorized codes, access tokens and DPoP.

use std::time::Duration;

use serde_json::json;

use super::support::{SD_JWT, offered, refused};
use crate::support::app::TestApp;
use crate::support::wallet::{TestOffer, TestWallet, key, signed};

// Conforms: OpenID4VCI 6; OpenID4VCI 6.3
#[tokio::test]
async fn five_wrong_transaction_codes_end_the_offer() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let wrong = if offer.transaction_code == "000000" { "000001" } else { "000000" };
    let form =
        [("grant_type", tenure::oid4vci::offer::PRE_AUTHORIZED), ("pre-authorized_code", &*offer.pre_authorized_code)];
    refused(&wallet.form("/oid4vci/token", &form).await, 400, "invalid_request");
    for _ in 0..5 {
        refused(&wallet.redeem(&offer, wrong).await, 400, "invalid_grant");
    }
    refused(&wallet.redeem(&offer, &offer.transaction_code).await, 400, "invalid_grant");
}

// Conforms: OpenID4VCI 6.3
#[tokio::test]
async fn changed_expired_or_unknown_codes_are_rejected() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let another = if offer.pre_authorized_code.starts_with('B') { "C" } else { "B" };
    let changed = offer.pre_authorized_code.replacen(|_: char| true, another, 1);
    let changed = TestOffer { pre_authorized_code: changed, ..offer.clone() };
    refused(&wallet.redeem(&changed, &offer.transaction_code).await, 400, "invalid_grant");
    let unknown = wallet.form("/oid4vci/token", &[("grant_type", "password")]).await;
    refused(&unknown, 400, "unsupported_grant_type");
    let elsewhere = [("grant_type", "authorization_code"), ("resource", "https://other.example")];
    refused(&wallet.form("/oid4vci/token", &elsewhere).await, 400, "invalid_target");
    test.advance(Duration::from_secs(601));
    refused(&wallet.redeem(&offer, &offer.transaction_code).await, 400, "invalid_grant");
    test.get(&offer.path).await.assert_status(404);
}

// Conforms: OpenID4VCI 8.3.1; RFC 6750 2; OIDF issuer: unknown configuration id
// Conforms: OIDF issuer: unknown credential identifier; OIDF issuer: access token in query
#[tokio::test]
async fn access_token_is_limited_to_its_grant() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    refused(&wallet.fetch(&token, "education_dc+sd-jwt").await, 403, "insufficient_scope");
    refused(&wallet.fetch(&token, "salary_dc+sd-jwt").await, 400, "unknown_credential_configuration");
    let proofs = json!({ "jwt": [wallet.proof(&wallet.key, &wallet.nonce().await)] });
    let by_identifier = json!({ "credential_identifier": "another", "proofs": proofs });
    refused(&wallet.post("/oid4vci/credential", &token, &by_identifier).await, 400, "unknown_credential_identifier");
    refused(
        &wallet.post("/oid4vci/credential", &token, &json!({ "proofs": proofs })).await,
        400,
        "invalid_credential_request",
    );
    refused(&wallet.fetch("made up", SD_JWT).await, 401, "invalid_token");
    let in_query = test
        .send(
            axum::http::Request::post(format!("/oid4vci/credential?access_token={token}"))
                .body("{}".into())
                .expect("a request"),
        )
        .await;
    assert_eq!(in_query.status, 401);
    test.advance(Duration::from_secs(301));
    refused(&wallet.fetch(&token, SD_JWT).await, 401, "invalid_token");
}

// Conforms: RFC 9449 4.3; RFC 9449 7.2; RFC 9449 8; HAIP 4; OIDF issuer: FAPI 2: DPoP proofs
#[tokio::test]
async fn dpop_token_requires_its_key_and_a_fresh_proof() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet { dpop: Some(key(9)), ..TestWallet::new(&test) };
    let answer = wallet.redeem(&offer, &offer.transaction_code).await.assert_status(200);
    assert_eq!(answer.json()["token_type"], "DPoP");
    let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
    wallet.fetch(&token, SD_JWT).await.assert_status(200);
    refused(&TestWallet::new(&test).fetch(&token, SD_JWT).await, 401, "invalid_token");
    let other = TestWallet { dpop: Some(key(8)), ..TestWallet::new(&test) };
    refused(&other.fetch(&token, SD_JWT).await, 401, "invalid_token");
    let plain = TestWallet::new(&test);
    let path = "/oid4vci/credential";
    let send = async |proof: String| {
        let request = axum::http::Request::post(path)
            .header("authorization", format!("DPoP {token}"))
            .header("content-type", "application/json")
            .header("dpop", proof);
        test.send(request.body("{}".into()).expect("a request")).await
    };
    let nonce = test.send(axum::http::Request::post("/oid4vci/nonce").body("".into()).expect("a request")).await;
    let nonce = nonce.header("dpop-nonce");
    let answer = send(plain.dpop_proof(&key(9), path, Some(&token), "")).await;
    refused(&answer, 401, "use_dpop_nonce");
    assert!(!answer.header("dpop-nonce").is_empty());
    refused(&send(plain.dpop_proof(&key(9), "/oid4vci/token", Some(&token), nonce)).await, 401, "invalid_dpop_proof");
    refused(&send(plain.dpop_proof(&key(9), path, None, nonce)).await, 401, "invalid_dpop_proof");
    for (name, wrong) in [
        ("htm", json!("GET")),
        ("iat", json!(test.app.now().seconds() - 400)),
        ("iat", json!(test.app.now().seconds() + 400)),
    ] {
        let mut payload = plain.dpop_payload(path, Some(&token), nonce);
        payload[name] = wrong;
        let proof = signed(&key(9), json!({ "typ": "dpop+jwt", "jwk": key(9).public().jwk() }), &payload);
        refused(&send(proof).await, 401, "invalid_dpop_proof");
    }
    let proof = plain.dpop_proof(&key(9), path, Some(&token), nonce);
    assert_eq!(send(proof.clone()).await.json()["error"], "invalid_credential_request", "a good one gets through");
    refused(&send(proof).await, 401, "invalid_dpop_proof");
}

// Conforms: RFC 9449 11.1; OIDF issuer: FAPI 2: DPoP proofs
#[tokio::test]
async fn dpop_proof_is_used_once_also_after_a_restart() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet { dpop: Some(key(9)), ..TestWallet::new(&test) };
    let token = wallet.token(&offer).await;
    let path = "/oid4vci/credential";
    let nonce = test.send(axum::http::Request::post("/oid4vci/nonce").body("".into()).expect("a request")).await;
    let proof = wallet.dpop_proof(&key(9), path, Some(&token), nonce.header("dpop-nonce"));
    let send = async |test: &TestApp| {
        let request = axum::http::Request::post(path)
            .header("authorization", format!("DPoP {token}"))
            .header("content-type", "application/json")
            .header("dpop", &proof);
        test.send(request.body("{}".into()).expect("a request")).await
    };
    assert_eq!(send(&test).await.json()["error"], "invalid_credential_request", "a good one gets through");
    test.app.close().await;
    let TestApp { folder, .. } = test;
    let again = TestApp::builder().folder(folder).start().await;
    refused(&send(&again).await, 401, "invalid_dpop_proof");
}

// Conforms: HAIP 4; OIDF issuer: FAPI 2: unbound tokens
#[tokio::test]
async fn dpop_required_rejects_bearer_tokens() {
    let test = TestApp::builder().setting("oid4vci.dpop_required", "true").start().await;
    let (_, _, offer) = offered(&test).await;
    refused(&TestWallet::new(&test).redeem(&offer, &offer.transaction_code).await, 400, "invalid_dpop_proof");
    let wallet = TestWallet { dpop: Some(key(9)), ..TestWallet::new(&test) };
    wallet.redeem(&offer, &offer.transaction_code).await.assert_status(200);
}
