//! Passkeys of people: registered after signing in, used to sign in later. The ceremonies are in
//! [`crate::flows::webauthn`].

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde_json::json;
use webauthn_rs::prelude::PublicKeyCredential;

use super::sign_in::signed_in;
use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::account::passkeys;
use crate::flows::webauthn::Started;
use crate::http::cookies::{CEREMONY, NOTICE};
use crate::http::session::SignedIn;
use crate::http::{Client, JsonBody};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/passkey/register/start", post(start_registration))
        .route("/passkey/register/finish", post(finish_registration))
        .route("/passkey/sign-in/start", post(start_sign_in))
        .route("/passkey/sign-in/finish", post(finish_sign_in))
        .route("/passkey/later", post(later))
}

async fn start_registration(State(app): State<App>, user: SignedIn) -> Result<Response, Error> {
    Ok(options(&app, passkeys::start_registration(&app, &user.holder).await?))
}

async fn finish_registration(
    State(app): State<App>,
    user: SignedIn,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    let secret = CEREMONY.read(&app, &headers);
    passkeys::finish_registration(&app, user.holder.id, secret.as_deref(), &parse(&body)?).await?;
    Ok((NOTICE.set(&app, "notice-passkey-added"), StatusCode::NO_CONTENT).into_response())
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
    let holder = passkeys::finish_sign_in(&app, secret.as_deref(), &credential).await?;
    let mut response = signed_in(&app, &headers, &holder).await?.into_response();
    // The script navigates to the address itself. A redirect would be followed by `fetch`, not by
    // the page.
    let location = response.headers_mut().remove(header::LOCATION);
    let location = location.as_ref().and_then(|value| value.to_str().ok()).unwrap_or("/wallet");
    let answer = Json(json!({ "location": location })).into_response();
    let mut parts = response.into_parts().0;
    parts.status = StatusCode::OK;
    parts.headers.extend(answer.headers().iter().map(|(name, value)| (name.clone(), value.clone())));
    Ok(Response::from_parts(parts, answer.into_body()))
}

async fn later(State(app): State<App>, user: SignedIn) -> Result<Redirect, Error> {
    passkeys::decline_offer(&app, user.holder.id).await?;
    Ok(Redirect::to("/wallet"))
}

/// Parses the response of the browser's authenticator.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|_| Error::new(Kind::Malformed, "The browser did not send a passkey."))
}

/// Returns the options of a ceremony to the browser.
pub(super) fn options(app: &App, started: Started) -> Response {
    (CEREMONY.set(app, &started.secret), Json(started.options)).into_response()
}
