//! `GET /.well-known/jwks.json`: the public keys of access tokens (RFC 7517).

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// The route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(jwks))
}

/// Public keys
///
/// The keys that access tokens are signed with, as a JWK Set.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "Token", responses((status = 200, description = "A JWK Set", body = serde_json::Value)))]
async fn jwks(State(app): State<App>) -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(app.tokens.jwks())).into_response()
}
