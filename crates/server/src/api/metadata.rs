//! Metadata for OAuth clients of the Partner API: of its authorization server (RFC 8414) and of the
//! API itself (RFC 9728).
//!
//! Both are found by the identifier `{base}/api/partner`. The server's own address, `{base}`,
//! identifies the authorization server of wallets, which has other endpoints.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::headers::CACHED;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(authorization_server)).routes(routes!(protected_resource))
}

/// Metadata of the authorization server (RFC 8414, section 2).
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthorizationServerMetadata {
    /// The identifier of the authorization server.
    #[schema(example = "https://passport.example/api/partner")]
    issuer: String,
    /// Where to get access tokens.
    #[schema(example = "https://passport.example/api/partner/v1/oauth/token")]
    token_endpoint: String,
    /// The public keys of this server.
    #[schema(example = "https://passport.example/.well-known/jwks.json")]
    jwks_uri: String,
    /// `client_credentials`.
    #[schema(value_type = Vec<String>, example = json!(["client_credentials"]))]
    grant_types_supported: [&'static str; 1],
    /// Empty: there is no authorization endpoint.
    #[schema(value_type = Vec<String>, example = json!([]))]
    response_types_supported: [&'static str; 0],
    /// `client_secret_basic` and `client_secret_post`.
    #[schema(value_type = Vec<String>, example = json!(["client_secret_basic", "client_secret_post"]))]
    token_endpoint_auth_methods_supported: [&'static str; 2],
    /// Every scope. A client has some of them.
    #[schema(value_type = Vec<String>, example = json!(["write.career_history", "read.career_history"]))]
    scopes_supported: Vec<&'static str>,
    /// The resources that accept the tokens.
    #[schema(value_type = Vec<String>, example = json!(["https://passport.example/api/partner"]))]
    protected_resources: [String; 1],
    /// The API reference.
    #[schema(example = "https://passport.example/docs")]
    service_documentation: String,
}

/// Metadata of the Partner API as a protected resource (RFC 9728, section 2).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProtectedResourceMetadata {
    /// The identifier of the API.
    #[schema(example = "https://passport.example/api/partner")]
    resource: String,
    /// The authorization servers whose tokens it accepts.
    #[schema(value_type = Vec<String>, example = json!(["https://passport.example/api/partner"]))]
    authorization_servers: [String; 1],
    /// Every scope.
    #[schema(value_type = Vec<String>, example = json!(["write.career_history", "read.career_history"]))]
    scopes_supported: Vec<&'static str>,
    /// `header`.
    #[schema(value_type = Vec<String>, example = json!(["header"]))]
    bearer_methods_supported: [&'static str; 1],
    /// The name of the API.
    #[schema(example = "Tenure Partner API")]
    resource_name: &'static str,
    /// The API reference.
    #[schema(example = "https://passport.example/docs")]
    resource_documentation: String,
}

/// Metadata of the authorization server
///
/// Where to get tokens, in the format of RFC 8414. The issuer is this server's address followed by
/// `/api/partner`. There is no introspection or revocation endpoint: a token ends when it expires,
/// or when its client is disabled.
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server/api/partner",
    operation_id = "getAuthorizationServerMetadata", tag = "Token",
    responses((status = 200, description = "The metadata", body = AuthorizationServerMetadata)))]
async fn authorization_server(State(app): State<App>) -> Response {
    let links = app.links();
    let metadata = AuthorizationServerMetadata {
        issuer: links.partner_api(),
        token_endpoint: links.partner_token(),
        jwks_uri: links.jwks(),
        grant_types_supported: ["client_credentials"],
        response_types_supported: [],
        token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
        scopes_supported: scopes(),
        protected_resources: [links.partner_api()],
        service_documentation: links.docs(),
    };
    ([CACHED], Json(metadata)).into_response()
}

/// Metadata of the API as a protected resource
///
/// Which authorization server issues tokens for this API, in the format of RFC 9728. A 401 names
/// this address in `WWW-Authenticate`.
#[utoipa::path(get, path = "/.well-known/oauth-protected-resource/api/partner",
    operation_id = "getProtectedResourceMetadata", tag = "Token",
    responses((status = 200, description = "The metadata", body = ProtectedResourceMetadata)))]
async fn protected_resource(State(app): State<App>) -> Response {
    let links = app.links();
    let metadata = ProtectedResourceMetadata {
        resource: links.partner_api(),
        authorization_servers: [links.partner_api()],
        scopes_supported: scopes(),
        bearer_methods_supported: ["header"],
        resource_name: "Tenure Partner API",
        resource_documentation: links.docs(),
    };
    ([CACHED], Json(metadata)).into_response()
}

fn scopes() -> Vec<&'static str> {
    credential::ALL.iter().flat_map(|known| [known.write_scope, known.read_scope]).collect()
}

/// Adds the address of the resource's metadata to the challenge of a response (RFC 9728, section
/// 5.1).
pub(super) fn add_to_challenge(app: &App, headers: &mut HeaderMap) {
    let challenge = headers.get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    let Some(challenge) = challenge.filter(|challenge| challenge.starts_with("Bearer ")) else { return };
    let challenge = format!("{challenge}, resource_metadata=\"{}\"", app.links().partner_api_metadata());
    if let Ok(value) = HeaderValue::try_from(challenge) {
        headers.insert(header::WWW_AUTHENTICATE, value);
    }
}
