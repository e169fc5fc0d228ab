//! All rules for `career_history` on the mission's page and in docs/partner-api.md sections 4 and
//! 5: accepted bodies, and the code and pointer of each error.

mod generated;

use credential::{CareerHistory, Context, ParseError, Payload, Submission, Type, parse_status_question};
use serde_json::{Value, json};

fn context() -> Context<'static> {
    Context::new("2026-11-23T09:00:00Z".parse().expect("a time"))
}

fn parse(body: &Value) -> Result<Submission, ParseError> {
    Submission::parse_v2(Type::default(), body.to_string().as_bytes(), &context())
}

/// Returns the sample after `change`.
fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = (Type::default().sample)();
    change(&mut body);
    body
}

/// Returns the sample with `value` at `pointer`, whose parent must exist.
fn with(pointer: &str, value: Value) -> Value {
    changed(|body| {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        match body.pointer_mut(parent).expect("a parent") {
            Value::Array(items) => items[name.parse::<usize>().expect("an index")] = value,
            parent => parent[name] = value,
        }
    })
}

fn without(pointer: &str) -> Value {
    changed(|body| {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        body.pointer_mut(parent).expect("a parent").as_object_mut().expect("an object").remove(name);
    })
}

fn field_errors(body: &Value) -> Vec<(String, String)> {
    match parse(body) {
        Err(ParseError::Invalid(field_errors)) => field_errors
            .into_iter()
            .map(|field_error| (field_error.pointer, field_error.code.as_str().to_owned()))
            .collect(),
        other => panic!("taken, or malformed: {other:?}\n{body}"),
    }
}

#[test]
fn documented_sample_is_accepted_unchanged() {
    let submission = parse(&(Type::default().sample)()).expect("taken");
    assert_eq!(submission.credential_id, "fa651300-b91a-49cb-8ee7-cac68b3fdf74");
    let history = CareerHistory::from_fields(&submission.fields()).expect("a career history");
    assert_eq!(history.full_name, "John Doe");
    assert_eq!(history.employment[0].end_date.expect("ended").to_string(), "2022-12");
    assert_eq!(history.employment[1].end_date, None);
    assert_eq!(history.employment[1].role(), "Senior Software Engineer");
    assert!(submission.partner_chain.is_empty());
}

#[test]
fn valid_career_histories_are_accepted() {
    let job = "/fields/employment/0";
    let many = |count: usize| vec![(Type::default().sample)()["fields"]["employment"][0].clone(); count];
    for (what, body) in [
        ("role_title alone", without(&format!("{job}/role_classification"))),
        ("role_classification alone", without(&format!("{job}/role_title"))),
        ("end_date null: still employed", with(&format!("{job}/end_date"), Value::Null)),
        ("end in the month of the start", with(&format!("{job}/end_date"), json!("2020-01"))),
        ("end after the last processed month", with(&format!("{job}/end_date"), json!("2023-06"))),
        ("processed in the month of the start", with(&format!("{job}/last_processed_month"), json!("2020-01"))),
        ("processed this month", with(&format!("{job}/last_processed_month"), json!("2026-11"))),
        ("an end a hundred years ahead", with(&format!("{job}/end_date"), json!("2126-11"))),
        ("a signed contract for next month", with("/fields/employment/1/start_date", json!("2026-12"))),
        ("the first year", with(&format!("{job}/start_date"), json!("1900-01"))),
        ("partner_chain null", with("/partner_chain", Value::Null)),
        ("partner_chain of 20", with("/partner_chain", json!(vec![json!({ "name": "A" }); 20]))),
        ("partner_chain empty", with("/partner_chain", json!([]))),
        ("partner_chain of two", with("/partner_chain", json!([{ "name": "Parent" }, { "name": "Child" }]))),
        ("assets empty", with("/assets", json!([]))),
        ("assets null", with("/assets", Value::Null)),
        ("an id of 255 characters", with("/credential_id", json!("é".repeat(255)))),
        ("an id of one character", with("/credential_id", json!("1"))),
        ("a name of 500 characters", with("/fields/full_name", json!("x".repeat(500)))),
        ("a name with spaces around it", with("/fields/full_name", json!(format!("  {}  ", "x".repeat(500))))),
        ("500 jobs", with("/fields/employment", json!(many(500)))),
    ] {
        assert!(parse(&body).is_ok(), "{what}: {:?}", parse(&body));
    }
}

/// Items beyond the limit of a list are parsed and nothing more.
#[test]
fn jobs_beyond_the_limit_are_not_validated() {
    let job = (Type::default().sample)()["fields"]["employment"][0].clone();
    let mut jobs = vec![job; 501];
    jobs[500]["start_date"] = json!("2090-01");
    jobs[500]["unknown"] = json!(1);
    let Err(ParseError::Invalid(errors)) = parse(&with("/fields/employment", jobs.into())) else { panic!("too long") };
    let found: Vec<&str> = errors.iter().map(|error| error.code.as_str()).collect();
    assert_eq!(found, ["list.too_long"]);
}

#[test]
fn invalid_fields_are_rejected_with_their_pointer() {
    let job = "/fields/employment/0";
    let at = |name: &str| format!("{job}/{name}");
    let many = vec![(Type::default().sample)()["fields"]["employment"][0].clone(); 501];
    for (body, pointer, code) in [
        (json!([]), "", "type.mismatch"),
        (json!("text"), "", "type.mismatch"),
        (Value::Null, "", "type.mismatch"),
        (without("/credential_id"), "", "field.missing"),
        (with("/credential_id", json!(7)), "/credential_id", "type.mismatch"),
        (with("/credential_id", Value::Null), "/credential_id", "field.null"),
        (with("/credential_id", json!("")), "/credential_id", "text.empty"),
        (with("/credential_id", json!("x".repeat(256))), "/credential_id", "text.too_long"),
        (with("/credential_id", json!("a\u{0}b")), "/credential_id", "text.control"),
        (with("/credential_id", json!("\u{feff}")), "/credential_id", "text.empty"),
        (with("/credential_id", json!("CAR-7 ")), "/credential_id", "id.form"),
        (with("/credential_id", json!("Ame\u{301}lie")), "/credential_id", "id.form"),
        (with("/replaces", json!("CAR-\u{200b}7")), "/replaces", "id.form"),
        (without("/fields"), "", "field.missing"),
        (with("/fields", json!([])), "/fields", "type.mismatch"),
        (with("/fields", Value::Null), "/fields", "field.null"),
        (with("/feilds", json!({})), "/feilds", "field.unknown"),
        (without("/fields/full_name"), "/fields", "field.missing"),
        (with("/fields/full_name", json!("   ")), "/fields/full_name", "text.empty"),
        (with("/fields/full_name", json!("x".repeat(501))), "/fields/full_name", "text.too_long"),
        (with("/fields/full_name", json!("John\nDoe")), "/fields/full_name", "text.control"),
        (with("/fields/full_name", json!("\u{200b}\u{2060}")), "/fields/full_name", "text.empty"),
        (with("/fields/full_name", json!("John \u{202e}Doe")), "/fields/full_name", "text.control"),
        (with("/fields/full_name", json!(["John"])), "/fields/full_name", "type.mismatch"),
        (with("/fields/salary", json!(1)), "/fields/salary", "field.unknown"),
        (without("/fields/employment"), "/fields", "field.missing"),
        (with("/fields/employment", json!([])), "/fields/employment", "list.too_short"),
        (with("/fields/employment", json!(many)), "/fields/employment", "list.too_long"),
        (with("/fields/employment", json!({})), "/fields/employment", "type.mismatch"),
        (with("/fields/employment", Value::Null), "/fields/employment", "field.null"),
        (with(job, json!("a job")), job, "type.mismatch"),
        (without(&at("organisation")), job, "field.missing"),
        (with(&at("organisation"), json!(7)), &at("organisation"), "type.mismatch"),
        (with(&at("organization"), json!("x")), &at("organization"), "field.unknown"),
        (without(&at("start_date")), job, "field.missing"),
        (with(&at("start_date"), json!("2020-13")), &at("start_date"), "date.range"),
        (with(&at("start_date"), json!("2020-00")), &at("start_date"), "date.range"),
        (with(&at("start_date"), json!("1899-12")), &at("start_date"), "date.range"),
        (with(&at("start_date"), json!("2020-1")), &at("start_date"), "date.format"),
        (with(&at("start_date"), json!("2020-01-01")), &at("start_date"), "date.format"),
        (with(&at("start_date"), json!(202_001)), &at("start_date"), "type.mismatch"),
        (with(&at("start_date"), Value::Null), &at("start_date"), "field.null"),
        (with("/fields/employment/1/start_date", json!("2027-12")), "/fields/employment/1/start_date", "date.future"),
        (with(&at("end_date"), json!("2126-12")), &at("end_date"), "date.range"),
        (with(&at("end_date"), json!("")), &at("end_date"), "date.format"),
        (with(&at("end_date"), json!("2019-12")), &at("end_date"), "date.order"),
        (with(&at("end_date"), json!(false)), &at("end_date"), "type.mismatch"),
        (without(&at("last_processed_month")), job, "field.missing"),
        (with(&at("last_processed_month"), Value::Null), &at("last_processed_month"), "field.null"),
        (with(&at("last_processed_month"), json!("2019-12")), &at("last_processed_month"), "date.order"),
        (with(&at("last_processed_month"), json!("2026-12")), &at("last_processed_month"), "date.future"),
        (with(&at("role_title"), Value::Null), &at("role_title"), "field.null"),
        (with(&at("role_title"), json!("")), &at("role_title"), "text.empty"),
        (with("/partner_chain", json!({})), "/partner_chain", "type.mismatch"),
        (with("/partner_chain", json!(vec![json!({ "name": "A" }); 21])), "/partner_chain", "list.too_long"),
        (with("/partner_chain", json!(["Parent"])), "/partner_chain/0", "type.mismatch"),
        (with("/partner_chain", json!([{}])), "/partner_chain/0", "field.missing"),
        (with("/partner_chain", json!([{ "name": "A", "nmae": "B" }])), "/partner_chain/0/nmae", "field.unknown"),
        (with("/assets", json!([{ "asset_id": "1" }])), "/assets", "assets.not_allowed"),
        (with("/assets", json!({})), "/assets", "type.mismatch"),
    ] {
        assert_eq!(field_errors(&body), [(pointer.to_owned(), code.to_owned())], "{body}");
    }
}

#[test]
fn old_field_names_are_rejected_with_the_new_name() {
    let Err(ParseError::Invalid(found)) = parse(&with("/claim", json!({ "email": "ada@example.org" }))) else {
        panic!("taken")
    };
    assert_eq!((found.len(), found[0].code.as_str()), (1, "field.unknown"));
    assert_eq!(found[0].message, "\"claim\" was renamed to \"notify\".");
    assert_eq!(found[0].suggestion.as_deref(), Some("notify"));
}

#[test]
fn future_starts_are_accepted_with_a_warning() {
    let starting = |start: &str, last: &str| {
        changed(|body| {
            let job = &mut body["fields"]["employment"][1];
            (job["start_date"], job["last_processed_month"]) = (start.into(), last.into());
        })
    };
    for (start, last, codes) in [
        ("2027-11", "2026-11", vec!["date.future_start"]),
        ("2026-12", "2020-01", vec!["date.future_start"]),
        ("2026-11", "2026-11", vec![]),
    ] {
        let advice = parse(&starting(start, last)).expect("taken").advice();
        assert_eq!(advice.iter().map(|advice| advice.code).collect::<Vec<_>>(), codes, "{start}");
        assert!(advice.iter().all(|advice| advice.message.contains("/fields/employment/1 starts in")), "{advice:?}");
    }
    let at = |name: &str, code: &str| [(format!("/fields/employment/1/{name}"), code.to_owned())];
    assert_eq!(field_errors(&starting("2027-12", "2026-11")), at("start_date", "date.future"));
    assert_eq!(field_errors(&starting("2026-10", "2026-09")), at("last_processed_month", "date.order"), "it has begun");
}

#[test]
fn a_job_needs_a_title_or_a_classification() {
    let mut body = without("/fields/employment/0/role_title");
    body["fields"]["employment"][0].as_object_mut().expect("an object").remove("role_classification");
    assert_eq!(field_errors(&body), [("/fields/employment/0".to_owned(), "any_of.missing".to_owned())]);
}

#[test]
fn all_field_errors_are_reported_at_once() {
    let body = json!({
        "credential_ID": "x",
        "fields": { "full_name": "", "employment": [{ "start_date": "2020", "last_processed_month": "2030-01" }] },
    });
    let codes: Vec<String> = field_errors(&body).into_iter().map(|(_, code)| code).collect();
    assert_eq!(
        codes,
        ["field.unknown", "field.missing", "any_of.missing", "date.future", "date.format", "text.empty"],
        "every error in one response, and one for the misspelt credential_id"
    );
}

#[test]
fn field_errors_are_ordered_by_position_in_the_body() {
    let refused = |source: &str| match Submission::parse_v2(Type::default(), source.as_bytes(), &context()) {
        Err(ParseError::Invalid(field_errors)) => {
            field_errors.into_iter().map(|field_error| field_error.pointer).collect::<Vec<_>>()
        }
        other => panic!("taken, or malformed: {other:?}"),
    };
    let source = r#"{ "partner_chain": 1, "fields": { "full_name": "", "employment": [
        { "start_date": 2, "role_title": "", "organisation": 3, "last_processed_month": "4" }] }, "credential_id": 5 }"#;
    let job = "/fields/employment/0";
    assert_eq!(
        refused(source),
        [
            "/partner_chain".to_owned(),
            "/fields/full_name".to_owned(),
            format!("{job}/start_date"),
            format!("{job}/role_title"),
            format!("{job}/organisation"),
            format!("{job}/last_processed_month"),
            "/credential_id".to_owned(),
        ]
    );
    let many: Vec<String> = (0..150).map(|number| format!("\"m{number}\":0")).collect();
    let pointers = refused(&format!("{{{}}}", many.join(",")));
    assert_eq!((pointers.len(), pointers.last().map(String::as_str)), (101, Some("")));
}

#[test]
fn near_misses_come_with_a_suggestion() {
    let suggestion = |body: &Value| match parse(body) {
        Err(ParseError::Invalid(field_errors)) => field_errors[0].suggestion.clone(),
        _ => None,
    };
    assert_eq!(suggestion(&with("/fields/employment/0/startDate", json!("x"))).as_deref(), Some("start_date"));
    assert_eq!(suggestion(&with("/fields/employment/0/start_date", json!("01/2020"))).as_deref(), Some("2020-01"));
    assert_eq!(suggestion(&without("/fields/full_name")).as_deref(), Some("full_name"));
}

#[test]
fn received_values_are_cut_to_64_characters() {
    let Err(ParseError::Invalid(field_errors)) =
        parse(&with("/fields/employment/0/start_date", json!("secret".repeat(100))))
    else {
        panic!("taken")
    };
    assert_eq!(field_errors[0].received.as_ref().map(|received| received.chars().count()), Some(64));
    assert!(!field_errors[0].message.contains("secret"));
}

#[test]
fn equivalent_bodies_have_the_same_payload() {
    let one = parse(&(Type::default().sample)()).expect("taken");
    let other = parse(&with("/fields/full_name", json!(" John Doe "))).expect("taken");
    let third = parse(&with("/fields/full_name", json!("Jane Doe"))).expect("taken");
    assert_eq!(one.payload(), other.payload());
    assert_ne!(one.payload(), third.payload());
    let payload = Payload::from_bytes(&one.payload()).expect("a payload");
    assert_eq!(payload.fields, one.fields());
}

#[test]
fn status_queries_accept_at_most_thirty_ids() {
    let ask = |body: Value| parse_status_question(body.to_string().as_bytes());
    let ids = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
    assert_eq!(ask(json!({ "ids": ids(30) })).expect("taken").len(), 30);
    assert_eq!(ask(json!({ "ids": [] })).expect("taken").len(), 0);
    for (body, pointer, code) in [
        (json!({ "ids": ids(31) }), "/ids", "list.too_long"),
        (json!({}), "", "field.missing"),
        (json!({ "ids": "1" }), "/ids", "type.mismatch"),
        (json!({ "ids": [1] }), "/ids/0", "type.mismatch"),
        (json!({ "ids": ["\u{0}"] }), "/ids/0", "text.control"),
        (json!({ "ids": [], "id": [] }), "/id", "field.unknown"),
    ] {
        let Err(ParseError::Invalid(field_errors)) = ask(body.clone()) else { panic!("taken: {body}") };
        assert_eq!((field_errors[0].pointer.as_str(), field_errors[0].code.as_str()), (pointer, code));
    }
}
