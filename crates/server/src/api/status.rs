//! Statuses of one credential id, or of up to 30 (docs/partner-api.md section 8).

use std::collections::HashSet;

use axum::Json;
use axum::extract::State;
use axum::routing::{get, post};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::partner::{Own, Partner};
use crate::app::App;
use crate::error::Error;
use crate::flows::statuses;
use crate::http::AnyBody;
use crate::http::extract::Path;
use crate::openapi::values::{AssetFailure, AssetState, CancelReason as Reason, NotifyFailure, NotifyState, Status};
use ambient::Timestamp;
use store::CredentialStatus;
use store::domain::asset::{AssetStage, AssetStatus};
use store::domain::submission::CancelReason;

/// Returns the routes. Those of v1 are documented; those of v2 are aliases, which the OpenAPI
/// document copies from v1.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(one))
        .routes(routes!(many))
        .route("/api/partner/v2/submissions/{id}/status", get(one))
        .route("/api/partner/v2/submissions/status", post(many))
}

/// Status of one credential, or of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatusAnswer {
    /// Your `credential_id`.
    #[schema(example = "fa651300-b91a-49cb-8ee7-cac68b3fdf74")]
    id: String,
    /// `incomplete`: not decided yet. `verified`: accepted by the person. `canceled`: declined,
    /// withdrawn by you, or not accepted within 48 hours. A batch is `incomplete` while one of its
    /// items is, and `verified` if at least one of them was accepted.
    #[schema(value_type = Status)]
    status: &'static str,
    /// Why it was canceled: `declined` by the person, `expired` after 48 hours, or `withdrawn` by
    /// you. Omitted for other statuses. A batch has the reason of the item that ended last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Reason, required = false, nullable = false)]
    reason: Option<&'static str>,
    /// When the status became final (RFC 3339, UTC); null while it is `incomplete`.
    #[schema(value_type = Option<String>, format = "date-time", example = "2026-11-23T09:30:00Z")]
    finalized_at: Option<Timestamp>,
    /// The states of its documents; omitted if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assets: Vec<AssetAnswer>,
    /// The statuses of the items of a batch; omitted for a single credential.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<ItemStatus>,
    /// Present only if its link could not be mailed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    notify: Option<NotifyStatus>,
}

/// A link that could not be mailed. Push the same `credential_id` again with `notify` to retry,
/// with the same or another address, or give the person the link yourself.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotifyStatus {
    /// `failed`.
    #[schema(value_type = NotifyState)]
    state: &'static str,
    /// `recipient_rejected`: the mail server permanently rejected the address. `expired`: the link
    /// expired before the mail server accepted the mail.
    #[schema(value_type = NotifyFailure)]
    reason: &'static str,
}

/// Status of one item of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemStatus {
    /// Your `credential_id`.
    #[schema(example = "fa651300-b91a-49cb-8ee7-cac68b3fdf74")]
    id: String,
    /// As for a single credential.
    #[schema(value_type = Status)]
    status: &'static str,
    /// As for a single credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Reason, required = false, nullable = false)]
    reason: Option<&'static str>,
    /// When the status became final (RFC 3339, UTC); null while it is `incomplete`.
    #[schema(value_type = Option<String>, format = "date-time", example = "2026-11-23T09:30:00Z")]
    finalized_at: Option<Timestamp>,
    /// The states of its documents; omitted if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assets: Vec<AssetAnswer>,
}

/// State of one document.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssetAnswer {
    /// Your id of the document.
    #[schema(example = "testamur")]
    asset_id: String,
    /// `awaited`: not uploaded yet. `fetching`: being fetched from its address. `stored`:
    /// available. `failed`: not available, see `reason`. `deleted`: deleted because the person did
    /// not return within 48 hours.
    #[schema(value_type = AssetState)]
    state: &'static str,
    /// Why it failed: `address_refused`, `unreachable`, `too_large`, `content_refused`, or `late`
    /// (the person decided before it arrived).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = AssetFailure, required = false, nullable = false)]
    reason: Option<&'static str>,
}

impl From<CredentialStatus> for StatusAnswer {
    fn from(found: CredentialStatus) -> Self {
        Self {
            id: found.credential_id,
            status: found.status.name(),
            reason: found.status.reason().map(CancelReason::name),
            finalized_at: found.status.finalized_at(),
            assets: found.assets.into_iter().map(AssetAnswer::from).collect(),
            items: found.items.into_iter().map(ItemStatus::from).collect(),
            notify: found.undelivered.map(|reason| NotifyStatus { state: "failed", reason: reason.name() }),
        }
    }
}

impl From<CredentialStatus> for ItemStatus {
    fn from(found: CredentialStatus) -> Self {
        Self {
            id: found.credential_id,
            status: found.status.name(),
            reason: found.status.reason().map(CancelReason::name),
            finalized_at: found.status.finalized_at(),
            assets: found.assets.into_iter().map(AssetAnswer::from).collect(),
        }
    }
}

impl From<AssetStatus> for AssetAnswer {
    fn from(asset: AssetStatus) -> Self {
        let reason = match asset.stage {
            AssetStage::Failed(failure) => Some(failure.name()),
            _ => None,
        };
        Self { state: asset.stage.name(), asset_id: asset.asset_id, reason }
    }
}

/// The credentials to look up.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to errors by hand")]
pub struct StatusQuestion {
    /// Your `credential_id`s, 30 at most.
    #[schema(max_items = 30, example = json!(["fa651300-b91a-49cb-8ee7-cac68b3fdf74"]))]
    ids: Vec<String>,
}

/// Statuses of several credentials.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatusAnswers {
    /// The credentials that were found, in the order of the request.
    credentials: Vec<StatusAnswer>,
    /// The ids that are unknown, or not yours.
    #[schema(example = json!(["7c1c9a52-3f0e-4b1d-9a56-0f6f2f7f3c11"]))]
    not_found: Vec<String>,
}

/// Status of one credential
///
/// Returns the status of one of your submissions. It is kept for 400 days after its last change. If
/// the person later deletes an accepted credential, you are not notified: the status stays
/// `verified`.
#[utoipa::path(get, path = "/api/partner/v1/submissions/{id}/status", operation_id = "getSubmissionStatus", tag = "Status",
    params(("id" = String, Path, description = "Your `credential_id`")),
    responses(
        (status = 200, description = "The status of the submission", body = StatusAnswer),
        (status = 404, description = "No such submission, or it belongs to another partner"),
    ))]
async fn one(
    State(app): State<App>,
    partner: Partner<Own>,
    Path(id): Path<String>,
) -> Result<Json<StatusAnswer>, Error> {
    Ok(Json(statuses::one(&app, partner.id, id).await?.into()))
}

/// Status of up to 30 credentials
///
/// The body is parsed as JSON regardless of its content type, because a documented example sends it
/// as a form.
#[utoipa::path(post, path = "/api/partner/v1/submissions/status", operation_id = "listSubmissionStatuses", tag = "Status",
    params(super::idempotency::IdempotencyHeader),
    request_body(content = StatusQuestion, content_type = "application/json"),
    responses(
        (status = 200, description = "The status of each submission", body = StatusAnswers),
        (status = 400, description = "The body is not valid JSON"),
        (status = 409, description = "The Idempotency-Key was used for another request, or its first request is still in progress"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is compressed"),
        (status = 422, description = "Validation failed"),
    ))]
async fn many(
    State(app): State<App>,
    partner: Partner<Own>,
    AnyBody(body): AnyBody,
) -> Result<Json<StatusAnswers>, Error> {
    let mut ids = credential::parse_status_question(&body)?;
    let mut asked = HashSet::new();
    ids.retain(|id| asked.insert(id.clone()));
    let found = statuses::several(&app, partner.id, &ids).await?;
    let mut answers = StatusAnswers { credentials: Vec::with_capacity(found.len()), not_found: Vec::new() };
    for (id, found) in ids.into_iter().zip(found) {
        match found {
            Some(found) => answers.credentials.push(found.into()),
            None => answers.not_found.push(id),
        }
    }
    Ok(Json(answers))
}
