//! What every request passes through: its id, its log line, its metrics, its headers, and the writing of errors.
//!
//! Owns the outermost layer. No log line holds a path parameter, a query, a body or an address of a person: the
//! route's template stands for the path.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use crate::app::App;
use crate::error::{Error, Kind};
use crate::web;

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

/// The outermost layer.
pub async fn respond(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&app, &request);
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("unmatched", MatchedPath::as_str);
    let method = request.method().clone();
    let is_api = is_api(request.uri().path());
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!("request", id = %id.0);
    let work = async {
        // A document may take longer to send than anything else takes to answer.
        let is_upload = route == crate::api::upload::ROUTE;
        let longest = if is_upload { app.config().objects.upload_timeout } else { app.config().server.timeout };
        // Nor does anybody wait for a database that has fallen silent.
        let answering = app.store().unless_lost(async { Ok(next.run(request).await) });
        let mut response = match tokio::time::timeout(longest, answering).await {
            Ok(answered) => answered.unwrap_or_else(|error| Error::from(error).into_response()),
            Err(_) => {
                Error::new(Kind::Unavailable, "This took too long and was given up. Please try again.").into_response()
            }
        };
        if let Some(error) = response.extensions_mut().remove::<Arc<Error>>() {
            response = write_error(&app, &error, response, is_api, &id);
        }
        let elapsed = started.elapsed();
        app.metrics().request(route, response.status(), elapsed);
        log_answer(&method, route, response.status(), elapsed);
        response
    };
    let mut response = work.instrument(span).await;
    let headers = response.headers_mut();
    headers.extend(HeaderValue::try_from(&*id.0).map(|value| (REQUEST_ID, value)));
    secure(headers, is_api, app.config().is_https());
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

fn is_api(path: &str) -> bool {
    const API: [&str; 9] = [
        "/api/",
        "/.well-known/",
        "/oid4vci/",
        "/openid4vp/",
        "/credentials/",
        "/status/",
        "/healthz",
        "/readyz",
        "/metrics",
    ];
    // Where a person answers a wallet's request is a page.
    API.iter().any(|prefix| path.starts_with(prefix)) && !path.starts_with("/oid4vci/authorize")
}

/// Gives an error its body, keeping the headers that the error and the layers inside have set.
fn write_error(app: &App, error: &Error, response: Response, is_api: bool, id: &RequestId) -> Response {
    let body = if is_api {
        let problem = serde_json::to_vec(&error.problem(app.config().base(), &id.0)).unwrap_or_default();
        ([(header::CONTENT_TYPE, "application/problem+json")], problem).into_response()
    } else {
        web::error::page(app, error, &id.0)
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

/// The network address of the client, as far as the trusted proxies vouch for it. Of IPv6, what one subscriber has: 64 bits
/// (RFC 6177), since whoever has one address there has all of them.
#[derive(Clone, Copy, Debug)]
pub struct Client(pub IpAddr);

impl FromRequestParts<App> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
        let forwarded = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let chain: Vec<IpAddr> =
            forwarded.flat_map(|value| value.split(',')).filter_map(|address| address.trim().parse().ok()).collect();
        // Each trusted proxy appended the address it saw: count from the right, no further than they go.
        let trusted = app.config().server.trusted_proxies.min(chain.len());
        Ok(Self(subscriber(if trusted == 0 { peer } else { chain[chain.len() - trusted] })))
    }
}

fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & (u128::MAX << 64)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_many_addresses_of_one_network_is_one_client() {
        for (address, counted) in [
            ("203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
            ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::"),
            ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ] {
            assert_eq!(subscriber(address.parse().expect(address)), counted.parse::<IpAddr>().expect(counted));
        }
    }
}
