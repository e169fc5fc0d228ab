//! `/docs`: the documentation for integrators. The reference is generated from the OpenAPI document
//! and the lists of codes; the guides are the Markdown files of the repository.
//!
//! Every page is the same for every visitor, so that it can be compressed and cached.

mod cures;
mod events;
mod fields;
mod frame;
mod guides;
mod markdown;
mod operations;
mod prose;
mod search;
pub mod snippets;

use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router};
use credential::Code;
use quick_cache::sync::Cache;

use super::Layout;
use super::partner_api::PartnerApi;
use crate::app::App;
use crate::error::{Error, Kind};
use crate::http::cacheable::{Cacheable, REVALIDATE};
use crate::http::extract::Path;
use crate::i18n::Text;
use crate::sandbox::Person;
use cures::Cure;
use events::{Event, Retry};
use frame::Frame;
use guides::GUIDES;
use operations::{Group, Operation};
use prose::prose;
use snippets::Snippet;

pub(super) fn routes(api: PartnerApi) -> Router<App> {
    Router::new()
        .route("/docs", get(overview))
        .route("/docs/", get(to_overview))
        .route("/docs/guides", get(to_overview))
        .route("/docs/operations", get(to_overview))
        .route("/docs/{*unknown}", get(unknown))
        .route("/docs/clients", get(clients))
        .route("/docs/errors", get(errors))
        .route("/docs/events", get(webhook_events))
        .route("/docs/search.json", get(search_index))
        .route("/docs/guides/{slug}", get(guide))
        .route("/docs/operations/{id}", get(operation))
        .layer(Extension(api))
}

#[derive(Template)]
#[template(path = "reference_overview.html")]
struct Overview {
    layout: Layout,
    frame: Frame,
    people: [(String, &'static str); Person::ALL.len()],
    /// Whether anyone may sign up for a sandbox partner.
    has_sign_up: bool,
    token_line: String,
    push_line: String,
    status_line: String,
    operations: &'static [Group],
    problems: Vec<Problem>,
    codes: &'static [Code],
}

#[derive(Template)]
#[template(path = "reference_clients.html")]
struct Clients {
    layout: Layout,
    frame: Frame,
    base: String,
    snippets: &'static [Snippet],
}

#[derive(Template)]
#[template(path = "reference_errors.html")]
struct Errors {
    layout: Layout,
    frame: Frame,
    base: String,
    problems: Vec<Problem>,
    codes: Vec<Cure>,
    token: &'static [Cure],
    warnings: &'static [Cure],
    checks: &'static [Cure],
    files: Vec<Cure>,
}

#[derive(Template)]
#[template(path = "reference_events.html")]
struct Events {
    layout: Layout,
    frame: Frame,
    events: Vec<Event>,
    retries: Vec<Retry>,
}

#[derive(Template)]
#[template(path = "reference_guide.html")]
struct GuidePage {
    layout: Layout,
    frame: Frame,
    html: Cow<'static, str>,
}

#[derive(Template)]
#[template(path = "reference_operation.html")]
struct OperationPage {
    layout: Layout,
    frame: Frame,
    operation: &'static Operation,
    command: String,
}

/// A kind of error: the last part of its `type`, its status and what to do.
struct Problem {
    status: u16,
    name: &'static str,
    title: &'static str,
    cure: &'static str,
}

/// Most pages that are kept: more than there are.
const MAX_PAGES: usize = 1000;

/// What the content of a page depends on: the address of the server, whether it is a demonstration,
/// whether anyone may sign up for a sandbox partner, and the path.
type PageKey = (String, bool, bool, String);

/// The pages, rendered and compressed on first use.
static PAGES: LazyLock<Cache<PageKey, Cacheable>> = LazyLock::new(|| Cache::new(MAX_PAGES));

/// Responds with the page at `path`, which must exist.
fn page<T: Template>(
    app: &App,
    headers: &HeaderMap,
    path: &str,
    template: impl FnOnce() -> T,
) -> Result<Response, Error> {
    let has_sign_up = app.config().sandbox.sign_up;
    let key = (app.config().base().to_owned(), app.is_demo(), has_sign_up, path.to_owned());
    if let Some(known) = PAGES.get(&key) {
        return Ok(known.respond(headers, REVALIDATE));
    }
    let html = template().render().map_err(Error::internal)?;
    let content = Cacheable::new("text/html; charset=utf-8", html);
    PAGES.insert(key, content.clone());
    Ok(content.respond(headers, REVALIDATE))
}

/// Returns the layout as for a visitor who is not signed in, so that a page is the same for
/// everyone.
fn layout(app: &App) -> Layout {
    Layout::new(app, false)
}

fn text(key: &str) -> String {
    Text::default().of(key)
}

/// Returns the text key of a sandbox user's behaviour.
fn what_happens(person: Person) -> &'static str {
    match person {
        Person::Consents => "docs-sandbox-consents",
        Person::Declines => "docs-sandbox-declines",
        Person::Expires => "docs-sandbox-expires",
        Person::Ignores => "docs-sandbox-ignores",
        Person::Stranger => "docs-sandbox-stranger",
        Person::Unconfirmed => "docs-sandbox-unconfirmed",
        Person::Deletes => "docs-sandbox-deletes",
        Person::KeepsCurrent => "docs-sandbox-keeps-current",
        Person::StopsUpdates => "docs-sandbox-stops-updates",
    }
}

async fn overview(
    State(app): State<App>,
    Extension(api): Extension<PartnerApi>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let (base, push) = (app.config().base(), credential::Type::default());
    let sample = (push.sample)();
    let id = sample["credential_id"].as_str().unwrap_or_default().to_owned();
    let sample = serde_json::to_string_pretty(&sample).unwrap_or_default();
    page(&app, &headers, "/docs", || Overview {
        layout: layout(&app),
        frame: Frame::new(api.document, "/docs", text("docs-title")),
        people: Person::ALL.map(|person| (person.address(), what_happens(person))),
        has_sign_up: app.config().sandbox.sign_up,
        status_line: format!(
            "CREDENTIAL_ID={id}\ncurl {base}/api/partner/v2/submissions/$CREDENTIAL_ID/status \\\n  -H \"Authorization: Bearer $TOKEN\""
        ),
        token_line: token_command(base, "$CLIENT_ID"),
        push_line: format!(
            "curl {base}/api/partner/v2/add/requests/{push} \\\n  -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\\n  -d '{sample}'"
        ),
        operations: operations::groups(api.document),
        problems: problems(),
        codes: Code::ALL,
    })
}

/// Returns the commands that store an access token as `TOKEN` and print it. They read the variable
/// `CLIENT_SECRET`; `client_id` may be a variable too.
pub(super) fn token_command(base: &str, client_id: &str) -> String {
    format!(
        "TOKEN=$(curl -s {base}/api/partner/v1/oauth/token \\\n  -d grant_type=client_credentials \\\n  -d client_id={client_id} -d client_secret=$CLIENT_SECRET \\\n  | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\necho \"$TOKEN\""
    )
}

async fn to_overview() -> Redirect {
    Redirect::permanent("/docs")
}

async fn unknown() -> Error {
    Error::not_found()
}

async fn clients(
    State(app): State<App>,
    Extension(api): Extension<PartnerApi>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    page(&app, &headers, "/docs/clients", || Clients {
        layout: layout(&app),
        frame: Frame::new(api.document, "/docs/clients", text("docs-clients")),
        base: app.config().base().to_owned(),
        snippets: &snippets::ALL,
    })
}

async fn errors(
    State(app): State<App>,
    Extension(api): Extension<PartnerApi>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let cure = |code: &Code| Cure {
        code: code.as_str(),
        meaning: code.explanation(),
        cure: cures::field(code.as_str()).unwrap_or_default(),
    };
    page(&app, &headers, "/docs/errors", || Errors {
        layout: layout(&app),
        frame: Frame::new(api.document, "/docs/errors", text("docs-errors")),
        base: app.config().base().to_owned(),
        problems: problems(),
        codes: Code::ALL.iter().map(cure).collect(),
        token: cures::TOKEN,
        warnings: cures::WARNINGS,
        checks: cures::CHECKS,
        files: cures::files(),
    })
}

async fn webhook_events(
    State(app): State<App>,
    Extension(api): Extension<PartnerApi>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    page(&app, &headers, "/docs/events", || Events {
        layout: layout(&app),
        frame: Frame::new(api.document, "/docs/events", text("docs-events")),
        events: events::events(api.document),
        retries: events::retries(),
    })
}

async fn search_index(Extension(api): Extension<PartnerApi>, headers: HeaderMap) -> Response {
    search::index(api.document).respond(&headers, REVALIDATE)
}

async fn guide(
    State(app): State<App>,
    Extension(api): Extension<PartnerApi>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let guide = GUIDES.iter().find(|guide| guide.slug == slug).ok_or_else(Error::not_found)?;
    let path = guide.path();
    page(&app, &headers, &path, || GuidePage {
        layout: layout(&app),
        frame: Frame::new(api.document, &path, guide.page.title.clone()),
        html: guide.html(app.config().sandbox.sign_up),
    })
}

async fn operation(
    State(app): State<App>,
    Extension(api): Extension<PartnerApi>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let operation = operations::all(api.document).find(|operation| operation.id == id).ok_or_else(Error::not_found)?;
    let path = operation.page();
    page(&app, &headers, &path, || OperationPage {
        layout: layout(&app),
        frame: Frame::new(api.document, &path, operation.summary.clone()),
        operation,
        command: operation.command(app.config().base()),
    })
}

/// Returns every kind of error.
fn problems() -> Vec<Problem> {
    let kinds = [
        Kind::Malformed,
        Kind::Unauthorized,
        Kind::MissingScope(String::new()),
        Kind::Forbidden,
        Kind::NotFound,
        Kind::MethodNotAllowed(None),
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
    let problem = |kind: &Kind| {
        let (status, name, title) = kind.metadata();
        Problem { status: status.as_u16(), name, title, cure: cures::problem(kind) }
    };
    kinds.iter().map(problem).collect()
}
