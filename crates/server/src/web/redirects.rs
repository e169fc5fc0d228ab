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

/// Returns the redirect after sign-in if a wallet's request is pending: to the page of its
/// submission if it has one, otherwise to the wallet's request.
pub(super) async fn next_page(app: &App, headers: &HeaderMap, holder: Uuid) -> Result<Option<Redirect>, Error> {
    let Some(id) = waiting(app, headers).await else { return Ok(None) };
    Ok(Some(match authorization::find(app, id).await?.issuer_state {
        Some(push) => open_for(app, push, holder).await?,
        None => Redirect::to(&format!("/oid4vci/authorize/{id}")),
    }))
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
