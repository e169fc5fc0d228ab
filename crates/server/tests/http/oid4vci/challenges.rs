//! Challenges for wallet attestations.

use axum::http::Request;
use serde_json::{Value, json};

use super::authorization::{VERIFIER, authorization, push};
use super::support::refused;
use crate::support::app::TestApp;
use crate::support::wallet::{TestWallet, key, signed};

// Conforms: OpenID4VCI E
#[tokio::test]
async fn invalid_challenge_returns_a_new_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let (provider, instance) = (key(60), key(61));
    let path = folder.path().join("providers.json");
    std::fs::write(&path, json!({ "keys": [provider.public().published_jwk("p1")] }).to_string()).expect("written");
    let path = path.display().to_string();
    let test = TestApp::builder().setting("oid4vci.trusted_wallet_providers_file", &path).start().await;
    let now = test.app.now().seconds();
    let claims = json!({ "sub": "wallet-1", "iat": now, "exp": now + 3600, "cnf": { "jwk": instance.public().jwk() } });
    let attestation = signed(&provider, json!({ "typ": "oauth-client-attestation+jwt", "kid": "p1" }), &claims);
    let with = async |challenge: Value| {
        let claims = json!({
            "iss": "wallet-1",
            "aud": test.app.config().base(),
            "iat": now,
            "jti": test.app.rng().secret(),
            "challenge": challenge,
        });
        let pop = signed(&instance, json!({ "typ": "oauth-client-attestation-pop+jwt" }), &claims);
        let headers = vec![("oauth-client-attestation", attestation.clone()), ("oauth-client-attestation-pop", pop)];
        push(&TestWallet { headers, ..TestWallet::new(&test) }, &authorization(VERIFIER)).await
    };
    let answer = with("made up".into()).await;
    refused(&answer, 400, "use_attestation_challenge");
    let challenge = answer.header("oauth-client-attestation-challenge").to_owned();
    assert!(!challenge.is_empty());
    let exposed = answer.header("access-control-expose-headers");
    assert!(exposed.contains("OAuth-Client-Attestation-Challenge"), "a wallet in a browser can read it: {exposed}");
    with(challenge.into()).await.assert_status(201);
    let request = Request::post("/oid4vci/challenge").body("".into()).expect("a request");
    let fetched = test.send(request).await.assert_status(200);
    assert_eq!(fetched.header("cache-control"), "no-store");
    with(fetched.json()["attestation_challenge"].clone()).await.assert_status(201);
}
