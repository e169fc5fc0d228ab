//! `right_to_work`: the country in which a person may work (docs/partner-api.md section 5).

use serde_json::{Value, json};

use crate::asset::NO_ASSETS;
use crate::context::Context;
use crate::country::{COUNTRY, country_name};
use crate::credential_type::{BatchMember, CredentialType, FULL_NAME, V1, no_advice, text};
use crate::field_error::{Code, FieldErrors};
use crate::json::Node;
use crate::pointer::Path;
use crate::relation::restated;
use crate::schema::{Choice, Member, Presence, Shape};
use crate::view::{Block, sentence_block};

/// The declaration of the type.
pub static RIGHT_TO_WORK: CredentialType = CredentialType {
    name: "right_to_work",
    redirect_name: "rightToWork",
    write_scope: "write.right_to_work",
    read_scope: "read.right_to_work",
    title: "Right to work",
    summary: "The country in which a person may work.",
    fields: FIELDS,
    assets: &NO_ASSETS,
    v1: Some(V1 { document_types: &[("none", None)], older: None }),
    batch: BatchMember::Many("right_to_work_items"),
    rules,
    advice: no_advice,
    headline,
    view,
    words,
    compared: &[],
    achievement: None,
    relation: restated,
    always_shown: &["/full_name", "/country", "/singapore_work_rights"],
    items_apart: &[],
    item_labels: &[],
    last_day: None,
    earlier_metadata: &[include_str!("published/right_to_work.1.json"), include_str!("published/right_to_work.2.json")],
    sample,
};

const SINGAPORE: &str = "singapore_work_rights";

static RIGHTS: Choice = Choice {
    called: "a work right of Singapore",
    values: &["resident", "citizen", "permanent_resident", "pass_holder"],
};

const FIELDS: &[Member] = &[
    FULL_NAME,
    Member {
        name: "country",
        shape: Shape::Choice(&COUNTRY),
        presence: Presence::Required,
        label: "Country",
        meaning: "The country in which the person may work, as an ISO 3166-1 alpha-2 code.",
        example: r#""SG""#,
    },
    Member {
        name: SINGAPORE,
        shape: Shape::Choice(&RIGHTS),
        presence: Presence::Nullable,
        label: "Status in Singapore",
        meaning: "The basis of the right. Required if the country is SG; not allowed for other countries.",
        example: r#""resident""#,
    },
];

fn rules(fields: &Node<'_>, path: &Path<'_>, _: &Context<'_>, field_errors: &mut FieldErrors) {
    let is_singapore = fields["country"].as_str() == Some("SG");
    match fields.get(SINGAPORE) {
        None | Some(Node::Null) if is_singapore => {
            field_errors
                .add(path, Code::FieldMissing, || {
                    format!("Missing field \"{SINGAPORE}\". It is required if country is SG.")
                })
                .suggest(Some(SINGAPORE.to_owned()));
        }
        Some(right) if !right.is_null() && fields["country"].is_string() && !is_singapore => {
            field_errors
                .add(&Path::Member(path, SINGAPORE), Code::FieldForbidden, || {
                    format!("{SINGAPORE} is only allowed if country is SG. Remove it, or correct country.")
                })
                .received(right);
        }
        _ => {}
    }
}

fn headline(fields: &Value) -> String {
    let code = text(fields, "country");
    format!("May work in {}", country_name(code).unwrap_or(code))
}

fn view(fields: &Value) -> Vec<Block> {
    let right = match fields[SINGAPORE].as_str() {
        Some("resident") => Some("As a resident of Singapore."),
        Some("citizen") => Some("As a citizen of Singapore."),
        Some("permanent_resident") => Some("As a permanent resident of Singapore."),
        Some("pass_holder") => Some("As the holder of a work pass of Singapore."),
        _ => None,
    };
    let country = (!text(fields, "country").is_empty()).then(|| format!("{}.", headline(fields)));
    sentence_block(country.into_iter().chain(right.map(ToOwned::to_owned)).collect()).into_iter().collect()
}

fn words(member: &str, value: &Value) -> Option<String> {
    let words = match (member, value.as_str()?) {
        ("country", code) => country_name(code)?,
        (SINGAPORE, "resident") => "Resident",
        (SINGAPORE, "citizen") => "Citizen",
        (SINGAPORE, "permanent_resident") => "Permanent resident",
        (SINGAPORE, "pass_holder") => "Holder of a work pass",
        _ => return None,
    };
    Some(words.to_owned())
}

fn sample() -> Value {
    json!({
        "credential_id": "RTW-c41b7e95-0a6d-4d28-b3f7-2e9c8a5d1f60",
        "fields": { "full_name": "John Doe", "country": "SG", "singapore_work_rights": "resident" }
    })
}
