//! Requests that a wallet sends again because the connection broke before the response arrived.

use serde_json::json;

use super::support::{SD_JWT, credential, offered, refused, verify};
use crate::support::app::TestApp;
use crate::support::wallet::{TestWallet, key};

#[tokio::test]
async fn repeated_credential_request_needs_only_a_new_nonce() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet { dpop: Some(key(9)), ..TestWallet::new(&test) };
    let token = wallet.token(&offer).await;
    let proofs = json!({ "jwt": [wallet.proof(&wallet.key, &wallet.nonce().await)] });
    let request = json!({ "credential_configuration_id": SD_JWT, "proofs": proofs });
    let lost = credential(&wallet.post("/oid4vci/credential", &token, &request).await.assert_status(200));
    refused(&wallet.post("/oid4vci/credential", &token, &request).await, 400, "invalid_nonce");
    let again = credential(&wallet.fetch(&token, SD_JWT).await.assert_status(200));
    test.advance(std::time::Duration::from_secs(2));
    assert!(verify(&test, &again).await.is_valid());
    assert!(!verify(&test, &lost).await.is_valid(), "it never arrived, so it is revoked");
}

#[tokio::test]
async fn repeated_token_request_for_an_offer_leaves_the_first_token() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let again = wallet.redeem(&offer, &offer.transaction_code).await;
    refused(&again, 400, "invalid_grant");
    assert!(again.text.contains("already used"), "{}", again.text);
    wallet.fetch(&token, SD_JWT).await.assert_status(200);
}

// Conforms: OpenID4VCI 9
#[tokio::test]
async fn repeated_deferred_request_can_be_replaced_by_a_new_one() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    test.app.issuer_keys().let_go();
    let put_off = wallet.fetch(&token, SD_JWT).await.assert_status(202).json();
    let now = test.app.now();
    test.app.issuer_keys().refresh(now).await.expect("the keys are back");
    let ask = json!({ "transaction_id": put_off["transaction_id"] });
    wallet.post("/oid4vci/deferred", &token, &ask).await.assert_status(200);
    refused(&wallet.post("/oid4vci/deferred", &token, &ask).await, 400, "invalid_transaction_id");
    let again = credential(&wallet.fetch(&token, SD_JWT).await.assert_status(200));
    assert!(verify(&test, &again).await.is_valid());
}

// Conforms: OpenID4VCI 4; OpenID4VCI 7
#[tokio::test]
async fn repeated_nonce_and_offer_requests_are_harmless() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let (first, second) = (wallet.nonce().await, wallet.nonce().await);
    assert_ne!(first, second);
    let token = wallet.token(&offer).await;
    for nonce in [second, first] {
        let proofs = json!({ "jwt": [wallet.proof(&wallet.key, &nonce)] });
        let request = json!({ "credential_configuration_id": SD_JWT, "proofs": proofs });
        wallet.post("/oid4vci/credential", &token, &request).await.assert_status(200);
    }
    assert_eq!(test.get(&offer.path).await.assert_status(200).json(), offer.offer);
}
