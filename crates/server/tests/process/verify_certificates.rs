//! `tenure verify --keys` with certificates, alone and beside keys: each is used as what it is.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::jws;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, SanType,
    date_time_ymd,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};

use crate::verify::{ISSUER, key, token, verify};

/// Returns the parameters of a certificate that names these servers.
fn named(name: &str, servers: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let name = |server: &&str| SanType::URI((*server).try_into().expect("ASCII"));
    params.subject_alt_names = servers.iter().map(name).collect();
    params
}

/// Returns the key that signs the tokens.
fn signing_key() -> KeyPair {
    let document = PrivatePkcs8KeyDer::from(key().pkcs8().expect("PKCS #8"));
    KeyPair::from_pkcs8_der_and_sign_algo(&document, &rcgen::PKCS_ECDSA_P256_SHA256).expect("a key")
}

/// Returns an authority, and its certificate.
fn authority(limit: BasicConstraints) -> (Issuer<'static, KeyPair>, Certificate) {
    let mut params = named("Root", &[]);
    params.is_ca = IsCa::Ca(limit);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    (Issuer::new(params, key), certificate)
}

/// Returns a token whose signing key has this certificate chain.
fn certified(chain: &[&Certificate]) -> String {
    let x5c: Value = chain.iter().map(|certificate| STANDARD.encode(certificate.der())).collect();
    let header = jws::protected(&json!({ "alg": "ES256", "typ": "dc+sd-jwt", "x5c": x5c }));
    let payload = json!({ "iss": ISSUER, "vct": "urn:example:career", "full_name": "Ada Marker" });
    jws::sign(&header, payload.to_string().as_bytes(), &key()).expect("signed") + "~"
}

/// Verifies a token with a file of this content. Returns the exit code and why of the issuer.
fn checked(folder: &Path, token: &str, file: &str) -> (Option<i32>, String) {
    let path = folder.join("keys.pem");
    std::fs::write(&path, file).expect("written");
    let (code, said) = verify(token, &path.display().to_string());
    let conclusion = match code {
        Some(0) => "valid",
        Some(1) => "invalid",
        _ => "not_checkable",
    };
    assert_eq!(said["conclusion"], conclusion, "{said}");
    let rows = said["verdicts"].as_array().expect("verdicts");
    let row = rows.iter().find(|row| row["name"] == "issuer").expect("the issuer");
    (code, row["reason"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn authority_and_keys_of_one_file_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (issuer, root) = authority(BasicConstraints::Unconstrained);
    let certify = |server: &str| named("Signing key", &[server]).signed_by(&signing_key(), &issuer).expect("certified");
    let (right, other) = (certify(ISSUER), certify("https://zz.example"));
    let unrelated = KeyPair::generate().expect("a key").public_key_pem();
    let own = signing_key().public_key_pem();
    let with = |key: &str| format!("{}{key}", root.pem());
    let leads = "belongs to https://issuer.example: its certificate (x5c) leads to the authority CN=Root of --keys";
    for (chain, file, code, reason) in [
        (&right, root.pem(), 0, leads),
        (&right, with(&unrelated), 0, leads),
        (&right, with(&own), 0, leads),
        (&other, root.pem(), 3, "it names another issuer."),
        (&other, with(&unrelated), 3, "it names another issuer, and no other key of the file signed it."),
        (&other, with(&own), 0, "Signed by a key of the file of --keys."),
        (&right, unrelated.clone(), 1, ""),
        (&right, own.clone(), 0, "Signed by a key of the file of --keys."),
    ] {
        let (found, said) = checked(folder.path(), &certified(&[chain]), &file);
        assert!(found == Some(code) && said.contains(reason), "{found:?} {said}: {file}");
    }
    let (code, said) = checked(folder.path(), &token(), &with(&own));
    assert!(code == Some(0) && said.starts_with("Signed by a key of the file"), "{said}");
    let (code, _) = checked(folder.path(), &token(), &with(&unrelated));
    assert_eq!(code, Some(1), "without a chain the token is compared with the keys");
}

#[test]
fn doubtful_certificates_of_the_signing_key_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let certificate = |servers: &[&str], change: fn(&mut CertificateParams)| {
        let mut params = named("Signing key", servers);
        change(&mut params);
        params.self_signed(&signing_key()).expect("a certificate").pem()
    };
    let keep: fn(&mut CertificateParams) = |_| {};
    let expired = certificate(&[ISSUER], |params| params.not_after = date_time_ymd(2020, 1, 1));
    let early = certificate(&[ISSUER], |params| params.not_before = date_time_ymd(2100, 1, 1));
    let current = certificate(&[ISSUER], keep);
    let elsewhere = certificate(&["https://zz.example"], keep);
    for (file, code, reason) in [
        (current.clone(), 0, "a certificate in the file of --keys, which names https://issuer.example"),
        (certificate(&["https://zz.example", ISSUER], keep), 0, "which names https://issuer.example"),
        (certificate(&[], keep), 0, "It names no server, so you must know whose it is"),
        (elsewhere.clone(), 3, "it names another issuer: https://zz.example."),
        (expired.clone(), 3, "it has expired (2020-01-01T00:00:00Z)."),
        (early, 3, "it is not valid until 2100-01-01T00:00:00Z."),
        (format!("{expired}{current}"), 0, "which names https://issuer.example"),
        (format!("{current}{elsewhere}"), 0, "which names https://issuer.example"),
        (format!("{expired}{}", signing_key().public_key_pem()), 0, "Signed by a key of the file"),
    ] {
        let (found, said) = checked(folder.path(), &token(), &file);
        assert!(found == Some(code) && said.contains(reason), "{reason}: {found:?} {said}");
    }
}

#[test]
fn path_length_of_the_authority_applies() {
    let folder = tempfile::tempdir().expect("a folder");
    for (limit, code) in [
        (BasicConstraints::Constrained(0), 3),
        (BasicConstraints::Constrained(1), 0),
        (BasicConstraints::Unconstrained, 0),
    ] {
        let (issuer, root) = authority(limit);
        let mut params = named("Below", &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let below_key = KeyPair::generate().expect("a key");
        let below = params.signed_by(&below_key, &issuer).expect("a certificate");
        let below_issuer = Issuer::new(params, below_key);
        let leaf = named("Signing key", &[ISSUER]).signed_by(&signing_key(), &below_issuer).expect("a certificate");
        let (found, said) = checked(folder.path(), &certified(&[&leaf, &below]), &root.pem());
        assert_eq!(found, Some(code), "{limit:?}: {said}");
        assert_eq!(said.contains("fewer authorities below it"), code == 3, "{said}");
    }
}
