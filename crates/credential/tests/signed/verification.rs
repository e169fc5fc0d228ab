//! Verification: status, time, headers.

use credential::VerifyError;
use credential::format::Format;
use credential::format::sd_jwt::{Challenge, SdJwt};
use credential::format::vc_jwt::{IssuerProfile, status_list_credential};
use credential::jws::Jws;
use credential::key::Algorithm;
use credential::status::{Status, StatusList, token_payload};
use credential::verification::{Conclusion, LookupResult, Report, Step, StepOutcome, Token, VerificationInputs};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{ADDRESS, NOW, YEAR, bound, career, crafted, failure, forged, inputs, issuer, key, signed_by};

// Conforms: Token Status List 8.3; HAIP 6.1
#[test]
fn status_and_time_are_checked() {
    let (text, _) = bound();
    let token = Token::read(&text).expect("read");
    let at = |now: i64| Challenge { now, ..Challenge::default() };
    let status = |inputs: &VerificationInputs| failure(&token.verify(inputs, &at(NOW)), Step::Status);
    assert_eq!(status(&inputs(&[6, 8])), None);
    assert_eq!(status(&inputs(&[7])), Some("revoked"));
    let with_list = |change: &dyn Fn(&mut Value)| {
        let mut payload =
            token_payload(&StatusList::of_revoked(8, []), &format!("{ADDRESS}/status/1"), (NOW, NOW + 60), 60);
        change(&mut payload);
        let token = forged(&json!({ "alg": "ES256", "typ": "statuslist+jwt", "kid": "k1" }), &payload);
        VerificationInputs { status: LookupResult::Found(token), ..inputs(&[]) }
    };
    let other_list = |change: &dyn Fn(&mut Value)| status(&with_list(change));
    assert_eq!(other_list(&|_| {}), None);
    assert_eq!(other_list(&|payload| payload["sub"] = "https://other.example".into()), Some("claim"));
    for (date, at_date) in [("exp", NOW - 100), ("iat", NOW + 100)] {
        let not_current = token.verify(&with_list(&|payload| payload[date] = at_date.into()), &at(NOW));
        let outcome = not_current.verdict(Step::Status).map(|verdict| verdict.outcome);
        assert_eq!(outcome, Some(StepOutcome::NotChecked), "{date}");
        assert_eq!(not_current.conclusion(), Conclusion::NotCheckable, "{date}");
    }
    assert_eq!(other_list(&|payload| payload["status_list"]["lst"] = "eNpjAAAAAQAB".into()), None);
    let untyped = forged(&json!({ "alg": "ES256", "typ": "JWT", "kid": "k1" }), &json!({}));
    let untyped = VerificationInputs { status: LookupResult::Found(untyped), ..inputs(&[]) };
    assert_eq!(token.verify(&untyped, &at(NOW)).conclusion(), Conclusion::NotCheckable, "no status list");
    assert_eq!(other_list(&|payload| payload["iss"] = "https://other.example".into()), None, "the key decides");
    for (now, code) in [(NOW, None), (NOW + YEAR + 61, Some("expired")), (NOW - 61, Some("from_the_future"))] {
        assert_eq!(failure(&token.verify(&inputs(&[]), &at(now)), Step::Dates), code, "{now}");
    }
}

#[test]
fn credentials_are_not_valid_before_their_start() {
    let start = |nbf: i64| {
        let vct = format!("{ADDRESS}/credentials/career_history");
        let payload = json!({ "iss": ADDRESS, "vct": vct, "iat": NOW, "nbf": nbf });
        let text = crafted(&payload, &[]);
        let token = Token::read(&text).expect("read");
        failure(&token.verify(&inputs(&[]), &Challenge { now: NOW, ..Challenge::default() }), Step::Dates)
    };
    assert_eq!([start(NOW), start(NOW + 100)], [None, Some("not_yet_valid")]);
}

/// Returns an issuer's list of two bits per entry, with index 7 replaced, after a change to its
/// claim `status_types`.
fn replaced_list(change: impl FnOnce(&mut Value)) -> LookupResult<String> {
    let list = StatusList::of_ended(131_072, [(6, false), (7, true)]);
    let mut payload = token_payload(&list, &format!("{ADDRESS}/status/1"), (NOW, NOW + 60), 60);
    change(&mut payload["status_types"]);
    LookupResult::Found(forged(&json!({ "alg": "ES256", "typ": "statuslist+jwt", "kid": "k1" }), &payload))
}

#[test]
fn checks_that_cannot_be_made_are_no_failures() {
    let (text, _) = bound();
    let token = Token::read(&text).expect("read");
    let report = |inputs: &VerificationInputs| token.verify(inputs, &Challenge { now: NOW, ..Challenge::default() });
    let away = || "the server does not respond".to_owned();
    assert_eq!(report(&inputs(&[])).conclusion(), Conclusion::Valid);
    assert_eq!(report(&inputs(&[7])).conclusion(), Conclusion::Invalid);
    let no_metadata = VerificationInputs { metadata: LookupResult::Failed(away()), ..inputs(&[]) };
    assert_eq!(report(&no_metadata).conclusion(), Conclusion::Valid, "the type's description is not needed");
    let no_status = report(&VerificationInputs { status: LookupResult::Failed(away()), ..inputs(&[]) });
    assert_eq!(no_status.conclusion(), Conclusion::NotCheckable);
    let no_keys = report(&VerificationInputs { issuer_keys: LookupResult::Failed(away()), ..inputs(&[7]) });
    assert_eq!(no_keys.conclusion(), Conclusion::NotCheckable);
    for step in [Step::Signature, Step::Issuer, Step::Status] {
        assert_eq!(no_keys.verdict(step).map(|verdict| verdict.outcome), Some(StepOutcome::NotChecked), "{step:?}");
    }
    assert_eq!(Report::unreadable(&VerifyError::NotAToken).conclusion(), Conclusion::Invalid);
}

// Conforms: Token Status List 7
#[test]
fn replaced_and_revoked_credentials_have_different_verdicts() {
    let holder = key(2, Algorithm::Es256);
    for format in [Format::SdJwtVc, Format::VcJwt] {
        let text = signed_by(&issuer(Algorithm::Es256), career(format), Some(holder.public()));
        let token = Token::read(&text).expect("read");
        assert_eq!(token.lookups().status.as_deref(), Some(&*format!("{ADDRESS}/status/1")));
        let report = |status| {
            let inputs = VerificationInputs { status, ..inputs(&[]) };
            token.verify(&inputs, &Challenge { now: NOW, ..Challenge::default() })
        };
        let replaced = report(replaced_list(|_| {}));
        assert_eq!(failure(&replaced, Step::Status), Some("replaced"), "{format:?}");
        assert!(replaced.is_replaced() && !replaced.is_valid());
        let reason = &replaced.verdict(Step::Status).expect("a verdict").reason;
        assert!(reason.contains("replaced by another version. Ask the holder"), "{reason}");
        // Without the issuer's declaration, 3 can mean anything.
        for types in [Value::Null, json!({ "0x03": "suspended" }), json!("replaced")] {
            let other = report(replaced_list(|claim| *claim = types));
            let status = other.verdict(Step::Status).expect("a verdict");
            let found = (status.outcome, other.conclusion());
            assert_eq!(found, (StepOutcome::NotChecked, Conclusion::NotCheckable), "{}", status.reason);
            assert_eq!(status.reason, VerifyError::UnknownStatus(3).to_string());
            assert!(!other.is_replaced());
        }
    }
}

#[test]
fn stored_status_takes_precedence_over_the_list() {
    let (text, _) = bound();
    let token = Token::read(&text).expect("read");
    let reference = token.status_reference().expect("a status");
    assert_eq!((reference.uri, reference.index), (format!("{ADDRESS}/status/1"), 7));
    for (stored, code) in [
        (None, Some("revoked")),
        (Some(Status::Valid), None),
        (Some(Status::Replaced), Some("replaced")),
        (Some(Status::Invalid), Some("revoked")),
    ] {
        // The list says that it is revoked.
        let given = VerificationInputs { stored_status: stored, ..inputs(&[7]) };
        let report =
            |inputs: &VerificationInputs| token.verify(inputs, &Challenge { now: NOW, ..Challenge::default() });
        assert_eq!(failure(&report(&given), Step::Status), code, "{stored:?}");
        let without = VerificationInputs { status: LookupResult::Failed("away".to_owned()), ..given };
        let outcome = report(&without).verdict(Step::Status).map(|verdict| verdict.outcome);
        assert_eq!(outcome == Some(StepOutcome::NotChecked), stored.is_none(), "no list is needed: {stored:?}");
    }
}

// Conforms: Bitstring Status List 3.2
#[test]
fn w3c_credential_without_status_claim_is_revoked_by_bitstring() {
    let issuer = issuer(Algorithm::Es256);
    let text = signed_by(&issuer, career(Format::VcJwt), None);
    let mut payload = Jws::read(&text).expect("read").payload;
    assert!(payload.remove("status").is_some(), "credentials of earlier releases have none");
    let header = json!({ "alg": "ES256", "typ": "vc+jwt", "kid": "did:web:passport.example#k1" });
    let text = forged(&header, &Value::Object(payload));
    let uri = format!("{ADDRESS}/status/1/bitstring");
    let profile = IssuerProfile { id: "did:web:passport.example", name: "T", address: ADDRESS };
    for (revoked, code) in [(vec![], None), (vec![7], Some("revoked"))] {
        let list = StatusList::of_revoked(131_072, revoked);
        let list = status_list_credential(&profile, &uri, &list, (NOW, NOW + 60));
        let list = forged(&header, &list);
        let inputs = VerificationInputs { status: LookupResult::Found(list), ..inputs(&[]) };
        let report = Token::read(&text).expect("read").verify(&inputs, &Challenge { now: NOW, ..Challenge::default() });
        assert_eq!(failure(&report, Step::Status), code, "{report:?}");
    }
}

// Conforms: RFC 7515 4.1; SD-JWT VC 2; VC-JOSE-COSE 3.1.1
#[test]
fn misleading_headers_are_rejected() {
    let (text, _) = bound();
    let (issued, disclosures) = text.split_once('~').expect("a tilde");
    let payload = Value::Object(SdJwt::read(&text).expect("read").jws.payload);
    let with = |header: Value| {
        let text = format!("{}~{disclosures}", forged(&header, &payload));
        Token::read(&text).map(|token| {
            failure(&token.verify(&inputs(&[]), &Challenge { now: NOW, ..Challenge::default() }), Step::Signature)
        })
    };
    let header = |alg: &str, typ: &str| json!({ "alg": alg, "typ": typ, "kid": "k1" });
    assert_eq!(with(header("ES256", "dc+sd-jwt")), Ok(None));
    for alg in ["none", "None", "HS256", "RS256", "ES256K", ""] {
        assert_eq!(with(header(alg, "dc+sd-jwt")), Err(VerifyError::Algorithm(alg.to_owned())));
    }
    assert_eq!(with(header("EdDSA", "dc+sd-jwt")), Ok(Some("key_confusion")));
    for typ in ["vc+sd-jwt", "JWT", "", "kb+jwt"] {
        assert!(matches!(with(header("ES256", typ)), Err(VerifyError::Type { .. })), "{typ}");
    }
    assert_eq!(with(json!({ "alg": "ES256", "typ": "dc+sd-jwt", "kid": "k2" })), Ok(Some("unknown_key")));
    assert_eq!(
        with(json!({ "alg": "ES256", "typ": "dc+sd-jwt", "kid": "k1", "crit": ["b64"] })),
        Err(VerifyError::Critical)
    );
    let unsigned = format!("{}.~{disclosures}", issued.rsplit_once('.').expect("three parts").0);
    let report =
        Token::read(&unsigned).expect("read").verify(&inputs(&[]), &Challenge { now: NOW, ..Challenge::default() });
    assert_eq!(failure(&report, Step::Signature), Some("signature"));
}

proptest! {
    #[test]
    fn reading_any_text_never_panics(text in "[A-Za-z0-9_=.~{}\"-]{0,200}") {
        let _ = Token::read(&text);
    }
}
