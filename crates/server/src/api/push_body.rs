//! Bodies of pushes, which may contain documents: their limit, and how many are in memory at once.
//!
//! A body beyond `server.body_limit` takes a turn before the rest of it is read, and keeps it until
//! the push has ended (D-220).

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use credential::Type;
use futures::{Stream, TryStreamExt as _};
use uuid::Uuid;

use crate::app::App;
use crate::auth::token::Verified;
use crate::documents::Paced;
use crate::error::{Error, Kind};
use crate::fair_queue::Turn;
use crate::http::{AnyBody, interrupted, plain, read_body, refuse_compressed, require_json, too_large};
use store::domain::asset::Failure;

/// How long a large body may wait for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(20);

/// A body that holds a turn must arrive with 1 KiB a second, checked each time that this long was
/// spent waiting for it.
const WINDOW: Duration = Duration::from_secs(5);

/// The JSON body of a push. The body is not parsed yet.
#[derive(Debug)]
pub(super) struct PushBody {
    /// The body.
    pub bytes: Bytes,
    /// The turn of a large body. Keep it until the push has ended.
    pub turn: Option<Arc<Turn>>,
}

/// Marks a request whose body is already in memory, with the turn of a large one.
#[derive(Clone, Debug)]
struct Buffered(Option<Arc<Turn>>);

impl FromRequest<App> for PushBody {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        require_json(request.headers())?;
        let buffered = request.extensions().get::<Buffered>().cloned();
        if let Some(Buffered(turn)) = buffered {
            let bytes = read_body(app, request.into_body(), usize::MAX).await?;
            return Ok(Self { bytes: plain(bytes)?, turn });
        }
        if !may_be_large(app, &request) {
            return AnyBody::from_request(request, app).await.map(|AnyBody(bytes)| Self { bytes, turn: None });
        }
        let (parts, body) = request.into_parts();
        // Boxed because it is rare: otherwise its state would enlarge the future of every push.
        let (bytes, turn) = Box::pin(read(app, &parts, body)).await?;
        Ok(Self { bytes: plain(bytes)?, turn })
    }
}

/// Reads the body of a request, so that it can be hashed before the request runs. Returns the
/// request's head, which knows that the body was read, and the body.
///
/// # Errors
/// 400 for an incomplete or slow large body, 413, 415 for a compressed one, 503 if too many large
/// bodies are in memory.
pub(super) async fn buffered(app: &App, request: Request) -> Result<(Parts, Bytes), Error> {
    if may_be_large(app, &request) {
        let (mut parts, body) = request.into_parts();
        let (bytes, turn) = read(app, &parts, body).await?;
        parts.extensions.insert(Buffered(turn));
        return Ok((parts, bytes));
    }
    let (parts, body) = request.into_parts();
    let limit = app.config().server.body_limit;
    let bytes = read_body(app, body, limit).await?;
    Ok((parts, bytes))
}

/// Returns whether the body of `request` may be larger than that of other requests.
fn may_be_large(app: &App, request: &Request) -> bool {
    let is_large = |length: u64| length > app.config().server.body_limit as u64;
    has_documents(request.uri().path()) && content_length(request.headers()).is_none_or(is_large)
}

/// Returns whether the body of a push to `path` may contain documents.
fn has_documents(path: &str) -> bool {
    let pushes = ["/api/partner/v2/add/requests/", "/api/partner/v1/add/"];
    let name = pushes.iter().find_map(|start| path.strip_prefix(start)).unwrap_or_default();
    name == "batch" || name.parse().is_ok_and(|known: Type| known.assets.most > 0)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads a body that may contain documents. If its length is known, nothing is read before its
/// turn.
async fn read(app: &App, parts: &Parts, body: Body) -> Result<(Bytes, Option<Arc<Turn>>), Error> {
    refuse_compressed(&parts.headers)?;
    let (usual, limit) = (app.config().server.body_limit, app.config().server.with_documents());
    let length = content_length(&parts.headers).unwrap_or_default();
    let length = usize::try_from(length).ok().filter(|length| *length <= limit);
    let length = length.ok_or_else(|| too_large(app, limit))?;
    let verified = parts.extensions.get::<Arc<Verified>>();
    let partner = verified.ok_or_else(|| Error::internal("the request was not authenticated"))?.partner_id;
    let mut turn = if length > usual { Some(take_turn(app, partner).await?) } else { None };
    let mut bytes: Vec<u8> = Vec::with_capacity(length);
    let mut pieces = body.into_data_stream().map_err(|_| Failure::Unreachable);
    // A body of unknown length: its start needs no turn.
    while turn.is_none() {
        let Some(piece) = pieces.try_next().await.map_err(|_| interrupted())? else {
            return Ok((bytes.into(), None));
        };
        if bytes.len() + piece.len() > limit {
            return Err(too_large(app, limit));
        }
        bytes.extend_from_slice(&piece);
        if bytes.len() > usual {
            turn = Some(take_turn(app, partner).await?);
        }
    }
    match read_rest(pieces, bytes, limit).await? {
        Some(bytes) => Ok((bytes, turn)),
        None => Err(too_large(app, limit)),
    }
}

/// Reads the rest of a body that holds a turn. Returns the body, or `None` if it is too large.
async fn read_rest(
    rest: impl Stream<Item = Result<Bytes, Failure>>,
    mut bytes: Vec<u8>,
    limit: usize,
) -> Result<Option<Bytes>, Error> {
    let mut paced = Paced::with_window(rest, WINDOW);
    while let Some(piece) = paced.next().await.map_err(|_| incomplete())? {
        if bytes.len() + piece.len() > limit {
            return Ok(None);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Some(bytes.into()))
}

fn incomplete() -> Error {
    Error::new(
        Kind::Malformed,
        "The connection ended before the whole body arrived, or it arrived more slowly than 1 KiB a second. Nothing \
         was stored; send it again.",
    )
}

async fn take_turn(app: &App, partner: Uuid) -> Result<Arc<Turn>, Error> {
    let turn = tokio::time::timeout(TURN_TIMEOUT, app.documents().large_bodies.turn(partner)).await;
    turn.ok().flatten().map(Arc::new).ok_or_else(too_many)
}

fn too_many() -> Error {
    Error::new(
        Kind::Unavailable,
        "Too many bodies with documents are being received. Nothing was stored; retry in a moment, or upload the \
         documents to upload URLs.",
    )
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt as _, stream};
    use tokio::time::Instant;

    use super::*;

    /// The clock is paused, and advances when all tasks wait.
    #[tokio::test(start_paused = true)]
    async fn slow_large_body_loses_its_turn_in_five_seconds() {
        let piece = |_| async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Ok(Bytes::from_static(b"x"))
        };
        let started = Instant::now();
        let error = read_rest(stream::iter(0..100).then(piece), Vec::new(), 1000).await.expect_err("too slow");
        assert_eq!((error.kind, started.elapsed().as_secs()), (Kind::Malformed, 5));
        let quick = || stream::iter([Ok(Bytes::from(vec![0; 800]))]);
        assert_eq!(read_rest(quick(), vec![0; 200], 1000).await.expect("read").map(|body| body.len()), Some(1000));
        assert_eq!(read_rest(quick(), vec![0; 201], 1000).await.expect("read"), None);
    }

    #[test]
    fn only_types_with_documents_and_batches_have_the_larger_limit() {
        for (path, expected) in [
            ("/api/partner/v2/add/requests/education", true),
            ("/api/partner/v2/add/requests/batch", true),
            ("/api/partner/v1/add/english_proficiency", true),
            ("/api/partner/v1/add/batch", true),
            ("/api/partner/v2/add/requests/career_history", false),
            ("/api/partner/v2/add/requests/education/batch", false),
            ("/api/partner/v1/add/right_to_work", false),
            ("/api/partner/v2/webhooks", false),
            ("/api/partner/v1/oauth/token", false),
        ] {
            assert_eq!(has_documents(path), expected, "{path}");
        }
    }
}
