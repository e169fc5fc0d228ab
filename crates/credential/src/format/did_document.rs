//! DID documents: the keys of an issuer as verification methods (Controlled Identifiers 1.0,
//! section 2.2).

use serde_json::{Value, json};

use super::multikey::multikey;
use crate::key::PublicKey;
use crate::key_set::OLDER_NAME;

/// Returns the did:web of an address (did:web, section 3.2). The colon of a port is
/// percent-encoded.
pub fn did_web(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest).trim_end_matches('/');
    let mut parts = rest.split('/');
    let host = parts.next().unwrap_or_default().replace(':', "%3A");
    parts.fold(format!("did:web:{host}"), |did, part| format!("{did}:{part}"))
}

/// Returns the DID document of an issuer with `keys`, each named by its `kid` (Controlled
/// Identifiers 1.0, section 2).
pub fn did_document(address: &str, keys: &[(String, PublicKey)]) -> Value {
    let did = did_web(address);
    let methods: Vec<Value> = keys.iter().flat_map(|(kid, key)| verification_methods(&did, kid, key)).collect();
    let names: Vec<&Value> = methods.iter().map(|method| &method["id"]).collect();
    json!({
        "@context": [
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/jwk/v1",
            "https://w3id.org/security/suites/jws-2020/v1",
            "https://w3id.org/security/multikey/v1",
        ],
        "id": did,
        "assertionMethod": names,
        "verificationMethod": methods,
    })
}

/// Returns a key of the DID as verification methods of the types that libraries read: the one that
/// `kid` names, then the same key as JsonWebKey2020, which older libraries expect, and as Multikey.
pub fn verification_methods(did: &str, kid: &str, key: &PublicKey) -> [Value; 3] {
    let (jwk, multibase) = (key.published_jwk(kid), multikey(key));
    let method = |name: &str, kind: &str| json!({ "id": format!("{did}#{name}"), "type": kind, "controller": did });
    let mut methods = [
        method(kid, "JsonWebKey"),
        method(&format!("{kid}{OLDER_NAME}"), "JsonWebKey2020"),
        method(&multibase, "Multikey"),
    ];
    methods[0]["publicKeyJwk"] = jwk.clone();
    methods[1]["publicKeyJwk"] = jwk;
    methods[2]["publicKeyMultibase"] = multibase.into();
    methods
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(jwk: &Value) -> PublicKey {
        PublicKey::from_jwk(jwk).expect("a key")
    }

    // Conforms: DID Core 5.2
    #[test]
    fn each_key_is_listed_in_every_form_under_its_own_name() {
        let x = "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik";
        let ed25519 = key(&json!({ "kty": "OKP", "crv": "Ed25519", "x": x }));
        let document = did_document("https://passport.example", &[("k1".to_owned(), ed25519.clone())]);
        let methods = document["verificationMethod"].as_array().expect("methods");
        let found: Vec<_> = methods.iter().map(|method| (&method["id"], &method["type"])).collect();
        let id = |name: &str| json!(format!("did:web:passport.example#{name}"));
        assert_eq!(
            found,
            [
                (&id("k1"), &json!("JsonWebKey")),
                (&id("k1-2020"), &json!("JsonWebKey2020")),
                (&id("z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"), &json!("Multikey")),
            ]
        );
        assert_eq!(document["assertionMethod"], methods.iter().map(|method| method["id"].clone()).collect::<Value>());
        for method in &methods[..2] {
            assert_eq!(key(&method["publicKeyJwk"]), ed25519);
        }
    }
}
