//! Cross-origin requests: which responses scripts of every origin may read.
//!
//! Wallets run in browsers too, at origins that this server does not know. What they use depends on
//! no cookie, so every origin may use it; pages are never shared.

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, options};

use crate::app::App;

/// Request headers that a script may set.
const ALLOWED_HEADERS: &str = "Accept, Accept-Language, Authorization, Cache-Control, Content-Language, Content-Type, \
                               DPoP, If-None-Match, OAuth-Client-Attestation, OAuth-Client-Attestation-PoP, Pragma, \
                               Traceparent, Tracestate, X-Request-Id, X-Requested-With";

/// Response headers that a script may read, beside those that every script may read (Fetch, section
/// 3.3.2).
const EXPOSED_HEADERS: &str = "Accept-Encoding, Allow, Content-Length, DPoP-Nonce, ETag, Location, \
                               OAuth-Client-Attestation-Challenge, Retry-After, WWW-Authenticate, X-Request-Id";

/// How long a browser may cache a preflight response, in seconds. Chromium caches it no longer.
const PREFLIGHT_MAX_AGE: &str = "7200";

/// Lets scripts of every origin read a public response.
pub const ANY_ORIGIN: [(HeaderName, &str); 2] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
];

/// Routes that scripts of every origin may use. Each also responds to preflight requests.
///
/// The router that [`SharedRoutes::into_router`] returns needs the layer [`share_with_all_origins`]
/// outside all others, so that errors and timeouts can be read too.
#[derive(Debug, Default)]
pub struct SharedRoutes {
    router: Router<App>,
    paths: Vec<String>,
}

impl SharedRoutes {
    /// Wraps a router whose routes all serve documents, at `paths`.
    pub fn of_documents(mut router: Router<App>, paths: Vec<String>) -> Self {
        for path in &paths {
            router = router.route(path, options(|| async { preflight(Some(HeaderValue::from_static("GET,HEAD"))) }));
        }
        Self { router, paths }
    }

    /// Adds a route.
    #[must_use]
    pub fn route(mut self, path: &str, methods: MethodRouter<App>) -> Self {
        let unmatched = methods.clone();
        let respond = move |State(app): State<App>, request: Request| async move {
            // axum lists the methods of a route in its response to another method.
            let refused = Handler::<(), App>::call(unmatched, request, app).await;
            preflight(refused.headers().get(header::ALLOW).cloned())
        };
        self.router = self.router.route(path, methods.options(respond));
        self.paths.push(path.to_owned());
        self
    }

    /// Adds all routes of `other`.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.paths.extend(other.paths);
        self
    }

    /// Returns the paths of all routes.
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    pub fn into_router(self) -> Router<App> {
        self.router
    }
}

/// Returns the response to a preflight request for a route with these methods (Fetch, section 3.3).
fn preflight(methods: Option<HeaderValue>) -> Response {
    let allowed =
        [(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS), (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE)];
    let mut response = (StatusCode::NO_CONTENT, allowed).into_response();
    response.headers_mut().extend(methods.map(|methods| (header::ACCESS_CONTROL_ALLOW_METHODS, methods)));
    response
}

/// Lets scripts of every origin read the response, whatever its status.
pub async fn share_with_all_origins(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    share(response.headers_mut());
    response
}

/// Lets scripts of every origin read a response with these headers.
pub fn share(headers: &mut HeaderMap) {
    for (name, value) in ANY_ORIGIN {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
}
