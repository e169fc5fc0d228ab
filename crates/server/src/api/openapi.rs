//! The OpenAPI 3.1 document, generated from the routes and the list of credential types.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use axum::extract::{MatchedPath, Request};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{ClientCredentials, Flow, Http, HttpAuthScheme, OAuth2, Scopes, SecurityScheme};

use crate::app::App;
use crate::error::{Error, Kind, Problem};
use crate::openapi::ITEM;

/// Path templates of pushes in the code. The document lists one path per type instead.
const PUSH: &str = "/api/partner/v2/add/requests/{type}";
const PUSH_V1: &str = "/api/partner/v1/add/{type}";
/// Path template of withdrawals, listed per type.
const WITHDRAW: &str = "/api/partner/v2/add/requests/{type}/{credential_id}";
/// Likewise, by POST.
const WITHDRAW_BY_POST: &str = "/api/partner/v2/add/requests/{type}/{credential_id}/withdraw";
/// Path template of verification requests, listed per type; and the path of their results, which
/// has the request's id.
const VERIFY: &str = "/api/partner/v2/verify/requests/{type}";
const VERIFIED: &str = "/api/partner/v2/verify/requests/{request_id}";

/// Prefix of the schema names of v2 bodies.
const SUBMISSION: &str = "Submission_";

/// Responses that every push can return.
const PUSHES: [(&str, &str); 6] = [
    ("400", "The body is not valid JSON. The error has the line and column"),
    ("409", "The Idempotency-Key was used for another request, or its first request is still in progress"),
    ("413", "The body is too large"),
    ("415", "The body is not `application/json`"),
    ("422", "Validation failed. `errors` lists each problem with its JSON Pointer, code and suggested fix"),
    ("503", "Temporarily unavailable; nothing was stored"),
];

/// Responses that every operation with a token can return.
const COMMON: [(&str, &str); 6] = [
    ("401", "The token is missing, invalid or expired, or its partner is disabled"),
    ("403", "The token lacks the scope named in the `WWW-Authenticate` header"),
    ("404", "Not found, or it belongs to another partner"),
    ("429", "Too many requests. Retry after the time in `Retry-After`"),
    ("500", "Internal error; quote the request id"),
    ("503", "Temporarily unavailable. Retry after the time in `Retry-After`"),
];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tenure Partner API",
        description = "Push records of a person's working life. The person opens the link, gives consent, and keeps the credential.\n\nEvery path works with and without the suffix `.json`.",
    ),
    tags(
        (name = "Token", description = "OAuth 2.0 client credentials"),
        (name = "Add", description = "Push credentials"),
        (name = "Withdraw", description = "Withdraw credentials"),
        (name = "Status", description = "Status of submissions"),
        (name = "Verify", description = "Request verified records from people"),
        (name = "Webhooks", description = "Receive events instead of polling"),
        (name = "Sandbox", description = "Test an integration with simulated people"),
        (name = "Operations", description = "For operators"),
    ),
    components(schemas(Problem)),
)]
struct Document;

/// Returns the route of the document, which is not part of the document.
pub(super) fn routes() -> Router<App> {
    // The suffix `.json` is removed before routing.
    Router::new().route("/api/partner/openapi", get(openapi))
}

async fn openapi() -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(&*DOCUMENT)).into_response()
}

/// Handles requests for a route of the API with another method.
pub async fn method_not_allowed(request: Request) -> Error {
    let allowed: Vec<&str> = methods(&request).into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
    let hint = if allowed.is_empty() { String::new() } else { format!(" Use {}.", allowed.join(" or ")) };
    Error::new(Kind::MethodNotAllowed, format!("{} is not supported for this path.{hint}", request.method()))
}

/// The methods of a route, each with the names of its query parameters.
type Methods = BTreeMap<String, Vec<String>>;

/// The operations of the API by route.
static OPERATIONS: LazyLock<HashMap<String, Methods>> = LazyLock::new(|| {
    let mut routes = super::routes::protected().into_openapi();
    routes.merge(super::routes::fresh().into_openapi());
    routes.merge(super::token::routes().into_openapi());
    routes.merge(super::routes::open().into_openapi());
    let routes = serde_json::to_value(routes).expect("the document is JSON");
    let mut found: HashMap<String, Methods> = HashMap::new();
    for (path, item) in routes["paths"].as_object().into_iter().flatten() {
        let methods = found.entry(path.clone()).or_default();
        for (method, operation) in item.as_object().into_iter().flatten() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let names = parameters.filter(|parameter| parameter["in"] == "query");
            let names = names.filter_map(|parameter| parameter["name"].as_str().map(ToOwned::to_owned));
            methods.insert(method.to_uppercase(), names.collect());
        }
    }
    found
});

/// Returns the methods of the route of `request`; `None` if it is not documented.
fn methods(request: &Request) -> Option<&'static Methods> {
    OPERATIONS.get(request.extensions().get::<MatchedPath>()?.as_str())
}

/// Checks that the operation has every query parameter of `request`: a misspelt `dry_run` must not
/// push.
///
/// # Errors
/// 400 that names the unknown parameter.
pub(super) fn check_query(request: &Request) -> Result<(), Error> {
    let Some(query) = request.uri().query().filter(|query| !query.is_empty()) else { return Ok(()) };
    let known = methods(request).and_then(|methods| methods.get(request.method().as_str()));
    let known = known.map_or(&[][..], Vec::as_slice);
    let is_unknown = |name: &str| !known.iter().any(|known| known == name);
    match url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| is_unknown(name)) {
        None => Ok(()),
        Some((name, _)) => {
            let shown: String = name.chars().take(64).collect();
            let hint = if known.is_empty() {
                "This operation has no query parameters.".to_owned()
            } else {
                format!("This operation accepts: {}.", known.join(", "))
            };
            Err(Error::new(Kind::Malformed, format!("Unknown query parameter {shown:?}. {hint}")))
        }
    }
}

/// The document, generated on first use.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

fn document() -> Value {
    let mut protected = super::routes::protected().into_openapi();
    protected.merge(super::routes::fresh().into_openapi());
    let paths: Vec<String> = protected.paths.paths.keys().cloned().collect();
    protected.merge(super::token::routes().into_openapi());
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
    expand_types(
        paths,
        PUSH,
        |known| format!("add{}", pascal_case(&known)),
        |known| Some((submission(known), (known.sample)())),
    );
    expand_types(
        paths,
        PUSH_V1,
        |known| format!("add{}V1", pascal_case(&known)),
        |known| known.v1_schema().zip(known.v1_sample()),
    );
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
            (known.write_scope.to_owned(), format!("Push, or request from people: {}", known.title)),
            (known.read_scope.to_owned(), format!("Read verification results: {}", known.title)),
        ]
    }));
    let oauth = OAuth2::new([Flow::ClientCredentials(ClientCredentials::new("/api/partner/v1/oauth/token", scopes))]);
    let bearer = Http::new(HttpAuthScheme::Bearer);
    [("oauth", SecurityScheme::OAuth2(oauth)), ("bearer", SecurityScheme::Http(bearer))]
        .into_iter()
        .map(|(name, scheme)| (name.to_owned(), serde_json::to_value(scheme).expect("a scheme is JSON")))
        .collect()
}

/// Adds the security requirement and the responses that every operation with a token can return,
/// unless the operation documents its own.
fn protect(item: &mut Value) {
    for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut).filter(|value| value.is_object()) {
        operation["security"] = json!([{ "oauth": [] }]);
        // Before `COMMON`, because pushes describe 503 in more detail.
        let own: &[(&str, &str)] = if operation["tags"][0] == "Add" { &PUSHES } else { &[] };
        for (status, description) in own.iter().chain(&COMMON) {
            let responses = operation["responses"].as_object_mut().expect("an operation has responses");
            responses.entry(*status).or_insert_with(|| json!({ "description": description }));
        }
    }
}

/// Adds a problem as the body of every error response, unless the operation documents another one.
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

/// Copies the status operations of v1, as in the contract, to v2, and marks those of v1 as
/// deprecated.
fn copy_to_v2(document: &mut Value) {
    let paths = document["paths"].as_object_mut().expect("a document has paths");
    let old: Vec<String> =
        paths.keys().filter(|path| path.starts_with("/api/partner/v1/submissions/")).cloned().collect();
    for path in old {
        let copy = paths[&path].clone();
        for operation in paths[&path].as_object_mut().into_iter().flat_map(Map::values_mut) {
            let name = operation["operationId"].as_str().unwrap_or_default();
            operation["operationId"] = json!(format!("{name}V1"));
            operation["deprecated"] = json!(true);
        }
        paths.insert(path.replace("/v1/", "/v2/"), copy);
    }
}

/// Replaces `{type}` with one path per type, each with its scope, schema and sample. Types without
/// a body get no path.
fn expand_types(
    paths: &mut Map<String, Value>,
    path: &str,
    operation_id: impl Fn(credential::Type) -> String,
    body: impl Fn(credential::Type) -> Option<(Value, Value)>,
) {
    let template = paths.remove(path).expect("the push is documented");
    for known in credential::ALL {
        let Some((schema, sample)) = body(*known) else { continue };
        let mut item = template.clone();
        let operation = &mut item["post"];
        operation["operationId"] = json!(operation_id(*known));
        operation["summary"] = json!(format!("Push: {}", summary_title(known)));
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

/// Returns the name of a type for an operation id, such as `CareerHistory`.
fn pascal_case(known: &credential::Type) -> String {
    let capitalised = |word: &str| word[..1].to_uppercase() + &word[1..];
    known.name().split('_').map(capitalised).collect()
}

/// Returns the title of a type in summaries of operations. "Credential" alone would not name one.
fn summary_title(known: &credential::Type) -> String {
    if known.name() == "universal_credential" { "Universal credential".to_owned() } else { known.title.to_owned() }
}

/// Replaces the path of withdrawals with one path per type, since each type has its own scope.
fn expand_withdrawals(paths: &mut Map<String, Value>) {
    for (path, method, suffix) in [(WITHDRAW, "delete", ""), (WITHDRAW_BY_POST, "post", "ByPost")] {
        let template = paths.remove(path).expect("withdrawing is documented");
        for known in credential::ALL {
            let mut item = template.clone();
            let operation = &mut item[method];
            operation["operationId"] = json!(format!("withdraw{}{suffix}", pascal_case(known)));
            operation["summary"] = json!(format!("Withdraw: {} ({})", summary_title(known), method.to_uppercase()));
            operation["security"] = json!([{ "oauth": [known.write_scope.to_owned()] }]);
            paths.insert(path.replace("{type}", known.name()), item);
        }
    }
}

/// Replaces the path of verification requests with one path per type, since each type has its own
/// scope and fields. The path of results stays one: the scope depends on the request.
fn expand_questions(paths: &mut Map<String, Value>) {
    let mut template = paths.remove(VERIFY).expect("asking is documented");
    let result = template.as_object_mut().and_then(|item| item.remove("get")).expect("its result is documented");
    for known in credential::ALL {
        let mut item = template.clone();
        let operation = &mut item["post"];
        operation["operationId"] = json!(format!("create{}VerificationRequest", pascal_case(known)));
        operation["summary"] = json!(format!("Request from people: {}", summary_title(known)));
        operation["security"] = json!([{ "oauth": [known.write_scope.to_owned()] }]);
        operation["requestBody"] = request_body(
            &credential::presentation_request_schema(*known),
            &credential::presentation_request_sample(*known),
        );
        paths.insert(VERIFY.replace("{type}", known.name()), item);
    }
    paths.insert(VERIFIED.to_owned(), json!({ "get": result }));
}

/// Returns a reference to the schema of a type's v2 body.
fn submission(known: credential::Type) -> Value {
    json!({ "$ref": format!("#/components/schemas/{SUBMISSION}{known}") })
}

/// Returns the schema of a batch's item. Its properties refer to those of a single push.
fn item(known: credential::Type) -> Value {
    let mut schema = known.item_schema();
    for (name, member) in schema["properties"].as_object_mut().into_iter().flatten() {
        *member = json!({ "$ref": format!("#/components/schemas/{SUBMISSION}{known}/properties/{name}") });
    }
    schema
}

/// Replaces each batch item with a reference to the schema of its type.
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

/// Describes the body of a batch. Its scopes depend on the types in the batch; the document lists
/// those of its example.
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
