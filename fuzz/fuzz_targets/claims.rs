//! Verifies credentials with any claims: dates, statuses and issuers of any form. Every reason is a
//! sentence, and a date that is not understood never counts as valid.
#![no_main]

use credential::format::sd_jwt::Challenge;
use credential::jws::protected;
use credential::verification::{Step, StepOutcome, Token, VerificationInputs};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|input: (&str, &str, i64)| {
    let (claims, until, now) = input;
    let claims: Value = serde_json::from_str(claims).unwrap_or(Value::Null);
    for (typ, end) in [("dc+sd-jwt", "~"), ("vc+jwt", ""), ("JWT", "")] {
        let mut payload = json!({ "type": ["VerifiableCredential"], "vct": "x", "validUntil": until });
        for (name, value) in claims.as_object().into_iter().flatten() {
            payload[name] = value.clone();
        }
        if typ == "JWT" {
            payload = json!({ "iss": payload["issuer"], "exp": payload["exp"], "vc": payload });
        }
        let text = format!("{}.{}.AA{end}", protected(&json!({ "alg": "ES256", "typ": typ })), protected(&payload));
        let Ok(token) = Token::read(&text) else { continue };
        let _ = token.lookups();
        let report = token.verify(&VerificationInputs::default(), &Challenge { now, ..Challenge::default() });
        assert!(report.verdicts.iter().all(|verdict| verdict.reason.ends_with('.')), "{report:?}");
        let dates = report.verdict(Step::Dates).map(|verdict| verdict.outcome);
        let is_understood = report.claims.get("exp").is_none_or(Value::is_number);
        assert!(is_understood || dates != Some(StepOutcome::Passed), "{report:?}");
    }
});
