//! The front page.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;

use super::{Layout, page};
use crate::app::App;
use crate::http::session::Visitor;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    layout: Layout,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/", get(home))
}

async fn home(State(app): State<App>, Visitor(visitor): Visitor, headers: HeaderMap) -> Response {
    let layout = Layout::new(&app, visitor.is_some()).with_notice(&app, &headers);
    page(&app, &Home { layout: layout.clone() }, &layout)
}
