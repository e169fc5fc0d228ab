//! Parses any text as a JWS. A signed header and payload verify only with their own key and its
//! algorithm, and fail to verify after a character changes.
#![no_main]

use credential::jws::{self, Jws};
use credential::key::{Algorithm, SoftwareKey};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: (&str, &str, &[u8], u16)| {
    let (text, header, payload, place) = input;
    let [es256, eddsa] = Algorithm::ALL.map(|known| SoftwareKey::from_bytes(known, &[7; 32]).expect("a key"));
    if let Ok(jws) = Jws::read(text) {
        assert_eq!(jws.header_text("alg").and_then(Algorithm::from_name), Some(jws.algorithm()));
        assert!(!jws.header.contains_key("crit"));
        assert!(jws.header.values().chain(jws.payload.values()).all(|value| !value.is_null()));
        let other = if jws.algorithm() == Algorithm::Es256 { &eddsa } else { &es256 };
        assert!(jws.verify(other.public()).is_err(), "a key checks another algorithm");
    }
    let header: Value = serde_json::from_str(header).unwrap_or(Value::Null);
    let signed = jws::sign(&jws::protected(&header), payload, &eddsa).expect("signed");
    let Ok(jws) = Jws::read(&signed) else { return };
    assert_eq!(jws.verify(eddsa.public()).is_ok(), jws.algorithm() == Algorithm::EdDsa);
    assert!(jws.verify(es256.public()).is_err());
    let mut changed = signed.clone();
    let place = usize::from(place) % changed.len();
    let replacement = if changed.as_bytes()[place] == b'A' { "B" } else { "A" };
    changed.replace_range(place..=place, replacement);
    if let Ok(jws) = Jws::read(&changed) {
        assert!(jws.verify(eddsa.public()).is_err(), "a change was not noticed");
    }
});
