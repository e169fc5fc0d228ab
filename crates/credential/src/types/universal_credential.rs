//! `universal_credential`: licences, registrations, memberships and other credentials without a
//! type of their own (docs/partner-api.md section 5).

use serde_json::{Value, json};

use crate::asset::AssetRules;
use crate::context::Context;
use crate::country::country_name;
use crate::credential_type::{BatchMember, CredentialType, FULL_NAME, no_advice, not_future, text};
use crate::date::Date;
use crate::field_error::{Code, FieldErrors};
use crate::json::Node;
use crate::pointer::Path;
use crate::relation::restated;
use crate::schema::{Choice, Member, Presence, Shape, nearest};
use crate::view::{Block, fact, fact_block, facts, joined, label_of};

/// The declaration of the type.
pub static UNIVERSAL_CREDENTIAL: CredentialType = CredentialType {
    name: "universal_credential",
    redirect_name: "universalCredential",
    write_scope: "write.universal",
    read_scope: "read.universal",
    title: "Credential",
    summary: "A licence, registration, membership, clearance or any other credential without a type of its own.",
    fields: FIELDS,
    assets: &AssetRules { kinds: &Choice { called: "an asset type", values: &["pdf", "png", "jpg"] }, most: 1 },
    v1: None,
    batch: BatchMember::Many("universal_credential_items"),
    rules,
    advice: no_advice,
    headline,
    view,
    words,
    compared: &[],
    achievement: None,
    relation: restated,
    always_shown: &["/full_name", "/expiry_date"],
    items_apart: &[],
    item_labels: &[("/credential_details/speciality", "One speciality")],
    last_day: Some("expiry_date"),
    earlier_metadata: &[
        include_str!("published/universal_credential.1.json"),
        include_str!("published/universal_credential.2.json"),
    ],
    sample,
};

/// The default categories; an operator can replace them.
pub const CATEGORIES: &[&str] = &[
    "licence",
    "registration",
    "certification",
    "membership",
    "clearance",
    "background_check",
    "health_and_safety",
    "training",
    "award",
    "other",
];

const FIELDS: &[Member] = &[
    FULL_NAME,
    Member {
        name: "credential_name",
        shape: Shape::Text,
        presence: Presence::Required,
        label: "Credential",
        meaning: "The name of the credential.",
        example: r#""Electrical Work Licence""#,
    },
    Member {
        name: "credential_category",
        shape: Shape::Text,
        presence: Presence::Required,
        label: "Category",
        meaning: "The category: licence, registration, certification, membership, clearance, background_check, health_and_safety, training, award or other, unless the operator has configured other categories.",
        example: r#""licence""#,
    },
    Member {
        name: "issuer_name",
        shape: Shape::Text,
        presence: Presence::Required,
        label: "Issuer",
        meaning: "The issuer.",
        example: r#""Example Licensing Board""#,
    },
    Member {
        name: "expiry_date",
        shape: Shape::Date,
        presence: Presence::Nullable,
        label: "Expiry date",
        meaning: "The last day on which it is valid, YYYY-MM-DD. Null or left out if it does not expire.",
        example: r#""2028-05-31""#,
    },
    Member {
        name: "credential_details",
        shape: Shape::Object(DETAILS),
        presence: Presence::Nullable,
        label: "Details",
        meaning: "Details. Every field is optional.",
        example: "",
    },
];

const fn detail(
    (name, label): (&'static str, &'static str),
    shape: Shape,
    meaning: &'static str,
    example: &'static str,
) -> Member {
    Member { name, shape, presence: Presence::Nullable, label, meaning, example }
}

const DETAILS: &[Member] = &[
    detail(
        ("scope_of_practice", "Allows"),
        Shape::Text,
        "What the credential permits.",
        r#""Low-voltage installations""#,
    ),
    detail(
        ("speciality", "Speciality"),
        Shape::List { of: &Shape::Text, least: 0, most: 20 },
        "The specialities.",
        r#"["Solar installations"]"#,
    ),
    detail(("version", "Version"), Shape::TextOrNumber, "The version.", r#""2""#),
    detail(
        ("date_completed", "Completed"),
        Shape::YearOrDate,
        "When it was completed, YYYY or YYYY-MM-DD.",
        r#""2023-05-31""#,
    ),
    detail(("country", "Country"), Shape::Text, "The country where it is valid, as a name or a code.", r#""AU""#),
    detail(("state", "State"), Shape::Text, "The state.", r#""Queensland""#),
    detail(("province", "Province"), Shape::Text, "The province.", ""),
    detail(("city", "City"), Shape::Text, "The city.", ""),
    detail(("region", "Region"), Shape::Text, "The region.", ""),
    detail(("place", "Place"), Shape::Text, "The place.", ""),
];

fn rules(fields: &Node<'_>, path: &Path<'_>, context: &Context<'_>, field_errors: &mut FieldErrors) {
    let categories: Vec<&str> = match context.categories {
        Some(categories) => categories.iter().map(String::as_str).collect(),
        None => CATEGORIES.to_vec(),
    };
    if let Some(category) = fields["credential_category"].as_str()
        && !category.is_empty()
        && !categories.contains(&category)
    {
        let nearest = nearest(category, categories.iter().copied()).map(ToOwned::to_owned);
        field_errors
            .add(&Path::Member(path, "credential_category"), Code::ChoiceUnknown, || {
                format!("Must be one of the categories: {}.", categories.join(", "))
            })
            .received(&fields["credential_category"])
            .suggest(nearest);
    }
    let details = Path::Member(path, "credential_details");
    let today = Date::latest_on_earth(context.now);
    not_future(&fields["credential_details"], "date_completed", &details, today, field_errors);
}

fn headline(fields: &Value) -> String {
    format!("{}, {}", text(fields, "credential_name"), text(fields, "issuer_name"))
}

fn view(fields: &Value) -> Vec<Block> {
    let details = &fields["credential_details"];
    let mut about = facts(fields, FIELDS, &["credential_name", "issuer_name"]);
    let category = label_of(FIELDS, "credential_category");
    about.extend(fact(category, &capitalised(text(fields, "credential_category"))));
    about.extend(facts(fields, FIELDS, &["expiry_date"]));
    about.extend(facts(details, DETAILS, &["scope_of_practice"]));
    about.extend(fact(label_of(DETAILS, "speciality"), &joined(&details["speciality"])));
    about.extend(facts(details, DETAILS, &["version", "date_completed"]));
    let country = text(details, "country");
    about.extend(fact(label_of(DETAILS, "country"), country_name(country).unwrap_or(country)));
    about.extend(facts(details, DETAILS, &["state", "province", "city", "region", "place"]));
    fact_block(about).into_iter().collect()
}

fn words(member: &str, value: &Value) -> Option<String> {
    match (member, value.as_str()?) {
        ("credential_category", category) => Some(capitalised(category)),
        ("country", code) => country_name(code).map(ToOwned::to_owned),
        _ => None,
    }
}

/// Formats `health_and_safety` as "Health and safety".
fn capitalised(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut characters = words.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

fn sample() -> Value {
    json!({
        "credential_id": "UNI-71f5c0d8-2b9a-4e67-8d14-a3c6e9b0f528",
        "fields": {
            "full_name": "John Doe",
            "credential_name": "Electrical Work Licence",
            "credential_category": "licence",
            "issuer_name": "Example Licensing Board",
            "expiry_date": "2028-05-31",
            "credential_details": {
                "scope_of_practice": "Low-voltage installations",
                "speciality": ["Solar installations"],
                "date_completed": "2023-05-31",
                "country": "AU",
                "state": "Queensland"
            }
        }
    })
}
