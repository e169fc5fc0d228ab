//! The sandbox: `POST /api/partner/v2/sandbox/events` sends a simulated event to the webhooks of a
//! sandbox partner, and `POST /api/partner/v2/sandbox/clock` advances its clock.

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
use store::Advanced;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(simulate)).routes(routes!(advance))
}

/// An event to simulate.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to errors by hand")]
pub struct Simulation {
    /// The event's type.
    #[schema(example = "vwsp_request.verified")]
    r#type: String,
    /// The id of the request that the event is about. Default: a new id.
    #[schema(required = false, nullable = false, max_length = 255)]
    request_id: Option<String>,
    /// Your id of the credential, for an event of `atsp_request`.
    #[schema(required = false, nullable = false, max_length = 255)]
    credential_id: Option<String>,
}

/// A simulated event.
#[derive(Debug, Serialize, ToSchema)]
pub struct Simulated {
    /// The event's id, the same for every webhook.
    event_id: Uuid,
    /// The id of the request in the event.
    #[schema(example = "0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70")]
    request_id: String,
    /// Number of your webhooks that receive it.
    #[schema(example = 1)]
    webhooks: usize,
}

/// Simulate an event
///
/// For sandbox partners. Sends an event to those of your webhooks that subscribe to its type, with
/// the usual signature and retries. No request is looked up or changed.
#[utoipa::path(
    post,
    path = "/api/partner/v2/sandbox/events",
    operation_id = "simulateEvent",
    params(super::idempotency::IdempotencyHeader),
    request_body(content = Simulation, content_type = "application/json"),
    responses(
        (status = 202, description = "Queued for delivery", body = Simulated),
        (status = 400, description = "The body is not valid JSON"),
        (status = 403, description = "For sandbox partners only"),
        (status = 409, description = "The Idempotency-Key was used for another request, or its first request is still in progress"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "Validation failed"),
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

/// How far to advance the clock.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to errors by hand")]
pub struct ClockAdvance {
    /// A whole number and `s`, `m`, `h` or `d`, at most `30d`.
    #[schema(example = "48h", max_length = 20)]
    advance: String,
}

/// What the advanced clock has moved.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdvancedClock {
    /// Number of your pending submissions that are now closer to their expiry, or expired.
    #[schema(example = 1)]
    submissions: u64,
    /// Number of your open verification requests, likewise.
    #[schema(example = 0)]
    verification_requests: u64,
    /// Number of decisions of sandbox users that were waiting for their delay.
    #[schema(example = 0)]
    delayed_decisions: u64,
}

/// Advance the clock
///
/// For sandbox partners. Moves everything that you wait for closer by a period: your pending
/// submissions and open verification requests expire that much earlier, people are warned that much
/// earlier, and sandbox users with a delay act that much earlier. What is due then happens, with
/// the usual events. Times in responses are those of the server's clock, which does not change, and
/// other partners are not affected.
#[utoipa::path(
    post,
    path = "/api/partner/v2/sandbox/clock",
    operation_id = "advanceClock",
    params(super::idempotency::IdempotencyHeader),
    request_body(content = ClockAdvance, content_type = "application/json"),
    responses(
        (status = 200, description = "Advanced", body = AdvancedClock),
        (status = 400, description = "The body is not valid JSON"),
        (status = 403, description = "For sandbox partners only"),
        (status = 409, description = "Too many submissions are pending; or the Idempotency-Key was used for another request, or its first request is still in progress"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "Validation failed"),
    ),
    tag = "Sandbox"
)]
async fn advance(
    State(app): State<App>,
    partner: Partner<Own>,
    JsonBody(body): JsonBody,
) -> Result<Json<AdvancedClock>, Error> {
    let Advanced { submissions, verifications, actions } = flows::sandbox::advance(&app, partner.id, &body).await?;
    let (verification_requests, delayed_decisions) = (verifications, actions);
    Ok(Json(AdvancedClock { submissions, verification_requests, delayed_decisions }))
}
