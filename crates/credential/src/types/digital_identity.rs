//! `digital_identity`: how reliably a person's identity was verified (docs/partner-api.md section
//! 5).

use serde_json::{Value, json};

use crate::asset::NO_ASSETS;
use crate::context::Context;
use crate::credential_type::{BatchMember, CredentialType, FULL_NAME, V1, no_advice, not_future};
use crate::date::Date;
use crate::field_error::FieldErrors;
use crate::pointer::Path;
use crate::relation::restated;
use crate::schema::{Choice, Member, Presence, Shape};
use crate::view::{Block, fact_block, facts, sentence_block};

/// The declaration of the type.
pub static DIGITAL_IDENTITY: CredentialType = CredentialType {
    name: "digital_identity",
    redirect_name: "digitalIdentity",
    write_scope: "write.digital_identity",
    read_scope: "read.digital_identity",
    title: "Digital identity",
    summary: "A person's identity was verified, with the checks that were made.",
    fields: FIELDS,
    assets: &NO_ASSETS,
    v1: Some(V1 { document_types: &[("none", None)], older: Some((LEVEL, OLDER_FIELDS)) }),
    batch: BatchMember::One("digital_identity"),
    rules,
    advice: no_advice,
    headline,
    view,
    compared: &[],
    achievement: None,
    relation: restated,
    always_shown: &[
        "/full_name",
        "/identity_document_validity",
        "/identity_document_liveness",
        "/identity_document_person_match",
        "/identity_verification_level",
    ],
    last_day: None,
    earlier_metadata: &[include_str!("published/digital_identity.1.json")],
    sample,
};

/// The member of the older form: one level instead of the three checks.
const LEVEL: &str = "identity_verification_level";

const DATE_OF_BIRTH: Member = Member {
    name: "date_of_birth",
    shape: Shape::Date,
    presence: Presence::Nullable,
    meaning: "The date of birth, YYYY-MM-DD.",
    example: r#""1990-04-30""#,
};

const fn check(name: &'static str, values: &'static Choice, meaning: &'static str, example: &'static str) -> Member {
    Member { name, shape: Shape::Choice(values), presence: Presence::Required, meaning, example }
}

static VALIDITY: Choice =
    Choice { called: "a document check", values: &["manual", "government_database", "verifiable_credential"] };
static LIVENESS: Choice = Choice { called: "a liveness check", values: &["automated", "in_person"] };
static MATCH: Choice = Choice { called: "a matching method", values: &["manual", "automated", "government_database"] };
static LEVELS: Choice = Choice { called: "a verification level", values: &["basic", "standard"] };

const FIELDS: &[Member] = &[
    FULL_NAME,
    DATE_OF_BIRTH,
    check(
        "identity_document_validity",
        &VALIDITY,
        "How the identity document was checked.",
        r#""government_database""#,
    ),
    check(
        "identity_document_liveness",
        &LIVENESS,
        "How it was checked that a live person was present.",
        r#""in_person""#,
    ),
    check("identity_document_person_match", &MATCH, "How the person was matched to the document.", r#""automated""#),
];

const OLDER_FIELDS: &[Member] =
    &[FULL_NAME, DATE_OF_BIRTH, check(LEVEL, &LEVELS, "How thoroughly the identity was verified.", r#""standard""#)];

fn rules(fields: &Value, path: &Path<'_>, context: &Context<'_>, field_errors: &mut FieldErrors) {
    not_future(fields, "date_of_birth", path, Date::latest_on_earth(context.now), field_errors);
}

fn headline(fields: &Value) -> String {
    let how = match (fields["identity_document_liveness"].as_str(), fields[LEVEL].as_str()) {
        (Some("in_person"), _) => "in person",
        (Some(_), _) => "remotely",
        (None, Some("standard")) => "at the standard level",
        (None, _) => "at the basic level",
    };
    format!("Identity verified {how}")
}

fn sentence(value: &Value) -> Option<&'static str> {
    Some(match value.as_str()? {
        "basic" => "The identity was verified at the basic level.",
        "standard" => "The identity was verified at the standard level.",
        _ => return None,
    })
}

fn view(fields: &Value) -> Vec<Block> {
    let validity = match fields["identity_document_validity"].as_str() {
        Some("manual") => Some("A trained person examined the identity document."),
        Some("government_database") => Some("The identity document was checked against government records."),
        Some("verifiable_credential") => Some("The identity document was a digitally signed credential."),
        _ => sentence(&fields[LEVEL]),
    };
    let liveness = match fields["identity_document_liveness"].as_str() {
        Some("in_person") => Some("The person attended in person."),
        Some("automated") => Some("An automated check confirmed that a live person was present, not a picture."),
        _ => None,
    };
    let matched = match fields["identity_document_person_match"].as_str() {
        Some("manual") => Some("A trained person compared the person with the document."),
        Some("automated") => Some("The person's face was compared with the document automatically."),
        Some("government_database") => Some("The person was matched to government records."),
        _ => None,
    };
    let sentences = [validity, liveness, matched].into_iter().flatten().map(ToOwned::to_owned).collect();
    let about = facts(fields, &[("Name", "full_name"), ("Date of birth", "date_of_birth")]);
    sentence_block(sentences).into_iter().chain(fact_block(about)).collect()
}

fn sample() -> Value {
    json!({
        "credential_id": "IDV-3e8a1d70-62bf-4f9c-9a15-7c0d4b2e8f36",
        "fields": {
            "full_name": "John Doe",
            "date_of_birth": "1990-04-30",
            "identity_document_validity": "government_database",
            "identity_document_liveness": "in_person",
            "identity_document_person_match": "automated"
        }
    })
}
