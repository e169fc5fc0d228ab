//! The Partner API: one file per endpoint group, each with its requests, responses, handlers,
//! documentation and routes.
//!
//! Owns the list of routes and their middleware. The router and the OpenAPI document are built from
//! the same list, so every route is documented.

mod batch;
mod deliveries;
mod idempotency;
mod jwks;
mod list_options;
mod listeners;
mod metadata;
pub mod openapi;
mod operations;
mod partner;
mod push;
mod push_body;
mod rate_limit_headers;
mod routes;
mod sandbox;
mod status;
mod submissions;
mod token;
mod upload;
mod v1;
mod verify;
mod verify_token;
mod webhooks;
mod withdraw;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::error::{Error, Kind};
use crate::http::cors::SharedRoutes;
use crate::http::middleware::{Middleware, MiddlewareLayer, Next};

pub use token::error_body as token_error;

/// Returns the route for uploads, which has a longer timeout than all others.
pub fn uploads() -> Router<App> {
    upload::routes().split_for_parts().0.route_layer(middleware::from_fn(refuse_unknown_query))
}

/// Returns the token endpoint, whose errors have another format than all others.
pub fn token() -> Router<App> {
    token::routes().split_for_parts().0.route_layer(middleware::from_fn(refuse_unknown_query))
}

/// Handles requests whose path matches no route.
pub async fn unmatched(State(app): State<App>, mut request: Request) -> Error {
    partner::note_unhandled(&app, &mut request).await;
    Error::new(Kind::NotFound, "No such path. The API reference is at /docs.")
}

/// Handles requests for a route with a method that it does not have, which `error` describes.
pub async fn method_not_allowed(app: &App, mut request: Request, error: Error) -> Response {
    partner::note_unhandled(app, &mut request).await;
    let mut response = error.into_response();
    v1::mark(request.uri().path(), response.headers_mut());
    response
}

async fn refuse_unknown_query(request: Request, next: middleware::Next) -> Response {
    match openapi::check_query(&request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// Returns the public documents: the keys, and the metadata for OAuth clients.
pub fn documents() -> SharedRoutes {
    let (router, described) = routes::documents().split_for_parts();
    SharedRoutes::of_documents(router, described.paths.paths.into_keys().collect())
}

/// Returns all other routes of the API.
pub fn routes(app: &App) -> Router<App> {
    let (protected, _) = routes::protected().split_for_parts();
    let (fresh, _) = routes::fresh().split_for_parts();
    let (open, _) = routes::open().split_for_parts();
    let layer = |keys| MiddlewareLayer(Authenticate { app: app.clone(), keys });
    let protected = protected.route_layer(layer(IdempotencyKeys::Kept));
    let fresh = fresh.route_layer(layer(IdempotencyKeys::Ignored));
    protected.merge(fresh).merge(open).merge(openapi::routes().route_layer(middleware::from_fn(refuse_unknown_query)))
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
#[derive(Clone, Debug)]
struct Authenticate {
    app: App,
    keys: IdempotencyKeys,
}

impl Middleware for Authenticate {
    async fn handle(self, mut request: Request, next: impl Next) -> Response {
        let Self { app, keys } = self;
        // Only v1 needs its path after the request has run.
        let path = request.uri().path();
        let old = path.starts_with(v1::V1).then(|| path.to_owned());
        if let Err(error) = openapi::check_query(&request) {
            Box::pin(partner::note(&app, &mut request)).await;
            let mut response = error.into_response();
            v1::mark(&old.unwrap_or_default(), response.headers_mut());
            return response;
        }
        let (admitted, limit) = partner::authenticate(&app, &mut request).await;
        let mut response = match (admitted, keys) {
            (Ok(()), IdempotencyKeys::Kept) => idempotency::idempotent(&app, request, next).await,
            (Ok(()), IdempotencyKeys::Ignored) => next.run(request).await,
            (Err(error), _) => error.into_response(),
        };
        let is_unauthorized = response.status() == StatusCode::UNAUTHORIZED;
        let headers = response.headers_mut();
        if is_unauthorized {
            metadata::add_to_challenge(&app, headers);
        }
        if let Some(limit) = limit {
            rate_limit_headers::write(&limit, headers);
        }
        if let Some(path) = old {
            v1::mark(&path, headers);
        }
        response
    }
}
