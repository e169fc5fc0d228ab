//! `POST /oid4vci/deferred`: what could not be signed at once (OpenID4VCI 1.0, section 9): the key was away.
//!
//! Everything is settled when a request is put off: the places are given and the keys are proved. What is left is the
//! signature, so coming again costs a wallet nothing.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::credential::{ResponseEncryption, read};
use super::wallet::Wallet;
use crate::app::App;
use crate::error::Error;
use crate::http::{AnyBody, OAuthError};
use crate::issuing::IssuableCredential;
use crate::seal::sha256;
use ambient::Timestamp;
use store::Deferred;

/// How long a wallet should wait before it comes again, in seconds.
const INTERVAL: u64 = 5;

/// What is to be signed, and for whom.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PutOff {
    pub(super) submission: Uuid,
    pub(super) configuration: String,
    pub(super) notification: Uuid,
    /// When the credentials end, in microseconds since the Unix epoch.
    pub(super) expires_at: i64,
    /// Their places in status lists.
    pub(super) places: Vec<(Uuid, u32)>,
    /// The wallet's keys, one for each.
    pub(super) keys: Vec<Value>,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/oid4vci/deferred", post(fetch))
}

fn label(hash: &[u8; 32]) -> [&[u8]; 2] {
    [b"deferred", hash]
}

/// Puts off what cannot be signed now; returns the answer for the wallet.
pub(super) async fn put_off(app: &App, issuance: Uuid, what: &PutOff, until: Timestamp) -> Result<Value, Error> {
    let secret = app.rng().secret();
    let hash = sha256(secret.as_bytes());
    let plain = serde_json::to_vec(what).map_err(Error::internal)?;
    let sealed = app.keyring().seal(app.now(), &label(&hash), &plain).await?;
    let mut tx = app.store().write().await?;
    tx.add_deferred(&Deferred { transaction_hash: hash.to_vec(), issuance, expires_at: until, sealed }).await?;
    tx.commit().await?;
    Ok(json!({ "transaction_id": secret, "interval": INTERVAL }))
}

async fn fetch(
    State(app): State<App>,
    Wallet(access): Wallet,
    headers: HeaderMap,
    AnyBody(body): AnyBody,
) -> Result<Response, OAuthError> {
    let (request, was_encrypted) = read(&app, &headers, &body)?;
    let encryption = ResponseEncryption::read(&request, was_encrypted)?;
    let unknown = || {
        OAuthError::code(
            "invalid_transaction_id",
            "There is no such transaction: it was fetched, is over, or is not this token's.",
        )
    };
    let id = request.get("transaction_id").and_then(Value::as_str);
    let id = id.ok_or_else(|| OAuthError::code("invalid_credential_request", "transaction_id is missing."))?;
    let hash = sha256(id.as_bytes());
    let waiting =
        app.store().read().await?.deferred(&hash, access.issuance.id, app.now()).await?.ok_or_else(unknown)?;
    let opened = app.keyring().open_sealed(&waiting.sealed, &label(&hash)).await?.ok_or_else(unknown)?;
    let what: PutOff = serde_json::from_slice(&opened).map_err(Error::internal)?;
    let holder = access.issuance.holder().ok_or_else(unknown)?;
    let denied = || OAuthError::code("credential_request_denied", "This credential is not to be had any more.");
    let material = IssuableCredential::open(app.store(), app.keyring(), (what.submission, holder), app.now())
        .await?
        .ok_or_else(denied)?;
    let Ok(answer) = what.sign(&app, &material) else {
        return encryption.answer(StatusCode::ACCEPTED, &json!({ "transaction_id": id, "interval": INTERVAL }));
    };
    let mut tx = app.store().write().await?;
    if !tx.end_deferred(&hash).await? {
        return Err(unknown());
    }
    tx.commit().await?;
    encryption.answer(StatusCode::OK, &answer)
}
