//! `/api/partner/v2/webhooks`: where a partner wants to be told (partner-api section 11).
//!
//! Owns how webhooks are read and shown; [`crate::flows::webhooks`] holds the rules. Any token of the partner will
//! do: a webhook tells nothing that its status calls would not.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use credential::{Code, Fault, WebhookFields, WebhookForm};
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
#[expect(dead_code, reason = "documents the body, which is parsed to faults by hand")]
pub struct WebhookBody {
    /// Where to send events: https, public, without user, password and fragment.
    #[schema(format = "uri", max_length = 2048, example = "https://hooks.example.com/tenure")]
    url: String,
    /// What you call it.
    #[schema(min_length = 1, max_length = 500, example = "Production")]
    name: Option<String>,
    /// What it is for.
    #[schema(min_length = 1, max_length = 500)]
    description: Option<String>,
    /// The types of events that it is sent; `vwsp_request.verified` and `vwsp_request.canceled` unless you say otherwise.
    #[schema(min_items = 1, max_items = 20, example = json!(["vwsp_request.verified", "vwsp_request.canceled", "atsp_request.verified"]))]
    events: Option<Vec<EventType>>,
}

/// What changes of a webhook.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to faults by hand")]
pub struct WebhookChange {
    /// Which one; needed where the path does not say.
    #[schema(required = false, nullable = false)]
    id: Option<String>,
    /// Where to send events.
    #[schema(
        required = false,
        nullable = false,
        format = "uri",
        max_length = 2048,
        example = "https://hooks.example.com/tenure"
    )]
    url: Option<String>,
    /// What you call it; null: it has no name any more.
    #[schema(min_length = 1, max_length = 500, example = "Production")]
    name: Option<String>,
    /// What it is for; null: nothing is said any more.
    #[schema(min_length = 1, max_length = 500)]
    description: Option<String>,
    /// The types of events that it is sent.
    #[schema(min_items = 1, max_items = 20, example = json!(["vwsp_request.verified", "vwsp_request.canceled", "atsp_request.verified"]))]
    events: Option<Vec<EventType>>,
}

/// A type of events.
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
    /// Where events are sent.
    #[schema(example = "https://hooks.example.com/tenure")]
    url: String,
    /// What you call it.
    name: Option<String>,
    /// What it is for.
    description: Option<String>,
    /// The types of events that it is sent.
    #[schema(example = json!(["vwsp_request.verified", "vwsp_request.canceled"]))]
    events: Vec<String>,
    /// `active`; `paused` after several failures in a row: then one delivery is tried at `paused_until`, and all the
    /// others once it went well, and changing the webhook ends the pause; or `disabled`, as `status` says.
    #[schema(example = "active")]
    state: &'static str,
    /// Until when nothing is sent (RFC 3339, UTC).
    #[schema(value_type = Option<String>, format = "date-time")]
    paused_until: Option<Timestamp>,
    /// `enabled`, or `disabled` since your receiver answered 410 (Gone). While it is disabled nothing is sent, and events
    /// are recorded as failed. Update the webhook to enable it, then replay what failed.
    #[schema(example = "enabled")]
    status: &'static str,
    /// Since when it is disabled (RFC 3339, UTC); null while it is enabled.
    #[schema(value_type = Option<String>, format = "date-time")]
    disabled_at: Option<Timestamp>,
    /// Until when the secret before the last rotation signs too, as `X-Signature-Previous` (RFC 3339, UTC).
    #[schema(value_type = Option<String>, format = "date-time")]
    previous_secret_until: Option<Timestamp>,
    /// When it was registered (RFC 3339, UTC).
    #[schema(value_type = String, format = "date-time", example = "2026-11-25T09:30:00Z")]
    created_at: Timestamp,
    /// When it was changed (RFC 3339, UTC).
    #[schema(value_type = String, format = "date-time", example = "2026-11-25T09:30:00Z")]
    updated_at: Timestamp,
}

/// A webhook with its new secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookWithSecret {
    /// The webhook.
    #[serde(flatten)]
    webhook: WebhookAnswer,
    /// What signs: the key of `X-Signature` is these 64 characters as they stand.
    #[schema(example = "6a1f0c4e9b7d2835f4e1a09c8b6d7e52310fa4c9d8e7b6a5f4c3d2e1b0a99887")]
    secret: String,
    /// The same key in the form that libraries for Standard Webhooks take.
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

/// The id in a path; what is none is nobody's.
pub(super) fn id(text: &str) -> Result<Uuid, Error> {
    text.parse().map_err(|_| Error::not_found())
}

/// Register a webhook
///
/// Tells us where to send events. The answer holds the secret that signs them, which is not shown again. A partner has 20
/// webhooks at most. How a delivery looks, and how to check it, is described under Webhooks.
#[utoipa::path(post, path = "/api/partner/v2/webhooks", tag = "Webhooks", operation_id = "create_webhook",
    params(IdempotencyHeader),
    request_body(content = WebhookBody, content_type = "application/json", example = json!({ "url": "https://hooks.example.com/tenure", "name": "Production" })),
    responses(
        (status = 201, description = "Registered", body = WebhookWithSecret),
        (status = 400, description = "The body is not JSON"),
        (status = 409, description = "You have as many as there may be, or the Idempotency-Key was used for another request, or its first request is still under way"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "The body has faults"),
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

/// Your webhooks
#[utoipa::path(get, path = "/api/partner/v2/webhooks", tag = "Webhooks", operation_id = "list_webhooks",
    responses((status = 200, description = "All of them", body = WebhookList)))]
async fn list(State(app): State<App>, partner: Partner<Own>) -> Result<Json<WebhookList>, Error> {
    let found = webhooks::list(&app, partner.id).await?;
    Ok(Json(WebhookList { webhooks: found.into_iter().map(|webhook| WebhookAnswer::new(&app, webhook)).collect() }))
}

/// One of your webhooks
#[utoipa::path(get, path = "/api/partner/v2/webhooks/{id}", tag = "Webhooks", operation_id = "get_webhook",
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "It", body = WebhookAnswer),
        (status = 404, description = "Not known, or not yours"),
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
/// What you leave out stays as it is; null takes a name or a description away. A pause ends, and what waits is sent.
/// A disabled webhook is enabled again, whatever you change and even if nothing; then replay what failed meanwhile.
#[utoipa::path(put, path = "/api/partner/v2/webhooks/{id}", tag = "Webhooks", operation_id = "change_webhook",
    params(("id" = String, Path, description = "The webhook's id")),
    request_body(content = WebhookChange, content_type = "application/json", example = json!({ "url": "https://hooks.example.com/tenure" })),
    responses(
        (status = 200, description = "As it is now", body = WebhookAnswer),
        (status = 400, description = "The body is not JSON"),
        (status = 404, description = "Not known, or not yours"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "The body has faults"),
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
        return Err(Error::invalid(vec![Fault {
            pointer: "/id".to_owned(),
            code: Code::IdMismatch,
            message: "The path names another webhook; leave the id out here.".to_owned(),
            received: None,
            suggestion: None,
        }]));
    }
    write(&app, &partner, path_id, fields).await
}

/// Change a webhook, named in the body
///
/// As `PUT /api/partner/v2/webhooks/{id}`.
#[utoipa::path(put, path = "/api/partner/v2/webhooks", tag = "Webhooks", operation_id = "change_webhook_by_id",
    request_body(content = WebhookChange, content_type = "application/json", example = json!({ "id": "0192f0c1-7a11-7d02-9c55-1f2e3d4c5b6a", "url": "https://hooks.example.com/tenure" })),
    responses(
        (status = 200, description = "As it is now", body = WebhookAnswer),
        (status = 400, description = "The body is not JSON"),
        (status = 404, description = "Not known, or not yours"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "The body has faults"),
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
/// Nothing is sent to it any more, and its log is deleted.
#[utoipa::path(delete, path = "/api/partner/v2/webhooks/{id}", tag = "Webhooks", operation_id = "delete_webhook",
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "Not known, or not yours"),
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
/// Makes a new secret, and shows it this once. For 24 hours the one before signs too, as `X-Signature-Previous` and as a
/// second signature in `webhook-signature`, so that you can change over without missing anything. Rotate twice, and the one
/// before the last is of no use any more. The body is empty.
#[utoipa::path(put, path = "/api/partner/v2/webhooks/{id}/secret", tag = "Webhooks", operation_id = "rotate_webhook_secret",
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "The webhook with its new secret", body = WebhookWithSecret),
        (status = 400, description = "The body is not JSON"),
        (status = 404, description = "Not known, or not yours"),
        (status = 413, description = "The body is too large"),
        (status = 422, description = "The body says something"),
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
