//! `POST /api/partner/v2/sandbox/events`: a sandbox partner has an event sent to its webhooks that nothing has made happen.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::partner::{Own, Partner};
use crate::app::App;
use crate::error::Error;
use crate::flows::{self, sandbox::SimulatedEvent};
use crate::http::JsonBody;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(simulate))
}

/// An event to try out.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to faults by hand")]
pub struct Simulation {
    /// The type of the event.
    #[schema(example = "vwsp_request.verified")]
    r#type: String,
    /// The request that it is about; a new id unless you name one.
    #[schema(required = false, nullable = false, max_length = 255)]
    request_id: Option<String>,
    /// Your id of the credential, for an event of `atsp_request`.
    #[schema(required = false, nullable = false, max_length = 255)]
    credential_id: Option<String>,
}

/// An event that is on its way.
#[derive(Debug, Serialize, ToSchema)]
pub struct Simulated {
    /// The event's id, the same at every webhook.
    event_id: Uuid,
    /// The request that it is about.
    #[schema(example = "0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70")]
    request_id: String,
    /// How many of your webhooks want it.
    #[schema(example = 1)]
    webhooks: usize,
}

/// Send yourself an event
///
/// For sandbox partners: sends an event to those of your webhooks that want its type, signed and repeated as any other,
/// although nothing has happened. No request is looked up or changed.
#[utoipa::path(
    post,
    path = "/api/partner/v2/sandbox/events",
    params(super::idempotency::IdempotencyHeader),
    request_body(content = Simulation, content_type = "application/json"),
    responses(
        (status = 202, description = "It is on its way", body = Simulated),
        (status = 400, description = "The body is not JSON"),
        (status = 403, description = "You are not a sandbox partner"),
        (status = 409, description = "The Idempotency-Key was used for another request, or its first request is still under way"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "The body has faults"),
    ),
    tag = "Sandbox"
)]
async fn simulate(
    State(app): State<App>,
    partner: Partner<Own>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Simulated>), Error> {
    let SimulatedEvent { event_id, request_id, webhooks } = flows::sandbox::simulate(&app, partner.id, &body).await?;
    Ok((StatusCode::ACCEPTED, Json(Simulated { event_id, request_id, webhooks })))
}
