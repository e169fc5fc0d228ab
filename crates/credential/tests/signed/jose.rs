//! Details of JOSE that other implementations use: dates with fractions, `null` members, key sets
//! and algorithm names.

use credential::format::sd_jwt::{self, Challenge, SdJwt};
use credential::format::sd_jwt_vc::SdJwtVc;
use credential::jws;
use credential::key::{Algorithm, Signer as _, SoftwareKey};
use credential::verification::{LookupResult, Report, Step, Token, VerificationInputs, keys_of};
use serde_json::{Value, json};

use crate::support::{ADDRESS, NOW, bound, challenge, crafted, failure, inputs, key};

const VERIFIER: (&str, &str) = ("https://hirer.example", "n-1");

/// Presents `text` with a key binding whose header names `algorithm` and whose claims are changed.
fn presented(text: &str, holder: &SoftwareKey, algorithm: &str, change: &dyn Fn(&mut Value)) -> String {
    let bound = sd_jwt::bind(text, VERIFIER, NOW, holder).expect("bound");
    let mut payload = Value::Object(SdJwt::read(&bound).expect("read").key_binding.expect("bound").payload);
    change(&mut payload);
    let header = jws::protected(&json!({ "alg": algorithm, "typ": "kb+jwt", "kid": null }));
    text.to_owned() + &jws::sign(&header, payload.to_string().as_bytes(), holder).expect("signed")
}

/// Verifies a credential of the issuer with these claims beside `iss` and `vct`.
fn report(claims: &Value, inputs: &VerificationInputs) -> Report {
    let mut payload = json!({ "iss": ADDRESS, "vct": "urn:example:career" });
    for (name, value) in claims.as_object().expect("an object") {
        payload[name] = value.clone();
    }
    let text = crafted(&payload, &[]);
    let challenge = Challenge { now: NOW, ..Challenge::default() };
    Token::read(&text).expect("read").verify(inputs, &challenge)
}

// Conforms: RFC 7519 4.1.4; RFC 7519 4.1.5
#[test]
fn end_and_start_of_a_key_binding_are_obeyed() {
    let (text, holder) = bound();
    let check = |change: &dyn Fn(&mut Value)| {
        let presentation = presented(&text, &holder, "ES256", change);
        failure(&Token::read(&presentation).expect("read").verify(&inputs(&[]), &challenge()), Step::Holder)
    };
    assert_eq!(check(&|_| {}), None);
    assert_eq!(check(&|payload| payload["exp"] = (NOW + 60).into()), None);
    assert_eq!(check(&|payload| payload["exp"] = (NOW - 60).into()), Some("binding_expired"));
    assert_eq!(check(&|payload| payload["exp"] = ((NOW - 60) * 1000).into()), Some("binding_expired"), "milliseconds");
    assert_eq!(check(&|payload| payload["nbf"] = (NOW + 60).into()), None);
    assert_eq!(check(&|payload| payload["nbf"] = (NOW + 61).into()), Some("binding_not_yet_valid"));
    assert_eq!(check(&|payload| payload["iat"] = json!(1_795_000_000.5)), None);
    assert_eq!(check(&|payload| payload["exp"] = Value::Null), None);
    for (name, early, late) in [
        ("iat", Some("too_old"), Some("from_the_future")),
        ("nbf", None, Some("binding_not_yet_valid")),
        ("exp", Some("binding_expired"), None),
    ] {
        assert_eq!(check(&|payload| payload[name] = json!(-1)), early, "{name} before 1970");
        assert_eq!(check(&|payload| payload[name] = json!(1e300)), late, "{name} beyond any year");
    }
    for wrong in [json!("1795000000"), json!(true), json!([NOW])] {
        for name in ["iat", "nbf", "exp"] {
            assert_eq!(check(&|payload| payload[name] = wrong.clone()), Some("claim"), "{name} {wrong}");
        }
    }
    assert_eq!(check(&|payload| payload["iat"] = Value::Null), Some("claim"));
}

// Conforms: RFC 7519 2; SD-JWT VC 2
#[test]
fn dates_of_a_credential_are_read_or_refused_by_name() {
    let dates = |claims: Value| {
        let report = report(&claims, &inputs(&[]));
        (failure(&report, Step::Dates), report.verdict(Step::Dates).expect("a verdict").reason.clone())
    };
    for valid in [
        json!({ "iat": 1_795_000_000.25, "nbf": 1_794_999_999.5, "exp": 1_795_000_100.75 }),
        json!({ "iat": null, "nbf": null, "exp": null }),
        json!({ "iat": 0, "exp": i64::MAX }),
        json!({ "iat": -1, "nbf": -0.5, "exp": u64::MAX }),
        json!({ "iat": i64::MIN, "nbf": -1e300, "exp": 1e300 }),
    ] {
        let (code, reason) = dates(valid.clone());
        assert_eq!(code, None, "{valid}: {reason}");
    }
    assert_eq!(dates(json!({ "exp": 1_794_999_900.9 })).0, Some("expired"));
    assert_eq!(dates(json!({ "nbf": 1_795_000_061.5 })).0, Some("not_yet_valid"));
    for (claims, code) in [
        (json!({ "exp": -1 }), "expired"),
        (json!({ "exp": -1e300 }), "expired"),
        (json!({ "nbf": u64::MAX }), "not_yet_valid"),
        (json!({ "iat": 1e300 }), "from_the_future"),
    ] {
        assert_eq!(dates(claims.clone()).0, Some(code), "{claims}");
    }
    for (claims, said) in [
        (json!({ "exp": "1795000000" }), "exp must be a number of seconds"),
        (json!({ "exp": false }), "exp must be a number of seconds"),
    ] {
        let (code, reason) = dates(claims.clone());
        assert_eq!(code, Some("claim"), "{claims}");
        assert!(reason.contains(said), "{claims}: {reason}");
    }
}

#[test]
fn null_claims_count_as_absent() {
    let claims = json!({ "iss": ADDRESS, "vct": "urn:example:career", "cnf": null, "status": null, "exp": null });
    let text = crafted(&claims, &[]);
    let credential = SdJwtVc::read(&text).expect("read");
    assert_eq!((credential.holder(), credential.status()), (Ok(None), Ok(None)));
    assert!(!credential.disclosed.claims.contains_key("status"));
    for status in [json!(null), json!({ "status_list": null })] {
        let report = report(&json!({ "status": status }), &inputs(&[]));
        assert_eq!(failure(&report, Step::Status), None, "{status}");
    }
    let (name, hidden) = (json!(["salt", "full_name", null]), json!({ "_sd_alg": null, "_sd": [] }));
    assert!(SdJwt::read(&crafted(&hidden, &[])).expect("read").disclose().is_ok());
    let shown = json!({ "_sd": [crate::support::digest(&name)] });
    let disclosed = SdJwt::read(&crafted(&shown, &[&name])).expect("read").disclose().expect("disclosed");
    assert_eq!(disclosed.claims["full_name"], Value::Null, "what the holder discloses is shown as it is");
}

// Conforms: RFC 7515 4.1.4; RFC 7517 4.5
#[test]
fn issuer_keys_are_chosen_among_all_that_suit() {
    let (signer, other) = (key(1, Algorithm::Es256), key(5, Algorithm::Es256));
    let another_type = key(5, Algorithm::EdDsa);
    let jwk = |key: &SoftwareKey, changes: Value| {
        let mut jwk = key.public().jwk();
        for (name, value) in changes.as_object().expect("an object") {
            jwk[name] = value.clone();
        }
        jwk
    };
    let with = |jwks: &[Value]| {
        let issuer_keys = LookupResult::Found(keys_of(&json!({ "keys": jwks })));
        let report = report(&json!({}), &VerificationInputs { issuer_keys, ..inputs(&[]) });
        (failure(&report, Step::Signature), failure(&report, Step::Issuer))
    };
    let right = jwk(&signer, json!({ "kid": "k1", "use": "sig", "key_ops": ["verify"] }));
    for jwks in [
        vec![right.clone()],
        vec![jwk(&another_type, json!({ "kid": "k1" })), right.clone()],
        vec![jwk(&other, json!({ "kid": "k1" })), right.clone()],
        vec![jwk(&other, json!({ "kid": "k1", "use": "enc" })), right],
        vec![jwk(&other, json!({})), jwk(&signer, json!({ "kid": null, "alg": null }))],
    ] {
        assert_eq!(with(&jwks), (None, None), "{jwks:?}");
    }
    for unusable in [json!({ "kid": "k1", "use": "enc" }), json!({ "kid": "k1", "key_ops": ["sign"] })] {
        assert_eq!(with(&[jwk(&signer, unusable)]), (Some("unknown_key"), Some("unknown_key")));
    }
    assert_eq!(with(&[jwk(&signer, json!({ "kid": "k2" }))]), (Some("unknown_key"), Some("unknown_key")));
    let two = [jwk(&other, json!({ "kid": "k1" })), jwk(&key(6, Algorithm::Es256), json!({ "kid": "k1" }))];
    assert_eq!(with(&two), (Some("signature"), None));
    assert_eq!(with(&[jwk(&another_type, json!({ "kid": "k1" }))]), (Some("key_confusion"), None));
}

// Conforms: RFC 9864 2.2
#[test]
fn key_binding_may_name_its_algorithm_ed25519() {
    let holder = key(2, Algorithm::EdDsa);
    let payload = json!({ "iss": ADDRESS, "vct": "urn:example:career", "cnf": { "jwk": holder.public().jwk() } });
    let text = crafted(&payload, &[]);
    assert_eq!(holder.algorithm().name(), "EdDSA");
    for (algorithm, code) in [("EdDSA", None), ("Ed25519", None), ("ES256", Some("key_confusion"))] {
        let presentation = presented(&text, &holder, algorithm, &|_| {});
        let report = Token::read(&presentation).expect("read").verify(&inputs(&[]), &challenge());
        assert_eq!(failure(&report, Step::Holder), code, "{algorithm}");
    }
}
