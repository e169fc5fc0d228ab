//! Parses any JSON as a JWK. A key survives a round trip, whatever other members were beside it,
//! and a JWK with private members is rejected.
#![no_main]

use credential::key::{Algorithm, PublicKey};
use credential::verification::keys_of;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|input: (&str, &str, &[u8])| {
    let (jwk, did, bytes) = input;
    let jwk: Value = serde_json::from_str(jwk).unwrap_or(Value::Null);
    let from_bytes = Algorithm::ALL.map(|algorithm| PublicKey::from_bytes(algorithm, bytes));
    let from_jwk = PublicKey::from_jwk(&jwk).ok();
    if from_jwk.is_some() {
        assert!(["d", "k"].iter().all(|member| jwk[*member].is_null()), "a private key was taken");
    }
    let from_did = PublicKey::from_did_jwk(did).ok();
    for key in from_bytes.into_iter().chain([from_jwk, from_did]).flatten() {
        assert_eq!(PublicKey::from_jwk(&key.jwk()).as_ref(), Ok(&key));
        assert_eq!(PublicKey::from_did_jwk(&key.did_jwk()).as_ref(), Ok(&key));
        assert_eq!(PublicKey::from_bytes(key.algorithm(), key.bytes()).as_ref(), Some(&key));
        assert_eq!(keys_of(&json!({ "keys": [key.published_jwk("k1"), jwk] }))[0], ("k1".to_owned(), key.clone()));
        let _ = key.verify(b"message", bytes);
    }
    let _ = keys_of(&jwk);
});
