//! Redirect targets after an action, and the addresses that a page's form may redirect to.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Redirect, Response};
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::flows::consent;
use crate::flows::issuance::authorization;
use crate::http::cookies::AUTHORIZE;

/// Binds the submission or batch behind a link to `holder` if it is still unbound, and redirects to
/// its page. That page shows only as much as `holder` may see.
pub(super) async fn open_for(app: &App, id: Uuid, holder: Uuid) -> Result<Redirect, Error> {
    consent::open(app, id, holder).await?;
    Ok(Redirect::to(&format!("/requests/{id}")))
}

/// Returns the wallet's authorization request that is stored in this browser until its person has
/// signed in or consented to the submission.
pub(super) async fn waiting(app: &App, headers: &HeaderMap) -> Option<Uuid> {
    let id = AUTHORIZE.read(app, headers)?.parse().ok()?;
    authorization::find(app, id).await.ok().map(|_| id)
}

/// Returns the redirect after sign-in if a wallet's request is pending.
pub(super) async fn next_page(app: &App, headers: &HeaderMap, holder: Uuid) -> Result<Option<Redirect>, Error> {
    let Some(id) = waiting(app, headers).await else { return Ok(None) };
    let push = authorization::find(app, id).await?.issuer_state;
    Ok(Some(Redirect::to(&page_of_request(app, (id, push), holder).await?)))
}

/// Returns the page where `holder` continues with a wallet's request: the page of the `push` that
/// the wallet asks for while that is pending, which leads to the request's own page, otherwise that
/// one. An ended push must not end the way, because only the request's page leads back to the
/// wallet.
pub(super) async fn page_of_request(
    app: &App,
    (id, push): (Uuid, Option<Uuid>),
    holder: Uuid,
) -> Result<String, Error> {
    if let Some(push) = push {
        consent::open(app, push, holder).await?;
        if authorization::is_push_pending(app, push, holder).await? {
            return Ok(format!("/requests/{push}"));
        }
    }
    Ok(format!("/oid4vci/authorize/{id}"))
}

/// Allows a form of the page to redirect to `redirect_uri`: `form-action` also applies to redirects
/// (CSP 3, section 6.4.2).
pub(super) fn allow_form_to(response: &mut Response, redirect_uri: &str) {
    let Ok(url) = redirect_uri.parse::<Url>() else { return };
    let target = match url.scheme() {
        "https" | "http" => url.origin().ascii_serialization(),
        scheme => format!("{scheme}:"),
    };
    let policy = format!("{}; form-action 'self' {target}", crate::http::PAGE_POLICY);
    let header = HeaderValue::try_from(policy).map(|policy| (header::CONTENT_SECURITY_POLICY, policy));
    response.headers_mut().extend(header);
}

/// Returns a readable destination of the redirect: the host, or the wallet's own scheme.
pub(super) fn destination(redirect_uri: &str) -> String {
    let Ok(url) = redirect_uri.parse::<Url>() else { return String::new() };
    match (url.scheme(), url.host_str()) {
        ("https" | "http", Some(host)) => host.to_owned(),
        (scheme, _) => scheme.to_owned(),
    }
}
