//! The one HTTP error: a kind, what happened in words, and the errors of the caller's body.
//!
//! Owns the mapping from kind to status and the RFC 9457 document. A handler returns an [`Error`]; the outermost layer
//! of the router logs it and writes it, as problem details or as a page, because only that layer knows the request's id
//! and who reads the response.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use credential::Fault;
use serde::Serialize;
use utoipa::ToSchema;

use store::StoreError;

/// What went wrong, as far as the caller is told.
#[derive(Clone, Debug)]
pub struct Error {
    /// The kind, from which the status follows.
    pub kind: Kind,
    /// One sentence for the caller: what is wrong and what to do.
    pub detail: String,
    /// Every fault of the body, where that is the matter.
    pub faults: Vec<Fault>,
    /// What failed on our side: logged, never shown to the caller.
    cause: Option<String>,
}

/// The kinds of error; each has one status and one stable `type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The body is not JSON, or the request cannot be read. 400.
    Malformed,
    /// No token, or one that is not good (RFC 6750). 401.
    Unauthorized,
    /// The token lacks this scope (RFC 6750). 403.
    MissingScope(String),
    /// Not for this caller. 403.
    Forbidden,
    /// Nothing here, or nothing of the caller's. 404.
    NotFound,
    /// The path is right, the method is not. 405.
    MethodNotAllowed,
    /// There is none of the media types that the caller takes. 406.
    NotAcceptable,
    /// Contradicts what is already there. 409.
    Conflict,
    /// It was there, and its time is over. 410.
    Gone,
    /// Longer than allowed. 413.
    TooLarge,
    /// Not `application/json`. 415.
    UnsupportedMediaType,
    /// Understood, and not acceptable; see the faults. 422.
    Invalid,
    /// Too fast. 429 with `Retry-After`.
    TooManyRequests(Duration),
    /// Not now: the store cannot write, or the server is full. 503 with `Retry-After`.
    Unavailable,
    /// Our mistake. 500.
    Internal,
}

impl Kind {
    /// Status, stable name (the end of the problem's `type`) and title.
    pub fn facts(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "malformed", "The request cannot be read"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized", "A valid access token is needed"),
            Self::MissingScope(_) => (StatusCode::FORBIDDEN, "missing-scope", "The access token lacks a scope"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "This is not allowed"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is nothing here"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This method is not for this path")
            }
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "not-acceptable", "There is no such form of this"),
            Self::Conflict => (StatusCode::CONFLICT, "conflict", "This contradicts an earlier request"),
            Self::Gone => (StatusCode::GONE, "gone", "This is over"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "The body has another media type than asked for",
            ),
            Self::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The body has faults"),
            Self::TooManyRequests(_) => (StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests"),
            Self::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The service cannot do this right now")
            }
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side"),
        }
    }
}

impl Error {
    /// An error of `kind`, told as `detail`.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), faults: Vec::new(), cause: None }
    }

    /// 422 with every fault.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        let detail = match faults.len() {
            1 => "The body has one fault; nothing was stored.".to_owned(),
            count => format!("The body has {count} faults; nothing was stored."),
        };
        Self { faults, ..Self::new(Kind::Invalid, detail) }
    }

    /// 401 in one voice, so that nobody learns which part of a token was wrong.
    pub fn unauthorized() -> Self {
        Self::new(
            Kind::Unauthorized,
            "The access token is missing, malformed, expired or no longer valid. Ask the token endpoint for a new one.",
        )
    }

    /// 404 that does not tell "never was" from "not yours".
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "There is nothing at this address, or it is not yours.")
    }

    /// 404 for a path that names a credential type that does not exist.
    pub fn unknown_type(name: &str) -> Self {
        let known: Vec<&str> = credential::ALL.iter().map(|known| known.name()).collect();
        let shown: String = name.chars().take(64).collect();
        Self::new(
            Kind::NotFound,
            format!("There is no credential type '{shown}'. The types are: {}.", known.join(", ")),
        )
    }

    /// 503 that asks to come again.
    pub fn unavailable() -> Self {
        Self::new(Kind::Unavailable, "This was not done, or nobody knows whether it was. Please try again in a moment.")
    }

    /// 500 because of `cause`, which is logged and not shown to the caller.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        let error = Self::new(Kind::Internal, "This is our mistake, and it has been logged under the request id.");
        Self { cause: Some(cause.to_string()), ..error }
    }

    /// Logs the cause of a failure on our side. Called once for each response.
    pub fn log(&self) {
        match (&self.cause, &self.kind) {
            (Some(cause), Kind::Unavailable) => {
                tracing::error!(%cause, "the store cannot be used; answered 503, nothing acknowledged is lost");
            }
            (Some(cause), _) => tracing::error!(%cause, "a request failed"),
            (None, _) => {}
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.kind.facts().0
    }

    /// The RFC 9457 document.
    pub fn problem(&self, base: &str, request_id: &str) -> Problem {
        let (status, name, title) = self.kind.facts();
        Problem {
            r#type: format!("{base}/docs#error-{name}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: self.detail.clone(),
            request_id: request_id.to_owned(),
            errors: self.faults.clone(),
        }
    }
}

/// An error of the API: RFC 9457 problem details, with every fault of the body at once.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// A stable address that names the kind of error and documents it.
    #[schema(example = "https://passport.example/docs#error-invalid")]
    pub r#type: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// What happened this time, and what to do.
    pub detail: String,
    /// The id of this request: quote it when asking for help.
    pub request_id: String,
    /// Every fault of the body; empty where the body is not the matter.
    #[schema(value_type = Vec<FaultSchema>)]
    pub errors: Vec<Fault>,
}

/// One fault of a body.
#[derive(Debug, ToSchema)]
#[schema(as = Fault)]
#[expect(dead_code, reason = "documents credential::Fault, which knows nothing of OpenAPI")]
pub struct FaultSchema {
    /// Where, as a JSON Pointer (RFC 6901) into the body that was sent.
    #[schema(example = "/fields/employment/0/start_date")]
    pointer: String,
    /// A stable code; the reference lists them all.
    #[schema(example = "date.format")]
    code: String,
    /// What is wrong and what to write instead.
    message: String,
    /// The start of what was sent, 64 characters at most.
    #[schema(required = false, nullable = false)]
    received: Option<String>,
    /// What was probably meant.
    #[schema(required = false, nullable = false)]
    suggestion: Option<String>,
}

/// Leaves the body to the outermost layer; the status, and the headers that a status demands, are set here.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        let headers = response.headers_mut();
        match &self.kind {
            Kind::Unauthorized => {
                headers.insert(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static(r#"Bearer realm="tenure", error="invalid_token""#),
                );
            }
            Kind::MissingScope(scope) => {
                let challenge = format!(r#"Bearer realm="tenure", error="insufficient_scope", scope="{scope}""#);
                headers.extend(HeaderValue::try_from(challenge).map(|value| (header::WWW_AUTHENTICATE, value)));
            }
            Kind::TooManyRequests(wait) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
            }
            Kind::Unavailable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => Self { cause: Some(cause), ..Self::unavailable() },
            StoreError::Broken(cause) => Self::internal(cause),
        }
    }
}

impl From<credential::Rejection> for Error {
    fn from(rejection: credential::Rejection) -> Self {
        match rejection {
            credential::Rejection::Malformed(malformed) => Self::new(
                Kind::Malformed,
                format!(
                    "The body is not usable JSON: line {}, column {}: {}.",
                    malformed.line, malformed.column, malformed.message
                ),
            ),
            credential::Rejection::Invalid(faults) => Self::invalid(faults),
        }
    }
}
