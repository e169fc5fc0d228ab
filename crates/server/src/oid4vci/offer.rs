//! Credential offers (OpenID4VCI 1.0, section 4.1): by reference, so that a QR stays small, and readable as often as a
//! wallet likes.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use store::domain::issuance::{Issuance, IssuanceKind};
use store::domain::submission::{self, Submission};

/// How long an offer can be taken.
pub const LIFETIME: Duration = Duration::from_secs(600);

/// The grant of OpenID4VCI 1.0, section 3.5.
pub const PRE_AUTHORIZED: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

pub(super) fn routes() -> Router<App> {
    Router::new().route("/oid4vci/offers/{id}", get(offer)).route("/oid4vci/requests/{id}/offer", get(push_offer))
}

/// What an offer's code is: nothing that is stored, and nothing that the offer's address tells.
pub fn pre_authorized_code(app: &App, offer: Uuid) -> String {
    let tag = app.keyring().fingerprint("pre-authorized_code", offer.as_bytes());
    URL_SAFE_NO_PAD.encode([offer.as_bytes(), &tag[..24]].concat())
}

/// The offer that a code is of, by its name alone: the caller compares the code.
pub(super) fn offer_of(code: &str) -> Option<Uuid> {
    let bytes = URL_SAFE_NO_PAD.decode(code).ok().filter(|bytes| bytes.len() == 40)?;
    Uuid::from_slice(&bytes[..16]).ok()
}

/// The six digits that the person reads off the wallet page and types into the other wallet.
pub fn transaction_code(app: &App, offer: Uuid) -> String {
    let tag = app.keyring().fingerprint("transaction code", offer.as_bytes());
    // Of 64 bits, the remainder of a million is as good as even.
    let number = tag.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)) % 1_000_000;
    format!("{number:06}")
}
async fn offer(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let issuance: Option<Issuance> = app.store().read().await?.issuance(id).await?;
    let is_open =
        |issuance: &Issuance| matches!(issuance.kind, IssuanceKind::Offer { .. }) && issuance.expires_at > app.now();
    let issuance = issuance.filter(is_open).ok_or_else(Error::not_found)?;
    let configurations: Vec<String> = issuance.credentials.iter().map(|grant| grant.configuration.id()).collect();
    let offer = json!({
        "credential_issuer": app.config().base(),
        "credential_configuration_ids": configurations,
        "grants": {
            PRE_AUTHORIZED: {
                "pre-authorized_code": pre_authorized_code(&app, id),
                "tx_code": { "input_mode": "numeric", "length": 6, "description": "The six digits on the page that offered this." },
            },
            // A wallet that takes no codes asks by itself, and the person answers here.
            "authorization_code": {},
        },
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(offer)).into_response())
}

/// The offer of a push: the wallet sends the person to sign in and to consent first. It says the type, which the link says
/// too, and nothing else. What is over has none.
async fn push_offer(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let submission = app.store().read().await?.linked_submission(id, app.now()).await?;
    let is_open = |submission: &Submission| {
        submission.stands() || matches!(submission.state, submission::State::Incomplete { .. })
    };
    let submission = submission.filter(is_open).ok_or_else(Error::not_found)?;
    let configurations: Vec<String> = credential::format::Format::ALL
        .map(|format| credential::format::Configuration { credential_type: submission.credential_type, format }.id())
        .to_vec();
    let offer = json!({
        "credential_issuer": app.config().base(),
        "credential_configuration_ids": configurations,
        "grants": { "authorization_code": { "issuer_state": id } },
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(offer)).into_response())
}
