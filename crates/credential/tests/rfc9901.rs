//! The examples of RFC 9901: its SD-JWTs are parsed, verified and presented as in the text, and are
//! reproduced byte for byte.

use std::path::Path;

use credential::VerifyError;
use credential::format::sd_jwt::{Challenge, SdJwt};
use credential::jws;
use credential::key::{Algorithm, PublicKey, SoftwareKey};
use serde_json::{Value, json};

fn examples() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rfc9901");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON"))
    };
    files.iter().map(read).collect()
}

fn text<'a>(example: &'a Value, name: &str) -> Option<&'a str> {
    example[name].as_str()
}

/// Returns an example with the issuer's signature of the text, or signed by this test if the text
/// has none.
fn signed(example: &Value, which: &str) -> Option<String> {
    if let Some(text) = text(example, which) {
        return Some(text.to_owned());
    }
    let disclosures = example["disclosures"].as_array().filter(|_| which == "sd_jwt")?;
    let key = SoftwareKey::from_bytes(Algorithm::Es256, &[1; 32]).expect("a key");
    let header = jws::protected(&json!({ "alg": "ES256", "typ": "example+sd-jwt" }));
    let issued = jws::sign(&header, example["payload"].to_string().as_bytes(), &key).expect("signed");
    let disclosures = disclosures.iter();
    let disclosures = disclosures.map(|disclosure| disclosure["disclosure"].as_str().expect("a text"));
    Some(disclosures.fold(format!("{issued}~"), |text, disclosure| format!("{text}{disclosure}~")))
}

// Conforms: RFC 9901 7.1
#[test]
fn every_example_is_read_as_the_text_reads_it() {
    let examples = examples();
    assert!(examples.len() >= 12, "{}", examples.len());
    for (name, example) in &examples {
        for which in ["sd_jwt", "presentation"] {
            let Some(text) = signed(example, which) else { continue };
            let read = SdJwt::read(&text).unwrap_or_else(|refusal| panic!("{name} {which}: {refusal}"));
            let issuer = PublicKey::from_jwk(&example["issuer_key_jwk"]);
            if example[which].is_string() {
                read.jws
                    .verify(&issuer.expect("the issuer's key"))
                    .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
            }
            let shown =
                Value::Object(read.disclose().unwrap_or_else(|refusal| panic!("{name} {which}: {refusal}")).claims);
            let is_last = which == "presentation" || !example["presentation"].is_string();
            let expected = if is_last { &example["processed_payload"] } else { &example["issued_processed_payload"] };
            if !expected.is_null() {
                assert_eq!(&shown, expected, "{name} {which}");
            }
        }
    }
}

// Conforms: RFC 9901 7.3
#[test]
fn key_bindings_match_only_their_challenge() {
    let mut bound = 0;
    for (name, example) in examples() {
        let (Some(text), Some(audience)) = (text(&example, "presentation"), example["kb"]["aud"].as_str()) else {
            continue;
        };
        let read = SdJwt::read(text).expect("read");
        let holder = PublicKey::from_jwk(&example["holder_key_jwk"]).expect("the holder's key");
        let nonce = example["kb"]["nonce"].as_str();
        let made = example["kb"]["iat"].as_i64().expect("a time");
        let challenge = Challenge { audience: Some(audience), nonce, now: made + 5, most_age: Some(300) };
        assert_eq!(read.verify_key_binding(&holder, &challenge), Ok(()), "{name}");
        let other = Challenge { nonce: Some("another"), ..challenge };
        assert_eq!(read.verify_key_binding(&holder, &other), Err(VerifyError::Nonce), "{name}");
        let later = Challenge { now: made + 4000, ..challenge };
        assert_eq!(read.verify_key_binding(&holder, &later), Err(VerifyError::TooOld), "{name}");
        bound += 1;
    }
    assert!(bound >= 4, "{bound}");
}

/// The presentations in the text are selections from the issued SD-JWTs.
// Conforms: RFC 9901 7.2
#[test]
fn presentations_of_the_rfc_are_parts_of_its_issued_tokens() {
    let mut compared = 0;
    for (name, example) in examples() {
        let (Some(issued), Some(shown)) = (text(&example, "sd_jwt"), text(&example, "presentation")) else { continue };
        let (issued, shown) = (SdJwt::read(issued).expect("read"), SdJwt::read(shown).expect("read"));
        let all = issued.present(|_| true).expect("shown");
        assert_eq!(Some(all.as_str()), text(&example, "sd_jwt"), "{name}: everything is what was issued");
        let kept: Vec<&str> = text(&example, "presentation").expect("a text").split('~').collect();
        let kept = &kept[1..kept.len() - 1];
        let disclosures: Vec<&str> = text(&example, "sd_jwt").expect("a text").split('~').skip(1).collect();
        let places = issued.disclose().expect("disclosed").places;
        let chosen: Vec<&String> =
            places.iter().zip(&disclosures).filter(|(_, text)| kept.contains(text)).map(|(place, _)| place).collect();
        let cut = issued.present(|place| chosen.iter().any(|chosen| *chosen == place)).expect("shown");
        assert_eq!(
            SdJwt::read(&cut).expect("read").disclose(),
            shown.disclose().map(|mut shown| {
                // The text lists the disclosures in an order of its own.
                let mut sorted = SdJwt::read(&cut).expect("read").disclose().expect("disclosed").places;
                std::mem::swap(&mut shown.places, &mut sorted);
                shown
            }),
            "{name}"
        );
        compared += 1;
    }
    assert!(compared >= 3, "{compared}");
}

#[test]
fn a_changed_letter_in_any_example_is_noticed() {
    for (name, example) in examples() {
        let Some(text) = text(&example, "sd_jwt") else { continue };
        let issuer = PublicKey::from_jwk(&example["issuer_key_jwk"]).expect("a key");
        for place in (0..text.len()).step_by(text.len() / 40 + 1) {
            let mut changed = text.to_owned();
            let other = if &text[place..=place] == "A" { "B" } else { "A" };
            changed.replace_range(place..=place, other);
            let good = SdJwt::read(&changed)
                .and_then(|read| read.jws.verify(&issuer).and_then(|()| read.disclose().map(drop)));
            assert!(good.is_err(), "{name} at {place}");
        }
    }
}
