//! `POST /api/partner/v2/add/requests/{type}`: one submission (partner-api sections 4, 5 and 8).

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use credential::{Context, Submission};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::JsonBody;
use crate::app::App;
use crate::auth::partner::{Partner, Write};
use crate::domain::submission::{self as stored, State as SubmissionState};
use crate::error::{Error, Problem};
use crate::store::{NewSubmission, Pushed};

/// The route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(push))
}

/// Options of a push.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PushOptions {
    /// Check the body and store nothing. The answer is 200 if a push would be taken, or the faults.
    dry_run: bool,
}

/// A push that was taken, now or earlier.
#[derive(Debug, Serialize, ToSchema)]
pub struct PushAnswer {
    /// The link to send the person to. It is good for 48 hours, and leads to the credential once accepted.
    #[schema(
        example = "https://passport.example/partner/add/careerHistory#clientId=0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21&documentType=none&content=0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70"
    )]
    redirect_uri: String,
    /// Your own id for it.
    #[schema(example = "fa651300-b91a-49cb-8ee7-cac68b3fdf74")]
    credential_id: String,
    /// Our id for this request.
    request_id: Uuid,
    /// What you should know although the push was taken: for example, that an earlier body stands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// Something to know about a push that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct Warning {
    /// A stable code.
    #[schema(example = "submission.differs")]
    code: &'static str,
    /// In words.
    message: &'static str,
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
}

const DIFFERS: Warning = Warning {
    code: "submission.differs",
    message: "You have pushed this credential_id before, with another body. The earlier one stands; to correct it, push under a new credential_id.",
};

/// Push one credential
///
/// Stores what you know of a person and answers with the link to send them to. The push is durable before it is answered.
/// Pushing the same `credential_id` again within 48 hours answers with the same link and changes nothing; after 48 hours
/// without acceptance the data is gone and the push starts anew.
#[utoipa::path(
    post,
    path = "/api/partner/v2/add/requests/{type}",
    params(PushOptions, super::idempotency::IdempotencyHeader),
    responses(
        (status = 201, description = "Taken: send the person to `redirect_uri`", body = PushAnswer),
        (status = 200, description = "With `dry_run`: it would be taken; nothing was stored", body = DryRunAnswer),
        (status = 400, description = "The body is not JSON; line and column are named", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The Idempotency-Key was used for another request, or its first request is still under way", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not `application/json`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Every fault of the body, each with its place, code and cure", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be stored now; nothing was stored", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "Add"
)]
async fn push(
    State(app): State<App>,
    partner: Partner<Write>,
    options: Result<Query<PushOptions>, axum::extract::rejection::QueryRejection>,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    let Query(options) = options.map_err(|_| {
        Error::new(crate::error::Kind::Malformed, "The query is not understood; dry_run is true or false.")
    })?;
    let now = app.now();
    let submission = Submission::parse_v2(partner.right.credential_type, &body, &Context { now: now.to_jiff() })
        .inspect_err(|_| app.metrics.submissions("refused", 1))?;
    if options.dry_run {
        let headline = submission.credential_type.headline(&submission.fields);
        return Ok(
            Json(DryRunAnswer { dry_run: true, credential_id: submission.credential_id, headline }).into_response()
        );
    }
    let credential_id = submission.credential_id.clone();
    let stored = store(&app, partner.id, &submission).await?;
    let redirect_uri = redirect_uri(app.config.base(), submission.credential_type, partner.id, stored.request_id);
    let warnings = if stored.differs { vec![DIFFERS] } else { Vec::new() };
    let answer = PushAnswer { redirect_uri, credential_id, request_id: stored.request_id, warnings };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// What a push led to.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    /// The request that stands for the credential id now.
    pub request_id: Uuid,
    /// Whether an earlier push stands that said something else.
    pub differs: bool,
}

/// Seals and stores `submission` for `partner`; returns once it is durable.
///
/// # Errors
/// 401 if the partner was disabled meanwhile, 503 if nothing can be stored now.
pub async fn store(app: &App, partner: Uuid, submission: &Submission) -> Result<Stored, Error> {
    let now = app.now();
    let (id, payload) = (app.chance.id(now), submission.payload());
    let new = NewSubmission {
        id,
        partner_id: partner,
        credential_id: submission.credential_id.clone(),
        credential_type: submission.credential_type,
        created_at: now,
        expires_at: now + app.config.retention.incomplete,
        sealed: app.keyring.seal(now, &[b"submission", id.as_bytes()], &payload).await?,
    };
    match app.committer.push(new).await? {
        Pushed::Created => {
            app.metrics.submissions("created", 1);
            Ok(Stored { request_id: id, differs: false })
        }
        Pushed::Existing(existing) => {
            app.metrics.submissions("existing", 1);
            let same = is_same(app, &existing, submission.credential_type, &payload).await?;
            Ok(Stored { request_id: existing.id, differs: !same })
        }
        Pushed::PartnerDisabled => Err(Error::unauthorized()),
    }
}

/// The documented link: parameters in the fragment, form-encoded, in this order (partner-api section 8). `content` is
/// the server's id, so that nobody who knows the partner's id can open it.
pub fn redirect_uri(base: &str, credential_type: credential::Type, partner: Uuid, request_id: Uuid) -> String {
    format!(
        "{base}/partner/add/{}#clientId={partner}&documentType=none&content={request_id}",
        credential_type.redirect_name
    )
}

/// Whether an earlier push said the same. Where its data is gone there is nothing to compare, and nothing to warn of.
async fn is_same(
    app: &App,
    existing: &stored::Submission,
    credential_type: credential::Type,
    payload: &[u8],
) -> Result<bool, Error> {
    if existing.credential_type != credential_type {
        return Ok(false);
    }
    let label: [&[u8]; 2] = [b"submission", existing.id.as_bytes()];
    let earlier = match &existing.state {
        SubmissionState::Incomplete { sealed, .. } => app.keyring.open_sealed(sealed, &label).await?,
        SubmissionState::Accepted { holder, sealed, .. } => {
            Some(app.keyring.open_for_holder(*holder, &label, sealed).await?)
        }
        SubmissionState::Declined { .. } | SubmissionState::Expired { .. } | SubmissionState::Removed { .. } => None,
    };
    Ok(earlier.is_none_or(|earlier| earlier.as_slice() == payload))
}
