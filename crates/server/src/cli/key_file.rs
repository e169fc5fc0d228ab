//! Reads an issuer's keys from a file: a JWK Set, one JWK, JWT VC Issuer Metadata (SD-JWT VC,
//! section 4), a DID document, or public keys and certificates in PEM.

use credential::jws::Jws;
use credential::key::{InvalidKey, PublicKey};
use credential::verification::{assertion_keys, find_token, keys_of, verification_key, why_no_key};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{PemObject as _, SectionKind};
use serde_json::{Value, json};

use crate::certificate_chain::{certified_key, is_authority, public_key, separated};

/// Keys with their names.
pub(super) type NamedKeys = Vec<(String, PublicKey)>;

const PRIVATE: &str = "it contains a private key. Anyone with this file can sign as the issuer, so treat the key as compromised if you received the file from someone, and use a file with the public key";

/// Reads the keys in `text` for a token of `issuer`. There are none if it has only certificates of
/// authorities, whose keys sign certificates and not tokens.
///
/// # Errors
/// Why the text contains no keys of this issuer.
pub(super) fn read(text: &str, issuer: Option<&str>) -> Result<NamedKeys, String> {
    let text = text.trim();
    if is_pem(text) {
        // The parser skips sections of kinds that it does not know, such as encrypted keys.
        return if text.contains("PRIVATE KEY-----") { Err(PRIVATE.to_owned()) } else { pem(text) };
    }
    let document: Value = serde_json::from_str(text).map_err(|error| match find_token(text.as_bytes()) {
        Ok(_) => "it is a token, and not keys".to_owned(),
        Err(_) => format!("it is neither JSON nor PEM: {error}"),
    })?;
    let jwks = jwk_set(&document, issuer)?;
    let keys = jwks["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    if keys.iter().any(|jwk| verification_key(jwk) == Err(InvalidKey::Private)) {
        return Err(PRIVATE.to_owned());
    }
    let found = keys_of(&jwks);
    if found.is_empty() { Err(why_no_key(&jwks)) } else { Ok(found) }
}

/// Returns whether a file is PEM. There may be other text before and between the sections
/// (RFC 7468, section 2).
pub(super) fn is_pem(text: &str) -> bool {
    !text.trim_start().starts_with(['{', '[']) && text.contains("-----BEGIN ")
}

/// Returns whether an accepted file shows whose keys it has: metadata and DID documents name the
/// issuer, and the certificate of an authority vouches for the names in a certificate chain. Other
/// files have only keys, or certificates for which no authority vouches.
pub(super) fn shows_owner(text: &str) -> bool {
    let text = text.trim();
    match serde_json::from_str::<Value>(text) {
        Ok(document) if is_did_document(&document) => true,
        Ok(document) => document.get("issuer").is_some() && document.get("keys").or(document.get("kty")).is_none(),
        Err(_) => pem(text).is_ok_and(|keys| keys.is_empty()),
    }
}

/// Returns the JWK Set of a document.
fn jwk_set(document: &Value, issuer: Option<&str>) -> Result<Value, String> {
    if document.get("keys").is_some() {
        return Ok(document.clone());
    }
    if document.is_array() {
        return Ok(json!({ "keys": document }));
    }
    if document.get("kty").is_some() {
        return Ok(json!({ "keys": [document] }));
    }
    let (jwks, address) = (document.get("jwks"), document["jwks_uri"].as_str());
    if jwks.is_none() && address.is_none() {
        return Err("it has no keys, jwks, kty or verificationMethod".to_owned());
    }
    let Some(named) = document["issuer"].as_str() else {
        return Err("it is metadata that names no issuer, so nothing shows whose keys these are".to_owned());
    };
    if let Some(issuer) = issuer.filter(|issuer| *issuer != named) {
        return Err(format!("it is the metadata of {named:?}, but the token names {issuer:?}"));
    }
    jwks.cloned().ok_or_else(|| {
        let address = address.unwrap_or_default();
        format!("it has only the address of the keys, {address:?}. No requests are sent with --keys, so fetch that document and use its file")
    })
}

fn is_did_document(document: &Value) -> bool {
    let has = |name: &str| document.get(name).is_some();
    let is_other = ["keys", "kty", "jwks", "jwks_uri"].into_iter().any(has);
    !is_other && (has("verificationMethod") || has("assertionMethod"))
}

/// Returns the DID document in `text`; `None` if it is something else.
pub(super) fn did_document(text: &str) -> Option<Value> {
    serde_json::from_str(text.trim()).ok().filter(is_did_document)
}

/// Checks that a DID document is that of `issuer` and has no private key. Returns its DID.
///
/// # Errors
/// Why it is not the issuer's, or cannot be used.
pub(super) fn did_of<'d>(document: &'d Value, issuer: Option<&str>) -> Result<&'d str, String> {
    let Some(did) = document["id"].as_str() else {
        return Err("it is a DID document without a DID (id), so nothing shows whose keys these are".to_owned());
    };
    if let Some(issuer) = issuer.filter(|issuer| *issuer != did) {
        return Err(format!("it is the DID document of {did:?}, but the token names {issuer:?}"));
    }
    let methods = ["verificationMethod", "assertionMethod"].into_iter().filter_map(|name| document[name].as_array());
    if methods.flatten().any(has_private_key) { Err(PRIVATE.to_owned()) } else { Ok(did) }
}

/// Returns whether a verification method contains a private key.
fn has_private_key(method: &Value) -> bool {
    let has = |member: &str| !method[member].is_null();
    ["privateKeyJwk", "privateKeyMultibase", "secretKeyMultibase"].into_iter().any(has)
        || verification_key(&method["publicKeyJwk"]) == Err(InvalidKey::Private)
}

/// Returns the keys of a DID document with which credentials are signed at `now`: those of
/// `assertionMethod` or, without that member, all.
///
/// # Errors
/// There is no key that can be used, or the one of `jws` was revoked or has expired; why.
pub(super) fn did_keys(mut document: Value, did: &str, jws: &Jws<'_>, now: i64) -> Result<NamedKeys, String> {
    if document["assertionMethod"].is_null() {
        document["assertionMethod"] = document["verificationMethod"].clone();
    }
    assertion_keys(&document, did, jws, now)
}

/// Reads the public keys and certificates in PEM. They have no names. Those of authorities are left
/// out.
fn pem(text: &str) -> Result<NamedKeys, String> {
    let (mut found, mut has_authority) = (Vec::new(), false);
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(separated(text).as_bytes()) {
        let (kind, der) = section.map_err(|_| "it is not valid PEM".to_owned())?;
        let key = match kind {
            SectionKind::PublicKey => public_key(&der),
            SectionKind::Certificate if is_authority(&CertificateDer::from(der.as_slice())) => {
                has_authority = true;
                None
            }
            SectionKind::Certificate => certified_key(&der),
            SectionKind::PrivateKey | SectionKind::EcPrivateKey | SectionKind::RsaPrivateKey => {
                return Err(PRIVATE.to_owned());
            }
            _ => None,
        };
        found.extend(key.map(|key| (String::new(), key)));
    }
    if found.is_empty() && !has_authority { Err("it has no P-256 or Ed25519 key".to_owned()) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use credential::key::{Algorithm, SoftwareKey};

    use super::*;

    const ISSUER: &str = "https://issuer.example";

    fn key(algorithm: Algorithm) -> SoftwareKey {
        SoftwareKey::from_bytes(algorithm, &[7; 32]).expect("a key")
    }

    /// Returns a section of PEM.
    fn section(kind: &str, der: &[u8]) -> String {
        format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", STANDARD.encode(der))
    }

    /// The key as a SubjectPublicKeyInfo (RFC 8410, section 4).
    fn ed25519_info() -> Vec<u8> {
        let prefix = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        [prefix.as_slice(), key(Algorithm::EdDsa).public().bytes()].concat()
    }

    #[test]
    fn keys_are_read_from_every_kind_of_file() {
        let named = key(Algorithm::Es256).public().published_jwk("k1");
        let set = json!({ "keys": [named] });
        for document in [
            set.clone(),
            named.clone(),
            json!([named]),
            json!({ "issuer": ISSUER, "jwks": set }),
            json!({ "issuer": ISSUER, "jwks": set, "jwks_uri": "https://issuer.example/jwks" }),
        ] {
            let found = read(&format!("\n {document} "), Some(ISSUER));
            assert_eq!(found, Ok(vec![("k1".to_owned(), key(Algorithm::Es256).public().clone())]), "{document}");
        }
        let pem = section("PUBLIC KEY", &ed25519_info());
        assert_eq!(read(&pem, None), Ok(vec![(String::new(), key(Algorithm::EdDsa).public().clone())]));
        let certificate = rcgen::generate_simple_self_signed(vec!["issuer.example".to_owned()]).expect("a certificate");
        let certificate = certificate.cert.pem();
        for (text, count) in [
            (certificate.clone(), 1),
            (format!("{}{}", pem.trim_end(), certificate), 2),
            (format!("{}{}{}", pem.trim_end(), pem.trim_end(), certificate), 3),
            (format!("Certificate:\n    Data:\n        Version: 3 (0x2)\n{certificate}"), 1),
            (format!("{pem}subject=CN = issuer.example\n{certificate}"), 2),
            (format!("Bag Attributes: <No Attributes> {certificate}"), 1),
        ] {
            assert_eq!(read(&text, None).map(|found| found.len()), Ok(count), "{text}");
        }
    }

    #[test]
    fn only_metadata_and_authorities_show_whose_keys_they_are() {
        let named = key(Algorithm::Es256).public().published_jwk("k1");
        let set = json!({ "keys": [named] });
        let leaf = rcgen::generate_simple_self_signed(vec!["issuer.example".to_owned()]).expect("a certificate");
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority = params.self_signed(&rcgen::KeyPair::generate().expect("a key")).expect("a certificate");
        for (text, expected) in [
            (json!({ "issuer": ISSUER, "jwks": set }).to_string(), true),
            (json!({ "id": "did:web:issuer.example", "verificationMethod": [] }).to_string(), true),
            (authority.pem(), true),
            (set.to_string(), false),
            (named.to_string(), false),
            (json!([named]).to_string(), false),
            (json!({ "issuer": ISSUER, "keys": [named] }).to_string(), false),
            (section("PUBLIC KEY", &ed25519_info()), false),
            (leaf.cert.pem(), false),
            (leaf.cert.pem() + &authority.pem(), false),
        ] {
            assert_eq!(shows_owner(&text), expected, "{text}");
        }
    }

    #[test]
    fn files_without_public_keys_are_rejected_by_reason() {
        let public = key(Algorithm::Es256).public().published_jwk("k1");
        let mut private = public.clone();
        private["d"] = json!("AA");
        let pkcs8 = section("PRIVATE KEY", &key(Algorithm::EdDsa).pkcs8().expect("PKCS #8"));
        for (text, reason) in [
            (json!({ "keys": [public, private] }).to_string(), "private key"),
            (private.to_string(), "private key"),
            (json!({ "issuer": ISSUER, "jwks": { "keys": [private] } }).to_string(), "private key"),
            (pkcs8, "private key"),
            (section("ENCRYPTED PRIVATE KEY", b"sealed"), "private key"),
            (section("PUBLIC KEY", &ed25519_info()) + &section("OPENSSH PRIVATE KEY", b"x"), "private key"),
            (json!({ "jwks": { "keys": [public] } }).to_string(), "names no issuer"),
            (json!({ "issuer": [ISSUER], "jwks": { "keys": [public] } }).to_string(), "names no issuer"),
            (json!({ "issuer": ISSUER, "jwks_uri": "https://issuer.example/jwks" }).to_string(), "fetch that document"),
            (json!({ "issuer": "https://other.example", "jwks": {} }).to_string(), "metadata of"),
            (json!({ "issuer": ISSUER, "jwks": {} }).to_string(), "no P-256 or Ed25519 key"),
            (json!({ "keys": [] }).to_string(), "no P-256 or Ed25519 key"),
            (json!({ "kty": "RSA", "n": "AA", "e": "AQAB" }).to_string(), "P-256 or Ed25519"),
            (json!({ "error": "x" }).to_string(), "no keys, jwks, kty or verificationMethod"),
            ("eyJhbGciOiJFUzI1NiIsInR5cCI6ImRjK3NkLWp3dCJ9.eyJ2Y3QiOiJ4In0.AA~".to_owned(), "it is a token"),
            (section("CERTIFICATE", b"nothing"), "no P-256 or Ed25519 key"),
            ("-----BEGIN PUBLIC KEY-----\nA".to_owned(), "PEM"),
            (String::new(), "neither JSON nor PEM"),
        ] {
            let refusal = read(&text, Some(ISSUER)).expect_err(&text);
            assert!(refusal.contains(reason), "{text}: {refusal}");
        }
    }

    #[test]
    fn did_documents_are_told_from_other_files() {
        let did = "did:web:issuer.example";
        for (document, expected) in [
            (json!({ "id": did, "verificationMethod": [] }), true),
            (json!({ "id": did, "assertionMethod": [] }), true),
            (json!({ "keys": [], "verificationMethod": [] }), false),
            (json!({ "issuer": ISSUER, "jwks": {}, "verificationMethod": [] }), false),
            (json!({ "id": did }), false),
            (json!([]), false),
        ] {
            assert_eq!(did_document(&format!(" {document}\n")).is_some(), expected, "{document}");
        }
    }

    #[test]
    fn did_documents_of_others_or_with_private_keys_are_rejected() {
        let did = "did:web:issuer.example";
        let mut private = key(Algorithm::Es256).public().published_jwk("k1");
        private["d"] = json!("AA");
        let document =
            |member: &str, value: &Value| json!({ "id": did, "assertionMethod": [{ "id": "#k1", member: value }] });
        for (document, issuer, reason) in [
            (json!({ "verificationMethod": [] }), Some(did), "without a DID"),
            (document("publicKeyMultibase", &json!("z")), Some("did:web:other.example"), "did:web:other.example"),
            (document("publicKeyMultibase", &json!("z")), Some(ISSUER), ISSUER),
            (document("publicKeyJwk", &private), Some(did), "private key"),
            (document("privateKeyJwk", &private), Some(did), "private key"),
            (document("privateKeyMultibase", &json!("z")), Some(did), "private key"),
            (document("secretKeyMultibase", &json!("z")), None, "private key"),
        ] {
            let refusal = did_of(&document, issuer).expect_err(reason);
            assert!(refusal.contains(reason), "{document}: {refusal}");
        }
        let public = document("publicKeyJwk", &key(Algorithm::Es256).public().published_jwk("k1"));
        assert_eq!((did_of(&public, Some(did)), did_of(&public, None)), (Ok(did), Ok(did)));
    }
}
