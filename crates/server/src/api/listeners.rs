//! `/api/partner/v2/listeners`: the events of a partner's webhooks, fetched by `tenure listen` for
//! a receiver on a development machine (an extension).
//!
//! Owns the requests and responses; [`crate::flows::listeners`] has the rules.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::partner::{Own, Partner};
use super::webhooks::EventType;
use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::listeners::{self, SignedEvent};
use crate::http::JsonBody;
use crate::http::extract::{Path, Query};
use crate::openapi::values::DeliveredEventType;
use ambient::Timestamp;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(remove)).routes(routes!(poll))
}

/// A listener to create.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to errors by hand")]
pub struct ListenerBody {
    /// The types of events to receive. Default: all.
    #[schema(min_items = 1, max_items = 20, example = json!(["vwsp_request.verified", "vwsp_request.canceled"]))]
    events: Option<Vec<EventType>>,
}

/// A listener with its secret, which is returned only once.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListenerWithSecret {
    /// Its id. With it, the operations for a webhook's log, replays and test events work too.
    id: Uuid,
    /// The types of events that it receives.
    #[schema(example = json!(["vwsp_request.verified", "vwsp_request.canceled"]))]
    events: Vec<String>,
    /// The signing secret: the key of `X-Signature` is exactly these 64 characters.
    #[schema(example = "6a1f0c4e9b7d2835f4e1a09c8b6d7e52310fa4c9d8e7b6a5f4c3d2e1b0a99887")]
    secret: String,
    /// The same key in the format of Standard Webhooks libraries.
    #[schema(
        example = "whsec_NmExZjBjNGU5YjdkMjgzNWY0ZTFhMDljOGI2ZDdlNTIzMTBmYTRjOWQ4ZTdiNmE1ZjRjM2QyZTFiMGE5OTg4Nw=="
    )]
    standard_webhooks_secret: String,
    /// When it ends without a poll (RFC 3339, UTC).
    #[schema(value_type = Option<String>, format = "date-time", example = "2026-11-25T09:35:00Z")]
    expires_at: Option<Timestamp>,
}

/// How long to wait for events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PollOptions {
    /// Seconds to wait if there are no events, 0 to 15. Default: 0.
    #[param(minimum = 0, maximum = 15)]
    wait: Option<u64>,
}

/// The results of events that were fetched before.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to errors by hand")]
pub struct PollBody {
    /// One for each event.
    #[schema(max_items = 100)]
    results: Option<Vec<ListenerResultBody>>,
}

/// The result of forwarding one event. Any status but 2xx is a failure, which is not retried.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to errors by hand")]
pub struct ListenerResultBody {
    /// The event's id.
    event_id: Uuid,
    /// The HTTP status of your receiver's response. Required unless there is an `error`.
    #[schema(minimum = 100, maximum = 599, example = 204)]
    status: Option<u16>,
    /// Why there was no response: `unreachable` or `timed_out`.
    #[schema(example = "unreachable")]
    error: Option<String>,
    /// Duration of the attempt, in milliseconds.
    #[schema(maximum = 3600000, example = 12)]
    duration_ms: u32,
}

/// The events of a poll.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListenerEvents {
    /// At most 16, in the order in which to forward them. They are reserved for 3 minutes, and
    /// returned again afterwards if their results are missing.
    events: Vec<ForwardableEvent>,
    /// When the listener ends without another poll (RFC 3339, UTC).
    #[schema(value_type = String, format = "date-time", example = "2026-11-25T09:35:00Z")]
    expires_at: Timestamp,
}

/// An event as the request that a webhook would get.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForwardableEvent {
    /// The event's id.
    event_id: Uuid,
    /// The event's type.
    #[schema(value_type = DeliveredEventType)]
    r#type: String,
    /// The headers of the request, by name in lower case.
    #[schema(example = json!({ "content-type": "application/json", "x-timestamp": "1795599000" }))]
    headers: BTreeMap<String, String>,
    /// The body of the request: the exact bytes that are signed, as UTF-8.
    #[schema(example = "{\"event_id\":\"0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70\",\"type\":\"vwsp_request.verified\"}")]
    body: String,
}

impl From<SignedEvent> for ForwardableEvent {
    fn from(event: SignedEvent) -> Self {
        Self { event_id: event.event_id, r#type: event.kind, headers: event.headers, body: event.body }
    }
}

/// Parses an id in a path. An invalid id gives 404, as an unknown one does.
fn id(text: &str) -> Result<Uuid, Error> {
    text.parse().map_err(|_| Error::missing("listener"))
}

/// Create a listener
///
/// A listener is a webhook for development: you fetch its events, instead of getting them at a
/// public URL. `tenure listen` does this and forwards them to your machine. It ends after 5 minutes
/// without a poll, and its log ends with it. The limit is 5 listeners per partner. An
/// `Idempotency-Key` has no effect.
#[utoipa::path(post, path = "/api/partner/v2/listeners", tag = "Webhooks", operation_id = "createListener",
    request_body(content = ListenerBody, content_type = "application/json", example = json!({})),
    responses(
        (status = 201, description = "Created", body = ListenerWithSecret),
        (status = 400, description = "The body is not valid JSON"),
        (status = 409, description = "You have the maximum number of listeners"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "Validation failed"),
    ))]
async fn create(
    State(app): State<App>,
    partner: Partner<Own>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Response), Error> {
    let events = credential::parse_listener(&body)?;
    let (listener, secret) = listeners::create(&app, partner.id, events).await?;
    let answer = ListenerWithSecret {
        id: listener.id,
        events: listener.events.split_whitespace().map(ToOwned::to_owned).collect(),
        secret: secret.characters().to_owned(),
        standard_webhooks_secret: secret.standard(),
        expires_at: listener.listens_until,
    };
    let response = ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response();
    Ok((StatusCode::CREATED, response))
}

/// Fetch the events of a listener
///
/// Records the results of the events that you fetched before, and returns the next ones, signed. If
/// there are none, the response waits for them. A newer poll of the same listener ends the wait. An
/// `Idempotency-Key` has no effect; repeated results are ignored.
#[utoipa::path(post, path = "/api/partner/v2/listeners/{id}/poll", tag = "Webhooks", operation_id = "pollListener",
    params(("id" = String, Path, description = "The id of the listener"), PollOptions),
    request_body(content = PollBody, content_type = "application/json", example = json!({})),
    responses(
        (status = 200, description = "The events; an empty list if there were none in time", body = ListenerEvents),
        (status = 400, description = "The body is not valid JSON, or invalid query"),
        (status = 404, description = "No such listener, it has ended, or it belongs to another partner"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "Validation failed"),
    ))]
async fn poll(
    State(app): State<App>,
    partner: Partner<Own>,
    Path(path_id): Path<String>,
    options: Result<Query<PollOptions>, Error>,
    JsonBody(body): JsonBody,
) -> Result<Json<ListenerEvents>, Error> {
    let listener = id(&path_id)?;
    let unreadable = || Error::new(Kind::Malformed, "Invalid query: wait must be a whole number from 0 to 15.");
    let Query(PollOptions { wait }) = options.map_err(|_| unreadable())?;
    let wait = Duration::from_secs(wait.unwrap_or_default());
    if wait > listeners::LONGEST_WAIT {
        return Err(unreadable());
    }
    let results = credential::parse_poll(&body)?;
    let polled = listeners::poll(&app, partner.id, listener, &results, wait).await?;
    let events = polled.events.into_iter().map(ForwardableEvent::from).collect();
    Ok(Json(ListenerEvents { events, expires_at: polled.expires_at }))
}

/// Delete a listener
///
/// Deletes it with its log.
#[utoipa::path(delete, path = "/api/partner/v2/listeners/{id}", tag = "Webhooks", operation_id = "deleteListener",
    params(("id" = String, Path, description = "The id of the listener")),
    responses(
        (status = 204, description = "The listener was deleted"),
        (status = 404, description = "No such listener, or it belongs to another partner"),
    ))]
async fn remove(
    State(app): State<App>,
    partner: Partner<Own>,
    Path(path_id): Path<String>,
) -> Result<StatusCode, Error> {
    listeners::stop(&app, partner.id, id(&path_id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
