//! `GET /.well-known/jwks.json`: the public keys of access tokens, credentials and status lists
//! (RFC 7517).

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::error::Error;
use crate::http::headers::CACHED;

/// The route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(jwks))
}

/// A JWK Set (RFC 7517).
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which has the members of each key's type")]
pub struct Jwks {
    /// The keys. Each has the members of its type.
    #[schema(
        value_type = Vec<Object>,
        example = json!([{ "kty": "OKP", "crv": "Ed25519", "kid": "k1", "use": "sig", "alg": "EdDSA", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }])
    )]
    keys: Vec<Value>,
}

/// Public keys
///
/// Returns the public keys of access tokens, credentials and status lists as a JWK Set.
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "getJwks", tag = "Token", responses((status = 200, description = "A JWK Set", body = Jwks)))]
async fn jwks(State(app): State<App>) -> Result<Response, Error> {
    let mut keys = app.tokens().jwks();
    keys.extend(app.issuer_keys().current()?.jwks());
    Ok(([CACHED], Json(json!({ "keys": keys }))).into_response())
}
