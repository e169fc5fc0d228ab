//! Passkeys of a console: registered after signing in with the secret, used to sign in later. The
//! ceremonies are in [`crate::flows::webauthn`].

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;
use webauthn_rs::prelude::PublicKeyCredential;

use super::audit;
use super::sign_in::signed_in;
use crate::app::App;
use crate::error::Error;
use crate::flows::console::passkeys;
use crate::http::cookies::{CEREMONY, NOTICE};
use crate::http::extract::Form;
use crate::http::session::SignedInPartner;
use crate::http::{Client, JsonBody};
use crate::web::passkey::{options, parse};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Name {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RemoveForm {
    id: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/console/passkey/register/start", post(start_registration))
        .route("/console/passkey/register/finish", post(finish_registration))
        .route("/console/passkey/sign-in/start", post(start_sign_in))
        .route("/console/passkey/sign-in/finish", post(finish_sign_in))
        .route("/console/passkeys/remove", post(remove))
}

async fn start_registration(State(app): State<App>, user: SignedInPartner) -> Result<Response, Error> {
    Ok(options(&app, passkeys::start_registration(&app, &user.partner).await?))
}

async fn finish_registration(
    State(app): State<App>,
    user: SignedInPartner,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    let (secret, Name { name }) = (CEREMONY.read(&app, &headers), parse(&body)?);
    passkeys::finish_registration(&app, &user.partner, secret.as_deref(), &parse(&body)?, &name).await?;
    audit(&user, "passkey_enrolled");
    Ok((NOTICE.set(&app, "notice-console-passkey-added"), StatusCode::NO_CONTENT).into_response())
}

async fn start_sign_in(State(app): State<App>, client: Client) -> Result<Response, Error> {
    Ok(options(&app, passkeys::start_sign_in(&app, client.0).await?))
}

async fn finish_sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    let (secret, credential) = (CEREMONY.read(&app, &headers), parse::<PublicKeyCredential>(&body)?);
    let partner = passkeys::finish_sign_in(&app, secret.as_deref(), &credential).await?;
    let cookie = signed_in(&app, &headers, &partner).await?;
    Ok((cookie, Json(json!({ "location": "/console" }))).into_response())
}

async fn remove(
    State(app): State<App>,
    user: SignedInPartner,
    Form(form): Form<RemoveForm>,
) -> Result<Response, Error> {
    if let Ok(id) = URL_SAFE_NO_PAD.decode(&form.id) {
        passkeys::remove(&app, user.partner.id, &id).await?;
        audit(&user, "passkey_removed");
    }
    Ok((NOTICE.set(&app, "notice-console-passkey-removed"), Redirect::to("/console/credentials")).into_response())
}
