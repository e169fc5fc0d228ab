//! Kinds of tokens, keys and signatures that are not supported: not checkable, with the reason.

use credential::format::sd_jwt::{self, Challenge};
use credential::jws;
use credential::key::{Algorithm, SoftwareKey};
use credential::verification::{
    Conclusion, LookupResult, Report, Step, StepOutcome, Token, VerificationInputs, find_token,
};
use credential::{OtherContent, VerifyError};
use serde_json::{Value, json};

use crate::support::{ADDRESS, NOW, bound, crafted, forged, inputs, key};

/// Verifies a text as the API does. Its type is another than that of the known metadata.
fn report(text: &str) -> Report {
    let inputs = VerificationInputs { metadata: LookupResult::NotAttempted, ..inputs(&[]) };
    match Token::read(text) {
        Ok(token) => token.verify(&inputs, &Challenge { now: NOW, ..Challenge::default() }),
        Err(refusal) => Report::refused(text, &refusal, NOW),
    }
}

/// Returns the outcome of a step, its reason, and the conclusion.
fn said(report: &Report, step: Step) -> (StepOutcome, &str, Conclusion) {
    let verdict = report.verdict(step).expect("every step has a verdict");
    (verdict.outcome, verdict.reason.as_str(), report.conclusion())
}

#[test]
fn other_kinds_of_tokens_are_not_checkable() {
    for (typ, claims, end, reason) in [
        ("vp+jwt", json!({}), "", "a presentation of W3C credentials"),
        ("JWT", json!({ "vp": { "type": ["VerifiablePresentation"] } }), "", "a presentation of W3C credentials"),
        ("oauth-authz-req+jwt", json!({ "client_id": "x" }), "", "a request"),
        ("openidvci-issuer-metadata+jwt", json!({}), "", "metadata of an issuer"),
        ("JWT", json!({ "sub": "ada", "aud": "x" }), "", "It may be an ID token."),
        ("vc+ld+jwt", json!({ "type": ["VerifiableCredential"] }), "", "\"vc+ld+jwt\"; it must be vc+jwt"),
        ("logout+jwt", json!({}), "", "\"logout+jwt\"; it must be vc+jwt"),
        ("example+sd-jwt", json!({ "vct": "x" }), "~", "\"example+sd-jwt\"; it must be dc+sd-jwt"),
        ("vp+sd-jwt", json!({}), "~", "\"vp+sd-jwt\"; it must be dc+sd-jwt"),
    ] {
        let mut payload = claims;
        payload["iss"] = ADDRESS.into();
        let text = forged(&json!({ "alg": "ES256", "typ": typ, "kid": "k1" }), &payload) + end;
        let report = report(&text);
        let (outcome, found, conclusion) = said(&report, Step::Signature);
        assert_eq!((outcome, conclusion), (StepOutcome::NotChecked, Conclusion::NotCheckable), "{typ}: {found}");
        assert!(found.contains(reason), "{typ}: {found}");
    }
}

#[test]
fn credentials_in_other_forms_are_not_checkable() {
    let flattened = json!({ "payload": "e30", "protected": "e30", "signature": "AA" }).to_string();
    let encrypted = "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSJ9..AAAA.AAAA.AAAA";
    for (text, content) in [
        (flattened.as_str(), OtherContent::JsonJws),
        (encrypted, OtherContent::Jwe),
        ("{\"proof\": {\"type\": \"DataIntegrityProof\"}}", OtherContent::JsonLd),
        ("{\"keys\": []}", OtherContent::Keys),
        ("%PDF-1.7", OtherContent::Pdf),
    ] {
        let refusal = find_token(text.as_bytes()).expect_err(text);
        assert_eq!(refusal, VerifyError::OtherContent(content), "{text}");
        let expected = if content.is_unsupported() { Conclusion::NotCheckable } else { Conclusion::Invalid };
        assert_eq!(Report::unreadable(&refusal).conclusion(), expected, "{text}");
    }
}

#[test]
fn lost_tilde_at_the_end_is_named() {
    let (text, _) = bound();
    let (issued, _) = text.split_once('~').expect("a tilde");
    for cut in [issued, &text[..text.len() - 1]] {
        let report = report(cut);
        let verdict = report.verdict(Step::Signature).expect("a verdict");
        assert_eq!((verdict.code, report.conclusion()), (Some("malformed"), Conclusion::Invalid), "{cut}");
        assert!(verdict.reason.contains("the last \"~\" is missing"), "{}", verdict.reason);
    }
    let cut_binding = report(&format!("{text}eyJhbGciOiJFUzI1NiJ9"));
    assert!(!said(&cut_binding, Step::Signature).1.contains('~'), "{cut_binding:?}");
}

/// Returns a presentation of a credential with this claim `cnf`.
fn presented(confirmation: &Value, algorithm: &str) -> String {
    let claims = json!({ "iss": ADDRESS, "vct": "urn:example:career", "cnf": confirmation });
    let text = crafted(&claims, &[]);
    let holder: SoftwareKey = key(2, Algorithm::Es256);
    if algorithm == "ES256" {
        return sd_jwt::bind(&text, ("https://hirer.example", "n-1"), NOW, &holder).expect("bound");
    }
    let header = jws::protected(&json!({ "alg": algorithm, "typ": "kb+jwt" }));
    text + &jws::sign(&header, b"{}", &holder).expect("signed")
}

#[test]
fn holder_key_that_is_not_known_leaves_the_holder_unchecked() {
    let p384 = json!({ "jwk": { "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA" } });
    for (confirmation, algorithm, reason) in [
        (json!({ "kid": "k9" }), "ES256", "the holder's key by kid (cnf)"),
        (json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }), "ES256", "the holder's key by jkt (cnf)"),
        (p384.clone(), "ES256", "neither on P-256 nor Ed25519"),
        (p384, "ES384", "neither on P-256 nor Ed25519"),
        (json!({ "jwk": key(2, Algorithm::Es256).public().jwk() }), "ES384", "\"ES384\" is not supported"),
    ] {
        let report = report(&presented(&confirmation, algorithm));
        let (outcome, found, conclusion) = said(&report, Step::Holder);
        assert_eq!(
            (outcome, conclusion),
            (StepOutcome::NotChecked, Conclusion::NotCheckable),
            "{confirmation}: {found}"
        );
        assert!(found.contains(reason), "{confirmation}: {found}");
        assert_eq!(said(&report, Step::Signature).1, "The ES256 signature is valid.", "that of the issuer");
        assert!(!report.is_valid() && !report.is_genuine(), "nothing shows who presented it");
    }
    for confirmation in [json!({}), json!("k9"), json!({ "jwk": {} }), json!({ "jwk": null })] {
        let report = report(&presented(&confirmation, "ES256"));
        assert_eq!(said(&report, Step::Holder).0, StepOutcome::Failed, "{confirmation}");
    }
}

#[test]
fn holder_key_that_must_not_verify_says_why() {
    for (name, value, reason) in [
        ("use", "enc", "use or alg of cnf.jwk is not for the holder's signature"),
        ("alg", "ES384", "use or alg of cnf.jwk is not for the holder's signature"),
        ("d", "AA", "cnf.jwk contains private parameters"),
        ("x", "AA", "cnf.jwk lacks a parameter"),
    ] {
        let mut jwk = key(2, Algorithm::Es256).public().jwk();
        jwk[name] = value.into();
        let report = report(&presented(&json!({ "jwk": jwk }), "ES256"));
        let (outcome, found, conclusion) = said(&report, Step::Holder);
        assert_eq!((outcome, conclusion), (StepOutcome::Failed, Conclusion::Invalid), "{name}: {found}");
        assert!(found.contains(reason), "{name}: {found}");
    }
}

#[test]
fn did_jwk_without_a_usable_key_is_not_checkable() {
    for issuer in ["did:jwk:xxx", "did:jwk:", "did:jwk:e30", "did:jwk:eyJrdHkiOiJSU0EifQ"] {
        let report = report(&crafted(&json!({ "iss": issuer, "vct": "urn:example:career" }), &[]));
        for step in [Step::Signature, Step::Issuer] {
            let (outcome, found, conclusion) = said(&report, step);
            assert_eq!((outcome, conclusion), (StepOutcome::NotChecked, Conclusion::NotCheckable), "{issuer}: {found}");
        }
        assert!(said(&report, Step::Issuer).1.contains(issuer), "{issuer}");
    }
}
