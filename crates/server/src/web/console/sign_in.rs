//! `/console/sign-in`: by client id and client secret, or by a passkey once one is enrolled.
//!
//! The answer is the same whichever of the two is wrong, and takes the same work.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use secrecy::SecretString;
use serde::Deserialize;

use super::{Frame, audit, layout};
use crate::app::App;
use crate::auth::console::{SignedInPartner, begin_session, page_of_console, session};
use crate::auth::holder::{CONSOLE, NOTICE};
use crate::auth::partner::by_secret;
use crate::error::Error;
use crate::http::Client;
use crate::seal::sha256;
use crate::web::{Layout, page};
use store::Partner;

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage {
    layout: Layout,
    frame: Frame,
    client_id: String,
    /// The page to come back to; empty for the first one.
    to: String,
    refused: bool,
    passkeys: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    to: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SignInForm {
    client_id: String,
    client_secret: SecretString,
    to: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/console/sign-in", get(ask).post(sign_in))
        .route("/console/sign-out", post(sign_out))
        .route("/console/sign-out-others", post(sign_out_others))
}

async fn ask(State(app): State<App>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Result<Response, Error> {
    if session(&app, &headers).await?.is_some() {
        return Ok(Redirect::to("/console").into_response());
    }
    Ok(form(&app, &headers, String::new(), &wanted.to, false))
}

fn form(app: &App, headers: &HeaderMap, client_id: String, to: &str, refused: bool) -> Response {
    let layout = layout(app, headers);
    let to = page_of_console(to).unwrap_or_default().to_owned();
    let passkeys = app.webauthn().is_some();
    let frame = Frame::default();
    let response = page(app, &SignInPage { layout: layout.clone(), frame, client_id, to, refused, passkeys }, &layout);
    if refused { (StatusCode::UNPROCESSABLE_ENTITY, response).into_response() } else { response }
}

async fn sign_in(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Form(sent): Form<SignInForm>,
) -> Result<Response, Error> {
    let client_id = sent.client_id.trim();
    app.limits().console_per_client.check_global(&client.0).await?;
    app.limits().console_per_partner.check_global(&sha256(client_id.as_bytes())).await?;
    let Some(partner) = by_secret(app.store(), client_id, &sent.client_secret).await? else {
        app.metrics().sign_in("console_refused");
        return Ok(form(&app, &headers, client_id.to_owned(), &sent.to, true));
    };
    app.metrics().sign_in("console");
    tracing::info!(partner = %partner.id, by = "secret", "signed in to the console");
    let cookie = signed_in(&app, &headers, &partner).await?;
    Ok((cookie, Redirect::to(page_of_console(&sent.to).unwrap_or("/console"))).into_response())
}

/// The headers that make this browser `partner`'s.
pub(super) async fn signed_in(
    app: &App,
    headers: &HeaderMap,
    partner: &Partner,
) -> Result<impl axum::response::IntoResponseParts + use<>, Error> {
    let cookie = begin_session(app, partner, CONSOLE.read(app, headers)).await?;
    Ok(AppendHeaders([cookie]))
}

async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Result<Response, Error> {
    if let Some(secret) = CONSOLE.read(&app, &headers) {
        let mut tx = app.store().write().await?;
        tx.end_console_session(&sha256(secret.as_bytes())).await?;
        tx.commit().await?;
    }
    let cookies = AppendHeaders([CONSOLE.remove(&app), NOTICE.set(&app, "notice-console-signed-out")]);
    Ok((cookies, Redirect::to("/console/sign-in")).into_response())
}

async fn sign_out_others(State(app): State<App>, user: SignedInPartner) -> Result<Response, Error> {
    let mut tx = app.store().write().await?;
    tx.end_other_console_sessions(user.partner.id, &user.session.token_hash).await?;
    tx.commit().await?;
    audit(&user, "other_sessions_ended");
    let notice = AppendHeaders([NOTICE.set(&app, "notice-console-others-ended")]);
    Ok((notice, Redirect::to("/console/credentials")).into_response())
}
