//! `PUT` of a document to its upload URL (docs/partner-api.md section 4). It needs no bearer token:
//! the URL contains the permission.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use futures::TryStreamExt as _;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::error::Error;
use crate::flows::documents;
use crate::http::extract::Path;
use crate::http::headers::media_type;
use crate::http::refuse_compressed;
use store::domain::asset::Failure;

/// The route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(upload))
}

/// The bytes of a document.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "documents the body, which is read as a stream")]
pub struct DocumentBytes(Vec<u8>);

/// Upload one document
///
/// The URL comes from `assets[].upload_url` of a push. It is valid for an hour and can be used
/// repeatedly until the person has decided; the last document uploaded is used. Push the same
/// `credential_id` again to get a new URL.
///
/// A PDF is inspected and delivered as a new file without external links, so its size and digest
/// differ from the uploaded file; a digitally signed PDF is delivered unchanged. PDFs with scripts,
/// forms, media, embedded files or encryption are rejected.
#[utoipa::path(
    put,
    path = "/api/partner/v2/uploads/{token}",
    operation_id = "uploadDocument",
    params(("token" = String, Path, description = "The token in the upload URL")),
    request_body(
        description = "The document's bytes, at most 10 MiB. Send the content type that came with the upload URL, or `application/octet-stream`",
        content = inline(DocumentBytes),
        content_type = "application/octet-stream",
    ),
    responses(
        (status = 204, description = "The document was stored"),
        (status = 400, description = "The body was incomplete, or slower than 1 KiB a second, or the URL has a query; nothing was stored"),
        (status = 404, description = "No such upload URL"),
        (status = 409, description = "The person has already decided, the submission has expired, or an upload of this document is in progress"),
        (status = 410, description = "The upload URL has expired. Push the same id again to get a new one"),
        (status = 413, description = "The document is too large"),
        (status = 415, description = "The content type is neither the one that came with the upload URL nor `application/octet-stream`, or the body is compressed"),
        (status = 422, description = "The document has another format than declared, is damaged, or contains active content"),
        (status = 429, description = "Too many concurrent uploads"),
        (status = 500, description = "Internal error; quote the request id"),
        (status = 503, description = "Temporarily unavailable; nothing was stored"),
    ),
    tag = "Add"
)]
async fn upload(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Error> {
    refuse_compressed(&headers)?;
    let content_type = media_type(&headers);
    let content_length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let source = body.into_data_stream().map_err(|_| Failure::Unreachable);
    documents::upload(&app, &token, content_type, content_length, source).await?;
    Ok(StatusCode::NO_CONTENT)
}
