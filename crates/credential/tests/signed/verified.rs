//! Dates and statuses of a token: the cases of `verified.json`, which the page's script is tested
//! with too.

use credential::format::sd_jwt::Challenge;
use credential::jws;
use credential::key::Algorithm;
use credential::verification::{LookupResult, Report, Step, StepOutcome, Token, VerificationInputs};
use credential::{OtherToken, VerifyError};
use serde_json::{Value, json};

use crate::support::{ADDRESS, NOW, forged, inputs, key};

/// Returns the token of a case in its format, with what every token needs.
fn token(format: &str, claims: &Value) -> String {
    token_of_model(format, claims, false)
}

/// Like [`token`]; `is_newer` says whether a token with the `typ` JWT, or none, is of data model
/// 2.0.
fn token_of_model(format: &str, claims: &Value, is_newer: bool) -> String {
    let base = match format {
        "dc+sd-jwt" => json!({ "iss": ADDRESS, "vct": "urn:example:career" }),
        "vc+jwt" => json!({
            "issuer": ADDRESS,
            "type": ["VerifiableCredential"],
            "credentialSubject": { "full_name": "Ada Example" },
        }),
        _ => json!({ "iss": ADDRESS }),
    };
    let mut payload = base;
    for (name, value) in claims.as_object().expect("claims") {
        payload[name] = value.clone();
    }
    if format == "JWT" && !is_newer {
        payload["vc"]["type"] = json!(["VerifiableCredential"]);
        payload["vc"]["credentialSubject"] = json!({ "full_name": "Ada Example" });
    }
    let typ = if format.is_empty() { Value::Null } else { format.into() };
    let text = forged(&json!({ "alg": "ES256", "typ": typ, "kid": "k1" }), &payload);
    if format == "dc+sd-jwt" { text + "~" } else { text }
}

/// Verifies the token of a case with the lists of the case.
fn report(case: &Value) -> Report {
    let format = case["format"].as_str().expect("a format");
    let mut text = token_of_model(format, &case["claims"], case["isNewer"] == true);
    for disclosure in case["disclosures"].as_array().into_iter().flatten() {
        text = text + disclosure.as_str().expect("a disclosure") + "~";
    }
    let token = Token::read(&text).unwrap_or_else(|refusal| panic!("{}: {refusal}", case["name"]));
    let lookups = token.lookups();
    let list = |address: &String| match &case["lists"][address] {
        Value::Null => LookupResult::Failed("it does not exist".to_owned()),
        list if list["text"].is_string() => LookupResult::Found(list["text"].as_str().unwrap_or_default().to_owned()),
        list => {
            let alg = list["alg"].as_str().unwrap_or("ES256");
            let (kid, x5c) = (list["kid"].as_str().unwrap_or("k1"), &list["x5c"]);
            let header = json!({ "alg": alg, "typ": list["typ"], "kid": kid, "x5c": x5c });
            LookupResult::Found(match list["by"].as_str() {
                None => forged(&header, &list["payload"]),
                Some(_) => {
                    let payload = list["payload"].to_string();
                    let another = key(9, Algorithm::Es256);
                    jws::sign(&jws::protected(&header), payload.as_bytes(), &another).expect("signed")
                }
            })
        }
    };
    let inputs = VerificationInputs {
        status: lookups.status.as_ref().map_or(LookupResult::NotAttempted, list),
        more_status: lookups.more_status.iter().map(list).collect(),
        metadata: case["metadata"].as_str().map_or(LookupResult::NotAttempted, |text| LookupResult::Found(text.into())),
        ..inputs(&[])
    };
    token.verify(&inputs, &Challenge { now: NOW, ..Challenge::default() })
}

// Conforms: VCDM 2.0 4.9; RFC 7519 4.1.4; Token Status List 7.1; Bitstring Status List 2.1
#[test]
fn dates_and_statuses_of_other_issuers_are_reported() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("verified.json")).expect("the cases");
    assert!(cases.len() > 90);
    for case in cases {
        let report = report(&case);
        let said = |step: Step| {
            let verdict = report.verdict(step).expect("every step has a verdict");
            match verdict.outcome {
                StepOutcome::Passed => "passed".to_owned(),
                StepOutcome::Failed => format!("failed {}", verdict.code.expect("a code")),
                StepOutcome::NotChecked => "unchecked".to_owned(),
            }
        };
        let found = json!([said(Step::Signature), said(Step::Dates), said(Step::Status), report.conclusion()]);
        assert_eq!(found, json!(["passed", case["dates"], case["status"], case["conclusion"]]), "{}", case["name"]);
        if let Some(schema) = case["schema"].as_str() {
            let whole = said(Step::Schema);
            // Most cases leave the code of a failure open.
            let found = if schema.contains(' ') { Some(whole.as_str()) } else { whole.split(' ').next() };
            assert_eq!(found, Some(schema), "{}: {:?}", case["name"], report.verdict(Step::Schema));
        }
        if let Some(reason) = case["reason"].as_str() {
            let is_given = report.verdicts.iter().any(|verdict| verdict.reason.contains(reason));
            assert!(is_given, "{}: {:?}", case["name"], report.verdicts);
        }
    }
}

// Conforms: SD-JWT VC 5
#[test]
fn claims_that_break_the_rules_of_their_type_are_invalid() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("verified.json")).expect("the cases");
    let (mut broken, mut kept) = (0, 0);
    for case in cases.iter().filter(|case| case["metadata"].is_string()) {
        let report = report(case);
        let is_broken = case["schema"] == "failed claim_metadata";
        let schema = report.verdict(Step::Schema).expect("a verdict");
        assert_eq!(schema.code == Some("claim_metadata"), is_broken, "{}: {schema:?}", case["name"]);
        assert!(report.has_passed(Step::Signature), "{}", case["name"]);
        assert!(!is_broken || !report.is_genuine(), "{}: {schema:?}", case["name"]);
        *(if is_broken { &mut broken } else { &mut kept }) += 1;
    }
    assert!(broken > 30 && kept > 30, "{broken} {kept}");
}

// Conforms: SD-JWT VC 2.2.2
#[test]
fn issuers_without_a_name_are_not_checked_and_say_why() {
    let named = |change: &Value| {
        let text = token("dc+sd-jwt", change);
        let token = Token::read(&text).expect("read");
        let keys = VerificationInputs { metadata: LookupResult::NotAttempted, ..inputs(&[]) };
        let away = LookupResult::Failed("nothing responded".to_owned());
        let unanswered = VerificationInputs { issuer_keys: away, ..keys.clone() };
        [keys, unanswered].map(|inputs| {
            let report = token.verify(&inputs, &Challenge { now: NOW, ..Challenge::default() });
            let issuer = report.verdict(Step::Issuer).expect("a verdict").clone();
            (issuer.outcome, issuer.reason, report.conclusion())
        })
    };
    for (iss, reason) in [
        (Value::Null, "The token names no issuer (iss)"),
        (json!(7), "The claim iss is not the identifier of an issuer"),
        (json!({ "id": ADDRESS }), "The claim iss is not the identifier of an issuer"),
        (json!(""), "it is neither a URL nor a DID"),
        (json!("Example Ltd"), "it is neither a URL nor a DID"),
        (json!("https://issuer.example#k1"), "it contains a fragment (#)"),
        (json!("https://issuer.example?x=1"), "it contains a query (?)"),
        (json!("https://issuer.example@other.example"), "it contains a user name"),
        (json!("javascript:alert(1)"), "neither an https address nor a DID"),
        (json!("data:text/html,x"), "neither an https address nor a DID"),
        (json!("file:///etc/passwd"), "neither an https address nor a DID"),
        (json!("urn:example:issuer"), "neither an https address nor a DID"),
    ] {
        for (outcome, said, conclusion) in named(&json!({ "iss": iss })) {
            assert_eq!(
                (outcome, json!(conclusion)),
                (StepOutcome::NotChecked, json!("not_checkable")),
                "{iss}: {said}"
            );
            assert!(said.contains(reason), "{iss}: {said}");
        }
    }
    for (iss, reason) in [("http://issuer.example", "begins with http"), ("did:key:z6Mk", "method \"key\"")] {
        let [(with_keys, ..), (without, said, _)] = named(&json!({ "iss": iss }));
        assert_eq!((with_keys, without), (StepOutcome::Passed, StepOutcome::NotChecked), "{iss}");
        assert!(said.contains(reason), "{iss}: {said}");
    }
}

#[test]
fn certificate_without_an_issuer_is_named() {
    let header = json!({ "alg": "ES256", "typ": "dc+sd-jwt", "x5c": ["MIIB"] });
    let text = forged(&header, &json!({ "vct": "urn:example:career" })) + "~";
    let token = Token::read(&text).expect("read");
    let report = token.verify(&VerificationInputs::default(), &Challenge { now: NOW, ..Challenge::default() });
    let reason = &report.verdict(Step::Issuer).expect("a verdict").reason;
    assert!(reason.contains("names no issuer (iss)") && reason.contains("x5c"), "{reason}");
}

#[test]
fn unsupported_algorithms_leave_a_token_unchecked() {
    for (alg, conclusion) in [
        ("ES384", "not_checkable"),
        ("RS256", "not_checkable"),
        ("Ed448", "not_checkable"),
        ("ML-DSA-87", "not_checkable"),
        ("X-NEW", "not_checkable"),
        ("none", "invalid"),
        ("None", "invalid"),
        ("HS256", "invalid"),
        ("hs1", "invalid"),
        ("", "invalid"),
    ] {
        let text = forged(&json!({ "alg": alg, "typ": "dc+sd-jwt" }), &json!({ "vct": "x" })) + "~";
        let refusal = Token::read(&text).expect_err(alg);
        let report = Report::unreadable(&refusal);
        assert_eq!(json!(report.conclusion()), json!(conclusion), "{alg}");
        assert!(report.verdicts[0].reason.contains(alg), "{alg}: {report:?}");
    }
}

#[test]
fn unsupported_kinds_are_distinguished_from_invalid_tokens() {
    let refusal = |header: Value, payload: Value| {
        let text = forged(&header, &payload) + "~";
        let refusal = Token::read(&text).expect_err("refused");
        (json!(Report::refused(&text, &refusal, NOW).conclusion()), refusal.to_string())
    };
    let sd_jwt = json!({ "alg": "ES256", "typ": "dc+sd-jwt" });
    for (header, payload, conclusion, reason) in [
        (json!({ "alg": "ES256", "typ": "vc+sd-jwt" }), json!({ "vct": "x" }), "not_checkable", "of an older draft"),
        (json!({ "alg": "ES256", "typ": "kb+jwt" }), json!({ "vct": "x" }), "invalid", "must be dc+sd-jwt"),
        (sd_jwt.clone(), json!({ "vct": "x", "_sd_alg": "sha-512" }), "not_checkable", "\"sha-512\""),
        (sd_jwt, json!({ "vct": "x", "_sd_alg": "md5" }), "not_checkable", "\"md5\""),
    ] {
        let (found, said) = refusal(header, payload);
        assert_eq!(found, json!(conclusion), "{said}");
        assert!(said.contains(reason), "{said}");
    }
}

/// An expired token is not valid, also if its signature cannot be checked.
#[test]
fn expired_token_of_an_unsupported_algorithm_is_invalid() {
    for (typ, payload, code) in [
        ("dc+sd-jwt", json!({ "vct": "x", "exp": NOW + 60 }), None),
        ("dc+sd-jwt", json!({ "vct": "x", "exp": 1 }), Some("expired")),
        ("dc+sd-jwt", json!({ "vct": "x", "expiry_date": "2020-01-01" }), Some("expired")),
        ("dc+sd-jwt", json!({ "vct": "x", "nbf": NOW + 600 }), Some("not_yet_valid")),
        ("vc+jwt", json!({ "validUntil": "2020-01-01T00:00:00Z" }), Some("expired")),
        ("JWT", json!({ "vc": { "expirationDate": "2020-01-01T00:00:00Z" } }), Some("expired")),
        ("JWT", json!({ "vc": "x" }), None),
    ] {
        let end = if typ == "dc+sd-jwt" { "~" } else { "" };
        let text = forged(&json!({ "alg": "ES384", "typ": typ }), &payload) + end;
        let refusal = Token::read(&text).expect_err("not supported");
        let report = Report::refused(&text, &refusal, NOW);
        assert_eq!(report.verdict(Step::Dates).and_then(|verdict| verdict.code), code, "{payload}");
        let conclusion = if code.is_some() { "invalid" } else { "not_checkable" };
        assert_eq!(json!(report.conclusion()), json!(conclusion), "{payload}");
    }
    let unsigned = forged(&json!({ "alg": "none", "typ": "dc+sd-jwt" }), &json!({ "vct": "x", "exp": 1 })) + "~";
    let refusal = Token::read(&unsigned).expect_err("not signed");
    let dates = Report::refused(&unsigned, &refusal, NOW).verdict(Step::Dates).map(|verdict| verdict.outcome);
    assert_eq!(dates, Some(StepOutcome::NotChecked), "nothing in it counts");
}

#[test]
fn issuer_of_a_wrong_signature_is_not_known() {
    let text = token("dc+sd-jwt", &json!({}));
    let (signed, _) = text.rsplit_once('.').expect("three parts");
    for text in [format!("{signed}.{}~", "A".repeat(86)), text[..text.len() - 3].to_owned() + "~"] {
        let token = Token::read(&text).expect("read");
        let report = token.verify(&inputs(&[]), &Challenge { now: NOW, ..Challenge::default() });
        let issuer = report.verdict(Step::Issuer).expect("a verdict");
        assert_eq!((issuer.outcome, json!(report.conclusion())), (StepOutcome::NotChecked, json!("invalid")), "{text}");
        assert!(issuer.reason.contains("nothing shows who signed it"), "{}", issuer.reason);
    }
}

#[test]
fn issuer_and_iss_of_a_w3c_credential_are_the_same() {
    let read = |claims: Value| Token::read(&token("vc+jwt", &claims)).map(drop);
    assert_eq!(read(json!({ "iss": ADDRESS })), Ok(()));
    assert_eq!(read(json!({ "iss": ADDRESS, "issuer": { "id": ADDRESS } })), Ok(()));
    for claims in [json!({ "iss": "https://other.example" }), json!({ "iss": ADDRESS, "issuer": { "name": "A" } })] {
        assert!(matches!(read(claims.clone()), Err(VerifyError::Claim(_))), "{claims}");
    }
}

#[test]
fn other_signed_tokens_are_named_and_not_invalid() {
    let mut named = Vec::new();
    for typ in [
        "at+jwt",
        "application/AT+JWT",
        "openid4vci-proof+jwt",
        "dpop+jwt",
        "kb+jwt",
        "key-attestation+jwt",
        "statuslist+jwt",
        "vp+jwt",
        "oauth-authz-req+jwt",
        "openidvci-issuer-metadata+jwt",
    ] {
        let text = forged(&json!({ "alg": "ES256", "typ": typ }), &json!({ "iss": ADDRESS, "exp": 1 }));
        let refusal = Token::read(&text).expect_err("no credential");
        let VerifyError::OtherToken(kind) = refusal else { panic!("{typ}: {refusal}") };
        named.push(kind);
        let report = Report::refused(&text, &refusal, NOW);
        assert_eq!(json!(report.conclusion()), json!("not_checkable"), "{typ}");
        let reason = &report.verdicts[0].reason;
        assert!(reason.starts_with("This is not a credential but ") && reason.ends_with('.'), "{reason}");
    }
    assert!(OtherToken::ALL.iter().all(|kind| named.contains(kind)), "{named:?}");
}

#[test]
fn w3c_credentials_of_unknown_models_are_not_checkable() {
    for payload in [
        json!({ "@context": ["https://www.w3.org/ns/credentials/v9"], "type": ["VerifiableCredential"] }),
        json!({ "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["Other"] }),
        json!({ "type": "VerifiableCredential" }),
    ] {
        let text = forged(&json!({ "alg": "ES256", "typ": "JWT" }), &payload);
        let refusal = Token::read(&text).expect_err("unknown");
        assert_eq!(json!(Report::refused(&text, &refusal, NOW).conclusion()), json!("not_checkable"), "{payload}");
    }
}
