//! The Partner API: one file per endpoint group, each with its requests, responses, handlers,
//! documentation and routes.
//!
//! Owns the list of routes and their middleware. The router and the OpenAPI document are built from
//! the same list, so every route is documented.

mod batch;
mod deliveries;
mod idempotency;
mod jwks;
pub mod openapi;
mod operations;
mod partner;
mod push;
mod rate_limit_headers;
mod routes;
mod sandbox;
mod status;
mod token;
mod upload;
mod verify;
mod verify_token;
mod webhooks;
mod withdraw;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;

pub use token::error_body as token_error;

/// Returns the route for uploads, which has a longer timeout than all others.
pub fn uploads() -> Router<App> {
    upload::routes().split_for_parts().0.route_layer(middleware::from_fn(refuse_unknown_query))
}

/// Returns the token endpoint, whose errors have another format than all others.
pub fn token() -> Router<App> {
    token::routes().split_for_parts().0.route_layer(middleware::from_fn(refuse_unknown_query))
}

async fn refuse_unknown_query(request: Request, next: Next) -> Response {
    match openapi::check_query(&request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// Returns all other routes of the API.
pub fn routes(app: &App) -> Router<App> {
    let (protected, _) = routes::protected().split_for_parts();
    let (fresh, _) = routes::fresh().split_for_parts();
    let (open, _) = routes::open().split_for_parts();
    let layer = |keys| middleware::from_fn_with_state((app.clone(), keys), authenticate_and_dedupe);
    let protected = protected.route_layer(layer(IdempotencyKeys::Kept));
    let fresh = fresh.route_layer(layer(IdempotencyKeys::Ignored));
    protected.merge(fresh).merge(open).merge(openapi::routes())
}

/// How the `Idempotency-Key` of a request is handled.
#[derive(Clone, Copy, Debug)]
enum IdempotencyKeys {
    /// The response is stored and replayed.
    Kept,
    /// Ignored, because a stored response would be out of date.
    Ignored,
}

/// Authenticates a request that needs a token, and runs it once for its `Idempotency-Key`. This is
/// a single layer because each layer boxes the request, the future and the response.
async fn authenticate_and_dedupe(
    State((app, keys)): State<(App, IdempotencyKeys)>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Err(error) = openapi::check_query(&request) {
        return error.into_response();
    }
    let successor = successor(request.uri().path());
    let (admitted, limit) = partner::authenticate(&app, &mut request).await;
    let mut response = match (admitted, keys) {
        (Ok(()), IdempotencyKeys::Kept) => idempotency::idempotent(&app, request, next).await,
        (Ok(()), IdempotencyKeys::Ignored) => next.run(request).await,
        (Err(error), _) => error.into_response(),
    };
    let headers = response.headers_mut();
    if let Some(limit) = limit {
        rate_limit_headers::write(&limit, headers);
    }
    if let Some(link) = successor {
        headers.insert(HeaderName::from_static("deprecation"), HeaderValue::from_static("@1795392000"));
        headers.extend(HeaderValue::try_from(link).map(|link| (header::LINK, link)));
    }
    response
}

/// Returns the `Link` header (RFC 8288) of v1 responses, which names the successor in v2
/// (docs/partner-api.md section 1). Responses that have it also have `Deprecation` (RFC 9745), the
/// date on which v2 covered everything.
fn successor(path: &str) -> Option<String> {
    path.strip_prefix("/api/partner/v1/").map(|path| match path.strip_prefix("add/") {
        Some(name) => format!("</api/partner/v2/add/requests/{name}>; rel=\"successor-version\""),
        None => format!("</api/partner/v2/{path}>; rel=\"successor-version\""),
    })
}
