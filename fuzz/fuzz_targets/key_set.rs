//! Chooses keys of any JWK Set for a token with any header. A key is found only if it verifies the
//! signature, and the right key is found beside any others.
#![no_main]

use credential::jwe;
use credential::jws::{self, Jws};
use credential::key::{Algorithm, SoftwareKey};
use credential::verification::{keys_of, verification_key, why_no_key};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|input: (&str, &str, bool)| {
    let (jwks, kid, is_named) = input;
    let mut jwks: Value = serde_json::from_str(jwks).unwrap_or(Value::Null);
    let [signer, _] = Algorithm::ALL.map(|known| SoftwareKey::from_bytes(known, &[7; 32]).expect("a key"));
    let kid = if is_named { json!(kid) } else { Value::Null };
    let header = jws::protected(&json!({ "alg": "ES256", "kid": kid }));
    let text = jws::sign(&header, b"{}", &signer).expect("signed");
    let jws = Jws::read(&text).expect("a JWS");

    let keys = keys_of(&jwks);
    assert!(why_no_key(&jwks).starts_with("it has no"));
    match jws.verify_with(&keys) {
        Ok(key) => assert!(jws.verify(key).is_ok() && keys.iter().any(|(_, known)| known == key)),
        Err(refusal) => {
            assert!(refusal.to_string().ends_with('.'));
            assert!(["unknown_key", "key_confusion", "signature"].contains(&refusal.code()), "{refusal}");
        }
    }
    if let Some(members) = jwks["keys"].as_array() {
        let usable = members.iter().filter(|jwk| verification_key(jwk).is_ok()).count();
        assert_eq!(usable, keys.len());
        if let Some(recipient) = jwe::recipient(members) {
            assert!(jwe::encrypt(b"x", recipient, jwe::Encryption::A128Gcm, serde_json::Map::new()).is_ok());
        }
    }

    let mut own = signer.public().jwk();
    own["kid"] = kid;
    if let Some(members) = jwks.get_mut("keys").and_then(Value::as_array_mut) {
        members.insert(0, own);
        let keys = keys_of(&jwks);
        assert_eq!(jws.verify_with(&keys).ok(), Some(signer.public()));
    }
});
