//! Proofs of possession and nonces.

use std::time::Duration;

use credential::jws;
use serde_json::{Value, json};

use super::support::{SD_JWT, offered, refused, second_credential};
use crate::support::app::TestApp;
use crate::support::wallet::{TestWallet, key, make_offer, signed};

// Conforms: OpenID4VCI 7; HAIP 4.1; OIDF issuer: wrong nonce; OIDF issuer: several clients
#[tokio::test]
async fn nonce_is_single_use_and_expires() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let nonce = wallet.nonce().await;
    let ask = |proof: String| json!({ "credential_configuration_id": SD_JWT, "proofs": { "jwt": [proof] } });
    let request = ask(wallet.proof(&wallet.key, &nonce));
    wallet.post("/oid4vci/credential", &token, &request).await.assert_status(200);
    refused(&wallet.post("/oid4vci/credential", &token, &request).await, 400, "invalid_nonce");
    let old = wallet.nonce().await;
    refused(
        &wallet.post("/oid4vci/credential", &token, &ask(wallet.proof(&wallet.key, "made up"))).await,
        400,
        "invalid_nonce",
    );
    let mut changed = old.clone();
    changed.replace_range(0..1, if old.starts_with('A') { "B" } else { "A" });
    refused(
        &wallet.post("/oid4vci/credential", &token, &ask(wallet.proof(&wallet.key, &changed))).await,
        400,
        "invalid_nonce",
    );
    let bound = TestWallet { dpop: Some(key(9)), ..TestWallet::new(&test) };
    let (mut person, id) = second_credential(&test).await;
    let offer = make_offer(&test, &mut person, id).await;
    let token = bound.token(&offer).await;
    test.advance(Duration::from_secs(301));
    refused(
        &bound.post("/oid4vci/credential", &token, &ask(wallet.proof(&wallet.key, &old))).await,
        400,
        "invalid_nonce",
    );
}

/// A change to a proof's header and payload.
type Change<'a> = &'a dyn Fn(&mut Value, &mut Value);

// Conforms: OpenID4VCI 8.3.1; OpenID4VCI F.1; HAIP 7; OIDF issuer: bad proof signature
// Conforms: OIDF issuer: missing proof
#[tokio::test]
async fn invalid_proofs_are_rejected() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let header = json!({ "typ": "openid4vci-proof+jwt", "jwk": wallet.key.public().jwk() });
    let ask = async |proofs: Value| {
        let request = json!({ "credential_configuration_id": SD_JWT, "proofs": proofs });
        wallet.post("/oid4vci/credential", &token, &request).await
    };
    let with = async |change: &dyn Fn(&mut Value, &mut Value)| {
        let (mut header, mut payload) = (header.clone(), wallet.proof_payload(&wallet.nonce().await));
        change(&mut header, &mut payload);
        ask(json!({ "jwt": [signed(&wallet.key, header, &payload)] })).await
    };
    with(&|_, _| {}).await.assert_status(200);
    let now = test.app.now().seconds();
    let changes: [(&str, Change<'_>); 12] = [
        ("an expiry in milliseconds", &|_, payload| payload["exp"] = ((now + 60) * 1000).into()),
        ("another typ", &|header, _| header["typ"] = "JWT".into()),
        ("another audience", &|_, payload| payload["aud"] = "https://other.example".into()),
        ("no audience", &|_, payload| payload["aud"] = Value::Null),
        ("from the future", &|_, payload| payload["iat"] = (now + 120).into()),
        ("old", &|_, payload| payload["iat"] = (now - 600).into()),
        ("no time", &|_, payload| payload["iat"] = Value::Null),
        ("no challenge", &|_, payload| payload["nonce"] = Value::Null),
        ("another's key", &|header, _| header["jwk"] = key(22).public().jwk()),
        ("a private key", &|header, _| header["jwk"]["d"] = "AA".into()),
        ("two keys", &|header, _| header["kid"] = key(21).public().did_jwk().into()),
        ("no key", &|header, _| header["jwk"] = Value::Null),
    ];
    for (what, change) in changes {
        let answer = with(change).await;
        assert_eq!(answer.json()["error"], "invalid_proof", "{what}: {}", answer.text);
    }
    with(&|header, _| {
        header.as_object_mut().expect("an object").remove("jwk");
        header["kid"] = key(21).public().did_jwk().into();
    })
    .await
    .assert_status(200);
    let unsigned = wallet.proof(&wallet.key, &wallet.nonce().await);
    let none =
        jws::protected(&json!({ "alg": "none", "typ": "openid4vci-proof+jwt", "jwk": wallet.key.public().jwk() }));
    let unsigned = format!("{none}.{}.", unsigned.split('.').nth(1).expect("a payload"));
    for proofs in [
        json!({ "jwt": [unsigned] }),
        json!({}),
        json!({ "jwt": [] }),
        json!({ "jwt": ["x"], "attestation": ["x"] }),
        json!({ "di_vp": ["x"] }),
        json!({ "jwt": [wallet.proof(&wallet.key, &wallet.nonce().await), wallet.proof(&wallet.key, &wallet.nonce().await)] }),
    ] {
        refused(&ask(proofs).await, 400, "invalid_proof");
    }
    let missing = wallet.post("/oid4vci/credential", &token, &json!({ "credential_configuration_id": SD_JWT })).await;
    refused(&missing, 400, "invalid_proof");
}
