//! `/api/partner/v2/webhooks`: the webhooks of a partner (docs/partner-api.md section 11).
//!
//! Owns the requests and responses; [`crate::flows::webhooks`] has the rules. No particular scope
//! is needed: a webhook reveals nothing that the status calls do not.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use credential::{Code, FieldError, WebhookFields, WebhookForm};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::idempotency::IdempotencyHeader;
use super::partner::{Own, Partner};
use crate::app::App;
use crate::error::Error;
use crate::flows::webhooks;
use crate::http::extract::Path;
use crate::http::{AnyBody, JsonBody};
use crate::openapi::values::{WebhookState, WebhookStatus};
use crate::webhook_message::Secret;
use ambient::Timestamp;
use store::domain::webhook::Webhook;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create, list, change_by_id))
        .routes(routes!(one, change, remove))
        .routes(routes!(rotate))
}

/// A webhook to register.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to errors by hand")]
pub struct WebhookBody {
    /// The URL to send events to: https, public, without user, password and fragment.
    #[schema(format = "uri", max_length = 2048, example = "https://hooks.example.com/tenure")]
    url: String,
    /// A name of your choice.
    #[schema(min_length = 1, max_length = 500, example = "Production")]
    name: Option<String>,
    /// A description of its purpose.
    #[schema(min_length = 1, max_length = 500)]
    description: Option<String>,
    /// The types of events to send. Default: `vwsp_request.verified` and `vwsp_request.canceled`.
    #[schema(min_items = 1, max_items = 20, example = json!(["vwsp_request.verified", "vwsp_request.canceled", "atsp_request.verified"]))]
    events: Option<Vec<EventType>>,
}

/// Changes to a webhook.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to errors by hand")]
pub struct WebhookChange {
    /// The webhook's id. Required if the path does not contain it.
    #[schema(required = false, nullable = false)]
    id: Option<String>,
    /// The URL to send events to.
    #[schema(
        required = false,
        nullable = false,
        format = "uri",
        max_length = 2048,
        example = "https://hooks.example.com/tenure"
    )]
    url: Option<String>,
    /// A name of your choice; null removes it.
    #[schema(min_length = 1, max_length = 500, example = "Production")]
    name: Option<String>,
    /// A description of its purpose; null removes it.
    #[schema(min_length = 1, max_length = 500)]
    description: Option<String>,
    /// The types of events to send.
    #[schema(min_items = 1, max_items = 20, example = json!(["vwsp_request.verified", "vwsp_request.canceled", "atsp_request.verified"]))]
    events: Option<Vec<EventType>>,
}

/// A type of event. More types may be added.
#[derive(Debug, Serialize, ToSchema)]
#[expect(dead_code, reason = "documents what credential::EVENT_TYPES lists")]
pub enum EventType {
    #[serde(rename = "vwsp_request.verified")]
    RequestVerified,
    #[serde(rename = "vwsp_request.canceled")]
    RequestCanceled,
    #[serde(rename = "atsp_request.created")]
    AddCreated,
    #[serde(rename = "atsp_request.opened")]
    AddOpened,
    #[serde(rename = "atsp_request.signed_in")]
    AddSignedIn,
    #[serde(rename = "atsp_request.verified")]
    AddVerified,
    #[serde(rename = "atsp_request.canceled")]
    AddCanceled,
    #[serde(rename = "atsp_request.notify_failed")]
    AddNotifyFailed,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookAnswer {
    /// Its id.
    id: Uuid,
    /// The URL that events are sent to.
    #[schema(example = "https://hooks.example.com/tenure")]
    url: String,
    /// The name that you chose.
    #[schema(example = "Production")]
    name: Option<String>,
    /// The description of its purpose.
    description: Option<String>,
    /// The types of events that are sent.
    #[schema(value_type = Vec<EventType>, example = json!(["vwsp_request.verified", "vwsp_request.canceled"]))]
    events: Vec<String>,
    /// `active`; `paused` after several consecutive failures: one delivery is tried at
    /// `paused_until`, and the others after it succeeded; changing the webhook ends the pause; or
    /// `disabled`, see `status`.
    #[schema(value_type = WebhookState)]
    state: &'static str,
    /// When the pause ends (RFC 3339, UTC).
    #[schema(value_type = Option<String>, format = "date-time")]
    paused_until: Option<Timestamp>,
    /// `enabled`, or `disabled` since your receiver responded with 410 (Gone). While it is
    /// disabled, nothing is sent and events are recorded as failed. Update the webhook to enable
    /// it, then replay the failed events.
    #[schema(value_type = WebhookStatus)]
    status: &'static str,
    /// When it was disabled (RFC 3339, UTC); null while it is enabled.
    #[schema(value_type = Option<String>, format = "date-time")]
    disabled_at: Option<Timestamp>,
    /// Until when the previous secret also signs, as `X-Signature-Previous` (RFC 3339, UTC).
    #[schema(value_type = Option<String>, format = "date-time")]
    previous_secret_until: Option<Timestamp>,
    /// When it was registered (RFC 3339, UTC).
    #[schema(value_type = String, format = "date-time", example = "2026-11-25T09:30:00Z")]
    created_at: Timestamp,
    /// When it was last changed (RFC 3339, UTC).
    #[schema(value_type = String, format = "date-time", example = "2026-11-25T09:30:00Z")]
    updated_at: Timestamp,
}

/// A webhook with its new secret, which is returned only once.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookWithSecret {
    /// The webhook.
    #[serde(flatten)]
    webhook: WebhookAnswer,
    /// The signing secret: the key of `X-Signature` is exactly these 64 characters.
    #[schema(example = "6a1f0c4e9b7d2835f4e1a09c8b6d7e52310fa4c9d8e7b6a5f4c3d2e1b0a99887")]
    secret: String,
    /// The same key in the format of Standard Webhooks libraries.
    #[schema(
        example = "whsec_NmExZjBjNGU5YjdkMjgzNWY0ZTFhMDljOGI2ZDdlNTIzMTBmYTRjOWQ4ZTdiNmE1ZjRjM2QyZTFiMGE5OTg4Nw=="
    )]
    standard_webhooks_secret: String,
}

/// The webhooks of a partner.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookList {
    /// Oldest first.
    webhooks: Vec<WebhookAnswer>,
}

impl WebhookAnswer {
    fn new(app: &App, webhook: Webhook) -> Self {
        let now = app.now();
        let is_paused = webhook.is_paused(now);
        let (state, status) = match webhook.disabled_at {
            Some(_) => ("disabled", "disabled"),
            None if is_paused => ("paused", "enabled"),
            None => ("active", "enabled"),
        };
        Self {
            id: webhook.id,
            state,
            status,
            disabled_at: webhook.disabled_at,
            paused_until: webhook.paused_until.filter(|_| is_paused),
            previous_secret_until: webhook.previous_until.filter(|until| *until > now),
            events: webhook.events.split_whitespace().map(ToOwned::to_owned).collect(),
            url: webhook.url,
            name: webhook.name,
            description: webhook.description,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
        }
    }

    fn with_secret(self, secret: &Secret) -> Response {
        let answer = WebhookWithSecret {
            webhook: self,
            secret: secret.characters().to_owned(),
            standard_webhooks_secret: secret.standard(),
        };
        ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
    }
}

/// Parses an id in a path. An invalid id gives 404, as an unknown one does.
pub(super) fn id(text: &str) -> Result<Uuid, Error> {
    text.parse().map_err(|_| Error::missing("webhook"))
}

/// Register a webhook
///
/// Registers a URL to send events to. The response contains the signing secret, which is not
/// returned again. The limit is 20 webhooks per partner. The format of deliveries and how to verify
/// them is described under Webhooks.
#[utoipa::path(post, path = "/api/partner/v2/webhooks", tag = "Webhooks", operation_id = "createWebhook",
    params(IdempotencyHeader),
    request_body(content = WebhookBody, content_type = "application/json", example = json!({ "url": "https://hooks.example.com/tenure", "name": "Production" })),
    responses(
        (status = 201, description = "Registered", body = WebhookWithSecret),
        (status = 400, description = "The body is not valid JSON"),
        (status = 409, description = "You have the maximum number of webhooks; or the Idempotency-Key was used for another request, or its first request is still in progress"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "Validation failed"),
    ))]
async fn create(
    State(app): State<App>,
    partner: Partner<Own>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Response), Error> {
    let fields = credential::parse_webhook(WebhookForm::New, &body)?;
    let (webhook, secret) = webhooks::create(&app, partner.id, app.id(), fields).await?;
    Ok((StatusCode::CREATED, WebhookAnswer::new(&app, webhook).with_secret(&secret)))
}

/// List webhooks
///
/// Returns all your webhooks, without their secrets.
#[utoipa::path(get, path = "/api/partner/v2/webhooks", tag = "Webhooks", operation_id = "listWebhooks",
    responses((status = 200, description = "All your webhooks", body = WebhookList)))]
async fn list(State(app): State<App>, partner: Partner<Own>) -> Result<Json<WebhookList>, Error> {
    let found = webhooks::list(&app, partner.id).await?;
    Ok(Json(WebhookList { webhooks: found.into_iter().map(|webhook| WebhookAnswer::new(&app, webhook)).collect() }))
}

/// Get a webhook
///
/// Returns its settings and its state, without its secret.
#[utoipa::path(get, path = "/api/partner/v2/webhooks/{id}", tag = "Webhooks", operation_id = "getWebhook",
    params(("id" = String, Path, description = "The id of the webhook")),
    responses(
        (status = 200, description = "It", body = WebhookAnswer),
        (status = 404, description = "No such webhook, or it belongs to another partner"),
    ))]
async fn one(
    State(app): State<App>,
    partner: Partner<Own>,
    Path(path_id): Path<String>,
) -> Result<Json<WebhookAnswer>, Error> {
    let webhook = webhooks::find(&app, partner.id, id(&path_id)?).await?;
    Ok(Json(WebhookAnswer::new(&app, webhook)))
}

/// Change a webhook
///
/// Omitted fields stay unchanged; null removes a name or description. Any change ends a pause, so
/// that waiting deliveries are sent. Any request, even without changes, enables a disabled webhook;
/// then replay the events that failed meanwhile.
#[utoipa::path(put, path = "/api/partner/v2/webhooks/{id}", tag = "Webhooks", operation_id = "updateWebhook",
    params(("id" = String, Path, description = "The id of the webhook")),
    request_body(content = WebhookChange, content_type = "application/json", example = json!({ "url": "https://hooks.example.com/tenure" })),
    responses(
        (status = 200, description = "The updated webhook", body = WebhookAnswer),
        (status = 400, description = "The body is not valid JSON"),
        (status = 404, description = "No such webhook, or it belongs to another partner"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "Validation failed"),
    ))]
async fn change(
    State(app): State<App>,
    partner: Partner<Own>,
    Path(path_id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<WebhookAnswer>, Error> {
    let path_id = id(&path_id)?;
    let fields = credential::parse_webhook(WebhookForm::Change, &body)?;
    if fields.id.as_ref().is_some_and(|other| other.parse() != Ok(path_id)) {
        return Err(Error::invalid(vec![FieldError {
            pointer: "/id".to_owned(),
            code: Code::IdMismatch,
            message: "The id in the body differs from the one in the path. Remove it from the body.".to_owned(),
            received: None,
            suggestion: None,
        }]));
    }
    write(&app, &partner, path_id, fields).await
}

/// Change a webhook by the id in the body
///
/// Works like `PUT /api/partner/v2/webhooks/{id}`.
#[utoipa::path(put, path = "/api/partner/v2/webhooks", tag = "Webhooks", operation_id = "updateWebhookById",
    request_body(content = WebhookChange, content_type = "application/json", example = json!({ "id": "0192f0c1-7a11-7d02-9c55-1f2e3d4c5b6a", "url": "https://hooks.example.com/tenure" })),
    responses(
        (status = 200, description = "The updated webhook", body = WebhookAnswer),
        (status = 400, description = "The body is not valid JSON"),
        (status = 404, description = "No such webhook, or it belongs to another partner"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "Validation failed"),
    ))]
async fn change_by_id(
    State(app): State<App>,
    partner: Partner<Own>,
    JsonBody(body): JsonBody,
) -> Result<Json<WebhookAnswer>, Error> {
    let fields = credential::parse_webhook(WebhookForm::ChangeById, &body)?;
    let body_id = id(fields.id.as_deref().unwrap_or_default())?;
    write(&app, &partner, body_id, fields).await
}

async fn write(
    app: &App,
    partner: &Partner<Own>,
    id: Uuid,
    fields: WebhookFields,
) -> Result<Json<WebhookAnswer>, Error> {
    let webhook = webhooks::update(app, partner.id, id, fields).await?;
    Ok(Json(WebhookAnswer::new(app, webhook)))
}

/// Delete a webhook
///
/// Stops all deliveries to it, and deletes its log.
#[utoipa::path(delete, path = "/api/partner/v2/webhooks/{id}", tag = "Webhooks", operation_id = "deleteWebhook",
    params(("id" = String, Path, description = "The id of the webhook")),
    responses(
        (status = 204, description = "The webhook was deleted"),
        (status = 404, description = "No such webhook, or it belongs to another partner"),
    ))]
async fn remove(
    State(app): State<App>,
    partner: Partner<Own>,
    Path(path_id): Path<String>,
) -> Result<StatusCode, Error> {
    webhooks::remove(&app, partner.id, id(&path_id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Rotate a webhook's secret
///
/// Creates a new secret, and returns it only once. For 24 hours the previous secret also signs, as
/// `X-Signature-Previous` and as a second signature in `webhook-signature`, so that you can switch
/// without missing an event. Only the last two secrets sign: a second rotation within 24 hours ends
/// the older one. The body is empty.
#[utoipa::path(put, path = "/api/partner/v2/webhooks/{id}/secret", tag = "Webhooks", operation_id = "rotateWebhookSecret",
    params(("id" = String, Path, description = "The id of the webhook")),
    responses(
        (status = 200, description = "The webhook with its new secret", body = WebhookWithSecret),
        (status = 400, description = "The body is not valid JSON"),
        (status = 404, description = "No such webhook, or it belongs to another partner"),
        (status = 413, description = "The body is too large"),
        (status = 422, description = "The body must be empty"),
    ))]
async fn rotate(
    State(app): State<App>,
    partner: Partner<Own>,
    Path(path_id): Path<String>,
    AnyBody(body): AnyBody,
) -> Result<Response, Error> {
    let path_id = id(&path_id)?;
    credential::parse_rotation(&body)?;
    let (webhook, secret) = webhooks::rotate(&app, partner.id, path_id).await?;
    Ok(WebhookAnswer::new(&app, webhook).with_secret(&secret))
}
