//! `POST /api/partner/v2/add/requests/{type}` and v1's `POST /api/partner/v1/add/{type}`: one submission (partner-api
//! sections 4, 5, 6 and 8).
//!
//! Owns how a submission is stored, and what is answered to any push: the link, upload links, warnings.

use std::borrow::Cow;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use credential::{Code, Context, Fault, Submission};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::claim::{self, Claim, Wished};
use super::partner::{Partner, Write};
use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::documents::{UploadLink, upload_links};
use crate::flows::{self, documents};
use crate::http::JsonBody;
use crate::mail::texts::Offer;
use store::domain::asset::{Asset, AssetState};
use store::domain::submission::{self as stored, State as SubmissionState};
use store::{NewRequest, NewSubmission, Pushed, joined_chain};

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
pub(super) type Options = Result<Query<PushOptions>, axum::extract::rejection::QueryRejection>;

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
    /// What you should know although the push was taken: for example, that an earlier body stands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// Something to know about a push that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct Warning {
    /// A stable code.
    #[schema(value_type = String, example = "submission.differs")]
    pub code: &'static str,
    /// In words.
    #[schema(value_type = String)]
    pub message: Cow<'static, str>,
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

pub(super) const DIFFERS: Warning = Warning {
    code: "submission.differs",
    message: Cow::Borrowed(
        "You have pushed this credential_id before, with another body. The earlier one stands; to correct it, push under a new credential_id.",
    ),
};

/// What a partner should know although `submission` is taken.
pub(super) fn advice(submission: &Submission) -> impl Iterator<Item = Warning> + use<> {
    submission.advice().into_iter().map(|advice| Warning { code: advice.code, message: advice.message.into() })
}

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
    ),
    tag = "Add"
)]
async fn push(
    State(app): State<App>,
    partner: Partner<Write>,
    options: Options,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    let dry_run = is_dry_run(options)?;
    let submission = Submission::parse_v2(partner.right.credential_type, &body, &context(&app));
    // The connection reads the next request into the same memory.
    drop(body);
    let submission = submission.inspect_err(|_| app.metrics().submissions("refused", 1))?;
    flows::sandbox::check_recipient(&app, partner.id, submission.claim.as_deref()).await?;
    documents::check(&app, partner.id, std::slice::from_ref(&submission)).await?;
    if dry_run {
        let headline = submission.credential_type.headline(&submission.fields);
        let warnings = advice(&submission).collect();
        let credential_id = submission.credential_id;
        return Ok(Json(DryRunAnswer { dry_run, credential_id, headline, warnings }).into_response());
    }
    let (credential_id, advice): (_, Vec<Warning>) = (submission.credential_id.clone(), advice(&submission).collect());
    let stored = store(&app, partner.id, submission).await?;
    let answer = PushAnswer {
        redirect_uri: stored.redirect_uri,
        credential_offer_uri: Some(app.links().push_offer(stored.request_id)),
        credential_id,
        request_id: stored.request_id,
        assets: stored.uploads,
        warnings: stored.warnings.into_iter().chain(advice).collect(),
    };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
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
    let known = partner.right.credential_type;
    if known.v1.is_none() {
        return Err(Error::unknown_type(known.name()));
    }
    let submission = Submission::parse_v1(known, &body, &context(&app));
    drop(body);
    let submission = submission.inspect_err(|_| app.metrics().submissions("refused", 1))?;
    documents::check(&app, partner.id, std::slice::from_ref(&submission)).await?;
    let stored = store(&app, partner.id, submission).await?;
    Ok((StatusCode::CREATED, Json(V1Answer { redirect_uri: stored.redirect_uri })))
}

/// What checking needs to know of the world.
pub fn context(app: &App) -> Context<'_> {
    Context { now: app.now().to_jiff(), categories: Some(&app.config().credentials.categories) }
}

/// What a push led to.
#[derive(Debug)]
pub struct Stored {
    /// The request that stands for the credential id now.
    pub request_id: Uuid,
    /// The documented link.
    pub redirect_uri: String,
    /// Where to send documents.
    pub uploads: Vec<UploadLink>,
    /// What the partner should know of this: that an earlier push stands, that the link was not mailed.
    pub warnings: Vec<Warning>,
}

/// Seals and stores `submission` for `partner`; returns once it is durable. It is taken whole, since nothing is left of what it
/// says of the person as soon as that is sealed.
///
/// # Errors
/// 401 if the partner was disabled meanwhile, 422 if its id is a batch's, 503 if nothing can be stored now.
pub async fn store(app: &App, partner: Uuid, mut submission: Submission) -> Result<Stored, Error> {
    let payload = submission.payload();
    // Its many small pieces are given back here, where they were used last, and not after the wait for the disk, when they are
    // far from the processor and perhaps another thread's.
    drop(submission.fields.take());
    let submission = &submission;
    let id = app.id();
    let new = prepare(app, partner, submission, &payload, id, None).await?;
    let assets = new.assets.clone();
    let link = app.links().push(submission.credential_type, partner, id, submission.document_type);
    let wished = Wished {
        email: submission.claim.as_deref(),
        partner,
        credential_id: &submission.credential_id,
        offer: Offer::One(submission.credential_type.title),
        request: id,
        link: &link,
        until: new.expires_at,
    };
    let Claim { mail, warning } = Claim::prepare(app, wished).await?;
    let pushed = app.committer().push_and_send(NewRequest::One(Box::new(new)), mail).await;
    // After an error nobody knows whether it was stored: then the sweep looks what is left over.
    if matches!(&pushed, Ok(outcome) if *outcome != Pushed::Created) {
        app.documents().discard_rows(&assets).await;
    }
    match pushed? {
        Pushed::Created => {
            app.metrics().submissions("created", 1);
            wake(app, &assets, submission.claim.is_some());
            Ok(Stored {
                request_id: id,
                redirect_uri: link,
                uploads: upload_links(app, &assets, submission, None),
                warnings: warning.into_iter().collect(),
            })
        }
        Pushed::Existing(existing) => Box::pin(stands(app, partner, &existing, submission, &payload)).await,
        Pushed::ExistingBatch(_) | Pushed::Taken(_) => Err(Error::invalid(vec![taken(&submission.id_pointer)])),
        Pushed::PartnerDisabled => Err(Error::unauthorized()),
    }
}

/// What is answered to a push whose id stands already.
async fn stands(
    app: &App,
    partner: Uuid,
    existing: &stored::Submission,
    submission: &Submission,
    payload: &[u8],
) -> Result<Stored, Error> {
    app.metrics().submissions("existing", 1);
    let differs = !is_same(app, existing, submission.credential_type, payload).await?;
    let uploads = existing_uploads(app, existing, submission, None).await?;
    let (request_id, redirect_uri) = match existing.batch_id {
        Some(batch) => (batch, app.links().batch(partner, batch)),
        None => {
            let document_type = existing.document_type.as_deref();
            (existing.id, app.links().push(existing.credential_type, partner, existing.id, document_type))
        }
    };
    let warnings = earlier_warnings(differs, submission.claim.is_some());
    Ok(Stored { request_id, redirect_uri, uploads, warnings })
}

/// The row of `submission` under `id`, sealed; documents that came along are written.
pub(super) async fn prepare(
    app: &App,
    partner: Uuid,
    submission: &Submission,
    payload: &[u8],
    id: Uuid,
    batch_id: Option<Uuid>,
) -> Result<NewSubmission, Error> {
    let now = app.now();
    let sealed = app.keyring().seal(now, &[b"submission", id.as_bytes()], payload).await?;
    Ok(NewSubmission {
        id,
        partner_id: partner,
        credential_id: submission.credential_id.clone(),
        credential_type: submission.credential_type,
        document_type: submission.document_type,
        batch_id,
        partner_chain: joined_chain(&submission.partner_chain),
        created_at: now,
        expires_at: now + app.config().retention.incomplete,
        assets: documents::rows(app, submission, id, sealed.period).await?,
        sealed,
    })
}

/// What to know of a push whose id stands already.
pub(super) fn earlier_warnings(differs: bool, has_claim: bool) -> Vec<Warning> {
    differs.then_some(DIFFERS).into_iter().chain(has_claim.then_some(claim::EARLIER)).collect()
}

/// Wakes whoever has something to do for a push that was stored.
pub(super) fn wake(app: &App, assets: &[Asset], has_claim: bool) {
    if has_claim {
        app.outbox().wake();
    }
    if assets.iter().any(|asset| matches!(asset.state, AssetState::Fetching { .. })) {
        app.documents().to_fetch.notify_one();
    }
}

/// Fresh links for the documents of an earlier push that nobody has answered.
pub(super) async fn existing_uploads(
    app: &App,
    existing: &stored::Submission,
    submission: &Submission,
    credential_id: Option<&str>,
) -> Result<Vec<UploadLink>, Error> {
    if !submission.awaits_uploads() || !matches!(existing.state, SubmissionState::Incomplete { .. }) {
        return Ok(Vec::new());
    }
    let rows = app.store().read().await?.assets(&[existing.id]).await?;
    Ok(upload_links(app, &rows, submission, credential_id))
}

/// The fault of an id that stands for something else.
pub(super) fn taken(pointer: &str) -> Fault {
    Fault {
        pointer: pointer.to_owned(),
        code: Code::CredentialIdTaken,
        message: "You have used this id for another request, which stands; use a new one.".to_owned(),
        received: None,
        suggestion: None,
    }
}
/// Whether an earlier push said the same. Where its data is gone there is nothing to compare, and nothing to warn of.
pub(super) async fn is_same(
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
        SubmissionState::Incomplete { sealed, .. } => app.keyring().open_sealed(sealed, &label).await?,
        SubmissionState::Accepted { holder, sealed, .. } | SubmissionState::Withdrawn { holder, sealed, .. } => {
            Some(app.keyring().open_for_holder(*holder, &label, sealed).await?)
        }
        SubmissionState::Declined { .. }
        | SubmissionState::Expired { .. }
        | SubmissionState::Removed { .. }
        | SubmissionState::TakenBack { .. } => None,
    };
    Ok(earlier.is_none_or(|earlier| earlier.as_slice() == payload))
}
