//! The JSON Schemas and the samples that the credential types publish.

use credential::{ALL, AssetKind, Context, Submission, Type, UnknownTypeError};
use serde_json::Value;

#[test]
fn schemas_state_required_nullable_and_closed_members() {
    for known in ALL {
        let (body, fields) = (known.json_schema(), known.fields_schema());
        assert_eq!(body["required"], serde_json::json!(["credential_id", "fields"]));
        assert_eq!(body["properties"]["partner_chain"]["type"], serde_json::json!(["array", "null"]));
        assert_eq!(body["properties"]["fields"]["properties"], fields["properties"]);
        assert_eq!((&body["additionalProperties"], &fields["additionalProperties"]), (&false.into(), &false.into()));
        let described = |member: &Value| member["description"].as_str().is_some_and(|text| text.ends_with('.'));
        assert!(fields["properties"].as_object().is_some_and(|all| !all.is_empty() && all.values().all(described)));
    }
}

/// Checks `type`, `enum` and `required` at every level of a schema, as JSON Schema defines them.
fn check_schema(schema: &Value, place: &str) {
    const TYPES: [&str; 6] = ["array", "boolean", "null", "number", "object", "string"];
    let is_type = |name: &Value| name.as_str().is_some_and(|name| TYPES.contains(&name));
    match schema {
        Value::Object(members) => {
            for (name, value) in members {
                let place = format!("{place}/{name}");
                match name.as_str() {
                    "type" if value.is_array() => {
                        assert!(value.as_array().is_some_and(|list| list.iter().all(is_type)), "{place}");
                    }
                    "type" if !value.is_object() => assert!(is_type(value), "{place}: {value}"),
                    "enum" => assert!(value.as_array().is_some_and(|list| !list.is_empty()), "{place}"),
                    "required" => assert!(value.is_array(), "{place}"),
                    _ => check_schema(value, &place),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| check_schema(item, place)),
        _ => {}
    }
}

#[test]
fn schemas_only_use_keywords_as_json_schema_allows() {
    for known in ALL {
        check_schema(&known.json_schema(), known.name());
        known.v1_schema().iter().for_each(|schema| check_schema(schema, known.name()));
    }
    check_schema(&credential::batch_schema(), "batch");
    check_schema(&credential::v1_batch_schema(), "v1 batch");
}

#[test]
fn every_type_accepts_its_sample_and_parses_from_its_name() {
    let context = Context::new("2026-11-23T09:00:00Z".parse().expect("a time"));
    for known in ALL {
        assert_eq!(known.name.parse(), Ok(*known));
        let body = (known.sample)().to_string();
        let submission = Submission::parse_v2(*known, body.as_bytes(), &context).expect(known.name);
        assert!(!known.headline(&submission.fields()).is_empty());
        assert!(!known.view(&submission.fields()).is_empty());
        assert!(submission.advice().is_empty(), "a sample shows how it is done well");
        assert_eq!(known.write_scope.strip_prefix("write."), known.read_scope.strip_prefix("read."));
        assert!(known.write_scope.starts_with("write."));
        assert!(known.assets.kinds.values.iter().all(|kind| AssetKind::from_name(kind).is_some()));
    }
    assert_eq!("salary".parse::<Type>(), Err(UnknownTypeError));
}
