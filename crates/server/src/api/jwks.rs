//! `GET /.well-known/jwks.json`: the public keys of access tokens, credentials and status lists
//! (RFC 7517).

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::error::Error;

/// The route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(jwks))
}

/// Public keys
///
/// Returns the public keys of access tokens, credentials and status lists as a JWK Set.
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "getJwks", tag = "Token", responses((status = 200, description = "A JWK Set", body = serde_json::Value)))]
async fn jwks(State(app): State<App>) -> Result<Response, Error> {
    let mut keys = app.tokens().jwks();
    keys.extend(app.issuer_keys().current()?.jwks());
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(json!({ "keys": keys }))).into_response())
}
