//! Statuses: of one credential id, and of up to 30 (partner-api section 8).

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
use crate::http::AnyBody;
use crate::http::extract::Path;
use ambient::Timestamp;
use store::CredentialStatus;
use store::domain::asset::{AssetStage, AssetStatus};
use store::domain::submission::CancelReason;

/// The routes; v1 is documented, v2 is an alias of ours, which the OpenAPI document copies from v1.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(one))
        .routes(routes!(many))
        .route("/api/partner/v2/submissions/{id}/status", get(one))
        .route("/api/partner/v2/submissions/status", post(many))
}

/// Where one credential, or a batch, stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatusAnswer {
    /// Your `credential_id`.
    #[schema(example = "fa651300-b91a-49cb-8ee7-cac68b3fdf74")]
    id: String,
    /// `incomplete`: not decided; `verified`: accepted by the person; `canceled`: declined, withdrawn by you,
    /// or not accepted in 48 hours.
    /// A batch is incomplete while one of its items is, and verified once one of them was accepted.
    #[schema(example = "verified")]
    status: &'static str,
    /// Why it was canceled: `declined` by the person, `expired` after 48 hours, or `withdrawn` by you; left out otherwise.
    /// A batch has the reason of the item that ended last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "declined")]
    reason: Option<&'static str>,
    /// When it became final (RFC 3339, UTC); null while it is incomplete.
    #[schema(value_type = Option<String>, format = "date-time", example = "2026-11-23T09:30:00Z")]
    finalized_at: Option<Timestamp>,
    /// Where its documents stand; left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assets: Vec<AssetAnswer>,
    /// Where the items of a batch stand; left out for a single credential.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<ItemStatus>,
    /// That its link could not be mailed; left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    notify: Option<NotifyStatus>,
}

/// A link that could not be mailed. Push the same `credential_id` again with `claim` to mail it again, to the same or another
/// address, or hand the link over yourself.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotifyStatus {
    /// `failed`.
    #[schema(example = "failed")]
    state: &'static str,
    /// `recipient_rejected`: the mail server refused the address for good; `expired`: the link expired before the mail server
    /// accepted the mail.
    #[schema(example = "recipient_rejected")]
    reason: &'static str,
}

/// Where one item of a batch stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemStatus {
    /// Your `credential_id`.
    id: String,
    /// As of a single credential.
    #[schema(example = "verified")]
    status: &'static str,
    /// As of a single credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "declined")]
    reason: Option<&'static str>,
    /// When it became final (RFC 3339, UTC); null while it is incomplete.
    #[schema(value_type = Option<String>, format = "date-time", example = "2026-11-23T09:30:00Z")]
    finalized_at: Option<Timestamp>,
    /// Where its documents stand; left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assets: Vec<AssetAnswer>,
}

/// Where one document stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssetAnswer {
    /// Your id for it.
    #[schema(example = "testamur")]
    asset_id: String,
    /// `awaited`: its upload link was not used yet; `fetching`: it is fetched from its address; `stored`: it is there;
    /// `failed`: it could not be had; `deleted`: it was deleted, since the person did not come back in 48 hours.
    #[schema(example = "awaited")]
    state: &'static str,
    /// Why it could not be had: `address_refused`, `unreachable`, `too_large`, `content_refused`, or `late`
    /// (the person answered before it arrived).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
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

/// Which credentials are asked about.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to faults by hand")]
pub struct StatusQuestion {
    /// Your `credential_id`s, 30 at most.
    #[schema(max_items = 30, example = json!(["fa651300-b91a-49cb-8ee7-cac68b3fdf74"]))]
    ids: Vec<String>,
}

/// Where several credentials stand.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatusAnswers {
    /// Those that are known, in the order of the question.
    credentials: Vec<StatusAnswer>,
    /// Those that are not known, or not yours.
    not_found: Vec<String>,
}

/// Status of one credential
///
/// Asks where one of your submissions stands. The status is kept for 400 days after its last change. What the person does
/// with an accepted credential is their own affair: if they delete it, the status stays `verified`.
#[utoipa::path(get, path = "/api/partner/v1/submissions/{id}/status", tag = "Status",
    params(("id" = String, Path, description = "Your `credential_id`")),
    responses(
        (status = 200, description = "Where it stands", body = StatusAnswer),
        (status = 404, description = "Not known, or not yours"),
    ))]
async fn one(
    State(app): State<App>,
    partner: Partner<Own>,
    Path(id): Path<String>,
) -> Result<Json<StatusAnswer>, Error> {
    if !credential::is_identifier(&id) {
        return Err(Error::not_found());
    }
    let found = app.statuses().of(partner.id, &[id]).await?;
    found.into_iter().flatten().next().map(|found| Json(found.into())).ok_or_else(Error::not_found)
}

/// Status of up to 30 credentials
///
/// The body is read as JSON whatever its content type says, since a documented example sends it as a form.
#[utoipa::path(post, path = "/api/partner/v1/submissions/status", tag = "Status",
    params(super::idempotency::IdempotencyHeader),
    request_body(content = StatusQuestion, content_type = "application/json"),
    responses(
        (status = 200, description = "Where they stand", body = StatusAnswers),
        (status = 400, description = "The body is not JSON"),
        (status = 409, description = "The Idempotency-Key was used for another request, or its first request is still under way"),
        (status = 413, description = "The body is too large"),
        (status = 422, description = "The body has faults"),
    ))]
async fn many(
    State(app): State<App>,
    partner: Partner<Own>,
    AnyBody(body): AnyBody,
) -> Result<Json<StatusAnswers>, Error> {
    let mut ids = credential::parse_status_question(&body)?;
    let mut asked = HashSet::new();
    ids.retain(|id| asked.insert(id.clone()));
    let found = app.statuses().of(partner.id, &ids).await?;
    let mut answers = StatusAnswers { credentials: Vec::with_capacity(found.len()), not_found: Vec::new() };
    for (id, found) in ids.into_iter().zip(found) {
        match found {
            Some(found) => answers.credentials.push(found.into()),
            None => answers.not_found.push(id),
        }
    }
    Ok(Json(answers))
}
