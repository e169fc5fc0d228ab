//! `/api/partner/v2/webhooks/{id}/...`: a webhook's log, sending again, trying out (ours).

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
use ambient::Timestamp;
use store::Attempt;
use store::domain::webhook::{Delivery, DeliveryState};

/// Most deliveries of one page.
const PAGE: i64 = 100;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(log))
        .routes(routes!(replay))
        .routes(routes!(replay_range))
        .routes(routes!(test))
}

/// Which deliveries are shown.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct LogOptions {
    /// `next_cursor` of the page before.
    #[param(minimum = 1)]
    cursor: Option<i64>,
    /// How many, 1 to 100; 50 unless you say.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// Only what is `waiting`, `delivered` or `failed`.
    #[param(example = "failed")]
    state: Option<String>,
}

/// Deliveries of a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryLog {
    /// Newest first.
    deliveries: Vec<DeliveryAnswer>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<i64>,
}

/// One event for one webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryAnswer {
    /// The event's id, as it is sent.
    event_id: Uuid,
    /// The request that it is about.
    request_id: String,
    /// What happened.
    #[schema(example = "vwsp_request.verified")]
    r#type: String,
    /// Your own id of the credential, where you pushed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    credential_id: Option<String>,
    /// Why the request was canceled: `declined`, `expired` or `withdrawn`; left out for another type of event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "declined")]
    reason: Option<String>,
    /// When it happened (RFC 3339, UTC).
    #[schema(value_type = String, format = "date-time", example = "2026-11-25T09:30:00Z")]
    created_at: Timestamp,
    /// `waiting` for its first or next attempt, `delivered`, or `failed`: given up after three days,
    /// or because the webhook is disabled.
    #[schema(example = "delivered")]
    state: &'static str,
    /// When it is tried next, while it waits (RFC 3339, UTC).
    #[schema(value_type = Option<String>, format = "date-time")]
    next_attempt_at: Option<Timestamp>,
    /// When your receiver had it (RFC 3339, UTC).
    #[schema(value_type = Option<String>, format = "date-time")]
    delivered_at: Option<Timestamp>,
    /// Every attempt, oldest first.
    attempts: Vec<AttemptAnswer>,
}

/// One attempt to deliver.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptAnswer {
    /// When (RFC 3339, UTC).
    #[schema(value_type = String, format = "date-time", example = "2026-11-25T09:30:00Z")]
    at: Timestamp,
    /// The status that your receiver answered with; null where it did not.
    #[schema(example = 204)]
    status: Option<i64>,
    /// Why there was no answer: `timed_out` (10 s), `unreachable`, or `address_refused` (its name means no public address).
    error: Option<String>,
    /// How long it took, in milliseconds.
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
/// What was sent, is to be sent, or could not be sent in the last 30 days, with each attempt.
#[utoipa::path(get, path = "/api/partner/v2/webhooks/{id}/deliveries", tag = "Webhooks", operation_id = "list_deliveries",
    params(("id" = String, Path, description = "The webhook's id"), LogOptions),
    responses(
        (status = 200, description = "A page of it", body = DeliveryLog),
        (status = 400, description = "The query is not understood"),
        (status = 404, description = "Not known, or not yours"),
    ))]
async fn log(
    State(app): State<App>,
    partner: Partner<Own>,
    Path(path_id): Path<String>,
    options: Result<Query<LogOptions>, Error>,
) -> Result<Json<DeliveryLog>, Error> {
    let webhook = id(&path_id)?;
    let unreadable = || {
        let detail = "The query is not understood: cursor is a next_cursor, limit is 1 to 100, state is waiting, delivered or failed.";
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
/// Whatever became of it. It has the same `event_id` and the same body as the first time.
#[utoipa::path(post, path = "/api/partner/v2/webhooks/{id}/deliveries/{event_id}/replay", tag = "Webhooks", operation_id = "replay_delivery",
    params(("id" = String, Path, description = "The webhook's id"), ("event_id" = String, Path, description = "The event's id"), IdempotencyHeader),
    responses(
        (status = 202, description = "It is sent soon"),
        (status = 400, description = "The Idempotency-Key is not readable"),
        (status = 404, description = "Not known, or not yours"),
        (status = 409, description = "The webhook is disabled; or the Idempotency-Key was used for another request, or its first request is still under way"),
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

/// Which events are sent again.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to faults by hand")]
pub struct ReplayBody {
    /// Events from this time on (RFC 3339).
    #[schema(value_type = String, format = "date-time", example = "2026-11-24T00:00:00Z")]
    from: String,
    /// And before this one (RFC 3339).
    #[schema(value_type = String, format = "date-time", example = "2026-11-25T00:00:00Z")]
    to: String,
    /// Only what is `delivered` or `failed`.
    #[schema(example = "failed")]
    state: Option<String>,
}

/// How much is sent again.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayAnswer {
    /// How many events.
    #[schema(example = 12)]
    replayed: u64,
}

/// Send the events of a time again
///
/// Those that do not wait anyway, in the order in which they happened.
#[utoipa::path(post, path = "/api/partner/v2/webhooks/{id}/replay", tag = "Webhooks", operation_id = "replay_deliveries",
    params(("id" = String, Path, description = "The webhook's id"), IdempotencyHeader),
    request_body(content = ReplayBody, content_type = "application/json"),
    responses(
        (status = 202, description = "They are sent soon", body = ReplayAnswer),
        (status = 400, description = "The body is not JSON"),
        (status = 404, description = "Not known, or not yours"),
        (status = 409, description = "The webhook is disabled; or the Idempotency-Key was used for another request, or its first request is still under way"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "The body has faults"),
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

/// A test event that is sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestAnswer {
    /// Its id: the log shows what becomes of it.
    event_id: Uuid,
}

/// Send a test event
///
/// Of the type `tenure.test`, signed like any other; its `request_id` stands for nothing.
#[utoipa::path(post, path = "/api/partner/v2/webhooks/{id}/test", tag = "Webhooks", operation_id = "test_webhook",
    params(("id" = String, Path, description = "The webhook's id"), IdempotencyHeader),
    responses(
        (status = 202, description = "It is sent soon", body = TestAnswer),
        (status = 400, description = "The Idempotency-Key is not readable"),
        (status = 404, description = "Not known, or not yours"),
        (status = 409, description = "The webhook is disabled; or the Idempotency-Key was used for another request, or its first request is still under way"),
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
