//! Error responses in the format of OAuth 2.0 (RFC 6749, section 5.2), which OpenID4VCI and
//! OpenID4VP share.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use credential::key::Algorithm;
use serde::Serialize;

use crate::app::App;
use crate::error::Error;
use crate::issuing::{NoncePurpose, ProofError};
use store::StoreError;

/// Description of the errors for a missing or invalid access token.
const NO_VALID_TOKEN: &str = "The access token is missing, has expired, or is not valid for this resource.";

/// The response body: an error code, and a description in ASCII.
#[derive(Debug, Serialize)]
struct Body {
    error: &'static str,
    error_description: String,
}

/// The reason why a wallet's request is rejected.
#[derive(Debug)]
pub enum OAuthError {
    /// An error code with a description. Status 400, except for codes that have a status of their
    /// own.
    Code(&'static str, String),
    /// The request has no access token, so the challenge names the schemes and no error (RFC 6750,
    /// section 3.1). Status 401.
    NoToken,
    /// The access token is invalid (RFC 6750, RFC 9449). Status 401.
    Token {
        /// Whether the token is bound to a key with DPoP.
        by_key: bool,
    },
    /// The access token is valid, and is not used as its binding to a key requires (RFC 9449,
    /// section 7). Status 401.
    Binding {
        reason: &'static str,
        /// A new nonce for the next proof.
        nonce: String,
    },
    /// The DPoP proof is rejected. Status 400 at the token endpoint, 401 where a token is used.
    Dpop {
        /// The reason.
        error: ProofError,
        /// A new nonce for the next proof.
        nonce: String,
        /// Whether the proof accompanied an access token.
        at_resource: bool,
    },
    /// The wallet's attestation requires this challenge
    /// (draft-ietf-oauth-attestation-based-client-auth, section 8).
    Challenge(String),
    /// The route does not have the method of the request. Status 405.
    MethodNotAllowed(String),
    /// Any other error.
    Other(Error),
}

impl<E: Into<Error>> From<E> for OAuthError {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

impl OAuthError {
    /// Creates an error with `code` and a description.
    pub fn code(code: &'static str, description: impl Into<String>) -> Self {
        Self::Code(code, description.into())
    }

    /// Creates the error for a rejected wallet attestation.
    pub fn attestation(app: &App, error: ProofError) -> Self {
        match error {
            ProofError::Invalid(reason) => Self::Code("invalid_client", reason),
            ProofError::Nonce => Self::Challenge(app.nonces().issue(NoncePurpose::Attestation)),
            ProofError::Unavailable(cause) => StoreError::Unavailable(cause).into(),
        }
    }

    /// Creates the error for a token that is not used as its binding to a key requires.
    pub fn binding(app: &App, reason: &'static str) -> Self {
        Self::Binding { reason, nonce: app.nonces().issue(NoncePurpose::Dpop) }
    }

    /// Creates the error for a rejected DPoP proof.
    pub fn dpop(app: &App, error: ProofError, at_resource: bool) -> Self {
        if let ProofError::Unavailable(cause) = error {
            return StoreError::Unavailable(cause).into();
        }
        Self::Dpop { error, nonce: app.nonces().issue(NoncePurpose::Dpop), at_resource }
    }
}

/// Converts text to printable ASCII without quotes and backslashes, as error descriptions require
/// (OpenID4VCI 1.0, section 8.3.1.2).
pub fn ascii(text: &str) -> String {
    let plain = |character: char| match character {
        '"' | '\u{201c}' | '\u{201d}' => '\'',
        ' '..='~' if character != '\\' => character,
        _ => '?',
    };
    text.chars().map(plain).collect()
}

fn respond(status: StatusCode, error: &'static str, description: &str) -> Response {
    let body = Body { error, error_description: ascii(description) };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

fn with_header(mut response: Response, name: HeaderName, value: &str) -> Response {
    response.headers_mut().extend(HeaderValue::try_from(value).map(|value| (name, value)));
    response
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        match self {
            Self::Code(code @ "invalid_client", description) => respond(StatusCode::UNAUTHORIZED, code, &description),
            Self::Code(code @ "insufficient_scope", description) => with_header(
                respond(StatusCode::FORBIDDEN, code, &description),
                header::WWW_AUTHENTICATE,
                "Bearer error=\"insufficient_scope\"",
            ),
            Self::Code(code, description) => respond(StatusCode::BAD_REQUEST, code, &description),
            Self::NoToken => {
                let response = respond(StatusCode::UNAUTHORIZED, "invalid_token", NO_VALID_TOKEN);
                let algorithms = Algorithm::NAMES.join(" ");
                with_header(response, header::WWW_AUTHENTICATE, &format!("Bearer, DPoP algs=\"{algorithms}\""))
            }
            Self::Token { by_key } => {
                let challenge = match by_key {
                    true => dpop_challenge("invalid_token", ""),
                    false => "Bearer error=\"invalid_token\"".to_owned(),
                };
                let response = respond(StatusCode::UNAUTHORIZED, "invalid_token", NO_VALID_TOKEN);
                with_header(response, header::WWW_AUTHENTICATE, &challenge)
            }
            Self::Binding { reason, nonce } => {
                let response = respond(StatusCode::UNAUTHORIZED, "invalid_token", reason);
                let response = with_header(response, HeaderName::from_static("dpop-nonce"), &nonce);
                with_header(response, header::WWW_AUTHENTICATE, &dpop_challenge("invalid_token", reason))
            }
            Self::Dpop { error, nonce, at_resource } => dpop_response(&error, &nonce, at_resource),
            Self::Challenge(challenge) => {
                let description =
                    "Send a new proof with the challenge in the header OAuth-Client-Attestation-Challenge.";
                let response = respond(StatusCode::BAD_REQUEST, "use_attestation_challenge", description);
                with_header(response, HeaderName::from_static("oauth-client-attestation-challenge"), &challenge)
            }
            Self::MethodNotAllowed(description) => {
                respond(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", &description)
            }
            Self::Other(error) => error.into_response(),
        }
    }
}

fn dpop_response(error: &ProofError, nonce: &str, at_resource: bool) -> Response {
    let (code, description) = match error {
        ProofError::Invalid(reason) | ProofError::Unavailable(reason) => ("invalid_dpop_proof", reason.as_str()),
        ProofError::Nonce => ("use_dpop_nonce", "Send a new proof with the nonce in the header DPoP-Nonce."),
    };
    let status = if at_resource { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    let response = with_header(respond(status, code, description), HeaderName::from_static("dpop-nonce"), nonce);
    if !at_resource {
        return response;
    }
    with_header(response, header::WWW_AUTHENTICATE, &dpop_challenge(code, ""))
}

/// Returns the value of `WWW-Authenticate` (RFC 9449, section 7.1), with a description unless it is
/// empty.
fn dpop_challenge(code: &str, description: &str) -> String {
    let described = match description {
        "" => String::new(),
        text => format!(", error_description=\"{}\"", ascii(text)),
    };
    format!("DPoP error=\"{code}\"{described}, algs=\"{}\"", Algorithm::NAMES.join(" "))
}
