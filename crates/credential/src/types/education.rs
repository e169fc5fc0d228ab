//! `education`: studies, institutions and transcripts (docs/partner-api.md section 5).

use serde_json::{Value, json};

use crate::asset::{AssetKind, AssetRules};
use crate::context::Context;
use crate::credential_type::{Achievement, BatchMember, CredentialType, FULL_NAME, V1, no_advice, not_future, text};
use crate::date::Date;
use crate::field_error::{Code, FieldErrors};
use crate::json::Node;
use crate::pointer::Path;
use crate::relation::restated;
use crate::schema::{Choice, Member, Presence, Shape};
use crate::view::{Block, fact, fact_block, facts, joined, label_of, table};

/// The declaration of the type.
pub static EDUCATION: CredentialType = CredentialType {
    name: "education",
    redirect_name: "education",
    write_scope: "write.education",
    read_scope: "read.education",
    title: "Education",
    summary: "A course of study: the institution, the course, when it was conferred, and the transcript.",
    fields: FIELDS,
    assets: &AssetRules { kinds: &Choice { called: "an asset type", values: &["pdf", "open_cert"] }, most: 10 },
    v1: Some(V1 {
        document_types: &[("none", None), ("pdf", Some(AssetKind::Pdf)), ("open_cert", Some(AssetKind::OpenCert))],
        older: None,
    }),
    batch: BatchMember::Many("education_items"),
    rules,
    advice: no_advice,
    headline,
    view,
    words,
    compared: &[("full_name", "recipient.name"), ("course_name", "name"), ("education_provider", "issuers.0.name")],
    achievement: Some(Achievement { name: "course_name", creator: "education_provider", achievement_type: None }),
    relation: restated,
    always_shown: &["/full_name", "/conferral_year", "/awaiting_graduation", "/transcript/overall/issuance_date"],
    items_apart: &[],
    item_labels: &[("/majors", "Major"), ("/transcript/subjects", "Subject result")],
    last_day: None,
    earlier_metadata: &[include_str!("published/education.1.json"), include_str!("published/education.2.json")],
    sample,
};

/// Maximum number of subjects of a transcript.
const MAX_SUBJECTS: usize = 300;

const FIELDS: &[Member] = &[
    FULL_NAME,
    Member {
        name: "education_provider",
        shape: Shape::Text,
        presence: Presence::Required,
        label: "University or school",
        meaning: "The university, college or school.",
        example: r#""University of Example""#,
    },
    Member {
        name: "course_name",
        shape: Shape::Text,
        presence: Presence::Required,
        label: "Course",
        meaning: "The name of the course, as on the certificate.",
        example: r#""Bachelor of Commerce""#,
    },
    Member {
        name: "conferral_year",
        shape: Shape::Year,
        presence: Presence::Nullable,
        label: "Year awarded",
        meaning: "The year in which it was conferred, YYYY. Required unless awaiting_graduation is true; then null or left out.",
        example: r#""2022""#,
    },
    Member {
        name: "awaiting_graduation",
        shape: Shape::Boolean,
        presence: Presence::Optional,
        label: "Graduation",
        meaning: "Whether the course is completed but not yet conferred.",
        example: "false",
    },
    Member {
        name: "has_majors",
        shape: Shape::Boolean,
        presence: Presence::Optional,
        label: "Has majors",
        meaning: "Whether the course has majors.",
        example: "true",
    },
    Member {
        name: "majors",
        shape: Shape::List { of: &Shape::Text, least: 0, most: 20 },
        presence: Presence::Nullable,
        label: "Majors",
        meaning: "The majors.",
        example: r#"["Finance"]"#,
    },
    Member {
        name: "with_honours",
        shape: Shape::Boolean,
        presence: Presence::Optional,
        label: "Honours",
        meaning: "Whether it was conferred with honours.",
        example: "true",
    },
    Member {
        name: "transcript",
        shape: Shape::Object(TRANSCRIPT),
        presence: Presence::Nullable,
        label: "Subjects and results",
        meaning: "The subjects and results.",
        example: "",
    },
];

const TRANSCRIPT: &[Member] = &[
    Member {
        name: "overall",
        shape: Shape::Object(OVERALL),
        presence: Presence::Required,
        label: "Overall",
        meaning: "The result of the course as a whole.",
        example: "",
    },
    Member {
        name: "subjects",
        shape: Shape::List { of: &Shape::Object(SUBJECT), least: 0, most: MAX_SUBJECTS },
        presence: Presence::Required,
        label: "Subjects",
        meaning: "The subjects, in the order of the transcript.",
        example: "",
    },
];

const OVERALL: &[Member] = &[
    Member {
        name: "issuance_date",
        shape: Shape::Date,
        presence: Presence::Required,
        label: "Issued",
        meaning: "The date on which the transcript was issued, YYYY-MM-DD.",
        example: r#""2022-12-15""#,
    },
    Member {
        name: "score",
        shape: Shape::TextOrNumber,
        presence: Presence::Nullable,
        label: "Result",
        meaning: "The overall result, such as a grade point average.",
        example: r#""6.2""#,
    },
];

const SUBJECT: &[Member] = &[
    Member {
        name: "name",
        shape: Shape::Text,
        presence: Presence::Required,
        label: "Subject",
        meaning: "The name of the subject.",
        example: r#""Corporate Finance""#,
    },
    Member {
        name: "code",
        shape: Shape::Text,
        presence: Presence::Required,
        label: "Code",
        meaning: "The code of the subject.",
        example: r#""FIN201""#,
    },
    Member {
        name: "grade",
        shape: Shape::TextOrNumber,
        presence: Presence::Required,
        label: "Grade",
        meaning: "The grade.",
        example: r#""HD""#,
    },
    Member {
        name: "completion_date",
        shape: Shape::YearOrDate,
        presence: Presence::Required,
        label: "Completed",
        meaning: "When the subject was completed, YYYY or YYYY-MM-DD.",
        example: r#""2021-11-30""#,
    },
    Member {
        name: "credit",
        shape: Shape::TextOrNumber,
        presence: Presence::Nullable,
        label: "Credit points",
        meaning: "The credit points.",
        example: r#""6""#,
    },
    Member {
        name: "score",
        shape: Shape::TextOrNumber,
        presence: Presence::Nullable,
        label: "Score",
        meaning: "The score.",
        example: r#""87""#,
    },
];

fn rules(fields: &Node<'_>, path: &Path<'_>, context: &Context<'_>, field_errors: &mut FieldErrors) {
    let today = Date::latest_on_earth(context.now);
    let awaiting = fields["awaiting_graduation"].as_bool().unwrap_or_default();
    match fields.get("conferral_year") {
        None if !awaiting => {
            field_errors
                .add(path, Code::FieldMissing, || {
                    "Missing field \"conferral_year\". It is required unless awaiting_graduation is true.".to_owned()
                })
                .suggest(Some("conferral_year".to_owned()));
        }
        Some(year) if awaiting && !year.is_null() => {
            field_errors
                .add(&Path::Member(path, "conferral_year"), Code::FieldForbidden, || {
                    "conferral_year must not be set while awaiting_graduation is true. Leave it out, or send null."
                        .to_owned()
                })
                .received(year);
        }
        Some(Node::Text(_)) => not_future(fields, "conferral_year", path, today, field_errors),
        _ => {}
    }
    if fields["has_majors"].as_bool() == Some(false)
        && fields["majors"].as_array().is_some_and(|majors| !majors.is_empty())
    {
        field_errors.add(&Path::Member(path, "majors"), Code::FieldForbidden, || {
            "majors must be empty if has_majors is false. Correct one of the two.".to_owned()
        });
    }
    let transcript = Path::Member(path, "transcript");
    let overall = Path::Member(&transcript, "overall");
    not_future(&fields["transcript"]["overall"], "issuance_date", &overall, today, field_errors);
    let subjects = Path::Member(&transcript, "subjects");
    for (index, subject) in
        fields["transcript"]["subjects"].as_array().into_iter().flatten().enumerate().take(MAX_SUBJECTS)
    {
        let here = Path::Item(&subjects, index);
        not_future(subject, "completion_date", &here, today, field_errors);
    }
}

/// Returns "Bachelor of Commerce (Honours), Finance", and whether it is conferred.
fn headline(fields: &Value) -> String {
    let mut title = text(fields, "course_name").to_owned();
    if fields["with_honours"] == json!(true) && !title.to_lowercase().contains("honours") {
        title.push_str(" (Honours)");
    }
    let majors: Vec<&str> = fields["majors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if let Some((last, others)) = majors.split_last() {
        let all = if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) };
        title = format!("{title}, {all}");
    }
    if fields["awaiting_graduation"] == json!(true) {
        title.push_str(" (completed, awaiting graduation)");
    }
    title
}

fn view(fields: &Value) -> Vec<Block> {
    let mut about = facts(fields, FIELDS, &["education_provider", "course_name", "conferral_year"]);
    if fields["awaiting_graduation"] == json!(true) {
        about.extend(fact(label_of(FIELDS, "awaiting_graduation"), "Completed, awaiting graduation"));
    }
    if fields["with_honours"] == json!(true) {
        about.extend(fact(label_of(FIELDS, "with_honours"), "Yes"));
    }
    about.extend(fact(label_of(FIELDS, "majors"), &joined(&fields["majors"])));
    let transcript = &fields["transcript"];
    let overall = facts(&transcript["overall"], OVERALL, &["score", "issuance_date"]);
    let columns = ["code", "name", "completion_date", "credit", "score", "grade"];
    let subjects = table(label_of(FIELDS, "transcript"), &transcript["subjects"], SUBJECT, &columns);
    fact_block(about).into_iter().chain(fact_block(overall)).chain(subjects).collect()
}

fn words(member: &str, value: &Value) -> Option<String> {
    let words = match (member, value.as_bool()?) {
        ("awaiting_graduation", true) => "Completed, awaiting graduation",
        ("awaiting_graduation", false) => "Already awarded",
        ("has_majors", true) => "The course has majors",
        ("has_majors", false) => "The course has no majors",
        ("with_honours", true) => "With honours",
        ("with_honours", false) => "Without honours",
        _ => return None,
    };
    Some(words.to_owned())
}

fn sample() -> Value {
    json!({
        "credential_id": "EDU-5f0c7a52-3b6e-4a53-9f0e-0d2c1f4b7a10",
        "fields": {
            "full_name": "John Doe",
            "education_provider": "University of Example",
            "course_name": "Bachelor of Commerce",
            "conferral_year": "2022",
            "awaiting_graduation": false,
            "has_majors": true,
            "majors": ["Finance"],
            "with_honours": true,
            "transcript": {
                "overall": { "issuance_date": "2022-12-15", "score": "6.2" },
                "subjects": [
                    { "name": "Corporate Finance", "code": "FIN201", "grade": "HD", "completion_date": "2021-11-30", "credit": "6", "score": "87" },
                    { "name": "Business Statistics", "code": "STA110", "grade": "D", "completion_date": "2020", "credit": "6" }
                ]
            }
        },
        "assets": [{ "asset_id": "testamur", "asset_type": "pdf", "asset_data": null }]
    })
}
