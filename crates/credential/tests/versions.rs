//! Relations between newer and older credentials, and the changes between them.

use credential::{Change, Context, DisplayValue, ParseError, Relation, Submission, Type, changes};
use serde_json::{Value, json};

/// A job as organisation, title, start, end and last processed month. An empty end is an open job,
/// an empty title is absent.
type Job = (&'static str, &'static str, &'static str, &'static str, &'static str);

fn career(name: &str, jobs: &[Job]) -> Value {
    let job = |(organisation, title, start, end, last): &Job| {
        let mut job = json!({ "organisation": organisation, "start_date": start, "last_processed_month": last });
        if !title.is_empty() {
            job["role_title"] = json!(title);
        }
        if !end.is_empty() {
            job["end_date"] = json!(end);
        }
        job
    };
    json!({ "full_name": name, "employment": jobs.iter().map(job).collect::<Vec<_>>() })
}

fn named(name: &str) -> Type {
    name.parse().expect("a type")
}

const OLDER: [Job; 2] =
    [("Company A", "Cook", "2020-01", "2022-12", "2023-01"), ("Company B", "Clerk", "2023-02", "", "2026-09")];

#[test]
fn career_relation_follows_name_employers_and_months() {
    const A: Job = OLDER[0];
    const B: Job = OLDER[1];
    use Relation::{Continues, Corrects, Covers, Other};
    let older = career("Ada Example", &OLDER);
    for (why, name, jobs, expected) in [
        ("the same again", "Ada Example", vec![A, B], Continues),
        ("another order", "Ada Example", vec![B, A], Continues),
        ("a month later", "Ada Example", vec![A, ("Company B", "Clerk", "2023-02", "", "2026-10")], Continues),
        ("an end", "Ada Example", vec![A, ("Company B", "Clerk", "2023-02", "2026-10", "2026-10")], Continues),
        ("a title", "Ada Example", vec![A, ("Company B", "Lead", "2023-02", "", "2026-10")], Continues),
        ("case and composition", "ADA EXAMPLE", vec![A, ("company b", "Clerk", "2023-02", "", "2026-09")], Continues),
        ("the family name first", "EXAMPLE, Dr Ada", vec![A, B], Covers),
        ("the family name first, without a title", "EXAMPLE, Ada", vec![A, B], Continues),
        ("a title of courtesy", "Mrs Ada Example", vec![A, B], Continues),
        ("a degree", "Ada Example, PhD", vec![A, B], Covers),
        ("a licence", "Engr Ada Example", vec![A, B], Covers),
        ("a later job there", "Ada Example", vec![A, B, ("Company B", "Lead", "2026-09", "", "2026-10")], Continues),
        ("an earlier job there", "Ada Example", vec![A, B, ("Company B", "Lead", "2026-08", "", "2026-10")], Covers),
        ("a second job from the same start", "Ada Example", vec![A, B, B], Covers),
        (
            "a job again where one has ended",
            "Ada Example",
            vec![A, B, ("Company A", "Chef", "2024-01", "", "2026-10")],
            Continues,
        ),
        ("a new employer", "Ada Example", vec![A, B, ("Company C", "Chef", "2026-10", "", "2026-10")], Covers),
        (
            "an end before the data",
            "Ada Example",
            vec![A, ("Company B", "Clerk", "2023-02", "2026-08", "2026-10")],
            Covers,
        ),
        ("a title for no new month", "Ada Example", vec![A, ("Company B", "Lead", "2023-02", "", "2026-09")], Covers),
        ("a title taken away", "Ada Example", vec![A, ("Company B", "", "2023-02", "", "2026-10")], Covers),
        (
            "another title in the past",
            "Ada Example",
            vec![("Company A", "Chef", "2020-01", "2022-12", "2026-09"), B],
            Covers,
        ),
        (
            "another end in the past",
            "Ada Example",
            vec![("Company A", "Cook", "2020-01", "2021-12", "2026-09"), B],
            Covers,
        ),
        ("an end taken away", "Ada Example", vec![("Company A", "Cook", "2020-01", "", "2026-09"), B], Covers),
        ("an earlier month", "Ada Example", vec![A, ("Company B", "Clerk", "2023-02", "", "2026-08")], Other),
        (
            "an earlier month of another start",
            "Ada Example",
            vec![A, ("Company B", "Clerk", "2023-03", "", "2026-08")],
            Other,
        ),
        ("another start", "Ada Example", vec![A, ("Company B", "Clerk", "2023-03", "", "2026-10")], Corrects),
        ("an employer is missing", "Ada Example", vec![B], Other),
        ("another employer instead", "Ada Example", vec![("Company C", "Chef", "2026-10", "", "2026-10")], Other),
        ("an employer is renamed", "Ada Example", vec![A, ("Company B Ltd", "Clerk", "2023-02", "", "2026-10")], Other),
        ("another name", "Ada Exempel", vec![A, B], Other),
        ("part of the name", "Ada", vec![A, B], Other),
    ] {
        assert_eq!(named("career_history").relation(&career(name, &jobs), &older), expected, "{why}");
    }
}

#[test]
fn names_may_lose_a_title_or_degree_but_not_gain_one() {
    let relation =
        |newer: &str, older: &str| named("career_history").relation(&career(newer, &OLDER), &career(older, &OLDER));
    let titled = ["Dr Ada Example", "Prof. Dr Ada Example", "Ada Example, MBA", "Atty Ada Example, CPA, MBA"];
    for name in titled {
        assert_eq!(relation("Ada Example", name), Relation::Continues, "{name}");
        assert_eq!(relation(name, "Ada Example"), Relation::Covers, "{name}");
        assert_eq!(relation(name, name), Relation::Continues, "{name}");
    }
    assert_eq!(relation("Dr Ada Example, PhD", "Dr Ada Example"), Relation::Covers);
}

#[test]
fn each_job_needs_a_counterpart_of_its_own() {
    const DAY: Job = ("Company A", "Cook", "2020-01", "", "2026-09");
    const NIGHT: Job = ("Company A", "Guard", "2020-01", "", "2026-06");
    let relation =
        |newer: &[Job], older: &[Job]| named("career_history").relation(&career("Ada", newer), &career("Ada", older));
    assert_eq!(relation(&[DAY], &[DAY, NIGHT]), Relation::Other, "one of two jobs is missing");
    assert_eq!(relation(&[NIGHT, DAY], &[DAY, NIGHT]), Relation::Continues);
    assert_eq!(relation(&[NIGHT, NIGHT], &[DAY, NIGHT]), Relation::Other, "neither has data to September");
}

#[test]
fn unreadable_careers_are_not_replaced() {
    let readable = career("Ada", &OLDER);
    for unreadable in [json!({}), json!({ "full_name": "Ada", "employment": [{ "organisation": "Company A" }] })] {
        assert_eq!(named("career_history").relation(&readable, &unreadable), Relation::Other);
        assert_eq!(named("career_history").relation(&unreadable, &readable), Relation::Other);
    }
}

#[test]
fn other_types_replace_only_what_their_partner_names() {
    for known in credential::ALL.iter().filter(|known| known.name() != "career_history") {
        let fields = (known.sample)()["fields"].clone();
        let mut renamed = fields.clone();
        renamed["full_name"] = json!("Somebody Else");
        assert_eq!(known.relation(&fields, &fields), Relation::Corrects, "{known}");
        assert_eq!(known.relation(&renamed, &fields), Relation::Other, "{known}");
        assert!(!known.may_continue(&fields), "{known} has no rule for a standing consent");
    }
    assert!(named("career_history").may_continue(&career("Ada", &OLDER)));
    for (relation, unnamed, is_named) in [
        (Relation::Other, false, false),
        (Relation::Corrects, false, true),
        (Relation::Covers, true, true),
        (Relation::Continues, true, true),
    ] {
        assert_eq!((relation.replaces(false), relation.replaces(true)), (unnamed, is_named), "{relation:?}");
    }
}

#[test]
fn changes_list_each_difference_once() {
    let known = named("career_history");
    let older = career("Ada Example", &OLDER);
    assert_eq!(changes(known, &older, &older), []);
    let newer = career(
        "Ada Married",
        &[("Company B", "Clerk", "2023-02", "", "2026-10"), ("Company C", "Chef", "2026-10", "", "2026-10")],
    );
    let found = changes(known, &older, &newer);
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(found[0], Change::Name { older: "Ada Example".to_owned(), newer: "Ada Married".to_owned() });
    let Change::JobChanged { older: before, newer: after } = &found[1] else { panic!("{found:?}") };
    assert_eq!(
        (before.last_processed_month.to_string(), after.last_processed_month.to_string()),
        ("2026-09".to_owned(), "2026-10".to_owned())
    );
    assert!(matches!(&found[2], Change::JobAdded(job) if job.organisation == "Company C"), "{found:?}");
    assert!(matches!(&found[3], Change::JobMissing(job) if job.organisation == "Company A"), "{found:?}");
}

#[test]
fn changed_facts_are_listed_with_both_values() {
    let known = named("microcredential");
    let older = (known.sample)()["fields"].clone();
    let mut newer = older.clone();
    newer["issue_date"] = json!("2026-10-01");
    newer.as_object_mut().expect("an object").remove("expiry_date");
    let found = changes(known, &older, &newer);
    let facts = found.iter().map(|change| match change {
        Change::Fact { older, newer, .. } => (older != &DisplayValue::Nothing, newer != &DisplayValue::Nothing),
        other => panic!("{other:?}"),
    });
    let facts: Vec<_> = facts.collect();
    assert!(facts.contains(&(true, true)), "the issue date: {found:?}");
    assert_eq!(facts.contains(&(true, false)), !older["expiry_date"].is_null(), "the expiry date: {found:?}");
    let (known, mut transcript) =
        (named("right_to_work"), json!({ "full_name": "Ada", "country": "SG", "singapore_work_rights": "citizen" }));
    let before = transcript.clone();
    transcript["singapore_work_rights"] = json!("resident");
    assert_eq!(changes(known, &before, &transcript), [Change::Details]);
}

fn pushed(replaces: Value) -> Result<Submission, Vec<(String, String)>> {
    let mut body = (Type::default().sample)();
    body["credential_id"] = json!("own");
    body["replaces"] = replaces;
    let context = Context::new("2026-11-23T09:00:00Z".parse().expect("a time"));
    Submission::parse_v2(Type::default(), body.to_string().as_bytes(), &context).map_err(|rejection| match rejection {
        ParseError::Invalid(field_errors) => field_errors
            .into_iter()
            .map(|field_error| (field_error.pointer, field_error.code.as_str().to_owned()))
            .collect(),
        ParseError::Malformed(malformed) => panic!("{malformed}"),
    })
}

#[test]
fn replaces_is_an_id_other_than_the_own() {
    let taken = pushed(json!("earlier")).expect("taken");
    assert_eq!((taken.replaces.as_deref(), taken.replaces_pointer().as_str()), (Some("earlier"), "/replaces"));
    assert_eq!(credential::Payload::from_bytes(&taken.payload()).expect("read").replaces.as_deref(), Some("earlier"));
    let without = pushed(Value::Null).expect("taken");
    assert!(without.replaces.is_none() && !String::from_utf8_lossy(&without.payload()).contains("replaces"));
    for (replaces, code) in [
        (json!("own"), "replaces.self"),
        (json!(""), "text.empty"),
        (json!(7), "type.mismatch"),
        (json!("a\u{7}b"), "text.control"),
        (json!("x".repeat(256)), "text.too_long"),
    ] {
        assert_eq!(pushed(replaces).expect_err("refused"), [("/replaces".to_owned(), code.to_owned())]);
    }
}

#[test]
fn batch_items_may_not_replace_each_other() {
    let mut batch = credential::batch_sample();
    batch["credential_id"] = json!("whole");
    batch["career_history"]["credential_id"] = json!("career");
    batch["education_items"][0]["credential_id"] = json!("degree");
    batch["career_history"]["replaces"] = json!("earlier");
    let check = |batch: &Value| {
        let context = Context::new("2026-11-23T09:00:00Z".parse().expect("a time"));
        let source = batch.to_string();
        let body = credential::BatchBody::read(credential::BatchForm::V2, source.as_bytes()).expect("an object");
        body.check(&context).map_err(|rejection| match rejection {
            ParseError::Invalid(field_errors) => field_errors
                .into_iter()
                .map(|field_error| (field_error.pointer, field_error.code.as_str()))
                .collect::<Vec<_>>(),
            ParseError::Malformed(malformed) => panic!("{malformed}"),
        })
    };
    let taken = check(&batch).expect("taken");
    let career = taken.items.iter().find(|item| item.credential_id == "career").expect("the career");
    assert_eq!(
        (career.replaces.as_deref(), &*career.replaces_pointer()),
        (Some("earlier"), "/career_history/replaces")
    );
    for replaces in ["whole", "career", "degree"] {
        batch["education_items"][0]["replaces"] = json!(replaces);
        let refused = check(&batch).expect_err("refused");
        assert_eq!(refused, [("/education_items/0/replaces".to_owned(), "replaces.self")], "{replaces}");
    }
}
