//! The OpenAPI 3.1 document, made from the routes and from the list of credential types.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{ClientCredentials, Flow, Http, HttpAuthScheme, OAuth2, Scopes, SecurityScheme};

use crate::app::App;
use crate::error::Problem;
use crate::openapi::ITEM;

/// The paths under which a push of any type is written in code; the document lists them once a type.
const PUSH: &str = "/api/partner/v2/add/requests/{type}";
const PUSH_V1: &str = "/api/partner/v1/add/{type}";
/// Likewise, where one of them is withdrawn.
const WITHDRAW: &str = "/api/partner/v2/add/requests/{type}/{credential_id}";
/// Likewise, where one asks for something of a type; what came of it is fetched by the request's own id.
const VERIFY: &str = "/api/partner/v2/verify/requests/{type}";
const VERIFIED: &str = "/api/partner/v2/verify/requests/{request_id}";

/// What the names of the schemas of v2 bodies start with.
const SUBMISSION: &str = "Submission_";

/// Answers that every push can give.
const PUSHES: [(&str, &str); 6] = [
    ("400", "The body is not JSON; line and column are named"),
    ("409", "The Idempotency-Key was used for another request, or its first request is still under way"),
    ("413", "The body is too large"),
    ("415", "The body is not `application/json`"),
    ("422", "Every fault of the body, each with its place, code and cure"),
    ("503", "It cannot be stored now; nothing was stored"),
];

/// Answers that every operation with a token can give.
const COMMON: [(&str, &str); 6] = [
    ("401", "The token is missing, wrong, expired, or of a disabled partner"),
    ("403", "The token lacks the scope that the `WWW-Authenticate` header names"),
    ("404", "There is nothing of yours at this path"),
    ("429", "Too many requests; `Retry-After` says when to come again"),
    ("500", "Our mistake; quote the request id"),
    ("503", "Not now; `Retry-After` says when to come again"),
];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tenure Partner API",
        description = "Push what you know of a person's working life; the person opens the link, consents, and keeps it.\n\nEvery path answers with and without the suffix `.json`.",
    ),
    tags(
        (name = "Token", description = "OAuth 2.0 client credentials"),
        (name = "Add", description = "Push credentials"),
        (name = "Withdraw", description = "Take credentials back"),
        (name = "Status", description = "Where submissions stand"),
        (name = "Verify", description = "Ask people to show what they hold"),
        (name = "Webhooks", description = "Be told, instead of asking"),
        (name = "Sandbox", description = "Try everything out, with no human"),
        (name = "Operations", description = "For the operator"),
    ),
    components(schemas(Problem)),
)]
struct Document;

/// The route of the document, which does not describe itself.
pub(super) fn routes() -> Router<App> {
    // The suffix .json is removed before routing.
    Router::new().route("/api/partner/openapi", get(openapi))
}

async fn openapi() -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(&*DOCUMENT)).into_response()
}

/// The document, made once.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

fn document() -> Value {
    let mut protected = super::routes::protected().into_openapi();
    protected.merge(super::routes::fresh().into_openapi());
    let paths: Vec<String> = protected.paths.paths.keys().cloned().collect();
    protected.merge(super::routes::open().into_openapi());
    protected.merge(super::upload::routes().into_openapi());
    let mut document = Document::openapi();
    document.merge(protected);
    let mut document = serde_json::to_value(document).expect("the document is JSON");
    document["info"]["version"] = json!(env!("CARGO_PKG_VERSION"));
    document["info"]["license"] = json!({ "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" });
    document["servers"] = json!([{ "url": "/" }]);
    document["components"]["securitySchemes"] = serde_json::to_value(security_schemes()).expect("the schemes are JSON");
    for path in &paths {
        protect(&mut document["paths"][path]);
    }
    describe_problems(&mut document["paths"]);
    copy_to_v2(&mut document);
    for known in credential::ALL {
        document["components"]["schemas"][format!("{SUBMISSION}{known}")] = known.json_schema();
        document["components"]["schemas"][format!("{ITEM}{known}")] = item(*known);
    }
    let paths = document["paths"].as_object_mut().expect("a document has paths");
    expand_types(paths, PUSH, "add", |known| Some((submission(known), (known.sample)())));
    expand_types(paths, PUSH_V1, "add_v1", |known| known.v1_schema().zip(known.v1_sample()));
    expand_withdrawals(paths);
    expand_questions(paths);
    describe_batch(
        paths,
        "/api/partner/v2/add/requests/batch",
        credential::batch_schema(),
        &credential::batch_sample(),
    );
    describe_batch(paths, "/api/partner/v1/add/batch", credential::v1_batch_schema(), &credential::v1_batch_sample());
    for operation in paths.iter_mut().filter(|(path, _)| path.starts_with("/api/partner/v1/add/")).map(|(_, item)| item)
    {
        operation["post"]["deprecated"] = json!(true);
    }
    document
}

fn security_schemes() -> Map<String, Value> {
    let scopes = Scopes::from_iter(credential::ALL.iter().flat_map(|known| {
        [
            (known.write_scope.to_owned(), format!("Push, or ask people for: {}", known.title)),
            (known.read_scope.to_owned(), format!("Read what people showed: {}", known.title)),
        ]
    }));
    let oauth = OAuth2::new([Flow::ClientCredentials(ClientCredentials::new("/api/partner/v1/oauth/token", scopes))]);
    let bearer = Http::new(HttpAuthScheme::Bearer);
    [("oauth", SecurityScheme::OAuth2(oauth)), ("bearer", SecurityScheme::Http(bearer))]
        .into_iter()
        .map(|(name, scheme)| (name.to_owned(), serde_json::to_value(scheme).expect("a scheme is JSON")))
        .collect()
}

/// Adds the answers that every operation behind a token can give, unless it describes its own.
fn protect(item: &mut Value) {
    for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut).filter(|value| value.is_object()) {
        operation["security"] = json!([{ "oauth": [] }]);
        // A push says more of 503 than others do.
        let own: &[(&str, &str)] = if operation["tags"][0] == "Add" { &PUSHES } else { &[] };
        for (status, description) in own.iter().chain(&COMMON) {
            let responses = operation["responses"].as_object_mut().expect("an operation has responses");
            responses.entry(*status).or_insert_with(|| json!({ "description": description }));
        }
    }
}

/// Gives every error response a problem as its body, unless the operation describes another.
fn describe_problems(paths: &mut Value) {
    let operations = paths.as_object_mut().into_iter().flat_map(Map::values_mut);
    let operations = operations.filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    let responses = operations.filter_map(|operation| operation["responses"].as_object_mut()).flatten();
    for (_, response) in responses.filter(|(status, response)| is_error(status) && response.get("content").is_none()) {
        response["content"] =
            json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    }
}

fn is_error(status: &str) -> bool {
    status.starts_with(['4', '5'])
}

/// Statuses stand under v1, as documented, and under v2, which is what v1 names as its successor.
fn copy_to_v2(document: &mut Value) {
    let paths = document["paths"].as_object_mut().expect("a document has paths");
    let old: Vec<String> =
        paths.keys().filter(|path| path.starts_with("/api/partner/v1/submissions/")).cloned().collect();
    for path in old {
        let mut copy = paths[&path].clone();
        for operation in copy.as_object_mut().into_iter().flat_map(Map::values_mut) {
            let name = operation["operationId"].as_str().unwrap_or_default();
            operation["operationId"] = json!(format!("{name}_v2"));
        }
        for operation in paths[&path].as_object_mut().into_iter().flat_map(Map::values_mut) {
            operation["deprecated"] = json!(true);
        }
        paths.insert(path.replace("/v1/", "/v2/"), copy);
    }
}

/// One path a type instead of `{type}`: its scope, its schema, its sample. A type without a body has no such path.
fn expand_types(
    paths: &mut Map<String, Value>,
    path: &str,
    operation_id: &str,
    body: impl Fn(credential::Type) -> Option<(Value, Value)>,
) {
    let template = paths.remove(path).expect("the push is documented");
    for known in credential::ALL {
        let Some((schema, sample)) = body(*known) else { continue };
        let mut item = template.clone();
        let operation = &mut item["post"];
        operation["operationId"] = json!(format!("{operation_id}_{known}"));
        operation["summary"] = json!(format!("Push: {}", known.title));
        operation["description"] =
            json!(format!("{}\n\n{}", known.summary, operation["description"].as_str().unwrap_or_default()));
        operation["security"] = json!([{ "oauth": [known.write_scope.to_owned()] }]);
        operation["requestBody"] = request_body(&schema, &sample);
        if let Some(parameters) = operation["parameters"].as_array_mut() {
            parameters.retain(|parameter| parameter["in"] != "path");
        }
        paths.insert(path.replace("{type}", known.name()), item);
    }
}

/// One path a type for withdrawing, since the scope is the type's.
fn expand_withdrawals(paths: &mut Map<String, Value>) {
    let template = paths.remove(WITHDRAW).expect("withdrawing is documented");
    for known in credential::ALL {
        let mut item = template.clone();
        let operation = &mut item["delete"];
        operation["operationId"] = json!(format!("withdraw_{known}"));
        operation["summary"] = json!(format!("Withdraw: {}", known.title));
        operation["security"] = json!([{ "oauth": [known.write_scope.to_owned()] }]);
        paths.insert(WITHDRAW.replace("{type}", known.name()), item);
    }
}

/// One path a type for asking, since the scope and what can be asked for are the type's. Which scope a result needs, only
/// the request says.
fn expand_questions(paths: &mut Map<String, Value>) {
    let mut template = paths.remove(VERIFY).expect("asking is documented");
    let result = template.as_object_mut().and_then(|item| item.remove("get")).expect("its result is documented");
    for known in credential::ALL {
        let mut item = template.clone();
        let operation = &mut item["post"];
        operation["operationId"] = json!(format!("ask_{known}"));
        operation["summary"] = json!(format!("Ask for: {}", known.title));
        operation["security"] = json!([{ "oauth": [known.write_scope.to_owned()] }]);
        operation["requestBody"] = request_body(
            &credential::presentation_request_schema(*known),
            &credential::presentation_request_sample(*known),
        );
        paths.insert(VERIFY.replace("{type}", known.name()), item);
    }
    paths.insert(VERIFIED.to_owned(), json!({ "get": result }));
}

/// Where the schema of a type's v2 body stands.
fn submission(known: credential::Type) -> Value {
    json!({ "$ref": format!("#/components/schemas/{SUBMISSION}{known}") })
}

/// A batch's item: each of its members is the same as in a push of its own, and described there.
fn item(known: credential::Type) -> Value {
    let mut schema = known.item_schema();
    for (name, member) in schema["properties"].as_object_mut().into_iter().flatten() {
        *member = json!({ "$ref": format!("#/components/schemas/{SUBMISSION}{known}/properties/{name}") });
    }
    schema
}

/// A batch's items are described once a type: they are referred to.
fn refer_to_items(schema: &mut Value) {
    let known = credential::ALL.iter().find(|known| *schema == known.item_schema());
    match (known, schema) {
        (Some(known), schema) => *schema = json!({ "$ref": format!("#/components/schemas/{ITEM}{known}") }),
        (None, Value::Object(members)) => members.values_mut().for_each(refer_to_items),
        _ => {}
    }
}

fn request_body(schema: &Value, sample: &Value) -> Value {
    json!({ "required": true, "content": { "application/json": { "schema": schema, "example": sample } } })
}

/// A batch needs the scopes of the types in it; the document names those of its example.
fn describe_batch(paths: &mut Map<String, Value>, path: &str, mut schema: Value, sample: &Value) {
    let operation = &mut paths.get_mut(path).expect("the batch is documented")["post"];
    refer_to_items(&mut schema);
    let form = if path.contains("/v1/") { credential::BatchForm::V1 } else { credential::BatchForm::V2 };
    let source = sample.to_string();
    let types = credential::BatchBody::read(form, source.as_bytes()).map(|body| body.types()).unwrap_or_default();
    let scopes: Vec<&str> = types.iter().map(|known| known.write_scope).collect();
    operation["security"] = json!([{ "oauth": scopes }]);
    operation["requestBody"] = request_body(&schema, sample);
}
