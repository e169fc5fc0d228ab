//! `GET /api/partner/openapi.json` and `GET /docs`: the API described for machines and for people.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use super::openapi::DOCUMENT;
use crate::app::App;

/// The routes; not in the document that they serve.
pub fn routes() -> Router<App> {
    // The suffix .json is taken off before routing.
    Router::new().route("/api/partner/openapi", get(openapi))
}

async fn openapi() -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(&*DOCUMENT)).into_response()
}
