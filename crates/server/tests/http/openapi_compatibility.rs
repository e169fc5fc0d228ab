//! Compares the OpenAPI document with the baseline: only additive differences are allowed.
//!
//! `docs/api-stability.md` defines which changes are additive. The baseline is replaced when a
//! version is released.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tenure::api::openapi::DOCUMENT;

const RELEASED: &str = include_str!("../fixtures/openapi-released.json");

/// The lists of values that may grow, as `docs/api-stability.md` says.
const OPEN_LISTS: [&str; 5] = ["CheckName", "CredentialType", "DeliveredEventType", "EventType", "SignedFormat"];

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

/// Returns the parameters of an operation, with references resolved.
fn declared<'a>(document: &'a Value, operation: &'a Value) -> Vec<&'a Value> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.map(|parameter| resolve(document, parameter)).collect()
}

/// Returns what identifies a parameter.
fn key(parameter: &Value) -> (&Value, &Value) {
    (&parameter["in"], &parameter["name"])
}

/// Returns the schema of a parameter without the type null, which no URL or header can express.
fn without_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(types) = schema["type"].as_array_mut() {
        types.retain(|name| name != "null");
    }
    schema
}

/// Returns the alternative security requirements of an operation. An open one requires nothing.
fn alternatives(operation: &Value) -> Vec<Value> {
    let listed = operation["security"].as_array().filter(|listed| !listed.is_empty());
    listed.cloned().unwrap_or_else(|| vec![json!({})])
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
            let tags = |document: &Value| document["webhooks"][event]["post"]["tags"].clone();
            self.require(tags(old) == tags(new), event, "the tags changed");
            let sent = declared(new, &new["webhooks"][event]["post"]);
            for header in declared(old, &old["webhooks"][event]["post"]) {
                let is_kept = sent.iter().any(|other| key(other) == key(header));
                self.require(is_kept, event, &format!("the header {} was removed", header["name"]));
            }
        }
    }

    fn operation(&mut self, place: &str, old: &Value, new: &Value) {
        self.require(old["operationId"] == new["operationId"], place, "the operationId changed");
        // Generators name classes and modules after them.
        self.require(old["tags"] == new["tags"], place, "the tags changed");
        self.security(place, old, new);
        self.parameters(place, old, new);
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

    /// Compares the security requirements: a request that was authorized stays authorized.
    fn security(&mut self, place: &str, old: &Value, new: &Value) {
        let accepted = alternatives(new);
        for known in alternatives(old) {
            let is_kept = accepted.iter().any(|required| {
                keys(required).into_iter().all(|scheme| {
                    let scopes = (strings(&required[scheme]), strings(&known[scheme]));
                    known[scheme].is_array() && scopes.0.is_subset(&scopes.1)
                })
            });
            self.require(is_kept, place, "the security requirement was tightened");
        }
    }

    fn parameters(&mut self, place: &str, old: &Value, new: &Value) {
        let (known, left) = (declared(self.old, old), declared(self.new, new));
        for parameter in &known {
            let name = &parameter["name"];
            let kept = left.iter().find(|other| key(other) == key(parameter));
            self.require(kept.is_some(), place, &format!("the parameter {name} was removed"));
            if let Some(kept) = kept {
                let place = format!("{place} {name}");
                let (known, kept) = (without_null(&parameter["schema"]), without_null(&kept["schema"]));
                self.schema(&place, &known, &kept, (Direction::Request, MAX_DEPTH));
            }
        }
        for parameter in left.iter().filter(|parameter| parameter["required"] == true) {
            let was_required = known.iter().any(|other| key(other) == key(parameter) && other["required"] == true);
            self.require(was_required, place, &format!("the parameter {} became required", parameter["name"]));
        }
    }

    fn content(&mut self, place: &str, old: &Value, new: &Value, direction: Direction) {
        for media_type in keys(old) {
            self.require(new[media_type].is_object(), place, &format!("{media_type} was removed"));
            if new[media_type].is_object() {
                self.schema(place, &old[media_type]["schema"], &new[media_type]["schema"], (direction, MAX_DEPTH));
            }
        }
    }

    fn schema(&mut self, place: &str, old: &Value, new: &Value, (direction, depth): (Direction, usize)) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let (old, new) = (resolve(self.old, old), resolve(self.new, new));
        self.values(place, old, new, direction);
        if direction == Direction::Request {
            self.limits(place, old, new);
        }
        self.choices(place, old, new, (direction, depth));
        self.parts(place, old, new, (direction, depth));
        for name in keys(&old["properties"]) {
            let place = format!("{place} {name}");
            let is_kept = !new["properties"][name].is_null();
            self.require(is_kept, &place, "the field was removed");
            if is_kept {
                self.schema(&place, &old["properties"][name], &new["properties"][name], (direction, depth));
            }
        }
        for (keyword, mark) in [("items", "[]"), ("additionalProperties", "{}")] {
            if old[keyword].is_object() {
                self.schema(&format!("{place} {mark}"), &old[keyword], &new[keyword], (direction, depth));
            }
        }
    }

    /// Compares the types, values and required fields of one schema.
    fn values(&mut self, place: &str, old: &Value, new: &Value, direction: Direction) {
        // A request that was valid stays valid; a response contains only what was allowed before.
        let (narrow, wide) = if direction == Direction::Request { (old, new) } else { (new, old) };
        let types = (strings(&narrow["type"]), strings(&wide["type"]));
        let is_kept = types.1.is_empty() || (!types.0.is_empty() && types.0.is_subset(&types.1));
        self.require(is_kept, place, "the type changed");
        for keyword in ["const", "format"] {
            let is_kept = wide[keyword].is_null() || wide[keyword] == narrow[keyword];
            self.require(is_kept, place, &format!("{keyword} was changed"));
        }
        let values = (strings(&old["enum"]), strings(&new["enum"]));
        let required = (strings(&old["required"]), strings(&new["required"]));
        if direction == Direction::Request {
            let is_kept = new["enum"].is_null() || (old["enum"].is_array() && values.0.is_subset(&values.1));
            self.require(is_kept, place, "a value is no longer accepted");
            self.require(required.1.is_subset(&required.0), place, "a field became required");
            let is_kept = new["additionalProperties"] != false || old["additionalProperties"] == false;
            self.require(is_kept, place, "unknown fields are no longer accepted");
        } else {
            self.require(required.0.is_subset(&required.1), place, "a field became optional");
            // A value that a client knows must not be renamed. Without a list any may be sent.
            let is_kept = values.1.is_empty() || values.0.is_subset(&values.1);
            self.require(is_kept, place, "a value was removed or renamed");
            let is_closed = !values.0.is_empty() && !self.is_open(&old["enum"]);
            let is_kept = !is_closed || (!values.1.is_empty() && values.1.is_subset(&values.0));
            self.require(is_kept, place, "a value was added to a closed list");
        }
    }

    /// Returns whether values may be added to a list of the baseline.
    fn is_open(&self, values: &Value) -> bool {
        OPEN_LISTS.iter().any(|name| self.old["components"]["schemas"][name]["enum"] == *values)
    }

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

    /// Compares `oneOf` and `anyOf` in their order.
    fn choices(&mut self, place: &str, old: &Value, new: &Value, (direction, depth): (Direction, usize)) {
        for choice in ["oneOf", "anyOf"] {
            let left = new[choice].as_array().map(Vec::as_slice).unwrap_or_default();
            let Some(known) = old[choice].as_array() else {
                // A request field may become nullable: one of its choices accepts what was valid.
                let accepts = |wide: &Value| direction == Direction::Request && self.accepts(old, wide, depth);
                let holds = left.is_empty() || left.iter().any(accepts);
                self.require(holds, place, &format!("{choice} was added"));
                continue;
            };
            self.require(left.len() >= known.len(), place, &format!("a choice of {choice} was removed"));
            let holds = direction == Direction::Request || left.len() <= known.len();
            self.require(holds, place, &format!("a choice of {choice} was added"));
            for (at, (known, left)) in known.iter().zip(left).enumerate() {
                self.schema(&format!("{place} {choice} {at}"), known, left, (direction, depth));
            }
        }
    }

    /// Compares `allOf` in its order: each part restricts the valid values.
    fn parts(&mut self, place: &str, old: &Value, new: &Value, (direction, depth): (Direction, usize)) {
        let listed = |schema: &Value| schema["allOf"].as_array().cloned().unwrap_or_default();
        let (old, new) = (listed(old), listed(new));
        let (narrow, wide) = if direction == Direction::Request { (&old, &new) } else { (&new, &old) };
        self.require(narrow.len() >= wide.len(), place, "the parts of allOf changed");
        for (at, (known, left)) in old.iter().zip(&new).enumerate() {
            self.schema(&format!("{place} allOf {at}"), known, left, (direction, depth));
        }
    }

    /// Returns whether `new` accepts in a request all that `old` accepts.
    fn accepts(&self, old: &Value, new: &Value, depth: usize) -> bool {
        let mut comparison = Comparison { old: self.old, new: self.new, breaking: Vec::new() };
        comparison.schema("", old, new, (Direction::Request, depth));
        comparison.breaking.is_empty()
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
    for (pointer, value, found) in mutations() {
        let differences = changed(&pointer, value);
        assert!(differences.iter().any(|difference| difference.contains(found)), "{pointer}: {differences:?}");
    }
}

/// Returns breaking changes: a place in the document, its new value and the difference reported.
fn mutations() -> Vec<(String, Value, &'static str)> {
    const V2: &str = "/paths/~1api~1partner~1v2";
    let schema = |name: &str| format!("/components/schemas/{name}");
    let push = |member: &str| format!("{V2}~1add~1requests~1career_history/post/{member}");
    let query = |path: &str| format!("{V2}~1{path}/schema");
    let token = "/paths/~1api~1partner~1v1~1oauth~1token/post/security".to_owned();
    let nullable = json!({ "oneOf": [{ "$ref": "#/components/schemas/WebhookState" }, { "type": "null" }] });
    let more_states = json!(["active", "paused", "disabled", "starting"]);
    let tightened = "the security requirement was tightened";
    let limited = "/components/responses/TooManyRequests/headers".to_owned();
    let signed = "/webhooks/atsp_request.created/post/parameters".to_owned();
    let states = query("webhooks~1{id}~1deliveries/get/parameters/3") + "/enum";
    let page_size = query("submissions/get/parameters/4") + "/maximum";
    let items = schema("BatchV1/properties/credentials/items/anyOf");
    vec![
        (schema("WebhookState/enum/0"), json!("running"), "a value was removed or renamed"),
        (schema("WebhookState/enum"), more_states, "a value was added to a closed list"),
        (schema("WebhookState"), json!({ "type": "string" }), "a value was added to a closed list"),
        (push("tags"), json!(["Push"]), "the tags changed"),
        ("/webhooks/tenure.test/post/tags".to_owned(), json!(["Events"]), "the tags changed"),
        (schema("Verdict/enum/3"), json!("outdated"), "a value was removed or renamed"),
        (schema("TokenReport/properties/issuer/oneOf"), json!([{ "type": "null" }]), "a choice of oneOf was removed"),
        (schema("TokenReport/properties/issuer"), json!({ "type": "null" }), "a choice of oneOf was removed"),
        (schema("TokenIssuer/properties"), json!({}), "issuer oneOf 0 trust: the field was removed"),
        (schema("TokenIssuer/properties/id/type"), json!(["string", "null"]), "oneOf 0 id: the type changed"),
        (schema("WebhookAnswer/properties/state"), nullable, "oneOf was added"),
        (items, json!([]), "a choice of anyOf was removed"),
        (schema("WebhookWithSecret/allOf"), json!([]), "the parts of allOf changed"),
        (schema("WebhookBody/properties/url/format"), json!("hostname"), "format was changed"),
        (push("responses/201/headers"), json!({}), "the header RateLimit was removed"),
        (limited, json!({}), "the header Retry-After was removed"),
        (signed, json!([]), "the header \"X-Signature\" was removed"),
        (page_size, json!(50), "maximum was tightened"),
        (query("submissions/get/parameters/0"), json!({ "type": "integer" }), "the type changed"),
        (states, json!(["waiting", "delivered"]), "\"state\": a value is no longer accepted"),
        (token, json!([{ "oauth": [] }]), tightened),
        (push("security"), json!([{ "oauth": ["write.career_history", "write.education"] }]), tightened),
    ]
}

#[test]
fn additive_differences_are_accepted() {
    let released = released();
    let mut wider = released.clone();
    wider["paths"]["/api/partner/v9"] = json!({ "get": {} });
    wider["components"]["schemas"]["Problem"]["properties"]["more"] = json!({ "type": "string" });
    wider["paths"]["/api/partner/v2/add/requests/career_history"]["post"]["security"] = json!([]);
    let url = &mut wider["components"]["schemas"]["WebhookBody"]["properties"]["url"];
    *url = json!({ "oneOf": [url.clone(), { "type": "null" }] });
    wider["components"]["schemas"]["SignedFormat"]["enum"] = json!(["dc+sd-jwt", "vc+jwt", "another"]);
    let values = wider["components"]["schemas"]["EventType"]["enum"].as_array_mut().expect("values");
    values.push(json!("atsp_request.forwarded"));
    assert_eq!(breaking(&released, &wider), Vec::<String>::new(), "additions are compatible");
}
