//! `/account`: email address, passkeys, sessions, and deletion of the account.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::{Layout, page};
use crate::app::App;
use crate::error::Error;
use crate::flows::account::{self, AccountView, passkeys, sessions};
use crate::flows::wallet;
use crate::http::cookies::{FORM, LINK, NOTICE, SESSION};
use crate::http::extract::Form;
use crate::http::headers::CLEAR_CACHE;
use crate::http::session::SignedIn;
use ambient::Timestamp;

#[derive(Template)]
#[template(path = "account.html")]
struct Account {
    layout: Layout,
    email: String,
    created_at: Timestamp,
    passkeys: Vec<Passkey>,
    sessions: i64,
    passkeys_possible: bool,
}

struct Passkey {
    id: String,
    created_at: Timestamp,
    used_at: Option<Timestamp>,
}

#[derive(Template)]
#[template(path = "delete_account.html")]
struct DeleteAccount {
    layout: Layout,
    credentials: i64,
    not_understood: bool,
}

#[derive(Debug, Deserialize)]
struct DeleteForm {
    #[serde(default)]
    understood: String,
}

#[derive(Debug, Deserialize)]
struct PasskeyForm {
    #[serde(default)]
    id: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/account", get(show))
        .route("/account/passkeys/remove", post(remove_passkey))
        .route("/account/sign-out-everywhere", post(sign_out_everywhere))
        .route("/account/delete", get(confirm).post(delete))
}

async fn show(State(app): State<App>, signed_in: SignedIn, headers: HeaderMap) -> Result<Response, Error> {
    let holder = &signed_in.holder;
    let AccountView { email, passkeys, sessions } = account::view(&app, holder).await?;
    let passkeys = passkeys
        .into_iter()
        .map(|passkey| Passkey {
            id: URL_SAFE_NO_PAD.encode(passkey.id),
            created_at: passkey.created_at,
            used_at: passkey.used_at,
        })
        .collect();
    let layout = Layout::new(&app, true).with_notice(&app, &headers);
    let template = Account {
        layout: layout.clone(),
        email,
        created_at: holder.created_at,
        passkeys,
        sessions,
        passkeys_possible: app.webauthn().is_some(),
    };
    Ok(page(&app, &template, &layout))
}

async fn remove_passkey(
    State(app): State<App>,
    signed_in: SignedIn,
    Form(form): Form<PasskeyForm>,
) -> Result<Response, Error> {
    if let Ok(id) = URL_SAFE_NO_PAD.decode(&form.id) {
        passkeys::remove(&app, signed_in.holder.id, &id).await?;
    }
    Ok((NOTICE.set(&app, "notice-passkey-removed"), Redirect::to("/account")).into_response())
}

async fn sign_out_everywhere(State(app): State<App>, signed_in: SignedIn) -> Result<Response, Error> {
    sessions::end_all(&app, signed_in.holder.id).await?;
    let cookies = (SESSION.remove(&app), FORM.remove(&app), NOTICE.set(&app, "notice-signed-out-everywhere"));
    Ok((CLEAR_CACHE, cookies, Redirect::to("/")).into_response())
}

async fn confirm(State(app): State<App>, signed_in: SignedIn) -> Result<Response, Error> {
    confirm_page(&app, &signed_in, false).await
}

async fn confirm_page(app: &App, signed_in: &SignedIn, not_understood: bool) -> Result<Response, Error> {
    let credentials = wallet::count(app, signed_in.holder.id).await?;
    let layout = Layout::new(app, true);
    let response = page(app, &DeleteAccount { layout: layout.clone(), credentials, not_understood }, &layout);
    Ok(if not_understood { (StatusCode::UNPROCESSABLE_ENTITY, response).into_response() } else { response })
}

async fn delete(State(app): State<App>, signed_in: SignedIn, Form(form): Form<DeleteForm>) -> Result<Response, Error> {
    if form.understood != "yes" {
        return confirm_page(&app, &signed_in, true).await;
    }
    account::delete(&app, signed_in.holder.id).await?;
    let waiting = (LINK.remove(&app), FORM.remove(&app));
    let cookies = (SESSION.remove(&app), waiting, NOTICE.set(&app, "notice-account-deleted"));
    Ok((CLEAR_CACHE, cookies, Redirect::to("/")).into_response())
}
