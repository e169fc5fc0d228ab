//! Errors as pages for people.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::Layout;
use crate::app::App;
use crate::error::{Error, Kind};
use crate::http::ErrorContext;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    layout: Layout,
    title: &'a str,
    body: String,
    request_id: &'a str,
    /// The path of a page to go on from, and the text key of its link.
    next: (&'a str, &'static str),
}

/// Renders the page for `error`. The caller sets the status.
pub fn page(app: &App, error: &Error, context: ErrorContext<'_>) -> Response {
    let ErrorContext { request_id, signed_in, .. } = context;
    let layout = Layout::new(app, signed_in);
    let (title, body) = match &error.kind {
        Kind::NotFound | Kind::NotAcceptable => ("error-not-found-title", layout.text.of("error-not-found")),
        Kind::MethodNotAllowed(_) => ("error-method-title", layout.text.of("error-method")),
        Kind::Forbidden => ("error-forbidden-title", error.detail.clone()),
        Kind::TooManyRequests(wait) => {
            let minutes = i64::try_from(wait.as_secs().div_ceil(60)).unwrap_or(i64::MAX).max(1);
            ("error-too-many-title", layout.text.count("error-too-many", minutes))
        }
        Kind::Unavailable => ("error-unavailable-title", layout.text.of("error-unavailable")),
        Kind::TooLarge => ("error-too-large-title", layout.text.of("error-too-large")),
        Kind::UnsupportedMediaType | Kind::Compressed => ("error-form-title", layout.text.of("error-form")),
        kind if kind.metadata().0 == StatusCode::INTERNAL_SERVER_ERROR => {
            ("error-internal-title", layout.text.of("error-internal"))
        }
        _ => ("error-request-title", layout.text.of("error-request")),
    };
    let next = page_to_open(&error.kind).unwrap_or(("/", "to-start"));
    match (ErrorPage { layout, title, body, request_id, next }).render() {
        Ok(html) => Html(html).into_response(),
        Err(_) => Html("Something went wrong.").into_response(),
    }
}

/// Returns the path of the page to open instead after a wrong method, and the text key of its link.
/// After too many attempts that is the same page, whose path may be the only copy of a link.
pub(super) fn page_to_open(kind: &Kind) -> Option<(&str, &'static str)> {
    match kind {
        Kind::MethodNotAllowed(page) => page.as_deref().map(|page| (page, "error-method-open")),
        Kind::TooManyRequests(_) => Some(("", "error-too-many-again")),
        _ => None,
    }
}
