//! `POST /oid4vci/nonce`: a challenge for the proofs of a credential request (OpenID4VCI 1.0,
//! section 7).

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::json;

use crate::app::App;
use crate::http::cors::SharedRoutes;
use crate::issuing::NoncePurpose;

pub(super) fn routes() -> SharedRoutes {
    SharedRoutes::default().route("/oid4vci/nonce", post(give)).route("/oid4vci/challenge", post(challenge))
}

async fn give(State(app): State<App>) -> Response {
    let headers = [
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::HeaderName::from_static("dpop-nonce"), app.nonces().issue(NoncePurpose::Dpop)),
    ];
    (headers, Json(json!({ "c_nonce": app.nonces().issue(NoncePurpose::KeyProof) }))).into_response()
}

/// Returns a challenge for wallet attestations (draft-ietf-oauth-attestation-based-client-auth,
/// section 8).
async fn challenge(State(app): State<App>) -> Response {
    let challenge = json!({ "attestation_challenge": app.nonces().issue(NoncePurpose::Attestation) });
    ([(header::CACHE_CONTROL, "no-store")], Json(challenge)).into_response()
}
