//! Pushes: `POST /api/partner/v2/add/requests/{type}` and v1's `POST /api/partner/v1/add/{type}`
//! (docs/partner-api.md sections 4, 5, 6 and 8).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::partner::{Partner, Write, WriteV1};
use super::push_body::PushBody;
use super::v1;
use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows;
use crate::flows::documents::UploadLink;
use crate::flows::push::{Push, PushPreview, StoredPush, Version};
use crate::flows::warning::Warning;
use crate::http::extract::Query;
use crate::openapi::values::Status;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(push)).routes(routes!(push_v1))
}

/// Options of a push.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PushOptions {
    /// Validate the body without storing anything. The response is 200 if the push would be
    /// accepted, or lists the errors.
    pub dry_run: bool,
}

/// The options, or the error of parsing them.
pub(super) type Options = Result<Query<PushOptions>, Error>;

pub(super) fn is_dry_run(options: Options) -> Result<bool, Error> {
    let unreadable = |_| Error::new(Kind::Malformed, "Invalid query: dry_run must be true or false.");
    options.map(|Query(options)| options.dry_run).map_err(unreadable)
}

/// A push that was accepted, now or earlier.
#[derive(Debug, Serialize, ToSchema)]
pub struct PushAnswer {
    /// The link to send the person to. It is valid for 48 hours. After the person has accepted, it
    /// leads to the credential.
    #[schema(
        example = "https://passport.example/partner/add/careerHistory#clientId=0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21&documentType=none&content=0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70"
    )]
    pub redirect_uri: String,
    /// A credential offer (OpenID4VCI 1.0) for the person's own wallet app. Like the link, it asks
    /// them to sign in and consent; it then issues the signed credential to that app. The person
    /// can use either the link or the offer; the first one used takes effect. Not available for
    /// batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        required = false,
        nullable = false,
        example = "https://passport.example/oid4vci/requests/0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70/offer"
    )]
    pub credential_offer_uri: Option<String>,
    /// Your own id for the credential.
    #[schema(example = "fa651300-b91a-49cb-8ee7-cac68b3fdf74")]
    pub credential_id: String,
    /// Our id for this request.
    pub request_id: Uuid,
    /// Upload URLs for the documents that you declared as uploads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<UploadLink>,
    /// `verified` if the person has already accepted it, or if their standing consent covers the
    /// update: they then do not have to open the link. Omitted while their decision is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Status, required = false, nullable = false)]
    pub status: Option<&'static str>,
    /// Warnings about a successful push: for example, that an earlier body with the same id is
    /// kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

impl PushAnswer {
    /// Creates the response for `stored`, with the URL of its credential offer.
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

/// A push that would be accepted.
#[derive(Debug, Serialize, ToSchema)]
pub struct DryRunAnswer {
    /// Always true.
    #[schema(example = true)]
    dry_run: bool,
    /// Your own id for the credential.
    #[schema(example = "fa651300-b91a-49cb-8ee7-cac68b3fdf74")]
    credential_id: String,
    /// One line that summarizes the credential, as hirers see it.
    #[schema(example = "Senior Software Engineer at Company B, and one earlier job")]
    headline: String,
    /// Warnings about the push.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

impl From<PushPreview> for DryRunAnswer {
    fn from(preview: PushPreview) -> Self {
        let PushPreview { credential_id, headline, warnings } = preview;
        Self { dry_run: true, credential_id, headline, warnings }
    }
}

/// The v1 response to a push.
#[derive(Debug, Serialize, ToSchema)]
pub struct V1Answer {
    /// The link to send the person to.
    #[schema(
        example = "https://passport.example/partner/add/careerHistory#clientId=0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21&documentType=none&content=0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70"
    )]
    pub redirect_uri: String,
}

/// Push one credential
///
/// Stores a credential of a person, and returns the link to send them to. The data is durable when
/// you receive the response. Pushing the same `credential_id` again within 48 hours returns the
/// same link and changes nothing. If the person does not accept within 48 hours, the data is
/// deleted, and the id can be pushed again as a new request. To update a credential that you pushed
/// earlier, push it under a new id and name the earlier one in `replaces`.
#[utoipa::path(
    post,
    path = "/api/partner/v2/add/requests/{type}",
    params(PushOptions, super::idempotency::IdempotencyHeader),
    responses(
        (status = 201, description = "Created. Send the person to `redirect_uri`", body = PushAnswer),
        (status = 200, description = "With `dry_run`: valid. Nothing was stored", body = DryRunAnswer),
    ),
    tag = "Add"
)]
async fn push(
    State(app): State<App>,
    partner: Partner<Write>,
    options: Options,
    body: PushBody,
) -> Result<Response, Error> {
    let PushBody { bytes: body, turn: _turn } = body;
    let push = Push { credential_type: partner.right.credential_type, body, version: Version::V2 };
    if is_dry_run(options)? {
        return Ok(Json(DryRunAnswer::from(flows::push::dry_run(&app, partner.id, push).await?)).into_response());
    }
    let stored = flows::push::push(&app, partner.id, push).await?;
    let offer = app.links().push_offer(stored.request_id);
    Ok((StatusCode::CREATED, Json(PushAnswer::new(stored, Some(offer)))).into_response())
}

/// Returns the v1 response for `stored`. Its body has no member for warnings, so they are headers.
pub(super) fn v1_answer(stored: StoredPush) -> Response {
    let StoredPush { redirect_uri, warnings, .. } = stored;
    let mut response = (StatusCode::CREATED, Json(V1Answer { redirect_uri })).into_response();
    v1::add_warnings(&warnings, response.headers_mut());
    response
}

/// Push one credential (v1)
///
/// The format of older integrations. It works like v2, but the response contains only the link.
/// What v2 returns in `warnings` is in `Tenure-Warning` headers. v1 has no upload URLs: a document
/// is an https URL or, for `open_cert`, the OpenCerts document as a string.
#[utoipa::path(
    post,
    path = "/api/partner/v1/add/{type}",
    params(PushOptions, super::idempotency::IdempotencyHeader),
    responses(
        (status = 200, description = "With `dry_run`: valid. Nothing was stored", body = DryRunAnswer),
        (status = 201, description = "Created. Send the person to `redirect_uri`", body = V1Answer,
            headers(("Tenure-Warning" = String, description = "At most 8, one for each kind of warning: its code and message, as `code;message=\"...\"`, or `code;message=%\"...\"` if the message is not ASCII (RFC 9651)"))),
    ),
    tag = "Add"
)]
async fn push_v1(
    State(app): State<App>,
    partner: Partner<WriteV1>,
    options: Options,
    body: PushBody,
) -> Result<Response, Error> {
    let PushBody { bytes: body, turn: _turn } = body;
    let push = Push { credential_type: partner.right.credential_type, body, version: Version::V1 };
    if is_dry_run(options)? {
        return Ok(Json(DryRunAnswer::from(flows::push::dry_run(&app, partner.id, push).await?)).into_response());
    }
    let stored = flows::push::push(&app, partner.id, push).await?;
    Ok(v1_answer(stored))
}
