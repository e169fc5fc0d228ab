//! Reads an SD-JWT with any payload and any disclosures. A presentation of a part parses again, has
//! no claims beyond the whole, and never discloses a claim that must not be selectively
//! disclosable.
//!
//! The fuzzer cannot guess digests, so the text `#3` stands for the digest of disclosure 3.
#![no_main]

use credential::format::sd_jwt::SdJwt;
use credential::format::sd_jwt_vc::{SdJwtVc, integrity};
use credential::jws;
use credential::key::{Algorithm, SoftwareKey};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fn digest(disclosure: &str) -> String {
    let hash = integrity(disclosure.as_bytes());
    let hash = hash.strip_prefix("sha256-").expect("SHA-256").trim_end_matches('=');
    hash.replace('+', "-").replace('/', "_")
}

/// Replaces each `#number` with the digest of that disclosure, if it comes earlier in the list.
fn linked(value: Value, disclosures: &[String]) -> Value {
    match value {
        Value::String(text) => {
            let number = text.strip_prefix('#').and_then(|number| number.parse::<usize>().ok());
            number.and_then(|number| disclosures.get(number)).map_or(Value::String(text), |made| digest(made).into())
        }
        Value::Array(items) => items.into_iter().map(|item| linked(item, disclosures)).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, linked(value, disclosures))).collect(),
        other => other,
    }
}

fuzz_target!(|input: (&str, Vec<&str>, u64)| {
    let (payload, written, chosen) = input;
    let mut disclosures: Vec<String> = Vec::new();
    for text in written {
        let value = serde_json::from_str(text).map(|value| linked(value, &disclosures));
        disclosures.push(value.map_or_else(|_| text.to_owned(), |value| jws::protected(&value)));
    }
    let payload: Value = serde_json::from_str(payload).unwrap_or(Value::Null);
    let payload = linked(payload, &disclosures).to_string();
    let key = SoftwareKey::from_bytes(Algorithm::EdDsa, &[7; 32]).expect("a key");
    let header = jws::protected(&json!({ "alg": "EdDSA", "typ": "dc+sd-jwt" }));
    let mut text = jws::sign(&header, payload.as_bytes(), &key).expect("signed") + "~";
    disclosures.iter().for_each(|disclosure| text.extend([disclosure, "~"]));

    let Ok(sd_jwt) = SdJwt::read(&text) else { return };
    let Ok(whole) = sd_jwt.disclose() else {
        assert!(sd_jwt.present(|_| true).is_err(), "what cannot be put together is not shown");
        return;
    };
    let all = sd_jwt.present(|_| true).expect("all of it");
    let again = SdJwt::read(&all).expect("it reads again").disclose().expect("and is put together");
    assert_eq!(again, whole);
    let place = |place: &str| whole.places.iter().position(|known| known == place).unwrap_or_default();
    let some = sd_jwt.present(|name| chosen >> (place(name) % 64) & 1 == 1).expect("some of it");
    let some = SdJwt::read(&some).expect("it reads again").disclose().expect("and is put together");
    assert!(some.places.len() <= whole.places.len());
    assert!(some.claims.keys().all(|name| whole.claims.contains_key(name)), "a part says more than the whole");

    if let Ok(credential) = SdJwtVc::read(&text) {
        let open = &credential.sd_jwt.jws.payload;
        for name in ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"] {
            let said = credential.disclosed.claims.get(name);
            assert_eq!(said.is_some(), open.contains_key(name), "{name} came by a disclosure");
        }
        let _ = (credential.holder(), credential.status(), credential.require_time(1_795_000_000));
    }
});
