//! `POST /api/partner/v1/oauth/token`: the client credentials grant (RFC 6749, section 4.4).
//!
//! Errors have the format of RFC 6749 (section 5.2), not problem+json, whatever their status.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::rate_limit_headers;
use crate::app::App;
use crate::error::{Error, Kind, Problem};
use crate::flows::access_token::{self, AccessToken, GrantError};
use crate::http::headers::basic;
use crate::http::{AnyBody, Client, ErrorContext, FormParameters, ascii};
use crate::openapi::values::{GrantType, TokenError as TokenErrorCode, TokenType};

/// The route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(token))
}

/// The form of a token request.
#[derive(Debug, ToSchema)]
pub struct TokenForm {
    /// `client_credentials`.
    #[schema(value_type = GrantType, required = true)]
    grant_type: String,
    /// Your client id. You can send it with HTTP Basic instead.
    #[schema(value_type = Option<Uuid>)]
    client_id: Option<String>,
    /// Your client secret. You can send it with HTTP Basic instead.
    #[schema(value_type = Option<String>, format = "password")]
    client_secret: Option<SecretString>,
    /// The requested scopes, separated by spaces. Default: all scopes that you have.
    #[schema(example = "write.career_history")]
    scope: Option<String>,
}

/// An access token.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenAnswer {
    /// The token. Send it as `Authorization: Bearer`.
    #[schema(example = "eyJhbGciOiJFUzI1NiJ9.eyJzY29wZSI6IndyaXRlLmNhcmVlcl9oaXN0b3J5In0.c2lnbmF0dXJl")]
    access_token: String,
    /// `Bearer`.
    #[schema(value_type = TokenType)]
    token_type: &'static str,
    /// The token's lifetime in seconds.
    #[schema(example = 3600)]
    expires_in: u64,
    /// The granted scopes.
    #[schema(example = "write.career_history")]
    scope: String,
}

/// An error of the token endpoint (RFC 6749, section 5.2).
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenProblem {
    /// `invalid_request`, `invalid_client`, `unsupported_grant_type` or `invalid_scope`;
    /// `temporarily_unavailable` with status 429 or 503; `server_error` with status 500.
    #[schema(value_type = TokenErrorCode)]
    error: &'static str,
    /// A description of the error and how to fix it.
    #[schema(example = "The client id or the client secret is wrong, or the client is disabled.")]
    error_description: String,
}

/// Renders any error of the endpoint in the format of RFC 6749, whatever its status. The outermost
/// layer keeps the headers of the error, such as `Retry-After`.
pub fn error_body(_: &App, error: &Error, _: ErrorContext<'_>) -> Response {
    let code = match error.kind {
        Kind::Internal => "server_error",
        Kind::TooManyRequests(_) | Kind::Unavailable => "temporarily_unavailable",
        _ => "invalid_request",
    };
    Json(TokenProblem { error: code, error_description: ascii(&error.detail) }).into_response()
}

/// The reason why no token is returned.
#[derive(Debug)]
enum TokenEndpointError {
    Request(&'static str),
    Client { by_basic: bool },
    GrantType,
    Scope(String),
    Other(Error),
}

impl TokenEndpointError {
    fn new(error: GrantError, by_basic: bool) -> Self {
        match error {
            GrantError::Client => Self::Client { by_basic },
            GrantError::Scope(what) => Self::Scope(what),
            GrantError::Other(error) => Self::Other(error),
        }
    }
}

impl IntoResponse for TokenEndpointError {
    fn into_response(self) -> Response {
        let (status, error, description) = match &self {
            Self::Request(what) => (StatusCode::BAD_REQUEST, "invalid_request", (*what).to_owned()),
            Self::Client { .. } => (
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "The client id or the client secret is wrong, or the client is disabled.".to_owned(),
            ),
            Self::GrantType => {
                (StatusCode::BAD_REQUEST, "unsupported_grant_type", "Send grant_type=client_credentials.".to_owned())
            }
            Self::Scope(what) => (StatusCode::BAD_REQUEST, "invalid_scope", what.clone()),
            Self::Other(error) => return error.clone().into_response(),
        };
        let mut response = (status, Json(TokenProblem { error, error_description: description })).into_response();
        if matches!(self, Self::Client { by_basic: true }) {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="tenure""#));
        }
        response
    }
}

/// Get an access token
///
/// The client credentials grant of OAuth 2.0. Send the client id and secret in the form, or with
/// HTTP Basic.
#[utoipa::path(post, path = "/api/partner/v1/oauth/token", operation_id = "createToken", tag = "Token",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A token", body = TokenAnswer),
        (status = 400, description = "Invalid form, or a scope that the client does not have", body = TokenProblem),
        (status = 401, description = "Invalid client id or secret", body = TokenProblem),
        (status = 413, description = "The body is too large",
            content((TokenProblem = "application/json"), (Problem = "application/problem+json"))),
        (status = 415, description = "The body is compressed", body = TokenProblem),
        (status = 429, description = "Too many token requests from this IP address",
            content((TokenProblem = "application/json"), (Problem = "application/problem+json"))),
        (status = 503, description = "Temporarily unavailable",
            content((TokenProblem = "application/json"), (Problem = "application/problem+json"))),
    ))]
async fn token(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    AnyBody(body): AnyBody,
) -> Result<Response, TokenEndpointError> {
    let limit = match app.limits().token.check(&client.0) {
        Ok(limit) => limit,
        Err(limit) => {
            let mut response = Error::from(limit).into_response();
            rate_limit_headers::write(&limit, response.headers_mut());
            return Ok(response);
        }
    };
    let form = read_form(&headers, &body)?;
    let (id, secret, by_basic) = credentials(&headers, &form)?;
    if form.grant_type != "client_credentials" {
        return Err(if form.grant_type.is_empty() {
            TokenEndpointError::Request("The parameter grant_type is missing. Send grant_type=client_credentials.")
        } else {
            TokenEndpointError::GrantType
        });
    }
    let issued = access_token::issue(&app, &id, &secret, form.scope.as_deref()).await;
    let AccessToken { token, scope } = issued.map_err(|error| TokenEndpointError::new(error, by_basic))?;
    let expires_in = app.tokens().lifetime().as_secs();
    let answer = TokenAnswer { access_token: token, token_type: "Bearer", expires_in, scope };
    let mut response =
        ([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(answer)).into_response();
    if let Some(limit) = limit {
        rate_limit_headers::write(&limit, response.headers_mut());
    }
    Ok(response)
}

fn read_form(headers: &HeaderMap, body: &[u8]) -> Result<TokenForm, TokenEndpointError> {
    let mut form = FormParameters::parse(headers, body).map_err(TokenEndpointError::Request)?;
    Ok(TokenForm {
        grant_type: form.take("grant_type").unwrap_or_default(),
        client_id: form.take("client_id"),
        client_secret: form.take("client_secret").map(SecretString::from),
        scope: form.take("scope"),
    })
}

/// Returns the client id and secret from HTTP Basic (form-encoded, RFC 6749, section 2.3.1) or from
/// the form, and whether HTTP Basic was used. A secret in both is an error.
fn credentials(headers: &HeaderMap, form: &TokenForm) -> Result<(String, SecretString, bool), TokenEndpointError> {
    if !headers.contains_key(header::AUTHORIZATION) {
        return match (&form.client_id, &form.client_secret) {
            (Some(id), Some(secret)) => Ok((id.clone(), secret.clone(), false)),
            _ => Err(TokenEndpointError::Request(
                "client_id and client_secret are required, either in the form or by HTTP Basic.",
            )),
        };
    }
    if form.client_secret.is_some() {
        return Err(TokenEndpointError::Request(
            "The client secret is in the form and in the Authorization header. Send it only once (RFC 6749, section \
             2.3).",
        ));
    }
    let (id, secret) = basic(headers).ok_or(TokenEndpointError::Client { by_basic: true })?;
    if form.client_id.as_ref().is_some_and(|other| *other != id) {
        return Err(TokenEndpointError::Request("The client ids in the form and in the Authorization header differ."));
    }
    Ok((id, secret.into(), true))
}
