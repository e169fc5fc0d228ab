//! `microcredential`: a short course, a badge, a certificate for one skill (docs/partner-api.md
//! section 5).

use serde_json::{Value, json};

use crate::asset::{AssetKind, AssetRules};
use crate::context::Context;
use crate::credential_type::{
    Achievement, BatchMember, CredentialType, FULL_NAME, Hint, V1, in_order, no_words, not_future, text,
};
use crate::date::Date;
use crate::field_error::FieldErrors;
use crate::json::Node;
use crate::pointer::{Path, fields_pointer};
use crate::relation::restated;
use crate::schema::{Choice, Member, Presence, Shape};
use crate::view::{Block, fact_block, facts};

/// The declaration of the type.
pub static MICROCREDENTIAL: CredentialType = CredentialType {
    name: "microcredential",
    redirect_name: "microcredential",
    write_scope: "write.microcredential",
    read_scope: "read.microcredential",
    title: "Microcredential",
    summary: "A short course, badge or certificate: the issuer, the subject, and the expiry date.",
    fields: FIELDS,
    assets: &AssetRules {
        kinds: &Choice { called: "an asset type", values: &["pdf", "png", "jpg", "open_cert"] },
        most: 10,
    },
    v1: Some(V1 {
        document_types: &[
            ("none", None),
            ("pdf", Some(AssetKind::Pdf)),
            ("open_cert", Some(AssetKind::OpenCert)),
            ("png", Some(AssetKind::Png)),
            ("jpg", Some(AssetKind::Jpg)),
        ],
        older: None,
    }),
    batch: BatchMember::Many("microcredential_items"),
    rules,
    advice,
    headline,
    view,
    words: no_words,
    compared: &[("full_name", "recipient.name"), ("microcredential_name", "name"), ("issuer_name", "issuers.0.name")],
    achievement: Some(Achievement {
        name: "microcredential_name",
        creator: "issuer_name",
        achievement_type: Some("MicroCredential"),
    }),
    relation: restated,
    always_shown: &["/full_name", "/issue_date", "/expiry_date"],
    items_apart: &[],
    item_labels: &[],
    last_day: Some("expiry_date"),
    earlier_metadata: &[
        include_str!("published/microcredential.1.json"),
        include_str!("published/microcredential.2.json"),
    ],
    sample,
};

const FIELDS: &[Member] = &[
    FULL_NAME,
    Member {
        name: "issuer_name",
        shape: Shape::Text,
        presence: Presence::Required,
        label: "Issuer",
        meaning: "The issuer.",
        example: r#""Example Institute""#,
    },
    Member {
        name: "microcredential_name",
        shape: Shape::Text,
        presence: Presence::Required,
        label: "Skill or course",
        meaning: "The skill or course, in words that are useful to a hirer.",
        example: r#""Project Management Foundations""#,
    },
    Member {
        name: "issue_date",
        shape: Shape::Date,
        presence: Presence::Required,
        label: "Issue date",
        meaning: "The date of issue, YYYY-MM-DD.",
        example: r#""2024-03-01""#,
    },
    Member {
        name: "expiry_date",
        shape: Shape::Date,
        presence: Presence::Nullable,
        label: "Expiry date",
        meaning: "The last day on which it is valid, YYYY-MM-DD. Null or left out if it does not expire.",
        example: r#""2027-03-01""#,
    },
    Member {
        name: "assessment_result",
        shape: Shape::TextOrNumber,
        presence: Presence::Nullable,
        label: "Result",
        meaning: "The result of the assessment.",
        example: r#""Pass with distinction""#,
    },
];

fn rules(fields: &Node<'_>, path: &Path<'_>, context: &Context<'_>, field_errors: &mut FieldErrors) {
    not_future(fields, "issue_date", path, Date::latest_on_earth(context.now), field_errors);
    in_order(fields, ("issue_date", "expiry_date"), path, field_errors);
}

/// Generic names that do not describe the skill or course.
const EMPTY_NAMES: [&str; 6] = [
    "certificate",
    "certificate of completion",
    "certificate of achievement",
    "certificate of attendance",
    "microcredential",
    "badge",
];

fn advice(fields: &Node<'_>, id_pointer: &str) -> Vec<Hint> {
    let name = fields["microcredential_name"].as_str().unwrap_or_default();
    let says_nothing = EMPTY_NAMES.iter().any(|empty| name.eq_ignore_ascii_case(empty));
    let warning = || {
        let pointer = format!("{}/microcredential_name", fields_pointer(id_pointer));
        Hint {
            code: "name.says_nothing",
            message: format!(
                "\"{name}\" at {pointer} does not tell a hirer what was learnt. Name the skill or the course there."
            ),
            pointer,
        }
    };
    says_nothing.then(warning).into_iter().collect()
}

fn headline(fields: &Value) -> String {
    format!("{}, {}", text(fields, "microcredential_name"), text(fields, "issuer_name"))
}

fn view(fields: &Value) -> Vec<Block> {
    let names = ["microcredential_name", "issuer_name", "issue_date", "expiry_date", "assessment_result"];
    fact_block(facts(fields, FIELDS, &names)).into_iter().collect()
}

fn sample() -> Value {
    json!({
        "credential_id": "MIC-0b7c2f9e-8d41-4c55-a0e3-6b1f5d9c2e77",
        "fields": {
            "full_name": "John Doe",
            "issuer_name": "Example Institute",
            "microcredential_name": "Project Management Foundations",
            "issue_date": "2024-03-01",
            "expiry_date": "2027-03-01",
            "assessment_result": "Pass with distinction"
        }
    })
}
