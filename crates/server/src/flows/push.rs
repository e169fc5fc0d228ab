//! Pushes: one submission of a partner, validated, encrypted and stored.
//!
//! Repeating a push returns the stored submission and changes nothing.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use credential::{Code, Context, FieldError, Payload, Submission, Type};
use uuid::Uuid;

use super::documents::{self, InspectedDocuments, UploadLink, upload_links};
use super::recipient_mail::{PushedLink, RecipientMail};
use super::return_url;
use super::sandbox;
use super::standing_consent::{self, Covered, StoredUpdate};
use super::warning::{Warning, advice, item_advice};
use crate::app::App;
use crate::error::Error;
use crate::mail::texts::Offer;
use store::domain::asset::{Asset, AssetState};
use store::domain::submission::{self as stored, Status, SubmissionState};
use store::{Alongside, NewRequest, NewSubmission, Pushed, joined_chain};

/// A push as received from a partner.
#[derive(Clone, Debug)]
pub struct Push {
    /// The type in the path.
    pub credential_type: Type,
    pub body: Bytes,
    /// The version of the API, which determines the format of the body.
    pub version: Version,
}

/// A version of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The format of older integrations.
    V1,
    /// The current format.
    V2,
}

/// A push that was stored, now or earlier.
#[derive(Debug)]
pub struct StoredPush {
    /// The partner's id of it.
    pub credential_id: String,
    pub request_id: Uuid,
    /// The link for the holder.
    pub redirect_uri: String,
    /// Whether all of it is verified: its holder accepted it, now or earlier.
    pub is_verified: bool,
    /// Where to upload documents.
    pub uploads: Vec<UploadLink>,
    /// Warnings for the partner: for example, that an earlier body is kept, or that the link was
    /// not mailed.
    pub warnings: Vec<Warning>,
}

/// A push that would be stored.
#[derive(Debug)]
pub struct PushPreview {
    /// The partner's id of it.
    pub credential_id: String,
    /// One line that summarizes it, as hirers see it.
    pub headline: String,
    /// Warnings for the partner.
    pub warnings: Vec<Warning>,
}

/// Validates and stores a push. Returns once it is durable.
///
/// # Errors
/// 400 or 422 for an invalid body, 401 if the partner was disabled meanwhile, 404 if v1 does not
/// have the type, 503 if nothing can be stored now.
pub async fn push(app: &App, partner: Uuid, push: Push) -> Result<StoredPush, Error> {
    let (submission, inspected) = validated(app, partner, push).await?;
    let advice: Vec<Warning> = advice(&submission).collect();
    let mut stored = store(app, partner, submission, &inspected).await?;
    stored.warnings.extend(advice);
    Ok(stored)
}

/// Validates a push as [`push`] does, without storing anything.
///
/// # Errors
/// As [`push`].
pub async fn dry_run(app: &App, partner: Uuid, push: Push) -> Result<PushPreview, Error> {
    let (submission, _) = validated(app, partner, push).await?;
    Ok(preview(&submission))
}

/// Returns the result of a dry run.
pub fn preview(submission: &Submission) -> PushPreview {
    PushPreview {
        credential_id: submission.credential_id.clone(),
        headline: submission.credential_type.headline(&submission.fields()),
        warnings: advice(submission).collect(),
    }
}

/// Returns the result of a dry run for an item of a batch.
pub(super) fn item_preview(item: &Submission) -> PushPreview {
    PushPreview { warnings: item_advice(item).collect(), ..preview(item) }
}

async fn validated(app: &App, partner: Uuid, push: Push) -> Result<(Submission, InspectedDocuments), Error> {
    let Push { credential_type, body, version } = push;
    let mut submission = match version {
        Version::V2 => Submission::parse_v2(credential_type, &body, &context(app)),
        Version::V1 if credential_type.v1.is_none() => return Err(Error::unknown_v1_type(credential_type.name())),
        Version::V1 => Submission::parse_v1(credential_type, &body, &context(app)),
    };
    if version == Version::V2 {
        let names_one = |parsed: &Submission| parsed.return_url.is_some();
        if let Some(list) = return_url::list_for(app, partner, &body, &submission, names_one).await? {
            let context = Context { return_urls: Some(&list), ..context(app) };
            submission = Submission::parse_v2(credential_type, &body, &context);
        }
    }
    // Dropped early, so that the connection can reuse the buffer for its next request.
    drop(body);
    let mut submission = submission.inspect_err(|_| app.metrics().submissions("refused", 1))?;
    sandbox::check_recipient(app, partner, submission.notify.as_deref()).await?;
    standing_consent::check_replaced(app, partner, std::slice::from_ref(&submission)).await?;
    let inspected = documents::check(app, partner, std::slice::from_mut(&mut submission)).await?;
    Ok((submission, inspected))
}

/// Returns the time and the settings that validation depends on.
pub fn context(app: &App) -> Context<'_> {
    Context { now: app.now().to_jiff(), categories: Some(&app.config().credentials.categories), return_urls: None }
}

/// Encrypts and stores `submission`. Returns once it is durable.
async fn store(
    app: &App,
    partner: Uuid,
    submission: Submission,
    inspected: &InspectedDocuments,
) -> Result<StoredPush, Error> {
    let payload = submission.payload();
    let covered = standing_consent::covered(app, partner, &submission).await?;
    let submission = &submission;
    let id = app.id();
    let new = prepare(app, partner, (submission, inspected), &payload, id, None).await?;
    let assets = new.assets.clone();
    let link = app.links().push(submission.credential_type, partner, id, submission.document_type);
    let email = submission.notify.as_deref();
    let pushed_link = PushedLink {
        // If an update is accepted immediately, there is no link that the holder must open.
        email: email.filter(|_| covered.is_none()),
        partner,
        credential_id: &submission.credential_id,
        offer: Offer::One(submission.credential_type.title),
        request: id,
        link: &link,
        until: new.expires_at,
    };
    let RecipientMail { item, warning, recipient } = RecipientMail::prepare(app, pushed_link).await?;
    let alongside = Alongside { outgoing: item, return_url: submission.return_url.clone(), recipient };
    let pushed = app.committer().push_with(NewRequest::One(Arc::new(new)), alongside).await;
    // On an error the outcome is unknown; the sweep deletes orphaned documents.
    if matches!(&pushed, Ok(outcome) if *outcome != Pushed::Created) {
        app.documents().discard_rows(&assets).await;
    }
    match pushed? {
        Pushed::Created => {
            app.metrics().submissions("created", 1);
            wake(app, &assets, email.is_some());
            let mut warnings: Vec<Warning> = warning.into_iter().collect();
            let mut is_verified = false;
            if let Some(covered) = covered {
                let update = StoredUpdate { id, batch: None, payload: &payload };
                let pushed_link = PushedLink { email, ..pushed_link };
                (is_verified, warnings) = Box::pin(accept_update(app, covered, update, pushed_link)).await?;
            }
            Ok(StoredPush {
                credential_id: submission.credential_id.clone(),
                request_id: id,
                uploads: upload_links(app, &assets, submission, None),
                redirect_uri: link,
                is_verified,
                warnings,
            })
        }
        Pushed::Existing(existing) if existing.credential_type == submission.credential_type => {
            Box::pin(repeated(app, partner, &existing, (submission, covered), &payload)).await
        }
        Pushed::Existing(_) | Pushed::ExistingBatch(_) | Pushed::Taken(_) => {
            Err(Error::invalid(vec![id_taken(&submission.id_pointer)]))
        }
        Pushed::PartnerDisabled => Err(Error::disabled_client()),
    }
}

/// Accepts an update that was just stored under a standing consent. If that is no longer possible,
/// its link is mailed as for other pushes. Returns whether it was accepted, and the warnings.
async fn accept_update(
    app: &App,
    covered: Covered,
    update: StoredUpdate<'_>,
    pushed_link: PushedLink<'_>,
) -> Result<(bool, Vec<Warning>), Error> {
    if standing_consent::accept(app, covered, update).await? {
        return Ok((true, Vec::new()));
    }
    Ok((false, RecipientMail::send(app, pushed_link).await?.into_iter().collect()))
}

/// Returns the response to a push whose id already exists.
async fn repeated(
    app: &App,
    partner: Uuid,
    existing: &stored::Submission,
    (submission, covered): (&Submission, Option<Covered>),
    payload: &[u8],
) -> Result<StoredPush, Error> {
    app.metrics().submissions("existing", 1);
    let is_same = is_same(app, existing, payload).await?;
    let is_verified = match covered.filter(|_| is_same && is_unopened(existing)) {
        // Accepting it may have failed after it was stored.
        Some(covered) => {
            let update = StoredUpdate { id: existing.id, batch: existing.batch_id, payload };
            standing_consent::accept(app, covered, update).await?
        }
        None => matches!(existing.status(), Status::Verified(_)),
    };
    let uploads = existing_uploads(app, existing, submission, None).await?;
    let (request_id, link) = match existing.batch_id {
        Some(batch) => (batch, app.links().batch(partner, batch)),
        None => {
            let document_type = existing.document_type.as_deref();
            (existing.id, app.links().push(existing.credential_type, partner, existing.id, document_type))
        }
    };
    // A batch has one return URL for all its items.
    let returns_elsewhere =
        existing.batch_id.is_none() && returns_elsewhere(app, request_id, submission.return_url.as_deref()).await?;
    let pushed = PushedLink {
        email: submission.notify.as_deref().filter(|_| !is_verified),
        partner,
        credential_id: &submission.credential_id,
        offer: Offer::One(existing.credential_type.title),
        request: request_id,
        link: &link,
        until: existing.expires_at,
    };
    let warnings = repeat_warnings(!is_same || returns_elsewhere, RecipientMail::repeat(app, pushed).await?);
    Ok(StoredPush {
        credential_id: submission.credential_id.clone(),
        request_id,
        redirect_uri: link,
        is_verified,
        uploads,
        warnings,
    })
}

/// Creates the encrypted row of `submission` with this `id`, and writes embedded documents.
pub(super) async fn prepare(
    app: &App,
    partner: Uuid,
    (submission, inspected): (&Submission, &InspectedDocuments),
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
        partner_chain: app.partner_chains().counted(partner, joined_chain(&submission.partner_chain), now),
        created_at: now,
        expires_at: now + app.config().retention.incomplete,
        assets: documents::rows(app, partner, submission, inspected, id, sealed.period).await?,
        sealed,
    })
}

/// Returns whether `existing` is pending and its link unopened.
pub(super) fn is_unopened(existing: &stored::Submission) -> bool {
    matches!(existing.state, SubmissionState::Incomplete { holder: None, .. })
}

const DIFFERS: Warning = Warning {
    code: "duplicate.different_body",
    message: Cow::Borrowed(
        "You have already pushed this credential_id with a different body. The earlier submission is unchanged. To \
         correct it, push with a new credential_id.",
    ),
    place: String::new(),
};

/// Returns the warnings about a push whose id already exists.
pub(super) fn repeat_warnings(differs: bool, not_mailed: Option<Warning>) -> Vec<Warning> {
    differs.then_some(DIFFERS).into_iter().chain(not_mailed).collect()
}

/// Wakes the jobs that have work to do for a stored push.
pub(super) fn wake(app: &App, assets: &[Asset], has_claim: bool) {
    if has_claim {
        app.outbox().wake();
    }
    if assets.iter().any(|asset| matches!(asset.state, AssetState::Fetching { .. })) {
        app.documents().to_fetch.notify_one();
    }
}

/// Creates new upload links for the documents of an earlier push that is still pending.
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

/// Returns the error for an id that another request already uses.
pub(super) fn id_taken(pointer: &str) -> FieldError {
    FieldError {
        pointer: pointer.to_owned(),
        code: Code::CredentialIdTaken,
        message: "You have already used this id for another request or another credential type. Use a new id."
            .to_owned(),
        received: None,
        suggestion: None,
    }
}

/// Returns whether the earlier push with this link had a different `return_url`, or none.
pub(super) async fn returns_elsewhere(app: &App, link: Uuid, return_url: Option<&str>) -> Result<bool, Error> {
    Ok(app.store().acquire().await?.return_url(link).await?.as_deref() != return_url)
}

/// Returns whether an earlier push of the same type had the same payload.
///
/// If its data is deleted there is nothing to compare, so this is true. It is also true for
/// accepted submissions once the period for comparing repeats has passed. Otherwise the response
/// would reveal whether the holder has deleted the credential (docs/partner-api.md section 8).
pub(super) async fn is_same(app: &App, existing: &stored::Submission, payload: &[u8]) -> Result<bool, Error> {
    let label: [&[u8]; 2] = [b"submission", existing.id.as_bytes()];
    let earlier = match &existing.state {
        SubmissionState::Incomplete { sealed, .. } => app.keyring().open_sealed(sealed, &label).await?,
        SubmissionState::Accepted { .. } | SubmissionState::Withdrawn { .. }
            if existing.expires_at <= app.trusted_time().now() =>
        {
            None
        }
        SubmissionState::Accepted { holder, sealed, .. } | SubmissionState::Withdrawn { holder, sealed, .. } => {
            Some(app.keyring().open_for_holder(*holder, &label, sealed).await?)
        }
        SubmissionState::Declined { .. }
        | SubmissionState::Expired { .. }
        | SubmissionState::Removed { .. }
        | SubmissionState::WithdrawnPending { .. } => None,
    };
    let Some(earlier) = earlier.filter(|earlier| earlier.as_slice() != payload) else { return Ok(true) };
    // Confirmations by the holder were not part of the push.
    let unconfirmed = |payload: Payload| Payload { confirmed_name: None, confirmed_birth_date: None, ..payload };
    let pushed = |bytes: &[u8]| Payload::from_bytes(bytes).map(unconfirmed);
    Ok(pushed(&earlier).map_err(Error::internal)? == pushed(payload).map_err(Error::internal)?)
}
