//! OpenID for Verifiable Credential Issuance 1.0: what wallets ask, one file an endpoint.
//!
//! Owns the wire: addresses, parameters, errors. Who may fetch what is in [`store::domain::issuance`], keys and proofs in
//! [`crate::issuing`]. Every route here is for programs; the pages where a person answers are in [`crate::web`].

mod authorization;
mod credential;
mod deferred;
mod documents;
mod metadata;
mod nonce;
mod notification;
pub mod offer;
mod status;
mod token;
mod wallet;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Json, http};
use serde::Serialize;

use crate::app::App;
use crate::error::Error;
use crate::issuing::{NoncePurpose, ProofError};

/// All routes for wallets and verifiers. Wallets in a browser may call them from wherever they are: nothing here goes by
/// cookies.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(metadata::routes())
        .merge(documents::routes())
        .merge(status::routes())
        .merge(offer::routes())
        .merge(authorization::routes())
        .merge(token::routes())
        .merge(nonce::routes())
        .merge(credential::routes())
        .merge(deferred::routes())
        .merge(notification::routes())
        .layer(middleware::from_fn(share_with_all_origins))
}

/// Cross-origin requests without credentials are answered to all (Fetch, section 3.3).
pub(crate) async fn share_with_all_origins(request: Request, next: Next) -> Response {
    let is_preflight = request.method() == Method::OPTIONS;
    let mut response = if is_preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers
        .insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("DPoP-Nonce, WWW-Authenticate, ETag"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    if is_preflight {
        const HEADERS: &str =
            "Authorization, Content-Type, DPoP, OAuth-Client-Attestation, OAuth-Client-Attestation-PoP, If-None-Match";
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    }
    response
}

/// An error as OAuth and OpenID4VCI write it: a code, and a sentence in ASCII.
#[derive(Debug, Serialize)]
struct Problem {
    error: &'static str,
    error_description: String,
}

/// Why a wallet is refused.
#[derive(Debug)]
pub enum Refused {
    /// A code of the specification, with a sentence; 400, but for the codes that have a status of their own.
    Code(&'static str, String),
    /// The access token is missing or not good (RFC 6750, RFC 9449). 401.
    Token {
        /// Whether the token is bound to a key.
        by_key: bool,
    },
    /// A DPoP proof is not taken; 400 where tokens are given, 401 where they are used.
    DPoP {
        /// Why.
        error: ProofError,
        /// A new nonce.
        nonce: String,
        /// Whether a token was used.
        at_resource: bool,
    },
    /// The wallet's attestation needs this challenge (draft-ietf-oauth-attestation-based-client-auth, section 8).
    Challenge(String),
    /// Anything else.
    Other(Error),
}

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

impl Refused {
    pub(crate) fn code(code: &'static str, description: impl Into<String>) -> Self {
        Self::Code(code, description.into())
    }

    fn wallet(app: &App, error: ProofError) -> Self {
        match error {
            ProofError::Invalid(why) => Self::Code("invalid_client", why),
            ProofError::Nonce => Self::Challenge(app.nonces().issue(NoncePurpose::Attestation)),
        }
    }

    fn dpop(app: &App, error: ProofError, at_resource: bool) -> Self {
        Self::DPoP { error, nonce: app.nonces().issue(NoncePurpose::Dpop), at_resource }
    }
}

/// Printable ASCII without quotes and backslashes, as error descriptions must be (OpenID4VCI 1.0, section 8.3.1.2).
fn ascii(text: &str) -> String {
    let plain = |character: char| match character {
        '"' | '\u{201c}' | '\u{201d}' => '\'',
        ' '..='~' if character != '\\' => character,
        _ => '?',
    };
    text.chars().map(plain).collect()
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let header = |response: &mut Response, name: HeaderName, value: String| {
            response.headers_mut().extend(HeaderValue::try_from(value).map(|value| (name, value)));
        };
        let nonce_header = HeaderName::from_static("dpop-nonce");
        let answer = |status: StatusCode, error: &'static str, description: &str| {
            let problem = Problem { error, error_description: ascii(description) };
            (status, [(header::CACHE_CONTROL, "no-store")], Json(problem)).into_response()
        };
        match self {
            Self::Code("invalid_client", description) => {
                answer(StatusCode::UNAUTHORIZED, "invalid_client", &description)
            }
            Self::Code("insufficient_scope", description) => {
                let mut response = answer(StatusCode::FORBIDDEN, "insufficient_scope", &description);
                header(&mut response, header::WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\"".to_owned());
                response
            }
            Self::Code(code, description) => answer(StatusCode::BAD_REQUEST, code, &description),
            Self::Token { by_key } => {
                let mut response = answer(
                    StatusCode::UNAUTHORIZED,
                    "invalid_token",
                    "The access token is missing, over, or not good here.",
                );
                let challenge = match by_key {
                    true => "DPoP error=\"invalid_token\", algs=\"ES256 EdDSA\"",
                    false => "Bearer error=\"invalid_token\"",
                };
                header(&mut response, header::WWW_AUTHENTICATE, challenge.to_owned());
                response
            }
            Self::DPoP { error, nonce, at_resource } => {
                let (error, description) = match &error {
                    ProofError::Invalid(why) => ("invalid_dpop_proof", why.as_str()),
                    ProofError::Nonce => {
                        ("use_dpop_nonce", "Make the proof again with the nonce of the header DPoP-Nonce.")
                    }
                };
                let status = if at_resource { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
                let mut response = answer(status, error, description);
                header(&mut response, nonce_header, nonce);
                if at_resource {
                    header(
                        &mut response,
                        header::WWW_AUTHENTICATE,
                        format!("DPoP error=\"{error}\", algs=\"ES256 EdDSA\""),
                    );
                }
                response
            }
            Self::Challenge(challenge) => {
                let mut response = answer(
                    StatusCode::BAD_REQUEST,
                    "use_attestation_challenge",
                    "Make the proof again with the challenge of the header OAuth-Client-Attestation-Challenge.",
                );
                header(&mut response, HeaderName::from_static("oauth-client-attestation-challenge"), challenge);
                response
            }
            Self::Other(error) => error.into_response(),
        }
    }
}

/// The fields of a form, each at most once (RFC 6749, section 3.2); those that nobody knows are passed over.
pub(crate) struct Form(std::collections::HashMap<String, String>);

impl Form {
    pub(crate) fn read(headers: &http::HeaderMap, body: &[u8]) -> Result<Self, Refused> {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !content_type.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
            return Err(Refused::code("invalid_request", "Send the parameters as application/x-www-form-urlencoded."));
        }
        let mut fields = std::collections::HashMap::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            if fields.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(Refused::code("invalid_request", "A parameter stands twice (RFC 6749, section 3.2)."));
            }
        }
        Ok(Self(fields))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn require(&self, name: &str) -> Result<&str, Refused> {
        self.get(name).ok_or_else(|| Refused::code("invalid_request", format!("The parameter {name} is missing.")))
    }

    /// A resource that is named (RFC 8707) must be this server.
    fn check_resource(&self, app: &App) -> Result<(), Refused> {
        match self.get("resource") {
            Some(resource) if resource.trim_end_matches('/') != app.config().base() => {
                Err(Refused::code("invalid_target", format!("The resource here is {}.", app.config().base())))
            }
            _ => Ok(()),
        }
    }
}
