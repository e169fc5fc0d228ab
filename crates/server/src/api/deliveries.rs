//! `/api/partner/v2/webhooks/{id}/...`: a webhook's log, replaying events, and test events (an
//! extension).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::idempotency::IdempotencyHeader;
use super::partner::{Own, Partner};
use super::webhooks::id;
use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::webhooks;
use crate::http::JsonBody;
use crate::http::extract::{Path, Query};
use crate::openapi::values::{
    AttemptError, CancelReason as Reason, DeliveredEventType, DeliveryState as LogState, ReplayableState,
};
use ambient::Timestamp;
use store::Attempt;
use store::domain::webhook::{Delivery, DeliveryState};

/// Maximum number of deliveries per page.
const PAGE: i64 = 100;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(log))
        .routes(routes!(replay))
        .routes(routes!(replay_range))
        .routes(routes!(test))
}

/// Selects deliveries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct LogOptions {
    /// The `next_cursor` of the previous page.
    #[param(minimum = 1)]
    cursor: Option<i64>,
    /// Maximum number of deliveries, 1 to 100. Default: 50.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// Return only deliveries in this state: `waiting`, `delivered` or `failed`.
    #[param(value_type = Option<LogState>, inline)]
    state: Option<String>,
}

/// Deliveries of a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryLog {
    /// Newest first.
    deliveries: Vec<DeliveryAnswer>,
    /// Cursor of the next page; null on the last page.
    next_cursor: Option<i64>,
}

/// One event for one webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryAnswer {
    /// The event's id, as sent to the webhook.
    event_id: Uuid,
    /// The id of the request that the event is about.
    #[schema(example = "0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70")]
    request_id: String,
    /// The event's type.
    #[schema(value_type = DeliveredEventType)]
    r#type: String,
    /// Your own id of the credential, if you pushed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    credential_id: Option<String>,
    /// Why the request was canceled: `declined`, `expired` or `withdrawn`. Omitted for other types
    /// of events.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Reason, required = false, nullable = false)]
    reason: Option<String>,
    /// When the event happened (RFC 3339, UTC).
    #[schema(value_type = String, format = "date-time", example = "2026-11-25T09:30:00Z")]
    created_at: Timestamp,
    /// `waiting` for its first or next attempt, `delivered`, or `failed`: given up after three
    /// days, or because the webhook is disabled.
    #[schema(value_type = LogState)]
    state: &'static str,
    /// Time of the next attempt while it is `waiting` (RFC 3339, UTC).
    #[schema(value_type = Option<String>, format = "date-time")]
    next_attempt_at: Option<Timestamp>,
    /// When your receiver accepted it (RFC 3339, UTC).
    #[schema(value_type = Option<String>, format = "date-time")]
    delivered_at: Option<Timestamp>,
    /// Every attempt, oldest first.
    attempts: Vec<AttemptAnswer>,
}

/// One delivery attempt.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptAnswer {
    /// Time of the attempt (RFC 3339, UTC).
    #[schema(value_type = String, format = "date-time", example = "2026-11-25T09:30:00Z")]
    at: Timestamp,
    /// The HTTP status of your receiver's response; null if there was none.
    #[schema(example = 204)]
    status: Option<i64>,
    /// Why there was no response: `timed_out` (10 s), `unreachable`, or `address_refused` (the host
    /// name does not resolve to a public address).
    #[schema(value_type = Option<AttemptError>)]
    error: Option<String>,
    /// Duration of the attempt, in milliseconds.
    #[schema(example = 120)]
    duration_ms: i64,
}

impl From<(Delivery, Vec<Attempt>)> for DeliveryAnswer {
    fn from((delivery, attempts): (Delivery, Vec<Attempt>)) -> Self {
        let attempts = attempts.into_iter().map(|attempt| AttemptAnswer {
            at: attempt.at,
            status: attempt.status,
            error: attempt.error,
            duration_ms: attempt.duration_ms,
        });
        Self {
            event_id: delivery.event_id,
            attempts: attempts.collect(),
            state: delivery.state.name(),
            next_attempt_at: (delivery.state == DeliveryState::Waiting).then_some(delivery.due_at),
            request_id: delivery.request_id,
            r#type: delivery.kind,
            credential_id: delivery.credential_id,
            reason: delivery.reason,
            created_at: delivery.created_at,
            delivered_at: delivery.delivered_at,
        }
    }
}

/// A webhook's log
///
/// Returns the deliveries of the last 30 days with each attempt: sent, waiting, or failed.
#[utoipa::path(get, path = "/api/partner/v2/webhooks/{id}/deliveries", tag = "Webhooks", operation_id = "listWebhookDeliveries",
    params(("id" = String, Path, description = "The id of the webhook"), LogOptions),
    responses(
        (status = 200, description = "A page of deliveries, newest first", body = DeliveryLog),
        (status = 400, description = "Invalid query parameters"),
        (status = 404, description = "No such webhook, or it belongs to another partner"),
    ))]
async fn log(
    State(app): State<App>,
    partner: Partner<Own>,
    Path(path_id): Path<String>,
    options: Result<Query<LogOptions>, Error>,
) -> Result<Json<DeliveryLog>, Error> {
    let webhook = id(&path_id)?;
    let unreadable = || {
        let detail = "Invalid query: cursor must be a next_cursor of an earlier response, limit must be 1 to 100, state must be waiting, delivered or failed.";
        Error::new(Kind::Malformed, detail)
    };
    let Query(options) = options.map_err(|_| unreadable())?;
    let limit = options.limit.unwrap_or(PAGE / 2);
    let state = options.state.map(|name| DeliveryState::from_name(&name).ok_or_else(unreadable)).transpose()?;
    if !(1..=PAGE).contains(&limit) || options.cursor.is_some_and(|cursor| cursor < 1) {
        return Err(unreadable());
    }
    let page = webhooks::LogPage { state, before: options.cursor, limit };
    let (_, log) = webhooks::log(&app, partner.id, webhook, page).await?;
    Ok(Json(DeliveryLog {
        deliveries: log.deliveries.into_iter().map(DeliveryAnswer::from).collect(),
        next_cursor: log.next,
    }))
}

/// Send one event again
///
/// Sends the event again, whatever its state. The `event_id` and the body are the same as the first
/// time.
#[utoipa::path(post, path = "/api/partner/v2/webhooks/{id}/deliveries/{event_id}/replay", tag = "Webhooks", operation_id = "replayWebhookDelivery",
    params(("id" = String, Path, description = "The id of the webhook"), ("event_id" = String, Path, description = "The id of the event"), IdempotencyHeader),
    responses(
        (status = 202, description = "Queued for delivery"),
        (status = 400, description = "Invalid Idempotency-Key header"),
        (status = 404, description = "No such webhook or event, or it belongs to another partner"),
        (status = 409, description = "The webhook is disabled, or the Idempotency-Key was used for another request, or its first request is still in progress"),
        (status = 413, description = "The body is too large"),
    ))]
async fn replay(
    State(app): State<App>,
    partner: Partner<Own>,
    Path((path_id, event)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    webhooks::replay(&app, partner.id, id(&path_id)?, id(&event)?).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Selects the events to send again.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to errors by hand")]
pub struct ReplayBody {
    /// Start of the time range, inclusive (RFC 3339).
    #[schema(value_type = String, format = "date-time", example = "2026-11-24T00:00:00Z")]
    from: String,
    /// End of the time range, exclusive (RFC 3339).
    #[schema(value_type = String, format = "date-time", example = "2026-11-25T00:00:00Z")]
    to: String,
    /// Replay only events in this state: `delivered` or `failed`.
    #[schema(value_type = Option<ReplayableState>)]
    state: Option<String>,
}

/// Result of a replay.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayAnswer {
    /// Number of events that are sent again.
    #[schema(example = 12)]
    replayed: u64,
}

/// Send the events of a time range again
///
/// Sends them in the order in which they happened. Events that are still waiting are not affected.
#[utoipa::path(post, path = "/api/partner/v2/webhooks/{id}/replay", tag = "Webhooks", operation_id = "replayWebhookDeliveries",
    params(("id" = String, Path, description = "The id of the webhook"), IdempotencyHeader),
    request_body(content = ReplayBody, content_type = "application/json"),
    responses(
        (status = 202, description = "Queued for delivery", body = ReplayAnswer),
        (status = 400, description = "The body is not valid JSON"),
        (status = 404, description = "No such webhook, or it belongs to another partner"),
        (status = 409, description = "The webhook is disabled, or the Idempotency-Key was used for another request, or its first request is still in progress"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "Validation failed"),
    ))]
async fn replay_range(
    State(app): State<App>,
    partner: Partner<Own>,
    Path(path_id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<ReplayAnswer>), Error> {
    let webhook = id(&path_id)?;
    let which = credential::parse_replay(&body)?;
    let replayed = webhooks::replay_range(&app, partner.id, webhook, &which).await?;
    Ok((StatusCode::ACCEPTED, Json(ReplayAnswer { replayed })))
}

/// A test event.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestAnswer {
    /// The event's id, with which you find it in the log.
    event_id: Uuid,
}

/// Send a test event
///
/// Sends an event of type `tenure.test`, signed like any other. Its `request_id` refers to no
/// request.
#[utoipa::path(post, path = "/api/partner/v2/webhooks/{id}/test", tag = "Webhooks", operation_id = "sendTestEvent",
    params(("id" = String, Path, description = "The id of the webhook"), IdempotencyHeader),
    responses(
        (status = 202, description = "Queued for delivery", body = TestAnswer),
        (status = 400, description = "Invalid Idempotency-Key header"),
        (status = 404, description = "No such webhook, or it belongs to another partner"),
        (status = 409, description = "The webhook is disabled, or the Idempotency-Key was used for another request, or its first request is still in progress"),
        (status = 413, description = "The body is too large"),
    ))]
async fn test(
    State(app): State<App>,
    partner: Partner<Own>,
    Path(path_id): Path<String>,
) -> Result<(StatusCode, Json<TestAnswer>), Error> {
    let event_id = webhooks::test(&app, partner.id, id(&path_id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(TestAnswer { event_id })))
}
