//! The HTTP error type: kind, detail, and the field errors of the body.
//!
//! Owns the mapping from kind to status and the RFC 9457 document. A handler returns an [`Error`].
//! The outermost layer of the router logs it and renders it as problem details or as a page,
//! because only that layer knows the request id and whether a program or a person reads the
//! response.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use credential::{FieldError, JsonError, JsonErrorKind, MAX_VALUES};
use serde::Serialize;
use utoipa::ToSchema;

use crate::links;
use store::StoreError;

/// An error response.
#[derive(Clone, Debug)]
pub struct Error {
    /// The kind, from which the status follows.
    pub kind: Kind,
    /// The problem and its solution, for the caller.
    pub detail: String,
    /// Every field error of the body.
    pub field_errors: Vec<FieldError>,
    /// The failure inside the server. Logged, never returned.
    cause: Option<String>,
}

/// The kinds of error; each has one status and one stable `type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The body is not JSON, or the request cannot be read. 400.
    Malformed,
    /// A missing or invalid token (RFC 6750). 401.
    Unauthorized,
    /// No token (RFC 6750, section 3.1). 401 without an error code.
    MissingToken,
    /// The token lacks this scope (RFC 6750). 403.
    MissingScope(String),
    /// The caller may not do this. 403.
    Forbidden,
    /// Not found, or not the caller's. 404.
    NotFound,
    /// The path does not support the method. 405. With the path of the page that people can open
    /// instead, if there is one.
    MethodNotAllowed(Option<String>),
    /// None of the media types in `Accept` is available. 406.
    NotAcceptable,
    /// Conflicts with an earlier request. 409.
    Conflict,
    /// The first request with the same `Idempotency-Key` has not ended. 409 with `Retry-After`.
    InProgress,
    /// Expired. 410.
    Gone,
    /// The body has too many bytes or values. 413.
    TooLarge,
    /// Not `application/json`. 415.
    UnsupportedMediaType,
    /// Validation failed; see the field errors. 422.
    Invalid,
    /// Rate limited. 429 with `Retry-After`.
    TooManyRequests(Duration),
    /// The store cannot write, or the server is overloaded. 503 with `Retry-After`.
    Unavailable,
    /// The body is compressed. 415 with `Accept-Encoding`.
    Compressed,
    /// Internal error. 500.
    Internal,
}

impl Kind {
    /// Returns the status, the stable name (the end of the problem's `type`) and the title.
    pub fn metadata(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "malformed", "Malformed request"),
            Self::Unauthorized | Self::MissingToken => (StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized"),
            Self::MissingScope(_) => (StatusCode::FORBIDDEN, "missing-scope", "Insufficient scope"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "Forbidden"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed"),
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "not-acceptable", "Not acceptable"),
            Self::Conflict | Self::InProgress => (StatusCode::CONFLICT, "conflict", "Conflict"),
            Self::Gone => (StatusCode::GONE, "gone", "Gone"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Body too large"),
            Self::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type")
            }
            Self::Compressed => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "compressed-body", "Compressed body"),
            Self::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Validation failed"),
            Self::TooManyRequests(_) => (StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Service unavailable"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal server error"),
        }
    }
}

impl Error {
    /// Creates an error of `kind` with `detail`.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), field_errors: Vec::new(), cause: None }
    }

    /// Creates a 422 with every field error.
    pub fn invalid(field_errors: Vec<FieldError>) -> Self {
        let detail = match field_errors.len() {
            1 => "The body has 1 error. Nothing was stored; correct it and send the request again.".to_owned(),
            count => {
                format!("The body has {count} errors. Nothing was stored; correct them and send the request again.")
            }
        };
        Self { field_errors, ..Self::new(Kind::Invalid, detail) }
    }

    /// Creates a 401 for a client that is disabled.
    pub fn disabled_client() -> Self {
        Self::new(Kind::Unauthorized, "This client is disabled. Ask the operator to enable it.")
    }

    /// Creates a 404. Its detail is the same for objects that never existed and for those of other
    /// partners.
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "Nothing was found at this URL, or it belongs to another partner.")
    }

    /// Creates a 404 for an object of a partner, `what`. It is the same whether the object does not
    /// exist or belongs to another partner.
    pub fn missing(what: &str) -> Self {
        Self::new(Kind::NotFound, format!("You have no {what} with this id. Check the id, and the server."))
    }

    /// Creates a 404 for a path with an unknown credential type.
    pub fn unknown_type(name: &str) -> Self {
        Self::unknown_type_among(name, &Vec::from_iter(credential::ALL.iter().map(|known| known.name())))
    }

    /// Creates a 404 for a path of v1 with a credential type that v1 does not have.
    pub fn unknown_v1_type(name: &str) -> Self {
        let in_v1 = credential::ALL.iter().filter(|known| known.v1.is_some());
        Self::unknown_type_among(name, &Vec::from_iter(in_v1.map(|known| known.name())))
    }

    fn unknown_type_among(name: &str, known: &[&str]) -> Self {
        let shown: String = name.chars().take(64).collect();
        Self::new(Kind::NotFound, format!("Unknown credential type \"{shown}\". Use one of: {}.", known.join(", ")))
    }

    /// Creates a 503 with `Retry-After`.
    pub fn unavailable() -> Self {
        Self::new(
            Kind::Unavailable,
            "Temporarily unavailable. The outcome is unknown; retry with the same id in a moment.",
        )
    }

    /// Creates a 500. `cause` is logged and not returned to the caller.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        let error = Self::new(
            Kind::Internal,
            "An internal error occurred. It was logged with this request id; quote it when you contact us.",
        );
        Self { cause: Some(cause.to_string()), ..error }
    }

    /// Returns the cause of an error of the store that will pass: its log lines are limited
    /// (`outage.rs`).
    pub fn outage(&self) -> Option<&str> {
        self.cause.as_deref().filter(|_| self.kind == Kind::Unavailable)
    }

    /// Logs the cause of any other server error. Called once for each response.
    pub fn log(&self) {
        if let Some(cause) = &self.cause
            && self.kind != Kind::Unavailable
        {
            tracing::error!(%cause, "a request failed");
        }
    }

    /// Returns the HTTP status.
    pub fn status(&self) -> StatusCode {
        self.kind.metadata().0
    }

    /// Returns the RFC 9457 document.
    pub fn problem(&self, base: &str, request_id: &str) -> Problem {
        let (status, name, title) = self.kind.metadata();
        Problem {
            r#type: links::error_type(base, name),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: self.detail.clone(),
            request_id: request_id.to_owned(),
            errors: self.field_errors.clone(),
        }
    }
}

/// An error of the API: RFC 9457 problem details, with every error of the body at once.
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
    /// Every error of the request body. Empty if the body did not cause the error.
    #[schema(value_type = Vec<FieldErrorSchema>)]
    pub errors: Vec<FieldError>,
}

/// One error of a body.
#[derive(Debug, ToSchema)]
#[schema(as = FieldError)]
#[expect(dead_code, reason = "documents credential::FieldError, which knows nothing of OpenAPI")]
pub struct FieldErrorSchema {
    /// Where, as a JSON Pointer (RFC 6901) into the body that was sent.
    #[schema(example = "/fields/employment/0/start_date")]
    pointer: String,
    /// A stable code; the reference lists them all.
    #[schema(example = "date.format")]
    code: String,
    /// The error and how to correct the value.
    message: String,
    /// The start of the received value, at most 64 characters.
    #[schema(required = false, nullable = false)]
    received: Option<String>,
    /// The value that was probably meant.
    #[schema(required = false, nullable = false)]
    suggestion: Option<String>,
}

/// Leaves the body to the outermost layer; sets the status and the headers that it requires.
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
            Kind::MissingToken => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer realm="tenure""#));
            }
            Kind::Compressed => {
                headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            }
            Kind::MissingScope(scope) => {
                let challenge = format!(r#"Bearer realm="tenure", error="insufficient_scope", scope="{scope}""#);
                headers.extend(HeaderValue::try_from(challenge).map(|value| (header::WWW_AUTHENTICATE, value)));
            }
            Kind::TooManyRequests(wait) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
            }
            Kind::InProgress | Kind::Unavailable => {
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

impl From<credential::ParseError> for Error {
    fn from(rejection: credential::ParseError) -> Self {
        match rejection {
            credential::ParseError::Malformed(malformed) => malformed.into(),
            credential::ParseError::Invalid(field_errors) => Self::invalid(field_errors),
        }
    }
}

impl From<JsonError> for Error {
    fn from(refused: JsonError) -> Self {
        let JsonError { kind, line, column, message } = refused;
        match kind {
            JsonErrorKind::Syntax => Self::new(
                Kind::Malformed,
                format!("The body is not valid JSON: line {line}, column {column}: {message}."),
            ),
            JsonErrorKind::TooManyValues => Self::new(
                Kind::TooLarge,
                format!(
                    "The body has more than {MAX_VALUES} JSON values, the maximum: line {line}, column {column} is \
                     beyond it. Remove what no field describes, or send several requests. Nothing was stored."
                ),
            ),
        }
    }
}
