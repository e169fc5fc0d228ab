//! Responses that operations have in common: errors, headers, and the two responses to a push.

use std::time::Duration;

use credential::{Code, FieldError};
use serde_json::{Map, Value, json};

use super::examples::ID;
use crate::error::{Error, Kind};
use crate::openapi::needs_token;

/// A response that several operations can return: its status, its name among the components, and
/// its description.
type Shared = (&'static str, &'static str, &'static str);

/// Responses that every push can return.
const PUSHES: [Shared; 6] = [
    ("400", "Malformed", "The body is not valid JSON. The error has the line and column"),
    (
        "409",
        "IdempotencyConflict",
        "The Idempotency-Key was used for another request, or its first request is still in progress",
    ),
    ("413", "TooLarge", "The body is too large"),
    ("415", "NotJson", "The body is not `application/json`"),
    ("422", "Invalid", "Validation failed. `errors` lists each problem with its JSON Pointer, code and suggested fix"),
    ("503", "NotStored", "Temporarily unavailable; nothing was stored"),
];

/// The description of the response to an invalid query, which has an example of its own.
const INVALID_QUERY: &str = "An unknown query parameter";

/// Responses that every operation with a token can return.
const COMMON: [Shared; 7] = [
    ("400", "InvalidQuery", INVALID_QUERY),
    ("401", "Unauthorized", "The token is missing, invalid or expired, or its partner is disabled"),
    ("403", "MissingScope", "The token lacks the scope named in the `WWW-Authenticate` header"),
    ("404", "NotFound", "Not found, or it belongs to another partner"),
    ("429", "TooManyRequests", "Too many requests. Retry after the time in `Retry-After`"),
    ("500", "InternalError", "Internal error; quote the request id"),
    ("503", "Unavailable", "Temporarily unavailable. Retry after the time in `Retry-After`"),
];

/// The token endpoint, the only open operation with a rate limit in its headers.
const TOKEN: &str = "createToken";

/// Adds the security requirement and the responses that every operation with a token can return,
/// unless the operation documents its own.
pub(super) fn protect(item: &mut Value) {
    for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut).filter(|value| value.is_object()) {
        operation["security"] = json!([{ "oauth": [] }]);
        // Before `COMMON`, because pushes describe 503 in more detail.
        let own: &[Shared] = if operation["tags"][0] == "Add" { &PUSHES } else { &[] };
        for (status, _, description) in own.iter().chain(&COMMON) {
            let responses = operation["responses"].as_object_mut().expect("an operation has responses");
            responses.entry(*status).or_insert_with(|| json!({ "description": description }));
        }
    }
}

/// Marks the operations without a security requirement as open.
pub(super) fn open(paths: &mut Value) {
    let operations = paths.as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in operations.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        if operation.get("security").is_none() {
            operation["security"] = json!([]);
        }
    }
}

/// Adds a problem as the body of every error response, unless the operation documents another one,
/// and an example to every problem.
pub(super) fn describe_problems(paths: &mut Value) {
    const MEDIA_TYPE: &str = "application/problem+json";
    let operations = paths.as_object_mut().into_iter().flat_map(Map::values_mut);
    let operations = operations.filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    let responses = operations.filter_map(|operation| operation["responses"].as_object_mut()).flatten();
    for (status, response) in responses.filter(|(status, _)| status.starts_with(['4', '5'])) {
        if response.get("content").is_none() {
            response["content"] = json!({ MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } });
        }
        let is_query = response["description"] == INVALID_QUERY;
        let example = if is_query { unknown_parameter() } else { example(status) };
        if let Some(content) = response["content"].get_mut(MEDIA_TYPE) {
            let problem = example.problem("https://passport.example", ID);
            content["example"] = serde_json::to_value(problem).expect("a problem is JSON");
        }
    }
}

fn unknown_parameter() -> Error {
    let detail = "Unknown query parameter \"page\". This operation has no query parameters.";
    Error::new(Kind::Malformed, detail)
}

/// Returns an error with this status.
fn example(status: &str) -> Error {
    let invalid = FieldError {
        pointer: "/fields/employment/0/start_date".to_owned(),
        code: Code::DateFormat,
        message: "Must be a date in the format YYYY-MM-DD, such as 2023-01-31.".to_owned(),
        received: Some("31/01/2023".to_owned()),
        suggestion: Some("2023-01-31".to_owned()),
    };
    let (kind, detail) = match status {
        "400" => (Kind::Malformed, "The body is not valid JSON: line 1, column 17: expected `:`."),
        "401" => (Kind::Unauthorized, "The access token has expired. Get a new one."),
        "403" => (Kind::MissingScope(String::new()), "This request needs the scope write.career_history."),
        "404" => return Error::not_found(),
        "409" => (Kind::InProgress, "The first request with this Idempotency-Key is still in progress. Retry later."),
        "410" => (Kind::Gone, "This upload URL has expired. Push the same credential_id again to get a new one."),
        "413" => (Kind::TooLarge, "The body is larger than 2097152 bytes, the maximum."),
        "415" => (Kind::UnsupportedMediaType, "Send the body as application/json."),
        "422" => return Error::invalid(vec![invalid]),
        "429" => (Kind::TooManyRequests(Duration::from_secs(1)), "Too many requests. Retry in 1 second."),
        "503" => return Error::unavailable(),
        _ => return Error::internal(""),
    };
    Error::new(kind, detail)
}

/// Gives the response to a dry run the fields of a push, all optional, because several code
/// generators use one type for all successful responses of an operation: the one with the lowest
/// status (D-216).
pub(super) fn unite_pushes(document: &mut Value) {
    let schemas = document["components"]["schemas"].as_object_mut().expect("a document has schemas");
    for (dry_run, pushed, united) in [
        ("DryRunAnswer", "V1Answer", "V1DryRunAnswer"),
        ("DryRunAnswer", "PushAnswer", "DryRunAnswer"),
        ("BatchDryRunAnswer", "V1Answer", "V1BatchDryRunAnswer"),
        ("BatchDryRunAnswer", "PushAnswer", "BatchDryRunAnswer"),
    ] {
        let mut schema = schemas[dry_run].clone();
        let is_required = |schema: &Value, name: &Value| {
            schema["required"].as_array().is_some_and(|required| required.contains(name))
        };
        let required = schemas[pushed]["required"].as_array().cloned().unwrap_or_default();
        let required = Vec::from_iter(required.into_iter().filter(|name| is_required(&schema, name)));
        let properties = schemas[pushed]["properties"].as_object().cloned().unwrap_or_default();
        for (name, member) in properties {
            let known = schema["properties"].as_object_mut().expect("an object has properties");
            known.entry(name).or_insert(member);
        }
        schema["required"] = json!(required);
        schemas.insert(united.to_owned(), schema);
    }
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, item) in paths.filter(|(path, _)| path.starts_with("/api/partner/v1/add/")) {
        let schema = &mut item["post"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        let name = schema.as_str().and_then(|reference| reference.rsplit('/').next()).unwrap_or_default();
        *schema = json!(format!("#/components/schemas/V1{name}"));
    }
}

/// Adds the headers of responses, as references to the components.
pub(super) fn describe_headers(document: &mut Value) {
    document["components"]["headers"] = headers();
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            let with_token = needs_token(operation);
            let operation_id = operation["operationId"].clone();
            let is_limited = with_token || operation_id == TOKEN;
            let mut parameters = operation["parameters"].as_array().into_iter().flatten();
            let is_keyed = parameters.any(|parameter| parameter["name"] == "Idempotency-Key");
            let is_old = with_token && path.starts_with("/api/partner/v1/");
            for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
                let (status, mut names) = (status.as_str(), vec!["X-Request-Id"]);
                let mut when = |holds: bool, more: &[&'static str]| {
                    if holds {
                        names.extend(more);
                    }
                };
                when(is_limited && status != "401", &["RateLimit", "RateLimit-Policy"]);
                when(matches!(status, "429" | "503"), &["Retry-After"]);
                when(is_limited && matches!(status, "401" | "403"), &["WWW-Authenticate"]);
                when(status == "415", &["Accept-Encoding"]);
                when(is_keyed && status == "409", &["Retry-After"]);
                when(is_keyed && (status.starts_with('2') || status == "409"), &["Idempotency-Replayed"]);
                when(is_old, &["Deprecation", "Link"]);
                when(operation_id == TOKEN && status == "200", &["Cache-Control", "Pragma"]);
                for name in names {
                    response["headers"][name] = json!({ "$ref": format!("#/components/headers/{name}") });
                }
            }
        }
    }
}

/// Moves the responses that several operations have in common into the components. Those of v1
/// have more headers.
pub(super) fn share(document: &mut Value) {
    let mut shared = Map::new();
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        let version = if path.starts_with("/api/partner/v1/") { "V1" } else { "" };
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut).filter(|found| needs_token(found)) {
            for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
                let is_it = |known: &&Shared| known.0 == status && response["description"] == known.2;
                let Some((_, name, _)) = PUSHES.iter().chain(&COMMON).find(is_it) else { continue };
                let name = format!("{name}{version}");
                let first = shared.entry(&name).or_insert_with(|| response.clone());
                if first == response {
                    *response = json!({ "$ref": format!("#/components/responses/{name}") });
                }
            }
        }
    }
    document["components"]["responses"] = Value::Object(shared);
}

fn headers() -> Value {
    let header = |description: &str, example: Value| {
        let kind = if example.is_number() { "integer" } else { "string" };
        json!({ "description": description, "schema": { "type": kind }, "example": example })
    };
    json!({
        "X-Request-Id": header("The id of the request: the one that you sent, or a new one. Quote it when asking for help.", json!(ID)),
        "RateLimit": header("The rate limit's name, the requests that remain (`r`), and the seconds until all are available again, or after a 429 until the next one (`t`). Absent if the server has no limit.", json!("\"partner\";r=399;t=1")),
        "RateLimit-Policy": header("The rate limit's name, its requests (`q`) and its window in seconds (`w`). Absent if the server has no limit.", json!("\"partner\";q=400;w=4")),
        "Retry-After": header("The seconds to wait before retrying. Of the 409 responses, only that to a request in progress has it.", json!(1)),
        "WWW-Authenticate": header("The authentication scheme, and what is wrong with the token (RFC 6750) or the client (RFC 6749).", json!("Bearer realm=\"tenure\", error=\"invalid_token\"")),
        "Accept-Encoding": header("`identity`, if the body was compressed.", json!("identity")),
        "Cache-Control": header("`no-store`: the response has a secret.", json!("no-store")),
        "Pragma": header("`no-cache`, as RFC 6749 requires.", json!("no-cache")),
        "Idempotency-Replayed": header("`true`, if this is the stored response to an earlier request with the same `Idempotency-Key`.", json!("true")),
        "Deprecation": header("When v2 replaced this operation (RFC 9745).", json!("@1795392000")),
        "Link": header("The operation of v2 that replaces this one (RFC 8288).", json!("</api/partner/v2/add/requests/career_history>; rel=\"successor-version\"")),
    })
}
