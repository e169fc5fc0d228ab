//! Proofs whose key is named by a did:jwk.

use credential::encoding::sha256;
use serde_json::{Value, json};

use super::support::{SD_JWT, credential, offered, refused, verify};
use crate::support::app::TestApp;
use crate::support::response::TestResponse;
use crate::support::wallet::{TestWallet, key, signed};

/// Requests a credential with a proof whose header has `kid`.
async fn fetch(wallet: &TestWallet<'_>, token: &str, kid: &str) -> TestResponse {
    let header = json!({ "typ": "openid4vci-proof+jwt", "kid": kid });
    let proof = signed(&wallet.key, header, &wallet.proof_payload(&wallet.nonce().await));
    let request = json!({ "credential_configuration_id": SD_JWT, "proofs": { "jwt": [proof] } });
    wallet.post("/oid4vci/credential", token, &request).await
}

// Conforms: OpenID4VCI 8.2; DID Core 7.1
#[tokio::test]
async fn did_jwk_binds_the_credential_to_its_key() {
    let test = TestApp::new().await;
    let metadata = test.get("/.well-known/openid-credential-issuer").await.json();
    let methods = &metadata["credential_configurations_supported"][SD_JWT]["cryptographic_binding_methods_supported"];
    assert!(methods.as_array().is_some_and(|methods| methods.contains(&"did:jwk".into())), "{methods}");
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let did = wallet.key.public().did_jwk();
    for kid in [did.clone(), format!("{did}#0")] {
        let report = verify(&test, &credential(&fetch(&wallet, &token, &kid).await.assert_status(200))).await;
        assert!(report.is_valid(), "{report:?}");
        assert_eq!(report.claims["cnf"]["jwk"], wallet.key.public().jwk());
    }
}

// Conforms: OpenID4VCI F.1; DID Core 7.1
#[tokio::test]
async fn other_dids_and_keys_are_refused() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let did = wallet.key.public().did_jwk();
    let digest = credential::encoding::hex(&sha256(b"a key"));
    let malformed = fetch(&wallet, &token, "did:jwk:e30").await;
    refused(&malformed, 400, "invalid_proof");
    assert!(malformed.text.contains("kid, a did:jwk: the key must be on P-256 or Ed25519"), "{}", malformed.text);
    for kid in [
        key(22).public().did_jwk(),
        format!("{did}#1"),
        format!("{did}x"),
        "did:jwk:".to_owned(),
        format!("did:key:z{digest}"),
        digest,
    ] {
        let answer = fetch(&wallet, &token, &kid).await;
        refused(&answer, 400, "invalid_proof");
        assert_eq!(answer.json().get("credentials"), None::<&Value>);
    }
}
