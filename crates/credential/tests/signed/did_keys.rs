//! Keys of a DID document: the cases of `did_keys.json`, with which the page's script is tested
//! too.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::format::sd_jwt::Challenge;
use credential::format::{did_document, verification_methods};
use credential::jws;
use credential::key::{Algorithm, SoftwareKey};
use credential::verification::{
    Conclusion, LookupResult, Report, Step, StepOutcome, Token, VerificationInputs, assertion_keys,
};
use serde_json::{Value, json};

use crate::support::{NOW, key};

const ADDRESS: &str = "https://issuer.example";
const DID: &str = "did:web:issuer.example";

/// Returns a key by its name in the cases.
fn named(name: &str) -> SoftwareKey {
    match name {
        "other" => key(9, Algorithm::Es256),
        "another" => key(3, Algorithm::EdDsa),
        _ => key(1, Algorithm::Es256),
    }
}

/// Returns the verification method of a case.
fn method(case: &Value) -> Value {
    let key = named(case["of"].as_str().expect("a key"));
    let name = case["name"].as_str().expect("a name");
    let [jwk, _, multikey] = verification_methods(DID, name, key.public());
    let mut method = json!({ "id": format!("{DID}#{name}"), "controller": DID });
    match case["as"].as_str().expect("a form") {
        "jwk" => method["publicKeyJwk"] = jwk["publicKeyJwk"].clone(),
        "multikey" => method["publicKeyMultibase"] = multikey["publicKeyMultibase"].clone(),
        "multikey-url" => {
            let point = key.public().bytes();
            let bytes = [[0x80, 0x24, 2 + (point[64] & 1)].as_slice(), &point[1..33]].concat();
            method["publicKeyMultibase"] = format!("u{}", URL_SAFE_NO_PAD.encode(bytes)).into();
        }
        _ => {}
    }
    for (name, value) in case["members"].as_object().into_iter().flatten() {
        method[name] = value.clone();
    }
    method
}

fn document(case: &Value) -> Value {
    let methods: Vec<Value> = case["methods"].as_array().expect("methods").iter().map(method).collect();
    let assertion: Value = match case["assertion"].as_array() {
        Some(names) => names.iter().map(|name| json!(format!("{DID}#{}", name.as_str().expect("a name")))).collect(),
        None => methods.iter().map(|method| method["id"].clone()).collect(),
    };
    json!({ "id": DID, "verificationMethod": methods, "assertionMethod": assertion })
}

/// Verifies a token whose issuer has this document. Returns also why the keys are not known.
fn verified(signer: &SoftwareKey, kid: Option<&str>, document: &Value) -> (Report, Option<String>) {
    let header = jws::protected(&json!({ "alg": signer.public().algorithm().name(), "typ": "dc+sd-jwt", "kid": kid }));
    let claims = json!({ "iss": DID, "vct": "urn:example:career" }).to_string();
    let text = jws::sign(&header, claims.as_bytes(), signer).expect("signed") + "~";
    let token = Token::read(&text).expect("read");
    let keys = assertion_keys(document, DID, token.jws(), NOW);
    let why = keys.clone().err();
    let issuer_keys = keys.map_or_else(LookupResult::Failed, LookupResult::Found);
    let inputs = VerificationInputs { issuer_keys, ..VerificationInputs::default() };
    (token.verify(&inputs, &Challenge { now: NOW, ..Challenge::default() }), why)
}

// Conforms: DID Core 5.2
#[test]
fn only_current_methods_of_a_did_document_sign() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("did_keys.json")).expect("the cases");
    assert!(cases.len() > 30);
    for case in cases {
        let signer = named(case["by"].as_str().unwrap_or("signer"));
        let kid = case.get("kid").map_or(Some(format!("{DID}#k1")), |kid| kid.as_str().map(ToOwned::to_owned));
        let (report, why) = verified(&signer, kid.as_deref(), &document(&case));
        let verdict = report.verdict(Step::Signature).expect("a verdict");
        let (said, conclusion) = match verdict.outcome {
            StepOutcome::Passed => ("passed".to_owned(), Conclusion::Valid),
            StepOutcome::Failed => (format!("failed {}", verdict.code.expect("a code")), Conclusion::Invalid),
            StepOutcome::NotChecked => ("unchecked".to_owned(), Conclusion::NotCheckable),
        };
        assert_eq!((json!(said), report.conclusion()), (case["signature"].clone(), conclusion), "{case}: {why:?}");
        let (why, expected) = (why.unwrap_or_default(), case["why"].as_str().unwrap_or_default());
        assert!(why.contains(expected) && why.is_empty() == expected.is_empty(), "{case}: {why}");
    }
}

#[test]
fn every_form_of_our_own_keys_is_read() {
    let keys: Vec<_> = (1..9).map(|number| (format!("k{number}"), key(number, Algorithm::Es256))).collect();
    let public: Vec<_> = keys.iter().map(|(name, key)| (name.clone(), key.public().clone())).collect();
    let document = did_document(ADDRESS, &public);
    let (_, last) = keys.last().expect("a key");
    // 24 methods are 8 keys, of which at most 16 are tried.
    for kid in [None, Some("k8"), Some("did:web:issuer.example#k8-2020")] {
        let (report, why) = verified(last, kid, &document);
        assert_eq!((report.conclusion(), why), (Conclusion::Valid, None), "{kid:?}");
    }
}

#[test]
fn reasons_name_a_limited_number_of_keys() {
    let methods: Vec<Value> = (0..9).map(|number| json!({ "id": format!("{DID}#k{number}") })).collect();
    let document = json!({ "id": DID, "assertionMethod": methods });
    let why = verified(&named("signer"), None, &document).1.expect("no key");
    assert!(why.contains("\"k4\": it has neither") && !why.contains("\"k5\""), "{why}");
    assert!(why.ends_with("; and 4 more"), "{why}");
}
