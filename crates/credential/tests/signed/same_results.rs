//! Keys of an issuer, and tokens as text: the cases of `issuer_keys.json` and `tokens.json`, which
//! the page's script is tested with too.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::format::sd_jwt::Challenge;
use credential::jws;
use credential::key::{Algorithm, PublicKey, SoftwareKey};
use credential::verification::{
    LookupResult, Report, Step, StepOutcome, Token, VerificationInputs, keys_of, why_no_key,
};
use serde_json::{Value, json};

use crate::support::{ADDRESS, NOW, key};

/// Returns a key by its name in the cases.
fn named(name: &str) -> SoftwareKey {
    match name {
        "signer" => key(1, Algorithm::Es256),
        "holder" => key(2, Algorithm::Es256),
        "other" => key(9, Algorithm::Es256),
        "another" => key(3, Algorithm::EdDsa),
        _ => panic!("{name}"),
    }
}

/// Replaces the name of a key by its members, which the others may change.
fn jwk_of(jwk: &Value) -> Value {
    let Some(name) = jwk["of"].as_str() else { return jwk.clone() };
    let mut whole = named(name).public().jwk();
    for (name, value) in jwk.as_object().expect("an object").iter().filter(|(name, _)| *name != "of") {
        whole[name] = value.clone();
    }
    whole
}

/// Returns the keys of an entry: several different ones, or one several times.
fn jwks_of(jwk: &Value) -> Vec<Value> {
    let kid = jwk.get("kid").cloned().unwrap_or_default();
    let other = |at: usize| {
        let mut whole = key(u8::try_from(100 + at).expect("a number"), Algorithm::Es256).public().jwk();
        whole["kid"] = kid.clone();
        whole
    };
    match number(&jwk["others"]) {
        0 => vec![jwk_of(jwk); number(&jwk["times"]).max(1)],
        count => (0..count).map(other).collect(),
    }
}

/// Returns the keys of a set, or why they are not known, as the lookup of an issuer does.
fn issuer_keys(jwks: &Value) -> LookupResult<Vec<(String, PublicKey)>> {
    let keys = keys_of(jwks);
    if keys.is_empty() { LookupResult::Failed(why_no_key(jwks)) } else { LookupResult::Found(keys) }
}

fn report(text: &str, jwks: &Value) -> Report {
    let inputs = VerificationInputs { issuer_keys: issuer_keys(jwks), ..VerificationInputs::default() };
    match Token::read(text) {
        Ok(token) => token.verify(&inputs, &Challenge { now: NOW, ..Challenge::default() }),
        Err(refusal) => Report::refused(text, &refusal, NOW),
    }
}

fn said(report: &Report, step: Step) -> String {
    let verdict = report.verdict(step).expect("every step has a verdict");
    match verdict.outcome {
        StepOutcome::Passed => "passed".to_owned(),
        StepOutcome::Failed => format!("failed {}", verdict.code.expect("a code")),
        StepOutcome::NotChecked => "unchecked".to_owned(),
    }
}

fn number(value: &Value) -> usize {
    value.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or_default()
}

/// Returns the payload of a case.
fn payload(case: &Value) -> String {
    let mut text = case["payload"].as_str().expect("a payload").to_owned();
    if let Some(repeated) = case["repeated"]["text"].as_str() {
        text = text.replace("REPEATED", &repeated.repeat(number(&case["repeated"]["times"])));
    }
    let Some(cnf) = case.get("cnf") else { return text };
    let mut claims: Value = serde_json::from_str(&text).expect("JSON");
    claims["cnf"] = cnf.clone();
    if cnf["jwk"].is_object() {
        claims["cnf"]["jwk"] = jwk_of(&cnf["jwk"]);
    }
    claims.to_string()
}

/// Returns the holder's signature of a presentation, with the claims and the header of the case.
fn key_binding(presentation: &str, case: &Value) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, presentation.as_bytes());
    let hash = URL_SAFE_NO_PAD.encode(digest);
    let mut claims = json!({ "iat": NOW, "aud": "https://hirer.example", "nonce": "n-1", "sd_hash": hash });
    for (name, value) in case["binding"].as_object().expect("an object") {
        claims[name] = value.clone();
    }
    let mut header = json!({ "alg": "ES256", "typ": "kb+jwt" });
    for (name, value) in case["bindingHeader"].as_object().into_iter().flatten() {
        header[name] = value.clone();
    }
    jws::sign(&jws::protected(&header), claims.to_string().as_bytes(), &named("holder")).expect("signed")
}

/// Returns the token of a case.
fn token(case: &Value) -> String {
    let typ = case.get("typ").unwrap_or(&case["format"]);
    let header = jws::protected(&json!({ "alg": "ES256", "typ": typ, "kid": "k1" }));
    let mut text = jws::sign(&header, payload(case).as_bytes(), &named("signer")).expect("signed");
    if case["hasOtherBits"] == true {
        let last = text.pop().expect("a signature");
        text.push(match last {
            'A' => 'B',
            'Q' => 'R',
            'g' => 'h',
            _ => 'x',
        });
    }
    let (cut, is_bound) = (number(&case["cut"]), case["binding"].is_object());
    if !is_bound {
        text.truncate(text.len() - cut);
    }
    if case["format"] == "dc+sd-jwt" {
        text.push('~');
    }
    if is_bound {
        let binding = key_binding(&text, case);
        text.push_str(&binding[..binding.len() - cut]);
    }
    text
}

#[test]
fn only_usable_keys_of_an_issuer_verify_its_tokens() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("issuer_keys.json")).expect("the cases");
    assert!(cases.len() > 40);
    for case in cases {
        let header = jws::protected(&json!({ "alg": "ES256", "typ": "dc+sd-jwt", "kid": case["kid"] }));
        let claims = json!({ "iss": ADDRESS, "vct": "urn:example:career" }).to_string();
        let text = jws::sign(&header, claims.as_bytes(), &named("signer")).expect("signed") + "~";
        let jwks = match case["jwks"]["keys"].as_array() {
            Some(keys) => json!({ "keys": keys.iter().flat_map(jwks_of).collect::<Vec<_>>() }),
            None => case["jwks"].clone(),
        };
        let report = report(&text, &jwks);
        let signature = said(&report, Step::Signature);
        assert_eq!(json!(signature), case["signature"], "{}", case["name"]);
        let conclusion = match signature.as_str() {
            "passed" => "valid",
            "unchecked" => "not_checkable",
            _ => "invalid",
        };
        assert_eq!(json!(report.conclusion()), json!(conclusion), "{}", case["name"]);
    }
}

#[test]
fn tokens_that_were_written_or_copied_wrongly_are_refused() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("tokens.json")).expect("the cases");
    assert!(cases.len() > 50);
    let mut signer = named("signer").public().jwk();
    signer["kid"] = json!("k1");
    let jwks = json!({ "keys": [signer] });
    for case in cases {
        let report = report(&token(&case), &jwks);
        assert_eq!(json!(said(&report, Step::Signature)), case["signature"], "{}", case["name"]);
        if let Some(holder) = case["holder"].as_str() {
            assert_eq!(said(&report, Step::Holder), holder, "{}", case["name"]);
        }
        if let Some(dates) = case["dates"].as_str() {
            assert_eq!(said(&report, Step::Dates), dates, "{}", case["name"]);
        }
    }
}
