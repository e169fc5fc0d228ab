//! Decrypts any text and encrypts for any JWK. What was encrypted decrypts again, and fails to
//! decrypt after any change to the header or to a character.
#![no_main]

use credential::jwe::{self, Encryption, decrypt, encrypt};
use credential::jws;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

const SECRET: [u8; 32] = [7; 32];

fuzz_target!(|input: (&str, &str, &[u8], u16)| {
    let (text, json, plain, place) = input;
    let _ = decrypt(text, &SECRET);
    let json: Value = serde_json::from_str(json).unwrap_or(Value::Null);
    let _ = encrypt(plain, &json, Encryption::A128Gcm, Map::new());

    let recipient = jwe::encryption_jwk(&SECRET, "e1").expect("a key");
    let encryption = Encryption::ALL[usize::from(place) % 2];
    let sealed = encrypt(plain, &recipient, encryption, Map::new()).expect("encrypted");
    let opened = decrypt(&sealed, &SECRET).expect("it opens");
    assert_eq!(opened.plain, plain);

    let mut changed = sealed.clone();
    let place = usize::from(place) % changed.len();
    let replacement = if changed.as_bytes()[place] == b'A' { "B" } else { "A" };
    changed.replace_range(place..=place, replacement);
    assert!(decrypt(&changed, &SECRET).is_err(), "a change was not noticed");

    // Adds generated members to the valid header, which is authenticated: any change must be
    // detected.
    if let Value::Object(more) = json {
        let mut header = opened.header.clone();
        header.extend(more);
        let is_another = header != opened.header;
        let rest = sealed.split_once('.').expect("five parts").1;
        let text = format!("{}.{rest}", jws::protected(&Value::Object(header)));
        assert_eq!(decrypt(&text, &SECRET).is_err(), is_another);
    }
});
