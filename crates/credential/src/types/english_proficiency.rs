//! `english_proficiency`: the result of an English test, on its own scale and as a CEFR level
//! (docs/partner-api.md section 5).

use serde_json::{Value, json};

use crate::asset::{AssetKind, AssetRules};
use crate::context::Context;
use crate::credential_type::{BatchMember, CredentialType, FULL_NAME, V1, in_order, no_advice, not_future, text};
use crate::date::Date;
use crate::field_error::FieldErrors;
use crate::json::Node;
use crate::pointer::Path;
use crate::relation::restated;
use crate::schema::{Choice, Member, Presence, Shape};
use crate::view::{Block, fact, fact_block, facts, label_of, table, text_or_number};

/// The declaration of the type.
pub static ENGLISH_PROFICIENCY: CredentialType = CredentialType {
    name: "english_proficiency",
    redirect_name: "englishProficiency",
    write_scope: "write.english_proficiency",
    read_scope: "read.english_proficiency",
    title: "English proficiency",
    summary: "The result of an English test: which test, the date, and the overall and skill results.",
    fields: FIELDS,
    assets: &AssetRules { kinds: &Choice { called: "an asset type", values: &["pdf"] }, most: 10 },
    v1: Some(V1 { document_types: &[("english_assessment", Some(AssetKind::Pdf))], older: None }),
    batch: BatchMember::Many("english_proficiency_items"),
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
        "/completion_date",
        "/expiry_date",
        "/test_scores/cefr_scores",
        "/test_scores/overall",
    ],
    items_apart: &[],
    item_labels: &[("/test_scores/subskills", "Result for a skill")],
    last_day: Some("expiry_date"),
    earlier_metadata: &[
        include_str!("published/english_proficiency.1.json"),
        include_str!("published/english_proficiency.2.json"),
    ],
    sample,
};

/// CEFR levels, lowest first. Plus levels are the upper half of their level.
const LEVELS: &[&str] = &["pre-A1", "A1", "A2", "A2+", "B1", "B1+", "B2", "B2+", "C1", "C2"];

static CEFR: Choice = Choice { called: "a CEFR level", values: LEVELS };

const FIELDS: &[Member] = &[
    FULL_NAME,
    Member {
        name: "test_provider",
        shape: Shape::Text,
        presence: Presence::Required,
        label: "Test provider",
        meaning: "The organisation that held the test.",
        example: r#""Example Test Centre""#,
    },
    Member {
        name: "test_name",
        shape: Shape::Text,
        presence: Presence::Required,
        label: "Test",
        meaning: "The name of the test.",
        example: r#""Example English Test, Academic""#,
    },
    Member {
        name: "completion_date",
        shape: Shape::Date,
        presence: Presence::Required,
        label: "Test date",
        meaning: "The date of the test, YYYY-MM-DD.",
        example: r#""2025-06-14""#,
    },
    Member {
        name: "expiry_date",
        shape: Shape::Date,
        presence: Presence::Nullable,
        label: "Expiry date",
        meaning: "The last day on which the result is valid, YYYY-MM-DD.",
        example: r#""2027-06-14""#,
    },
    Member {
        name: "test_scores",
        shape: Shape::Object(SCORES),
        presence: Presence::Required,
        label: "Test scores",
        meaning: "The results.",
        example: "",
    },
];

const SCORES: &[Member] = &[
    Member {
        name: "cefr_scores",
        shape: Shape::Object(CEFR_SCORES),
        presence: Presence::Required,
        label: "CEFR levels",
        meaning: "The results on the Common European Framework of Reference. An empty object if there are none.",
        example: "",
    },
    Member {
        name: "overall",
        shape: Shape::Object(OVERALL),
        presence: Presence::Required,
        label: "Overall result",
        meaning: "The overall result on the scale of the test.",
        example: "",
    },
    Member {
        name: "subskills",
        shape: Shape::List { of: &Shape::Object(SUBSKILL), least: 0, most: 50 },
        presence: Presence::Nullable,
        label: "Results by skill",
        meaning: "The results by skill, on the scale of the test.",
        example: "",
    },
];

const fn level(name: &'static str, label: &'static str, meaning: &'static str, example: &'static str) -> Member {
    Member { name, shape: Shape::Choice(&CEFR), presence: Presence::Nullable, label, meaning, example }
}

const CEFR_SCORES: &[Member] = &[
    level("combined", "All skills", "The level for all skills together.", r#""C1""#),
    level("reading", "Reading", "Reading.", r#""C1""#),
    level("listening", "Listening", "Listening.", r#""C1""#),
    level("speaking", "Speaking", "Speaking.", r#""B2""#),
    level("writing", "Writing", "Writing.", r#""B2+""#),
];

const OVERALL: &[Member] = &[
    Member {
        name: "score",
        shape: Shape::TextOrNumber,
        presence: Presence::Required,
        label: "Score",
        meaning: "The score.",
        example: r#""7.5""#,
    },
    Member {
        name: "scale",
        shape: Shape::TextOrNumber,
        presence: Presence::Required,
        label: "Scale",
        meaning: "The scale of the score.",
        example: r#""0-9""#,
    },
];

const SUBSKILL: &[Member] = &[
    Member {
        name: "skill",
        shape: Shape::Text,
        presence: Presence::Required,
        label: "Skill",
        meaning: "The skill.",
        example: r#""Reading""#,
    },
    Member {
        name: "score",
        shape: Shape::TextOrNumber,
        presence: Presence::Required,
        label: "Score",
        meaning: "The score.",
        example: r#""8.0""#,
    },
];

fn rules(fields: &Node<'_>, path: &Path<'_>, context: &Context<'_>, field_errors: &mut FieldErrors) {
    not_future(fields, "completion_date", path, Date::latest_on_earth(context.now), field_errors);
    in_order(fields, ("completion_date", "expiry_date"), path, field_errors);
}

fn headline(fields: &Value) -> String {
    let scores = &fields["test_scores"];
    let overall = text(&scores["overall"], "score");
    match scores["cefr_scores"]["combined"].as_str() {
        Some(level) => format!("{}: {overall} (CEFR {level})", text(fields, "test_name")),
        None => format!("{}: {overall}", text(fields, "test_name")),
    }
}

/// Returns the score with its scale; empty without a score.
fn overall(overall: &Value) -> String {
    match (text_or_number(&overall["score"]), text_or_number(&overall["scale"])) {
        (Some(score), Some(scale)) => format!("{score} on the scale {scale}"),
        (score, _) => score.unwrap_or_default(),
    }
}

fn words(member: &str, value: &Value) -> Option<String> {
    (member == "overall").then(|| overall(value)).filter(|words| !words.is_empty())
}

fn view(fields: &Value) -> Vec<Block> {
    let scores = &fields["test_scores"];
    let mut about = facts(fields, FIELDS, &["test_name", "test_provider", "completion_date", "expiry_date"]);
    about.extend(fact(label_of(SCORES, "overall"), &overall(&scores["overall"])));
    let level = |name: &str| scores["cefr_scores"][name].as_str().map(ToOwned::to_owned);
    let bars: Vec<_> = CEFR_SCORES.iter().filter_map(|skill| Some((skill.label, level(skill.name)?))).collect();
    let caption = label_of(SCORES, "cefr_scores");
    let scale = (!bars.is_empty()).then_some(Block::Scale { caption, steps: LEVELS, bars });
    let subskills = label_of(SCORES, "subskills");
    let subskills = table(subskills, &scores["subskills"], SUBSKILL, &["skill", "score"]);
    fact_block(about).into_iter().chain(scale).chain(subskills).collect()
}

fn sample() -> Value {
    json!({
        "credential_id": "ENG-9d2f6b1c-47a8-4e0b-8c3d-5a7e1f0b6c42",
        "fields": {
            "full_name": "John Doe",
            "test_provider": "Example Test Centre",
            "test_name": "Example English Test, Academic",
            "completion_date": "2025-06-14",
            "expiry_date": "2027-06-14",
            "test_scores": {
                "cefr_scores": { "combined": "C1", "reading": "C1", "listening": "C1", "speaking": "B2", "writing": "B2+" },
                "overall": { "score": "7.5", "scale": "0-9" },
                "subskills": [
                    { "skill": "Reading", "score": "8.0" },
                    { "skill": "Listening", "score": "8.0" },
                    { "skill": "Speaking", "score": "6.5" },
                    { "skill": "Writing", "score": "7.0" }
                ]
            }
        }
    })
}
