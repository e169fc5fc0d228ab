//! Where a person is sent next, and which addresses a page's form may lead to.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Redirect, Response};
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::flows::consent;
use crate::flows::issuance::authorization;
use crate::http::cookies::AUTHORIZE;

/// Binds what the link leads to to `holder` if nobody has it yet, and says where to go: always to its page, which tells
/// what it may tell.
pub(super) async fn open_for(app: &App, id: Uuid, holder: Uuid) -> Result<Redirect, Error> {
    consent::open(app, id, holder).await?;
    Ok(Redirect::to(&format!("/requests/{id}")))
}

/// The request that waits in this browser for its person to sign in, or to consent to what it is about.
pub(super) async fn waiting(app: &App, headers: &HeaderMap) -> Option<Uuid> {
    let id = AUTHORIZE.read(app, headers)?.parse().ok()?;
    authorization::find(app, id).await.ok().map(|_| id)
}

/// Where somebody who has just signed in goes on, if a wallet's request waits for them: to consent first, if it is about
/// a push that they have not answered.
pub(super) async fn next_page(app: &App, headers: &HeaderMap, holder: Uuid) -> Result<Option<Redirect>, Error> {
    let Some(id) = waiting(app, headers).await else { return Ok(None) };
    Ok(Some(match authorization::find(app, id).await?.issuer_state {
        Some(push) => open_for(app, push, holder).await?,
        None => Redirect::to(&format!("/oid4vci/authorize/{id}")),
    }))
}

/// A form's redirect counts as a place that it goes to (CSP 3, section 6.4.2), so the wallet's address must be one.
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

/// Who gets the answer, as far as it can be told: the host, or the name of the wallet's own scheme.
pub(super) fn destination(redirect_uri: &str) -> String {
    let Ok(url) = redirect_uri.parse::<Url>() else { return String::new() };
    match (url.scheme(), url.host_str()) {
        ("https" | "http", Some(host)) => host.to_owned(),
        (scheme, _) => scheme.to_owned(),
    }
}
