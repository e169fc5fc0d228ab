//! Errors as pages of the console.

use std::sync::Arc;

use askama::Template;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use super::frame::Frame;
use crate::app::App;
use crate::error::{Error, Kind};
use crate::http::ErrorContext;
use crate::i18n::Text;
use crate::web::Layout;

#[derive(Template)]
#[template(path = "console/error.html")]
struct ErrorPage<'a> {
    layout: Layout,
    frame: Frame,
    title: &'static str,
    body: String,
    request_id: &'a str,
}

/// Renders the page for `error`. The caller sets the status. Does not read the store, whose failure
/// may be the error.
pub fn page(app: &App, error: &Error, context: ErrorContext<'_>) -> Response {
    let layout = Layout::new(app, true);
    let (title, body) = said(error, &layout.text);
    match (ErrorPage { layout, frame: Frame::default(), title, body, request_id: context.request_id }).render() {
        Ok(html) => Html(html).into_response(),
        Err(_) => Html("Something went wrong.").into_response(),
    }
}

/// Converts the framework's plain-text rejections of invalid paths and forms into errors.
pub(super) async fn describe_rejections(request: Request, next: Next) -> Response {
    let is_read = request.method().is_safe();
    let response = next.run(request).await;
    let is_described = response.extensions().get::<Arc<Error>>().is_some() || is_html(&response);
    if is_described || !response.status().is_client_error() {
        return response;
    }
    if is_read {
        return Error::not_found().into_response();
    }
    Error::new(Kind::Malformed, "This form cannot be read. Open the page again and send it from there.").into_response()
}

fn is_html(response: &Response) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|content_type| content_type.starts_with("text/html"))
}

/// Returns the text key of an error's title, and the advice.
fn said(error: &Error, text: &Text) -> (&'static str, String) {
    match &error.kind {
        Kind::NotFound => ("error-not-found-title", text.of("console-error-not-found")),
        Kind::MethodNotAllowed => ("error-method-title", text.of("error-method")),
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
