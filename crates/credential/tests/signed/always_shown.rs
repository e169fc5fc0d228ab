//! Members that a type always shows cannot be withheld in either format, and credentials expire
//! after their last day of validity.

use credential::format::sd_jwt::{Challenge, SdJwt};
use credential::format::sd_jwt_vc::{TypeMetadata, requested_vcts, type_of, vct};
use credential::format::{Configuration, Format, Issuer, ListForm, Statement};
use credential::key::{Algorithm, SoftwareKey};
use credential::verification::{LookupResult, Report, Step, StepOutcome, Token, VerificationInputs};
use credential::{ALL, Type};
use serde_json::{Value, json};

use crate::support::{ADDRESS, NOW, YEAR, crafted, digest, fields, inputs, issuer, key, rng};

/// Signs `fields` as the issuer, valid for a year.
fn signed(issuer: &Issuer<SoftwareKey>, configuration: Configuration, fields: &Value) -> String {
    let statement = Statement {
        id: "urn:uuid:00000000-0000-4000-8000-000000000001",
        credential_type: configuration.credential_type,
        fields,
        lists: ListForm::AsDeclared,
        partner_chain: &[],
        attester: "Acme",
        attested_at: "2026-11-20",
        issued_at: NOW,
        expires_at: NOW + YEAR,
        status: None,
        holder: None,
    };
    issuer.sign(configuration.format, &statement, &mut rng()).expect("signed")
}

fn in_format(credential_type: Type, format: Format) -> Configuration {
    Configuration { credential_type, format }
}

fn known(name: &str) -> Type {
    name.parse().expect("a type")
}

/// Returns the sample of a type with some members changed. Null changes nothing.
fn changed(known: Type, change: &Value) -> Value {
    let mut fields = fields(known);
    fields.as_object_mut().expect("fields").extend(change.as_object().cloned().unwrap_or_default());
    fields
}

fn report(text: &str, now: i64) -> Report {
    let keys = VerificationInputs { issuer_keys: inputs(&[]).issuer_keys, ..VerificationInputs::default() };
    Token::read(text).expect("read").verify(&keys, &Challenge { now, ..Challenge::default() })
}

// Conforms: RFC 9901 4.2
#[test]
fn always_shown_fields_are_in_the_clear_in_every_type() {
    let issuer = issuer(Algorithm::Es256);
    for known in ALL {
        let older = json!({ "identity_verification_level": "basic" });
        let fields = changed(*known, if known.name() == "digital_identity" { &older } else { &Value::Null });
        let text = signed(&issuer, in_format(*known, Format::SdJwtVc), &fields);
        let least = SdJwt::read(&text).expect("read").present(|_| false).expect("shown");
        assert_eq!(least.matches('~').count(), 1, "{known}: nothing is disclosed");
        let claims = report(&least, NOW).claims;
        for place in known.always_shown.iter().filter(|place| place.matches('/').count() == 1) {
            assert_eq!(claims.get(&place[1..]), fields.pointer(place), "{known}: {place}");
        }
        // Nested members are shown wherever their parent is.
        for place in known.always_shown.iter().filter(|place| place.matches('/').count() > 1) {
            let parent = &place[..place.rfind('/').expect("a parent")];
            let some = SdJwt::read(&text).expect("read").present(|shown| shown == parent).expect("shown");
            let claims = Value::Object(report(&some, NOW).claims);
            assert!(
                claims.pointer(place).is_some() && claims.pointer(place) == fields.pointer(place),
                "{known}: {place}"
            );
        }
    }
}

#[test]
fn lapsed_licence_and_unconferred_degree_always_say_so() {
    let issuer = issuer(Algorithm::Es256);
    let licence = changed(known("universal_credential"), &json!({ "expiry_date": "2024-05-31" }));
    let degree = changed(known("education"), &json!({ "awaiting_graduation": true, "conferral_year": null }));
    for (name, fields, claim) in
        [("universal_credential", licence, "expiry_date"), ("education", degree, "awaiting_graduation")]
    {
        let text = signed(&issuer, in_format(known(name), Format::SdJwtVc), &fields);
        for keep in ["/credential_name", "/course_name", "/full_name", ""] {
            let shown = SdJwt::read(&text).expect("read").present(|place| place == keep).expect("shown");
            assert_eq!(report(&shown, NOW).claims[claim], fields[claim], "{name}: {keep}");
        }
    }
}

#[test]
fn signatures_end_with_the_last_day_of_the_credential() {
    let issuer = issuer(Algorithm::Es256);
    let end = |day: &str| credential::Date::parse(day).expect("a day").end_on_earth().as_second();
    for name in ["universal_credential", "microcredential", "english_proficiency"] {
        for (day, expected) in [
            (json!("2027-01-31"), end("2027-01-31")),
            (json!("2026-11-01"), end("2026-11-01")),
            (json!("2099-01-31"), NOW + YEAR),
            (Value::Null, NOW + YEAR),
        ] {
            let fields = changed(known(name), &json!({ "expiry_date": day }));
            for format in Format::ALL {
                let text = signed(&issuer, in_format(known(name), format), &fields);
                let claims = report(&text, NOW).claims;
                assert_eq!(claims["exp"], expected, "{name} {day}");
                if format == Format::VcJwt {
                    let until: jiff::Timestamp =
                        claims["validUntil"].as_str().expect("a time").parse().expect("a time");
                    assert_eq!(until.as_second(), expected, "{name} {day}");
                }
            }
        }
    }
}

#[test]
fn expired_credentials_are_reported_with_their_last_day() {
    let issuer = issuer(Algorithm::Es256);
    let licence = known("universal_credential");
    let fields = changed(licence, &json!({ "expiry_date": "2027-01-31" }));
    let end = credential::Date::parse("2027-01-31").expect("a day").end_on_earth().as_second();
    for format in Format::ALL {
        let text = signed(&issuer, in_format(licence, format), &fields);
        let at = |now: i64| {
            let report = report(&text, now);
            let dates = report.verdict(Step::Dates).expect("a verdict").clone();
            (
                report.is_valid(),
                report.is_genuine(),
                report.expired_on.map(|day| day.to_string()),
                dates.code,
                dates.reason,
            )
        };
        assert!(at(end).0, "the day has just ended in the last time zone; clocks may differ by a minute");
        let (valid, genuine, day, code, reason) = at(end + 61);
        assert_eq!((valid, genuine, day.as_deref(), code), (false, true, Some("2027-01-31"), Some("expired")));
        assert_eq!(reason, "It expired on 31 January 2027.");
        let stranger = vec![("k1".to_owned(), key(9, Algorithm::Es256).public().clone())];
        let inputs = VerificationInputs { issuer_keys: LookupResult::Found(stranger), ..VerificationInputs::default() };
        let forged =
            Token::read(&text).expect("read").verify(&inputs, &Challenge { now: end + 61, ..Challenge::default() });
        assert!(!forged.is_genuine(), "expired, and not of this issuer");
    }
    // Issued before signatures expired with the last day: the disclosed day is still checked.
    let day = json!(["salt", "expiry_date", "2024-05-31"]);
    let payload = json!({ "iss": ADDRESS, "vct": format!("{ADDRESS}/credentials/universal_credential"), "exp": NOW + YEAR, "_sd": [digest(&day)] });
    let earlier = report(&crafted(&payload, &[&day]), NOW);
    assert_eq!(
        (earlier.is_valid(), earlier.expired_on.map(|day| day.to_string()).as_deref()),
        (false, Some("2024-05-31"))
    );
}

// Conforms: SD-JWT VC 5
#[test]
fn metadata_says_what_is_never_disclosed_apart() {
    for known in ALL {
        let metadata: Value = serde_json::from_str(&TypeMetadata::new(*known, ADDRESS).document).expect("JSON");
        let claims = metadata["claims"].as_array().expect("claims");
        let place = |claim: &Value| {
            let steps = claim["path"].as_array().expect("a path").iter();
            steps.map(|step| format!("/{}", step.as_str().unwrap_or("*"))).collect::<String>()
        };
        for always in known.always_shown {
            let found = claims.iter().find(|claim| place(claim) == *always);
            assert_eq!(found.map(|claim| &claim["sd"]), Some(&json!("never")), "{known}: {always} is a member");
        }
        for claim in claims {
            let here = place(claim);
            let parent =
                claims.iter().find(|other| here.strip_prefix(&place(other)).is_some_and(|rest| rest.starts_with('/')));
            let is_optional = parent.is_some_and(|parent| parent["mandatory"] == false);
            assert!(claim["mandatory"] == false || !is_optional, "{known}: {here} is mandatory in something optional");
        }
        if let Some(name) = known.last_day {
            assert!(known.always_shows(&format!("/{name}")), "{known}");
        }
    }
}

/// Credentials contain the hash of their metadata. If a hash changes, add the previous document to
/// the type's `earlier_metadata` and the new hash to this test. If no release has published the
/// document, update its hash instead.
// Conforms: SD-JWT VC 5
#[test]
fn published_type_metadata_never_changes() {
    for (path, hash) in [
        ("career_history", "NNEXYuBPDmnfYhdstfjnJKKV/DGx82Z2HqYUpCcdyQE="),
        ("education", "aflIiyonbWkT8aL5QAcXZwj9EQ4Y0Ig4bj+qp66ggk4="),
        ("microcredential", "e4KErbSXzJuW3Atypx2nr3jZ045u0t1fB5ATLbPOGkI="),
        ("english_proficiency", "KJvuGyaVjY3gEkBB3RtGdlOKoIx+IiMahNgPBSGW/NQ="),
        ("digital_identity", "shMA4Cxc6S4km8qKUp1+0S6wauPEOAznXmqe4VxBsQY="),
        ("right_to_work", "jfkk43RTp7UgG1F8nLSHR/2lsCYyM+yuMK49uulgPkA="),
        ("universal_credential", "h2QhqVbxAXPPggC8WV37/77gYUyqfg78Hgls2O9GYZ4="),
        ("career_history/2", "c7y+LvlikAPPs2L+Z72BaT99+dbejDGHX6iVRV/APKA="),
        ("education/2", "iAo/7ZgB4CGDownoiQkkfXm9RI6XK6nbUF5+g1rczcI="),
        ("microcredential/2", "BusXZlK/QdD5PLtANS2nbQG1aOaXecQeRM1EFAlMXUQ="),
        ("english_proficiency/2", "JW00ik/yLVoJE/wT359IBfrmr16ahzBB0uuua0D0RkU="),
        ("digital_identity/2", "wV5+lIryu0Nt4CrvgBAed2JAqIufsp8guPYaQqAvDWw="),
        ("right_to_work/2", "GXJCI5vqhtF3UAgaS+2SwGzh2XJ9Equf/mzeeK0uXzY="),
        ("universal_credential/2", "+Ubd8xoN6BuHhEZRZ/2k8jLFb/gm4Si7Vf+soO6HbuQ="),
        ("career_history/3", "Am+0SKkjAY8cMHfDLQZs5uxN+b225btRXHHt4iSxnXo="),
        ("education/3", "We6SjHYZ75KzKCgfxq6UVFHd/0XKhlCZj3+BRwaG5Iw="),
        ("microcredential/3", "7+b/5oiYx5yKbCeYN0Zs6jSLvJcUegCRg2461fv2jtg="),
        ("english_proficiency/3", "DwoKnB4MmGUqS3Oq892Ts44tsBlYwDiyAmRzxOffRWE="),
        ("digital_identity/3", "SPAm8oLACwE4w64NeCq9OoNQK4BKtUS4pk5KxCrcRNY="),
        ("right_to_work/3", "l+6/RojUzlWOsJfggVGJyOsvrvzFyNcVtlv2dEjshaY="),
        ("universal_credential/3", "sT4wYG6U7pkh4x3LoXPM42otGX0SSmudxe3hlrIEs2Q="),
    ] {
        let vct = format!("{ADDRESS}/credentials/{path}");
        let metadata = TypeMetadata::published(&vct, ADDRESS).unwrap_or_else(|| panic!("{path} is not published"));
        assert_eq!((metadata.integrity, metadata.vct), (format!("sha256-{hash}"), vct.clone()), "{path}");
        let document: Value = serde_json::from_str(&metadata.document).expect("JSON");
        assert_eq!(document["vct"], vct);
    }
}

#[test]
fn only_published_metadata_is_found() {
    let career = Type::default();
    assert_eq!(vct(career, ADDRESS), format!("{ADDRESS}/credentials/career_history/3"));
    let requested = [3, 2].map(|number| format!("{ADDRESS}/credentials/career_history/{number}"));
    assert_eq!(requested_vcts(career, ADDRESS), requested, "the first could hide members");
    assert_eq!(type_of(&vct(career, ADDRESS), ADDRESS), Some(career));
    assert_eq!(type_of(&format!("{ADDRESS}/credentials/career_history"), ADDRESS), Some(career));
    for other in [
        "career_history/1",
        "career_history/4",
        "career_history/02",
        "career_history/+2",
        "career_history/",
        "salary",
        "career_history/2/2",
    ] {
        assert!(TypeMetadata::published(&format!("{ADDRESS}/credentials/{other}"), ADDRESS).is_none(), "{other}");
    }
    assert!(TypeMetadata::published(&vct(career, ADDRESS), "https://other.example").is_none());
}

// Conforms: SD-JWT VC 5
#[test]
fn tokens_signed_under_earlier_metadata_still_pass() {
    let name = json!(["salt", "full_name", "Ada"]);
    let vct = format!("{ADDRESS}/credentials/career_history");
    let metadata = TypeMetadata::published(&vct, ADDRESS).expect("published");
    let payload = json!({
        "iss": ADDRESS, "vct": vct, "vct#integrity": metadata.integrity, "iat": NOW, "exp": NOW + YEAR,
        "attested_by": { "name": "Acme" }, "attested_at": "2026-11-20",
        "_sd": [digest(&name), "decoy"], "_sd_alg": "sha-256",
    });
    let text = crafted(&payload, &[&name]);
    let inputs = VerificationInputs { metadata: LookupResult::Found(metadata.document.into_bytes()), ..inputs(&[]) };
    let report = Token::read(&text).expect("read").verify(&inputs, &Challenge { now: NOW, ..Challenge::default() });
    assert_eq!(report.verdict(Step::Schema).map(|verdict| verdict.outcome), Some(StepOutcome::Passed), "{report:?}");
    assert!(report.is_valid());
    assert_eq!((report.not_shown.count, report.not_shown.at_most), (1, true), "decoys were made then");
}
