//! The page that says how a link ended, or that it leads nowhere.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::{Layout, page};
use crate::app::App;
use crate::flows::consent::LinkError;
use crate::flows::verification_request::Unanswerable;

#[derive(Template)]
#[template(path = "outcome.html")]
struct OutcomePage {
    layout: Layout,
    title: &'static str,
    body: &'static str,
}

/// Renders the page with the texts of the keys `title` and `body`.
pub(super) fn show(
    app: &App,
    signed_in: bool,
    (status, title, body): (StatusCode, &'static str, &'static str),
) -> Response {
    let layout = Layout::new(app, signed_in);
    (status, page(app, &OutcomePage { layout: layout.clone(), title, body }, &layout)).into_response()
}

impl LinkError {
    /// Renders the page that says how the link ended, for a holder.
    pub(super) fn page(self, app: &App) -> Response {
        let said = match self {
            Self::Unknown => (StatusCode::NOT_FOUND, "outcome-unknown-title", "outcome-unknown"),
            Self::OtherHolder => (StatusCode::FORBIDDEN, "outcome-another-title", "outcome-another"),
            Self::Declined => (StatusCode::OK, "outcome-declined-title", "outcome-declined"),
            Self::Expired => (StatusCode::GONE, "outcome-expired-title", "outcome-expired"),
            Self::Deleted => (StatusCode::OK, "outcome-removed-title", "outcome-removed"),
            Self::Withdrawn => (StatusCode::GONE, "outcome-taken-back-title", "outcome-taken-back"),
        };
        show(app, true, said)
    }
}

impl Unanswerable {
    /// Renders the page that says why the holder cannot respond to a verification request.
    pub(super) fn page(self, app: &App) -> Response {
        let said = match self {
            Self::Unknown => (StatusCode::NOT_FOUND, "outcome-unknown-title", "outcome-unknown"),
            Self::OtherAccount => (StatusCode::FORBIDDEN, "outcome-another-title", "outcome-another"),
            Self::Expired => (StatusCode::GONE, "verify-expired-title", "verify-expired"),
            Self::Answered => (StatusCode::GONE, "verify-answered-title", "verify-answered"),
        };
        show(app, true, said)
    }
}
