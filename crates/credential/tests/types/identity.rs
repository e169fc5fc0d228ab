//! Identities, work rights, and credentials without a type of their own.

use credential::{Context, ParseError, Submission, Type};
use serde_json::{Value, json};

use crate::samples::{Put, Take, changed, check, context};

#[test]
fn digital_identity_samples_are_accepted_or_rejected() {
    let put = |name: &'static str, value: &str| vec![Put(name, json!(value))];
    let (validity, liveness, matched) = (
        "/fields/identity_document_validity",
        "/fields/identity_document_liveness",
        "/fields/identity_document_person_match",
    );
    check(
        "digital_identity",
        &[
            ("no date of birth", vec![Take("/fields/date_of_birth")]),
            ("date of birth null", vec![Put("/fields/date_of_birth", Value::Null)]),
            ("born on a leap day", put("/fields/date_of_birth", "2000-02-29")),
            ("a document checked by hand", put(validity, "manual")),
            ("a signed document", put(validity, "verifiable_credential")),
            ("seen by a machine", put(liveness, "automated")),
            ("matched with records", put(matched, "government_database")),
            ("assets null", vec![Put("/assets", Value::Null)]),
            ("a partner chain", vec![Put("/partner_chain", json!([{ "name": "Parent" }]))]),
        ],
        vec![
            (vec![Take("/fields/full_name")], "/fields", "field.missing"),
            (vec![Take(validity)], "/fields", "field.missing"),
            (vec![Take(liveness)], "/fields", "field.missing"),
            (vec![Take(matched)], "/fields", "field.missing"),
            (put(validity, "automated"), validity, "choice.unknown"),
            (put(liveness, "manual"), liveness, "choice.unknown"),
            (put(liveness, "In_Person"), liveness, "choice.unknown"),
            (put(matched, "verifiable_credential"), matched, "choice.unknown"),
            (vec![Put(validity, Value::Null)], validity, "field.null"),
            (vec![Put(matched, json!(true))], matched, "type.mismatch"),
            (put("/fields/date_of_birth", "30/04/1990"), "/fields/date_of_birth", "date.format"),
            (put("/fields/date_of_birth", "1990-04-31"), "/fields/date_of_birth", "date.range"),
            (put("/fields/date_of_birth", "1900-02-29"), "/fields/date_of_birth", "date.range"),
            (put("/fields/date_of_birth", "2026-11-24"), "/fields/date_of_birth", "date.future"),
            (
                put("/fields/identity_verification_level", "basic"),
                "/fields/identity_verification_level",
                "field.unknown",
            ),
            (vec![Put("/fields/full_name", json!(""))], "/fields/full_name", "text.empty"),
            (vec![Put("/assets", json!([{ "asset_id": "1", "asset_type": "pdf" }]))], "/assets", "assets.not_allowed"),
            (
                vec![Put("/partner_chain", json!([{ "name": "Parent", "nam": "Parent" }]))],
                "/partner_chain/0/nam",
                "field.unknown",
            ),
        ],
    );
}

#[test]
fn right_to_work_samples_are_accepted_or_rejected() {
    let country = |code: &str| vec![Put("/fields/country", json!(code)), Take("/fields/singapore_work_rights")];
    let rights = |right: &str| vec![Put("/fields/singapore_work_rights", json!(right))];
    let at = "/fields/singapore_work_rights";
    check(
        "right_to_work",
        &[
            ("Australia", country("AU")),
            ("another country with the member null", vec![Put("/fields/country", json!("NZ")), Put(at, Value::Null)]),
            ("a citizen of Singapore", rights("citizen")),
            ("a permanent resident", rights("permanent_resident")),
            ("a pass holder", rights("pass_holder")),
            ("the last code of the list", country("ZW")),
        ],
        vec![
            (vec![Take("/fields/full_name")], "/fields", "field.missing"),
            (vec![Take("/fields/country"), Take(at)], "/fields", "field.missing"),
            (country("XX"), "/fields/country", "choice.unknown"),
            (country("UK"), "/fields/country", "choice.unknown"),
            (country("sg"), "/fields/country", "choice.unknown"),
            (country("SGP"), "/fields/country", "choice.unknown"),
            (country("Singapore"), "/fields/country", "choice.unknown"),
            (country(""), "/fields/country", "choice.unknown"),
            (vec![Put("/fields/country", json!(["SG"])), Take(at)], "/fields/country", "type.mismatch"),
            (vec![Put("/fields/country", Value::Null), Take(at)], "/fields/country", "field.null"),
            (vec![Take(at)], "/fields", "field.missing"),
            (vec![Put(at, Value::Null)], "/fields", "field.missing"),
            (rights("tourist"), at, "choice.unknown"),
            (rights("Resident"), at, "choice.unknown"),
            (vec![Put(at, json!(1))], at, "type.mismatch"),
            (vec![Put("/fields/country", json!("AU"))], at, "field.forbidden"),
            (vec![Put("/fields/visa", json!("x"))], "/fields/visa", "field.unknown"),
            (vec![Put("/assets", json!([{ "asset_id": "1", "asset_type": "pdf" }]))], "/assets", "assets.not_allowed"),
        ],
    );
}

#[test]
fn universal_credential_samples_are_accepted_or_rejected() {
    let details = |name: &str, value: Value| vec![Put("/fields/credential_details", json!({ name: value }))];
    let asset = |kind: &str| json!({ "asset_id": kind, "asset_type": kind });
    check(
        "universal_credential",
        &[
            ("no details", vec![Take("/fields/credential_details")]),
            ("details null", vec![Put("/fields/credential_details", Value::Null)]),
            ("details empty", vec![Put("/fields/credential_details", json!({}))]),
            ("every detail null", details("speciality", Value::Null)),
            ("no expiry", vec![Take("/fields/expiry_date")]),
            ("completed in a year", details("date_completed", json!("2023"))),
            ("the last category", vec![Put("/fields/credential_category", json!("other"))]),
            ("one asset", vec![Put("/assets", json!([asset("png")]))]),
        ],
        vec![
            (vec![Take("/fields/full_name")], "/fields", "field.missing"),
            (vec![Take("/fields/credential_name")], "/fields", "field.missing"),
            (vec![Take("/fields/credential_category")], "/fields", "field.missing"),
            (vec![Take("/fields/issuer_name")], "/fields", "field.missing"),
            (
                vec![Put("/fields/credential_category", json!("license"))],
                "/fields/credential_category",
                "choice.unknown",
            ),
            (
                vec![Put("/fields/credential_category", json!("Licence"))],
                "/fields/credential_category",
                "choice.unknown",
            ),
            (vec![Put("/fields/credential_category", json!(""))], "/fields/credential_category", "text.empty"),
            (vec![Put("/fields/expiry_date", json!("31.12.2028"))], "/fields/expiry_date", "date.format"),
            (vec![Put("/fields/expiry_date", json!("2027-02-29"))], "/fields/expiry_date", "date.range"),
            (vec![Put("/fields/credential_details", json!("x"))], "/fields/credential_details", "type.mismatch"),
            (details("speciality", json!("Solar")), "/fields/credential_details/speciality", "type.mismatch"),
            (details("speciality", json!([1])), "/fields/credential_details/speciality/0", "type.mismatch"),
            (
                details("date_completed", json!("2026-12-24")),
                "/fields/credential_details/date_completed",
                "date.future",
            ),
            (details("date_completed", json!("2027")), "/fields/credential_details/date_completed", "date.future"),
            (details("county", json!("x")), "/fields/credential_details/county", "field.unknown"),
            (details("city", json!("")), "/fields/credential_details/city", "text.empty"),
            (vec![Put("/assets", json!([asset("png"), asset("jpg")]))], "/assets", "list.too_long"),
            (vec![Put("/assets", json!([asset("open_cert")]))], "/assets/0/asset_type", "choice.unknown"),
        ],
    );
}

#[test]
fn operator_categories_replace_the_standard_ones() {
    let known: Type = "universal_credential".parse().expect("a type");
    let own = ["vessel_master".to_owned()];
    let context = Context { categories: Some(&own), ..context() };
    let with = |category: &str| changed(known, &[Put("/fields/credential_category", json!(category))]).to_string();
    assert!(Submission::parse_v2(known, with("vessel_master").as_bytes(), &context).is_ok());
    let Err(ParseError::Invalid(field_errors)) = Submission::parse_v2(known, with("licence").as_bytes(), &context)
    else {
        panic!("taken")
    };
    assert_eq!(field_errors[0].message, "Must be one of the categories: vessel_master.");
}
