//! How requests with an `Idempotency-Key` are handled: each runs once, and an exact repeat gets the
//! stored response.
//!
//! A key is claimed before the request runs, so only one of two concurrent requests runs. The claim
//! is released if the response is not stored; after a crash it expires.

use std::time::Duration;

use uuid::Uuid;

use crate::app::App;
use crate::error::{Error, Kind};
use crate::rate_limit::{Limit, STORED_UNIT};
use ambient::Timestamp;
use store::StoredAnswer;
use store::domain::submission::Sealed;

/// Age at which a claim without a response is considered abandoned, for example after a crash.
const ABANDONED_AFTER: Duration = Duration::from_secs(60);

/// `Retry-After` of a partner that has used up its storage for responses.
const STORAGE_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// An idempotency key, which is scoped to a partner.
#[derive(Clone, Copy, Debug)]
pub struct IdempotencyKey<'a> {
    pub partner: Uuid,
    pub key: &'a str,
}

impl IdempotencyKey<'_> {
    /// Binds an encrypted response to its key.
    fn label(&self) -> [&[u8]; 3] {
        [b"idempotency", self.partner.as_bytes(), self.key.as_bytes()]
    }
}

/// The stored response of a request.
#[derive(Clone, Debug)]
pub struct StoredResponse {
    /// The HTTP status.
    pub status: u16,
    pub content_type: String,
    pub body: Vec<u8>,
}

/// How to handle a request with a key.
#[derive(Clone, Debug)]
pub enum Claim {
    /// Run it and store its response. The key is claimed since this time.
    Run(Timestamp),
    /// Return the stored response.
    Replay(StoredResponse),
}

/// Claims `key` for the request with this hash, or returns the response of an earlier one.
///
/// # Errors
/// 409 if the key was used for another request, if the first request is still running, or if its
/// response is deleted; 429 if the partner has used up its storage for responses; or the store
/// cannot be used.
pub async fn claim(app: &App, key: IdempotencyKey<'_>, request_hash: &[u8; 32]) -> Result<Claim, Error> {
    let now = app.now();
    let mut tx = app.store().write().await?;
    match tx.stored_answer(key.partner, key.key).await? {
        // Deletes only the claim that was read: another request may be claiming the key at the same
        // time.
        Some(expired) if is_expired(app, &expired, app.trusted_time().now()) => {
            tx.forget_answer(key.partner, key.key, expired.created_at).await?;
        }
        None => {}
        Some(stored) => {
            drop(tx);
            return replay(app, key, stored, request_hash).await;
        }
    }
    // A repeat stores nothing, so it is answered beyond the limit as well.
    if app.limits().idempotency_bytes.check(&key.partner).is_err() {
        return Err(Error::new(
            Kind::TooManyRequests(STORAGE_RETRY_AFTER),
            "The daily limit of stored responses for Idempotency-Keys is reached. Send the request without a key, or \
             later.",
        ));
    }
    if tx.claim_idempotency_key(key.partner, key.key, request_hash, now).await? {
        tx.commit().await?;
        return Ok(Claim::Run(now));
    }
    // Another request claimed the key first, and may have released it since.
    let stored = tx.stored_answer(key.partner, key.key).await?.ok_or_else(under_way)?;
    drop(tx);
    replay(app, key, stored, request_hash).await
}

fn under_way() -> Error {
    Error::new(Kind::InProgress, "The first request with this Idempotency-Key is still in progress. Retry in a moment.")
}

fn is_expired(app: &App, stored: &StoredAnswer, now: Timestamp) -> bool {
    let age = now.since(stored.created_at);
    age >= app.config().retention.idempotency || (stored.status == 0 && age >= ABANDONED_AFTER)
}

async fn replay(
    app: &App,
    key: IdempotencyKey<'_>,
    stored: StoredAnswer,
    request_hash: &[u8; 32],
) -> Result<Claim, Error> {
    if stored.request_hash != request_hash {
        return Err(Error::new(
            Kind::Conflict,
            "This Idempotency-Key was used for another request. Use a new key for a new request.",
        ));
    }
    // A claim without a response has the status 0.
    let status = u16::try_from(stored.status).ok().filter(|status| *status > 0).ok_or_else(under_way)?;
    let sealed = Sealed { period: stored.ring_period, bytes: stored.body };
    let body = app.keyring().open_sealed(&sealed, &key.label()).await?.ok_or_else(|| {
        Error::new(
            Kind::Conflict,
            "This Idempotency-Key was already used, and its response is no longer stored. Use a new key for a new \
             request.",
        )
    })?;
    Ok(Claim::Replay(StoredResponse { status, content_type: stored.content_type, body: body.to_vec() }))
}

/// Returns whether a response with this status is stored: successes and conflicts. After any other
/// error, a corrected request may use the key again.
pub fn is_stored(status: u16) -> bool {
    (200..300).contains(&status) || status == 409
}

/// Releases a key that was claimed at `claimed_at`, unless another request has claimed it since.
///
/// # Errors
/// The store cannot be used.
pub async fn release(app: &App, key: IdempotencyKey<'_>, claimed_at: Timestamp) -> Result<(), Error> {
    let mut tx = app.store().write().await?;
    tx.forget_answer(key.partner, key.key, claimed_at).await?;
    Ok(tx.commit().await?)
}

/// Stores the response of the request that claimed the key at `claimed_at`. If that claim was
/// considered abandoned and another request has claimed the key since, nothing is stored.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn store(
    app: &App,
    key: IdempotencyKey<'_>,
    claimed_at: Timestamp,
    response: &StoredResponse,
) -> Result<(), Error> {
    // Stored even if it exceeds the limit: the request has run, and a repeat must not run it again.
    let units = (response.body.len() / STORED_UNIT).try_into().unwrap_or(u32::MAX);
    spend_at_most(&app.limits().idempotency_bytes, key.partner, units);
    // A response may contain a link, a secret, or the beginning of a rejected value. It is
    // encrypted like the submission that it is about, and destroyed with its epoch key.
    let sealed = app.keyring().seal(app.now(), &key.label(), &response.body).await?;
    let claim = (key.partner, key.key, claimed_at);
    let mut tx = app.store().write().await?;
    tx.store_answer(claim, response.status, &response.content_type, &sealed).await?;
    Ok(tx.commit().await?)
}

/// Counts `units`, or as many of them as are left. The limit counts all or none, so the number is
/// halved until it fits.
fn spend_at_most(limit: &Limit, partner: Uuid, mut units: u32) {
    let mut step = units;
    while step > 0 {
        step = step.min(units);
        if limit.spend(&partner, step).is_ok() {
            units -= step;
        } else {
            step /= 2;
        }
    }
}
