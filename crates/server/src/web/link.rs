//! `/partner/add/{name}`: the target of a partner's link, and the code shared with
//! `/partner/verify/{name}`.
//!
//! The request's id is in the fragment, which browsers do not send. A script sends it in a form.
//! Without scripts, the person pastes the link.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use uuid::Uuid;

use super::{Layout, outcome, page, redirects};
use crate::app::App;
use crate::error::Error;
use crate::flows::link_end::{self, LinkEnd};
use crate::flows::{consent, verification_request};
use crate::http::cookies::LINK;
use crate::http::extract::{Form, Path};
use crate::http::session::{SignedIn, Visitor};

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage {
    layout: Layout,
    unreadable: bool,
}

/// The form: the id from the fragment, or the whole link if it was pasted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LinkForm {
    content: String,
    link: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/partner/add/{name}", get(landing).post(open))
}

fn known(name: &str) -> Result<(), Error> {
    let is_known = name == "batch" || credential::ALL.iter().any(|known| known.redirect_name == name);
    is_known.then_some(()).ok_or_else(Error::not_found)
}

async fn landing(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    known(&name)?;
    Ok(landing_page(&app, visitor.is_some()))
}

/// Renders the page whose script reads the id from the fragment.
pub(super) fn landing_page(app: &App, signed_in: bool) -> Response {
    let layout = Layout::new(app, signed_in);
    page(app, &LinkPage { layout: layout.clone(), unreadable: false }, &layout)
}

async fn open(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    Path(name): Path<String>,
    Form(form): Form<LinkForm>,
) -> Result<Response, Error> {
    known(&name)?;
    claim_link(&app, visitor, &form).await
}

/// Opens the link if its visitor is signed in. Otherwise stores the id in a cookie until they have
/// signed in, unless the link leads nowhere.
pub(super) async fn claim_link(app: &App, visitor: Option<SignedIn>, form: &LinkForm) -> Result<Response, Error> {
    let Some(id) = read_id(form) else {
        let layout = Layout::new(app, visitor.is_some());
        let unreadable = page(app, &LinkPage { layout: layout.clone(), unreadable: true }, &layout);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, unreadable).into_response());
    };
    consent::note_link_opened(app, id).await?;
    match visitor {
        Some(signed_in) => Ok(go(app, id, signed_in.holder.id).await?.into_response()),
        None => start(app, id).await,
    }
}

fn end_page(app: &App, end: LinkEnd) -> Response {
    let said = match end {
        LinkEnd::Unknown => (StatusCode::NOT_FOUND, "outcome-unknown-title", "outcome-unknown"),
        LinkEnd::Declined => (StatusCode::GONE, "outcome-link-declined-title", "outcome-link-declined"),
        LinkEnd::Expired => (StatusCode::GONE, "outcome-expired-title", "outcome-expired"),
        LinkEnd::Withdrawn => (StatusCode::GONE, "outcome-taken-back-title", "outcome-taken-back"),
        LinkEnd::RequestExpired => (StatusCode::GONE, "verify-expired-title", "verify-expired"),
        LinkEnd::RequestAnswered => (StatusCode::GONE, "verify-answered-title", "verify-answered-link"),
    };
    outcome::show(app, false, said)
}

/// Says how a link ended, before its visitor has to sign in. Continues with another wallet if only
/// that can respond, because that needs no account.
pub(super) async fn start(app: &App, id: Uuid) -> Result<Response, Error> {
    if let Some(end) = link_end::find(app, id).await? {
        return Ok(end_page(app, end));
    }
    Ok(match verification_request::needs_outside_wallet(app, id).await? {
        true => Redirect::to(&format!("/verifications/{id}/other-wallet")).into_response(),
        false => wait(app, id),
    })
}

/// Stores an id in a cookie until its visitor has signed in.
fn wait(app: &App, id: Uuid) -> Response {
    (LINK.set(app, &id.to_string()), Redirect::to("/sign-in")).into_response()
}

/// Binds a link to its visitor and redirects to the verification request or to the submission
/// behind it.
pub(super) async fn go(app: &App, id: Uuid, holder: Uuid) -> Result<Redirect, Error> {
    if verification_request::bind(app, id, holder).await? {
        return Ok(Redirect::to(&format!("/verifications/{id}")));
    }
    redirects::open_for(app, id, holder).await
}

fn read_id(form: &LinkForm) -> Option<Uuid> {
    let pasted = || {
        let (_, fragment) = form.link.split_once('#')?;
        url::form_urlencoded::parse(fragment.as_bytes())
            .find(|(name, _)| name == "content")
            .map(|(_, value)| value.into_owned())
    };
    let text = if form.content.is_empty() { pasted()? } else { form.content.clone() };
    text.trim().parse().ok()
}

/// Returns the link that is stored in this browser until its visitor has signed in.
pub(super) fn waiting(app: &App, headers: &HeaderMap) -> Option<Uuid> {
    LINK.read(app, headers)?.parse().ok()
}
