//! `/sign-in`: by a six-digit code sent by mail, or by a passkey.
//!
//! Nothing here reveals whether an address has an account: a code is sent in either case, and the
//! pages are identical.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use uuid::Uuid;

use super::cookie_check::{CookieCheck, blocked, to_check};
use super::qr::Qr;
use super::{Layout, kept_form, link, page, redirects};
use crate::app::App;
use crate::auth::known_browser;
use crate::email::Email;
use crate::error::Error;
use crate::flows::account::codes::{self, CodeBrowser, CodeError, PendingCode, SentCode};
use crate::flows::account::sessions;
use crate::flows::link_preview::{self, LinkPreview, UnopenedLink};
use crate::http::Client;
use crate::http::cookies::{FORM, KNOWN_BROWSER, LINK, NOTICE, RETURN, SESSION, SIGN_IN};
use crate::http::extract::{Form, Path, Query};
use crate::http::headers::CLEAR_CACHE;
use crate::http::session::Visitor;
use crate::i18n::Text;
use crate::mail::Mail;
use store::Holder;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    layout: Layout,
    email: String,
    invalid: bool,
    passkeys: bool,
    /// What may be shown about the link that is being opened.
    preview: LinkPreview,
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    layout: Layout,
    id: Uuid,
    refused: Option<CodeError>,
    /// The address that the code was sent to, and its end, if this browser may see them.
    sent: Option<PendingCode>,
    /// The time left for that code; otherwise the lifetime of a code.
    lifetime: String,
}

#[derive(Debug, Deserialize)]
struct EmailForm {
    #[serde(default)]
    email: String,
}

#[derive(Debug, Deserialize)]
struct CodeForm {
    #[serde(default)]
    code: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/sign-in", get(ask_email).post(send_code))
        .route("/sign-in/{id}", get(ask_code).post(try_code))
        .route("/sign-in/{id}/again", post(send_again))
        .route("/sign-out", post(sign_out))
}

async fn ask_email(State(app): State<App>, Visitor(visitor): Visitor, headers: HeaderMap) -> Result<Response, Error> {
    if visitor.is_some() {
        let next = kept_form::page_to_return_to(&app, &headers).unwrap_or_else(|| Redirect::to("/wallet"));
        return Ok((RETURN.remove(&app), next).into_response());
    }
    email_page(&app, &headers, String::new(), false).await
}

async fn email_page(app: &App, headers: &HeaderMap, email: String, invalid: bool) -> Result<Response, Error> {
    let layout = Layout::new(app, false).with_notice(app, headers);
    let preview = match link::waiting(app, headers) {
        Some(id) => link_preview::find(app, id).await?,
        None => LinkPreview::Nothing,
    };
    let template = SignInPage { layout: layout.clone(), email, invalid, passkeys: app.webauthn().is_some(), preview };
    let response = page(app, &template, &layout);
    Ok(if invalid { (StatusCode::UNPROCESSABLE_ENTITY, response).into_response() } else { response })
}

impl SignInPage {
    fn opening(&self) -> Option<&UnopenedLink> {
        match &self.preview {
            LinkPreview::Unopened(opening) => Some(opening),
            LinkPreview::Nothing | LinkPreview::Opened => None,
        }
    }

    fn is_opened(&self) -> bool {
        matches!(self.preview, LinkPreview::Opened)
    }
}

impl UnopenedLink {
    /// Returns the link as a QR code.
    fn qr(&self, text: &Text) -> String {
        Qr::new(&self.link).map(|qr| qr.html(&text.of("qr-link"))).unwrap_or_default()
    }
}

fn browser(app: &App, client: Client, headers: &HeaderMap) -> CodeBrowser {
    let known = KNOWN_BROWSER.read(app, headers).unwrap_or_default();
    CodeBrowser { client: client.0, secret: SIGN_IN.read(app, headers), known }
}

async fn send_code(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Form(form): Form<EmailForm>,
) -> Result<Response, Error> {
    let Some(email) = Email::parse(&form.email) else { return email_page(&app, &headers, form.email, true).await };
    let browser = browser(&app, client, &headers);
    let sent = codes::send(&app, &browser, &email, |email, code| compose(&app, email, code)).await?;
    Ok(to_code_page(&app, &sent))
}

/// Sends a new code to the address of a sign-in; an expired sign-in starts again.
async fn send_again(
    State(app): State<App>,
    client: Client,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let browser = browser(&app, client, &headers);
    Ok(match codes::resend(&app, &browser, id, |email, code| compose(&app, email, code)).await? {
        Some(sent) => to_code_page(&app, &sent),
        None => Redirect::to("/sign-in").into_response(),
    })
}

fn to_code_page(app: &App, sent: &SentCode) -> Response {
    (SIGN_IN.set(app, &sent.secret), to_check(&format!("/sign-in/{}", sent.sign_in))).into_response()
}

fn compose(app: &App, email: &Email, code: &str) -> Mail {
    let text = Text::default();
    let lifetime = code_lifetime(app, &text);
    let values = [("code", code), ("lifetime", &*lifetime), ("base", app.config().base())];
    let subject = text.with("mail-code-subject", &[("code", code)]);
    Mail { to: email.as_str().to_owned(), subject, text: text.with("mail-code", &values) }
}

/// Returns the lifetime of a code in words.
fn code_lifetime(app: &App, text: &Text) -> String {
    text.code_left(app.config().sign_in.code_lifetime)
}

async fn ask_code(
    State(app): State<App>,
    client: Client,
    Path(id): Path<Uuid>,
    Query(check): Query<CookieCheck>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let browser = browser(&app, client, &headers);
    if check.is_due() {
        let is_kept = browser.secret.is_some();
        let code_page = || Redirect::to(&format!("/sign-in/{id}")).into_response();
        return Ok(if is_kept { code_page() } else { blocked(&app, "/sign-in") });
    }
    Ok(match codes::pending(&app, &browser, id).await? {
        Ok(sent) => code_page(&app, id, None, sent),
        Err(error) => code_page(&app, id, Some(error), None),
    })
}

fn code_page(app: &App, id: Uuid, refused: Option<CodeError>, sent: Option<PendingCode>) -> Response {
    let layout = Layout::new(app, false);
    let lifetime = match &sent {
        Some(sent) => layout.text.code_left(sent.expires_at.since(app.now())),
        None => code_lifetime(app, &layout.text),
    };
    let response = page(app, &CodePage { layout: layout.clone(), id, refused, sent, lifetime }, &layout);
    if refused.is_some() { (StatusCode::UNPROCESSABLE_ENTITY, response).into_response() } else { response }
}

async fn try_code(
    State(app): State<App>,
    client: Client,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Form(form): Form<CodeForm>,
) -> Result<Response, Error> {
    let browser = browser(&app, client, &headers);
    match codes::try_code(&app, &browser, id, &form.code).await? {
        Ok(holder) => Ok(signed_in(&app, &headers, &holder).await?.into_response()),
        Err(error) => {
            let sent = codes::pending(&app, &browser, id).await?.unwrap_or_default();
            Ok(code_page(&app, id, Some(error), sent))
        }
    }
}

/// Creates the session, remembers the browser, and redirects to the pending link, to another
/// wallet's pending request, to the page that was asked for without a session, or to the wallet.
pub(super) async fn signed_in(
    app: &App,
    headers: &HeaderMap,
    holder: &Holder,
) -> Result<impl IntoResponse + use<>, Error> {
    let old = SESSION.read(app, headers);
    let session = sessions::begin(app, holder.id, old.as_deref()).await?;
    let known = KNOWN_BROWSER.read(app, headers).unwrap_or_default();
    let known = known_browser::remember(app.keyring(), app.rng(), &holder.email_fingerprint, &known);
    let location = match link::waiting(app, headers) {
        Some(id) => link::go(app, id, holder.id).await?,
        None => redirects::next_page(app, headers, holder.id)
            .await?
            .or_else(|| kept_form::page_to_return_to(app, headers))
            .unwrap_or_else(|| Redirect::to("/wallet")),
    };
    let cookies = (SESSION.set(app, &session), KNOWN_BROWSER.set(app, &known), LINK.remove(app), RETURN.remove(app));
    Ok((old.map(|_| CLEAR_CACHE), cookies, location))
}

async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Result<Response, Error> {
    if let Some(secret) = SESSION.read(&app, &headers) {
        sessions::end(&app, &secret).await?;
    }
    let waiting = (LINK.remove(&app), RETURN.remove(&app), FORM.remove(&app));
    let cookies = (SESSION.remove(&app), waiting, NOTICE.set(&app, "notice-signed-out"));
    Ok((CLEAR_CACHE, cookies, Redirect::to("/")).into_response())
}
