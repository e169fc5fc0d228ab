//! `POST /oid4vci/deferred`: credentials that could not be signed immediately (OpenID4VCI 1.0,
//! section 9).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use serde_json::Value;

use super::body::{self, ResponseEncryption};
use super::credential::expired;
use super::wallet::Wallet;
use crate::app::App;
use crate::flows::issuance::deferred::{self, DeferredError};
use crate::http::cors::SharedRoutes;
use crate::http::{AnyBody, OAuthError};

pub(super) fn routes() -> SharedRoutes {
    SharedRoutes::default().route("/oid4vci/deferred", post(fetch))
}

async fn fetch(
    State(app): State<App>,
    Wallet(access): Wallet,
    headers: HeaderMap,
    AnyBody(body): AnyBody,
) -> Result<Response, OAuthError> {
    let (request, was_encrypted) = body::read(&app, &headers, &body)?;
    let encryption = ResponseEncryption::read(&request, was_encrypted)?;
    let id = request.get("transaction_id").and_then(Value::as_str);
    let id = id.ok_or_else(|| OAuthError::code("invalid_credential_request", "transaction_id is missing."))?;
    match deferred::retry(&app, &access, id).await? {
        Some(signed) => encryption.signed(&signed, None),
        None => encryption.deferred(id),
    }
}

impl From<DeferredError> for OAuthError {
    fn from(error: DeferredError) -> Self {
        match error {
            DeferredError::UnknownTransaction => Self::code(
                "invalid_transaction_id",
                "Unknown transaction: it was already fetched, has expired, or belongs to another token.",
            ),
            DeferredError::Unavailable => {
                Self::code("credential_request_denied", "This credential is no longer available.")
            }
            DeferredError::Expired(day) => expired(day),
            DeferredError::Other(error) => Self::Other(error),
        }
    }
}
