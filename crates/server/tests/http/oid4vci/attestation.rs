//! Wallet attestations and key attestations.

use credential::key::SoftwareKey;
use serde_json::{Value, json};

use super::authorization::{VERIFIER, authorization, push};
use super::support::{SD_JWT, offered, refused};
use crate::support::app::TestApp;
use crate::support::wallet::{TestWallet, key, signed};

/// Writes a provider's JWK Set; returns the path and the provider's key.
fn provider(folder: &std::path::Path) -> (String, SoftwareKey) {
    let provider = key(60);
    let path = folder.join("providers.json");
    std::fs::write(&path, json!({ "keys": [provider.public().published_jwk("p1")] }).to_string()).expect("written");
    (path.display().to_string(), provider)
}

/// Starts the application with wallet attestations required from the provider in `path`.
async fn requiring_attestation(path: &str) -> TestApp {
    let builder = TestApp::builder().setting("oid4vci.trusted_wallet_providers_file", path);
    builder.setting("oid4vci.attestation_required", "true").start().await
}

// Conforms: OpenID4VCI D; OpenID4VCI E; HAIP 4.4.1; HAIP 4.5.1; HAIP 7
// Conforms: OIDF issuer: bad key attestation signature
// Conforms: OIDF issuer: client attestation: bad signature
// Conforms: OIDF issuer: client attestation: expired; OIDF issuer: client attestation: no sub
// Conforms: OIDF issuer: client attestation proof: wrong key
// Conforms: OIDF issuer: client attestation proof: wrong audience
// Conforms: OIDF issuer: client attestation proof: old
#[tokio::test]
async fn wallet_and_key_attestations_of_a_provider_are_verified() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, provider) = provider(folder.path());
    let test = requiring_attestation(&path).await;
    let (_, _, offer) = offered(&test).await;
    refused(&TestWallet::new(&test).redeem(&offer, &offer.transaction_code).await, 401, "invalid_client");
    let (now, instance) = (test.app.now().seconds(), key(61));
    let attestation = |by: &SoftwareKey, change: &dyn Fn(&mut Value)| {
        let mut payload =
            json!({ "sub": "wallet-1", "iat": now, "exp": now + 3600, "cnf": { "jwk": instance.public().jwk() } });
        change(&mut payload);
        signed(by, json!({ "typ": "oauth-client-attestation+jwt", "kid": "p1" }), &payload)
    };
    let proof = |by: &SoftwareKey, change: &dyn Fn(&mut Value)| {
        let mut payload =
            json!({ "iss": "wallet-1", "aud": test.app.config().base(), "iat": now, "jti": test.app.rng().secret() });
        change(&mut payload);
        signed(by, json!({ "typ": "oauth-client-attestation-pop+jwt" }), &payload)
    };
    let with = |attestation: String, proof: String| {
        let headers = vec![("oauth-client-attestation", attestation), ("oauth-client-attestation-pop", proof)];
        TestWallet { headers, ..TestWallet::new(&test) }
    };
    let good = |attestation: String| with(attestation, proof(&instance, &|_| {}));
    let bad = [
        good(attestation(&key(62), &|_| {})),
        good(attestation(&provider, &|payload| payload["exp"] = (now - 100).into())),
        good(attestation(&provider, &|payload| payload["nbf"] = (now + 100).into())),
        good(attestation(&provider, &|payload| payload["exp"] = "later".into())),
        good(attestation(&provider, &|payload| payload["sub"] = Value::Null)),
        with(attestation(&provider, &|_| {}), proof(&key(62), &|_| {})),
        with(
            attestation(&provider, &|_| {}),
            proof(&instance, &|payload| payload["aud"] = "https://other.example".into()),
        ),
        with(attestation(&provider, &|_| {}), proof(&instance, &|payload| payload["iat"] = (now - 1000).into())),
        with(attestation(&provider, &|_| {}), proof(&instance, &|payload| payload["jti"] = Value::Null)),
    ];
    for wallet in bad {
        refused(&wallet.redeem(&offer, &offer.transaction_code).await, 401, "invalid_client");
    }
    let wallet = good(attestation(&provider, &|payload| payload["exp"] = json!(1_795_500_000.5)));
    let token = wallet.token(&offer).await;
    refused(&wallet.redeem(&offer, &offer.transaction_code).await, 401, "invalid_client");
    // Without a key attestation the request is rejected.
    let wallet = TestWallet::new(&test);
    refused(&wallet.fetch(&token, SD_JWT).await, 400, "invalid_proof");
    let attested = |by: &SoftwareKey, keys: &[&SoftwareKey], nonce: &str| {
        let keys: Vec<Value> = keys.iter().map(|key| key.public().jwk()).collect();
        let payload = json!({ "iat": now, "exp": now + 600, "attested_keys": keys, "nonce": nonce });
        signed(by, json!({ "typ": "key-attestation+jwt", "kid": "p1" }), &payload)
    };
    let ask = async |proofs: Value| {
        wallet
            .post("/oid4vci/credential", &token, &json!({ "credential_configuration_id": SD_JWT, "proofs": proofs }))
            .await
    };
    let (one, two) = (key(71), key(72));
    let nonce = wallet.nonce().await;
    refused(&ask(json!({ "attestation": [attested(&key(62), &[&one], &nonce)] })).await, 400, "invalid_proof");
    refused(&ask(json!({ "attestation": [attested(&provider, &[&one], "made up")] })).await, 400, "invalid_nonce");
    let answer = ask(json!({ "attestation": [attested(&provider, &[&one, &two], &nonce)] })).await.assert_status(200);
    assert_eq!(answer.json()["credentials"].as_array().map(Vec::len), Some(2));
    let nonce = wallet.nonce().await;
    let in_header = |attested_key: &SoftwareKey| {
        let header = json!({ "typ": "openid4vci-proof+jwt", "jwk": one.public().jwk(), "key_attestation": attested(&provider, &[attested_key], &nonce) });
        json!({ "jwt": [signed(&one, header, &wallet.proof_payload(&nonce))] })
    };
    refused(&ask(in_header(&two)).await, 400, "invalid_proof");
    ask(in_header(&one)).await.assert_status(200);
}

// Conforms: OpenID4VCI F.1
#[tokio::test]
async fn kid_of_a_proof_names_an_attested_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, provider) = provider(folder.path());
    let test = TestApp::builder().setting("oid4vci.trusted_wallet_providers_file", &path).start().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let (one, two) = (key(71), key(72));
    let ask = async |kid: &str, signer: &SoftwareKey, is_attested: bool| {
        let (now, nonce) = (test.app.now().seconds(), wallet.nonce().await);
        let keys = [one.public().jwk(), two.public().published_jwk("device")];
        let payload = json!({ "iat": now, "exp": now + 600, "attested_keys": keys, "nonce": nonce });
        let mut header = json!({ "typ": "openid4vci-proof+jwt", "kid": kid });
        if is_attested {
            let attestation = json!({ "typ": "key-attestation+jwt", "kid": "p1" });
            header["key_attestation"] = signed(&provider, attestation, &payload).into();
        }
        let proofs = json!({ "jwt": [signed(signer, header, &wallet.proof_payload(&nonce))] });
        let request = json!({ "credential_configuration_id": SD_JWT, "proofs": proofs });
        wallet.post("/oid4vci/credential", &token, &request).await
    };
    for (kid, signer) in [("0", &one), ("1", &two), ("device", &two)] {
        let answer = ask(kid, signer, true).await.assert_status(200);
        assert_eq!(answer.json()["credentials"].as_array().map(Vec::len), Some(2), "one for each attested key");
    }
    for (kid, signer, is_attested, why) in [
        ("0", &two, true, "signature"),
        ("device", &one, true, "signature"),
        ("2", &one, true, "from 0 to 1"),
        ("another", &one, true, "from 0 to 1"),
        ("did:web:wallet.example#0", &one, true, "did:jwk"),
        ("0", &one, false, "key_attestation"),
    ] {
        let answer = ask(kid, signer, is_attested).await;
        refused(&answer, 400, "invalid_proof");
        assert!(answer.text.contains(why), "{kid}: {}", answer.text);
    }
}

// Conforms: OpenID4VCI E
#[tokio::test]
async fn attestations_are_ignored_without_trusted_providers() {
    let test = TestApp::new().await;
    let wallet = |attestation: &str| {
        let pop = ("oauth-client-attestation-pop", "x".to_owned());
        let headers = vec![("oauth-client-attestation", attestation.to_owned()), pop];
        TestWallet { headers, ..TestWallet::new(&test) }
    };
    let payload = json!({ "sub": "another-wallet", "cnf": { "jwk": key(61).public().jwk() } });
    let attestation = signed(&key(60), json!({ "typ": "oauth-client-attestation+jwt" }), &payload);
    push(&wallet(&attestation), &authorization(VERIFIER)).await.assert_status(201);
    let mut form = authorization(VERIFIER);
    form.retain(|(name, _)| *name != "client_id");
    refused(&push(&wallet(&attestation), &form).await, 400, "invalid_request");
    let folder = tempfile::tempdir().expect("a folder");
    let (path, _) = provider(folder.path());
    let test = TestApp::builder().setting("oid4vci.trusted_wallet_providers_file", &path).start().await;
    let headers = vec![("oauth-client-attestation", attestation), ("oauth-client-attestation-pop", "x".to_owned())];
    let wallet = TestWallet { headers, ..TestWallet::new(&test) };
    refused(&push(&wallet, &authorization(VERIFIER)).await, 401, "invalid_client");
}

// Conforms: OpenID4VCI D; OpenID4VCI F.1
#[tokio::test]
async fn key_attestations_are_ignored_without_trusted_providers() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, _) = provider(folder.path());
    for is_any_trusted in [false, true] {
        let settings = [("oid4vci.trusted_wallet_providers_file", path.as_str())];
        let test = TestApp::builder().settings(&settings[..usize::from(is_any_trusted)]).start().await;
        let (_, _, offer) = offered(&test).await;
        let wallet = TestWallet::new(&test);
        let token = wallet.token(&offer).await;
        let (now, one) = (test.app.now().seconds(), key(71));
        let payload = json!({ "iat": now, "exp": now + 600, "attested_keys": [key(72).public().jwk()] });
        let attestation = signed(&key(62), json!({ "typ": "key-attestation+jwt", "kid": "another" }), &payload);
        for attestation in [json!(attestation), json!("junk"), json!(7), json!({})] {
            let header = json!({
                "typ": "openid4vci-proof+jwt", "jwk": one.public().jwk(), "key_attestation": attestation,
            });
            let proof = signed(&one, header, &wallet.proof_payload(&wallet.nonce().await));
            let request = json!({ "credential_configuration_id": SD_JWT, "proofs": { "jwt": [proof] } });
            let answer = wallet.post("/oid4vci/credential", &token, &request).await;
            if is_any_trusted {
                refused(&answer, 400, "invalid_proof");
            } else {
                let issued = answer.assert_status(200).json();
                assert_eq!(issued["credentials"].as_array().map(Vec::len), Some(1), "for the key of the proof");
            }
        }
    }
}

// Conforms: OpenID4VCI E; HAIP 4.3; HAIP 4.4.1
#[tokio::test]
async fn par_requires_an_attestation_of_the_same_client() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, provider) = provider(folder.path());
    let test = requiring_attestation(&path).await;
    let (now, instance) = (test.app.now().seconds(), key(61));
    let wallet = || {
        let payload =
            json!({ "sub": "wallet-1", "iat": now, "exp": now + 3600, "cnf": { "jwk": instance.public().jwk() } });
        let attestation = signed(&provider, json!({ "typ": "oauth-client-attestation+jwt", "kid": "p1" }), &payload);
        let audience = json!([test.app.config().base(), "https://other.example"]);
        let payload = json!({ "iss": "wallet-1", "aud": audience, "iat": now, "jti": test.app.rng().secret() });
        let proof = signed(&instance, json!({ "typ": "oauth-client-attestation-pop+jwt" }), &payload);
        let headers = vec![("oauth-client-attestation", attestation), ("oauth-client-attestation-pop", proof)];
        TestWallet { headers, ..TestWallet::new(&test) }
    };
    refused(&push(&TestWallet::new(&test), &authorization(VERIFIER)).await, 401, "invalid_client");
    let mut other_keys = authorization(VERIFIER);
    other_keys.retain(|(name, _)| *name != "client_id");
    other_keys.push(("client_id", "wallet-2".to_owned()));
    refused(&push(&wallet(), &other_keys).await, 401, "invalid_client");
    push(&wallet(), &authorization(VERIFIER)).await.assert_status(201);
    let used = wallet();
    push(&used, &authorization(VERIFIER)).await.assert_status(201);
    refused(&push(&used, &authorization(VERIFIER)).await, 401, "invalid_client");
}
