//! Messages of mistakes that integrators make: each mistake has one error, and its message says
//! what to do in this place.

use credential::{
    BatchBody, BatchForm, FieldError, ParseError, Submission, Type, batch_sample, parse_status_question,
    parse_withdrawal, v1_batch_sample,
};
use serde_json::{Value, json};

use crate::samples::{Put, changed, context};

fn named(name: &str) -> Type {
    name.parse().expect("a type")
}

#[track_caller]
fn only_error<T: std::fmt::Debug>(result: Result<T, ParseError>) -> FieldError {
    match result {
        Err(ParseError::Invalid(mut found)) if found.len() == 1 => found.remove(0),
        other => panic!("not one error: {other:?}"),
    }
}

/// Returns the one error of the sample with `value` at `pointer`.
#[track_caller]
fn error_of(name: &str, pointer: &'static str, value: Value) -> FieldError {
    let body = changed(named(name), &[Put(pointer, value)]);
    only_error(Submission::parse_v2(named(name), body.to_string().as_bytes(), &context()))
}

/// The advice about a date that may be absent.
const LEAVE_OUT: &str = "If there is none, leave the field out or send null.";

#[test]
fn required_dates_are_not_advised_to_be_left_out() {
    let start = "/fields/employment/0/start_date";
    for text in ["", "present", "now", "N/A", "-"] {
        let message = error_of("career_history", start, json!(text)).message;
        assert_eq!(message, "A value is required. Enter a month in the format YYYY-MM, such as 2023-01.", "{text:?}");
    }
    let error = error_of("english_proficiency", "/fields/completion_date", json!(""));
    assert!(error.message.contains("Enter a date in the format YYYY-MM-DD"), "{}", error.message);
    let subject = "/fields/transcript/subjects/0/completion_date";
    for text in ["", "none"] {
        let message = error_of("education", subject, json!(text)).message;
        assert!(message.contains("Enter a year or a date in the format YYYY or YYYY-MM-DD"), "{message}");
    }
}

#[test]
fn optional_dates_name_the_format_and_null() {
    let end = "/fields/employment/0/end_date";
    for text in ["", "present", "9999-12-31", "31.12.9999"] {
        let error = error_of("career_history", end, json!(text));
        let said = format!("Must be a month in the format YYYY-MM, such as 2023-01. {LEAVE_OUT}");
        assert_eq!((error.message, error.suggestion), (said, None), "{text:?}");
    }
    let error = error_of("digital_identity", "/fields/date_of_birth", json!(""));
    assert_eq!(error.message, format!("Must be a date in the format YYYY-MM-DD, such as 2023-01-31. {LEAVE_OUT}"));
    let other = error_of("career_history", end, json!("soon")).message;
    assert_eq!(other, "Must be a month in the format YYYY-MM, such as 2023-01.");
}

#[test]
fn dates_out_of_range_name_the_wrong_part() {
    let start = "/fields/employment/0/start_date";
    for (pointer, name, value, said) in [
        (start, "career_history", "1021-03", "The year must be 1900 or later."),
        (start, "career_history", "2021-13", "No such month. It must be 01 to 12."),
        ("/fields/date_of_birth", "digital_identity", "1899-12-31", "The year must be 1900 or later."),
        ("/fields/date_of_birth", "digital_identity", "1990-04-31", "No such date. Check the month and the day."),
    ] {
        let error = error_of(name, pointer, json!(value));
        assert_eq!((error.code.as_str(), &*error.message), ("date.range", said), "{value}");
    }
}

#[test]
fn only_optional_texts_are_advised_to_be_left_out() {
    let required = "Must not be empty. Enter a value.";
    assert_eq!(error_of("career_history", "/credential_id", json!("")).message, required);
    assert_eq!(error_of("career_history", "/fields/full_name", json!(" ")).message, required);
    assert_eq!(error_of("education", "/fields/majors/0", json!("")).message, required);
    assert_eq!(only_error(parse_withdrawal(br#"{"reason": ""}"#)).message, required);
    assert_eq!(only_error(parse_status_question(br#"{"ids": ["1", ""]}"#)).message, required);
    let optional = "Must not be empty. Enter a value or leave the field out.";
    assert_eq!(error_of("career_history", "/fields/employment/0/role_title", json!("")).message, optional);
    assert_eq!(error_of("career_history", "/replaces", json!("")).message, optional);
}

#[test]
fn another_word_for_a_field_is_one_error() {
    let renamed = |parent: &str, old: &str, new: &str| {
        let mut body = (named("career_history").sample)();
        let object = body.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
        let value = object.remove(old).expect("a field");
        object.remove("role_classification");
        object.insert(new.to_owned(), value);
        only_error(Submission::parse_v2(named("career_history"), body.to_string().as_bytes(), &context()))
    };
    let job = "/fields/employment/0";
    for (parent, old, new) in [
        ("", "credential_id", "id"),
        ("/fields", "full_name", "name"),
        ("/fields", "employment", "jobs"),
        (job, "organisation", "employer"),
        (job, "role_title", "title"),
        (job, "start_date", "start"),
    ] {
        let error = renamed(parent, old, new);
        assert_eq!((error.code.as_str(), error.pointer), ("field.unknown", format!("{parent}/{new}")));
        assert_eq!(error.suggestion.as_deref(), Some(old), "{new}");
    }
    let error = only_error(parse_status_question(br#"{"id": ["1"]}"#));
    assert_eq!((&*error.message, error.pointer), ("Unknown field \"id\". Did you mean \"ids\"?", "/id".to_owned()));
}

#[test]
fn bodies_of_another_path_are_one_error_with_that_path() {
    let education = named("education");
    let (v1, v2) = (education.v1_sample().expect("v1 has it"), (education.sample)());
    let single = |is_v1: bool, body: &Value| {
        let body = body.to_string();
        let parse = if is_v1 { Submission::parse_v1 } else { Submission::parse_v2 };
        only_error(parse(education, body.as_bytes(), &context()))
    };
    let batch = |form: BatchForm, body: &Value| {
        let body = body.to_string();
        only_error(BatchBody::read(form, body.as_bytes()).and_then(|body| body.check(&context())))
    };
    let (version, kind) = ("version.mismatch", "batch.mismatch");
    for (error, code, path) in [
        (single(true, &v2), version, "/api/partner/v2/add/requests/education,"),
        (single(false, &v1), version, "/api/partner/v1/add/education,"),
        (single(true, &v1_batch_sample()), kind, "/api/partner/v1/add/batch,"),
        (single(true, &batch_sample()), kind, "/api/partner/v2/add/requests/batch,"),
        (single(false, &batch_sample()), kind, "/api/partner/v2/add/requests/batch,"),
        (batch(BatchForm::V2, &v1_batch_sample()), version, "/api/partner/v1/add/batch,"),
        (batch(BatchForm::V1, &batch_sample()), version, "/api/partner/v2/add/requests/batch,"),
        (batch(BatchForm::V2, &v2), kind, "/api/partner/v2/add/requests/{type},"),
        (batch(BatchForm::V1, &v1), kind, "/api/partner/v1/add/education,"),
    ] {
        assert_eq!((error.code.as_str(), &*error.pointer), (code, ""), "{}", error.message);
        assert!(error.message.contains(&format!("Send it to {path} or use the fields of ")), "{}", error.message);
    }
    let listed = json!({ "credential_id": "1", "credentials": [] });
    assert_eq!(batch(BatchForm::V2, &listed).code.as_str(), version, "credential_id is not suggested for it");
}

#[test]
fn v1_bodies_of_types_that_v1_lacks_have_no_path() {
    let universal = named("universal_credential");
    let body = br#"{"id": "1", "credential_type": "universal_credential", "data": {}}"#;
    let error = only_error(Submission::parse_v2(universal, body, &context()));
    let message = error.message;
    assert!(message.contains("Use the fields of a v2 body") && !message.contains("/api"), "{message}");
}
