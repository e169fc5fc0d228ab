//! Documents of submissions: checked and stored with a push, uploaded afterwards, shown to their
//! holder.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use credential::{AssetKind, AssetSource, Code, FieldError, MAX_BYTES, Submission};
use futures::{Stream, TryStreamExt as _};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::documents::{InspectedBytes, Owner, UploadError, UploadSlotError, UploadToken};
use crate::error::{Error, Kind};
use crate::log;
use ambient::Timestamp;
use store::domain::asset::{Asset, AssetState, Failure};
use store::domain::submission::SubmissionState;
use store::{Partner, StoreError};

/// `Retry-After` of a partner that has reached its limit of concurrent uploads.
const UPLOAD_RETRY: Duration = Duration::from_secs(2);

/// Inspected documents from a request body, by their JSON Pointer.
#[derive(Debug, Default)]
pub struct InspectedDocuments(HashMap<String, InspectedBytes>);

/// Inspects the documents embedded in `submissions`, which are taken out of them, and checks the
/// addresses of those to be fetched.
///
/// # Errors
/// 422 with every field error.
pub async fn check(app: &App, partner: Uuid, submissions: &mut [Submission]) -> Result<InspectedDocuments, Error> {
    let mut field_errors = Vec::new();
    let mut inspected = InspectedDocuments::default();
    let mut known: Option<Partner> = None;
    for asset in submissions.iter_mut().flat_map(|submission| &mut submission.assets) {
        // Boxed because it is rare: otherwise its state would enlarge the future of every push.
        let refused = Box::pin(refusal(app, partner, asset, &mut known, &mut inspected)).await?;
        field_errors.extend(refused.map(|(code, message)| FieldError {
            pointer: asset.pointer.clone(),
            code,
            message,
            received: None,
            suggestion: None,
        }));
    }
    if field_errors.is_empty() { Ok(inspected) } else { Err(Error::invalid(field_errors)) }
}

/// Returns the error of a document, or `None` if it is accepted. `known` caches the partner once it
/// was read.
async fn refusal(
    app: &App,
    partner: Uuid,
    asset: &mut credential::Asset,
    known: &mut Option<Partner>,
    inspected: &mut InspectedDocuments,
) -> Result<Option<(Code, String)>, Error> {
    if let Some(bytes) = asset.take_bytes() {
        return match app.documents().inspect_bytes(partner, asset.kind, bytes).await {
            Ok(found) => {
                inspected.0.insert(asset.pointer.clone(), found);
                Ok(None)
            }
            Err(UploadError::Store(error)) => Err(error.into()),
            Err(refused) => Ok(Some((Code::AssetDataContent, refused.to_string()))),
        };
    }
    match &asset.source {
        AssetSource::Upload | AssetSource::Bytes(_) | AssetSource::Taken(_) => Ok(None),
        AssetSource::Address(address) => {
            if known.is_none() {
                *known = app.store().read().await?.partner(partner).await?;
            }
            let url = Url::parse(address).ok();
            let host = url.as_ref().and_then(Url::host_str);
            let is_listed = known.as_ref().zip(host).is_some_and(|(partner, host)| partner.may_fetch_from(host));
            let message = if !is_listed {
                "This host is not on your list of document hosts. Ask the operator to add it, or upload the document."
            } else if url.as_ref().is_some_and(|url| app.documents().outbound.is_allowed(url)) {
                return Ok(None);
            } else if url.is_some_and(|url| app.documents().outbound.may_ask_port(&url)) {
                "The URL must have a public host: its name is not public. Use another host, or upload the document."
            } else {
                "Documents are fetched from port 443 only, unless the operator allows other ports. Use port 443, ask \
                 the operator, or upload the document."
            };
            Ok(Some((Code::AssetDataAddress, message.to_owned())))
        }
    }
}

/// Creates the rows of a submission's assets. Embedded documents are written from `inspected`.
///
/// # Errors
/// The store cannot be used.
pub async fn rows(
    app: &App,
    partner: Uuid,
    submission: &Submission,
    inspected: &InspectedDocuments,
    id: Uuid,
    period: Timestamp,
) -> Result<Vec<Asset>, StoreError> {
    let mut rows = Vec::with_capacity(submission.assets.len());
    for (position, asset) in submission.assets.iter().enumerate() {
        let asset_id = app.id();
        let inspected = inspected.0.get(&asset.pointer);
        let ids = (partner, asset_id);
        let state = Box::pin(app.documents().first_state(&asset.source, inspected, ids, period)).await?;
        rows.push(Asset {
            id: asset_id,
            submission_id: id,
            position: i64::try_from(position).unwrap_or(i64::MAX),
            asset_id: asset.asset_id.clone(),
            kind: asset.kind,
            state: state.ok_or_else(|| StoreError::corrupt_row("ring_key", "gone at once"))?,
        });
    }
    Ok(rows)
}

/// Where to upload one document.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadLink {
    /// The id of the batch's item that the document belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub credential_id: Option<String>,
    /// Your own id for the document.
    #[schema(example = "testamur")]
    pub asset_id: String,
    /// The URL to PUT the document's bytes to. It needs no access token.
    #[schema(
        example = "https://passport.example/api/partner/v2/uploads/0192f0c15a777e118f3a2b9c4d5e6f70.1795428000.Yk1"
    )]
    pub upload_url: String,
    /// The `Content-Type` to send.
    #[schema(example = "application/pdf")]
    pub content_type: &'static str,
    /// When the upload URL expires (RFC 3339, UTC).
    #[schema(value_type = String, format = "date-time", example = "2026-11-23T10:00:00Z")]
    pub expires_at: Timestamp,
}

/// Creates upload links for those of `rows` that `submission` declares as uploads. An uploaded
/// document can be replaced.
pub fn upload_links(
    app: &App,
    rows: &[Asset],
    submission: &Submission,
    credential_id: Option<&str>,
) -> Vec<UploadLink> {
    let is_requested = |row: &&Asset| {
        matches!(row.state, AssetState::Awaited | AssetState::Stored(_))
            && submission
                .assets
                .iter()
                .any(|asset| asset.asset_id == row.asset_id && asset.source == AssetSource::Upload)
    };
    let link = |row: &Asset| {
        // Rounded down to seconds, as in the token.
        let expires_at = (app.now() + app.config().object_storage.upload_lifetime).floor(Duration::from_secs(1));
        let token = UploadToken { asset: row.id, expires_at };
        UploadLink {
            credential_id: credential_id.map(ToOwned::to_owned),
            asset_id: row.asset_id.clone(),
            upload_url: app.links().upload(&token.write(app.keyring())),
            content_type: row.kind.content_type(),
            expires_at,
        }
    };
    rows.iter().filter(is_requested).map(link).collect()
}

/// Stores the document that is uploaded with `token`, and replaces an earlier one.
///
/// # Errors
/// 404 for a token that this server did not issue; 410 if it has expired; 409 once the holder has
/// decided, or while the document is already being uploaded; 429 if the partner uploads too many at
/// once; 400, 413, 415 or 422 for the document.
pub async fn upload(
    app: &App,
    token: &str,
    content_type: &str,
    content_length: Option<u64>,
    source: impl Stream<Item = Result<Bytes, Failure>>,
) -> Result<(), Error> {
    let token = UploadToken::parse(app.keyring(), token).ok_or_else(Error::not_found)?;
    if token.expires_at <= app.trusted_time().now() {
        return Err(Error::new(
            Kind::Gone,
            "This upload URL has expired. Push the same credential_id again to get a new one.",
        ));
    }
    let mut tx = app.store().read().await?;
    let asset = tx.asset(token.asset).await?.ok_or_else(too_late)?;
    let submission = tx.linked_submission(asset.submission_id, app.trusted_time().now()).await?.ok_or_else(too_late)?;
    let partner = tx.partner(submission.partner_id).await?;
    drop(tx);
    let Some(partner) = partner.filter(Partner::is_active) else { return Err(too_late()) };
    let SubmissionState::Incomplete { sealed, .. } = &submission.state else { return Err(too_late()) };
    let expected = asset.kind.content_type();
    // Generated clients send any binary body as `application/octet-stream`.
    let is_accepted = |other: &str| content_type.eq_ignore_ascii_case(other);
    if !is_accepted(expected) && !is_accepted("application/octet-stream") {
        let detail =
            format!("Send this document with the header Content-Type: {expected}, which came with the upload URL.");
        return Err(Error::new(Kind::UnsupportedMediaType, detail));
    }
    if content_length.is_some_and(|length| length > MAX_BYTES as u64) {
        return Err(UploadError::TooLarge.into());
    }
    let _slot = app.documents().upload_slots.take(partner.id, asset.id).map_err(no_slot)?;
    let written = app.documents().take_in(submission.partner_id, asset.kind, source).await?;
    let state = app.documents().stored(asset.id, sealed.period, written).await?.ok_or_else(too_late)?;
    let mut tx = app.store().write().await?;
    if tx.change_asset(asset.id, &state, app.now()).await? {
        tx.commit().await?;
        app.metrics().documents("uploaded");
        return Ok(());
    }
    drop(tx);
    if let AssetState::Stored(object) = state {
        app.documents().discard(object.name).await;
    }
    Err(too_late())
}

fn no_slot(why: UploadSlotError) -> Error {
    match why {
        UploadSlotError::SameDocument => {
            Error::new(Kind::Conflict, "An upload of this document is in progress. Retry after it has ended.")
        }
        UploadSlotError::TooManyUploads => Error::new(
            Kind::TooManyRequests(UPLOAD_RETRY),
            "You have too many concurrent uploads. Retry after one of them has ended.",
        ),
    }
}

fn too_late() -> Error {
    Error::new(
        Kind::Conflict,
        "Documents are accepted until the person decides, for at most 48 hours. This submission no longer accepts any.",
    )
}

/// A document that is open for reading.
#[derive(Debug)]
pub struct OpenDocument<S> {
    /// Its file type.
    pub kind: AssetKind,
    /// Its size in bytes.
    pub size: u64,
    /// Its bytes.
    pub bytes: S,
}

/// Opens a document for the holder of its submission.
///
/// # Errors
/// 404 if it does not exist or belongs to another holder.
pub async fn open(
    app: &App,
    holder: Uuid,
    id: Uuid,
) -> Result<OpenDocument<impl Stream<Item = Result<Bytes, StoreError>> + use<>>, Error> {
    let mut tx = app.store().read().await?;
    let asset = tx.asset(id).await?.ok_or_else(Error::not_found)?;
    let submission = tx.linked_submission(asset.submission_id, app.trusted_time().now()).await?;
    drop(tx);
    let submission = submission.filter(|found| found.holder() == Some(holder));
    let owner = match submission.ok_or_else(Error::not_found)?.state {
        SubmissionState::Incomplete { sealed, .. } => Owner::Epoch(sealed.period),
        SubmissionState::Accepted { holder, .. } | SubmissionState::Withdrawn { holder, .. } => Owner::Holder(holder),
        SubmissionState::Declined { .. }
        | SubmissionState::Expired { .. }
        | SubmissionState::Removed { .. }
        | SubmissionState::WithdrawnPending { .. } => {
            return Err(Error::not_found());
        }
    };
    let AssetState::Stored(object) = &asset.state else { return Err(Error::not_found()) };
    let key = app.documents().object_key(id, object, owner).await?.ok_or_else(Error::not_found)?;
    let bytes = app.documents().objects.read(object.name, &key).await?;
    // The body is sent after the request's task has ended.
    let log = log::after_request();
    let bytes = bytes.inspect_err(move |cause| log(&|| tracing::warn!(%cause, "sending a document ended early")));
    Ok(OpenDocument { kind: asset.kind, size: object.size, bytes })
}
