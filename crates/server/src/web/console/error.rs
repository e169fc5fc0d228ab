//! Errors as pages of the console.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use super::frame::Frame;
use crate::app::App;
use crate::error::{Error, Kind};
use crate::http::RequestId;
use crate::i18n::Text;
use crate::web::Layout;

#[derive(Template)]
#[template(path = "console/error.html")]
struct ErrorPage {
    layout: Layout,
    frame: Frame,
    title: &'static str,
    body: String,
    request_id: String,
}

/// Renders an error as a page of the console. It does not use the store, which may be what failed.
pub(super) async fn write_errors(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map_or_else(String::new, |id| id.0.to_string());
    let is_look = request.method().is_safe();
    let mut response = next.run(request).await;
    let error = match response.extensions_mut().remove::<Arc<Error>>() {
        Some(error) => error,
        // The framework rejects paths and forms that it cannot parse with plain text.
        None if response.status().is_client_error() && !is_html(&response) => {
            let malformed =
                || Error::new(Kind::Malformed, "This form cannot be read. Open the page again and send it from there.");
            let error = if is_look { Error::not_found() } else { malformed() };
            *response.status_mut() = error.status();
            Arc::new(error)
        }
        None => return response,
    };
    let layout = Layout::new(&app, true);
    let (title, body) = said(&error, &layout.text);
    let page = ErrorPage { layout, frame: Frame::default(), title, body, request_id: id };
    let Ok(html) = page.render() else { return Error::internal("an error page could not be written").into_response() };
    let (mut parts, _) = response.into_parts();
    let (written, body) = Html(html).into_response().into_parts();
    for (name, value) in &written.headers {
        parts.headers.insert(name, value.clone());
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, body)
}

fn is_html(response: &Response) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|content_type| content_type.starts_with("text/html"))
}

/// The key of an error's title, and what to do.
fn said(error: &Error, text: &Text) -> (&'static str, String) {
    match &error.kind {
        Kind::NotFound | Kind::MethodNotAllowed => ("error-not-found-title", text.of("console-error-not-found")),
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
