//! Request bodies.

use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::BodyExt as _;

use super::headers;
use crate::app::App;
use crate::error::{Error, Kind};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The first bytes of a gzip stream.
const GZIP: &[u8] = b"\x1f\x8b";

const COMPRESSED: &str = "The body is compressed. Send it uncompressed, without Content-Encoding.";

/// Refuses a request whose body has a content coding other than `identity`.
///
/// # Errors
/// 415 with `Accept-Encoding`.
pub fn refuse_compressed(headers: &HeaderMap) -> Result<(), Error> {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    match codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        true => Err(Error::new(Kind::Compressed, COMPRESSED)),
        false => Ok(()),
    }
}

/// Refuses a request whose `Content-Type` is not `application/json`.
///
/// # Errors
/// 415 with the content type that was found.
pub fn require_json(headers: &HeaderMap) -> Result<(), Error> {
    if headers::is_media_type(headers, "application/json") {
        return Ok(());
    }
    let shown: String = headers::media_type(headers).chars().take(64).collect();
    let found = if shown.is_empty() { "it is missing".to_owned() } else { format!("it is {shown}") };
    Err(Error::new(Kind::UnsupportedMediaType, format!("Send the header Content-Type: application/json; {found}.")))
}

/// Returns the error for a body of more than `limit` bytes. It names both limits, since a caller
/// may have sent a document to a path that accepts none.
pub fn too_large(app: &App, limit: usize) -> Error {
    let (usual, with_documents) = (app.config().server.body_limit, app.config().server.with_documents());
    Error::new(
        Kind::TooLarge,
        format!(
            "The body is larger than {limit} bytes, the maximum for this path. A push of a type that accepts \
             documents, and a batch, may have {with_documents} bytes; any other body {usual}."
        ),
    )
}

/// Returns the error for a body that did not arrive completely.
pub fn interrupted() -> Error {
    Error::new(Kind::Malformed, "The connection ended before the whole body arrived. Send it again.")
}

/// Reads a body of at most `limit` bytes. One that arrives in one piece, as most do, is not copied.
///
/// # Errors
/// 413 for a longer body, 400 if the connection ends before the whole of it arrived.
pub async fn read(app: &App, mut body: Body, limit: usize) -> Result<Bytes, Error> {
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(app, limit));
    }
    let mut read = Bytes::new();
    let mut longer = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(|_| interrupted())?.into_data() else { continue };
        if read.len() + longer.len() + piece.len() > limit {
            return Err(too_large(app, limit));
        }
        if read.is_empty() && longer.is_empty() {
            read = piece;
        } else {
            longer.extend_from_slice(&std::mem::take(&mut read));
            longer.extend_from_slice(&piece);
        }
    }
    Ok(if longer.is_empty() { read } else { longer.into() })
}

/// Returns a body without its byte order mark.
///
/// # Errors
/// 415 with `Accept-Encoding` for a compressed body.
pub fn plain(body: Bytes) -> Result<Bytes, Error> {
    if body.starts_with(GZIP) {
        return Err(Error::new(Kind::Compressed, COMPRESSED));
    }
    Ok(if body.starts_with(BYTE_ORDER_MARK) { body.slice(BYTE_ORDER_MARK.len()..) } else { body })
}

/// A request body whose `Content-Type` is `application/json`. The body is not parsed yet.
#[derive(Debug)]
pub struct JsonBody(pub Bytes);

impl FromRequest<App> for JsonBody {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        require_json(request.headers())?;
        AnyBody::from_request(request, app).await.map(|AnyBody(bytes)| Self(bytes))
    }
}

/// A request body of any media type, within `server.body_limit`.
#[derive(Debug)]
pub struct AnyBody(pub Bytes);

impl FromRequest<App> for AnyBody {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        refuse_compressed(request.headers())?;
        let limit = app.config().server.body_limit;
        plain(read(app, request.into_body(), limit).await?).map(Self)
    }
}
