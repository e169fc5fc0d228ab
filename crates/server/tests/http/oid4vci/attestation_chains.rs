//! Attestations of providers that are trusted by an authority of their certificate (`x5c`).

use std::path::Path;

use credential::key::SoftwareKey;
use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, date_time_ymd};
use serde_json::{Value, json};
use tenure::flows::files;

use super::support::{SD_JWT, offered, refused};
use crate::support::app::TestApp;
use crate::support::certificates::{TestAuthority, pem, self_signed, x5c};
use crate::support::response::TestResponse;
use crate::support::wallet::{TestOffer, TestWallet, key, signed};

/// Writes the anchors of wallet providers; returns the path.
fn anchors(folder: &Path, authorities: &[&TestAuthority]) -> String {
    let path = folder.join("anchors.pem");
    let certificates: Vec<_> = authorities.iter().map(|authority| &authority.certificate).collect();
    std::fs::write(&path, pem(&certificates)).expect("written");
    path.display().to_string()
}

/// Starts the application with wallet attestations required from providers below the anchors.
async fn requiring_attestation(anchors: &str) -> TestApp {
    let builder = TestApp::builder().setting("oid4vci.wallet_trust_anchors_file", anchors);
    builder.setting("oid4vci.attestation_required", "true").start().await
}

/// Requests a token with an attestation that `by` signed and whose header has `x5c`.
async fn attested(test: &TestApp, offer: &TestOffer, by: &SoftwareKey, x5c: &Value) -> TestResponse {
    let (now, instance) = (test.app.now().seconds(), key(61));
    let payload =
        json!({ "sub": "wallet-1", "iat": now, "exp": now + 3600, "cnf": { "jwk": instance.public().jwk() } });
    let attestation = signed(by, json!({ "typ": "oauth-client-attestation+jwt", "kid": "p1", "x5c": x5c }), &payload);
    let payload =
        json!({ "iss": "wallet-1", "aud": test.app.config().base(), "iat": now, "jti": test.app.rng().secret() });
    let proof = signed(&instance, json!({ "typ": "oauth-client-attestation-pop+jwt" }), &payload);
    let headers = vec![("oauth-client-attestation", attestation), ("oauth-client-attestation-pop", proof)];
    TestWallet { headers, ..TestWallet::new(test) }.redeem(offer, &offer.transaction_code).await
}

// Conforms: HAIP 4.4.1; HAIP 4.5.1; RFC 7515 4.1.6
#[tokio::test]
async fn attestation_chains_are_validated_against_the_anchors() {
    let folder = tempfile::tempdir().expect("a folder");
    let (root, other) = (TestAuthority::new("Wallet root"), TestAuthority::new("Wallet root"));
    let first = root.below("First authority");
    let second = first.below("Second authority");
    let test = requiring_attestation(&anchors(folder.path(), &[&root])).await;
    let (_, _, offer) = offered(&test).await;
    let provider = key(60);
    let good = second.certify(&provider, |params| {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(vec![1, 0, 18013, 5, 1, 2])];
    });
    let expired = root.certify(&provider, |params| params.not_after = date_time_ymd(2026, 11, 22));
    let early = root.certify(&provider, |params| params.not_before = date_time_ymd(2026, 11, 24));
    let agreement = root.certify(&provider, |params| params.key_usages = vec![KeyUsagePurpose::KeyAgreement]);
    let authority = root.certify(&provider, |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let (own, of_other) = (self_signed(&provider, |_| {}), other.certify(&provider, |_| {}));
    let (first, second) = (&first.certificate, &second.certificate);
    for (by, chain, why) in [
        (&key(62), x5c(&[&good, second, first]), "signature is not valid"),
        (&provider, x5c(&[&expired]), "a certificate has expired"),
        (&provider, x5c(&[&early]), "not valid yet"),
        (&provider, x5c(&[&of_other]), "does not lead to a trust anchor"),
        (&provider, x5c(&[&good, second]), "does not lead to a trust anchor"),
        (&provider, x5c(&[&agreement]), "key usage of the first certificate"),
        (&provider, x5c(&[&good, first, second]), "not in order"),
        (&provider, x5c(&[&own]), "self-signed"),
        (&provider, x5c(&[&authority]), "that of an authority (CA)"),
        (&provider, json!(["AAAA"]), "cannot be parsed"),
        (&provider, json!("AAAA"), "list of one to eight certificates"),
        (&provider, Value::Null, "None of the issuer's keys"),
    ] {
        let answer = attested(&test, &offer, by, &chain).await;
        refused(&answer, 401, "invalid_client");
        let description = answer.json()["error_description"].as_str().expect("words").to_owned();
        assert!(description.contains(why) && !description.contains("::"), "{why}: {description}");
    }
    let token = attested(&test, &offer, &provider, &x5c(&[&good, second, first])).await.assert_status(200);
    let token = token.json()["access_token"].as_str().expect("a token").to_owned();
    let wallet = TestWallet::new(&test);
    for (chain, status) in [(x5c(&[&expired]), 400), (x5c(&[&good, second, first, &root.certificate]), 200)] {
        let (now, nonce) = (test.app.now().seconds(), wallet.nonce().await);
        let payload =
            json!({ "iat": now, "exp": now + 600, "attested_keys": [key(71).public().jwk()], "nonce": nonce });
        let attestation = signed(&provider, json!({ "typ": "key-attestation+jwt", "x5c": chain }), &payload);
        let body = json!({ "credential_configuration_id": SD_JWT, "proofs": { "attestation": [attestation] } });
        let answer = wallet.post("/oid4vci/credential", &token, &body).await.assert_status(status);
        assert!(status == 200 || answer.text.contains("a certificate has expired"), "{}", answer.text);
    }
}

// Conforms: OpenID4VCI 12.2; OpenID4VCI 12.3
#[tokio::test]
async fn attestations_are_advertised_only_with_trusted_providers() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = anchors(folder.path(), &[&TestAuthority::new("Wallet root")]);
    let trusting = TestApp::builder().setting("oid4vci.wallet_trust_anchors_file", &path).start().await;
    let requiring = requiring_attestation(&path).await;
    for (test, methods, proof_types) in [
        (TestApp::new().await, json!(["none"]), &["jwt"][..]),
        (trusting, json!(["none", "attest_jwt_client_auth"]), &["attestation", "jwt"][..]),
        (requiring, json!(["attest_jwt_client_auth"]), &["attestation", "jwt"][..]),
    ] {
        let server = test.get("/.well-known/oauth-authorization-server").await.assert_status(200).json();
        assert_eq!(server["token_endpoint_auth_methods_supported"], methods);
        for name in ["client_attestation_signing_alg_values_supported", "challenge_endpoint"] {
            assert_eq!(server.get(name).is_some(), proof_types.len() == 2, "{name}");
        }
        let issuer = test.get("/.well-known/openid-credential-issuer").await.assert_status(200).json();
        for configuration in issuer["credential_configurations_supported"].as_object().expect("some").values() {
            let found = configuration["proof_types_supported"].as_object().expect("proof types");
            assert_eq!(found.keys().collect::<Vec<_>>(), proof_types);
            let is_required = found["jwt"].get("key_attestations_required").is_some();
            assert_eq!(is_required, test.app.config().oid4vci.attestation_required);
            let attestation = found.get("attestation");
            assert!(attestation.is_none_or(|it| it["key_attestations_required"].is_object()), "{attestation:?}");
        }
    }
}

// Conforms: HAIP 4.4.1
#[tokio::test]
async fn attestation_chains_obey_the_limits_of_their_authorities() {
    let folder = tempfile::tempdir().expect("a folder");
    let (root, provider) = (TestAuthority::new("Wallet root"), key(60));
    let revoking = root.below_with("Revoking", |params| params.key_usages = vec![KeyUsagePurpose::CrlSign]);
    let last = root.below_with("Last", |params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let below_last = last.below("Below the last");
    let no_authority = root.below_with("No authority", |params| params.is_ca = IsCa::NoCa);
    let test = requiring_attestation(&anchors(folder.path(), &[&root])).await;
    let (_, _, offer) = offered(&test).await;
    for (chain, why) in [
        (vec![&revoking], "keyCertSign"),
        (vec![&below_last, &last], "fewer authorities below it"),
        (vec![&no_authority], "not that of an authority (CA)"),
    ] {
        let leaf = chain[0].certify(&provider, |_| {});
        let authorities = chain.iter().map(|authority| &authority.certificate);
        let chain: Vec<_> = std::iter::once(&leaf).chain(authorities).collect();
        let answer = attested(&test, &offer, &provider, &x5c(&chain)).await;
        refused(&answer, 401, "invalid_client");
        assert!(answer.text.contains(why), "{why}: {}", answer.text);
    }
    let chain = x5c(&[&last.certify(&provider, |_| {}), &last.certificate]);
    attested(&test, &offer, &provider, &chain).await.assert_status(200);
}

#[tokio::test]
async fn trust_files_are_read_again_while_the_server_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new, provider) = (TestAuthority::new("Old root"), TestAuthority::new("New root"), key(60));
    let path = anchors(folder.path(), &[&old]);
    let test = requiring_attestation(&path).await;
    let (_, _, offer) = offered(&test).await;
    let [of_old, of_new] = [&old, &new].map(|root| x5c(&[&root.certify(&provider, |_| {})]));
    let reload = async || files::reload(&test.app).await.expect("read");
    refused(&attested(&test, &offer, &provider, &of_new).await, 401, "invalid_client");
    std::fs::write(&path, "no certificate").expect("written");
    reload().await;
    assert!(test.app.metrics().encode().contains("tenure_stale_files 1"));
    refused(&attested(&test, &offer, &provider, &of_new).await, 401, "invalid_client");
    anchors(folder.path(), &[&new]);
    reload().await;
    assert!(test.app.metrics().encode().contains("tenure_stale_files 0"));
    refused(&attested(&test, &offer, &provider, &of_old).await, 401, "invalid_client");
    attested(&test, &offer, &provider, &of_new).await.assert_status(200);
}
