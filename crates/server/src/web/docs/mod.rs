//! `GET /docs`: the API reference as a page, generated from the OpenAPI document, the list of error
//! codes and the kinds of errors.

pub mod snippets;

use std::sync::OnceLock;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use credential::Code;
use serde_json::Value;

use super::partner_api::PartnerApi;
use super::{Layout, page};
use crate::app::App;
use crate::error::Kind;
use crate::http::session::Visitor;
use crate::openapi::{self, ITEM};
use crate::sandbox::Person;
use snippets::Snippet;

pub(super) fn routes(api: PartnerApi) -> Router<App> {
    Router::new().route("/docs", get(reference)).layer(Extension(api))
}

#[derive(Template)]
#[template(path = "reference.html")]
struct Reference {
    layout: Layout,
    base: String,
    people: [(String, &'static str); 4],
    token_line: String,
    push_line: String,
    status_line: String,
    snippets: &'static [Snippet],
    groups: &'static [Group],
    errors: Vec<ErrorKind>,
    codes: &'static [Code],
}

/// The operations under one tag.
#[derive(Debug)]
struct Group {
    name: String,
    meaning: String,
    operations: Vec<Operation>,
}

#[derive(Debug)]
struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    paragraphs: Vec<String>,
    deprecated: bool,
    /// The required scope; empty if any token is sufficient, `None` if no token is needed.
    scope: Option<String>,
    parameters: Vec<Row>,
    body: Vec<Row>,
    example_id: String,
    example: String,
    answers: Vec<Answer>,
}

/// A field or a parameter.
#[derive(Debug)]
struct Row {
    name: String,
    kind: String,
    required: bool,
    meaning: String,
    example: String,
}

#[derive(Debug)]
struct Answer {
    status: String,
    meaning: String,
    members: Vec<Row>,
}

struct ErrorKind {
    status: u16,
    name: &'static str,
    title: &'static str,
}

/// Returns the operations of the document by tag. Parsed once.
fn groups(api: PartnerApi) -> &'static [Group] {
    static GROUPS: OnceLock<Vec<Group>> = OnceLock::new();
    GROUPS.get_or_init(|| read_groups(api.document))
}

/// Returns the text key of a sandbox user's behaviour.
fn what_happens(person: Person) -> &'static str {
    match person {
        Person::Consents => "docs-sandbox-consents",
        Person::Declines => "docs-sandbox-declines",
        Person::Expires => "docs-sandbox-expires",
        Person::Stranger => "docs-sandbox-stranger",
    }
}

async fn reference(
    State(app): State<App>,
    Extension(api): Extension<PartnerApi>,
    Visitor(visitor): Visitor,
) -> Response {
    let layout = Layout::new(&app, visitor.is_some());
    let (base, push) = (app.config().base(), credential::Type::default());
    let sample = serde_json::to_string_pretty(&(push.sample)()).unwrap_or_default();
    let template = Reference {
        layout: layout.clone(),
        base: base.to_owned(),
        people: Person::ALL.map(|person| (person.address(), what_happens(person))),
        snippets: &snippets::ALL,
        status_line: format!(
            "curl {base}/api/partner/v2/submissions/$CREDENTIAL_ID/status \\\n  -H \"Authorization: Bearer $TOKEN\""
        ),
        token_line: format!(
            "curl {base}/api/partner/v1/oauth/token \\\n  -d grant_type=client_credentials \\\n  -d client_id=$CLIENT_ID -d client_secret=$CLIENT_SECRET"
        ),
        push_line: format!(
            "curl {base}/api/partner/v2/add/requests/{push} \\\n  -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\\n  -d '{sample}'"
        ),
        groups: groups(api),
        errors: errors(),
        codes: Code::ALL,
    };
    page(&app, &template, &layout)
}

fn errors() -> Vec<ErrorKind> {
    let kinds = [
        Kind::Malformed,
        Kind::Unauthorized,
        Kind::MissingScope(String::new()),
        Kind::Forbidden,
        Kind::NotFound,
        Kind::MethodNotAllowed,
        Kind::NotAcceptable,
        Kind::Conflict,
        Kind::Gone,
        Kind::TooLarge,
        Kind::UnsupportedMediaType,
        Kind::Compressed,
        Kind::Invalid,
        Kind::TooManyRequests(Duration::ZERO),
        Kind::Internal,
        Kind::Unavailable,
    ];
    kinds
        .iter()
        .map(Kind::metadata)
        .map(|(status, name, title)| ErrorKind { status: status.as_u16(), name, title })
        .collect()
}

/// Returns a description from the document without backticks, which would need a Markdown renderer.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('`', "")
}

fn read_groups(document: &Value) -> Vec<Group> {
    let group = |tag| {
        let operations = openapi::operations(document, tag);
        Group {
            name: text(&tag["name"]),
            meaning: text(&tag["description"]),
            operations: operations
                .map(|found| operation(document, found.path, found.method, found.operation))
                .collect(),
        }
    };
    openapi::tags(document).map(group).collect()
}

fn operation(document: &Value, path: &str, method: &str, operation: &Value) -> Operation {
    let content = operation["requestBody"]["content"].as_object().and_then(|content| content.values().next());
    let example = content.and_then(|content| content.get("example"));
    let mut body = Vec::new();
    if let Some(content) = content {
        members(document, &content["schema"], "", &mut body);
    }
    let answers = operation["responses"].as_object().into_iter().flatten();
    Operation {
        example_id: format!("{}-example", text(&operation["operationId"])),
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        paragraphs: text(&operation["description"]).split("\n\n").map(str::to_owned).collect(),
        deprecated: operation["deprecated"] == true,
        scope: openapi::needs_token(operation).then(|| scopes(&operation["security"])),
        parameters: operation["parameters"].as_array().into_iter().flatten().map(parameter).collect(),
        body,
        example: example.map(|example| serde_json::to_string_pretty(example).unwrap_or_default()).unwrap_or_default(),
        answers: answers.map(|(status, found)| answer(document, status, found)).collect(),
    }
}

fn scopes(security: &Value) -> String {
    let scopes = security[0]["oauth"].as_array().into_iter().flatten().filter_map(Value::as_str);
    scopes.collect::<Vec<_>>().join(" ")
}

fn parameter(parameter: &Value) -> Row {
    Row {
        name: text(&parameter["name"]),
        kind: text(&parameter["in"]),
        required: parameter["required"] == true,
        meaning: text(&parameter["description"]),
        example: String::new(),
    }
}

fn answer(document: &Value, status: &str, found: &Value) -> Answer {
    let mut rows = Vec::new();
    let found = resolve(document, found);
    // Error bodies (application/problem+json) are documented once, in their own section.
    if let Some(content) = found["content"].get("application/json") {
        members(document, &content["schema"], "", &mut rows);
    }
    Answer { status: status.to_owned(), meaning: text(&found["description"]), members: rows }
}

/// Collects the fields of a schema. Nested ones are named by their path.
fn members(document: &Value, schema: &Value, prefix: &str, rows: &mut Vec<Row>) {
    let schema = resolve(document, schema);
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(of) = item_of(member).or_else(|| item_of(&member["items"])) {
            rows.push(Row {
                name: format!("{prefix}{name}{}", if member["items"].is_object() { "[]" } else { "" }),
                kind: "object".to_owned(),
                required: false,
                meaning: format!("The same as for a push: {}.", of.title),
                example: String::new(),
            });
            continue;
        }
        let described = without_null(member);
        let member = resolve(document, described);
        let is_list = member["items"].is_object();
        let path = format!("{prefix}{name}{}", if is_list { "[]" } else { "" });
        rows.push(Row {
            kind: kind(member),
            required: required.iter().any(|required| required == name),
            // A reference may have its own description.
            meaning: text(described.get("description").unwrap_or(&member["description"])),
            example: example(member),
            name: path.clone(),
        });
        let inner = if is_list { &member["items"] } else { member };
        members(document, inner, &format!("{path}."), rows);
    }
}

/// Returns the type whose batch item a schema refers to. Its fields are described with the single
/// push of that type.
fn item_of(schema: &Value) -> Option<credential::Type> {
    let name = schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")?.strip_prefix(ITEM)?;
    name.parse().ok()
}

/// Returns the schema of a nullable reference, which is one of the reference and null.
fn without_null(schema: &Value) -> &Value {
    let mut choices = schema["oneOf"].as_array().into_iter().flatten();
    choices.find(|choice| choice["$ref"].is_string()).unwrap_or(schema)
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let pointer = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
}

fn kind(schema: &Value) -> String {
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        kind => text(kind),
    };
    let most = ["maxLength", "maxItems"].into_iter().find_map(|name| schema[name].as_u64());
    most.map_or_else(|| kind.clone(), |most| format!("{kind}, at most {most}"))
}

fn example(schema: &Value) -> String {
    let example = schema.get("example").or_else(|| schema["examples"].get(0));
    example.filter(|example| !example.is_object()).map(Value::to_string).unwrap_or_default()
}
