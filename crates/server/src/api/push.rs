//! `POST /api/partner/v2/add/requests/{type}` and v1's `POST /api/partner/v1/add/{type}`: one submission (partner-api
//! sections 4, 5, 6 and 8).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::partner::{Partner, Write};
use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows;
use crate::flows::documents::UploadLink;
use crate::flows::push::{Push, PushPreview, StoredPush, Version};
use crate::flows::warning::Warning;
use crate::http::JsonBody;
use crate::http::extract::Query;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(push)).routes(routes!(push_v1))
}

/// Options of a push.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PushOptions {
    /// Check the body and store nothing. The answer is 200 if a push would be taken, or the faults.
    pub dry_run: bool,
}

/// The options, or why they cannot be read.
pub(super) type Options = Result<Query<PushOptions>, Error>;

pub(super) fn is_dry_run(options: Options) -> Result<bool, Error> {
    let unreadable = |_| Error::new(Kind::Malformed, "The query is not understood; dry_run is true or false.");
    options.map(|Query(options)| options.dry_run).map_err(unreadable)
}

/// A push that was taken, now or earlier.
#[derive(Debug, Serialize, ToSchema)]
pub struct PushAnswer {
    /// The link to send the person to. It is good for 48 hours, and leads to the credential once accepted.
    #[schema(
        example = "https://passport.example/partner/add/careerHistory#clientId=0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21&documentType=none&content=0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70"
    )]
    pub redirect_uri: String,
    /// A credential offer (OpenID4VCI 1.0) for the person's own wallet app: it asks them to sign in and to consent, like the
    /// link, and gives the signed credential to that app. Whichever of the two comes first wins. Not for a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        required = false,
        nullable = false,
        example = "https://passport.example/oid4vci/requests/0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70/offer"
    )]
    pub credential_offer_uri: Option<String>,
    /// Your own id for it.
    #[schema(example = "fa651300-b91a-49cb-8ee7-cac68b3fdf74")]
    pub credential_id: String,
    /// Our id for this request.
    pub request_id: Uuid,
    /// Where to send the documents for which an upload link was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<UploadLink>,
    /// `verified` where the person has accepted it already, or a standing consent of theirs covers the update: then nobody has to
    /// open the link. Left out while it waits for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, nullable = false, example = "verified")]
    pub status: Option<&'static str>,
    /// What you should know although the push was taken: for example, that an earlier body stands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

impl PushAnswer {
    /// The answer for `stored`, with the address of its credential offer.
    pub(super) fn new(stored: StoredPush, credential_offer_uri: Option<String>) -> Self {
        Self {
            redirect_uri: stored.redirect_uri,
            credential_offer_uri,
            credential_id: stored.credential_id,
            request_id: stored.request_id,
            assets: stored.uploads,
            status: stored.is_verified.then_some("verified"),
            warnings: stored.warnings,
        }
    }
}

/// A push that would be taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct DryRunAnswer {
    /// Always true.
    dry_run: bool,
    /// Your own id for it.
    credential_id: String,
    /// How a hirer would read it.
    #[schema(example = "Senior Software Engineer at Company B, and one earlier job")]
    headline: String,
    /// What you should know although it would be taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// What v1 answers to a push that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct V1Answer {
    /// The link to send the person to.
    pub redirect_uri: String,
}

/// Push one credential
///
/// Stores what you know of a person and answers with the link to send them to. The push is durable before it is answered.
/// Pushing the same `credential_id` again within 48 hours answers with the same link and changes nothing; after 48 hours
/// without acceptance the data is gone and the push starts anew. To update what you have sent earlier, push it under a new id
/// and name the earlier one in `replaces`.
#[utoipa::path(
    post,
    path = "/api/partner/v2/add/requests/{type}",
    params(PushOptions, super::idempotency::IdempotencyHeader),
    responses(
        (status = 201, description = "Taken: send the person to `redirect_uri`", body = PushAnswer),
        (status = 200, description = "With `dry_run`: it would be taken; nothing was stored", body = DryRunAnswer),
    ),
    tag = "Add"
)]
async fn push(
    State(app): State<App>,
    partner: Partner<Write>,
    options: Options,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    let push = Push { credential_type: partner.right.credential_type, body, version: Version::V2 };
    if is_dry_run(options)? {
        let PushPreview { credential_id, headline, warnings } = flows::push::dry_run(&app, partner.id, push).await?;
        return Ok(Json(DryRunAnswer { dry_run: true, credential_id, headline, warnings }).into_response());
    }
    let stored = flows::push::push(&app, partner.id, push).await?;
    let offer = app.links().push_offer(stored.request_id);
    Ok((StatusCode::CREATED, Json(PushAnswer::new(stored, Some(offer)))).into_response())
}

/// Push one credential (v1)
///
/// The form of older integrations. It does the same as v2, and answers with the link alone.
#[utoipa::path(
    post,
    path = "/api/partner/v1/add/{type}",
    params(super::idempotency::IdempotencyHeader),
    responses(
        (status = 201, description = "Taken: send the person to `redirect_uri`", body = V1Answer),
    ),
    tag = "Add"
)]
async fn push_v1(
    State(app): State<App>,
    partner: Partner<Write>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<V1Answer>), Error> {
    let push = Push { credential_type: partner.right.credential_type, body, version: Version::V1 };
    let stored = flows::push::push(&app, partner.id, push).await?;
    Ok((StatusCode::CREATED, Json(V1Answer { redirect_uri: stored.redirect_uri })))
}
