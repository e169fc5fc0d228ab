//! `/share/{secret}`: the page behind a link, for a hirer: the content, the verdict, each check,
//! and the signed tokens.
//!
//! Everything comes from the presentations, never from the wallet, so the page cannot show more
//! than was signed and disclosed. A view is counted when a browser navigates to the page. Link
//! previews, prefetches and the holder's own visits are not counted.

pub(super) mod checks;
pub(super) mod conclusion;
mod states;
mod titles;
mod verdict;
mod view;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::cookie_check::{CookieCheck, blocked, to_check};
use super::{Layout, page};
use crate::app::App;
use crate::error::Error;
use crate::flows::share::{self, Access};
use crate::http::Client;
use crate::http::cookies::SHARE;
use crate::http::extract::{Form, Path, Query};
use crate::http::session::Visitor;
use ambient::Timestamp;
use view::SharedPage;

#[derive(Template)]
#[template(path = "shared_page_passcode.html")]
struct PasscodePage {
    layout: Layout,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "shared_page_over.html")]
struct EndedPage {
    layout: Layout,
    /// Whether no such link is known: its holder may have deleted their account.
    is_unknown: bool,
    now: Timestamp,
}

impl EndedPage {
    /// Returns the text key of the title.
    fn title(&self) -> &'static str {
        if self.is_unknown { "hire-unknown-title" } else { "hire-over-title" }
    }

    /// Returns the text key of the explanation.
    fn lead(&self) -> &'static str {
        if self.is_unknown { "hire-unknown" } else { "hire-over" }
    }
}

#[derive(Debug, Deserialize)]
struct PasscodeForm {
    #[serde(default)]
    passcode: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/share/{secret}", get(show).post(give_passcode))
        .route("/share/{secret}/token/{number}", get(token))
        .route("/share/{secret}/pdf", get(pdf))
}

/// Keeps the page out of search engines, in case its link is published.
fn unindexed(response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    response.headers_mut().insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    response
}

/// Determines the access that a link gives. The proof of the passcode is in a cookie.
async fn access(app: &App, secret: &str, headers: &HeaderMap) -> Result<Access, Error> {
    share::access(app, secret, SHARE.read(app, headers).as_deref()).await
}

fn ended_page(app: &App, signed_in: bool) -> Response {
    let layout = Layout::new(app, signed_in);
    let ended = EndedPage { layout: layout.clone(), is_unknown: false, now: app.now() };
    unindexed((StatusCode::GONE, page(app, &ended, &layout)))
}

/// The server keeps nothing of deleted links, so it cannot tell them from others.
fn unknown_page(app: &App, signed_in: bool) -> Response {
    let layout = Layout::new(app, signed_in);
    let unknown = EndedPage { layout: layout.clone(), is_unknown: true, now: app.now() };
    unindexed((StatusCode::NOT_FOUND, page(app, &unknown, &layout)))
}

fn passcode_page(app: &App, signed_in: bool, wrong: bool) -> Response {
    let layout = Layout::new(app, signed_in);
    let response = page(app, &PasscodePage { layout: layout.clone(), wrong }, &layout);
    unindexed(if wrong { (StatusCode::UNPROCESSABLE_ENTITY, response).into_response() } else { response })
}

async fn show(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    Path(secret): Path<String>,
    Query(check): Query<CookieCheck>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let share = match access(&app, &secret, &headers).await? {
        Access::Open(_) if check.is_due() => return Ok(Redirect::to(&format!("/share/{secret}")).into_response()),
        Access::Open(share) => share,
        Access::PasscodeRequired(_) if check.is_due() => return Ok(blocked(&app, &format!("/share/{secret}"))),
        Access::PasscodeRequired(_) => return Ok(passcode_page(&app, visitor.is_some(), false)),
        Access::Ended => return Ok(ended_page(&app, visitor.is_some())),
        Access::Unknown => return Ok(unknown_page(&app, visitor.is_some())),
    };
    let is_own = visitor.as_ref().is_some_and(|visitor| visitor.holder.id == share.holder);
    if !is_own && is_view(&method, &headers) {
        share::record_view(&app, &share).await?;
    }
    let layout = Layout::new(&app, visitor.is_some());
    // The share may have ended since its access was checked.
    let Some(shown) = SharedPage::new(&app, layout.clone(), &share, &secret, is_own).await? else {
        return Ok(ended_page(&app, visitor.is_some()));
    };
    Ok(unindexed(page(&app, &shown, &layout)))
}

/// Whether a browser navigates to the page (Fetch Metadata, section 2.2). A prefetch is marked by
/// `Sec-Purpose`.
fn is_view(method: &Method, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_prefetch = ["sec-purpose", "purpose"].iter().any(|name| text(name).contains("prefetch"));
    method == Method::GET && text("sec-fetch-mode") == "navigate" && !is_prefetch
}

async fn give_passcode(
    State(app): State<App>,
    client: Client,
    Visitor(visitor): Visitor,
    Path(secret): Path<String>,
    headers: HeaderMap,
    Form(form): Form<PasscodeForm>,
) -> Result<Response, Error> {
    let path = format!("/share/{secret}");
    let share = match access(&app, &secret, &headers).await? {
        Access::PasscodeRequired(share) => share,
        Access::Open(_) => return Ok(Redirect::to(&path).into_response()),
        Access::Ended => return Ok(ended_page(&app, visitor.is_some())),
        Access::Unknown => return Ok(unknown_page(&app, visitor.is_some())),
    };
    app.limits().passcodes_per_client.check_global(&client.0).await?;
    app.limits().passcodes_per_share.check_global(&share.id).await?;
    Ok(match share::give_passcode(&app, &share, &form.passcode).await? {
        Some(proof) => (SHARE.set(&app, &proof), to_check(&path)).into_response(),
        None => passcode_page(&app, visitor.is_some(), true),
    })
}

/// Returns a token of the link. The page's script requests each of them, so none is verified here.
async fn token(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    Path((secret, number)): Path<(String, usize)>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let share = match access(&app, &secret, &headers).await? {
        Access::Open(share) => share,
        Access::PasscodeRequired(_) => return Ok(Redirect::to(&format!("/share/{secret}")).into_response()),
        Access::Ended => return Ok(ended_page(&app, visitor.is_some())),
        Access::Unknown => return Ok(unknown_page(&app, visitor.is_some())),
    };
    // The share may have ended since its access was checked.
    let Some(tokens) = share::tokens(&app, &share, &secret).await? else {
        return Ok(ended_page(&app, visitor.is_some()));
    };
    let at = number.checked_sub(1).ok_or_else(Error::not_found)?;
    let token = tokens.into_iter().nth(at).ok_or_else(Error::not_found)?;
    let headers = [
        (header::CONTENT_TYPE, "application/dc+sd-jwt"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"credential.sd-jwt\""),
    ];
    Ok(unindexed((headers, token)))
}

/// Redirects from the address of the PDF that earlier releases generated. The page is printed
/// instead, with its verdict.
async fn pdf(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    Ok(match access(&app, &secret, &headers).await? {
        Access::Open(_) | Access::PasscodeRequired(_) => unindexed(Redirect::permanent(&format!("/share/{secret}"))),
        Access::Ended => ended_page(&app, visitor.is_some()),
        Access::Unknown => unknown_page(&app, visitor.is_some()),
    })
}
