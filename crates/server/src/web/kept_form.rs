//! Forms and pages that need a session which has ended: sign-in says why, and leads back to the
//! page, with what was entered.
//!
//! The browser keeps the form encrypted in a cookie until its page is shown again, for at most an
//! hour. It is in no URL, and the server stores nothing.

use std::io::{Read as _, Write as _};

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::auth::known_browser;
use crate::http::cookies::{FORM, KNOWN_BROWSER, NOTICE, RETURN, SESSION};
use crate::http::headers::{self, CLEAR_CACHE};
use crate::http::read_body;
use crate::http::session::Visitor;
use crate::links;
use ambient::{HOUR, Timestamp};
use store::Holder;
use store::domain::submission::Sealed;

/// Maximum length of a form that is kept, in bytes.
const MAX_FORM: usize = 32 * 1024;
/// Maximum length of the cookie's value. Browsers keep cookies of 4096 bytes with their attributes.
const MAX_COOKIE: usize = 3800;
const LABEL: [&[u8]; 1] = [b"kept-form"];

/// A form that was sent without a session.
#[derive(Debug, Deserialize, Serialize)]
struct KeptForm {
    /// The path of its page.
    page: String,
    /// The token of the account that this browser was signed in to last.
    owner: String,
    /// When it was sent, in microseconds.
    at: i64,
    fields: Vec<(String, String)>,
}

/// Middleware of the holder's pages. Keeps a form that was sent without a session, and remembers
/// the page that sign-in leads back to.
pub(super) async fn keep(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if *request.method() == Method::GET {
        let Some(page) = links::holder_page(&path) else { return next.run(request).await };
        let had_session = SESSION.read(&app, request.headers()).is_some();
        let response = next.run(request).await;
        return if leads_to_sign_in(&response) { to_sign_in(&app, page, had_session, response) } else { response };
    }
    let Some(page) = page_of_form(&path).filter(|_| *request.method() == Method::POST) else {
        return next.run(request).await;
    };
    let (mut parts, body) = request.into_parts();
    if !matches!(Visitor::from_request_parts(&mut parts, &app).await, Ok(Visitor(None))) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let has_choices = path.ends_with("/share") || path.ends_with("/accept");
    let is_form = has_choices && headers::is_media_type(&parts.headers, "application/x-www-form-urlencoded");
    let body = if is_form { read_body(&app, body, MAX_FORM).await.ok() } else { None };
    let kept = match body {
        Some(body) => seal(&app, &parts.headers, &page, &body).await,
        None => None,
    };
    let kept = kept.map_or_else(|| FORM.remove(&app), |kept| FORM.set(&app, &kept));
    let cookies = (RETURN.set(&app, &page), kept, NOTICE.set(&app, "notice-form-unsaved"));
    (CLEAR_CACHE, cookies, Redirect::to(links::SIGN_IN)).into_response()
}

fn leads_to_sign_in(response: &Response) -> bool {
    response.status() == StatusCode::SEE_OTHER
        && response.headers().get(header::LOCATION).is_some_and(|location| location == links::SIGN_IN)
}

/// Adds the page to return to, and after the end of a session the reason, to the redirect.
fn to_sign_in(app: &App, page: &str, had_session: bool, response: Response) -> Response {
    let ended = had_session.then(|| (CLEAR_CACHE, NOTICE.set(app, "notice-session-ended")));
    (RETURN.set(app, page), ended, response).into_response()
}

/// Returns the page of a form that is sent to `path` and needs a session.
fn page_of_form(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let page = match parts.as_slice() {
        ["wallet", "share"] | ["wallet", "credentials", _, "share" | "delete"] | ["account", "delete"] => {
            path.to_owned()
        }
        ["wallet", kind @ ("credentials" | "shares"), id, _, ..] => format!("/wallet/{kind}/{id}"),
        ["requests", id, "accept" | "decline"] => format!("/requests/{id}"),
        ["verifications", id, "share" | "cancel"] => format!("/verifications/{id}"),
        ["account", _, ..] => "/account".to_owned(),
        ["passkey", "later"] => "/wallet".to_owned(),
        _ => return None,
    };
    links::holder_page(&page).is_some().then_some(page)
}

/// Returns the cookie's value for a form of `page`; `None` if it does not fit, or cannot be
/// encrypted now.
async fn seal(app: &App, headers: &HeaderMap, page: &str, body: &Bytes) -> Option<String> {
    let fields = url::form_urlencoded::parse(body).into_owned().collect();
    let (known, now) = (KNOWN_BROWSER.read(app, headers), app.now());
    // A browser without an earlier sign-in has no owner to show the form to.
    let owner = known?.split('.').next()?.to_owned();
    let form = KeptForm { page: page.to_owned(), owner, at: now.micros(), fields };
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&serde_json::to_vec(&form).ok()?).ok()?;
    let sealed = app.keyring().seal(now, &LABEL, &encoder.finish().ok()?).await.ok()?;
    let value = format!("{}.{}", sealed.period.micros(), URL_SAFE_NO_PAD.encode(sealed.bytes));
    Some(value).filter(|value| value.len() <= MAX_COOKIE)
}

async fn open(app: &App, cookie: &str) -> Option<KeptForm> {
    let (period, bytes) = cookie.split_once('.')?;
    let period = Timestamp::from_micros(period.parse().ok()?);
    let sealed = Sealed { period, bytes: URL_SAFE_NO_PAD.decode(bytes).ok()? };
    // An error is a forged cookie or a failure of the store: the page is then as new.
    let packed = app.keyring().open_sealed(&sealed, &LABEL).await.ok()??;
    let mut plain = Vec::new();
    DeflateDecoder::new(packed.as_slice()).read_to_end(&mut plain).ok()?;
    serde_json::from_slice(&plain).ok()
}

/// Returns the fields of the form of `page` that `holder` sent when their session had ended.
pub(super) async fn find(app: &App, headers: &HeaderMap, holder: &Holder, page: &str) -> Option<Vec<(String, String)>> {
    let form = open(app, &FORM.read(app, headers)?).await?;
    let is_fresh = app.now().since(Timestamp::from_micros(form.at)) < HOUR;
    let is_own = known_browser::token(app.keyring(), &holder.email_fingerprint, &form.owner).is_some();
    (is_fresh && is_own && form.page == page).then_some(form.fields)
}

/// Returns the page with a kept form, which is no rejected form, and removes the form's cookie.
pub(super) fn shown(app: &App, mut page: Response) -> Response {
    if page.status() == StatusCode::UNPROCESSABLE_ENTITY {
        *page.status_mut() = StatusCode::OK;
    }
    (FORM.remove(app), page).into_response()
}

/// Returns the page that was asked for without a session.
pub(super) fn page_to_return_to(app: &App, headers: &HeaderMap) -> Option<Redirect> {
    let page = RETURN.read(app, headers)?;
    links::holder_page(&page).map(Redirect::to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_lead_back_to_their_pages() {
        let id = "0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70";
        for (form, page) in [
            ("/wallet/share", "/wallet/share"),
            ("/wallet/credentials/ID/share", "/wallet/credentials/ID/share"),
            ("/wallet/credentials/ID/updates/stop", "/wallet/credentials/ID"),
            ("/wallet/shares/ID/revoke", "/wallet/shares/ID"),
            ("/requests/ID/accept", "/requests/ID"),
            ("/verifications/ID/share", "/verifications/ID"),
            ("/account/passkeys/remove", "/account"),
        ] {
            let (form, page) = (form.replace("ID", id), page.replace("ID", id));
            assert_eq!(page_of_form(&form), Some(page), "{form}");
        }
        for other in ["/sign-in", "/sign-out", "/verifications/ID/other-wallet", "/share/x", "/requests/%2F/accept"] {
            assert_eq!(page_of_form(other), None, "{other}");
        }
    }
}
