//! `tenure verify --keys` of credentials whose issuer is a did:web: with an authority, and with a
//! DID document.

use base64::Engine as _;
use credential::format::verification_methods;
use credential::jws;
use serde_json::{Value, json};

use crate::verify::{key, verify};

const DID: &str = "did:web:issuer.example";

/// Returns a credential of data model 2.0 and one of 1.1, with a certificate in their headers.
fn credentials(issuer: &str, x5c: &Value) -> [String; 2] {
    let kid = format!("{issuer}#k1");
    let newer = json!({ "issuer": issuer, "type": ["VerifiableCredential"] });
    let older = json!({ "iss": issuer, "vc": { "type": ["VerifiableCredential"] } });
    [("vc+jwt", newer), ("JWT", older)].map(|(typ, payload)| {
        let header = jws::protected(&json!({ "alg": "ES256", "typ": typ, "kid": kid, "x5c": x5c }));
        jws::sign(&header, payload.to_string().as_bytes(), &key()).expect("signed")
    })
}

#[test]
fn did_web_issuers_are_named_by_their_certificates() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem").display().to_string();
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().expect("a key");
    std::fs::write(&file, params.self_signed(&authority_key).expect("a certificate").pem()).expect("written");
    let authority = rcgen::Issuer::new(params, authority_key);
    let certified = |name: rcgen::SanType| {
        let document = rustls::pki_types::PrivatePkcs8KeyDer::from(key().pkcs8().expect("PKCS #8"));
        let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&document, &rcgen::PKCS_ECDSA_P256_SHA256);
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, "Signing key");
        params.subject_alt_names = vec![name];
        let made = params.signed_by(&pair.expect("a key"), &authority).expect("a certificate");
        json!([base64::engine::general_purpose::STANDARD.encode(made.der())])
    };
    let host = |name: &str| rcgen::SanType::DnsName(name.try_into().expect("ASCII"));
    let uri = |name: &str| rcgen::SanType::URI(name.try_into().expect("ASCII"));
    for name in [host("issuer.example"), uri("https://issuer.example")] {
        for token in credentials(DID, &certified(name.clone())) {
            let (code, said) = verify(&token, &file);
            assert_eq!((code, &said["conclusion"]), (Some(0), &json!("valid")), "{name:?}: {said}");
        }
    }
    for name in [host("other.example"), uri("https://issuer.example/other")] {
        for token in credentials(DID, &certified(name.clone())) {
            let (code, said) = verify(&token, &file);
            assert_eq!((code, &said["conclusion"]), (Some(3), &json!("not_checkable")), "{name:?}: {said}");
            assert!(said.to_string().contains("names another issuer"), "{said}");
        }
    }
}

/// Returns an SD-JWT VC of the DID.
fn sd_jwt_vc(kid: &str) -> String {
    let header = jws::protected(&json!({ "alg": "ES256", "typ": "dc+sd-jwt", "kid": kid }));
    let payload = json!({ "iss": DID, "vct": "urn:example:career" }).to_string();
    jws::sign(&header, payload.as_bytes(), &key()).expect("signed") + "~"
}

// Conforms: DID Core 5.2; DID Core 5.3
#[test]
fn keys_are_read_from_a_did_document() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("did.json").display().to_string();
    let [jwk, older, mut multikey] = verification_methods(DID, "k1", key().public());
    multikey["id"] = json!(format!("{DID}#k1"));
    let mut relative = jwk.clone();
    relative["id"] = json!("#k1");
    for document in [
        json!({ "id": DID, "verificationMethod": [jwk], "assertionMethod": [jwk["id"]] }),
        json!({ "id": DID, "verificationMethod": [jwk], "assertionMethod": ["#k1"] }),
        json!({ "id": DID, "verificationMethod": [relative], "assertionMethod": ["#k1"] }),
        json!({ "id": DID, "verificationMethod": [relative] }),
        json!({ "id": DID, "verificationMethod": [older] }),
        json!({ "id": DID, "verificationMethod": [multikey] }),
        json!({ "id": DID, "assertionMethod": [multikey] }),
    ] {
        std::fs::write(&file, format!("\u{feff}{document}\r\n")).expect("written");
        let [newer, _] = credentials(DID, &Value::Null);
        for token in [sd_jwt_vc("did:web:issuer.example#k1"), sd_jwt_vc("#k1"), newer] {
            let (code, said) = verify(&token, &file);
            assert_eq!((code, &said["conclusion"]), (Some(0), &json!("valid")), "{document}: {said}");
            let reason = said["verdicts"][1]["reason"].as_str().unwrap_or_default();
            assert!(reason.contains(&format!("belongs to {DID}")), "{document}: {reason}");
        }
    }
}

#[test]
fn did_document_without_the_key_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("did.json").display().to_string();
    let [jwk, ..] = verification_methods(DID, "k1", key().public());
    let (mut revoked, mut renamed, mut private) = (jwk.clone(), jwk.clone(), jwk.clone());
    revoked["revoked"] = json!("2020-01-01T00:00:00Z");
    renamed["id"] = json!("#k2");
    private["publicKeyJwk"]["d"] = json!("AA");
    for (document, expected, reason) in [
        (json!({ "id": DID, "verificationMethod": [jwk], "assertionMethod": [] }), 3, "assertionMethod"),
        (json!({ "id": DID, "verificationMethod": [revoked] }), 3, "revoked"),
        (json!({ "id": DID, "verificationMethod": [renamed] }), 3, "no key with the token's key ID"),
        (json!({ "id": "did:web:other.example", "verificationMethod": [jwk] }), 2, "did:web:other.example"),
        (json!({ "verificationMethod": [jwk] }), 2, "without a DID"),
        (json!({ "id": DID, "verificationMethod": [private] }), 2, "private key"),
    ] {
        std::fs::write(&file, document.to_string()).expect("written");
        let (code, said) = verify(&sd_jwt_vc("#k1"), &file);
        assert!(code == Some(expected) && said.to_string().contains(reason), "{document}: {code:?} {said}");
    }
}
