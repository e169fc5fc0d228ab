//! The OpenAPI 3.1 document, generated from the routes and the list of credential types.

mod bodies;
mod examples;
mod push_examples;
mod responses;
mod webhooks;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{ClientCredentials, Flow, OAuth2, Scopes, SecurityScheme};

use crate::app::App;
use crate::error::{Error, Kind, Problem};
use crate::http::cacheable::Cacheable;
use crate::http::cors::ANY_ORIGIN;
use crate::http::headers::CACHED;
use crate::webhook_message::Event;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tenure Partner API",
        description = "Push records of a person's working life. The person opens the link, gives consent, and keeps the credential.\n\nEvery path works with and without the suffix `.json`. At the end of a path, it is part of an id of yours.",
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
    components(schemas(Problem, Event)),
)]
struct Document;

/// The path of the document.
const DOCUMENT_PATH: &str = "/api/partner/openapi";

/// Returns the route of the document, which is not part of the document.
pub(super) fn routes() -> Router<App> {
    // The suffix `.json` is removed before routing.
    Router::new().route(DOCUMENT_PATH, get(openapi))
}

async fn openapi(headers: HeaderMap) -> Response {
    static CONTENT: LazyLock<Cacheable> = LazyLock::new(|| {
        Cacheable::new("application/json", serde_json::to_vec(&*DOCUMENT).expect("the document is JSON"))
    });
    // Tools in a browser read the document from their own origin.
    (ANY_ORIGIN, CONTENT.respond(&headers, CACHED.1)).into_response()
}

/// The methods of a route, each with the names of its query parameters.
type Methods = BTreeMap<String, Vec<String>>;

/// The operations of the API by route, also those that the document omits.
static OPERATIONS: LazyLock<HashMap<String, Methods>> = LazyLock::new(|| {
    let mut routes = super::routes::protected().into_openapi();
    routes.merge(super::routes::fresh().into_openapi());
    routes.merge(super::token::routes().into_openapi());
    routes.merge(super::routes::documents().into_openapi());
    routes.merge(super::routes::open().into_openapi());
    routes.merge(super::upload::routes().into_openapi());
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
    let statuses = found.iter().filter(|(path, _)| path.starts_with(STATUSES_V1));
    let aliases = Vec::from_iter(statuses.map(|(path, methods)| (in_v2(path), methods.clone())));
    found.extend(aliases);
    found.insert(DOCUMENT_PATH.to_owned(), Methods::from([("GET".to_owned(), Vec::new())]));
    found
});

/// The start of the paths of v1 that have aliases in v2.
const STATUSES_V1: &str = "/api/partner/v1/submissions/";

/// Returns the alias of a path of v1.
fn in_v2(path: &str) -> String {
    path.replace("/v1/", "/v2/")
}

/// Returns the methods of the route of `request`; `None` if it is not documented.
fn methods(request: &Request) -> Option<&'static Methods> {
    OPERATIONS.get(request.extensions().get::<MatchedPath>()?.as_str())
}

/// Checks that the operation has every query parameter of `request`: a misspelt `dry_run` must not
/// push.
///
/// # Errors
/// 400 that names the unknown or repeated parameter.
pub(super) fn check_query(request: &Request) -> Result<(), Error> {
    let Some(query) = request.uri().query().filter(|query| !query.is_empty()) else { return Ok(()) };
    // HEAD runs the handler of GET.
    let method = if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
    let known = methods(request).and_then(|methods| methods.get(method.as_str()));
    let known = known.map_or(&[][..], Vec::as_slice);
    let mut seen: Vec<Cow<'_, str>> = Vec::new();
    for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
        if !known.iter().any(|known| *known == name) {
            return Err(unknown_parameter(&name, known));
        }
        if seen.contains(&name) {
            let detail = format!("Invalid query: {name} is there twice, but each parameter may be given once.");
            return Err(Error::new(Kind::Malformed, detail));
        }
        seen.push(name);
    }
    Ok(())
}

fn unknown_parameter(name: &str, known: &[String]) -> Error {
    let shown: String = name.chars().take(64).collect();
    let hint = if known.is_empty() {
        "This operation has no query parameters.".to_owned()
    } else {
        format!("This operation accepts: {}.", known.join(", "))
    };
    Error::new(Kind::Malformed, format!("Unknown query parameter {shown:?}. {hint}"))
}

/// The document, generated on first use.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

fn document() -> Value {
    let mut protected = super::routes::protected().into_openapi();
    protected.merge(super::routes::fresh().into_openapi());
    let paths: Vec<String> = protected.paths.paths.keys().cloned().collect();
    protected.merge(super::token::routes().into_openapi());
    protected.merge(super::routes::documents().into_openapi());
    protected.merge(super::routes::open().into_openapi());
    protected.merge(super::upload::routes().into_openapi());
    let mut document = Document::openapi();
    document.merge(protected);
    let mut document = serde_json::to_value(document).expect("the document is JSON");
    document["info"]["version"] = json!(env!("CARGO_PKG_VERSION"));
    document["info"]["license"] = json!({ "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" });
    document["servers"] = json!([{ "url": "/" }]);
    document["components"]["securitySchemes"] = security_schemes();
    for path in &paths {
        responses::protect(&mut document["paths"][path]);
    }
    responses::open(&mut document["paths"]);
    responses::describe_problems(&mut document["paths"]);
    copy_to_v2(&mut document);
    bodies::describe(&mut document);
    responses::unite_pushes(&mut document);
    examples::add(&mut document);
    push_examples::add(&mut document);
    responses::describe_headers(&mut document);
    responses::share(&mut document);
    webhooks::describe(&mut document);
    for (_, operation) in document["paths"].as_object_mut().into_iter().flatten().filter(|(path, _)| is_old_push(path))
    {
        operation["post"]["deprecated"] = json!(true);
    }
    document
}

fn is_old_push(path: &str) -> bool {
    path.starts_with("/api/partner/v1/add/")
}

fn security_schemes() -> Value {
    let scopes = Scopes::from_iter(credential::ALL.iter().flat_map(|known| {
        [
            (known.write_scope.to_owned(), format!("Push, or request from people: {}", known.title)),
            (known.read_scope.to_owned(), format!("Read verification results: {}", known.title)),
        ]
    }));
    let oauth = OAuth2::new([Flow::ClientCredentials(ClientCredentials::new("/api/partner/v1/oauth/token", scopes))]);
    json!({ "oauth": SecurityScheme::OAuth2(oauth) })
}

/// Copies the status operations of v1, as in the contract, to v2, and marks those of v1 as
/// deprecated.
fn copy_to_v2(document: &mut Value) {
    let paths = document["paths"].as_object_mut().expect("a document has paths");
    let old: Vec<String> = paths.keys().filter(|path| path.starts_with(STATUSES_V1)).cloned().collect();
    for path in old {
        let copy = paths[&path].clone();
        for operation in paths[&path].as_object_mut().into_iter().flat_map(Map::values_mut) {
            let name = operation["operationId"].as_str().unwrap_or_default();
            operation["operationId"] = json!(format!("{name}V1"));
            operation["deprecated"] = json!(true);
        }
        paths.insert(in_v2(&path), copy);
    }
}
