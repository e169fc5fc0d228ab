//! `tenure verify --keys` with an authority, of W3C credentials whose issuer is a did:web.

use base64::Engine as _;
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
