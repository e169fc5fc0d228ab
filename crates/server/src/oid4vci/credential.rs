//! `POST /oid4vci/credential`: credentials for the keys that a wallet proves (OpenID4VCI 1.0,
//! section 8).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use credential::Date;
use serde_json::{Map, Value};
use store::StoreError;
use store::domain::issuance::WalletAccess;

use super::body::{self, ResponseEncryption};
use super::drafts;
use super::wallet::Wallet;
use crate::app::App;
use crate::flows::issuance::credential::{Issuance, IssueError, Selector, issue};
use crate::http::cors::SharedRoutes;
use crate::http::{AnyBody, OAuthError};
use crate::issuing::{NoncePurpose, ProofError};

pub(super) fn routes() -> SharedRoutes {
    SharedRoutes::default().route("/oid4vci/credential", post(credential))
}

async fn credential(
    State(app): State<App>,
    Wallet(access): Wallet,
    headers: HeaderMap,
    AnyBody(body): AnyBody,
) -> Result<Response, OAuthError> {
    let (request, was_encrypted) = body::read(&app, &headers, &body)?;
    let encryption = ResponseEncryption::read(&request, was_encrypted)?;
    let by_format = drafts::selected(&app, &access, &request)?;
    let proofs = drafts::proofs(&request)?;
    let issued = issue(&app, &access, selector(&request, by_format.as_deref())?, proofs.as_deref()).await;
    match issued.map_err(|error| render(error, &access))? {
        Issuance::Signed(signed) => {
            let next = drafts::has_single_proof(&request).then(|| app.nonces().issue(NoncePurpose::KeyProof));
            encryption.signed(&signed, next.as_deref())
        }
        Issuance::Deferred(transaction_id) => encryption.deferred(&transaction_id),
    }
}

/// Returns how the request selects a credential. `by_format` is the configuration that a request of
/// a draft selects.
fn selector<'a>(request: &'a Map<String, Value>, by_format: Option<&'a str>) -> Result<Selector<'a>, OAuthError> {
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    match (text("credential_identifier"), text("credential_configuration_id").or(by_format)) {
        (Some(identifier), None) => Ok(Selector::Identifier(identifier)),
        (None, Some(id)) => Ok(Selector::Configuration(id)),
        _ => Err(OAuthError::code(
            "invalid_credential_request",
            "Send exactly one of credential_identifier and credential_configuration_id.",
        )),
    }
}

/// Returns the error for an expired credential (section 8.3.1).
pub(super) fn expired(day: Date) -> OAuthError {
    OAuthError::code("credential_request_denied", format!("This credential expired on {}.", day.in_words()))
}

fn render(error: IssueError, access: &WalletAccess) -> OAuthError {
    let (code, description) = match error {
        IssueError::UnknownIdentifier => {
            ("unknown_credential_identifier", "The token does not grant this credential_identifier.")
        }
        IssueError::UnknownConfiguration => {
            ("unknown_credential_configuration", "Unknown credential configuration. The issuer metadata lists them.")
        }
        IssueError::NotGranted => ("insufficient_scope", "The token does not grant this credential_configuration_id."),
        IssueError::Ambiguous => (
            "invalid_credential_request",
            "The token grants several credentials of this configuration. Use authorization_details and send a \
             credential_identifier.",
        ),
        IssueError::Proof(ProofError::Invalid(reason)) => return OAuthError::code("invalid_proof", reason),
        IssueError::Proof(ProofError::Unavailable(cause)) => return StoreError::Unavailable(cause).into(),
        IssueError::Proof(ProofError::Nonce) => (
            "invalid_nonce",
            "The nonce is invalid, has expired, or was already used. Get a new one from the nonce endpoint.",
        ),
        IssueError::Token => return OAuthError::Token { by_key: access.key.is_some() },
        IssueError::Unavailable => (
            "credential_request_denied",
            "This credential is no longer available: it was deleted, withdrawn or replaced.",
        ),
        IssueError::Expired(day) => return expired(day),
        IssueError::Other(error) => return OAuthError::Other(error),
    };
    OAuthError::code(code, description)
}
