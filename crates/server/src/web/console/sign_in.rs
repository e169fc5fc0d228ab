//! `/console/sign-in`: by client id and client secret, or by a passkey once one is registered.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use secrecy::SecretString;
use serde::Deserialize;

use super::{Frame, audit, layout};
use crate::app::App;
use crate::error::Error;
use crate::flows::console::{secret, sessions};
use crate::http::Client;
use crate::http::cookies::{CONSOLE, NOTICE, SetCookie};
use crate::http::extract::{Form, Query};
use crate::http::headers::CLEAR_CACHE;
use crate::http::session::{ConsoleVisitor, SignedInPartner, console_page};
use crate::web::cookie_check::{CookieCheck, blocked};
use crate::web::{Layout, page};
use store::Partner;

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage {
    layout: Layout,
    frame: Frame,
    client_id: String,
    /// The page to return to; empty for the overview.
    to: String,
    refused: bool,
    passkeys: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SignInQuery {
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

async fn ask(
    State(app): State<App>,
    ConsoleVisitor(visitor): ConsoleVisitor,
    Query(wanted): Query<SignInQuery>,
    Query(check): Query<CookieCheck>,
    headers: HeaderMap,
) -> Response {
    match visitor {
        Some(_) => return Redirect::to(console_page(&wanted.to).unwrap_or("/console")).into_response(),
        None if check.is_due() => return blocked(&app, "/console/sign-in"),
        None => {}
    }
    form(&app, &headers, String::new(), &wanted.to, false)
}

fn form(app: &App, headers: &HeaderMap, client_id: String, to: &str, refused: bool) -> Response {
    let layout = layout(app, headers);
    let to = console_page(to).unwrap_or_default().to_owned();
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
    let Some(partner) = secret::sign_in(&app, client.0, client_id, &sent.client_secret).await? else {
        return Ok(form(&app, &headers, client_id.to_owned(), &sent.to, true));
    };
    let cookie = signed_in(&app, &headers, &partner).await?;
    let to = console_page(&sent.to).unwrap_or("/console");
    Ok((cookie, Redirect::to(&format!("/console/sign-in?to={to}&cookies=check"))).into_response())
}

/// Creates the session and returns its cookie.
pub(super) async fn signed_in(app: &App, headers: &HeaderMap, partner: &Partner) -> Result<SetCookie, Error> {
    let session = sessions::begin(app, partner, CONSOLE.read(app, headers).as_deref()).await?;
    Ok(CONSOLE.set(app, &session))
}

async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Result<Response, Error> {
    if let Some(secret) = CONSOLE.read(&app, &headers) {
        sessions::end(&app, &secret).await?;
    }
    let cookies = (CONSOLE.remove(&app), NOTICE.set(&app, "notice-console-signed-out"));
    Ok((CLEAR_CACHE, cookies, Redirect::to("/console/sign-in")).into_response())
}

async fn sign_out_others(State(app): State<App>, user: SignedInPartner) -> Result<Response, Error> {
    sessions::end_others(&app, user.partner.id, &user.session).await?;
    audit(&user, "other_sessions_ended");
    let notice = NOTICE.set(&app, "notice-console-others-ended");
    Ok((notice, Redirect::to("/console/credentials")).into_response())
}
