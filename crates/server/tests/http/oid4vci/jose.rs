//! Proofs as other implementations write them: dates, `null` members, algorithm names, forms of a
//! URI, and requests without the proof that they need.

use credential::jws;
use credential::key::{Algorithm, SoftwareKey};
use serde_json::{Value, json};

use super::support::{SD_JWT, offered, refused, second_credential};
use crate::support::app::TestApp;
use crate::support::response::TestResponse;
use crate::support::wallet::{TestWallet, key, make_offer, signed};

const PATH: &str = "/oid4vci/credential";

/// A change to the payload of a proof.
type Change<'a> = &'a dyn Fn(&mut Value);

/// Changes to the dates of a proof that is made at `now`, with what the error says; `None` if the
/// proof is accepted.
fn dates(now: i64) -> Vec<(&'static str, Value, Option<&'static str>)> {
    let fraction: Value = serde_json::from_str(&format!("{now}.75")).expect("a number");
    let text = now.to_string();
    vec![
        ("iat", fraction.clone(), None),
        ("exp", Value::Null, None),
        ("exp", json!(now + 60), None),
        ("exp", json!(now - 120), Some("has expired (exp)")),
        ("nbf", fraction, None),
        ("nbf", json!(now + 120), Some("not valid yet (nbf)")),
        ("iat", json!(now * 1000), Some("iat is after the year 9999. Send seconds")),
        ("nbf", json!(now * 1000), Some("nbf is after the year 9999. Send seconds")),
        ("iat", Value::Null, Some("iat is missing")),
        ("iat", json!(text), Some("iat must be a number of seconds")),
        ("exp", json!(true), Some("exp must be a number of seconds")),
        ("nbf", json!(-1), None),
        ("exp", json!(-1), Some("has expired (exp)")),
        ("exp", json!(1e300), Some("exp is after the year 9999. Send seconds")),
    ]
}

#[track_caller]
fn said(answer: &TestResponse) -> String {
    answer.json()["error_description"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
}

// Conforms: OpenID4VCI F.1; RFC 7519 4.1.4; RFC 7519 4.1.5
#[tokio::test]
async fn dates_of_key_proofs_are_obeyed_by_name() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let header = json!({ "typ": "openid4vci-proof+jwt", "jwk": wallet.key.public().jwk() });
    for (name, value, why) in dates(test.app.now().seconds()) {
        let mut payload = wallet.proof_payload(&wallet.nonce().await);
        payload[name] = value.clone();
        let proof = signed(&wallet.key, header.clone(), &payload);
        let request = json!({ "credential_configuration_id": SD_JWT, "proofs": { "jwt": [proof] } });
        let answer = wallet.post(PATH, &token, &request).await;
        let Some(why) = why else {
            answer.assert_status(200);
            continue;
        };
        refused(&answer, 400, "invalid_proof");
        assert!(said(&answer).contains(why), "{name} {value}: {}", answer.text);
    }
}

/// A wallet's token that is bound to key 9, and requests with it.
struct Bound<'a> {
    test: &'a TestApp,
    token: String,
    nonce: String,
}

impl<'a> Bound<'a> {
    async fn new(test: &'a TestApp) -> Self {
        let (_, _, offer) = offered(test).await;
        let token = TestWallet { dpop: Some(key(9)), ..TestWallet::new(test) }.token(&offer).await;
        let nonce = test.send(axum::http::Request::post("/oid4vci/nonce").body("".into()).expect("a request")).await;
        Self { test, token, nonce: nonce.header("dpop-nonce").to_owned() }
    }

    /// Returns a proof of key 9 after a change.
    fn proof(&self, change: Change<'_>) -> String {
        let mut payload = TestWallet::new(self.test).dpop_payload(PATH, Some(&self.token), &self.nonce);
        change(&mut payload);
        signed(&key(9), json!({ "typ": "dpop+jwt", "jwk": key(9).public().jwk() }), &payload)
    }

    /// Sends an empty request. It is an `invalid_credential_request` if the token is accepted.
    async fn send(&self, scheme: &str, token: &str, proofs: &[String]) -> TestResponse {
        let mut request = axum::http::Request::post(PATH)
            .header("authorization", format!("{scheme} {token}"))
            .header("content-type", "application/json");
        for proof in proofs {
            request = request.header("dpop", proof);
        }
        self.test.send(request.body("{}".into()).expect("a request")).await
    }
}

// Conforms: RFC 9449 4.3; RFC 7519 4.1.4; RFC 7519 4.1.5; OIDF issuer: FAPI 2: DPoP proofs
#[tokio::test]
async fn dates_of_dpop_proofs_are_obeyed_by_name() {
    let test = TestApp::new().await;
    let bound = Bound::new(&test).await;
    for (name, value, why) in dates(test.app.now().seconds()) {
        let proof = bound.proof(&|payload| payload[name] = value.clone());
        let answer = bound.send("DPoP", &bound.token, &[proof]).await;
        let Some(why) = why else {
            assert_eq!(answer.json()["error"], "invalid_credential_request", "{name} {value}: {}", answer.text);
            continue;
        };
        refused(&answer, 401, "invalid_dpop_proof");
        assert!(said(&answer).contains(why), "{name} {value}: {}", answer.text);
    }
}

// Conforms: RFC 9449 4.3; OIDF issuer: FAPI 2: DPoP proofs
#[tokio::test]
async fn dpop_proof_needs_an_id() {
    let test = TestApp::new().await;
    let bound = Bound::new(&test).await;
    for jti in [json!(""), json!(7), Value::Null] {
        let proof = bound.proof(&|payload| payload["jti"] = jti.clone());
        let answer = bound.send("DPoP", &bound.token, &[proof]).await;
        refused(&answer, 401, "invalid_dpop_proof");
        assert!(said(&answer).contains("jti is missing or empty"), "{jti}: {}", answer.text);
    }
}

// Conforms: RFC 9449 4.3; OIDF issuer: FAPI 2: DPoP proofs
#[tokio::test]
async fn htu_is_compared_after_normalization() {
    let test = TestApp::new().await;
    let bound = Bound::new(&test).await;
    let base = test.app.config().base();
    let (scheme, host) = base.split_once("://").expect("a URL");
    for (uri, is_same) in [
        (format!("{base}{PATH}?a=b#c"), true),
        (format!("{}://{}{PATH}", scheme.to_uppercase(), host.to_uppercase()), true),
        (format!("{base}/a/..{PATH}"), true),
        (format!("{base}/%6fid4vci/credenti%61l"), true),
        (format!("{base}{PATH}/"), false),
        (format!("{base}/OID4VCI/credential"), false),
        (format!("{scheme}://ada@{host}{PATH}"), false),
        (format!("{scheme}://other.example{PATH}"), false),
        (PATH.to_owned(), false),
    ] {
        let proof = bound.proof(&|payload| payload["htu"] = uri.as_str().into());
        let answer = bound.send("DPoP", &bound.token, &[proof]).await;
        let code = if is_same { "invalid_credential_request" } else { "invalid_dpop_proof" };
        assert_eq!(answer.json()["error"], code, "{uri}: {}", answer.text);
    }
}

// Conforms: RFC 9449 7.1; OIDF issuer: FAPI 2: DPoP proofs
#[tokio::test]
async fn missing_and_invalid_dpop_proofs_have_different_errors() {
    let test = TestApp::new().await;
    let bound = Bound::new(&test).await;
    let (mut person, id) = second_credential(&test).await;
    let offer = make_offer(&test, &mut person, id).await;
    let unbound = TestWallet::new(&test).token(&offer).await;
    let good = || bound.proof(&|_| {});
    let (token, another) =
        (&bound.token, TestWallet::new(&test).dpop_proof(&key(8), PATH, Some(&bound.token), &bound.nonce));
    for (scheme, token, proofs, why) in [
        ("DPoP", token, vec![], "DPoP proof missing"),
        ("Bearer", token, vec![], "Send it with the scheme DPoP"),
        ("Bearer", token, vec![good()], "Send it with the scheme DPoP"),
        ("DPoP", &unbound, vec![], "Send it with the scheme Bearer"),
        ("DPoP", token, vec![another], "another key"),
    ] {
        let answer = bound.send(scheme, token, &proofs).await;
        refused(&answer, 401, "invalid_token");
        assert!(said(&answer).contains(why), "{scheme}: {}", answer.text);
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with("DPoP error=\"invalid_token\", error_description=\""), "{challenge}");
        assert!(!answer.header("dpop-nonce").is_empty(), "the next proof needs it");
        assert!(challenge.contains(why) && challenge.ends_with(", algs=\"ES256 EdDSA Ed25519\""), "{challenge}");
    }
    for (proofs, why) in [(vec![good(), good()], "several DPoP headers"), (vec!["x".to_owned()], "three parts")] {
        let answer = bound.send("DPoP", token, &proofs).await;
        refused(&answer, 401, "invalid_dpop_proof");
        assert!(said(&answer).contains(why), "{}", answer.text);
        assert!(answer.header("www-authenticate").starts_with("DPoP error=\"invalid_dpop_proof\""));
    }
    assert_eq!(bound.send("DPoP", token, &[good()]).await.json()["error"], "invalid_credential_request");
}

// Conforms: RFC 9449 5
#[tokio::test]
async fn token_endpoint_says_that_the_dpop_proof_is_missing() {
    let test = TestApp::builder().setting("oid4vci.dpop_required", "true").start().await;
    let (_, _, offer) = offered(&test).await;
    let answer = TestWallet::new(&test).redeem(&offer, &offer.transaction_code).await;
    refused(&answer, 400, "invalid_dpop_proof");
    assert_eq!(said(&answer), "DPoP proof missing. Send one in the header DPoP.");
    assert!(!answer.header("dpop-nonce").is_empty(), "the next proof needs it");
    let invalid = TestWallet { headers: vec![("dpop", "x".to_owned())], ..TestWallet::new(&test) };
    let answer = invalid.redeem(&offer, &offer.transaction_code).await;
    refused(&answer, 400, "invalid_dpop_proof");
    assert!(!said(&answer).contains("missing"), "{}", answer.text);
}

// Conforms: RFC 9864 2.2; OpenID4VCI F.1
#[tokio::test]
async fn ed25519_and_null_members_are_accepted_in_proofs() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let own = SoftwareKey::from_bytes(Algorithm::EdDsa, &[23; 32]).expect("a key");
    for (alg, in_key) in [("EdDSA", "Ed25519"), ("Ed25519", "EdDSA")] {
        let mut jwk = own.public().jwk();
        jwk["alg"] = in_key.into();
        jwk["use"] = Value::Null;
        jwk["d"] = Value::Null;
        let header = json!({
            "alg": alg, "typ": "openid4vci-proof+jwt", "jwk": jwk,
            "kid": null, "x5c": null, "crit": null, "key_attestation": null,
        });
        let payload = wallet.proof_payload(&wallet.nonce().await).to_string();
        let proof = jws::sign(&jws::protected(&header), payload.as_bytes(), &own).expect("signed");
        let request = json!({ "credential_configuration_id": SD_JWT, "proofs": { "jwt": [proof] } });
        wallet.post(PATH, &token, &request).await.assert_status(200);
    }
    let names = json!(Algorithm::NAMES);
    let issuer = test.get("/.well-known/openid-credential-issuer").await.assert_status(200).json();
    let proofs = &issuer["credential_configurations_supported"][SD_JWT]["proof_types_supported"]["jwt"];
    assert_eq!(proofs["proof_signing_alg_values_supported"], names);
    let server = test.get("/.well-known/oauth-authorization-server").await.assert_status(200).json();
    assert_eq!(server["dpop_signing_alg_values_supported"], names);
}
