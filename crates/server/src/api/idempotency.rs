//! `Idempotency-Key` on every POST that needs a token
//! (draft-ietf-httpapi-idempotency-key-header-07).
//!
//! Reads the key and hashes the request; [`crate::flows::idempotency`] decides whether it runs.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use credential::encoding::sha256_of_parts;
use utoipa::IntoParams;

use super::push_body::buffered;
use crate::app::App;
use crate::auth::token::Verified;
use crate::error::{Error, Kind};
use crate::flows::idempotency::{self, Claim, IdempotencyKey, StoredResponse};
use crate::http::RequestId;
use crate::http::middleware::Next;
use ambient::Timestamp;

/// The documented header.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents the header, which `idempotent` reads")]
pub struct IdempotencyHeader {
    /// A unique key of your choice for this request (1 to 255 visible characters). You can repeat
    /// the request with the same key any number of times: it runs only once, and each repeat within
    /// 24 hours gets the stored response with the header `Idempotency-Replayed: true`. Only 2xx and
    /// 409 responses are stored, except those to a dry run, so after any other error a corrected
    /// request may use the same key. A stored response has the status, content type and body of the
    /// first, without its other headers.
    #[param(rename = "Idempotency-Key", required = false, nullable = false, max_length = 255)]
    idempotency_key: Option<String>,
}

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Runs the request at most once for its key.
pub async fn idempotent(app: &App, request: Request, next: impl Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    // Boxed because it is rare: otherwise its state would enlarge the future of requests without a
    // key.
    match Box::pin(replay_or_run(app, request, next)).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn replay_or_run(app: &App, request: Request, next: impl Next) -> Result<Response, Error> {
    let key = key(request.headers())?;
    // A dry run stores nothing, so it can be repeated, and its key is free for the push.
    if is_dry_run(&request) {
        return Ok(next.run(request).await);
    }
    let verified = request
        .extensions()
        .get::<Arc<Verified>>()
        .cloned()
        .ok_or_else(|| Error::internal("the request was not authenticated"))?;
    let key = IdempotencyKey { partner: verified.partner_id, key: &key };
    let id = request.extensions().get::<RequestId>().cloned();
    let (parts, body) = buffered(app, request).await?;
    let (uri, scopes) = (parts.uri.to_string(), verified.scopes.join(" "));
    // Includes the scopes: a response to a token with more scopes must not be replayed to one with
    // fewer.
    let method = parts.method.as_str().as_bytes();
    let hash = sha256_of_parts(&[method, b"\n", uri.as_bytes(), b"\n", scopes.as_bytes(), b"\n", &body]);
    match idempotency::claim(app, key, &hash).await? {
        Claim::Replay(stored) => replayed(stored),
        Claim::Run(claimed_at) => {
            let response = next.run(Request::from_parts(parts, Body::from(body))).await;
            let id = id.map(|id| id.0.to_string()).unwrap_or_default();
            finish(app, key, claimed_at, &id, response).await
        }
    }
}

/// Returns the key of a request that has one.
fn key(headers: &HeaderMap) -> Result<String, Error> {
    let mut values = headers.get_all(KEY).iter();
    let first = values.next().and_then(|key| key.to_str().ok()).filter(|key| (1..=255).contains(&key.len()));
    if values.next().is_some() {
        return Err(Error::new(Kind::Malformed, "The Idempotency-Key header is sent twice. Send it once."));
    }
    first.map(ToOwned::to_owned).ok_or_else(|| {
        Error::new(Kind::Malformed, "The Idempotency-Key header must have 1 to 255 visible ASCII characters.")
    })
}

fn is_dry_run(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "dry_run" && value == "true")
}

fn replayed(stored: StoredResponse) -> Result<Response, Error> {
    let status = StatusCode::from_u16(stored.status).map_err(Error::internal)?;
    let mut response = (status, stored.body).into_response();
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    if let Ok(content_type) = HeaderValue::try_from(&stored.content_type) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    Ok(response)
}

/// Stores the response, or releases the key.
async fn finish(
    app: &App,
    key: IdempotencyKey<'_>,
    claimed_at: Timestamp,
    id: &str,
    mut response: Response,
) -> Result<Response, Error> {
    if !idempotency::is_stored(response.status().as_u16()) {
        idempotency::release(app, key, claimed_at).await?;
        return Ok(response);
    }
    let error = response.extensions_mut().remove::<Arc<Error>>();
    let (mut parts, body) = response.into_parts();
    let (content_type, body) = match &error {
        // The problem is rendered here with the id of the first request, so that a replay is exact.
        Some(error) => (
            "application/problem+json".to_owned(),
            serde_json::to_vec(&error.problem(app.config().base(), id)).unwrap_or_default(),
        ),
        None => {
            let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let content_type = content_type.unwrap_or_default().to_owned();
            (content_type, to_bytes(body, usize::MAX).await.map_err(Error::internal)?.to_vec())
        }
    };
    let stored = StoredResponse { status: parts.status.as_u16(), content_type, body };
    idempotency::store(app, key, claimed_at, &stored).await?;
    parts.headers.remove(header::CONTENT_LENGTH);
    // `insert`, because `extend` would add a second header.
    if let Ok(content_type) = HeaderValue::try_from(stored.content_type) {
        parts.headers.insert(header::CONTENT_TYPE, content_type);
    }
    Ok(Response::from_parts(parts, Body::from(stored.body)))
}
