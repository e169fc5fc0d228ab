//! `Idempotency-Key` on every POST that needs a token (draft-ietf-httpapi-idempotency-key-header-07).
//!
//! Owns what answers an exact repeat with the stored answer. A key is claimed before the handler runs, so two
//! requests at once do not both run; a claim whose request came to nothing (5xx, or the server died) is let go.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::app::App;
use crate::auth::token::Verified;
use crate::error::{Error, Kind};
use crate::http::RequestId;
use crate::seal::sha256;
use ambient::Timestamp;
use store::StoredAnswer;
use store::domain::submission::Sealed;

/// The documented header.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents the header, which `once` reads")]
pub struct IdempotencyHeader {
    /// A key of your own (1 to 255 visible characters) for this request: repeat the request with it as often as you
    /// like, it runs once, and each repeat within 24 hours gets the stored answer with `Idempotency-Replayed: true`.
    #[param(rename = "Idempotency-Key", required = false, max_length = 255)]
    idempotency_key: Option<String>,
}

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// After this time a claim without an answer is taken to be of a server that died.
const ABANDONED: Duration = Duration::from_secs(60);

/// Runs the request once for its key.
pub async fn once(app: &App, request: Request, next: Next) -> Response {
    let Some(key) = request.headers().get("idempotency-key").cloned().filter(|_| request.method() == Method::POST)
    else {
        return next.run(request).await;
    };
    // In a box: requests without a key would be moved about with room for it.
    match Box::pin(replay_or_run(app, &key, request, next)).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn replay_or_run(app: &App, key: &HeaderValue, request: Request, next: Next) -> Result<Response, Error> {
    let key = key.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
    let key = key.ok_or_else(|| {
        Error::new(Kind::Malformed, "The Idempotency-Key must have 1 to 255 visible ASCII characters.")
    })?;
    let verified = request.extensions().get::<Arc<Verified>>().cloned().ok_or_else(Error::unauthorized)?;
    let partner = verified.partner_id;
    let id = request.extensions().get::<RequestId>().cloned();
    let (parts, body) = request.into_parts();
    let limit = app.config().server.body_limit;
    let body = to_bytes(body, limit).await.map_err(|_| {
        Error::new(Kind::TooLarge, format!("The body is longer than {limit} bytes, the most that is taken."))
    })?;
    let (uri, scopes) = (parts.uri.to_string(), verified.scopes.join(" "));
    // The scopes belong to it: an answer that a stronger token got is not replayed to a weaker one.
    let request_parts = [parts.method.as_str().as_bytes(), uri.as_bytes(), scopes.as_bytes(), &body];
    let hash = sha256(&request_parts.join(&b"\n"[..]));
    let claimed_at = match claim(app, partner, key, &hash).await? {
        Ok(claimed_at) => claimed_at,
        Err(stored) => return replay(app, partner, key, stored, &hash).await,
    };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let id = id.map(|id| id.0.to_string()).unwrap_or_default();
    keep(app, (partner, key, claimed_at), &id, response).await
}

/// Claims the key and says when, or returns what is known of it.
async fn claim(app: &App, partner: Uuid, key: &str, hash: &[u8; 32]) -> Result<Result<Timestamp, StoredAnswer>, Error> {
    let now = app.now();
    let mut tx = app.store().write().await?;
    match tx.stored_answer(partner, key).await? {
        // Only what was looked at: another request may be claiming the key at this moment.
        Some(over) if is_over(app, &over, now) => tx.forget_answer(partner, key, over.created_at).await?,
        None => {}
        Some(stored) => return Ok(Err(stored)),
    }
    if tx.claim_idempotency_key(partner, key, hash, now).await? {
        tx.commit().await?;
        return Ok(Ok(now));
    }
    // Another request was quicker, and may have let go of it since.
    tx.stored_answer(partner, key).await?.map(Err).ok_or_else(under_way)
}

fn under_way() -> Error {
    Error::new(Kind::Conflict, "The first request with this Idempotency-Key is still under way. Repeat it in a moment.")
}

fn is_over(app: &App, stored: &StoredAnswer, now: Timestamp) -> bool {
    let age = now.since(stored.created_at);
    age >= app.config().retention.idempotency || (stored.status == 0 && age >= ABANDONED)
}

async fn replay(app: &App, partner: Uuid, key: &str, stored: StoredAnswer, hash: &[u8; 32]) -> Result<Response, Error> {
    if stored.request_hash != hash {
        return Err(Error::new(
            Kind::Conflict,
            "This Idempotency-Key was used for another request. Use a new key for a new request.",
        ));
    }
    let status = u16::try_from(stored.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let Some(status) = status else { return Err(under_way()) };
    let sealed = Sealed { period: stored.ring_period, bytes: stored.body };
    let body = app.keyring().open_sealed(&sealed, &label(&partner, key)).await?.ok_or_else(|| {
        Error::new(
            Kind::Conflict,
            "This Idempotency-Key was used, and its answer is not kept any more. Use a new key for a new request.",
        )
    })?;
    let mut response = (status, body.to_vec()).into_response();
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    if let Ok(content_type) = HeaderValue::try_from(&stored.content_type) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    Ok(response)
}

/// Which answer is meant, when it is sealed.
fn label<'a>(partner: &'a Uuid, key: &'a str) -> [&'a [u8]; 3] {
    [b"idempotency", partner.as_bytes(), key.as_bytes()]
}

/// Keeps an answer that would be the same again; lets the key go after one that would not. A request that took so long that
/// it was taken for dead, and its key claimed by another, is answered all the same, and leaves the other's claim alone.
async fn keep(
    app: &App,
    (partner, key, claimed_at): (Uuid, &str, Timestamp),
    id: &str,
    mut response: Response,
) -> Result<Response, Error> {
    let error = response.extensions_mut().remove::<Arc<Error>>();
    let status = response.status();
    if status.is_server_error()
        || matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS)
    {
        let mut tx = app.store().write().await?;
        tx.forget_answer(partner, key, claimed_at).await?;
        tx.commit().await?;
        if let Some(error) = error {
            response.extensions_mut().insert(error);
        }
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let (content_type, body) = match &error {
        // The problem is written here and now, with the first request's id: a replay is exact.
        Some(error) => (
            "application/problem+json".to_owned(),
            serde_json::to_vec(&error.problem(app.config().base(), id)).unwrap_or_default(),
        ),
        None => {
            let content_type = parts
                .headers
                .get(header::CONTENT_TYPE)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned();
            (content_type, to_bytes(body, usize::MAX).await.map_err(Error::internal)?.to_vec())
        }
    };
    // An answer may hold a link, a secret, or the start of what was wrong in a body: no copy of the database may give them away,
    // and none of it outlives what it is about.
    let sealed = app.keyring().seal(app.now(), &label(&partner, key), &body).await?;
    let mut tx = app.store().write().await?;
    tx.store_answer((partner, key, claimed_at), status.as_u16(), &content_type, &sealed).await?;
    tx.commit().await?;
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(HeaderValue::try_from(content_type).map(|value| (header::CONTENT_TYPE, value)));
    Ok(Response::from_parts(parts, Body::from(body)))
}
