//! Errors as pages of the console.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use super::frame::Frame;
use crate::app::App;
use crate::error::{Error, Kind};
use crate::http::ErrorContext;
use crate::i18n::Text;
use crate::web::Layout;
use crate::web::error::page_to_open;

#[derive(Template)]
#[template(path = "console/error.html")]
struct ErrorPage<'a> {
    layout: Layout,
    frame: Frame,
    title: &'static str,
    body: String,
    request_id: &'a str,
    /// The path of a page to go on from, and the text key of its link.
    next: (&'a str, &'static str),
}

/// Renders the page for `error`. The caller sets the status. Does not read the store, whose failure
/// may be the error.
pub fn page(app: &App, error: &Error, context: ErrorContext<'_>) -> Response {
    let layout = Layout::new(app, true);
    let (title, body) = said(error, &layout.text);
    let next = page_to_open(&error.kind).unwrap_or(("/console", "console-to-overview"));
    let frame = Frame { partner: context.partner.map(str::to_owned), section: None };
    match (ErrorPage { layout, frame, title, body, request_id: context.request_id, next }).render() {
        Ok(html) => Html(html).into_response(),
        Err(_) => Html("Something went wrong.").into_response(),
    }
}

/// Returns the text key of an error's title, and the advice.
fn said(error: &Error, text: &Text) -> (&'static str, String) {
    match &error.kind {
        Kind::NotFound => ("error-not-found-title", text.of("console-error-not-found")),
        Kind::MethodNotAllowed(_) => ("error-method-title", text.of("error-method")),
        Kind::Forbidden => ("error-forbidden-title", error.detail.clone()),
        Kind::TooManyRequests(wait) => {
            let minutes = i64::try_from(wait.as_secs().div_ceil(60)).unwrap_or(i64::MAX).max(1);
            ("error-too-many-title", text.count("error-too-many", minutes))
        }
        Kind::Unavailable => ("error-unavailable-title", text.of("console-error-unavailable")),
        Kind::Internal => ("error-internal-title", text.of("error-internal")),
        _ => ("error-request-title", error.detail.clone()),
    }
}
