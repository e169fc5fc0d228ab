//! Verifies any text as a signed token, with any status list and metadata. Every step gets a
//! verdict, every error message is a sentence, and the report is valid only if a signature was
//! verified.
#![no_main]

use credential::format::sd_jwt::Challenge;
use credential::jws;
use credential::key::{Algorithm, SoftwareKey};
use credential::verification::{LookupResult, Step, StepOutcome, Token, VerificationInputs, keys_of};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|input: (&str, &str, &str, &[u8], bool)| {
    let (text, payload, status, metadata, asked) = input;
    let key = SoftwareKey::from_bytes(Algorithm::EdDsa, &[7; 32]).expect("a key");
    let keys = keys_of(&json!({ "keys": [key.public().published_jwk("k1")] }));
    let inputs = VerificationInputs {
        issuer_keys: LookupResult::Found(keys),
        status: LookupResult::Found(status.to_owned()),
        more_status: Vec::new(),
        stored_status: None,
        metadata: LookupResult::Found(metadata.to_vec()),
    };
    let challenge = Challenge {
        audience: asked.then_some("https://hirer.example"),
        nonce: asked.then_some("n-1"),
        now: 1_795_000_000,
        most_age: Some(300),
    };
    // Signs the same payload in every format, so that the fuzzer reaches the code behind the
    // signature.
    let signed = |typ: &str, end: &str| {
        let header = jws::protected(&json!({ "alg": "EdDSA", "typ": typ, "kid": "k1" }));
        jws::sign(&header, payload.as_bytes(), &key).expect("signed") + end
    };
    for text in [text.to_owned(), signed("dc+sd-jwt", "~"), signed("vc+jwt", ""), signed("JWT", "")] {
        let token = match Token::read(&text) {
            Ok(token) => token,
            Err(refusal) => {
                assert!(refusal.to_string().ends_with('.') && !refusal.code().is_empty());
                continue;
            }
        };
        let report = token.verify(&inputs, &challenge);
        assert_eq!(report.verdicts.len(), 6);
        for verdict in &report.verdicts {
            assert_eq!(verdict.outcome == StepOutcome::Failed, verdict.code.is_some(), "{verdict:?}");
            assert!(verdict.reason.ends_with('.'), "{verdict:?}");
        }
        let outcome = |step: Step| report.verdict(step).expect("every step has a verdict").outcome;
        if report.is_valid() {
            assert_eq!(outcome(Step::Signature), StepOutcome::Passed);
            assert!(
                !asked || outcome(Step::Holder) == StepOutcome::Passed,
                "the token answers a challenge without a holder"
            );
        }
        let nothing = token.verify(&VerificationInputs::default(), &challenge);
        let names_its_key = token.issuer().is_some_and(|issuer| issuer.starts_with("did:jwk:"));
        assert!(names_its_key || !nothing.is_valid(), "nothing is known, and it is believed");
        serde_json::to_string(&report).expect("a report can be written down");
    }
});
