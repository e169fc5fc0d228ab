//! Endpoints for the operator: liveness, readiness and metrics.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::error::Error;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(metrics))
}

/// Liveness
///
/// Returns 200 while the process runs. It does not check the database, since a restart would not
/// repair it.
#[utoipa::path(get, path = "/healthz", operation_id = "getHealth", tag = "Operations", responses((status = 200, description = "Alive", body = String, example = json!("ok\n"))))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// Readiness
///
/// Returns 200 if both databases are migrated and accept writes.
#[utoipa::path(get, path = "/readyz", operation_id = "getReadiness", tag = "Operations", responses(
    (status = 200, description = "Ready", body = String, example = json!("ready\n")),
    (status = 503, description = "Not ready to serve requests"),
))]
async fn readyz(State(app): State<App>) -> Result<&'static str, Error> {
    app.readiness().check().await?;
    Ok("ready\n")
}

/// Metrics
///
/// OpenMetrics text. No label identifies a person or a partner.
#[utoipa::path(get, path = "/metrics", operation_id = "getMetrics", tag = "Operations", responses((status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text", example = json!("# TYPE tenure_submissions counter\ntenure_submissions_total{outcome=\"created\"} 1\n# EOF\n"))))]
async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], app.metrics().encode())
        .into_response()
}
