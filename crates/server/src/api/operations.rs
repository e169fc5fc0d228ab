//! For the operator: is it alive, is it ready, how is it doing.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::error::Error;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(metrics))
}

/// Is the process alive
///
/// Asks nothing of the database: a restart would not mend that.
#[utoipa::path(get, path = "/healthz", tag = "Operations", responses((status = 200, description = "Alive", body = String)))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// Is it ready for requests
///
/// Both databases answer, and their migrations are done.
#[utoipa::path(get, path = "/readyz", tag = "Operations", responses(
    (status = 200, description = "Ready", body = String),
    (status = 503, description = "Not ready"),
))]
async fn readyz(State(app): State<App>) -> Result<&'static str, Error> {
    app.readiness().check().await?;
    Ok("ready\n")
}

/// Metrics
///
/// OpenMetrics text. No label names a person or a partner.
#[utoipa::path(get, path = "/metrics", tag = "Operations", responses((status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text")))]
async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], app.metrics().encode())
        .into_response()
}
