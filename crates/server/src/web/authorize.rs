//! `/oid4vci/authorize`: where a person consents to another wallet's request (OpenID4VCI 1.0,
//! section 5; RFC 6749, section 4.1).
//!
//! The wallet has pushed the request before. Here its person signs in, chooses credentials, and is
//! redirected back with an authorization code or an error.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use url::Url;
use uuid::Uuid;

use super::redirects::{allow_form_to, destination, page_of_request};
use super::{Layout, error, page};
use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::credential_view::CredentialView;
use crate::flows::issuance::authorization;
use crate::http::ErrorContext;
use crate::http::cookies::AUTHORIZE;
use crate::http::extract::{Form, Path, Query};
use crate::http::session::{SignedIn, Visitor};
use store::domain::issuance::AuthorizationRequest;

#[derive(Template)]
#[template(path = "authorize.html")]
struct AuthorizePage {
    layout: Layout,
    id: Uuid,
    /// The destination of the redirect, in a form that a person recognises.
    wallet: String,
    offered: Vec<CredentialView>,
    /// Whether the wallet can distinguish several credentials of one type. If not, the person
    /// chooses one of each type.
    several: bool,
    nothing_chosen: bool,
}

impl AuthorizePage {
    /// Whether a credential is preselected: the newest of each type, if only one of each may be
    /// chosen.
    fn is_chosen(&self, at: &usize) -> bool {
        let title = self.offered[*at].title;
        !self.several && self.offered.iter().skip(at + 1).all(|later| later.title != title)
    }
}

#[derive(Template)]
#[template(path = "authorize_error.html")]
struct AuthorizeErrorPage<'a> {
    layout: Layout,
    /// The text key of what the person can do.
    lead: &'static str,
    code: &'static str,
    /// For the developer of the wallet.
    description: &'a str,
    request_id: &'a str,
}

/// Renders the page for an error of the authorization endpoint, with the reason for the developer
/// of the wallet. The caller sets the status.
///
/// Such an error is never sent to the wallet by a redirect: anyone may push a request with any
/// redirect URI, so a link to this server would lead anywhere (RFC 9700, section 4.11.2, D-250).
pub fn error_page(app: &App, error: &Error, context: ErrorContext<'_>) -> Response {
    let ErrorContext { request_id, signed_in, .. } = context;
    let (code, lead) = match error.kind {
        Kind::Malformed => ("invalid_request", "authorize-error-malformed"),
        // The code for an unusable `request_uri` (OpenID Connect Core 1.0, section 3.1.2.6).
        Kind::Gone => ("invalid_request_uri", "authorize-error-ended"),
        _ => return error::page(app, error, context),
    };
    let layout = Layout::new(app, signed_in);
    match (AuthorizeErrorPage { layout, lead, code, description: &error.detail, request_id }).render() {
        Ok(html) => Html(html).into_response(),
        Err(_) => error::page(app, error, context),
    }
}

#[derive(Debug, Deserialize)]
struct RequestView {
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

/// Handles the redirect from the wallet to the authorization endpoint (RFC 9126, section 4).
async fn arrive(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    Query(asked): Query<RequestView>,
) -> Result<Response, Error> {
    let id = authorization::parse_request_uri(&asked.request_uri).ok_or_else(|| {
        Error::new(
            Kind::Malformed,
            "Push the request to pushed_authorization_request_endpoint first (RFC 9126), and send the person here with \
             client_id and the request_uri of the response. Other parameters are ignored.",
        )
    })?;
    let request = authorization::arrive(&app, id, &asked.client_id).await?;
    let next = match visitor {
        None => "/sign-in".to_owned(),
        Some(signed_in) => page_of_request(&app, (id, request.issuer_state), signed_in.holder.id).await?,
    };
    Ok((AUTHORIZE.set(&app, &id.to_string()), Redirect::to(&next)).into_response())
}

async fn ask(State(app): State<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    answer_page(&app, id, signed_in.holder.id, false).await
}

async fn answer_page(app: &App, id: Uuid, holder: Uuid, nothing_chosen: bool) -> Result<Response, Error> {
    let (request, held) = authorization::open(app, id, holder).await?;
    let mut offered = CredentialView::open_all(app, &held).await?;
    // Expired credentials are not issued.
    offered.retain(|shown| shown.expired_on.is_none());
    let wallet = destination(&request.redirect_uri);
    let layout = Layout::new(app, true);
    let several = request.by_details;
    let template = AuthorizePage { layout: layout.clone(), id, wallet, offered, several, nothing_chosen };
    let status = if nothing_chosen { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut response = (status, AUTHORIZE.remove(app), page(app, &template, &layout)).into_response();
    allow_form_to(&mut response, &request.redirect_uri);
    Ok(response)
}

/// Grants the ticked credentials. The flow checks that they are the holder's and were requested.
async fn allow(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let chosen = fields.iter().filter(|(name, _)| name.starts_with("credential"));
    let chosen: Vec<Uuid> = chosen.filter_map(|(_, id)| id.parse().ok()).collect();
    match authorization::allow(&app, id, holder, &chosen).await? {
        Some((request, code)) => back(&app, &request, &[("code", &code)]),
        None => answer_page(&app, id, holder, true).await,
    }
}

async fn deny(State(app): State<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let request = authorization::deny(&app, id, signed_in.holder.id).await?;
    back(&app, &request, &[("error", "access_denied"), ("error_description", "The person declined the request.")])
}

/// Redirects to the wallet, with `iss` to prevent mix-up attacks (RFC 9207).
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
