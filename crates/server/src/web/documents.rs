//! `/documents/{id}`: one document, for the holder of its credential.
//!
//! Owns how an untrusted file is served: in a sandbox without scripts and with an opaque origin.
//! Images are inline, everything else is an attachment.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use credential::AssetKind;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::flows::documents::{self, OpenDocument};
use crate::http::extract::Path;
use crate::http::session::SignedIn;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/documents/{id}", get(document))
}

async fn document(State(app): State<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let OpenDocument { kind, size, bytes } = documents::open(&app, signed_in.holder.id, id).await?;
    let disposition = match kind {
        AssetKind::Png | AssetKind::Jpg => "inline".to_owned(),
        kind => format!("attachment; filename=\"document.{}\"", kind.extension()),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind.content_type())),
        (header::CONTENT_LENGTH, HeaderValue::from(size)),
        (header::CONTENT_DISPOSITION, HeaderValue::try_from(disposition).map_err(Error::internal)?),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'"),
        ),
    ];
    Ok((headers, Body::from_stream(bytes)).into_response())
}
