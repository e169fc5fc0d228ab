//! The outermost layer of every request: id, timeout, log line, metrics, security headers and error
//! bodies.
//!
//! It knows no route and renders no page: each router declares its [`Readers`]. Log lines contain
//! the route's template instead of the path, and never a path parameter, a query, a body or a
//! person's address.

mod body;
pub mod cacheable;
mod client;
pub mod cookies;
pub mod cors;
pub mod extract;
mod form;
pub mod headers;
mod json;
pub mod middleware;
mod oauth_error;
pub mod session;

use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;

use crate::app::App;
use crate::error::{Error, Kind};
use crate::http::cookies::{CONSOLE, SESSION};
use crate::http::middleware::{Middleware, Next};
use crate::log;
use crate::metrics::method_label;
use crate::request_log::{LoggedResponse, RequestPartner};

pub use body::{AnyBody, JsonBody, interrupted, plain, read as read_body, refuse_compressed, require_json, too_large};
pub use client::Client;
pub use form::FormParameters;
pub use json::parse_without_nulls;
pub use oauth_error::{OAuthError, ascii};

/// The id of a request: the caller's `X-Request-Id`, or a generated one. The response and every log
/// line contain it.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Maximum length of a caller's request id, in characters.
const REQUEST_ID_LENGTH: usize = 128;

fn request_id(app: &App, request: &Request) -> RequestId {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let usable = given.filter(|id| {
        (1..=REQUEST_ID_LENGTH).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
    });
    RequestId(usable.map_or_else(|| app.rng().id(app.now()).to_string().into(), Into::into))
}

/// Renders an error as an HTML page, or as the body of another format.
pub type ErrorPage = fn(&App, &Error, ErrorContext<'_>) -> Response;

/// The request that an error page responds to.
#[derive(Clone, Copy, Debug)]
pub struct ErrorContext<'a> {
    /// The request's id.
    pub request_id: &'a str,
    /// Whether the visitor is signed in to a wallet.
    pub signed_in: bool,
    /// The name of the partner that is signed in to its console, on pages of the console.
    pub partner: Option<&'a str>,
}

/// The audience of a router's responses: decides the format of errors and the security headers.
#[derive(Clone, Copy, Debug)]
pub enum Readers {
    /// Programs: errors are problem details (RFC 9457).
    Programs,
    /// Wallets: handlers write their errors in the format of RFC 6749; all others are problem
    /// details.
    Wallets,
    /// OAuth clients: errors have the format of RFC 6749.
    OAuthClients(ErrorPage),
    /// People: errors are HTML pages.
    People(ErrorPage),
    /// Partners in their console: errors are HTML pages.
    Partners(ErrorPage),
    /// Unknown, because no route matched: pages for callers that prefer HTML, problem details for
    /// others.
    Unknown(ErrorPage),
}

impl Readers {
    /// Returns the page to render errors with, or `None` for problem details.
    fn error_page(self, request: &Request) -> Option<ErrorPage> {
        match self {
            Self::Programs | Self::Wallets => None,
            Self::People(page) | Self::Partners(page) | Self::OAuthClients(page) => Some(page),
            Self::Unknown(page) => {
                let preference = |media_type| headers::preference(request.headers(), media_type);
                let problem = preference("application/problem+json").max(preference("application/json"));
                (preference("text/html") > problem).then_some(page)
            }
        }
    }
}

/// State of a router's outermost layer.
#[derive(Clone, Debug)]
pub struct Outermost {
    /// The application.
    pub app: App,
    /// The audience of the responses.
    pub readers: Readers,
    /// Maximum time until a response begins.
    pub timeout: Duration,
}

/// Assigns the request's id, applies the timeout, logs the request, and sets the headers and error
/// body of its response.
impl Middleware for Outermost {
    async fn handle(self, mut request: Request, next: impl Next) -> Response {
        let Self { app, readers, timeout } = self;
        let started = Instant::now();
        let id = request_id(&app, &request);
        let matched = request.extensions().get::<MatchedPath>().cloned();
        let route = matched.as_ref().map_or("unmatched", MatchedPath::as_str);
        let method = request.method().clone();
        let error_page = readers.error_page(&request);
        let is_console = matches!(readers, Readers::Partners(_));
        let cookie = if is_console { CONSOLE } else { SESSION };
        let secret = error_page.and_then(|_| cookie.read(&app, request.headers()));
        request.extensions_mut().insert(id.clone());
        let partner = RequestPartner::default();
        request.extensions_mut().insert(partner.clone());
        // Pinned here and below, because each wrapper would move these large futures once more.
        let work = pin!(async {
            let mut response = {
                // Dropped before an error page is rendered: one that timed out may hold a
                // connection to the database, and the page needs one.
                let answering = pin!(next.run(request));
                answer(&app, timeout, answering).await
            };
            let error = response.extensions_mut().remove::<Arc<Error>>();
            if let Some(error) = &error {
                match error.outage() {
                    Some(cause) => app.outage().refused(cause, app.now()),
                    None => error.log(),
                }
                let secret = secret.as_deref();
                let signed_in = !is_console && session::is_signed_in(&app, secret, error).await;
                let name = if is_console { session::partner_name(&app, secret, error).await } else { None };
                let context = ErrorContext { request_id: &id.0, signed_in, partner: name.as_deref() };
                response = write_error(&app, error, response, error_page, context);
            }
            let (elapsed, now) = (started.elapsed(), app.now());
            app.outage().end_if_over(now);
            if let Some(partner) = partner.get() {
                let (at, method, status) = (now, method_label(&method), response.status().as_u16());
                let (error, request_id) = (error.as_deref(), &*id.0);
                let logged = LoggedResponse { partner, at, method, route, status, error, request_id, elapsed };
                log_for_partner(&app, logged);
            }
            app.metrics().request(&method, route, response.status(), elapsed);
            log_answer(&method, route, response.status(), elapsed);
            response
        });
        let mut response = log::with_request(id.0.clone(), work).await;
        let status = response.status();
        let headers = response.headers_mut();
        headers.extend(HeaderValue::try_from(&*id.0).map(|value| (REQUEST_ID, value)));
        let is_api = error_page.is_none() || matches!(readers, Readers::OAuthClients(_));
        security_headers(headers, status, is_api, app.config().is_https());
        response
    }
}

/// Returns the response of `work`, or an error if it panics, times out, or the database connection
/// is lost.
async fn answer(app: &App, timeout: Duration, work: Pin<&mut (impl Future<Output = Response> + Send)>) -> Response {
    let work = AssertUnwindSafe(work).catch_unwind();
    let work = app.store().cancel_on_disconnect(work.map(Ok));
    match tokio::time::timeout(timeout, work).await {
        Ok(Ok(Ok(response))) => response,
        // The panic hook has logged it.
        Ok(Ok(Err(_))) => Error::internal("a handler panicked").into_response(),
        Ok(Err(error)) => Error::from(error).into_response(),
        Err(_) => Error::new(Kind::Unavailable, "The request timed out. Try again.").into_response(),
    }
}

/// Adds a request to the request log of its partner.
fn log_for_partner(app: &App, logged: LoggedResponse<'_>) {
    if !app.request_log().add(logged, || app.rng().id(logged.at)) {
        app.metrics().requests_not_logged(1);
    }
}

/// Logs successful responses at `debug`, so that a busy server does not write one line per push;
/// all others at `info`.
fn log_answer(method: &Method, route: &str, status: StatusCode, elapsed: Duration) {
    let (status, micros) = (status.as_u16(), u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX));
    // A method may be any token (RFC 9110, section 9.1). An unknown one is text of the caller's
    // choice, so it is not logged.
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

/// Replaces the body of an error response. Headers that the error and inner layers have set are
/// kept.
fn write_error(
    app: &App,
    error: &Error,
    response: Response,
    error_page: Option<ErrorPage>,
    context: ErrorContext<'_>,
) -> Response {
    let body = match error_page {
        None => {
            let problem = error.problem(app.config().base(), context.request_id);
            let problem = serde_json::to_vec(&problem).unwrap_or_default();
            ([(header::CONTENT_TYPE, "application/problem+json")], problem).into_response()
        }
        Some(page) => page(app, error, context),
    };
    let (mut parts, _) = response.into_parts();
    let (written, body) = body.into_parts();
    for (name, value) in &written.headers {
        parts.headers.insert(name, value.clone());
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, body)
}

/// `Content-Security-Policy` of pages, without `form-action`, which is added per page.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                               connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Permissions policy: pages use no sensor or device. Passkeys are not listed, since the browser's
/// default already limits them to our own origin.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
                           magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// Number of headers that [`security_headers`] sets at most.
const SECURITY_HEADERS: usize = 8;

/// Sets the security headers, such as `Content-Security-Policy`, unless an inner layer has set its
/// own.
///
/// They forbid scripts, styles and images from other origins, framing and referrers. Responses are
/// not cached by default, since pages contain personal data. A rejected form is: otherwise the
/// browser's button "Back" could not return to it. [`headers::CLEAR_CACHE`] deletes it.
fn security_headers(headers: &mut axum::http::HeaderMap, status: StatusCode, is_api: bool, is_https: bool) {
    // The map grows once instead of step by step, with rehashing at each step.
    headers.reserve(SECURITY_HEADERS);
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
    let is_rejected_form = !is_api && status == StatusCode::UNPROCESSABLE_ENTITY;
    let caching = if is_rejected_form { "private, no-cache" } else { "no-store" };
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(caching));
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}
