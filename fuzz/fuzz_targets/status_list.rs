//! Parses any claim, bitstring or token as a status list. A list survives a round trip. A token is
//! accepted only for its own URI and while it is valid.
#![no_main]

use credential::NumericDate;
use credential::jws;
use credential::key::{Algorithm, SoftwareKey};
use credential::status::{StatusList, StatusReference, read_token};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

const URI: &str = "https://passport.example/status/1";
const NOW: i64 = 1_795_000_000;

fuzz_target!(|input: (&str, &str, &str, u64, Vec<u16>)| {
    let (text, claim, bitstring, index, revoked) = input;
    let key = SoftwareKey::from_bytes(Algorithm::EdDsa, &[7; 32]).expect("a key");
    let keys = [(String::new(), key.public().clone())];
    let _ = read_token(text, URI, &keys, NOW);
    let claim: Value = serde_json::from_str(claim).unwrap_or(Value::Null);
    if let Ok(Some(reference)) = StatusReference::from_claim(&claim) {
        assert_eq!(StatusReference::from_claim(&reference.claim()), Ok(Some(reference)));
    }
    if let Ok(list) = StatusList::from_token_claim(&claim) {
        let _ = list.get(index);
        assert_eq!(StatusList::from_token_claim(&list.token_claim()), Ok(list));
    }
    if let Ok(list) = StatusList::from_bitstring(bitstring) {
        let _ = list.get(index);
        assert_eq!(StatusList::from_bitstring(&list.bitstring()), Ok(list));
    }

    // Signs the claim as the payload of a token, so that the fuzzer reaches the code behind the
    // signature.
    let header = jws::protected(&json!({ "alg": "EdDSA", "typ": "statuslist+jwt" }));
    let signed = jws::sign(&header, claim.to_string().as_bytes(), &key).expect("signed");
    assert!(read_token(&signed, URI, &[], NOW).is_err(), "there is no key");
    if read_token(&signed, URI, &keys, NOW).is_ok() {
        assert_eq!(claim["sub"], URI);
        let seconds = |name: &str| NumericDate::read(&claim[name]).map(NumericDate::seconds);
        assert!(seconds("iat").is_ok_and(|made| made <= NOW + 60));
        assert!(claim["exp"].is_null() || seconds("exp").is_ok_and(|end| end > NOW - 60));
        assert!(claim["nbf"].is_null() || seconds("nbf").is_ok_and(|start| start <= NOW + 60));
    }

    let list = StatusList::of_revoked(65_536, revoked.iter().copied().map(u32::from));
    let read = StatusList::from_token_claim(&list.token_claim()).expect("a list");
    assert_eq!(read, list);
    let is_set = |place: &u16| read.get(u64::from(*place)).is_some_and(|status| status.require_valid().is_err());
    assert!(revoked.iter().all(is_set));
});
