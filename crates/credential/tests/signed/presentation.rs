//! Presentations: selected disclosures and the key binding to a challenge.

use credential::Type;
use credential::format::Format;
use credential::format::sd_jwt::{self, SdJwt};
use credential::jws;
use credential::key::{Algorithm, SoftwareKey};
use credential::verification::{Step, StepOutcome, Token};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{NOW, bound, career, challenge, failure, fields, inputs, issuer, key, signed_by};

// Conforms: RFC 9901 7.2; RFC 9901 4.3
#[test]
fn presentation_shows_chosen_claims_for_its_challenge() {
    let (text, holder) = bound();
    let credential = SdJwt::read(&text).expect("read");
    let shown = credential.present(|place| place == "/employment/0" || place == "/full_name").expect("shown");
    assert!(shown.len() < text.len());
    let presentation = sd_jwt::bind(&shown, ("https://hirer.example", "n-1"), NOW, &holder).expect("bound");
    let report = Token::read(&presentation).expect("read").verify(&inputs(&[]), &challenge());
    assert!(report.is_valid(), "{report:?}");
    assert!(report.verdicts.iter().all(|verdict| verdict.outcome == StepOutcome::Passed), "{report:?}");
    let said = fields(Type::default());
    assert_eq!(report.claims["employment"], json!([said["employment"][0]]));
    assert_eq!(report.claims["full_name"], said["full_name"]);
    assert!(!report.claims.contains_key("partner_chain") && !report.claims.contains_key("_sd"));
    assert_eq!(report.claims["attested_by"], json!({ "name": "Acme Payroll" }));
}

// Conforms: RFC 9901 7.3; HAIP 6.1.1.1
#[test]
fn bindings_to_another_challenge_are_rejected_by_reason() {
    let (text, holder) = bound();
    let bind = |audience: &str, nonce: &str, at: i64, by: &SoftwareKey| {
        sd_jwt::bind(&text, (audience, nonce), at, by).expect("bound")
    };
    let check = |presentation: &str| {
        failure(&Token::read(presentation).expect("read").verify(&inputs(&[]), &challenge()), Step::Holder)
    };
    let right = "https://hirer.example";
    assert_eq!(check(&bind(right, "n-1", NOW, &holder)), None);
    assert_eq!(check(&bind("https://other.example", "n-1", NOW, &holder)), Some("audience"));
    assert_eq!(check(&bind(right, "n-0", NOW, &holder)), Some("nonce"));
    assert_eq!(check(&bind(right, "n-1", NOW - 1000, &holder)), Some("too_old"));
    assert_eq!(check(&bind(right, "n-1", NOW + 1000, &holder)), Some("from_the_future"));
    assert_eq!(check(&bind(right, "n-1", NOW, &key(3, Algorithm::Es256))), Some("signature"));
    assert_eq!(check(&bind(right, "n-1", NOW, &key(3, Algorithm::EdDsa))), Some("key_confusion"));
    assert_eq!(check(&text), Some("not_bound"));
    let less = SdJwt::read(&text).expect("read").present(|place| place == "/full_name").expect("shown");
    let binding = bind(right, "n-1", NOW, &holder);
    let moved = format!("{less}{}", binding.rsplit_once('~').expect("a tilde").1);
    assert_eq!(check(&moved), Some("sd_hash"), "a binding of more than is shown");
    let unbound = signed_by(&issuer(Algorithm::Es256), career(Format::SdJwtVc), None);
    assert_eq!(check(&sd_jwt::bind(&unbound, (right, "n-1"), NOW, &holder).expect("bound")), Some("not_bound"));
    let header = jws::protected(&json!({ "alg": "ES256", "typ": "JWT" }));
    let payload = SdJwt::read(&binding).expect("read").key_binding.expect("bound").payload;
    let payload = Value::Object(payload).to_string();
    let untyped = format!("{text}{}", jws::sign(&header, payload.as_bytes(), &holder).expect("signed"));
    assert_eq!(check(&untyped), Some("type"));
}

#[test]
fn presentation_that_lost_its_end_is_incomplete() {
    let (text, holder) = bound();
    let whole = sd_jwt::bind(&text, ("https://hirer.example", "n-1"), NOW, &holder).expect("bound");
    for cut in 1..=whole.len() - text.len() - 1 {
        let said = match Token::read(&whole[..whole.len() - cut]) {
            Ok(token) => {
                let report = token.verify(&inputs(&[]), &challenge());
                report.verdict(Step::Holder).expect("a verdict").reason.clone()
            }
            Err(refusal) => refusal.to_string(),
        };
        assert!(said.contains("incomplete") && said.contains("copy all of it"), "{cut}: {said}");
        assert!(!said.contains("another key"), "{cut}: {said}");
    }
}

#[test]
fn binding_in_milliseconds_says_so() {
    let (text, holder) = bound();
    let bound = sd_jwt::bind(&text, ("https://hirer.example", "n-1"), NOW * 1000, &holder).expect("bound");
    let report = Token::read(&bound).expect("read").verify(&inputs(&[]), &challenge());
    assert_eq!(failure(&report, Step::Holder), Some("from_the_future"));
    let reason = &report.verdict(Step::Holder).expect("a verdict").reason;
    assert!(reason.contains("iat is in seconds, and as milliseconds it would be 2026-11-18T11:06:40Z"), "{reason}");
}

proptest! {
    // Conforms: RFC 9901 7.3
    #[test]
    fn changed_presentations_do_not_verify(place in 0..4000_usize, replacement in "[A-Za-z0-9_.~-]") {
        let (text, holder) = bound();
        let presentation = sd_jwt::bind(&text, ("https://hirer.example", "n-1"), NOW, &holder).expect("bound");
        let place = place % presentation.len();
        let mut changed = presentation.clone();
        changed.replace_range(place..=place, &replacement);
        prop_assume!(changed != presentation);
        if let Ok(token) = Token::read(&changed) {
            prop_assert!(!token.verify(&inputs(&[]), &challenge()).is_valid());
        }
    }

    #[test]
    fn only_the_chosen_fields_are_disclosed(chosen in proptest::collection::btree_set(0..20_usize, 0..10)) {
        let (text, _) = bound();
        let credential = SdJwt::read(&text).expect("read");
        let places = credential.disclose().expect("shown").places;
        let kept: Vec<&String> = places.iter().enumerate().filter(|(at, _)| chosen.contains(at)).map(|(_, place)| place).collect();
        let shown = credential.present(|place| kept.iter().any(|kept| *kept == place)).expect("shown");
        let disclosed = SdJwt::read(&shown).expect("read").disclose().expect("shown");
        let wanted = |place: &&String| kept.iter().any(|kept| kept == place || kept.starts_with(&format!("{place}/")));
        prop_assert_eq!(disclosed.places.len(), places.iter().filter(wanted).count());
    }
}
