//! Wallets that implement a draft of OpenID4VCI.

use serde_json::{Value, json};

use super::authorization::{VERIFIER, authorization, push};
use super::support::{SD_JWT, credential, offered, refused, verify};
use crate::support::app::TestApp;
use crate::support::response::TestResponse;
use crate::support::wallet::{TestOffer, TestWallet};

const CREDENTIAL: &str = "/oid4vci/credential";

/// Redeems an offer; returns the response.
async fn token(wallet: &TestWallet<'_>, offer: &TestOffer) -> Value {
    wallet.redeem(offer, &offer.transaction_code).await.assert_status(200).json()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name}: {value}"))
}

/// Returns a proof as a wallet of draft 15 sends it.
fn single_proof(wallet: &TestWallet<'_>, nonce: &str) -> Value {
    json!({ "proof_type": "jwt", "jwt": wallet.proof(&wallet.key, nonce) })
}

/// Asserts that the response names the draft and a part of the change that is needed.
#[track_caller]
fn explained(answer: &TestResponse, code: &str, draft: &str, change: &str) {
    refused(answer, 400, code);
    assert!(answer.text.contains(draft) && answer.text.contains(change), "{}", answer.text);
}

#[tokio::test]
async fn single_proof_of_draft_15_is_accepted() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let request =
        json!({ "credential_configuration_id": SD_JWT, "proof": single_proof(&wallet, &wallet.nonce().await) });
    let answer = wallet.post(CREDENTIAL, &token, &request).await.assert_status(200);
    assert!(verify(&test, &credential(&answer)).await.is_valid());
    // Beside proofs, proof is an unknown parameter, which has no meaning (OpenID4VCI 1.0, section
    // 8.2).
    let proofs = json!({ "jwt": [wallet.proof(&wallet.key, &wallet.nonce().await)] });
    let both = json!({ "credential_configuration_id": SD_JWT, "proofs": proofs, "proof": { "proof_type": "x" } });
    let answer = wallet.post(CREDENTIAL, &token, &both).await.assert_status(200).json();
    assert!(answer.get("credential").is_none() && answer.get("c_nonce").is_none(), "only for early drafts: {answer}");
}

#[tokio::test]
async fn draft_13_flow_takes_nonces_from_responses() {
    let test = TestApp::builder().setting("oid4vci.offered_formats", "dc+sd-jwt jwt_vc_json").start().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let metadata = test.get("/.well-known/openid-credential-issuer").await.json();
    let configurations = &metadata["credential_configurations_supported"];
    let issued = token(&wallet, &offer).await;
    assert_eq!(issued["c_nonce_expires_in"], 300);
    let access = text(&issued, "access_token");
    let request = json!({
        "format": "vc+sd-jwt",
        "vct": configurations[SD_JWT]["vct"],
        "proof": single_proof(&wallet, text(&issued, "c_nonce")),
    });
    let first = wallet.post(CREDENTIAL, access, &request).await.assert_status(200).json();
    let report = verify(&test, text(&first, "credential")).await;
    assert!(report.is_valid());
    assert_eq!(report.claims["vct"], configurations[SD_JWT]["vct"]);
    let definition = &configurations["career_history_jwt_vc_json"]["credential_definition"];
    let request = json!({
        "format": "jwt_vc_json",
        "credential_definition": definition,
        "proof": single_proof(&wallet, text(&first, "c_nonce")),
    });
    let second = wallet.post(CREDENTIAL, access, &request).await.assert_status(200).json();
    assert!(verify(&test, text(&second, "credential")).await.is_valid());
    // Before draft 11 the types were beside the format.
    let request = json!({
        "format": "jwt_vc_json",
        "types": definition["type"],
        "proof": single_proof(&wallet, text(&second, "c_nonce")),
    });
    wallet.post(CREDENTIAL, access, &request).await.assert_status(200);
}

#[tokio::test]
async fn user_pin_is_the_transaction_code() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let wrong = if offer.transaction_code == "000000" { "000001" } else { "000000" };
    let redeem = async |pin: &str| {
        let form = [
            ("grant_type", tenure::oid4vci::offer::PRE_AUTHORIZED),
            ("pre-authorized_code", &*offer.pre_authorized_code),
            ("user_pin", pin),
        ];
        wallet.form("/oid4vci/token", &form).await
    };
    refused(&redeem(wrong).await, 400, "invalid_grant");
    let both = [
        ("grant_type", tenure::oid4vci::offer::PRE_AUTHORIZED),
        ("pre-authorized_code", &*offer.pre_authorized_code),
        ("user_pin", wrong),
        ("tx_code", &*offer.transaction_code),
    ];
    explained(&wallet.form("/oid4vci/token", &both).await, "invalid_request", "draft 12", "tx_code only");
    redeem(&offer.transaction_code).await.assert_status(200);
}

#[tokio::test]
async fn authorization_details_with_format_are_understood() {
    let test = TestApp::new().await;
    let wallet = TestWallet::new(&test);
    let metadata = test.get("/.well-known/openid-credential-issuer").await.json();
    let vct = &metadata["credential_configurations_supported"][SD_JWT]["vct"];
    let with = async |detail: Value| {
        let mut form = authorization(VERIFIER);
        form.retain(|(name, _)| *name != "scope");
        form.push(("authorization_details", json!([detail]).to_string()));
        push(&wallet, &form).await
    };
    let known = json!({ "type": "openid_credential", "format": "vc+sd-jwt", "vct": vct, "locations": null });
    with(known).await.assert_status(201);
    let unknown = json!({ "type": "openid_credential", "format": "mso_mdoc", "doctype": "org.iso.18013.5.1.mDL" });
    let code = "invalid_authorization_details";
    explained(&with(unknown).await, code, "draft 14", "credential_configuration_id");
    refused(&with(json!({ "type": "openid_credential" })).await, 400, code);
}

#[tokio::test]
async fn errors_of_draft_requests_name_the_draft_and_the_change() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let metadata = test.get("/.well-known/openid-credential-issuer").await.json();
    let post = async |request: Value| wallet.post(CREDENTIAL, &token, &request).await;
    let unknown = "unknown_credential_configuration";
    for request in [
        json!({ "format": "mso_mdoc", "doctype": "org.iso.18013.5.1.mDL" }),
        json!({ "format": "vc+sd-jwt", "vct": "https://other.example/identity" }),
        json!({ "format": "vc+sd-jwt" }),
        json!({ "format": 7 }),
    ] {
        explained(&post(request).await, unknown, "draft 14", "credential_configuration_id");
    }
    let education = &metadata["credential_configurations_supported"]["education_dc+sd-jwt"]["vct"];
    let other = json!({ "format": "dc+sd-jwt", "vct": education });
    refused(&post(other).await, 403, "insufficient_scope");
    for proof in [json!("x"), json!({}), json!({ "proof_type": "jwt" }), json!({ "jwt": "x" })] {
        let request = json!({ "credential_configuration_id": SD_JWT, "proof": proof });
        explained(&post(request).await, "invalid_proof", "draft 15", "proofs");
    }
    let cwt = json!({ "credential_configuration_id": SD_JWT, "proof": { "proof_type": "cwt", "cwt": "x" } });
    let answer = post(cwt).await;
    explained(&answer, "invalid_proof", "cwt", "not supported. Use jwt.");
    explained(&answer, "invalid_proof", "draft 15", "proofs");
    for proof in [json!({ "proof_type": "ldp_vp", "ldp_vp": { "type": "x" } }), json!({ "proof_type": "ldp_vp" })] {
        let request = json!({ "credential_configuration_id": SD_JWT, "proof": proof });
        let answer = post(request).await;
        explained(&answer, "invalid_proof", "ldp_vp", "not supported. Use jwt.");
        explained(&answer, "invalid_proof", "draft 15", "proofs");
    }
    let request = json!({ "credential_configuration_id": SD_JWT, "proofs": { "di_vp": [{ "type": "x" }] } });
    explained(&post(request).await, "invalid_proof", "di_vp", "not supported. Use jwt.");
    // No wallet provider is trusted here, so the metadata does not offer attestations.
    let request = json!({ "credential_configuration_id": SD_JWT, "proofs": { "attestation": ["x"] } });
    explained(&post(request).await, "invalid_proof", "'attestation' is not supported", "Use jwt.");
    let encrypted = json!({
        "credential_configuration_id": SD_JWT,
        "credential_response_encryption": { "alg": "ECDH-ES", "enc": "A256GCM", "jwk": {} },
    });
    explained(&post(encrypted).await, "invalid_encryption_parameters", "draft 15", "Encrypt the request");
}

#[tokio::test]
async fn null_members_of_wallet_requests_are_absent() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let request = json!({
        "credential_configuration_id": SD_JWT,
        "credential_identifier": null,
        "credential_response_encryption": null,
        "format": null,
        "proof": null,
        "proofs": { "jwt": [wallet.proof(&wallet.key, &wallet.nonce().await)], "attestation": null, "di_vp": null },
    });
    let answer = wallet.post(CREDENTIAL, &token, &request).await.assert_status(200);
    assert!(verify(&test, &credential(&answer)).await.is_valid());
    let empty = json!({
        "credential_configuration_id": SD_JWT,
        "credential_response_encryption": { "jwk": null, "alg": null, "enc": null },
        "proofs": { "jwt": [wallet.proof(&wallet.key, &wallet.nonce().await)] },
    });
    let answer = wallet.post(CREDENTIAL, &token, &empty).await.assert_status(200);
    let id = answer.json()["notification_id"].clone();
    let event = json!({ "notification_id": id, "event": "credential_accepted", "event_description": null });
    wallet.post("/oid4vci/notification", &token, &event).await.assert_status(204);
    let missing = json!({ "credential_configuration_id": null, "credential_identifier": null, "proofs": {} });
    refused(&wallet.post(CREDENTIAL, &token, &missing).await, 400, "invalid_credential_request");
    refused(
        &wallet.post("/oid4vci/deferred", &token, &json!({ "transaction_id": null })).await,
        400,
        "invalid_credential_request",
    );
}
