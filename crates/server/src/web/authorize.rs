//! `/oid4vci/authorize`: where a person answers another wallet's request (OpenID4VCI 1.0, section 5; RFC 6749, section 4.1).
//!
//! The request was pushed before; here its person signs in, chooses, and is sent back with a code, or without.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State as AppState};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use credential::format::Configuration;
use serde::Deserialize;
use std::time::Duration;
use url::Url;
use uuid::Uuid;

use super::shown::Shown;
use super::{Layout, page};
use crate::app::App;
use crate::auth::holder::{AUTHORIZE, SignedIn, Visitor};
use crate::error::{Error, Kind};
use crate::seal::sha256;
use store::domain::issuance::{AuthorizationRequest, Grant, Issuance, IssuanceKind};

/// How long a code can be handed in (RFC 6749, section 4.1.2: short).
const CODE_LIFETIME: Duration = Duration::from_secs(60);

/// How long a person has to answer, once they have arrived.
const ANSWER: Duration = Duration::from_secs(900);
/// How long a request can be open in all.
const LONGEST: Duration = Duration::from_secs(3600);

#[derive(Template)]
#[template(path = "authorize.html")]
struct AuthorizePage {
    layout: Layout,
    id: Uuid,
    /// Where the answer goes, as a person can judge it.
    wallet: String,
    offered: Vec<Shown>,
    /// Whether the wallet can tell several credentials of one type apart; otherwise the person chooses one of each.
    several: bool,
    nothing_chosen: bool,
}

impl AuthorizePage {
    /// Whether a credential is chosen before the person has chosen: the newest of each type, where only one may be.
    fn is_chosen(&self, at: &usize) -> bool {
        let title = self.offered[*at].title;
        !self.several && self.offered.iter().skip(at + 1).all(|later| later.title != title)
    }
}

#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    request_uri: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/oid4vci/authorize", get(arrive))
        .route("/oid4vci/authorize/{id}", get(ask))
        .route("/oid4vci/authorize/{id}/allow", post(allow))
        .route("/oid4vci/authorize/{id}/deny", post(deny))
}

/// Nobody is sent anywhere for a request that is not known: the address to go to stands in it.
fn over() -> Error {
    Error::new(
        Kind::Gone,
        "This request of a wallet is not known here, was answered, or its time is over. Begin again in the wallet.",
    )
}

async fn find(app: &App, id: Uuid) -> Result<(Issuance, AuthorizationRequest), Error> {
    let issuance = app.store().read().await?.issuance(id).await?.filter(|issuance| issuance.expires_at > app.now());
    let issuance = issuance.ok_or_else(over)?;
    let IssuanceKind::Authorization { request, .. } = &issuance.kind else { return Err(over()) };
    let request = request.clone();
    Ok((issuance, request))
}

/// The wallet sends the person here (RFC 9126, section 4).
async fn arrive(
    AppState(app): AppState<App>,
    Visitor(visitor): Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let id = asked.request_uri.strip_prefix("urn:ietf:params:oauth:request_uri:").and_then(|id| id.parse().ok());
    let id: Uuid = id.ok_or_else(|| {
        Error::new(Kind::Malformed, "A wallet pushes its request first and names it here by request_uri (RFC 9126).")
    })?;
    let (issuance, request) = find(&app, id).await?;
    if asked.client_id != request.client_id {
        return Err(over());
    }
    // Signing in by a mailed code takes a while; coming back again and again does not keep a request open for ever.
    let now = app.now();
    let mut tx = app.store().write().await?;
    if !tx.await_answer(id, (now + ANSWER).min(issuance.created_at + LONGEST), now).await? {
        return Err(over());
    }
    tx.commit().await?;
    let here = format!("/oid4vci/authorize/{id}");
    Ok(match (visitor, request.issuer_state) {
        (None, _) => ([AUTHORIZE.set(&app, &id.to_string())], Redirect::to("/sign-in")).into_response(),
        (Some(_), None) => Redirect::to(&here).into_response(),
        (Some(signed_in), Some(push)) => {
            ([AUTHORIZE.set(&app, &id.to_string())], super::requests::open_for(&app, push, signed_in.holder.id).await?)
                .into_response()
        }
    })
}

/// The request that waits in this browser for its person to sign in, or to consent to what it is about.
pub(super) async fn waiting(app: &App, headers: &HeaderMap) -> Option<Uuid> {
    let id = AUTHORIZE.read(app, headers)?.parse().ok()?;
    find(app, id).await.ok().map(|_| id)
}

/// Where somebody who has just signed in goes on, if a wallet's request waits for them: to consent first, if it is about
/// a push that they have not answered.
pub(super) async fn next_page(app: &App, headers: &HeaderMap, holder: Uuid) -> Result<Option<Redirect>, Error> {
    let Some(id) = waiting(app, headers).await else { return Ok(None) };
    let (_, request) = find(app, id).await?;
    Ok(Some(match request.issuer_state {
        Some(push) => super::requests::open_for(app, push, holder).await?,
        None => Redirect::to(&format!("/oid4vci/authorize/{id}")),
    }))
}

/// What the person holds of what is asked for.
async fn offered(app: &App, holder: Uuid, request: &AuthorizationRequest) -> Result<Vec<Shown>, Error> {
    let asked: Vec<Configuration> = request.configurations.iter().filter_map(|id| id.parse().ok()).collect();
    let mut held = app.store().read().await?.held_submissions(holder).await?;
    held.retain(|held| held.stands() && asked.iter().any(|asked| asked.credential_type == held.credential_type));
    Shown::open_all(app, &held).await
}

async fn ask(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    answer_page(&app, id, signed_in.holder.id, false).await
}

async fn answer_page(app: &App, id: Uuid, holder: Uuid, nothing_chosen: bool) -> Result<Response, Error> {
    let (_, request) = find(app, id).await?;
    let mut tx = app.store().write().await?;
    // From the first look on, the request is this account's: nobody else can answer it.
    if !tx.bind_issuance(id, holder, app.now()).await? {
        return Err(over());
    }
    tx.commit().await?;
    let offered = offered(app, holder, &request).await?;
    let wallet = destination(&request.redirect_uri);
    let layout = Layout::new(app, true);
    let several = request.by_details;
    let template = AuthorizePage { layout: layout.clone(), id, wallet, offered, several, nothing_chosen };
    let status = if nothing_chosen { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut response = (status, [AUTHORIZE.remove(app)], page(app, &template, &layout)).into_response();
    allow_form_to(&mut response, &request.redirect_uri);
    Ok(response)
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

/// The person allows what they ticked, which is theirs and was asked for.
async fn allow(
    AppState(app): AppState<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    body: String,
) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let (issuance, request) = find(&app, id).await?;
    if issuance.holder() != Some(holder) {
        return Err(over());
    }
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let chosen = form.iter().filter(|(name, _)| name.starts_with("credential"));
    let ticked: Vec<Uuid> = chosen.filter_map(|(_, id)| id.parse().ok()).collect();
    let held = app.store().read().await?.held_submissions(holder).await?;
    let mut grants = Vec::new();
    for submission in held.iter().filter(|held| held.stands() && ticked.contains(&held.id)) {
        for configuration in request.configurations.iter().filter_map(|id| id.parse::<Configuration>().ok()) {
            if configuration.credential_type == submission.credential_type {
                grants.push(Grant { submission_id: submission.id, configuration });
            }
        }
    }
    if grants.is_empty() {
        return answer_page(&app, id, holder, true).await;
    }
    let (code, now) = (app.rng().secret(), app.now());
    let mut tx = app.store().write().await?;
    if !tx.authorize_issuance((id, holder), &sha256(code.as_bytes()), now + CODE_LIFETIME, now).await? {
        return Err(over());
    }
    tx.add_grants(id, &grants).await?;
    tx.commit().await?;
    back(&app, &request, &[("code", &code)])
}

async fn deny(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let (_, request) = find(&app, id).await?;
    let mut tx = app.store().write().await?;
    if !tx.deny_issuance(id, signed_in.holder.id, app.now()).await? {
        return Err(over());
    }
    tx.commit().await?;
    back(&app, &request, &[("error", "access_denied"), ("error_description", "The person said no.")])
}

/// Back to the wallet, with who answers (RFC 9207).
fn back(app: &App, request: &AuthorizationRequest, answer: &[(&str, &str)]) -> Result<Response, Error> {
    let mut url: Url = request.redirect_uri.parse().map_err(Error::internal)?;
    {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(answer);
        if let Some(state) = &request.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", app.config().base());
    }
    let location = HeaderValue::try_from(url.as_str()).map_err(Error::internal)?;
    Ok((StatusCode::SEE_OTHER, AppendHeaders([(header::LOCATION, location)])).into_response())
}
