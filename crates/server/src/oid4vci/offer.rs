//! Credential offers (OpenID4VCI 1.0, section 4.1). They are passed by reference, which keeps QR
//! codes small, and can be read repeatedly.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::flows::issuance::offer;
use crate::http::cors::SharedRoutes;
use crate::http::extract::Path;

/// The grant type of pre-authorized codes (OpenID4VCI 1.0, section 3.5).
pub const PRE_AUTHORIZED: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

pub(super) fn routes() -> SharedRoutes {
    SharedRoutes::default()
        .route("/oid4vci/offers/{id}", get(show))
        .route("/oid4vci/requests/{id}/offer", get(show_of_push))
}

async fn show(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let open = offer::open(&app, id).await?;
    let grants = json!({
        PRE_AUTHORIZED: {
            "pre-authorized_code": open.pre_authorized_code,
            "tx_code": { "input_mode": "numeric", "length": 6, "description": "The six digits on the page that showed the offer." },
        },
        // A wallet that cannot redeem such a code sends its own authorization request, which the
        // holder then allows or denies.
        "authorization_code": {},
    });
    Ok(respond(&app, &open.configurations, &grants))
}

/// Serves the offer of a push: the wallet first asks the holder to sign in and consent.
async fn show_of_push(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let configurations = offer::of_push(&app, id).await?;
    Ok(respond(&app, &configurations, &json!({ "authorization_code": { "issuer_state": id } })))
}

fn respond(app: &App, configurations: &[String], grants: &Value) -> Response {
    let offer = json!({
        "credential_issuer": app.config().base(),
        "credential_configuration_ids": configurations,
        "grants": grants,
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(offer)).into_response()
}
