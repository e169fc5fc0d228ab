//! The file of keys for an offline `tenure verify`.

use base64::Engine as _;
use credential::jws;
use credential::key::{Algorithm, SoftwareKey};
use serde_json::{Value, json};

use crate::verify::{ISSUER, key, token, verify};

#[test]
fn keys_of_another_issuer_leave_the_token_unchecked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("other.json");
    let other = SoftwareKey::from_bytes(Algorithm::Es256, &[8; 32]).expect("a key");
    let keys = json!({ "keys": [other.public().published_jwk("k2")] });
    std::fs::write(&path, keys.to_string()).expect("written");
    let (code, said) = verify(&token(), &path.display().to_string());
    assert_eq!(
        (code, &said["conclusion"], &said["subject"]),
        (Some(3), &json!("not_checkable"), &json!(null)),
        "{said}"
    );
    assert!(said["advice"].as_str().is_some_and(|advice| advice.contains("--keys")), "{said}");
    let printed = said.to_string();
    assert!(printed.contains("no key with the token's key ID") && !printed.contains("fetched"), "{printed}");
}

#[test]
fn certificate_of_an_authority_is_an_anchor_and_not_a_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem").display().to_string();
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().expect("a key");
    std::fs::write(&file, params.self_signed(&authority_key).expect("a certificate").pem()).expect("written");
    let authority = rcgen::Issuer::new(params, authority_key);
    let (code, said) = verify(&token(), &file);
    let error = said["error"].as_str().unwrap_or_default();
    assert!(code == Some(2) && error.contains("this is a certificate authority's certificate"), "{said}");

    let certified = |names: &[&str], payload: &Value| {
        let document = rustls::pki_types::PrivatePkcs8KeyDer::from(key().pkcs8().expect("PKCS #8"));
        let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&document, &rcgen::PKCS_ECDSA_P256_SHA256);
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, "Signing key");
        let name = |name: &&str| rcgen::SanType::URI((*name).try_into().expect("ASCII"));
        params.subject_alt_names = names.iter().map(name).collect();
        let made = params.signed_by(&pair.expect("a key"), &authority).expect("a certificate");
        let x5c = [base64::engine::general_purpose::STANDARD.encode(made.der())];
        let header = jws::protected(&json!({ "alg": "ES256", "typ": "dc+sd-jwt", "kid": "k1", "x5c": x5c }));
        jws::sign(&header, payload.to_string().as_bytes(), &key()).expect("signed") + "~"
    };
    let named = json!({ "iss": ISSUER, "vct": "urn:example:career" });
    let (code, said) = verify(&certified(&[ISSUER], &named), &file);
    assert_eq!((code, &said["conclusion"]), (Some(0), &json!("valid")), "{said}");
    let (code, said) = verify(&certified(&["https://other.example"], &named), &file);
    assert_eq!((code, &said["conclusion"]), (Some(3), &json!("not_checkable")), "{said}");
    assert!(said.to_string().contains("names another issuer"), "{said}");

    // Without iss the certificate names the issuer, if it names exactly one.
    let unnamed = json!({ "vct": "urn:example:career" });
    let (code, said) = verify(&certified(&[ISSUER], &unnamed), &file);
    assert_eq!((code, &said["conclusion"]), (Some(0), &json!("valid")), "{said}");
    assert!(said.to_string().contains(&format!("belongs to {ISSUER}")), "{said}");
    for names in [vec![], vec!["urn:example:issuer"], vec![ISSUER, "https://other.example"]] {
        let (code, said) = verify(&certified(&names, &unnamed), &file);
        assert_eq!((code, &said["conclusion"]), (Some(3), &json!("not_checkable")), "{names:?}: {said}");
    }
    // The issuer's own key vouches for no name.
    std::fs::write(&file, json!({ "keys": [key().public().published_jwk("k1")] }).to_string()).expect("written");
    let (code, said) = verify(&certified(&[ISSUER], &unnamed), &file);
    assert_eq!((code, &said["conclusion"]), (Some(3), &json!("not_checkable")), "{said}");
}

#[test]
fn keys_are_read_from_every_kind_of_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file").display().to_string();
    let named = key().public().published_jwk("k1");
    let set = json!({ "keys": [named] });
    let metadata = json!({ "issuer": ISSUER, "jwks": set }).to_string();
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    for content in [
        named.to_string().into_bytes(),
        metadata.clone().into_bytes(),
        format!("\u{feff}{metadata}\r\n").into_bytes(),
        utf16(&set.to_string()),
        utf16(&format!("\u{feff}{set}")),
    ] {
        std::fs::write(&file, &content).expect("written");
        let (code, said) = verify(&token(), &file);
        assert_eq!(code, Some(0), "{}: {said}", String::from_utf8_lossy(&content));
    }
    let mut private = named;
    private["d"] = json!("AA");
    for (content, reason) in [
        (json!({ "issuer": "https://other.example", "jwks": set }), "https://other.example"),
        (json!({ "issuer": ISSUER, "jwks_uri": "https://issuer.example/jwks" }), "https://issuer.example/jwks"),
        (private, "private key"),
    ] {
        std::fs::write(&file, content.to_string()).expect("written");
        let (code, said) = verify(&token(), &file);
        let error = said["error"].as_str().unwrap_or_default();
        assert!(code == Some(2) && error.contains(reason) && error.contains("--keys"), "{said}");
    }
}
