//! What every request passes through: its id, timeout, log line, metrics and headers, and the bodies of errors.
//!
//! Knows no route and renders no page: each router says who reads its responses. No log line holds a path parameter, a
//! query, a body or a person's address: the route's template stands for the path.

mod body;
mod client;
pub mod cookies;
pub mod cors;
pub mod extract;
mod form;
pub mod headers;
mod oauth_error;
pub mod session;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use crate::app::App;
use crate::error::{Error, Kind};

pub use body::{AnyBody, JsonBody};
pub use client::Client;
pub use form::Form;
pub use oauth_error::OAuthError;

/// The id of a request: the caller's `X-Request-Id` or one of ours. It is in the answer and in every log line.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Most characters of a caller's request id.
const REQUEST_ID_LENGTH: usize = 128;

fn request_id(app: &App, request: &Request) -> RequestId {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let usable = given.filter(|id| {
        (1..=REQUEST_ID_LENGTH).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
    });
    RequestId(usable.map_or_else(|| app.rng().id(app.now()).to_string().into(), Into::into))
}

/// Renders an error as a page for people; the second argument is the request's id.
pub type ErrorPage = fn(&App, &Error, &str) -> Response;

/// Who reads the responses of a router, which decides how errors are written and what a browser may do with them.
#[derive(Clone, Copy, Debug)]
pub enum Readers {
    /// Programs: errors are problem details (RFC 9457).
    Programs,
    /// People: errors are pages.
    People(ErrorPage),
    /// Unknown, because no route matched: pages for those who prefer HTML.
    Unknown(ErrorPage),
}

impl Readers {
    /// The page to render errors with, or `None` for problem details.
    fn error_page(self, request: &Request) -> Option<ErrorPage> {
        match self {
            Self::Programs => None,
            Self::People(page) => Some(page),
            Self::Unknown(page) => {
                let preference = |media_type| headers::preference(request.headers(), media_type);
                let problem = preference("application/problem+json").max(preference("application/json"));
                (preference("text/html") > problem).then_some(page)
            }
        }
    }
}

/// The outermost layer of one router.
#[derive(Clone, Debug)]
pub struct Outermost {
    /// The application.
    pub app: App,
    /// Who reads the responses.
    pub readers: Readers,
    /// Longest time until a response begins.
    pub timeout: Duration,
}

/// Gives a request its id, span, timeout and log line, and its response the headers and the body of an error.
pub async fn respond(State(layer): State<Outermost>, mut request: Request, next: Next) -> Response {
    let Outermost { app, readers, timeout } = layer;
    let started = Instant::now();
    let id = request_id(&app, &request);
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("unmatched", MatchedPath::as_str);
    let method = request.method().clone();
    let error_page = readers.error_page(&request);
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!("request", id = %id.0);
    let work = async {
        // A database that stops responding ends the wait too.
        let answering = app.store().unless_lost(async { Ok(next.run(request).await) });
        let mut response = match tokio::time::timeout(timeout, answering).await {
            Ok(answered) => answered.unwrap_or_else(|error| Error::from(error).into_response()),
            Err(_) => {
                Error::new(Kind::Unavailable, "This took too long and was given up. Please try again.").into_response()
            }
        };
        if let Some(error) = response.extensions_mut().remove::<Arc<Error>>() {
            error.log();
            response = write_error(&app, &error, response, error_page, &id);
        }
        let elapsed = started.elapsed();
        app.metrics().request(route, response.status(), elapsed);
        log_answer(&method, route, response.status(), elapsed);
        response
    };
    let mut response = work.instrument(span).await;
    let headers = response.headers_mut();
    headers.extend(HeaderValue::try_from(&*id.0).map(|value| (REQUEST_ID, value)));
    secure(headers, error_page.is_none(), app.config().is_https());
    response
}

/// What went well is said at `debug`, so that a busy server does not write a line a push; everything else at `info`.
fn log_answer(method: &Method, route: &str, status: StatusCode, elapsed: Duration) {
    let (status, micros) = (status.as_u16(), u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX));
    // A method may be any word (RFC 9110, section 9.1), so one that no route takes is a caller's own text.
    let method = match *method {
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::DELETE | Method::OPTIONS => method.as_str(),
        _ => "other",
    };
    if status < 400 {
        tracing::debug!(method, route, status, micros, "answered");
    } else {
        tracing::info!(method, route, status, micros, "answered");
    }
}

/// Gives an error its body, keeping the headers that the error and the layers inside have set.
fn write_error(
    app: &App,
    error: &Error,
    response: Response,
    error_page: Option<ErrorPage>,
    id: &RequestId,
) -> Response {
    let body = match error_page {
        None => {
            let problem = serde_json::to_vec(&error.problem(app.config().base(), &id.0)).unwrap_or_default();
            ([(header::CONTENT_TYPE, "application/problem+json")], problem).into_response()
        }
        Some(page) => page(app, error, &id.0),
    };
    let (mut parts, _) = response.into_parts();
    let (written, body) = body.into_parts();
    for (name, value) in &written.headers {
        parts.headers.insert(name, value.clone());
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, body)
}

/// What a page may load and where it may be shown; where its forms may go is said besides.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                               connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// No page uses a sensor or a device of the browser but passkeys, which are allowed to our own origin unless it is said
/// otherwise.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
                           magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// No script, style or image from elsewhere, no framing, no referrer; pages with personal data are not cached.
fn secure(headers: &mut axum::http::HeaderMap, is_api: bool, is_https: bool) {
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let page = || HeaderValue::try_from(format!("{PAGE_POLICY}; form-action 'self'"));
        let api = || Ok(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
        let policy = if is_api { api() } else { page() };
        headers.extend(policy.map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    headers
        .entry(HeaderName::from_static("cross-origin-resource-policy"))
        .or_insert(HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// Every API path answers with and without `.json` (partner-api section 1): the suffix goes before routing.
pub fn without_json_suffix<B>(mut request: Request<B>) -> Request<B> {
    let uri = request.uri();
    if let Some(path) = uri.path().strip_suffix(".json").filter(|path| path.starts_with("/api/partner/")) {
        let path_and_query = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = PathAndQuery::try_from(path_and_query).ok();
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// What is answered when a handler panics: the same as for any mistake of ours.
pub fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Error::internal("a handler panicked").into_response()
}

/// No route has this path.
pub async fn not_found() -> Error {
    Error::new(Kind::NotFound, "There is nothing at this path. The reference of the API is at /docs.")
}

/// A route has this path, with other methods.
pub async fn method_not_allowed() -> Error {
    Error::new(Kind::MethodNotAllowed, "This path does not take this method; the Allow header names those it takes.")
}
