//! Compares the OpenAPI document with that of the last release: only additive differences are
//! allowed.
//!
//! `docs/api-stability.md` defines which changes are additive. The baseline is replaced when a
//! version is released.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tenure::api::openapi::DOCUMENT;

const RELEASED: &str = include_str!("../fixtures/openapi-released.json");

/// Nested schemas are compared down to this depth, because schemas may be recursive.
const MAX_DEPTH: usize = 24;

/// The direction of a body: a field may become optional in a request, but not in a response.
#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Request,
    Response,
}

/// Two versions of the document, and the breaking differences found so far.
struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    breaking: Vec<String>,
}

fn resolve<'a>(document: &'a Value, mut value: &'a Value) -> &'a Value {
    while let Some(reference) = value["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        value = document.pointer(pointer).expect("a reference that resolves");
    }
    value
}

fn strings(value: &Value) -> BTreeSet<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        Value::String(text) => BTreeSet::from([&**text]),
        _ => BTreeSet::new(),
    }
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().into_iter().flat_map(|members| members.keys().map(String::as_str)).collect()
}

impl Comparison<'_> {
    fn require(&mut self, holds: bool, place: &str, what: &str) {
        if !holds {
            self.breaking.push(format!("{place}: {what}"));
        }
    }

    fn document(&mut self) {
        let (old, new) = (self.old, self.new);
        for path in keys(&old["paths"]) {
            for method in keys(&old["paths"][path]) {
                let place = format!("{method} {path}");
                let operation = &new["paths"][path][method];
                self.require(operation.is_object(), &place, "the operation was removed");
                if operation.is_object() {
                    self.operation(&place, &old["paths"][path][method], operation);
                }
            }
        }
        for event in keys(&old["webhooks"]) {
            let content = |document: &Value| document["webhooks"][event]["post"]["requestBody"]["content"].clone();
            self.require(new["webhooks"][event].is_object(), event, "the webhook was removed");
            // The server sends webhooks, so their bodies are compared like responses.
            self.content(event, &content(old), &content(new), Direction::Response);
        }
    }

    fn operation(&mut self, place: &str, old: &Value, new: &Value) {
        self.require(old["operationId"] == new["operationId"], place, "the operationId changed");
        self.parameters(place, &old["parameters"], &new["parameters"]);
        let required = |operation: &Value| operation["requestBody"]["required"] == true;
        self.require(required(old) || !required(new), place, "the body became required");
        self.content(place, &old["requestBody"]["content"], &new["requestBody"]["content"], Direction::Request);
        for status in keys(&old["responses"]) {
            let place = format!("{place} {status}");
            let response = resolve(self.new, &new["responses"][status]);
            self.require(response.is_object(), &place, "the response was removed");
            let old = resolve(self.old, &old["responses"][status]);
            self.content(&place, &old["content"], &response["content"], Direction::Response);
            for header in keys(&old["headers"]) {
                let is_kept = !response["headers"][header].is_null();
                self.require(is_kept, &place, &format!("the header {header} was removed"));
            }
        }
    }

    fn parameters(&mut self, place: &str, old: &Value, new: &Value) {
        let listed = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let key = |parameter: &Value| (parameter["in"].clone(), parameter["name"].clone());
        for parameter in listed(old) {
            let kept = listed(new).iter().any(|other| key(other) == key(&parameter));
            self.require(kept, place, &format!("the parameter {} was removed", parameter["name"]));
        }
        for parameter in listed(new).iter().filter(|parameter| parameter["required"] == true) {
            let known = listed(old).iter().any(|other| key(other) == key(parameter) && other["required"] == true);
            self.require(known, place, &format!("the parameter {} became required", parameter["name"]));
        }
    }

    fn content(&mut self, place: &str, old: &Value, new: &Value, direction: Direction) {
        for media_type in keys(old) {
            self.require(new[media_type].is_object(), place, &format!("{media_type} was removed"));
            self.schema(place, &old[media_type]["schema"], &new[media_type]["schema"], (direction, MAX_DEPTH));
        }
    }

    fn schema(&mut self, place: &str, old: &Value, new: &Value, (direction, depth): (Direction, usize)) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let (old, new) = (resolve(self.old, old), resolve(self.new, new));
        // A request that was valid stays valid; a response contains only what was allowed before.
        let (narrow, wide) = if direction == Direction::Request { (old, new) } else { (new, old) };
        let types = (strings(&narrow["type"]), strings(&wide["type"]));
        self.require(types.1.is_empty() || types.0.is_subset(&types.1), place, "the type changed");
        if direction == Direction::Request {
            let values = (strings(&old["enum"]), strings(&new["enum"]));
            let is_kept = new["enum"].is_null() || (old["enum"].is_array() && values.0.is_subset(&values.1));
            self.require(is_kept, place, "a value is no longer accepted");
            let required = (strings(&old["required"]), strings(&new["required"]));
            self.require(required.1.is_subset(&required.0), place, "a field became required");
        } else {
            let required = (strings(&old["required"]), strings(&new["required"]));
            self.require(required.0.is_subset(&required.1), place, "a field became optional");
            // New values are additive, but a value that a client knows must not be renamed.
            let values = (strings(&old["enum"]), strings(&new["enum"]));
            let is_kept = values.1.is_empty() || values.0.is_subset(&values.1);
            self.require(is_kept, place, "a value was removed or renamed");
        }
        if direction == Direction::Request {
            self.limits(place, old, new);
        }
        for choice in ["oneOf", "anyOf"] {
            let Some(known) = old[choice].as_array() else { continue };
            let left = new[choice].as_array().map_or(0, Vec::len);
            self.require(left >= known.len(), place, &format!("a choice of {choice} was removed"));
            for (at, schema) in known.iter().enumerate().take(left) {
                self.schema(&format!("{place} {choice} {at}"), schema, &new[choice][at], (direction, depth));
            }
        }
        for name in keys(&old["properties"]) {
            let place = format!("{place} {name}");
            self.require(!new["properties"][name].is_null(), &place, "the field was removed");
            self.schema(&place, &old["properties"][name], &new["properties"][name], (direction, depth));
        }
        if old["items"].is_object() {
            self.schema(&format!("{place} []"), &old["items"], &new["items"], (direction, depth));
        }
    }
}

impl Comparison<'_> {
    /// Compares the limits of a schema in a request: a limit may be raised or removed, not added.
    fn limits(&mut self, place: &str, old: &Value, new: &Value) {
        for limit in ["maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum"] {
            let Some(limited) = new[limit].as_f64() else { continue };
            let holds = old[limit].as_f64().is_some_and(|known| limited >= known);
            self.require(holds, place, &format!("{limit} was tightened"));
        }
        for limit in ["minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum"] {
            let limited = new[limit].as_f64().unwrap_or(f64::MIN);
            let known = old[limit].as_f64().unwrap_or(if limit.ends_with("imum") { f64::MIN } else { 0.0 });
            self.require(limited <= known, place, &format!("{limit} was tightened"));
        }
        let is_kept = new["pattern"].is_null() || new["pattern"] == old["pattern"];
        self.require(is_kept, place, "pattern was changed");
    }
}

fn breaking(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison { old, new, breaking: Vec::new() };
    comparison.document();
    comparison.breaking
}

fn released() -> Value {
    serde_json::from_str(RELEASED).expect("the released document is JSON")
}

#[test]
fn api_is_compatible_with_the_last_release() {
    assert_eq!(breaking(&released(), &DOCUMENT), Vec::<String>::new());
}

#[test]
fn breaking_differences_are_found() {
    const PUSH: &str = "/paths/~1api~1partner~1v2~1add~1requests~1career_history/post";
    let released = released();
    let changed = |pointer: &str, value: Value| {
        let mut document = released.clone();
        *document.pointer_mut(pointer).expect("a place in the document") = value;
        breaking(&released, &document)
    };
    assert!(changed("/paths/~1healthz", json!({})).concat().contains("removed"));
    assert!(changed(&format!("{PUSH}/operationId"), json!("push")).concat().contains("operationId"));
    assert!(changed(&format!("{PUSH}/responses/201"), json!(null)).concat().contains("response was removed"));
    assert!(changed(&format!("{PUSH}/parameters"), json!([])).concat().contains("parameter"));
    let problem = "/components/schemas/Problem";
    assert!(changed(&format!("{problem}/required"), json!([])).concat().contains("became optional"));
    assert!(changed(&format!("{problem}/properties/status/type"), json!("string")).concat().contains("type changed"));
    let body = released.pointer(&format!("{PUSH}/requestBody/content/application~1json/schema/$ref"));
    let body = body.and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#')).expect("a named schema");
    let required = json!(["credential_id", "fields", "replaces"]);
    assert!(changed(&format!("{body}/required"), required).concat().contains("became required"));
    assert!(changed("/webhooks", json!({})).concat().contains("webhook was removed"));
    let limited = |keyword: &str, value: Value| {
        let mut document = released.clone();
        document.pointer_mut(body).expect("the body's schema")[keyword] = value;
        breaking(&released, &document).concat()
    };
    for (keyword, value) in
        [("maxLength", json!(1)), ("maxItems", json!(1)), ("minProperties", json!(9)), ("pattern", json!("^x$"))]
    {
        assert!(limited(keyword, value).contains(keyword), "{keyword}");
    }
    let mut wider = released.clone();
    wider["paths"]["/api/partner/v9"] = json!({ "get": {} });
    wider["components"]["schemas"]["Problem"]["properties"]["more"] = json!({ "type": "string" });
    assert_eq!(breaking(&released, &wider), Vec::<String>::new(), "additions are compatible");
}
