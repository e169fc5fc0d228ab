//! `PUT` of one document to its upload link (partner-api, section 4). No bearer token: the permission is in the link.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use credential::MOST_BYTES;
use futures::TryStreamExt as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::documents::{self, NotTaken, UploadPermit};
use crate::error::{Error, Kind, Problem};
use store::domain::asset::{AssetState, Failure};
use store::domain::submission::State as SubmissionState;

/// The route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(upload))
}

/// Upload one document
///
/// The link comes from `assets[].upload_url` of a push. It is good for an hour and can be used again until the person
/// has answered; the last document counts. Pushing the same `credential_id` again gives a fresh link.
#[utoipa::path(
    put,
    path = "/api/partner/v2/uploads/{permit}",
    params(("permit" = String, Path, description = "The permission, as the link has it")),
    request_body(
        description = "The document's bytes, 10 MiB at most, with the content type of the link",
        content((Vec<u8> = "application/pdf"), (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "application/json")),
    ),
    responses(
        (status = 204, description = "The document is kept"),
        (status = 400, description = "The document did not arrive whole; nothing was kept", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such upload link", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The person has answered, or the time is over", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "The link's hour is over; push the same id again for a fresh one", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The document is too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The content type is not the link's", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The document is not what it claims, is damaged, or holds something active", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "Our mistake; quote the request id", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be kept now; nothing was kept", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "Add"
)]
async fn upload(
    State(app): State<App>,
    Path(permit): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Error> {
    let permit = UploadPermit::read(&app, &permit).ok_or_else(Error::not_found)?;
    if permit.expires_at <= app.now() {
        return Err(Error::new(
            Kind::Gone,
            "This upload link is over. Push the same credential_id again: the answer has a fresh link.",
        ));
    }
    let mut tx = app.store().read().await?;
    let asset = tx.asset(permit.asset).await?.ok_or_else(over)?;
    let submission = tx.linked_submission(asset.submission_id, app.now()).await?.ok_or_else(over)?;
    let partner = tx.partner(submission.partner_id).await?;
    drop(tx);
    if !partner.is_some_and(|partner| partner.is_active()) {
        return Err(over());
    }
    let SubmissionState::Incomplete { sealed, .. } = &submission.state else { return Err(over()) };
    check_headers(&headers, asset.kind.content_type())?;
    let source = body.into_data_stream().map_err(|_| Failure::Unreachable);
    let written = documents::take_in(&app, asset.kind, source).await?;
    let object = documents::stored(&app, asset.id, sealed.period, written).await?.ok_or_else(over)?;
    let mut tx = app.store().write().await?;
    if tx.change_asset(asset.id, &object, app.now()).await? {
        tx.commit().await?;
        app.metrics().documents("uploaded");
        return Ok(StatusCode::NO_CONTENT);
    }
    drop(tx);
    if let AssetState::Stored(object) = object {
        documents::discard(&app, object.name).await;
    }
    Err(over())
}

fn over() -> Error {
    Error::new(Kind::Conflict, "Documents are taken until the person has answered or 48 hours are over; that is past.")
}

fn check_headers(headers: &HeaderMap, wanted: &str) -> Result<(), Error> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(wanted) {
        let detail = format!("Send this document with the header Content-Type: {wanted}, as its link says.");
        return Err(Error::new(Kind::UnsupportedMediaType, detail));
    }
    if text(header::CONTENT_LENGTH).parse::<u64>().is_ok_and(|length| length > MOST_BYTES as u64) {
        return Err(NotTaken::TooLarge.into());
    }
    Ok(())
}

impl From<NotTaken> for Error {
    fn from(reason: NotTaken) -> Self {
        match reason {
            NotTaken::Refused(refused) => Self::new(Kind::Invalid, refused.0),
            NotTaken::TooLarge => Self::new(
                Kind::TooLarge,
                format!("The document is longer than {MOST_BYTES} bytes, the most that is taken."),
            ),
            NotTaken::Interrupted(_) => Self::new(Kind::Malformed, "The document did not arrive whole; send it again."),
            NotTaken::Store(error) => error.into(),
        }
    }
}
