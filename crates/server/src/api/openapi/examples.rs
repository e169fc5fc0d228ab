//! Examples of bodies, composed from the examples of their fields.

use serde_json::{Map, Value, json};

/// An id for fields that have no example of their own.
pub(super) const ID: &str = "0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70";

/// Adds an example to the JSON bodies of requests and responses that have none.
pub(super) fn add(document: &mut Value) {
    let source = document.clone();
    let operations = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in operations.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        if let Some(body) = operation.get_mut("requestBody") {
            add_to(&source, body);
        }
        for response in operation["responses"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            add_to(&source, response);
        }
    }
}

/// Adds an example to each content of a request body or a response.
fn add_to(document: &Value, body: &mut Value) {
    let Some(contents) = body.get_mut("content").and_then(Value::as_object_mut) else { return };
    for content in contents.values_mut().filter(|content| content.get("example").is_none()) {
        if content["schema"]["format"] != "binary" {
            content["example"] = compose(document, &content["schema"]);
        }
    }
}

/// Composes a value of a schema. Fields that are omitted when they are empty are left out.
fn compose(document: &Value, schema: &Value) -> Value {
    if let Some(found) = schema.get("example").or_else(|| schema["examples"].get(0)).or_else(|| schema.get("const")) {
        return found.clone();
    }
    if let Some(target) = schema["$ref"].as_str().and_then(|reference| document.pointer(reference.strip_prefix('#')?)) {
        return compose(document, target);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let members = parts.iter().filter_map(|part| compose(document, part).as_object().cloned());
        return Value::Object(members.flatten().collect());
    }
    if let Some(choice) = schema["oneOf"].as_array().and_then(|choices| choices.iter().find(|one| !is_null(one))) {
        return compose(document, choice);
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("array"), _) => json!([compose(document, &schema["items"])]),
        (Some("object"), _) => compose_object(document, schema),
        (Some("integer" | "number"), _) => json!(1),
        (Some("boolean"), _) => json!(false),
        (Some("string"), Some("uuid")) => json!(ID),
        (Some("string"), Some("date-time")) => json!("2026-11-25T09:30:00Z"),
        (Some("string"), _) => json!("..."),
        // Without an example a nullable field is null.
        _ => Value::Null,
    }
}

fn compose_object(document: &Value, schema: &Value) -> Value {
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let shown = properties.filter(|(name, member)| required.iter().any(|one| one == *name) || is_nullable(member));
    Value::Object(shown.map(|(name, member)| (name.clone(), compose(document, member))).collect())
}

fn is_nullable(schema: &Value) -> bool {
    let listed = |name: &str| schema[name].as_array().into_iter().flatten();
    listed("type").any(|one| one == "null") || listed("oneOf").any(is_null)
}

fn is_null(schema: &Value) -> bool {
    schema["type"] == "null"
}
