//! `digital_identity`: how reliably a person's identity was verified (docs/partner-api.md section
//! 5).

use serde_json::{Value, json};

use crate::asset::NO_ASSETS;
use crate::context::Context;
use crate::credential_type::{BatchMember, CredentialType, FULL_NAME, V1, no_advice, not_future};
use crate::date::Date;
use crate::field_error::FieldErrors;
use crate::json::Node;
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
    words,
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
    items_apart: &[],
    item_labels: &[],
    last_day: None,
    earlier_metadata: &[
        include_str!("published/digital_identity.1.json"),
        include_str!("published/digital_identity.2.json"),
    ],
    sample,
};

/// The member of the older form: one level instead of the three checks.
const LEVEL: &str = "identity_verification_level";

const DATE_OF_BIRTH: Member = Member {
    name: "date_of_birth",
    shape: Shape::Date,
    presence: Presence::Nullable,
    label: "Date of birth",
    meaning: "The date of birth, YYYY-MM-DD.",
    example: r#""1990-04-30""#,
};

const fn check(
    (name, label): (&'static str, &'static str),
    values: &'static Choice,
    meaning: &'static str,
    example: &'static str,
) -> Member {
    Member { name, shape: Shape::Choice(values), presence: Presence::Required, label, meaning, example }
}

/// The members of the three checks.
const VALIDITY: &str = "identity_document_validity";
const LIVENESS: &str = "identity_document_liveness";
const MATCH: &str = "identity_document_person_match";

static VALIDITIES: Choice =
    Choice { called: "a document check", values: &["manual", "government_database", "verifiable_credential"] };
static LIVENESSES: Choice = Choice { called: "a liveness check", values: &["automated", "in_person"] };
static MATCHES: Choice =
    Choice { called: "a matching method", values: &["manual", "automated", "government_database"] };
static LEVELS: Choice = Choice { called: "a verification level", values: &["basic", "standard"] };

const FIELDS: &[Member] = &[
    FULL_NAME,
    DATE_OF_BIRTH,
    check(
        (VALIDITY, "Document check"),
        &VALIDITIES,
        "How the identity document was checked.",
        r#""government_database""#,
    ),
    check(
        (LIVENESS, "Presence check"),
        &LIVENESSES,
        "How it was checked that a live person was present.",
        r#""in_person""#,
    ),
    check(
        (MATCH, "Match with the document"),
        &MATCHES,
        "How the person was matched to the document.",
        r#""automated""#,
    ),
];

const OLDER_FIELDS: &[Member] = &[
    FULL_NAME,
    DATE_OF_BIRTH,
    check((LEVEL, "Verification level"), &LEVELS, "How thoroughly the identity was verified.", r#""standard""#),
];

fn rules(fields: &Node<'_>, path: &Path<'_>, context: &Context<'_>, field_errors: &mut FieldErrors) {
    not_future(fields, "date_of_birth", path, Date::latest_on_earth(context.now), field_errors);
}

fn headline(fields: &Value) -> String {
    let how = match (fields[LIVENESS].as_str(), fields[LEVEL].as_str()) {
        (Some("in_person"), _) => "in person",
        (Some(_), _) => "remotely",
        (None, Some("standard")) => "at the standard level",
        (None, _) => "at the basic level",
    };
    format!("Identity verified {how}")
}

fn words(member: &str, value: &Value) -> Option<String> {
    let sentence = match (member, value.as_str()?) {
        (VALIDITY, "manual") => "A trained person examined the identity document.",
        (VALIDITY, "government_database") => "The identity document was checked against government records.",
        (VALIDITY, "verifiable_credential") => "The identity document was a digitally signed credential.",
        (LEVEL, "basic") => "The identity was verified at the basic level.",
        (LEVEL, "standard") => "The identity was verified at the standard level.",
        (LIVENESS, "in_person") => "The person attended in person.",
        (LIVENESS, "automated") => "An automated check confirmed that a live person was present, not a picture.",
        (MATCH, "manual") => "A trained person compared the person with the document.",
        (MATCH, "automated") => "The person's face was compared with the document automatically.",
        (MATCH, "government_database") => "The person was matched to government records.",
        _ => return None,
    };
    Some(sentence.to_owned())
}

fn view(fields: &Value) -> Vec<Block> {
    let checks = [VALIDITY, LEVEL, LIVENESS, MATCH];
    let sentences = checks.into_iter().filter_map(|member| words(member, &fields[member])).collect();
    // Pages show the name themselves, as with all types.
    let about = facts(fields, FIELDS, &["date_of_birth"]);
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
