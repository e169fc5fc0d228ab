//! `/console`: the pages of a partner, one file a page.
//!
//! Owns what they share: the frame with its navigation, and errors as pages of the console. Every page takes
//! [`SignedInPartner`](crate::auth::console::SignedInPartner), every look-up its partner, and nothing that is sealed is
//! opened here: a partner reads what became of its pushes, and nothing of anybody.

mod chart;
mod credentials;
mod deliveries;
mod explorer;
mod overview;
mod passkey;
mod sign_in;
mod submissions;
mod webhooks;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::any;

use super::Layout;
use crate::app::App;
use crate::auth::console::SignedInPartner;
use crate::error::{Error, Kind};
use crate::http::RequestId;
use crate::i18n::Text;

/// The routes of the console. An error there is a page there.
pub(super) fn routes(app: &App) -> Router<App> {
    Router::new()
        .merge(credentials::routes())
        .merge(deliveries::routes())
        .merge(explorer::routes())
        .merge(overview::routes())
        .merge(passkey::routes())
        .merge(sign_in::routes())
        .merge(submissions::routes())
        .merge(webhooks::routes())
        .route("/console/{*path}", any(|| async { Error::not_found() }))
        .layer(from_fn_with_state(app.clone(), write_errors))
}

/// A part of the console, as the navigation names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Overview,
    Submissions,
    Webhooks,
    Credentials,
    Explorer,
}

impl Section {
    const ALL: [Self; 5] = [Self::Overview, Self::Submissions, Self::Webhooks, Self::Credentials, Self::Explorer];

    fn path(self) -> &'static str {
        match self {
            Self::Overview => "/console",
            Self::Submissions => "/console/submissions",
            Self::Webhooks => "/console/webhooks",
            Self::Credentials => "/console/credentials",
            Self::Explorer => "/console/explorer",
        }
    }

    /// The key of its name.
    fn name(self) -> &'static str {
        match self {
            Self::Overview => "console-overview",
            Self::Submissions => "console-submissions",
            Self::Webhooks => "console-webhooks",
            Self::Credentials => "console-credentials",
            Self::Explorer => "console-explorer",
        }
    }
}

/// What the frame of a page shows: whose console it is, and where in it the page stands. Nobody's before sign-in.
#[derive(Clone, Debug, Default)]
struct Frame {
    partner: Option<String>,
    section: Option<Section>,
}

impl Frame {
    fn new(user: &SignedInPartner, section: Section) -> Self {
        Self { partner: Some(user.partner.name.clone()), section: Some(section) }
    }

    fn sections(&self) -> [Section; Section::ALL.len()] {
        Section::ALL
    }

    /// Whether the navigation's entry `other` is where the page stands.
    fn is_in(&self, other: &Section) -> bool {
        self.section == Some(*other)
    }
}

fn layout(app: &App, headers: &HeaderMap) -> Layout {
    Layout::new(app, true).with_notice(app, headers)
}

/// Notes what somebody did in a console: who and what, and nothing of a person.
fn audit(user: &SignedInPartner, done: &'static str) {
    tracing::info!(partner = %user.partner.id, done, "done in the console");
}

#[derive(Template)]
#[template(path = "console/error.html")]
struct ErrorPage {
    layout: Layout,
    frame: Frame,
    title: &'static str,
    body: String,
    request_id: String,
}

/// Writes an error of the console as a page of the console. It asks nothing of the store, which may be what failed.
async fn write_errors(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map_or_else(String::new, |id| id.0.to_string());
    let is_look = request.method().is_safe();
    let mut response = next.run(request).await;
    let error = match response.extensions_mut().remove::<Arc<Error>>() {
        Some(error) => error,
        // What the framework refuses is text: an address or a form that is none of ours.
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
