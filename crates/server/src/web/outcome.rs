//! The page that says how a link ended, or that it leads nowhere.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::{Layout, page};
use crate::app::App;

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
