//! The operations of the OpenAPI document, read once.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde_json::Value;

use super::fields::{self, Field, resolve};
use super::markdown;
use crate::openapi::{self, TaggedOperation};

/// The media type of errors, which the page of errors describes.
const PROBLEM: &str = "application/problem+json";

/// The operations whose scope depends on the types of the credentials. Their descriptions name it.
const TYPED: [&str; 4] = ["addBatch", "addBatchV1", "getVerificationResult", "listVerificationRequests"];

/// The operations under one tag.
#[derive(Debug)]
pub struct Group {
    /// The tag.
    pub name: String,
    /// What the operations are for.
    pub meaning: String,
    /// Those of the current version first.
    pub operations: Vec<Operation>,
}

#[derive(Debug)]
pub struct Operation {
    /// Its `operationId`.
    pub id: String,
    /// The method, in capital letters.
    pub method: String,
    /// The path, with its parameters in braces.
    pub path: String,
    /// What it does, in a few words. Ends with the version if it is not the current one.
    pub summary: String,
    /// What it does, as HTML.
    pub description: String,
    /// Whether it belongs to version 1.
    pub deprecated: bool,
    /// The required scope; empty if any token is sufficient, `None` if no token is needed.
    pub scope: Option<String>,
    pub parameters: Vec<Field>,
    /// The request body.
    pub body: Option<Body>,
    /// The responses.
    pub answers: Vec<DocumentedResponse>,
}

/// A request body.
#[derive(Debug)]
pub struct Body {
    /// The media types, the preferred one first.
    pub media_types: Vec<String>,
    pub fields: Vec<Field>,
    pub example: Value,
}

/// A response.
#[derive(Debug)]
pub struct DocumentedResponse {
    pub status: String,
    /// When it is returned, as HTML.
    pub meaning: String,
    /// Whether the body describes an error.
    pub is_problem: bool,
    pub headers: Vec<Field>,
    /// The fields of the body.
    pub fields: Vec<Field>,
    /// An example of the body. Empty if it has none.
    pub example: String,
}

impl Operation {
    /// Returns its path on the site.
    pub fn page(&self) -> String {
        format!("/docs/operations/{}", self.id)
    }

    /// Returns the text key that says which token it needs.
    pub fn token_note(&self) -> &'static str {
        match self.scope.as_deref() {
            None => "docs-no-token",
            Some(_) if TYPED.contains(&self.id.as_str()) => "docs-typed-token",
            Some("") => "docs-any-token",
            Some(_) => "docs-scope",
        }
    }

    /// Returns the scope that every token for it needs.
    pub fn single_scope(&self) -> Option<&str> {
        self.scope.as_deref().filter(|_| self.token_note() == "docs-scope")
    }

    /// Returns the names of its fields, without those that contain them.
    pub fn field_names(&self) -> BTreeSet<&str> {
        let body = self.body.iter().flat_map(|body| &body.fields);
        let answers = self.answers.iter().flat_map(|answer| &answer.fields);
        let all = self.parameters.iter().chain(body).chain(answers);
        all.filter_map(|field| field.name.trim_end_matches("[]").rsplit('.').next()).collect()
    }

    /// Returns a command that sends an example request to the server at `base`.
    pub fn command(&self, base: &str) -> String {
        let variable = |step: &str| match step.strip_prefix('{').and_then(|step| step.strip_suffix('}')) {
            Some(name) => format!("${}", name.to_uppercase()),
            None => step.to_owned(),
        };
        let path = self.path.split('/').map(variable).collect::<Vec<_>>().join("/");
        let mut lines = vec![match self.method.as_str() {
            "GET" => format!("curl \"{base}{path}\""),
            method => format!("curl -X {method} \"{base}{path}\""),
        }];
        if self.scope.is_some() {
            lines.push("-H \"Authorization: Bearer $TOKEN\"".to_owned());
        }
        lines.extend(self.body.iter().flat_map(Body::arguments));
        lines.join(" \\\n  ")
    }
}

impl Body {
    /// Returns the arguments of curl that send the example.
    fn arguments(&self) -> Vec<String> {
        let media_type = self.media_types.first().map_or("", String::as_str);
        if media_type == "application/x-www-form-urlencoded" {
            let members = self.example.as_object().into_iter().flatten();
            let member =
                |(name, value): (&String, &Value)| format!("-d {name}={}", quoted(value.as_str().unwrap_or_default()));
            return members.map(member).collect();
        }
        let content_type = format!("-H 'Content-Type: {media_type}'");
        if media_type != "application/json" || !self.example.is_object() {
            return vec![content_type, "--data-binary @FILE".to_owned()];
        }
        let example = serde_json::to_string_pretty(&self.example).unwrap_or_default();
        vec![content_type, format!("-d {}", quoted(&example))]
    }
}

/// Returns a text as one word of a shell's command.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Returns the operations of the document by tag. Read once.
pub fn groups(document: &'static Value) -> &'static [Group] {
    static GROUPS: OnceLock<Vec<Group>> = OnceLock::new();
    GROUPS.get_or_init(|| openapi::tags(document).map(|tag| group(document, tag)).collect())
}

/// Returns all operations of the document.
pub fn all(document: &'static Value) -> impl Iterator<Item = &'static Operation> {
    groups(document).iter().flat_map(|group| &group.operations)
}

fn group(document: &Value, tag: &Value) -> Group {
    let mut operations: Vec<Operation> =
        openapi::operations(document, tag).map(|found| operation(document, found)).collect();
    operations.sort_by_key(|operation| operation.deprecated);
    Group { name: plain(&tag["name"]), meaning: plain(&tag["description"]), operations }
}

/// Returns a text without marks of code, for places that show no markup.
fn plain(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('`', "")
}

fn operation(document: &Value, found: TaggedOperation<'_>) -> Operation {
    let TaggedOperation { path, method, operation } = found;
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameter = |found: &Value| {
        let found = resolve(document, found);
        fields::parameter(document, &plain(&found["name"]), &plain(&found["in"]), found)
    };
    let answers = operation["responses"].as_object().into_iter().flatten();
    let (mut summary, deprecated) = (plain(&operation["summary"]), operation["deprecated"] == true);
    if deprecated && !summary.contains("(v1)") {
        summary.push_str(" (v1)");
    }
    Operation {
        id: plain(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary,
        description: markdown::description(operation["description"].as_str().unwrap_or_default()),
        deprecated,
        scope: operation.get("security").and_then(scopes),
        parameters: parameters.map(parameter).collect(),
        body: operation.get("requestBody").map(|found| body(document, resolve(document, found))),
        answers: answers.map(|(status, found)| answer(document, status, resolve(document, found))).collect(),
    }
}

/// Returns the scopes that are needed. `None` if there is no requirement, or an empty one, which
/// says that no token is needed.
fn scopes(security: &Value) -> Option<String> {
    let first = security.get(0)?;
    let scopes = first["oauth"].as_array()?.iter().filter_map(Value::as_str);
    Some(scopes.collect::<Vec<_>>().join(" "))
}

/// Returns the example of a media type: the first that the document has, or one that is made of the
/// examples of the fields.
fn example(document: &Value, content: &Value) -> Value {
    let named = content["examples"].as_object().into_iter().flatten().next();
    let named = named.map(|(_, example)| &resolve(document, example)["value"]);
    content.get("example").or(named).cloned().unwrap_or_else(|| fields::sample(document, &content["schema"]))
}

fn body(document: &Value, body: &Value) -> Body {
    let content = body["content"].as_object();
    let media_types: Vec<String> = content.into_iter().flat_map(|content| content.keys().cloned()).collect();
    let none = Value::Null;
    let first = media_types.first().map_or(&none, |name| &body["content"][name.as_str()]);
    Body { media_types, fields: fields::fields(document, &first["schema"]), example: example(document, first) }
}

fn answer(document: &Value, status: &str, found: &Value) -> DocumentedResponse {
    let headers = found["headers"].as_object().into_iter().flatten();
    let header =
        |(name, header): (&String, &Value)| fields::parameter(document, name, "header", resolve(document, header));
    let content = found["content"].as_object().into_iter().flatten().next();
    let is_problem = content.is_some_and(|(media_type, _)| media_type == PROBLEM);
    let content = content.map(|(_, content)| content).filter(|_| !is_problem);
    let rows = content.map(|content| fields::fields(document, &content["schema"])).unwrap_or_default();
    let shown = content.filter(|content| !rows.is_empty() || content.get("example").is_some());
    let shown = shown.map(|content| example(document, content));
    DocumentedResponse {
        status: status.to_owned(),
        meaning: markdown::description(found["description"].as_str().unwrap_or_default()),
        is_problem,
        headers: headers.map(header).collect(),
        example: shown.map(|example| serde_json::to_string_pretty(&example).unwrap_or_default()).unwrap_or_default(),
        fields: rows,
    }
}
