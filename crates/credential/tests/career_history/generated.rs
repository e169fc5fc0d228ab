//! Generated bodies: no body makes the parser panic, and every error has its place in the body.

use credential::{CareerHistory, FieldError, ParseError, Payload, Submission, Type, parse_status_question};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{changed, context};

/// Generates the sample with one value replaced, or a member added or removed.
fn mutated() -> impl Strategy<Value = Value> {
    let pointers = prop_oneof![
        Just("/credential_id"),
        Just("/fields"),
        Just("/partner_chain"),
        Just("/assets"),
        Just("/x~y"),
        Just("/fields/full_name"),
        Just("/fields/employment"),
        Just("/fields/employment/0"),
        Just("/fields/employment/1/start_date"),
        Just("/fields/employment/1/end_date"),
        Just("/fields/employment/0/last_processed_month"),
        Just("/fields/employment/0/role_title"),
        Just("/fields/employment/0/a/b"),
    ];
    let values = prop_oneof![
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{ "name": 3 }, "x", [[]]])),
        any::<i32>().prop_map(Value::from),
        ".{0,10}".prop_map(Value::from),
        "[0-9]{4}-[0-9]{2}".prop_map(Value::from),
    ];
    (pointers, values).prop_map(|(pointer, value)| {
        changed(|body| {
            let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
            match body.pointer_mut(parent) {
                Some(Value::Array(items)) => items[name.parse::<usize>().expect("an index")] = value,
                Some(Value::Object(members)) => {
                    members.insert(name.to_owned(), value);
                }
                _ => {}
            }
        })
    })
}

/// Generates any JSON value, often with member names of the type.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        "[12][0-9]{3}-[01][0-9]".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("credential_id".to_owned()),
        Just("fields".to_owned()),
        Just("full_name".to_owned()),
        Just("employment".to_owned()),
        Just("start_date".to_owned()),
        Just("partner_chain".to_owned()),
        ".{0,6}",
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name.clone(), inner, 0..5)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn parsing_any_bytes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Submission::parse_v2(Type::default(), &bytes, &context());
        let _ = parse_status_question(&bytes);
    }

    #[test]
    fn accepted_bodies_read_back_and_error_pointers_resolve(body in prop_oneof![mutated(), any_json()]) {
        let source = serde_json::to_string_pretty(&body).expect("JSON");
        match Submission::parse_v2(Type::default(), source.as_bytes(), &context()) {
            Ok(submission) => {
                prop_assert!(CareerHistory::from_fields(&submission.fields()).is_ok());
                prop_assert!(Payload::from_bytes(&submission.payload()).is_ok());
            }
            Err(ParseError::Invalid(field_errors)) => {
                prop_assert!(!field_errors.is_empty());
                let starts = |field_error: &FieldError| credential::locate(&source, &field_error.pointer).map(|found| found.value.start);
                prop_assert!(field_errors.is_sorted_by_key(starts), "{field_errors:?}");
                for field_error in field_errors {
                    prop_assert!(body.pointer(&field_error.pointer).is_some(), "{field_error:?}");
                    prop_assert!(credential::locate(&source, &field_error.pointer).is_some(), "{field_error:?}");
                }
            }
            Err(ParseError::Malformed(malformed)) => prop_assert!(false, "{malformed}"),
        }
    }
}
