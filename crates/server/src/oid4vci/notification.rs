//! `POST /oid4vci/notification`: a wallet reports whether it stored a credential (OpenID4VCI 1.0,
//! section 11).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use uuid::Uuid;

use super::body;
use super::wallet::Wallet;
use crate::app::App;
use crate::flows::issuance::notification;
use crate::http::cors::SharedRoutes;
use crate::http::{AnyBody, OAuthError};

/// The events that a wallet can report.
const EVENTS: [&str; 3] = ["credential_accepted", "credential_failure", "credential_deleted"];

pub(super) fn routes() -> SharedRoutes {
    SharedRoutes::default().route("/oid4vci/notification", post(notify))
}

async fn notify(
    State(app): State<App>,
    Wallet(access): Wallet,
    headers: HeaderMap,
    AnyBody(body): AnyBody,
) -> Result<StatusCode, OAuthError> {
    let malformed = |why: &str| OAuthError::code("invalid_notification_request", why);
    let (request, _) =
        body::read(&app, &headers, &body).map_err(|_| malformed("Send a JSON object as application/json."))?;
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let event = text("event").and_then(|event| EVENTS.into_iter().find(|known| *known == event));
    let event = event
        .ok_or_else(|| malformed("event must be credential_accepted, credential_failure or credential_deleted."))?;
    let id = text("notification_id").ok_or_else(|| malformed("notification_id is missing."))?;
    let unknown = || OAuthError::code("invalid_notification_id", "Unknown notification_id for this token.");
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    if !notification::record(&app, &access, id, event).await? {
        return Err(unknown());
    }
    Ok(StatusCode::NO_CONTENT)
}
