//! `POST /openid4vp/responses/{id}`: a wallet's response (OpenID4VP 1.0, section 8.2). The wallet
//! receives only the URL to open in the browser.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::json;
use uuid::Uuid;

use super::ended::ended;
use crate::app::App;
use crate::flows::presentation::{Received, WalletResponse, receive};
use crate::http::cors::SharedRoutes;
use crate::http::extract::Path;
use crate::http::{AnyBody, Client, FormParameters, OAuthError};

pub(super) fn routes() -> SharedRoutes {
    SharedRoutes::default().route("/openid4vp/responses/{id}", post(respond))
}

async fn respond(
    State(app): State<App>,
    client: Client,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    AnyBody(body): AnyBody,
) -> Result<Response, OAuthError> {
    app.limits().wallets.check(&client.0)?;
    let form = FormParameters::read(&headers, &body)?;
    let response = WalletResponse {
        response: form.get("response"),
        vp_token: form.get("vp_token"),
        presentation_submission: form.get("presentation_submission"),
        error: form.get("error"),
        state: form.get("state"),
    };
    match receive(&app, id, &response).await? {
        Received::Taken { redirect_uri } => {
            let body = Json(json!({ "redirect_uri": redirect_uri }));
            Ok(([(header::CACHE_CONTROL, "no-store")], body).into_response())
        }
        Received::Refused(reason) => Err(OAuthError::code("invalid_request", reason)),
        Received::Ended => Err(ended()),
    }
}
