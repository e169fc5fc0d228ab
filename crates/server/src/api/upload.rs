//! `PUT` of one document to its upload link (partner-api, section 4). No bearer token: the permission is in the link.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use futures::TryStreamExt as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::error::Error;
use crate::flows::documents;
use crate::http::extract::Path;
use crate::http::headers::media_type;
use store::domain::asset::Failure;

/// The route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(upload))
}

/// Upload one document
///
/// The link comes from `assets[].upload_url` of a push. It is good for an hour and can be used again until the person
/// has answered; the last document counts. Pushing the same `credential_id` again gives a fresh link.
///
/// A PDF is inspected and delivered as a new file without links that lead out of it, so its size and digest differ from
/// what you sent; a digitally signed one is delivered unchanged. Scripts, forms, media, embedded files and encryption are
/// refused.
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
        (status = 400, description = "The document did not arrive whole, or at less than 1 KiB a second; nothing was kept"),
        (status = 404, description = "There is no such upload link"),
        (status = 409, description = "The person has answered, the submission has expired, or the document is being uploaded already"),
        (status = 410, description = "The link's hour is over; push the same id again for a fresh one"),
        (status = 413, description = "The document is too large"),
        (status = 415, description = "The content type is not the link's"),
        (status = 422, description = "The document is not what it claims, is damaged, or holds something active"),
        (status = 429, description = "You are uploading as many documents as you may at once"),
        (status = 500, description = "Our mistake; quote the request id"),
        (status = 503, description = "It cannot be kept now; nothing was kept"),
    ),
    tag = "Add"
)]
async fn upload(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Error> {
    let content_type = media_type(&headers);
    let content_length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let source = body.into_data_stream().map_err(|_| Failure::Unreachable);
    documents::upload(&app, &token, content_type, content_length, source).await?;
    Ok(StatusCode::NO_CONTENT)
}
